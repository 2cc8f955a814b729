"""Extracellular potentials and current source densities along a shank."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import xarray as xr

from apical.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from apical.plan.geometry import Floats

# more labels of electrodes do not fit
_MOST_TICKS = 14
# points along the shank between which a smooth image is drawn
_FINE = 256


def lfp(
    data: xr.DataArray,
    *,
    trial: int | None = None,
    population: str | None = None,
    separation: float | None = None,
    colour: str = style.TOTAL,
    ax: Axes | None = None,
) -> Axes:
    """Draw the potentials of an electrode array, each at the height of its electrode.

    Parameters
    ----------
    data : DataArray (trial, population, electrode, time), µV
        Such as ``result.lfp["shank"]``; trial and population may be missing. Electrodes have a
        coordinate ``z`` (µm); where it does not tell them apart they are stacked in their order.
    trial : int, optional
        Which trial; by default the mean over all.
    population : str, optional
        Whose contribution; by default the sum over all.
    separation : float, µV, optional
        Potential that is as long as neighbours are apart; by default about half the largest
        amplitude.
    colour : str
        Of the traces.
    ax : Axes, optional
        Where to draw; a new figure otherwise.

    Returns
    -------
    Axes
        With a line for each electrode, in the order of the array, and a bar that shows the scale.

    Raises
    ------
    ModelError
        If there is no such population.
    ValueError
        If `separation` is not above 0.
    """
    shown = _of_trial(_of_population(data, population), trial).transpose("electrode", "time")
    heights, label = _heights(shown)
    step = float(np.median(np.diff(np.sort(heights)))) if len(heights) > 1 else 1.0
    # without the mean of each trace the stack shows what changes
    traces = shown.values - shown.values.mean(axis=1, keepdims=True)
    if separation is None:
        separation = style.round_up(float(np.abs(traces).max()) / 2 or 1.0)
    elif not separation > 0:
        raise ValueError(f"separation must be > 0 µV; got {separation} µV")
    with style.house_style():
        ax = style.axes(ax, (6.0, 5.0))
        time = shown["time"].values
        for height, trace in zip(heights, traces, strict=True):
            ax.plot(time, height + trace * step / separation, color=colour, lw=0.9)
        _height_ticks(ax, heights, label, step)
        style.time_axis(ax, time[0], time[-1])
        _scale_bar(ax, float(heights.min()), step, f"{separation:g} µV")
        _say_which(ax, data, trial, population)
    return ax


def csd(
    data: xr.DataArray,
    *,
    trial: int | None = None,
    population: str | None = None,
    smooth: bool = False,
    sinks: Literal["blue", "red"] = "blue",
    limit: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a current source density by time and depth.

    Parameters
    ----------
    data : DataArray (trial, population, electrode, time)
        As `apical.csd` returns; trial and population may be missing. Electrodes have a coordinate
        ``z`` (µm).
    trial : int, optional
        Which trial; by default the mean over all.
    population : str, optional
        Whose contribution; by default the sum over all.
    smooth : bool
        Whether to interpolate between electrodes with a cubic spline.
    sinks : {'blue', 'red'}
        Colour of sinks, where current leaves the tissue into cells: negative values.
    limit : float, optional
        Value of the deepest colours; by default the largest that occurs.
    ax : Axes, optional
        Where to draw; a new figure otherwise.

    Returns
    -------
    Axes

    Raises
    ------
    ModelError
        If there is no such population.
    """
    style.one_of(sinks, "sinks", ("blue", "red"))
    shown = style.few(_of_trial(_of_population(data, population), trial))
    shown = shown.transpose("electrode", "time")
    heights, label = _heights(shown)
    order = np.argsort(heights)
    values, heights, time = shown.values[order], heights[order], shown["time"].values
    if smooth:
        heights, values = _finer(heights, values)
    limit = float(np.nanmax(np.abs(values))) or 1.0 if limit is None else limit
    with style.house_style():
        ax = style.axes(ax, (6.0, 3.6))
        image = ax.pcolormesh(
            time, heights, values, vmin=-limit, vmax=limit, shading="nearest", rasterized=True,
            cmap=style.DIVERGING if sinks == "blue" else style.DIVERGING.removesuffix("_r"),
        )  # fmt: skip
        bar = style.colour_bar(ax, image, f"CSD ({style.unit(data.attrs.get('units', '1'))})")
        for y, text in ((0.0, "sink"), (1.0, "source")):
            bar.ax.annotate(
                text, (0.5, y), xycoords="axes fraction", xytext=(0, 4 if y else -4),
                textcoords="offset points", ha="center", va="bottom" if y else "top", fontsize=8,
            )  # fmt: skip
        ax.set_ylabel(label)
        style.time_axis(ax, time[0], time[-1])
        _say_which(ax, data, trial, population)
    return ax


def _of_population(data: xr.DataArray, population: str | None) -> xr.DataArray:
    if population is not None:
        known = data["population"].values.tolist() if "population" in data.dims else []
        style.one_of(population, "population", known)
        return data.sel(population=population)
    return data.sum("population") if "population" in data.dims else data


def _of_trial(data: xr.DataArray, trial: int | None) -> xr.DataArray:
    if "trial" not in data.dims:
        return data
    if trial is None:
        return data.mean("trial")
    if not 0 <= trial < data.sizes["trial"]:
        raise IndexError(f"trial must be 0 to {data.sizes['trial'] - 1}; got {trial}")
    return data.isel(trial=trial)


def _say_which(ax: Axes, data: xr.DataArray, trial: int | None, population: str | None) -> None:
    said = [] if population is None else [style.readable(population)]
    trials = data.sizes.get("trial", 1)
    if trials > 1:
        which = f"mean of {trials} trials" if trial is None else f"trial {trial + 1} of {trials}"
        said.append(which)
    if said:
        ax.set_title(", ".join(said), loc="left", fontsize=8, color=style.GREY)


def _heights(data: xr.DataArray) -> tuple[Floats, str]:
    """Return where electrodes are shown, and what the axis says."""
    n = data.shape[0]
    if "z" in data.coords:
        z = np.asarray(data["z"].values, float).reshape(-1)
        if len(np.unique(z)) == n:
            return z, "z (µm)"
    return np.arange(n)[::-1].astype(float), "Electrode"


def _height_ticks(ax: Axes, heights: Floats, label: str, step: float) -> None:
    every = -(-len(heights) // _MOST_TICKS)
    order = np.argsort(heights)[::every]
    # stacked electrodes are numbered from the top
    names = [f"{heights[k]:g}".replace("-", "−") if label == "z (µm)" else str(k) for k in order]
    ax.set_yticks(heights[order], names)
    ax.set_ylim(heights.min() - 1.2 * step, heights.max() + 1.2 * step)
    ax.set_ylabel(label)


def _scale_bar(ax: Axes, bottom: float, length: float, text: str) -> None:
    across = ax.get_yaxis_transform()
    place, ends = 1.015, (bottom, bottom + length)
    ax.plot((place, place), ends, color="0.2", lw=2, transform=across, clip_on=False)
    ax.annotate(
        text, (place, sum(ends) / 2), xycoords=across, xytext=(4, 0), textcoords="offset points",
        va="center", fontsize=8, annotation_clip=False,
    )  # fmt: skip


def _finer(heights: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Interpolate values (electrode, time) between electrodes."""
    from scipy.interpolate import CubicSpline

    fine = np.linspace(heights[0], heights[-1], _FINE)
    return fine, CubicSpline(heights, values, axis=0)(fine)
