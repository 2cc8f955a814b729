"""Rasters and histograms of spikes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import matplotlib
import numpy as np

from apical.compat.hnn_core._viz.common import axes, plt_show
from apical.compat.hnn_core.externals.mne import _validate_type

if TYPE_CHECKING:
    from apical.compat.hnn_core.cell_response import CellResponse

_HISTOGRAM_COLORS = ("r", "g", "b", "y", "m", "c")
_BINS = 50
_OVERLAID = {"L2": "--", "L5": "-"}


def plot_spikes_raster(
    cell_response: CellResponse,
    trial_idx: Any = None,
    ax: Any = None,
    show: bool = True,
    cell_types: Any = None,
    colors: Any = None,
    show_legend: bool = True,
    marker_size: float = 1.0,
    dpl: Any = None,
    overlay_dipoles: bool = False,
) -> Any:
    """Plot every spike: cells in the order of their indices from top to bottom.

    Parameters
    ----------
    cell_response : CellResponse
        Whose spikes to draw.
    trial_idx : int or list of int, optional
        Which trials; by default all, one over the other.
    ax : Axes, optional
        Where to draw.
    show : bool
        Whether the figure is shown.
    cell_types : list of str, optional
        Which cell types or drives; by default the cell types.
    colors : list of colour or dict of str to colour, optional
        Of each type, or of some.
    show_legend : bool
        Whether types are named in a legend.
    marker_size : float
        Length of the lines, in cells.
    dpl : Dipole or list of Dipole, optional
        What `overlay_dipoles` draws: the mean.
    overlay_dipoles : bool
        Whether the dipoles of layers are drawn too, all on one scale, each about its cells.

    Returns
    -------
    Figure
    """
    trials = _trials(cell_response, trial_idx)
    _validate_type(cell_types, (list, None), "cell_types", "list of str")
    _validate_type(colors, (list, dict, None), "color", "colours in order or by name")
    _validate_type(marker_size, (float, int), "marker_size", "float or int")
    shown = list(cell_response._cell_type_names) if cell_types is None else cell_types
    shade = _raster_colors(cell_response, shown, colors)
    ax = axes(ax)
    for kind in shown:
        spikes = _by_cell(cell_response, trials, kind)
        lines = ax.eventplot(
            list(spikes.values()) or [[]], lineoffsets=[-gid for gid in spikes] or [0],
            linelengths=marker_size, colors=[shade[kind]],
        )  # fmt: skip
        for k, line in enumerate(lines):
            line.set_label(kind if k else f"{kind} Spikes")
    handles = [line for line in ax.collections if str(line.get_label()).endswith(" Spikes")]
    if overlay_dipoles:
        handles += _overlay(ax, cell_response, dpl)
    if show_legend:
        ax.legend(handles=handles, loc="lower left")
    over = " and dipoles of layers" if overlay_dipoles else ""
    ax.set(xlabel="Time (ms)", ylabel="Cell ID", title=f"Raster Plot{over}")
    # offsets say nothing: they are indices upside down
    ax.tick_params(labelleft=False)
    _limit_time(ax, cell_response)
    plt_show(show)
    return ax.get_figure()


def plot_spikes_hist(
    cell_response: CellResponse,
    trial_idx: Any = None,
    ax: Any = None,
    spike_types: Any = None,
    color: Any = None,
    invert_spike_types: Any = None,
    show: bool = True,
    **kwargs_hist: Any,
) -> Any:
    """Plot histograms of spike times.

    Parameters
    ----------
    cell_response : CellResponse
        Whose spikes to count.
    trial_idx : int or list of int, optional
        Which trials; by default all together.
    ax : Axes, optional
        Where to draw.
    spike_types : str, list of str or dict of str to list of str, optional
        A histogram for each: drives or cell types, or how their names begin, or groups of these.
        By default the drives, or cell types where no drive has spikes.
    color : str, list of str or dict of str to str, optional
        Of all, of each in turn, or by name.
    invert_spike_types : str or list of str, optional
        Those drawn from the top down.
    show : bool
        Whether the figure is shown.
    **kwargs_hist
        Passed on to ``Axes.hist``, such as ``bins``.

    Returns
    -------
    Figure
    """
    trials = _trials(cell_response, trial_idx)
    _validate_type(
        color, (str, list, dict, None), "color", "a colour, or colours in order or by name"
    )
    owner = _owners(cell_response, spike_types)
    shade = _histogram_colors(list(dict.fromkeys(owner.values())), color)
    upside_down = _inverted(invert_spike_types, owner)
    # spikes are drawn in the order of types
    found: dict[str, list[float]] = {owner[kind]: [] for kind in sorted(owner)}
    for trial in trials:
        spikes = zip(
            cell_response.spike_times[trial], cell_response.spike_types[trial], strict=True
        )
        for time, kind in spikes:
            if kind in owner:
                found[owner[kind]].append(time)
    ax = axes(ax)
    drawn = [ax, ax.twinx()] if upside_down else [ax]
    options = {"bins": np.linspace(0.0, _end(cell_response), _BINS), **kwargs_hist}
    for name, times in found.items():
        drawn[name in upside_down].hist(times, color=shade[name], label=name, **options)
    ax.set_ylabel("Counts")
    handles = [handle for one in drawn for handle in one.get_legend_handles_labels()[0]]
    if upside_down:
        top = max(one.get_ylim()[1] for one in drawn)
        ax.set_ylim(0.0, top)
        drawn[1].set_ylim(top, 0.0)
    for one in drawn:
        _limit_time(one, cell_response)
    if handles:
        drawn[-1].legend(handles=handles, loc="upper left" if upside_down else "best")
    plt_show(show)
    return ax.get_figure()


def _trials(cell_response: CellResponse, trial_idx: Any) -> list[int]:
    _validate_type(trial_idx, (int, list, None), "trial_idx", "int, list of int")
    n = len(cell_response.spike_times)
    if trial_idx is None:
        return list(range(n))
    wanted = [trial_idx] if isinstance(trial_idx, int) else trial_idx
    if outside := [trial for trial in wanted if not -n <= trial < n]:
        raise IndexError(f"there are {n} trials; got trial_idx {outside}")
    return wanted


def _end(cell_response: CellResponse) -> float:
    """Return the end of the simulation, or the last spike where that is not known, ms."""
    if len(cell_response.times):
        return float(cell_response.times[-1])
    return max((time for trial in cell_response.spike_times for time in trial), default=1.0)


def _limit_time(ax: Any, cell_response: CellResponse) -> None:
    ax.set_xlim(0.0, cell_response.times[-1] if len(cell_response.times) else None)


def _by_cell(
    cell_response: CellResponse, trials: Sequence[int], kind: str
) -> dict[int, list[float]]:
    """Return the spikes of each cell of a type, ms, cells in order."""
    found: dict[int, list[float]] = {}
    for trial in trials:
        columns = (cell_response.spike_times, cell_response.spike_gids, cell_response.spike_types)
        for time, gid, own in zip(*(column[trial] for column in columns), strict=True):
            if own == kind:
                found.setdefault(gid, []).append(time)
    return {gid: sorted(found[gid]) for gid in sorted(found)}


def _raster_colors(
    cell_response: CellResponse, shown: Sequence[str], colors: Any
) -> dict[str, Any]:
    known = sorted({*cell_response._cell_type_names, *cell_response.cell_types})
    for names in (shown, colors if isinstance(colors, dict) else ()):
        if not set(names) <= set(known):
            raise ValueError(f"expected cell types out of {', '.join(known)}; got {list(names)}")
    cycle = matplotlib.rcParams["axes.prop_cycle"].by_key()["color"]
    shade = {kind: cycle[k % len(cycle)] for k, kind in enumerate(shown)}
    if isinstance(colors, dict):
        return shade | colors
    if colors is None:
        return shade
    if len(colors) != len(shown):
        raise ValueError(f"colors: expected {len(shown)}, one per cell type; got {len(colors)}")
    return dict(zip(shown, colors, strict=True))


def _overlay(ax: Any, cell_response: CellResponse, dpl: Any) -> list[Any]:
    """Draw the mean dipole of each layer into a raster, and return the lines."""
    from apical.compat.hnn_core.dipole import Dipole

    if dpl is None:
        raise ValueError("overlay_dipoles needs dpl, a Dipole or several; got none")
    _validate_type(dpl, (Dipole, list), "dpl", "Dipole, list of Dipole")
    dipoles = dpl if isinstance(dpl, list) else [dpl]
    means = {
        layer: np.mean([dipole.data[layer] for dipole in dipoles], axis=0)
        for layer in _OVERLAID
        if layer in dipoles[0].data
    }
    low, high = ax.get_ylim()
    widest = max((np.ptp(mean) for mean in means.values()), default=0.0) or 1.0
    lines = []
    for k, (layer, mean) in enumerate(means.items()):
        # a third of the raster for the larger one, in the middle of its half
        middle = high - (high - low) * (0.25 + 0.5 * k)
        drawn = middle + (high - low) / 3 * (mean - (mean.max() + mean.min()) / 2) / widest
        lines += ax.plot(
            dipoles[0].times, drawn, _OVERLAID[layer], color="gray", lw=1.0,
            label=f"{layer} Dipole",
        )  # fmt: skip
    ax.set_ylim(low, high)
    return lines


def _owners(cell_response: CellResponse, spike_types: Any) -> dict[str, str]:
    """Return of which histogram each drive or cell type is part."""
    every = cell_response.cell_types
    if spike_types is None:
        drives = [kind for kind in every if kind not in cell_response._cell_type_names]
        return {kind: kind for kind in drives or every}
    if isinstance(spike_types, str):
        spike_types = [spike_types]
    if isinstance(spike_types, list):
        spike_types = {name: [name] for name in spike_types}
    if not isinstance(spike_types, dict):
        kind = type(spike_types).__name__
        raise TypeError(f"spike_types: expected names, or groups of names; got {kind}")
    owner: dict[str, str] = {}
    for name, beginnings in spike_types.items():
        if not isinstance(beginnings, list):
            kind = type(beginnings).__name__
            raise TypeError(f"spike_types[{name!r}]: expected a list of names; got {kind}")
        for beginning in beginnings:
            matching = [kind for kind in every if kind.startswith(beginning)]
            if not matching:
                raise ValueError(f"spike_types: no drive or cell type begins with {beginning!r}")
            for kind in matching:
                if kind in owner:
                    raise ValueError(
                        f"spike_types: {kind} is in two histograms, {owner[kind]!r} and {name!r}"
                    )
                owner[kind] = name
    return owner


def _histogram_colors(names: Sequence[str], color: Any) -> dict[str, Any]:
    if isinstance(color, Mapping):
        for name in names:
            if name not in color:
                raise ValueError(f"color: nothing for {name!r}")
            _validate_type(color[name], str, f"color[{name!r}]", "str")
        return dict(color)
    cycle = [color] if isinstance(color, str) else color or _HISTOGRAM_COLORS
    return {name: cycle[k % len(cycle)] for k, name in enumerate(names)}


def _inverted(invert_spike_types: Any, owner: Mapping[str, str]) -> set[str]:
    """Return the histograms that are drawn upside down."""
    _validate_type(
        invert_spike_types,
        (str, list, None),
        "invert_spike_types",
        "a name or several",
    )
    names = [invert_spike_types] if isinstance(invert_spike_types, str) else invert_spike_types
    found = set()
    for beginning in names or ():
        matching = {name for kind, name in owner.items() if kind.startswith(beginning)}
        if not matching:
            raise ValueError(f"invert_spike_types: no histogram is of {beginning!r}")
        found |= matching
    return found
