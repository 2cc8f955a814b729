"""Colours, sizes and small helpers shared by all plots."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import matplotlib
from matplotlib.colors import LinearSegmentedColormap, to_hex, to_rgb
from matplotlib.figure import Figure

from apical.errors import ModelError, Problem, did_you_mean

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable
    from matplotlib.colorbar import Colorbar

    from apical.model import Network

# Paul Tol's "vibrant" and "high-contrast" schemes: distinct for all common colour blindness
TOTAL = "#004488"
RECORDED = "#000000"
GREY = "#6E6E6E"
DIRECTION = {"proximal": "#CC3311", "distal": "#009988"}
OTHER_DRIVE = "#777777"
# (excitatory, inhibitory) shade of each layer, in order of appearance
LAYERS = (
    ("#0077BB", "#66B5E3"),
    ("#D9661F", "#F2B48C"),
    ("#AA3377", "#D9A0C0"),
    ("#777733", "#BBBB88"),
    ("#332288", "#9C93CC"),
    ("#117733", "#85BB97"),
)
# how much darker a second, third … population of the same layer and role is
_DARKER = (1.0, 0.62, 0.35)
# colour maps that keep their order for all common colour blindness
SEQUENTIAL = "cividis"
PALE = "Blues"
DIVERGING = "RdBu_r"
# from a grey that shows on white, for cells at rest, to a red nearly black
VOLTAGE = LinearSegmentedColormap.from_list(
    "voltage", ["#C9D4E4", "#A9B4C8", "#F0A81E", "#D6401F", "#5A0A2E"]
)
# an image has no room for more samples
_MOST_SAMPLES = 1000
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")

_RC: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["Helvetica Neue", "Helvetica", "Arial", "DejaVu Sans"],
    "font.size": 9.0,
    "axes.labelsize": 9.0,
    "axes.titlesize": 10.0,
    "xtick.labelsize": 8.0,
    "ytick.labelsize": 8.0,
    "legend.fontsize": 8.0,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "axes.unicode_minus": True,
    "xtick.major.width": 0.8,
    "ytick.major.width": 0.8,
    "lines.solid_capstyle": "round",
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
}


@contextmanager
def house_style() -> Iterator[None]:
    """Use apical's look for what is made inside the block only."""
    settings: Any = {**_RC, "font.sans-serif": _installed(_RC["font.sans-serif"])}
    with matplotlib.rc_context(settings):
        yield


def _installed(fonts: Sequence[str]) -> list[str]:
    """Keep the fonts this machine has, so that matplotlib does not warn about the others."""
    from matplotlib.font_manager import fontManager

    have = {font.name for font in fontManager.ttflist}
    return [name for name in fonts if name in have] or ["DejaVu Sans"]


def axes(ax: Axes | None, size: tuple[float, float] = (6.0, 3.0)) -> Axes:
    """Return `ax`, or axes of a new figure that pyplot does not know of."""
    if ax is not None:
        return ax
    return new_figure(size).add_subplot()


def new_figure(size: tuple[float, float]) -> Figure:
    """Return a figure that pyplot does not know of; width and height in inches."""
    return Figure(figsize=size, layout="constrained")


def colour_bar(ax: Axes, shown: ScalarMappable, label: str, **options: Any) -> Colorbar:
    """Draw the scale of an image's colours beside its axes."""
    bar = ax.figure.colorbar(shown, ax=ax, label=label, pad=0.02, **options)
    bar.outline.set_visible(False)  # type: ignore[operator] - a Spine, which stubs call a function
    return bar


def note(ax: Axes, text: str) -> None:
    """Write in the middle of empty axes why they are empty."""
    ax.text(0.5, 0.5, text, transform=ax.transAxes, ha="center", va="center", color=GREY)


def layer_colour(layer: str, role: str, layers: Sequence[str]) -> str:
    """Return the colour of a layer (position in `layers`); inhibitory cells are lighter."""
    strong, light = LAYERS[list(layers).index(layer) % len(LAYERS)]
    return light if role == "inhibitory" else strong


def along(place: int, places: int) -> str:
    """Return the colour of a place in a row: distinct for a few, gradually changing for many."""
    if places <= len(LAYERS):
        return LAYERS[place][0]
    # the end of the scale is too pale for lines on white
    return to_hex(matplotlib.colormaps[SEQUENTIAL](0.82 * place / (places - 1)))


def layers_of(network: Network) -> list[str]:
    """Return the layers of a network in order of appearance."""
    return list(dict.fromkeys(p.layer for p in network.populations.values()))


def population_colour(network: Network, name: str, text: bool = False) -> str:
    """Return the colour of a population: its layer's, lighter if inhibitory (except for text).

    A second population of the same layer and role is darker.
    """
    population = network.populations[name]
    kin = [
        other
        for other, p in network.populations.items()
        if (p.layer, p.role) == (population.layer, population.role)
    ]
    colour = layer_colour(population.layer, "" if text else population.role, layers_of(network))
    return _darker(colour, _DARKER[kin.index(name) % len(_DARKER)])


def _darker(colour: str, factor: float) -> str:
    red, green, blue = to_rgb(colour)
    return colour if factor == 1 else to_hex((factor * red, factor * green, factor * blue)).upper()


def readable(name: str) -> str:
    """Return a name as people write it: ``L5_pyramidal`` becomes ``L5 pyramidal``."""
    return name.replace("_", " ")


def time_axis(ax: Axes, start: float, stop: float, label: bool = True) -> None:
    """Set limits and, unless the axes below have the same axis, the label of a time axis in ms."""
    ax.set_xlim(start, stop)
    if label and (not _shared(ax) or _lowest(ax)):
        ax.set_xlabel("Time (ms)")


def _shared(ax: Axes) -> bool:
    return len(ax.get_shared_x_axes().get_siblings(ax)) > 1


def _lowest(ax: Axes) -> bool:
    place = ax.get_subplotspec()
    return place is None or place.is_last_row()


def beside(
    ax: Axes,
    text: str,
    y: float,
    *,
    data: bool = False,
    offset: float = 0.0,
    va: str = "center",
    color: str = GREY,
) -> None:
    """Write text just right of the axes at height `y` (axes fraction, or data coordinates)."""
    ax.annotate(
        text,
        (1.0, y),
        xycoords=("axes fraction", "data" if data else "axes fraction"),
        xytext=(5, offset),
        textcoords="offset points",
        va=va,
        fontsize=8,
        color=color,
        annotation_clip=False,
    )


def one_of(value: object, name: str, known: Iterable[str]) -> None:
    """Refuse what is not one of some names, and suggest the closest."""
    known = list(known)
    if value not in known:
        raise ModelError([Problem(name, f"there is no '{value}'", did_you_mean(value, known))])


def unit(text: str) -> str:
    """Return a unit as people write it: ``uA/mm3`` becomes ``µA/mm³``."""
    text = re.sub(r"(?<=[A-Za-z])\d+", lambda m: m[0].translate(_RAISED), text)
    return re.sub(r"\bu(?=[A-Za-z])", "µ", text)


def round_up(value: float) -> float:
    """Return the next larger of 1, 2, 5, 10, 20 … (times a power of ten)."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(k * power for k in (1, 2, 5, 10) if k * power >= value * (1 - 1e-9))


def few(data: xr.DataArray) -> xr.DataArray:
    """Leave out samples for which an image has no room."""
    return data.isel(time=slice(None, None, math.ceil(data.sizes["time"] / _MOST_SAMPLES)))
