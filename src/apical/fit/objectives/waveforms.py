"""Objectives of the mean waveform: its samples, its shape, its peaks."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import xarray as xr

from apical.analysis import DataError, erp_peaks, waveform
from apical.analysis.erp import Polarity
from apical.analysis.waveforms import number
from apical.analysis.windows import Limits
from apical.fit.objectives.base import Objective
from apical.fit.objectives.parts import Scale, check_scale, limits, sampled

if TYPE_CHECKING:
    from apical.result import Result

#: Distance of samples (ms) among which a peak is looked for.
_FINE = 0.1


@dataclass(frozen=True, eq=False)
class Waveform(Objective):
    """What compares the mean waveform with a recorded one, at the times of its samples."""

    in_time: ClassVar[bool] = True

    recorded: xr.DataArray
    window: Limits | None = None
    weights: xr.DataArray | None = None
    smooth: float | None = None
    scale: Scale = 1.0

    def __post_init__(self) -> None:
        check_scale(self.scale)
        if self.time.size < 2:
            raise DataError(f"the recording has fewer than 2 samples within {self.window} ms")
        if not np.isfinite(self.target).all():
            raise DataError("the recording must hold finite numbers only")
        if not (np.isfinite(self.weight).all() and (self.weight >= 0).all() and self.weight.any()):
            raise DataError("weights must be finite and ≥ 0, and not all 0")

    @property
    def time(self) -> np.ndarray:
        """Times of the samples compared, ms."""
        return self._inside[0]

    @property
    def target(self) -> np.ndarray:
        """What was recorded then, nAm."""
        return self._inside[1]

    @property
    def weight(self) -> np.ndarray:
        """How much each sample counts."""
        if self.weights is None:
            return np.ones(self.time.size)
        return np.interp(self.time, *waveform(self.weights, "weights"))

    @property
    def _inside(self) -> tuple[np.ndarray, np.ndarray]:
        time, values = waveform(self.recorded, "recorded dipole")
        low, high = limits(self.window)
        inside = (time >= low) & (time <= high)
        return time[inside], values[inside]

    def measure(self, result: Result) -> np.ndarray:
        """Return the smoothed total dipole at the times of the recording; NaN beyond the run."""
        return sampled(result, self.time, self.smooth)

    def scale_of(self, mean: np.ndarray) -> float:
        """Return the factor that the simulated dipole gets."""
        if not isinstance(self.scale, str):
            return float(self.scale)
        return _best_scale(*self._compared(mean))

    def weighted(self, weights: xr.DataArray) -> Waveform:
        """Return the same with times that count more or less."""
        values = self.weight * np.interp(self.time, *waveform(weights, "weights"))
        both = xr.DataArray(values, dims="time", coords={"time": self.time})
        return dataclasses.replace(self, weights=both)

    def _compared(self, mean: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return simulated, recorded and weights where there are all."""
        there = np.isfinite(mean)
        if there.sum() < 2:
            return np.array([np.nan]), np.array([np.nan]), np.ones(1)
        weight = self.weight[there]
        return mean[there], self.target[there], weight / max(weight.mean(), 1e-300)


@dataclass(frozen=True, eq=False)
class Rmse(Waveform):
    """Root mean square difference between the mean total dipole and a recorded one, nAm.

    Parameters
    ----------
    recorded : DataArray (time), nAm
        The recording; the simulated dipole is interpolated at its samples.
    window : pair, ms, optional
        First and last time compared; by default all that both have.
    weights : DataArray (time), optional
        How much each time counts, interpolated; by default all count the same.
    smooth : float, ms, optional
        Hamming window with which each trial is smoothed, as `apical.smooth` does. Half a window at
        both ends is drawn towards zero and counts, as in HNN; a `window` leaves it out.
    scale : float or "solve"
        Factor of the simulated dipole, such as 3000 for as many columns; or the one that fits
        best, ≥ 0, in closed form, for each candidate.
    """

    def residuals(self, mean: np.ndarray) -> np.ndarray:
        """Return the difference at each sample, times the root of its weight, nAm."""
        simulated, recorded, weight = self._compared(mean)
        return np.sqrt(weight) * (self.scale_of(mean) * simulated - recorded)


@dataclass(frozen=True, eq=False)
class Correlation(Waveform):
    """One minus the Pearson correlation of the mean total dipole with a recorded one.

    Parameters
    ----------
    recorded, window, weights, smooth
        As for `Rmse`.
    scale : float
        Of no consequence.
    """

    def residuals(self, mean: np.ndarray) -> np.ndarray:
        """Return the difference at each sample, both of mean 0 and standard deviation 1."""
        simulated, recorded, weight = self._compared(mean)
        standard = []
        for values in (simulated, recorded):
            values = values - np.average(values, weights=weight)
            size = np.sqrt(np.average(values**2, weights=weight))
            standard.append(values / size if size > 0 else np.zeros_like(values))
        return np.sqrt(weight) * (standard[0] - standard[1])

    def loss_of(self, mean: np.ndarray) -> float:
        """Return 1 − r: half the mean of squared residuals."""
        # of a flat waveform, whose correlation is not defined, residuals give 1/2
        simulated = self._compared(mean)[0]
        return 1.0 if np.ptp(simulated) == 0 else float(np.mean(self.residuals(mean) ** 2) / 2)


@dataclass(frozen=True, eq=False)
class Peak(Objective):
    """When the mean total dipole has its largest deflection in a window, and how large it is.

    Parameters
    ----------
    window : pair of float, ms
        Where to look.
    latency : float, ms, optional
        When it should be.
    amplitude : float, nAm, optional
        How large it should be.
    polarity : "positive", "negative" or "either"
        What to look for, as in `apical.erp_peaks`.
    smooth : float, ms, optional
        Hamming window with which each trial is smoothed.
    scale : float
        Factor of the simulated dipole.
    latency_weight, amplitude_weight : float
        How much an error of one ms and one of one nAm count.
    """

    window: tuple[float, float]
    latency: float | None = None
    amplitude: float | None = None
    polarity: Polarity = "either"
    smooth: float | None = None
    scale: float = 1.0
    latency_weight: float = 1.0
    amplitude_weight: float = 1.0

    def __post_init__(self) -> None:
        low, high = limits(self.window)
        if None in self.window or high - low < 2 * _FINE:
            raise DataError(f"the window of a peak must be two times in ms; got {self.window}")
        if self.latency is None and self.amplitude is None:
            raise DataError("a peak needs a latency, an amplitude, or both")

    @property
    def _time(self) -> np.ndarray:
        low, high = (number(time, "ms", "window") for time in self.window)
        return np.linspace(low, high, round((high - low) / _FINE) + 1)

    def measure(self, result: Result) -> np.ndarray:
        """Return the smoothed total dipole within the window."""
        return sampled(result, self._time, self.smooth)

    def residuals(self, mean: np.ndarray) -> np.ndarray:
        """Return the errors of latency and amplitude, as they count."""
        if not np.isfinite(mean).all():
            return np.array([np.nan])
        wave = xr.DataArray(self.scale * mean, dims="time", coords={"time": self._time})
        found = erp_peaks(wave, polarity=self.polarity)
        errors = []
        if self.latency is not None:
            errors.append(self.latency_weight * (float(found["latency"]) - self.latency))
        if self.amplitude is not None:
            errors.append(self.amplitude_weight * (float(found["amplitude"]) - self.amplitude))
        return np.array(errors)


def _best_scale(simulated: np.ndarray, recorded: np.ndarray, weight: np.ndarray) -> float:
    """Return the factor ≥ 0 of least squares."""
    size = float(weight @ simulated**2)
    return max(0.0, float(weight @ (simulated * recorded)) / size) if size > 0 else 1.0
