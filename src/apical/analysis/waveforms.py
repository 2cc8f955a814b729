"""Smoothing and scaling of waveforms sampled in time."""

from __future__ import annotations

import math

import numpy as np
import xarray as xr

from apical.errors import ApicalError
from apical.units import parse_quantity

#: Order of the polynomials of `savgol`.
_SAVGOL_ORDER = 5


class DataError(ApicalError, ValueError):
    """Data or an option that an analysis cannot work with."""


def time_step(time: np.ndarray | xr.DataArray) -> float:
    """Return the sampling interval of evenly spaced times.

    Parameters
    ----------
    time : (n_time,) array, ms
        Sample times.

    Returns
    -------
    float
        Interval in ms.

    Raises
    ------
    DataError
        If there are fewer than two samples, or they are not evenly spaced.
    """
    values = np.asarray(time, dtype=float)
    if values.size < 2:
        raise DataError(f"a waveform needs at least 2 samples; got {values.size}")
    steps = np.diff(values)
    dt = float(steps[0])
    # files round their times: a thousandth of a sample per step is still "even"
    if not dt > 0 or not np.allclose(steps, dt, rtol=1e-3, atol=0):
        raise DataError(
            f"samples must be evenly spaced in time; steps range from {steps.min():g} "
            f"to {steps.max():g} ms"
        )
    return dt


def smooth(data: xr.DataArray, window: float | str) -> xr.DataArray:
    """Smooth along time with a Hamming window, as hnn-core's ``Dipole.smooth`` does.

    The window is normalised to a sum of one and the ends are padded with zeros, so that the
    first and last half window are drawn towards zero; `inside` tells what lies between. hnn-core
    does the same, and this is kept so that waveforms can be compared with its own.

    Parameters
    ----------
    data : DataArray with dim ``time``
        Any other dimensions are kept.
    window : float or str, ms
        Length of the window; it is rounded to whole samples.

    Returns
    -------
    DataArray
        Same dims, coordinates and attributes, and the attribute ``smoothed``: the length of the
        window in ms, added up if smoothed repeatedly.

    Raises
    ------
    DataError
        If the window is shorter than one sample or longer than the data.
    """
    length = number(window, "ms", "smoothing window")
    if "time" not in data.dims:
        raise DataError(f"data to smooth need a dimension 'time'; got {tuple(data.dims)}")
    rate = 1000.0 / time_step(data["time"])
    samples = round(1e-3 * length * rate)
    if not 1 <= samples <= data.sizes["time"]:
        raise DataError(
            f"smoothing window must be between one sample ({1000 / rate:g} ms) and the length of "
            f"the data ({data.sizes['time'] * 1000 / rate:g} ms); got {length:g} ms"
        )
    smoothed = float(data.attrs.get("smoothed", 0.0)) + length
    kernel = np.hamming(samples)
    kernel /= kernel.sum()
    axis = data.get_axis_num("time")
    if data.size == 0:
        return data.copy().assign_attrs(smoothed=smoothed)
    values = np.apply_along_axis(lambda x: np.convolve(x, kernel, "same"), axis, data.values)
    return data.copy(data=values).assign_attrs(smoothed=smoothed)


def savgol(data: xr.DataArray, cutoff: float | str) -> xr.DataArray:
    """Smooth along time with a Savitzky–Golay filter, as hnn-core's ``savgol_filter`` does.

    Polynomials of fifth order are fitted to a sliding window that is as long as one period of the
    cutoff frequency, and to the first and last window as they are: unlike with `smooth`, the ends
    are not drawn towards zero.

    Parameters
    ----------
    data : DataArray with dim ``time``
        Any other dimensions are kept.
    cutoff : float or str, Hz
        Roughly where the filter begins to pass less; the window is one period of it, rounded
        down to an odd number of samples.

    Returns
    -------
    DataArray
        Same dims, coordinates and attributes, and the attribute ``cutoff`` in Hz: the lowest one
        if filtered repeatedly.

    Raises
    ------
    DataError
        If the window has fewer than 7 samples or is longer than the data.
    """
    from scipy.signal import savgol_filter

    frequency = number(cutoff, "Hz", "cutoff frequency")
    rate = sampling_rate(data)
    samples = round(rate / frequency) // 2 * 2 + 1 if frequency > 0 else 0
    if not _SAVGOL_ORDER < samples <= data.sizes["time"]:
        raise DataError(
            f"the cutoff frequency must be such that one period has at least 7 and at most "
            f"{data.sizes['time']} samples (of {1000 / rate:g} ms); got {frequency:g} Hz"
        )
    axis = data.get_axis_num("time")
    values = savgol_filter(data.values, samples, _SAVGOL_ORDER, axis=axis)
    lowest = min(float(data.attrs.get("cutoff", math.inf)), frequency)
    return data.copy(data=values).assign_attrs(cutoff=lowest)


def sampling_rate(data: xr.DataArray) -> float:
    """Return the samples per second (Hz) of data along their dimension ``time``.

    Raises
    ------
    DataError
        If there is no such dimension, or samples are fewer than two or unevenly spaced.
    """
    if not isinstance(data, xr.DataArray) or "time" not in data.dims:
        hint = ": give its waveforms, such as result.total()" if hasattr(data, "total") else ""
        raise DataError(
            f"data must be a DataArray with a dimension 'time'; got {_kind(data)}{hint}"
        )
    return 1000.0 / time_step(data["time"])


def inside(data: xr.DataArray) -> tuple[float, float]:
    """Return the times (ms) between which smoothing has not drawn the data towards zero.

    Half a smoothing window is left out at both ends; these are the first and the last time of
    data that `smooth` has not changed.

    Parameters
    ----------
    data : DataArray with dim ``time``
        Its attribute ``smoothed`` tells the window.
    """
    time, half = data["time"].values, float(data.attrs.get("smoothed", 0.0)) / 2
    return float(time[0]) + half, float(time[-1]) - half


def scale(data: xr.DataArray, factor: float) -> xr.DataArray:
    """Multiply by a number, keeping coordinates and attributes.

    Raises
    ------
    DataError
        If `factor` is not a finite number.
    """
    return data.copy(data=data.values * number(factor, "1", "scaling factor"))


def waveform(data: xr.DataArray, name: str = "dipole") -> tuple[np.ndarray, np.ndarray]:
    """Return times (ms) and values of a single waveform.

    Parameters
    ----------
    data : DataArray with dim ``time``
        Dimensions of length one are dropped.
    name : str
        What to call it in an error.

    Raises
    ------
    DataError
        If it holds several waveforms, fewer than two samples, or times that do not increase.
    """
    if not isinstance(data, xr.DataArray) or "time" not in data.dims:
        hint = ": give one of its waveforms, such as result.average().total()"
        raise DataError(
            f"the {name} must be a DataArray with a dimension 'time'; got {_kind(data)}"
            f"{hint if hasattr(data, 'total') else ''}"
        )
    several = {d: n for d, n in data.sizes.items() if d != "time" and n != 1}
    if several:
        shown = ", ".join(f"{n} along '{d}'" for d, n in several.items())
        raise DataError(f"the {name} must be one waveform; got {shown}: average or select first")
    times = np.asarray(data["time"].values, dtype=float)
    values = np.asarray(data.values, dtype=float).reshape(-1)
    if times.size < 2 or not (np.diff(times) > 0).all():
        raise DataError(f"the {name} needs at least 2 samples at increasing times")
    return times, values


def number(value: float | str, unit: str, what: str) -> float:
    """Return a finite number in some unit.

    Parameters
    ----------
    value : float or str
        Text has a unit of its own.
    unit : str
        What a plain number is in.
    what : str
        What to call it in an error.

    Raises
    ------
    DataError
        If it is not one.
    """
    try:
        found = parse_quantity(value, unit)
    except ValueError as error:
        raise DataError(f"the {what} {error}") from None
    if not math.isfinite(found):
        raise DataError(f"the {what} must be finite; got {value}")
    return found


def _kind(data: object) -> str:
    return (
        f"dimensions {tuple(data.dims)}" if isinstance(data, xr.DataArray) else type(data).__name__
    )
