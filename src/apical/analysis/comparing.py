"""How close a simulated waveform is to a recorded one.

Both are brought to a *common time base* first: the sample times of the coarser of the two that
lie where they overlap (within `tmin` and `tmax`); the finer one is interpolated linearly at these
times. Nothing is extrapolated and no baseline or scale is changed.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import xarray as xr

from apical.analysis.waveforms import DataError, waveform
from apical.errors import DataWarning

#: A recording shorter than this share of the simulation is probably in seconds.
SHORTEST_SHARE = 0.02
#: Amplitudes that differ by more than this are probably in different units.
LARGEST_RATIO = 1e4


@dataclass(frozen=True)
class Comparison:
    """Agreement of two waveforms on their common time base.

    Parameters
    ----------
    rmse : float, nAm
        Root mean square of the difference.
    correlation : float
        Pearson correlation; NaN if one of them is constant.
    tmin, tmax : float, ms
        First and last time compared.
    samples : int
        Number of samples compared.
    """

    rmse: float
    correlation: float
    tmin: float
    tmax: float
    samples: int


def common_time(
    simulated: xr.DataArray,
    recorded: xr.DataArray,
    tmin: float | None = None,
    tmax: float | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Bring two single waveforms to a common time base.

    Parameters
    ----------
    simulated, recorded : DataArray with dim ``time``, nAm
        One waveform each; other dimensions must have length one.
    tmin, tmax : float, ms
        Compare no earlier and no later than this.

    Returns
    -------
    time : (n,) array, ms
        Sample times of the coarser waveform within the overlap.
    simulated, recorded : (n,) arrays, nAm
        Values at these times; the finer waveform is interpolated linearly.

    Raises
    ------
    DataError
        If fewer than two samples overlap.
    """
    t1, y1 = waveform(simulated, "simulated dipole")
    t2, y2 = waveform(recorded, "recorded dipole")
    low = max(t1[0], t2[0], -np.inf if tmin is None else tmin)
    high = min(t1[-1], t2[-1], np.inf if tmax is None else tmax)
    coarser = t1 if np.median(np.diff(t1)) > np.median(np.diff(t2)) else t2
    # a hair of slack, so that 170 ms and 170.00000000000003 ms meet
    slack = 1e-9 * max(abs(low), abs(high), 1.0)
    time = coarser[(coarser >= low - slack) & (coarser <= high + slack)]
    if time.size < 2:
        limits = "" if tmin is None and tmax is None else f" within {_limits(tmin, tmax)}"
        raise DataError(
            f"nothing to compare: simulated {t1[0]:g} to {t1[-1]:g} ms and recorded "
            f"{t2[0]:g} to {t2[-1]:g} ms share fewer than 2 samples{limits}"
        )
    return time, np.interp(time, t1, y1), np.interp(time, t2, y2)


def compare(
    simulated: xr.DataArray,
    recorded: xr.DataArray,
    tmin: float | None = None,
    tmax: float | None = None,
) -> Comparison:
    """Return RMSE and correlation on the common time base (see `common_time`).

    Warns
    -----
    DataWarning
        If `recorded` covers less than 2 % of the simulated time, or amplitudes differ by a factor
        above 10,000: it is probably not in ms and nAm.
    """
    found = _compared(simulated, recorded, tmin, tmax)
    for doubt in _doubts(simulated, recorded):
        warnings.warn(doubt, DataWarning, stacklevel=2)
    return found


def _compared(
    simulated: xr.DataArray, recorded: xr.DataArray, tmin: float | None, tmax: float | None
) -> Comparison:
    time, a, b = common_time(simulated, recorded, tmin, tmax)
    return Comparison(
        rmse=float(np.sqrt(np.mean((a - b) ** 2))),
        correlation=_pearson(a, b),
        tmin=float(time[0]),
        tmax=float(time[-1]),
        samples=int(time.size),
    )


def rmse(
    simulated: xr.DataArray,
    recorded: xr.DataArray,
    tmin: float | None = None,
    tmax: float | None = None,
) -> float:
    """Return the root mean square difference in nAm (see `common_time`)."""
    return _compared(simulated, recorded, tmin, tmax).rmse


def correlation(
    simulated: xr.DataArray,
    recorded: xr.DataArray,
    tmin: float | None = None,
    tmax: float | None = None,
) -> float:
    """Return the Pearson correlation, NaN if one is constant (see `common_time`)."""
    return _compared(simulated, recorded, tmin, tmax).correlation


def _doubts(simulated: xr.DataArray, recorded: xr.DataArray) -> list[str]:
    """Say why the recording may be in other units than ms and nAm."""
    (t1, y1), (t2, y2) = waveform(simulated), waveform(recorded)
    found = []
    if np.ptp(t2) < SHORTEST_SHARE * np.ptp(t1):
        found.append(
            f"the recording covers only {t2[0]:g} to {t2[-1]:g} of the simulated {t1[0]:g} to "
            f"{t1[-1]:g} ms: is its time in seconds?"
        )
    peak, other = (float(np.abs(y).max()) for y in (y1, y2))
    if min(peak, other) > 0 and max(peak / other, other / peak) > LARGEST_RATIO:
        found.append(
            f"the simulated dipole reaches {peak:.3g} nAm and the recorded one {other:.3g}: are "
            "the units nAm, and is the simulated dipole to be scaled?"
        )
    return found


def _pearson(a: np.ndarray, b: np.ndarray) -> float:
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return float("nan")
    a, b = a - a.mean(), b - b.mean()
    # scaled before squaring: nAm can be tiny
    a, b = a / np.abs(a).max(), b / np.abs(b).max()
    r = float(a @ b / np.sqrt((a @ a) * (b @ b)))
    return min(1.0, max(-1.0, r))


def _limits(tmin: float | None, tmax: float | None) -> str:
    low = "…" if tmin is None else f"{tmin:g}"
    high = "…" if tmax is None else f"{tmax:g}"
    return f"{low} to {high} ms"
