"""What is shown of a result, as the view says; every number is one of `apical.analysis`."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from apical.analysis import (
    DataError,
    common_time,
    correlation,
    csd,
    psd,
    rmse,
    scale,
    smooth,
)
from apical.errors import Problem
from apical.studio.messages import Scores
from apical.studio.spectrogram import spectrogram

if TYPE_CHECKING:
    from apical.model import Network
    from apical.result import RecordedPotentials, Result
    from apical.studio.setup import View

Floats = np.ndarray
#: Columns of time of potentials, bins of rates, and the highest frequency (Hz) that are sent.
_COLUMNS, _BINS, _FREQUENCY = 800, 200, 300.0


def faults(view: View, duration: float, dt: float) -> list[Problem]:
    """Return why a run cannot be shown so."""
    if not view.smooth or 1 <= window_of(view, dt) <= duration / dt:
        return []
    message = f"must be between {dt:g} ms, one step, and {duration:g} ms, the length of the run"
    return [Problem("view.smooth", f"{message}; got {view.smooth:g} ms")]


def window_of(view: View, dt: float) -> int:
    """Return the number of samples of the smoothing window; 0 for none."""
    return round(view.smooth / dt)


# --- waveforms --------------------------------------------------------------------------------


def rows_of(dipole: Floats) -> Floats:
    """Return the mean over trials of (trial, population, time), the total first: (1 + p, time)."""
    mean = dipole.mean(axis=0) if len(dipole) > 1 else dipole[0]
    return np.concatenate([mean.sum(axis=0, keepdims=True), mean])


def as_shown(rows: Floats, time: Floats, view: View) -> xr.DataArray:
    """Return rows (row, time), nAm, smoothed and scaled."""
    data = xr.DataArray(rows, dims=("row", "time"), coords={"time": time}, attrs={"units": "nAm"})
    return scale(smooth(data, view.smooth) if view.smooth else data, view.scale)


def shown(result: Result, view: View) -> Result:
    """Return a result with its dipoles smoothed and scaled."""
    return (result.smooth(view.smooth) if view.smooth else result).scale(view.scale)


def recorded_as_shown(find: Callable[[str], xr.DataArray], view: View) -> xr.DataArray | None:
    """Return the view's recording at its times and in its size; None if it has none.

    Parameters
    ----------
    find : callable
        Returns the recording of a key, as it was read.
    view : View
    """
    if view.data is None:
        return None
    data = find(view.data)
    return scale(data.assign_coords(time=data["time"].values + view.shift), view.factor)


def scores(wave: xr.DataArray, other: xr.DataArray, view: View) -> Scores | None:
    """Return how close two waves are, both as shown; None if they do not overlap."""
    limits = view.tmin, view.tmax
    try:
        time, simulated, target = common_time(wave, other, *limits)
    except DataError:
        return None
    r = correlation(wave, other, *limits)
    spread = float(np.sum((target - target.mean()) ** 2))
    error = float(np.sum((simulated - target) ** 2))
    return Scores(
        rmse=rmse(wave, other, *limits), correlation=None if math.isnan(r) else r,
        r2=1 - error / spread if spread > 0 else None,
        tmin=float(time[0]), tmax=float(time[-1]), samples=time.size,
    )  # fmt: skip


# --- all of a result ----------------------------------------------------------------------------


def measured(
    result: Result, view: View, recorded: xr.DataArray | None
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return fields and arrays of a `Done` frame."""
    waves = as_shown(rows_of(result.arrays.dipole), result.time, view)
    total = waves.isel(row=0)
    arrays = {"dipole": waves.values, "rates": _rates(result), **_spectrum(result, view)}
    if result.trials > 1:
        arrays["band"] = _band(result, view)
    name, potentials = _potentials(result, view)
    columns = result.arrays.spikes
    cells = len(result.network.populations)
    fields = {
        "trials": result.trials,
        "names": names_of(result.network),
        "bin": float(result.provenance["duration"]) / arrays["rates"].shape[1],
        "spikes": int(np.sum((columns["source"] < cells) & (columns["trial"] == 0))),
        "seconds": float(result.provenance["wall_seconds"]),
        "scores": None if recorded is None else scores(total, recorded, view),
        "electrodes": name,
    }
    return fields, {key: a.astype("<f4") for key, a in (arrays | potentials).items()}


def names_of(network: Network) -> tuple[str, ...]:
    """Return the names of the rows of dipoles."""
    return ("total", *(name for name, p in network.populations.items() if p.dipole))


def _rates(result: Result) -> Floats:
    """Return rates (source, bin), Hz, mean over trials; `mean_rates` of so many bins is slow."""
    duration, cells = float(result.provenance["duration"]), np.array([*result.sources.values()])
    bins = min(_BINS, math.ceil(duration))
    spikes = result.arrays.spikes
    column = np.minimum((spikes["time"] * (bins / duration)).astype(int), bins - 1)
    inside = spikes["time"] <= duration
    places = (spikes["source"] * bins + column)[inside]
    counts = np.bincount(places, minlength=len(cells) * bins).reshape(-1, bins)
    return counts / (np.maximum(cells, 1)[:, None] * result.trials * duration / bins / 1000)


def _spectrum(result: Result, view: View) -> dict[str, Floats]:
    """Return spectra of the total dipole, scaled but not smoothed."""
    rows = rows_of(result.arrays.dipole)[:1]
    raw = as_shown(rows, result.time, view.model_copy(update={"smooth": 0.0})).isel(row=0)
    found = psd(raw).sel(frequency=slice(0, _FREQUENCY))
    arrays = {"psd_frequency": found["frequency"].values, "psd": found.values}
    # it takes a tenth of a second, which nobody should wait for who does not look at it
    return arrays | spectrogram(raw) if view.field == "spectrogram" else arrays


def _band(result: Result, view: View) -> Floats:
    """Return mean, lowest and highest total dipole over trials: (3, time)."""
    each = as_shown(result.arrays.dipole.sum(axis=1), result.time, view).values
    return np.stack([each.mean(axis=0), each.min(axis=0), each.max(axis=0)])


def _potentials(result: Result, view: View) -> tuple[str, dict[str, Floats]]:
    """Return the name of the electrode array that is looked at, and what is shown of it."""
    known = result.arrays.lfp
    name = looked_at(known, view)
    if not name:
        return "", {}
    array = known[name]
    return name, potentials_as_shown(potential(array), array, columns_of(array.time.size)[:-1])


def looked_at(names: Collection[str], view: View) -> str:
    """Return the electrode array that is looked at; empty if there is none."""
    return view.electrodes if view.electrodes in names else next(iter(names), "")


def potential(array: RecordedPotentials) -> Floats:
    """Return what an array has seen in all (electrode, time), µV, mean over trials."""
    return array.values.mean(axis=0).sum(axis=0)


def potentials_as_shown(
    rows: Floats, array: RecordedPotentials, first: np.ndarray
) -> dict[str, Floats]:
    """Return potentials and their sources in columns of time.

    Parameters
    ----------
    rows : (electrode, time) array, µV
    array : RecordedPotentials
        Where its electrodes are.
    first : (columns,) array
        Sample with which each column begins.
    """
    axes = {axis: ("electrode", at) for axis, at in zip("xyz", array.positions.T, strict=True)}
    attrs = {"units": "uV", "conductivity": array.conductivity}
    lfp = xr.DataArray(rows, axes, ("electrode", "time"), attrs=attrs)
    arrays = {"lfp": thinned(rows, first), "depth": array.positions[:, 2]}
    # electrodes that are no evenly spaced shank have none
    with contextlib.suppress(DataError):
        arrays["csd"] = column_means(csd(lfp).transpose("electrode", "time").values, first)
    return arrays


def thinned(rows: Floats, first: np.ndarray) -> Floats:
    """Return smallest and largest of each column of time, in turn: (row, 2 * columns)."""
    both = [f.reduceat(rows, first, axis=1) for f in (np.minimum, np.maximum)]
    return np.stack(both, axis=2).reshape(len(rows), -1)


def column_means(rows: Floats, first: np.ndarray) -> Floats:
    """Return the mean of each column of time: (row, columns)."""
    return np.add.reduceat(rows, first, axis=1) / np.diff([*first, rows.shape[1]])


def columns_of(samples: int) -> np.ndarray:
    """Return the first sample of each column, and the end of the last."""
    columns = min(_COLUMNS, samples)
    return np.arange(columns + 1) * samples // columns
