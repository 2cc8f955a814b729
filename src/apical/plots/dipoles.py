"""Waveforms of current dipoles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import xarray as xr

from apical.analysis import waveform
from apical.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

    from apical.result import Result


def dipole(
    data: Result | xr.DataArray,
    recorded: xr.DataArray | None = None,
    *,
    ax: Axes | None = None,
    colour: str = style.TOTAL,
    label: str = "simulated",
    zero: bool = True,
) -> Axes:
    """Draw a simulated dipole, every trial thin and the mean bold, over a recorded one in black.

    Parameters
    ----------
    data : Result or DataArray (time) or (trial, time), nAm
        A result shows its total dipole.
    recorded : DataArray (time), nAm, optional
        Drawn within the simulated time only.
    ax : Axes, optional
        Where to draw; a new figure otherwise.
    colour, label : str
        Of the simulated dipole.
    zero : bool
        Whether to draw a thin line at zero.

    Returns
    -------
    Axes
        Its lines are the trials, the mean and, last, the recorded dipole.
    """
    array = data if isinstance(data, xr.DataArray) else data.total()
    with style.house_style():
        ax = style.axes(ax)
        if zero:
            ax.axhline(0.0, color="0.85", lw=0.8, zorder=0)
        trials_and_mean(ax, array, colour, label)
        time = array["time"].values
        if recorded is not None:
            times, values = waveform(recorded, "recorded dipole")
            inside = (times >= time[0]) & (times <= time[-1])
            ax.plot(times[inside], values[inside], color=style.RECORDED, lw=1.4, label="recorded")
        ax.set_ylabel("Dipole (nAm)")
        style.time_axis(ax, time[0], time[-1])
        ax.legend(loc="best", handlelength=1.4)
    return ax


def layers(
    result: Result,
    *,
    by: Literal["layer", "population"] = "layer",
    ax: Axes | None = None,
    total: bool = False,
    legend: bool = True,
) -> Axes:
    """Draw the dipole of each layer, every trial thin and the mean bold.

    Parameters
    ----------
    result : Result
        However many populations contribute to its dipole.
    by : {'layer', 'population'}
        Whether to sum populations by layer, or draw each alone.
    ax : Axes, optional
        Where to draw; a new figure otherwise.
    total : bool
        Whether to draw the sum too.
    legend : bool
        Whether to name the layers.

    Returns
    -------
    Axes
    """
    style.one_of(by, "by", ("layer", "population"))
    network = result.network
    data = result.layers() if by == "layer" else result.dipole
    known = style.layers_of(network)
    with style.house_style():
        ax = style.axes(ax)
        ax.axhline(0.0, color="0.85", lw=0.8, zorder=0)
        for name in data[by].values.tolist():
            if by == "layer":
                colour = style.layer_colour(name, "", known)
            else:
                colour = style.population_colour(network, name)
            label = style.readable(name) or "dipole"
            trials_and_mean(ax, data.sel({by: name}), colour, label)
        if total:
            trials_and_mean(ax, result.total(), style.TOTAL, "total")
        ax.set_ylabel("Dipole (nAm)")
        style.time_axis(ax, result.time[0], result.time[-1])
        if not data.sizes[by]:
            style.note(ax, "no population contributes to the dipole")
        elif legend:
            ax.legend(loc="best", handlelength=1.4)
    return ax


def trials_and_mean(
    ax: Axes, data: xr.DataArray, colour: str, label: str, along: str = "time"
) -> list[Line2D]:
    """Draw every trial thin and their mean bold; one trial alone is bold."""
    time = data[along].values
    if "trial" in data.dims:
        traces = data.transpose("trial", along).values
    else:
        traces = data.values.reshape(1, -1)
    lines: list[Line2D] = []
    if len(traces) > 1:
        # many trials: fainter, so that the mean stays visible
        alpha = float(np.clip(2.0 / len(traces), 0.12, 0.45))
        for trace in traces:
            lines += ax.plot(time, trace, color=colour, lw=0.6, alpha=alpha)
    lines += ax.plot(time, traces.mean(axis=0), color=colour, lw=1.8, label=label, zorder=3)
    return lines
