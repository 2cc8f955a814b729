"""Peaks of evoked responses: when and how large, in every window, layer and trial."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import xarray as xr

from apical.analysis.spectra import kept_coords
from apical.analysis.waveforms import DataError, sampling_rate
from apical.analysis.windows import Windows, joined, limits_of

Polarity = Literal["positive", "negative", "either"]
_SIGNS = {"positive": np.positive, "negative": np.negative, "either": np.abs}


def erp_peaks(
    data: xr.DataArray,
    windows: Windows = None,
    polarity: Polarity | Mapping[str, Polarity] = "either",
) -> xr.Dataset:
    """Measure the largest deflection of every waveform within windows.

    Parameters
    ----------
    data : DataArray with dim ``time``
        Such as ``result.total()``, or ``result.layers()`` for every layer; any other dimensions are
        kept. Smooth first, or the largest sample is that of noise.
    windows : pair, or mapping of str to pairs; ms, optional
        First and last time, such as ``(50, 90)`` or ``{"P50": (35, 65), "N100": ("80 ms", None)}``;
        both are included.
    polarity : "positive", "negative" or "either"
        Whether to look for the highest sample, the lowest, or the one furthest from zero; one for
        all windows or one for each.

    Returns
    -------
    Dataset (..., window)
        ``amplitude`` and ``latency`` (ms) of the first largest sample, ``mean``: the mean of the
        window, and ``at_edge``: whether that sample is the window's first or last, so that the
        waveform may have no peak there. Without the dimension ``window`` if one pair is given.

    Raises
    ------
    DataError
        Of all windows that reach beyond the data or hold no sample.
    """
    sampling_rate(data)
    rows = data.transpose(..., "time")
    time = rows["time"].values
    limits = limits_of(windows, float(time[0]), float(time[-1]))
    signs = _polarities(polarity, list(limits))
    slack = 1e-6 * (time[1] - time[0])
    inside = {
        name: np.flatnonzero((time >= start - slack) & (time <= stop + slack))
        for name, (start, stop) in limits.items()
    }
    if empty := [limits[name] for name, samples in inside.items() if not samples.size]:
        raise DataError("\n".join(f"no sample from {a:g} to {b:g} ms" for a, b in empty))
    return joined([_largest(rows, inside[name], signs[name]) for name in limits], limits)


def _polarities(
    polarity: Polarity | Mapping[str, Polarity], names: list[str]
) -> dict[str, Polarity]:
    """Return the polarity of every window."""
    given: dict[str, Polarity] = {}
    given |= polarity if isinstance(polarity, Mapping) else dict.fromkeys(names, polarity)
    if set(given) != set(names):
        raise DataError(
            f"polarities must be given for the windows {', '.join(names)}; got {', '.join(given)}"
        )
    if wrong := [p for p in given.values() if p not in _SIGNS]:
        raise DataError(f"a polarity must be one of {', '.join(_SIGNS)}; got {wrong[0]!r}")
    return given


def _largest(rows: xr.DataArray, inside: np.ndarray, polarity: Polarity) -> xr.Dataset:
    """Measure data (..., time) at some of the samples."""
    values = rows.values[..., inside]
    at = _SIGNS[polarity](values).argmax(axis=-1)
    amplitude = np.take_along_axis(values, at[..., None], axis=-1)[..., 0]
    units = {"units": rows.attrs.get("units", "1")}
    dims = rows.dims[:-1]
    return xr.Dataset(
        {
            "amplitude": (dims, amplitude, units),
            "latency": (dims, rows["time"].values[inside][at], {"units": "ms"}),
            "mean": (dims, values.mean(axis=-1), units),
            "at_edge": (dims, (at == 0) | (at == inside.size - 1)),
        },
        coords=kept_coords(rows),
    )
