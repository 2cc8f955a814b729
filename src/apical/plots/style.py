"""Colours, sizes and small helpers shared by all plots."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import matplotlib
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

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
)

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
    return Figure(figsize=size, layout="constrained").add_subplot()


def layer_colour(layer: str, role: str, layers: Sequence[str]) -> str:
    """Return the colour of a layer (position in `layers`); inhibitory cells are lighter."""
    strong, light = LAYERS[list(layers).index(layer) % len(LAYERS)]
    return light if role == "inhibitory" else strong


def layers_of(network: Network) -> list[str]:
    """Return the layers of a network in order of appearance."""
    return list(dict.fromkeys(p.layer for p in network.populations.values()))


def population_colour(network: Network, name: str, text: bool = False) -> str:
    """Return the colour of a population: its layer's, lighter if inhibitory (except for text)."""
    population = network.populations[name]
    return layer_colour(population.layer, "" if text else population.role, layers_of(network))


def readable(name: str) -> str:
    """Return a name as people write it: ``L5_pyramidal`` becomes ``L5 pyramidal``."""
    return name.replace("_", " ")


def time_axis(ax: Axes, start: float, stop: float, label: bool = True) -> None:
    """Set limits and, unless the axes share another's, the label of a time axis in ms."""
    ax.set_xlim(start, stop)
    if label:
        ax.set_xlabel("Time (ms)")


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
