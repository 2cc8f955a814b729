"""Posteriors: what they say, what they predict, and whether they are as wide as they should be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from apical.analysis import waveform
from apical.plots import style
from apical.plots.panels import panels

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from apical.infer import Calibration, Posterior, Prediction

_POSTERIOR, _BAND, _TRUTH = style.TOTAL, "#66B5E3", style.LAYERS[1][0]
#: How much of a posterior lies within the lines of a pair plot, and the bands of a prediction.
_WITHIN = (0.5, 0.9)
_BINS = 30
#: Quantiles between which the prior's density is drawn.
_SHARES = 201
#: Share of even ranks that bars or lines leave by chance.
_CHANCE = 0.01


def pairs(
    posterior: Posterior,
    truth: Mapping[str, float] | None = None,
    *,
    names: Sequence[str] | None = None,
) -> Figure:
    """Draw a posterior: each parameter alone, and each pair.

    On the diagonal are the densities of posterior (filled) and prior (grey line); below it lie
    50 % and 90 % of the posterior within the lines. Logarithmic parameters are drawn so.

    Parameters
    ----------
    posterior : Posterior
        What was inferred.
    truth : mapping of str to float, optional
        Values by name, drawn as lines and crosses: what was simulated, or is thought.
    names : sequence of str, optional
        Which parameters; by default all.

    Returns
    -------
    Figure
    """
    shown = list(names or posterior.space.names)
    for name in shown:
        style.one_of(name, "names", posterior.space.names)
    n = len(shown)
    columns = {name: _column(posterior, name, truth) for name in shown}
    figure, axes = panels(n, n, size=(1.2 + 1.5 * n, 0.9 + 1.45 * n))
    grid = np.reshape(axes, (n, n))
    with style.house_style():
        for row, below in enumerate(shown):
            for column, left in enumerate(shown):
                ax = grid[row, column]
                if column > row:
                    ax.set_visible(False)
                    continue
                if column == row:
                    _alone(ax, columns[left])
                else:
                    _together(ax, columns[left], columns[below])
                _labels(ax, columns[left], columns[below], row == n - 1, column == 0 and row > 0)
        beside = {"loc": "lower left", "bbox_to_anchor": (1.05, 0.1), "handlelength": 1.2}
        grid[0, 0].legend(**beside).set_in_layout(False)
    return figure


def _column(posterior: Posterior, name: str, truth: Mapping[str, float] | None) -> dict[str, Any]:
    """Return what is drawn of one parameter, on its scale."""
    k = posterior.space.names.index(name)
    log = posterior.space.parameters[name].scale == "log"
    forth = np.log10 if log else np.asarray
    draws = forth(posterior.samples.values[:, k])
    shares = np.linspace(0, 1, _SHARES)
    prior = forth(posterior.space.quantiles(np.repeat(shares[:, None], len(posterior.space), 1)))
    low, high = np.quantile(draws, [0.001, 0.999])
    here = None if truth is None or name not in truth else float(forth(truth[name]))
    if here is not None:
        low, high = min(low, here), max(high, here)
    bounds = forth(posterior.space.low[k]), forth(posterior.space.high[k])
    around = 0.1 * (high - low)
    unit = style.unit(posterior.samples["unit"].values[k].item())
    return {
        "draws": draws, "prior": prior[:, k], "truth": here, "log": log, "bounds": bounds,
        "limits": (max(low - around, bounds[0]), min(high + around, bounds[1])),
        "label": f"{style.readable(name)} ({unit})" if unit else style.readable(name),
    }  # fmt: skip


def _alone(ax: Axes, one: dict[str, Any]) -> None:
    """Draw the densities of one parameter."""
    low, high = one["limits"]
    edges = np.linspace(low, high, _BINS + 1)
    ax.hist(one["draws"], edges, density=True, color=_BAND, lw=0, label="posterior")
    density = 1 / (np.diff(one["prior"]) * (_SHARES - 1))
    middle = (one["prior"][1:] + one["prior"][:-1]) / 2
    ax.plot(middle, density, color=style.GREY, lw=1.0, label="prior")
    if one["truth"] is not None:
        ax.axvline(one["truth"], color=_TRUTH, lw=1.6, label="truth")
    ax.set_xlim(one["limits"])
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)


def _together(ax: Axes, across: dict[str, Any], up: dict[str, Any]) -> None:
    """Draw the density of two parameters."""
    from scipy.ndimage import gaussian_filter

    limits = across["limits"], up["limits"]
    counts, x, y = np.histogram2d(across["draws"], up["draws"], _BINS, limits)
    density = gaussian_filter(counts, 1.2, mode="nearest")
    # the density above which so much of the posterior lies
    falling = np.sort(density.ravel())[::-1]
    shares = np.cumsum(falling) / falling.sum()
    levels = [falling[np.searchsorted(shares, share)] for share in reversed(_WITHIN)]
    middle = [(edges[1:] + edges[:-1]) / 2 for edges in (x, y)]
    heights = [*(level for level in levels if level > 0), density.max() * 1.001]
    if len(set(heights)) == 3:
        colours = ["#CFE4F5", _BAND]
        ax.contourf(*middle, density.T, heights, colors=colours)
        ax.contour(*middle, density.T, heights[:-1], colors=[_POSTERIOR], linewidths=0.9)
    if across["truth"] is not None and up["truth"] is not None:
        ax.plot(across["truth"], up["truth"], "+", color=_TRUTH, ms=9, mew=1.8, label="truth")
    ax.set_xlim(limits[0])
    ax.set_ylim(limits[1])


def _labels(
    ax: Axes, across: dict[str, Any], up: dict[str, Any], lowest: bool, first: bool
) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    for axis, one, labelled in ((ax.xaxis, across, lowest), (ax.yaxis, up, first)):
        if axis is ax.yaxis and one is across:
            continue
        axis.set_major_locator(MaxNLocator(2 if one["log"] else 3))
        if one["log"]:
            axis.set_major_formatter(FuncFormatter(lambda x, _: f"{10**x:.2g}"))
        if labelled:
            axis.set_label_text(one["label"])
        else:
            axis.set_tick_params(labelbottom=False, labelleft=False)


def predictive(
    prediction: Prediction,
    recorded: xr.DataArray | None = None,
    *,
    scale: float = 1.0,
    smooth: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw what a posterior predicts: bands of 50 % and 90 % of simulations, over them the data.

    Parameters
    ----------
    prediction : Prediction
        What `Posterior.predict` gave.
    recorded : DataArray (time), nAm, optional
        The data.
    scale : float
        By what the simulated dipoles are multiplied.
    smooth : float, ms, optional
        Hamming window with which simulations and data are smoothed.
    ax : Axes, optional
        Where to draw; a new figure otherwise.

    Returns
    -------
    Axes
    """
    from apical.analysis import smooth as smoothed

    dipoles = scale * prediction.dipoles.dropna("simulation")
    dipoles = dipoles if smooth is None else smoothed(dipoles, smooth)
    time = dipoles["time"].values
    with style.house_style():
        ax = style.axes(ax)
        ax.axhline(0.0, color="0.85", lw=0.8, zorder=0)
        for share, colour in zip(reversed(_WITHIN), ("#CFE4F5", _BAND), strict=True):
            low, high = dipoles.quantile([(1 - share) / 2, (1 + share) / 2], "simulation").values
            label = f"{share:.0%} of predictions"
            ax.fill_between(time, low, high, color=colour, lw=0, label=label)
        ax.plot(time, dipoles.median("simulation"), color=_POSTERIOR, lw=1.4, label="median")
        if recorded is not None:
            recorded = recorded if smooth is None else smoothed(recorded, smooth)
            times, values = waveform(recorded, "recorded dipole")
            inside = (times >= time[0]) & (times <= time[-1])
            ax.plot(times[inside], values[inside], color=style.RECORDED, lw=1.4, label="data")
        ax.set_ylabel("Dipole (nAm)")
        style.time_axis(ax, time[0], time[-1])
        ax.legend(loc="best", handlelength=1.4)
    return ax


def ranks(calibration: Calibration, *, bins: int = 10) -> Figure:
    """Draw how often the truth had which rank among posterior draws; even bars are right.

    A valley says that posteriors are too narrow, a hill that they are too wide, a slope that they
    are beside the truth. Within the grey band lie 99 % of bars by chance.

    Parameters
    ----------
    calibration : Calibration
        What `Posterior.calibrate` gave.
    bins : int
        Bars of each parameter.

    Returns
    -------
    Figure
        Axes for each parameter.
    """
    from scipy.stats import binom

    shares, p_values = calibration.shares, calibration.p_values
    names = shares["parameter"].values.tolist()
    total = shares.sizes["simulation"]
    low, high = binom.ppf([_CHANCE / 2, 1 - _CHANCE / 2], total, 1 / bins)
    columns = min(len(names), 4)
    rows = -(-len(names) // columns)
    figure, axes = panels(rows, columns, size=(1.0 + 1.8 * columns, 0.5 + 1.7 * rows))
    with style.house_style():
        for ax, name in zip(np.ravel(axes), names, strict=False):
            ax.axhspan(low, high, color="0.9", lw=0)
            ax.hist(shares.sel(parameter=name), bins, range=(0, 1), color=_BAND, rwidth=0.9)
            ax.axhline(total / bins, color=style.GREY, lw=1.0)
            p = float(p_values.sel(parameter=name))
            ax.set_title(f"{style.readable(name)}\np = {p:.2g}", fontsize=8.5)
            ax.set_xlim(0, 1)
            ax.set_xticks([0, 0.5, 1], ["0", "½", "1"])
            ax.set_xlabel("Rank of the truth")
        for ax in np.ravel(axes)[len(names) :]:
            ax.set_visible(False)
        for ax in np.reshape(axes, (rows, columns))[:, 0]:
            ax.set_ylabel("Simulations")
    return figure


def coverage(calibration: Calibration, *, ax: Axes | None = None) -> Axes:
    """Draw how often intervals held the truth, over how often they should.

    Lines above the diagonal belong to posteriors that are too wide, below to those too narrow.

    Parameters
    ----------
    calibration : Calibration
        What `Posterior.calibrate` gave.
    ax : Axes, optional
        Where to draw; a new figure otherwise.

    Returns
    -------
    Axes
        One line for each parameter, and one for all together; the band holds 99 % of lines by
        chance, at each level.
    """
    from scipy.stats import binom

    levels = np.linspace(0, 1, 51)
    found = calibration.coverage(levels.tolist())
    total = calibration.table.sizes["simulation"]
    low, high = (binom.ppf(q, total, levels) / total for q in (_CHANCE / 2, 1 - _CHANCE / 2))
    names = found["parameter"].values.tolist()
    with style.house_style():
        ax = style.axes(ax, (4.2, 3.6))
        ax.fill_between(levels, low, high, color="0.9", lw=0)
        ax.plot([0, 1], [0, 1], color=style.GREY, lw=0.8)
        for k, name in enumerate(names[:-1]):
            colour = style.along(k, len(names) - 1)
            values = found.sel(parameter=name)
            ax.plot(levels, values, color=colour, lw=1.3, label=style.readable(name))
        ax.plot(levels, found.sel(parameter=names[-1]), color="black", lw=1.8, label=names[-1])
        ax.set_xlim(0, 1)
        ax.set_ylim(0, 1)
        ax.set_xlabel("Interval")
        ax.set_ylabel("Share that holds the truth")
        ax.legend(loc="upper left", handlelength=1.2)
    return ax


def learning(posterior: Posterior, *, ax: Axes | None = None) -> Axes:
    """Draw how a posterior's network was learned: the loss over epochs.

    Parameters
    ----------
    posterior : Posterior
        What was inferred.
    ax : Axes, optional
        Where to draw; a new figure otherwise.

    Returns
    -------
    Axes
        Lines of the simulations that were learned from, and of those held out.
    """
    losses = posterior.estimator.losses
    epochs = np.arange(len(losses)) + 1
    with style.house_style():
        ax = style.axes(ax, (5.0, 2.6))
        ax.plot(epochs, losses[:, 0], color=_BAND, lw=1.4, label="learned from")
        ax.plot(epochs, losses[:, 1], color=_POSTERIOR, lw=1.4, label="held out")
        ax.axvline(int(losses[:, 1].argmin()) + 1, color=style.GREY, lw=0.8)
        ax.set_xlabel("Epoch")
        ax.set_ylabel("Loss")
        ax.legend(loc="upper right", handlelength=1.4)
    return ax
