"""Fits: how they went, what they found, and what the data determine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from apical.plots import style
from apical.plots.dipoles import dipole
from apical.plots.panels import panels

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from apical.fit import Fit, Identifiability
    from apical.result import Result

#: A loss so much above the smallest is drawn at the top: the first ones may be far away.
_FAR = 20.0


def convergence(fit: Fit, *, ax: Axes | None = None) -> Axes:
    """Draw the loss of every candidate, and the smallest so far as a line.

    Parameters
    ----------
    fit : Fit
        What was fitted.
    ax : Axes, optional
        Where to draw; a new figure otherwise.

    Returns
    -------
    Axes
    """
    history = fit.history
    number, loss = history["candidate"].values + 1, history["loss"].values
    best = history["best"].values
    with style.house_style():
        ax = style.axes(ax)
        ax.scatter(number, loss, s=7, color=style.GREY, alpha=0.5, lw=0, label="candidates")
        ax.step(number, best, where="post", color=style.TOTAL, lw=1.8, label="best so far")
        for end in np.flatnonzero(history["stage"].values[1:] != history["stage"].values[:-1]):
            ax.axvline(number[end] + 0.5, color="0.85", lw=0.8, zorder=0)
        top = min(np.nanmax(loss), _FAR * abs(fit.loss)) if fit.loss > 0 else np.nanmax(loss)
        low = min(0.0, float(np.nanmin(loss)))
        ax.set_ylim(low, low + 1.05 * (max(top, best[0]) - low) or 1.0)
        ax.set_xlim(0, number[-1] + 1)
        ax.set_xlabel("Candidate")
        ax.set_ylabel("Loss")
        ax.legend(loc="upper right", handlelength=1.4)
    return ax


def parameters(fit: Fit, *, ax: Axes | None = None) -> Axes:
    """Draw where in its range each parameter was tried; the darker, the smaller the loss.

    Parameters
    ----------
    fit : Fit
        What was fitted.
    ax : Axes, optional
        Where to draw; a new figure otherwise.

    Returns
    -------
    Axes
        One row for each parameter, from its lower to its upper bound.
    """
    names, loss = fit.space.names, fit.history["loss"].values
    units = fit.space.to_unit(fit.history["values"].values)
    # the best are drawn last
    order = np.argsort(-np.nan_to_num(loss, nan=np.inf))
    rank = np.linspace(0, 1, order.size)
    with style.house_style():
        ax = style.axes(ax, (6.0, 1.0 + 0.25 * len(names)))
        for row, unit in enumerate(units.T):
            ax.scatter(
                unit[order], np.full(order.size, row), c=rank, cmap=style.PALE, s=12, lw=0,
                label=names[row],
            )  # fmt: skip
            ax.plot(unit[fit.best], row, "o", ms=6, color=style.TOTAL, zorder=3)
        ax.set_yticks(range(len(names)), names)
        ax.set_ylim(len(names) - 0.5, -0.5)
        ax.set_xlim(-0.02, 1.02)
        ax.set_xticks([0, 1], ["low", "high"])
        ax.set_xlabel("Range")
    return ax


def sensitivity(found: Identifiability, *, ax: Axes | None = None) -> Axes:
    """Draw the standard error of each parameter, best determined on top.

    Parameters
    ----------
    found : Identifiability
        What `Fit.identify` gave.
    ax : Axes, optional
        Where to draw; a new figure otherwise.

    Returns
    -------
    Axes
        Bars are shares of the parameters' ranges, at most 1; a bar of 1 says nothing is known.
    """
    table = found.table.sortby("error")
    names, error = table["parameter"].values.tolist(), np.minimum(table["error"].values, 1.0)
    with style.house_style():
        ax = style.axes(ax, (6.0, 1.0 + 0.25 * len(names)))
        bars = ax.barh(range(len(names)), error, color=style.LAYERS[0][0], height=0.6)
        for bar, known in zip(bars, error < 1, strict=True):
            bar.set_color(style.LAYERS[0][0] if known else "0.8")
        ax.set_yticks(range(len(names)), names)
        ax.invert_yaxis()
        ax.set_xlim(0, 1)
        ax.set_xlabel("Standard error, share of the range")
    return ax


def fitted(fit: Fit, result: Result | None = None, recorded: xr.DataArray | None = None) -> Figure:
    """Draw a fit: the best dipole with the recording, the losses, and the parameters.

    Parameters
    ----------
    fit : Fit
        What was fitted.
    result : Result, optional
        What the best network does, smoothed and scaled; such as ``fit.simulate()``.
    recorded : DataArray (time), nAm, optional
        What it should do.

    Returns
    -------
    Figure
    """
    names = len(fit.space.names)
    rows = 2 if result is None else 3
    heights = [*([1.3] if result is not None else []), 1.0, 0.4 + 0.12 * names]
    figure, axes = panels(rows, size=(7.2, 2.0 * sum(heights)), heights=heights)
    if result is not None:
        dipole(result, recorded, ax=axes[0])
    convergence(fit, ax=axes[-2])
    parameters(fit, ax=axes[-1])
    return figure
