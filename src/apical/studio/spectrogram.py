"""Power of the dipole by time and frequency, as far as the length of a run allows."""

from __future__ import annotations

import math

import numpy as np
import xarray as xr

from apical.analysis import tfr

#: Hz; the highest is that of the spectrum's axis.
_STEP, _HIGHEST = 2.0, 100.0
#: Cycles of a wavelet: few at low frequencies, where time would blur, and no more than seven.
_PER_HZ, _FEWEST, _MOST = 0.2, 2.0, 7.0
#: Wavelets reach five standard deviations to both sides, and may be twice as long as the run.
_REACH, _LONGEST = 10.0, 2.0
#: Columns of time at most, and samples per second (Hz) that are enough for such frequencies.
_COLUMNS, _RATE = 400, 5000.0


def spectrogram(total: xr.DataArray) -> dict[str, np.ndarray]:
    """Return arrays of a `Done` frame; none if the run is too short.

    Parameters
    ----------
    total : DataArray (time), nAm
        The dipole, not smoothed.

    Returns
    -------
    dict of str to array
        `tfr` (frequency, column), nAm²/Hz, and `tfr_frequency`, Hz.
    """
    dt = float(total["time"][1] - total["time"][0])
    thin = total.isel(time=slice(None, None, max(1, math.floor(1000 / (_RATE * dt)))))
    rate = 1000 / float(thin["time"][1] - thin["time"][0])
    frequencies, cycles = _wavelets(thin.sizes["time"] / rate, rate)
    if not frequencies.size:
        return {}
    every = math.ceil(thin.sizes["time"] / _COLUMNS)
    power = tfr(thin, frequencies, cycles, padding="mirror", every=every)
    # power over the sampling rate is a density
    return {"tfr": power.values / rate, "tfr_frequency": frequencies}


def _wavelets(seconds: float, rate: float) -> tuple[np.ndarray, np.ndarray]:
    """Return frequencies (Hz) whose wavelets fit, and their cycles."""
    found = np.arange(_STEP, min(_HIGHEST, rate / 4) + _STEP / 2, _STEP)
    cycles = np.clip(_PER_HZ * found, _FEWEST, _MOST)
    fits = _REACH * cycles / (2 * np.pi * found) <= _LONGEST * seconds
    return found[fits], cycles[fits]
