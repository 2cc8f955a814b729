"""Rasters of spikes and histograms of spikes and inputs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from apical.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from apical.result import Result

_DASHES = ("-", "--", ":", "-.")


def raster(
    result: Result,
    *,
    trial: int | None = 0,
    dipole: bool = False,
    ax: Axes | None = None,
    rates: bool | None = None,
) -> Axes:
    """Draw every spike of one trial, populations one below the other in the network's order.

    Parameters
    ----------
    result : Result
        Whose spikes to draw; drives are left out.
    trial : int or None
        Which trial; None shows the spikes of all.
    dipole : bool
        Whether to draw the total dipole over it, of the same trial or the mean over all, with a
        scale of its own to the right.
    ax : Axes, optional
        Where to draw; a new figure otherwise.
    rates : bool, optional
        Whether to write the mean rate over trials just right of the axes; by default only in a
        figure of its own without dipole, because beside other axes there may be no room.

    Returns
    -------
    Axes
        With a collection of lines, one per spike, for each population.

    Raises
    ------
    IndexError
        If there is no such trial.
    ValueError
        If both the dipole's scale and rates are to stand to the right.
    """
    if trial is not None and not 0 <= trial < result.trials:
        raise IndexError(f"trial must be 0 to {result.trials - 1}; got {trial}")
    if rates and dipole:
        raise ValueError("rates and the dipole's scale stand in the same place: choose one")
    rates = (ax is None and not dipole) if rates is None else rates
    with style.house_style():
        ax = style.axes(ax, (6.0, 3.5))
        _spikes(ax, result, trial, rates)
        style.time_axis(ax, result.time[0], result.time[-1])
        if result.trials > 1:
            n = result.trials
            which = f"all {n} trials" if trial is None else f"trial {trial + 1} of {n}"
            ax.set_title(f"spikes of {which}", loc="left", fontsize=8, color=style.GREY)
        if dipole:
            _dipole_over(ax, result, trial)
    return ax


def _spikes(ax: Axes, result: Result, trial: int | None, rates: bool) -> None:
    network, sources = result.network, result.sources
    names = list(network.populations)
    spikes = result.spikes
    chosen = slice(None) if trial is None else spikes["trial"].values == trial
    time, cell, source = (spikes[k].values[chosen] for k in ("time", "cell", "source"))
    gap = max(1.0, 0.03 * sum(sources[name] for name in names))
    centres, top = [], 0.0
    for name in names:
        mine = source == name
        ax.vlines(
            time[mine],
            top + cell[mine],
            top + cell[mine] + max(1.0, 0.6 * gap),
            colors=style.population_colour(network, name),
            lw=1.0,
            label=name,
        )
        centres.append(top + sources[name] / 2)
        top += sources[name] + gap
    ax.set_yticks(centres, [style.readable(name) for name in names])
    ax.tick_params(axis="y", length=0)
    for label, name in zip(ax.get_yticklabels(), names, strict=True):
        label.set_color(style.population_colour(network, name, text=True))
    ax.set_ylim(max(top, 1.0), -gap)
    if rates:
        _write_rates(ax, result, names, centres)


def _dipole_over(ax: Axes, result: Result, trial: int | None) -> None:
    total = result.total()
    # an averaged result has one dipole but the spikes of all trials
    single = trial is not None and total.sizes["trial"] > trial
    shown = total.isel(trial=trial) if single else total.mean("trial")
    right = ax.twinx()
    right.plot(result.time, shown.values, color=style.TOTAL, lw=1.6, label="dipole")
    right.spines["right"].set_visible(True)
    for part in (right.spines["right"], right.yaxis.label):
        part.set_color(style.TOTAL)
    right.tick_params(axis="y", colors=style.TOTAL)
    right.set_ylabel("Dipole (nAm)" if single or result.trials == 1 else "Mean dipole (nAm)")
    right.set_xlim(ax.get_xlim())


def histogram(
    result: Result,
    sources: Sequence[str] | None = None,
    *,
    bin_width: float = 5.0,
    ax: Axes | None = None,
) -> Axes:
    """Draw how often cells fire over time: spikes per second and cell, mean over trials.

    Parameters
    ----------
    result : Result
        Whose spikes to count.
    sources : sequence of str, optional
        Populations and drives; by default all populations.
    bin_width : float, ms
        Width of the bins.
    ax : Axes, optional
        Where to draw; a new figure otherwise.

    Returns
    -------
    Axes

    Raises
    ------
    ModelError
        If there is no such population or drive.
    ValueError
        If `bin_width` is not above 0 ms.
    """
    names = list(result.network.populations) if sources is None else list(sources)
    for name in names:
        style.one_of(name, "sources", result.sources)
    edges = _bins(result, bin_width)
    source, time = result.spikes["source"].values, result.spikes["time"].values
    used: list[str] = []
    with style.house_style():
        ax = style.axes(ax)
        for name in names:
            counts, _ = np.histogram(time[source == name], edges)
            # 1000 ms are a second
            cells = max(1, result.sources[name])
            rate = counts * 1000.0 / (bin_width * result.trials * cells)
            colour = _colour(result, name)
            # two proximal drives have one colour
            dashes = _DASHES[used.count(colour) % len(_DASHES)]
            used.append(colour)
            ax.stairs(rate, edges, color=colour, lw=1.5, ls=dashes, label=style.readable(name))
        ax.set_ylabel("Spikes per second and cell (Hz)")
        ax.set_ylim(bottom=0.0)
        style.time_axis(ax, result.time[0], result.time[-1])
        if names:
            ax.legend(loc="best", handlelength=1.4)
    return ax


def drives(result: Result, *, bin_width: float = 1.0, ax: Axes | None = None) -> Axes:
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
    Axes
        With a patch for each drive.

    Raises
    ------
    ValueError
        If `bin_width` is not above 0 ms.
    """
    edges = _bins(result, bin_width)
    source, time = result.spikes["source"].values, result.spikes["time"].values
    tops = []
    with style.house_style():
        ax = style.axes(ax, (6.0, 2.0))
        for name, drive in result.network.drives.items():
            counts, _ = np.histogram(time[source == name], edges)
            per_ms = counts / (result.trials * bin_width)
            sign = -1.0 if drive.location == "distal" else 1.0
            colour = _colour(result, name)
            ax.stairs(sign * per_ms, edges, fill=True, color=colour, alpha=0.8, label=name)
            at = edges[int(per_ms.argmax())] + bin_width / 2
            tops.append((name, at, sign * float(per_ms.max()), colour))
        _finish_drives(ax, tops, float(result.time[0]), float(result.time[-1]))
    return ax


def _bins(result: Result, width: float) -> np.ndarray:
    if not width > 0:
        raise ValueError(f"bin_width must be > 0 ms; got {width} ms")
    start, stop = float(result.time[0]), float(result.time[-1])
    return start + width * np.arange(max(1, math.ceil((stop - start) / width)) + 1)


def _colour(result: Result, name: str) -> str:
    if name in result.network.populations:
        return style.population_colour(result.network, name)
    return style.DIRECTION.get(result.network.drives[name].location, style.OTHER_DRIVE)


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
