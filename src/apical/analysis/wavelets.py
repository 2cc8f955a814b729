"""Power by time and frequency, with Morlet wavelets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
import xarray as xr

from apical.analysis.spectra import FREQUENCY, kept_coords, squared, trial_mean
from apical.analysis.waveforms import DataError, sampling_rate

#: Wavelets end this many standard deviations from their middle.
_REACH = 5.0
#: Wavelets may be this many times as long as the data.
_LONGEST = 3


def morlet(frequency: float, n_cycles: float, rate: float, zero_mean: bool = True) -> np.ndarray:
    """Return a complex Morlet wavelet, as MNE-Python defines it.

    An oscillation under a Gaussian of standard deviation ``n_cycles / (2π frequency)``, cut at
    five of these, with a sum of squares of 2 (Tallon-Baudry et al. 1997,
    doi:10.1523/JNEUROSCI.17-02-00722.1997).

    Parameters
    ----------
    frequency : float, Hz
        Of the oscillation.
    n_cycles : float
        Number of cycles.
    rate : float, Hz
        Samples per second.
    zero_mean : bool
        Subtract what makes the sum over the wavelet zero, which matters below 5 or so cycles.

    Returns
    -------
    (n,) array of complex
        Odd in length, its middle at time zero.
    """
    sigma = n_cycles / (2 * np.pi * frequency)
    half = np.arange(0.0, _REACH * sigma, 1.0 / rate)
    time = np.concatenate([-half[:0:-1], half])
    wave = np.exp(2j * np.pi * frequency * time)
    if zero_mean:
        wave -= np.exp(-2 * (np.pi * frequency * sigma) ** 2)
    wave *= np.exp(-(time**2) / (2 * sigma**2))
    return wave * (np.sqrt(2.0) / np.linalg.norm(wave))


def tfr(
    data: xr.DataArray,
    frequencies: Sequence[float] | np.ndarray,
    n_cycles: float | Sequence[float] | np.ndarray = 7.0,
    *,
    zero_mean: bool = True,
    padding: Literal["zeros", "mirror"] = "zeros",
    every: int = 1,
    average: bool = False,
) -> xr.DataArray:
    """Return power by time and frequency of every waveform, from Morlet wavelets.

    Equals ``mne.time_frequency.tfr_array_morlet(..., output="power")``; hnn-core's spectrograms
    are the same with ``zero_mean=False``. Wavelets have a fixed sum of squares, so that power grows
    with the sampling rate: power over that rate (in Hz) is a one-sided density per Hz.

    Parameters
    ----------
    data : DataArray with dim ``time``
        Such as ``result.total()`` or ``result.layers()``; any other dimensions are kept.
    frequencies : sequence of float, Hz
        Above 0 and below half the sampling rate, in any order.
    n_cycles : float or sequence of float
        Cycles of the wavelets; one number for all frequencies or one for each.
    zero_mean : bool
        Use wavelets whose sum is zero; see `morlet`.
    padding : "zeros" or "mirror"
        What the data are taken to be before their beginning and after their end.
    every : int
        Keep every so manyth time only.
    average : bool
        Return the mean over trials of their power, in the memory of one. The power of the mean
        waveform (evoked power) is another thing: ``tfr(result.average().total(), ...)``.

    Returns
    -------
    DataArray (..., frequency, time)
        In squares of the data's units, with coordinates ``n_cycles`` and ``sigma`` (frequency): the
        standard deviation of the wavelet in ms. Closer than about two of these to the ends, power
        also depends on `padding`.

    Raises
    ------
    DataError
        Of all frequencies that are out of range or have wavelets over three times as long as the
        data.
    """
    rate = sampling_rate(data)
    wanted, cycles = _checked(frequencies, n_cycles, rate, data.sizes["time"])
    if padding not in ("zeros", "mirror"):
        raise DataError(f"padding must be 'zeros' or 'mirror'; got {padding!r}")
    if isinstance(every, bool) or not isinstance(every, (int, np.integer)) or every < 1:
        raise DataError(f"every must be a whole number above 0; got {every!r}")
    waves = [morlet(f, n, rate, zero_mean) for f, n in zip(wanted, cycles, strict=True)]
    rows = data.transpose("trial", ..., "time", missing_dims="ignore")
    if average:
        trial_mean(rows.isel(time=[0]))  # refuses data without trials before the work
    power = _power(rows, waves, padding, every, average)
    others = rows.dims[1:-1] if average else rows.dims[:-1]
    first = rows.isel(trial=0, drop=True) if average else rows
    sigma = cycles / (2e-3 * np.pi * wanted)
    return xr.DataArray(
        power,
        dims=(*others, "frequency", "time"),
        coords={
            **kept_coords(first),
            "frequency": ("frequency", wanted, FREQUENCY),
            "n_cycles": ("frequency", cycles),
            "sigma": ("frequency", sigma, {"units": "ms", "long_name": "width of the wavelet"}),
            "time": rows["time"][::every],
        },
        name="tfr",
        attrs={"units": squared(data.attrs.get("units", "1")), "long_name": "power"},
    )


def _checked(
    frequencies: Sequence[float] | np.ndarray,
    n_cycles: float | Sequence[float] | np.ndarray,
    rate: float,
    samples: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Return frequencies (Hz) and as many numbers of cycles, or refuse all that are wrong."""
    wanted = np.atleast_1d(np.asarray(frequencies, dtype=float))
    cycles = np.asarray(n_cycles, dtype=float)
    if wanted.ndim != 1 or not wanted.size or cycles.shape not in ((), (1,), wanted.shape):
        raise DataError(
            f"wavelets need a list of frequencies and one number of cycles, or one for each; got "
            f"arrays of shapes {wanted.shape} and {cycles.shape}"
        )
    cycles = np.broadcast_to(cycles, wanted.shape).copy()
    problems = []
    for f, n in zip(wanted, cycles, strict=True):
        if not 0 < f < rate / 2:
            problems.append(f"frequencies must be above 0 and below {rate / 2:g} Hz; got {f:g} Hz")
        elif not 0 < n < np.inf:
            problems.append(f"there must be more than 0 cycles; got {n:g} at {f:g} Hz")
        elif (length := 2 * _REACH * n / (2 * np.pi * f)) > _LONGEST * samples / rate:
            problems.append(
                f"the wavelet of {n:g} cycles at {f:g} Hz is {1000 * length:.0f} ms long, more "
                f"than {_LONGEST} times the data of {1000 * samples / rate:.0f} ms: take fewer "
                "cycles or higher frequencies"
            )
    if problems:
        raise DataError("\n".join(problems))
    return wanted, cycles


def _power(
    rows: xr.DataArray, waves: list[np.ndarray], padding: str, every: int, average: bool
) -> np.ndarray:
    """Return power with dims (..., frequency, time); trials come first and are done one by one."""
    values = np.asarray(rows.values, dtype=float)
    trials = values if "trial" in rows.dims else values[None]
    kept = -(-values.shape[-1] // every)
    shape = (*trials.shape[1:-1], len(waves), kept)
    found = np.zeros(shape if average else (len(trials), *shape))
    for k, trial in enumerate(trials):
        for i, power in enumerate(_convolved(trial, waves, padding, every)):
            if average:
                found[..., i, :] += power / len(trials)
            else:
                found[k, ..., i, :] = power
    return found if average or "trial" in rows.dims else found[0]


def _convolved(
    trial: np.ndarray, waves: list[np.ndarray], padding: str, every: int
) -> Iterator[np.ndarray]:
    """Yield the squared modulus of data (..., time) convolved with each wavelet."""
    from scipy.fft import next_fast_len

    n, before = trial.shape[-1], 0
    if padding == "mirror":
        before = n - 1
        trial = np.pad(trial, [(0, 0)] * (trial.ndim - 1) + [(before, before)], mode="reflect")
    size = next_fast_len(trial.shape[-1] + max(map(len, waves)) - 1)
    spectrum = np.fft.fft(trial, size)
    for wave in waves:
        whole = np.fft.ifft(spectrum * np.fft.fft(wave, size))
        start = before + len(wave) // 2
        part = whole[..., start : start + n : every]
        yield part.real**2 + part.imag**2
