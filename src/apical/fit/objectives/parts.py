"""What several objectives need: windows, samples and scales of the total dipole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import xarray as xr

from apical.analysis import DataError, smooth
from apical.analysis.waveforms import number
from apical.analysis.windows import Limits

if TYPE_CHECKING:
    from apical.result import Result

#: A factor for the simulated dipole, or "solve": the one that fits best.
Scale = float | Literal["solve"]


def check_scale(scale: Scale) -> None:
    """Refuse a scale that is none."""
    if scale != "solve" and not (np.isfinite(number(scale, "1", "scale")) and float(scale) > 0):
        raise DataError(f"the scale must be > 0 or 'solve'; got {scale!r}")


def limits(window: Limits | None) -> tuple[float, float]:
    """Return a window as numbers, with a hair of slack."""
    low, high = window or (None, None)
    return (
        -np.inf if low is None else number(low, "ms", "start of the window") - 1e-9,
        np.inf if high is None else number(high, "ms", "end of the window") + 1e-9,
    )


def within(result: Result, window: Limits | None) -> xr.DataArray:
    """Return the total dipole within a window: (trial, time)."""
    return result.total().sel(time=slice(*limits(window)))


def sampled(result: Result, time: np.ndarray, window: float | None) -> np.ndarray:
    """Return the total dipole of each trial at some times: (trial, n); NaN beyond the run."""
    total = result.total()
    total = total if window is None else smooth(total, window)
    known, rows = total["time"].values, total.transpose("trial", "time").values
    # a hair of slack, so that 170 ms and 170.00000000000003 ms meet
    beyond = (time < known[0] - 1e-9) | (time > known[-1] + 1e-9)
    return np.stack([np.where(beyond, np.nan, np.interp(time, known, row)) for row in rows])
