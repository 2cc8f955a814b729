"""Objectives of the spectrum of trials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from apical.analysis import DataError, band_power, psd
from apical.analysis.windows import Limits
from apical.fit.objectives.base import Objective
from apical.fit.objectives.parts import Scale, check_scale, within

if TYPE_CHECKING:
    from apical.result import Result


@dataclass(frozen=True, eq=False)
class Spectrum(Objective):
    """Difference between the mean spectrum of trials and that of a recording, dB.

    Parameters
    ----------
    recorded : DataArray (time) or (trial, time), nAm
        The recording; of several trials, spectra are averaged.
    band : pair of float, Hz
        First and last frequency compared.
    window : pair, ms, optional
        Part of the simulation whose spectrum is taken.
    segment : float, ms, optional
        Length of segments, as `apical.psd` takes it.
    scale : float or "solve"
        Factor of the simulated dipole; the best one makes the mean difference 0 dB.
    """

    recorded: xr.DataArray
    band: tuple[float, float] = (1.0, 100.0)
    window: Limits | None = None
    segment: float | None = None
    scale: Scale = "solve"

    def __post_init__(self) -> None:
        check_scale(self.scale)
        if self._target.sizes["frequency"] < 2:
            raise DataError(f"the recording has fewer than 2 frequencies within {self.band} Hz")

    @property
    def _target(self) -> xr.DataArray:
        spectrum = psd(self.recorded, self.segment, average="trial" in self.recorded.dims)
        return spectrum.sel(frequency=slice(*self.band))

    def measure(self, result: Result) -> np.ndarray:
        """Return the power density of each trial at the frequencies of the recording."""
        found = psd(within(result, self.window), self.segment)
        return found.interp(frequency=self._target["frequency"].values).values

    def residuals(self, mean: np.ndarray) -> np.ndarray:
        """Return the difference at each frequency, dB."""
        there = np.isfinite(mean)
        if not there.any():
            return np.array([np.nan])
        error = _decibel(mean[there]) - _decibel(self._target.values.reshape(-1)[there])
        if isinstance(self.scale, str):
            return error - error.mean()
        return error + 20 * np.log10(self.scale)


@dataclass(frozen=True, eq=False)
class BandPower(Objective):
    """Shares of the power of trials that lie in bands.

    Parameters
    ----------
    bands : mapping of str to pairs of float, Hz
        Such as ``{"alpha": (8, 13)}``.
    shares : mapping of str to float, optional
        What share each band should have; the loss is the root mean square error. Without it,
        shares are made large: the loss is one minus their sum.
    window : pair, ms, optional
        Part of the simulation whose spectrum is taken.
    segment : float, ms, optional
        Length of segments, as `apical.psd` takes it.
    """

    bands: Mapping[str, tuple[float, float]]
    shares: Mapping[str, float] | None = None
    window: Limits | None = None
    segment: float | None = None

    def __post_init__(self) -> None:
        if not self.bands or (self.shares is not None and self.shares.keys() != self.bands.keys()):
            raise DataError("there must be bands, and a share for each of them or for none")

    def measure(self, result: Result) -> np.ndarray:
        """Return the power of each trial in each band, and all of it."""
        spectrum = psd(within(result, self.window), self.segment)
        everything = spectrum.sum("frequency") * float(spectrum["frequency"].diff("frequency")[0])
        power = band_power(spectrum, self.bands).transpose("trial", "band").values
        return np.c_[power, everything.values]

    def residuals(self, mean: np.ndarray) -> np.ndarray:
        """Return the error of each share, or what is missing of all power."""
        if not np.isfinite(mean).all():
            return np.full(len(self.bands) if self.shares else 1, np.nan)
        found = mean[:-1] / mean[-1] if mean[-1] > 0 else np.zeros(mean.size - 1)
        if self.shares is None:
            return np.array([1 - found.sum()])
        return found - [self.shares[name] for name in self.bands]


def _decibel(power: np.ndarray) -> np.ndarray:
    # a silent network has a spectrum, too, if a very small one
    return 10 * np.log10(np.maximum(power, 1e-12 * max(power.max(), 1e-288)))
