"""Peaks of waveforms and counts of spikes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr

from apical.analysis.waveforms import DataError, waveform


@dataclass(frozen=True)
class Peak:
    """An extreme of a waveform: `value` (nAm) at `latency` (ms)."""

    value: float
    latency: float


@dataclass(frozen=True)
class Peaks:
    """The highest and the lowest point of a waveform."""

    maximum: Peak
    minimum: Peak


def peaks(dipole: xr.DataArray, tmin: float | None = None, tmax: float | None = None) -> Peaks:
    """Find the highest and lowest sample of one waveform; the first one if several are equal.

    Parameters
    ----------
    dipole : DataArray with dim ``time``, nAm
        Other dimensions must have length one.
    tmin, tmax : float, ms
        Look only within these times.

    Raises
    ------
    DataError
        If there is no sample within the limits.
    """
    time, values = waveform(dipole)
    inside = np.ones(time.size, bool)
    if tmin is not None:
        inside &= time >= tmin
    if tmax is not None:
        inside &= time <= tmax
    if not inside.any():
        raise DataError(
            f"no samples between {tmin} and {tmax} ms; the data are from {time[0]:g} to "
            f"{time[-1]:g} ms"
        )
    time, values = time[inside], values[inside]
    high, low = int(values.argmax()), int(values.argmin())
    return Peaks(
        maximum=Peak(float(values[high]), float(time[high])),
        minimum=Peak(float(values[low]), float(time[low])),
    )


def spike_counts(spikes: xr.Dataset, sources: Mapping[str, int], trials: int) -> xr.DataArray:
    """Count the spikes of every source in every trial.

    Parameters
    ----------
    spikes : Dataset
        Columns ``trial`` and ``source`` along ``spike``.
    sources : mapping of str to int
        Number of cells of each source.
    trials : int
        Number of trials.

    Returns
    -------
    DataArray (trial, source) of int
    """
    trial, source = spikes["trial"].values, spikes["source"].values
    counts = [np.bincount(trial[source == name], minlength=trials) for name in sources]
    values = np.array(counts, dtype=np.int64).reshape(len(sources), trials).T
    return xr.DataArray(
        values,
        dims=("trial", "source"),
        coords={"trial": np.arange(trials), "source": np.array(list(sources), dtype=str)},
        name="spikes",
    )
