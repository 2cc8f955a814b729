"""Rasters of spikes and histograms of the inputs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from apical.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import LineCollection
    from matplotlib.patches import StepPatch

    from apical.result import Result


def raster(
    result: Result, *, trial: int = 0, ax: Axes | None = None, rates: bool | None = None
) -> list[LineCollection]:
    """Draw every spike of one trial, populations one below the other in the network's order.

    Parameters
    ----------
    result : Result
        Whose spikes to draw; drives are left out.
    trial : int
        Which trial.
    ax : Axes, optional
        Where to draw; a new figure otherwise.
    rates : bool, optional
        Whether to write the mean rate over trials just right of the axes; by default only in a
        figure of its own, because beside other axes there may be no room.

    Returns
    -------
    list of LineCollection
        One per population.

    Raises
    ------
    IndexError
        If there is no such trial.
    """
    if not 0 <= trial < result.trials:
        raise IndexError(f"trial must be 0 to {result.trials - 1}; got {trial}")
    network, sources = result.network, result.sources
    names = list(network.populations)
    chosen = result.spikes["trial"].values == trial
    time, cell, source = (result.spikes[k].values[chosen] for k in ("time", "cell", "source"))
    gap = max(1.0, 0.03 * sum(sources[name] for name in names))
    drawn, centres, top = [], [], 0.0
    rates = ax is None if rates is None else rates
    with style.house_style():
        ax = style.axes(ax, (6.0, 3.5))
        for name in names:
            mine = source == name
            marks = ax.vlines(
                time[mine],
                top + cell[mine],
                top + cell[mine] + max(1.0, 0.6 * gap),
                colors=style.population_colour(network, name),
                lw=1.0,
            )
            drawn.append(marks)
            centres.append(top + sources[name] / 2)
            top += sources[name] + gap
        ax.set_yticks(centres, [style.readable(name) for name in names])
        ax.tick_params(axis="y", length=0)
        for label, name in zip(ax.get_yticklabels(), names, strict=True):
            label.set_color(style.population_colour(network, name, text=True))
        ax.set_ylim(top, -gap)
        style.time_axis(ax, result.time[0], result.time[-1])
        if result.trials > 1:
            which = f"spikes of trial {trial + 1} of {result.trials}"
            ax.set_title(which, loc="left", fontsize=8, color=style.GREY)
        if rates:
            _write_rates(ax, result, names, centres)
    return drawn


def drives(result: Result, *, bin_width: float = 1.0, ax: Axes | None = None) -> list[StepPatch]:
    """Draw when inputs arrive, proximal ones upwards and distal ones downwards.

    Parameters
    ----------
    result : Result
        Spikes of its drives are counted over all trials.
    bin_width : float, ms
        Width of the bins.
    ax : Axes, optional
        Where to draw; a new figure otherwise.

    Returns
    -------
    list of StepPatch
        One per drive.

    Raises
    ------
    ValueError
        If `bin_width` is not above 0 ms.
    """
    if not bin_width > 0:
        raise ValueError(f"bin_width must be > 0 ms; got {bin_width} ms")
    start, stop = float(result.time[0]), float(result.time[-1])
    edges = start + bin_width * np.arange(max(1, math.ceil((stop - start) / bin_width)) + 1)
    source, time = result.spikes["source"].values, result.spikes["time"].values
    drawn, tops = [], []
    with style.house_style():
        ax = style.axes(ax, (6.0, 2.0))
        for name, drive in result.network.drives.items():
            counts, _ = np.histogram(time[source == name], edges)
            per_ms = counts / (result.trials * bin_width)
            sign = -1.0 if drive.location == "distal" else 1.0
            colour = style.DIRECTION.get(drive.location, style.OTHER_DRIVE)
            drawn.append(
                ax.stairs(sign * per_ms, edges, fill=True, color=colour, alpha=0.8, label=name)
            )
            at = edges[int(per_ms.argmax())] + bin_width / 2
            tops.append((name, at, sign * float(per_ms.max()), colour))
        _finish_drives(ax, tops, start, stop)
    return drawn


def _finish_drives(
    ax: Axes, tops: list[tuple[str, float, float, str]], start: float, stop: float
) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    high = max((top for *_, top, _ in tops if top > 0), default=0.0)
    low = min((top for *_, top, _ in tops if top < 0), default=0.0)
    reach = max(high, -low)
    if reach == 0:
        reach = high = 1.0
    # room for the names above and below the bars
    ax.set_ylim(low - 0.5 * reach if low else 0.0, high + 0.5 * reach if high else 0.0)
    ax.axhline(0.0, color="0.3", lw=0.8, zorder=3)
    ax.yaxis.set_major_locator(MaxNLocator(4, integer=reach > 4))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{abs(value):g}"))
    ax.set_ylabel("Inputs per ms")
    for name, there in (("proximal", high), ("distal", low)):
        if there and any(colour == style.DIRECTION[name] for *_, colour in tops):
            style.beside(ax, name, there / 2, data=True, color=style.DIRECTION[name])
    style.time_axis(ax, start, stop)
    if len(tops) > 6:
        ax.legend(ncols=3, loc="upper right")
        return
    for name, at, top, colour in tops:
        if top == 0:
            continue
        # keep names inside the axes when a drive comes very early or late
        side = "left" if at < start + 0.06 * (stop - start) else "center"
        side = "right" if at > stop - 0.06 * (stop - start) else side
        ax.annotate(
            name,
            (at, top),
            xytext=(0, 3 if top > 0 else -3),
            textcoords="offset points",
            ha=side,
            va="bottom" if top > 0 else "top",
            color=colour,
            fontsize=8,
        )


def _write_rates(ax: Axes, result: Result, names: list[str], centres: list[float]) -> None:
    rates = result.rates()
    style.beside(ax, "mean rate", 1.0, va="bottom", color=style.GREY, offset=2)
    for name, centre in zip(names, centres, strict=True):
        style.beside(
            ax,
            f"{float(rates.sel(source=name)):.1f} Hz",
            centre,
            data=True,
            color=style.population_colour(result.network, name, text=True),
        )
