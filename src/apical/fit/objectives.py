"""What a fit makes small: how far a simulation is from what was recorded or is wanted.

An objective *measures* each trial (samples of a waveform, a spectrum, rates). What was measured is
averaged over trials, and the average is compared: `Objective.residuals` gives differences that a
good fit makes small, `Objective.loss_of` one number. So the members of an ensemble are measured one
by one, each in its own time, and a loss is that of the mean waveform, not the mean of losses.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import xarray as xr

from apical.analysis import DataError, band_power, erp_peaks, mean_rates, psd, smooth, waveform
from apical.analysis.erp import Polarity
from apical.analysis.waveforms import number
from apical.analysis.windows import Limits

if TYPE_CHECKING:
    from apical.result import Result

#: A factor for the simulated dipole, or "solve": the one that fits best.
Scale = float | Literal["solve"]
#: Distance of samples (ms) among which a peak is looked for.
_FINE = 0.1


class Objective(ABC):
    """What a fit makes small.

    Objectives are values: they do not change. They add up, and a number makes one count more:
    ``Rmse(recorded) + 0.1 * Rates({"L5_pyramidal": 8})``.
    """

    @abstractmethod
    def measure(self, result: Result) -> np.ndarray:
        """Return what is compared, of every trial: (trial, n)."""

    @abstractmethod
    def residuals(self, mean: np.ndarray) -> np.ndarray:
        """Return differences that should be 0, from what was measured, averaged over trials."""

    def loss_of(self, mean: np.ndarray) -> float:
        """Return the loss, from what was measured, averaged over trials."""
        return float(np.sqrt(np.mean(self.residuals(mean) ** 2)))

    def loss(self, result: Result) -> float:
        """Return the loss of a simulation."""
        return self.loss_of_parts([part.measure(result).mean(axis=0) for part, _ in self.parts])

    def loss_of_parts(self, means: Sequence[np.ndarray]) -> float:
        """Return the loss, from what each of the parts measured, averaged over trials."""
        found = zip(self.parts, means, strict=True)
        return float(sum(weight * part.loss_of(mean) for (part, weight), mean in found))

    def residuals_of_parts(self, means: Sequence[np.ndarray]) -> np.ndarray:
        """Return the residuals of all parts; the mean square of each counts as its weight says."""
        found = zip(self.parts, means, strict=True)
        parts = [(part.residuals(mean), weight) for (part, weight), mean in found]
        n = sum(residuals.size for residuals, _ in parts)
        return np.concatenate([r * np.sqrt(weight * n / r.size) for r, weight in parts])

    def weighted(self, weights: xr.DataArray) -> Objective:
        """Return the same with times that count more or less, as far as it compares waveforms.

        Parameters
        ----------
        weights : DataArray (time)
            What the objective's own weights are multiplied by.

        Raises
        ------
        DataError
            If it compares no waveform.
        """
        parts = tuple(
            (part.weighted(weights) if isinstance(part, _Waveform) else part, weight)
            for part, weight in self.parts
        )
        if not any(isinstance(part, _Waveform) for part, _ in parts):
            raise DataError("only what compares waveforms, such as Rmse, can be weighted in time")
        return Sum(parts)

    @property
    def parts(self) -> tuple[tuple[Objective, float], ...]:
        """The objectives that add up to this one, each with its weight."""
        return ((self, 1.0),)

    def __add__(self, other: Objective) -> Sum:
        return Sum((*self.parts, *other.parts))

    def __mul__(self, weight: float) -> Sum:
        return Sum(((self, float(weight)),))

    __rmul__ = __mul__


@dataclass(frozen=True, eq=False)
class Sum(Objective):
    """Several objectives; the loss is the sum of theirs, weighted.

    Parameters
    ----------
    terms : sequence of (Objective, float)
        Objectives and their weights, ≥ 0.
    """

    terms: Sequence[tuple[Objective, float]]

    def __post_init__(self) -> None:
        if not self.terms or not all(np.isfinite(w) and w >= 0 for _, w in self.terms):
            raise DataError("a sum of objectives needs at least one, with weights ≥ 0")

    @property
    def parts(self) -> tuple[tuple[Objective, float], ...]:
        """The objectives, each with its weight."""
        return tuple((part, own * weight) for one, weight in self.terms for part, own in one.parts)

    def measure(self, result: Result) -> np.ndarray:
        """Return what the parts measure, side by side."""
        return np.concatenate([part.measure(result) for part, _ in self.parts], axis=1)

    def residuals(self, mean: np.ndarray) -> np.ndarray:
        """Refuse: the parts compare different things."""
        raise DataError("a sum of objectives has no residuals: ask its parts")


@dataclass(frozen=True, eq=False)
class _Waveform(Objective):
    """What compares the mean waveform with a recorded one, at the times of its samples."""

    recorded: xr.DataArray
    window: Limits | None = None
    weights: xr.DataArray | None = None
    smooth: float | None = None
    scale: Scale = 1.0

    def __post_init__(self) -> None:
        _check_scale(self.scale)
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
        low, high = _limits(self.window)
        inside = (time >= low) & (time <= high)
        return time[inside], values[inside]

    def measure(self, result: Result) -> np.ndarray:
        """Return the smoothed total dipole at the times of the recording; NaN beyond the run."""
        return _sampled(result, self.time, self.smooth)

    def scale_of(self, mean: np.ndarray) -> float:
        """Return the factor that the simulated dipole gets."""
        if not isinstance(self.scale, str):
            return float(self.scale)
        return _best_scale(*self._compared(mean))

    def weighted(self, weights: xr.DataArray) -> _Waveform:
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
class Rmse(_Waveform):
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
class Correlation(_Waveform):
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
        low, high = _limits(self.window)
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
        return _sampled(result, self._time, self.smooth)

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
        _check_scale(self.scale)
        if self._target.sizes["frequency"] < 2:
            raise DataError(f"the recording has fewer than 2 frequencies within {self.band} Hz")

    @property
    def _target(self) -> xr.DataArray:
        spectrum = psd(self.recorded, self.segment, average="trial" in self.recorded.dims)
        return spectrum.sel(frequency=slice(*self.band))

    def measure(self, result: Result) -> np.ndarray:
        """Return the power density of each trial at the frequencies of the recording."""
        found = psd(_within(result, self.window), self.segment)
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
        spectrum = psd(_within(result, self.window), self.segment)
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


@dataclass(frozen=True, eq=False)
class Rates(Objective):
    """Root mean square error of mean rates of cells, Hz.

    Parameters
    ----------
    rates : mapping of str to float, Hz
        How often cells of each population should fire.
    window : pair, ms, optional
        Within which spikes count.
    """

    rates: Mapping[str, float]
    window: Limits | None = None

    def __post_init__(self) -> None:
        if not self.rates or not all(r >= 0 for r in self.rates.values()):
            raise DataError("there must be rates, ≥ 0 Hz")

    def measure(self, result: Result) -> np.ndarray:
        """Return the rates of each trial, Hz."""
        if missing := self.rates.keys() - result.sources.keys():
            raise DataError(f"there is no population '{min(missing)}'")
        found = mean_rates(result, self.window).sel(source=list(self.rates))
        return found.transpose("trial", "source").values

    def residuals(self, mean: np.ndarray) -> np.ndarray:
        """Return the error of each rate, Hz."""
        return mean - np.array(list(self.rates.values()), float)


@dataclass(frozen=True, eq=False)
class Function(Objective):
    """A function of the user's own.

    Parameters
    ----------
    of_trial : function
        Of a `Result` of one trial; gives a number or an array, which is averaged over trials.
    of_mean : function, optional
        Of that mean; gives the loss. Without it the mean is the loss.
    """

    of_trial: Callable[[Result], Any]
    of_mean: Callable[[np.ndarray], float] | None = None

    def measure(self, result: Result) -> np.ndarray:
        """Return what the function gives for every trial."""
        trials = [_trial(result, k) for k in range(result.dipole.sizes["trial"])]
        return np.stack([np.atleast_1d(np.asarray(self.of_trial(t), float)) for t in trials])

    def residuals(self, mean: np.ndarray) -> np.ndarray:
        """Return the loss, as the only thing that should be small."""
        if np.isnan(mean).all():
            # a candidate that failed is nothing that the user's function should be asked about
            return np.array([np.nan])
        return np.atleast_1d(float(mean.sum() if self.of_mean is None else self.of_mean(mean)))

    def loss_of(self, mean: np.ndarray) -> float:
        """Return what the function says; it may be negative."""
        return float(self.residuals(mean)[0])


def _check_scale(scale: Scale) -> None:
    if scale != "solve" and not (np.isfinite(number(scale, "1", "scale")) and float(scale) > 0):
        raise DataError(f"the scale must be > 0 or 'solve'; got {scale!r}")


def _best_scale(simulated: np.ndarray, recorded: np.ndarray, weight: np.ndarray) -> float:
    """Return the factor ≥ 0 of least squares."""
    size = float(weight @ simulated**2)
    return max(0.0, float(weight @ (simulated * recorded)) / size) if size > 0 else 1.0


def _limits(window: Limits | None) -> tuple[float, float]:
    """Return a window as numbers, with a hair of slack."""
    low, high = window or (None, None)
    return (
        -np.inf if low is None else number(low, "ms", "start of the window") - 1e-9,
        np.inf if high is None else number(high, "ms", "end of the window") + 1e-9,
    )


def _within(result: Result, window: Limits | None) -> xr.DataArray:
    """Return the total dipole within a window: (trial, time)."""
    return result.total().sel(time=slice(*_limits(window)))


def _sampled(result: Result, time: np.ndarray, window: float | None) -> np.ndarray:
    """Return the total dipole of each trial at some times: (trial, n); NaN beyond the run."""
    total = result.total()
    total = total if window is None else smooth(total, window)
    known, rows = total["time"].values, total.transpose("trial", "time").values
    # a hair of slack, so that 170 ms and 170.00000000000003 ms meet
    beyond = (time < known[0] - 1e-9) | (time > known[-1] + 1e-9)
    return np.stack([np.where(beyond, np.nan, np.interp(time, known, row)) for row in rows])


def _decibel(power: np.ndarray) -> np.ndarray:
    # a silent network has a spectrum, too, if a very small one
    return 10 * np.log10(np.maximum(power, 1e-12 * max(power.max(), 1e-288)))


def _trial(result: Result, trial: int) -> Result:
    """Return one trial of a result, as a result of one."""
    if result.dipole.sizes["trial"] == 1:
        return result
    mine = result.spikes["trial"].values == trial
    spikes = result.spikes.isel(spike=np.flatnonzero(mine))
    return dataclasses.replace(
        result,
        dipole=result.dipole.isel(trial=[trial]),
        spikes=spikes.assign(trial=spikes["trial"] * 0),
        recordings={name: r.isel(trial=[trial]) for name, r in result.recordings.items()},
        lfp={name: r.isel(trial=[trial]) for name, r in result.lfp.items()},
        provenance={**result.provenance, "trials": 1},
    )
