"""Features: what of a dipole the parameters are inferred from.

A feature *measures* each trial; what was measured is averaged over trials; features are numbers
made of the average, each with a name and a unit. So the members of a sweep are measured one by one,
and those that are learned from the simulations, as principal components are, need no new ones.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import xarray as xr

from apical.analysis import DataError, band_power, erp_peaks, psd, smooth, time_step, waveform
from apical.analysis.erp import Polarity
from apical.analysis.waveforms import number
from apical.analysis.windows import Limits
from apical.errors import Problem

if TYPE_CHECKING:
    from apical.result import Result

Floats = np.ndarray
#: Distance of samples (ms) among which a peak is looked for.
_FINE = 0.25


class Feature(ABC):
    """What of a dipole parameters are inferred from. Features are values: they do not change."""

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """Names of the numbers, such as ``P50 latency``."""

    @property
    @abstractmethod
    def units(self) -> tuple[str, ...]:
        """Their units."""

    @property
    @abstractmethod
    def summary(self) -> Callable[[Result], Any]:
        """The function of a result of one trial that a sweep is given; it can be sent elsewhere."""

    @abstractmethod
    def measure(self, data: Result | xr.DataArray) -> Floats:
        """Return what is measured of a dipole, (n,), averaged over trials."""

    @abstractmethod
    def of(self, measured: Floats) -> Floats:
        """Return the numbers, (simulation, k), from what was measured, (simulation, n)."""

    def learned(self, measured: Floats) -> Feature:
        """Return the same with what it takes from simulations, (simulation, n)."""
        return self

    def within(self, duration: float) -> Feature:
        """Return the same for runs of some length (ms)."""
        return self


class _OfDipole(Feature):
    """What measures the total dipole."""

    @property
    @abstractmethod
    def measuring(self) -> Callable[[xr.DataArray], Floats]:
        """The function of a dipole, (trial, time), that gives (trial, n); told by its arguments."""

    @property
    def summary(self) -> Callable[[Result], Any]:
        """The function of a result of one trial that a sweep is given."""
        return partial(_of_result, self.measuring)

    def measure(self, data: Result | xr.DataArray) -> Floats:
        """Return what is measured of a dipole, (n,), averaged over trials."""
        total = data if isinstance(data, xr.DataArray) else data.total()
        if "trial" not in total.dims:
            time, values = waveform(total, "recorded dipole")
            total = xr.DataArray(values[None], {"time": time}, ("trial", "time"), attrs=total.attrs)
        return self.measuring(total.transpose("trial", "time")).mean(axis=0)


@dataclass(frozen=True)
class Samples(_OfDipole):
    """The dipole itself, at regular times; for an embedding, which learns what matters of it.

    Parameters
    ----------
    window : pair, ms, optional
        First and last time; by default all of the run.
    every : float, ms
        From one sample to the next.
    smooth : float, ms, optional
        Hamming window with which each trial is smoothed before, as `apical.smooth` does.
    """

    window: Limits | None = None
    every: float = 2.0
    smooth: float | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the numbers."""
        return tuple(f"{time:g} ms" for time in _times(self.window, self.every))

    @property
    def units(self) -> tuple[str, ...]:
        """Their units."""
        return ("nAm",) * len(self.names)

    @property
    def measuring(self) -> Callable[[xr.DataArray], Floats]:
        """The function of a dipole, (trial, time), that gives (trial, n)."""
        return partial(sampled, window=self.window, every=self.every, window_length=self.smooth)

    def of(self, measured: Floats) -> Floats:
        """Return the numbers, (simulation, k)."""
        return measured

    def within(self, duration: float) -> Self:
        """Return the same for runs of some length (ms)."""
        return dataclasses.replace(self, window=_filled(self.window, duration))


@dataclass(frozen=True, eq=False)
class Components(Samples):
    """Principal components of the dipoles of all simulations.

    Parameters
    ----------
    n : int
        How many, at most.
    mean, axes : DataArray, optional
        What was learned from simulations: their mean dipole (sample), nAm, and unit vectors
        (component, sample), the one that varies most first.

    Other Parameters
    ----------------
    window, every, smooth
        Of the dipole that they are components of, as for `Samples`.
    """

    n: int = 8
    mean: xr.DataArray | None = None
    axes: xr.DataArray | None = None

    def __post_init__(self) -> None:
        if self.n < 1:
            raise DataError(f"there must be at least one component; got {self.n}")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the numbers."""
        n = self.n if self.axes is None else self.axes.shape[0]
        return tuple(f"component {k + 1}" for k in range(n))

    def of(self, measured: Floats) -> Floats:
        """Return the numbers, (simulation, k), nAm."""
        if self.mean is None or self.axes is None:
            raise DataError("components must be learned from simulations first")
        return (measured - self.mean.values) @ self.axes.values.T

    def learned(self, measured: Floats) -> Self:
        """Return the same with the components of simulations, (simulation, n)."""
        mean = measured.mean(axis=0)
        axes = np.linalg.svd(measured - mean, full_matrices=False)[2][: self.n]
        # a component and its negative are the same: the largest entry is positive
        largest = np.take_along_axis(axes, abs(axes).argmax(axis=1)[:, None], axis=1)
        return dataclasses.replace(
            self,
            mean=xr.DataArray(mean, dims="sample"),
            axes=xr.DataArray(axes * np.sign(largest), dims=("component", "sample")),
        )


@dataclass(frozen=True)
class Peaks(_OfDipole):
    """When the mean dipole has its largest deflection in each window, and how large it is.

    Parameters
    ----------
    windows : mapping of str to pairs, ms
        Where to look, such as ``{"P50": (35, 65), "N100": (80, 130)}``.
    polarity : "positive", "negative" or "either", or a mapping
        What to look for, as in `apical.erp_peaks`; one for all windows, or one for each.
    smooth : float, ms, optional
        Hamming window with which each trial is smoothed.
    """

    windows: Mapping[str, tuple[float, float]]
    polarity: Polarity | Mapping[str, Polarity] = "either"
    smooth: float | None = None

    def __post_init__(self) -> None:
        if not self.windows or not all(high > low for low, high in self.windows.values()):
            raise DataError("peaks need windows, each from an earlier to a later time in ms")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the numbers."""
        return tuple(f"{name} {what}" for name in self.windows for what in ("latency", "amplitude"))

    @property
    def units(self) -> tuple[str, ...]:
        """Their units."""
        return ("ms", "nAm") * len(self.windows)

    @property
    def measuring(self) -> Callable[[xr.DataArray], Floats]:
        """The function of a dipole, (trial, time), that gives (trial, n)."""
        return partial(sampled, window=self._whole, every=_FINE, window_length=self.smooth)

    @property
    def _whole(self) -> tuple[float, float]:
        lows, highs = zip(*self.windows.values(), strict=True)
        return min(lows), max(highs)

    def of(self, measured: Floats) -> Floats:
        """Return the numbers, (simulation, k), ms and nAm."""
        time = _times(self._whole, _FINE)
        waves = xr.DataArray(measured, dims=("simulation", "time"), coords={"time": time})
        found = erp_peaks(waves, self.windows, self.polarity)
        both = [found[what].transpose("simulation", "window") for what in ("latency", "amplitude")]
        peaks = np.stack([one.values for one in both], axis=-1).reshape(len(measured), -1)
        there = np.isfinite(measured).all(axis=1, keepdims=True)
        return np.where(there, peaks, np.nan)


@dataclass(frozen=True)
class Bands(_OfDipole):
    """Power in bands, averaged over trials; its decimal logarithm.

    Parameters
    ----------
    bands : mapping of str to pairs, Hz
        Such as ``{"alpha": (8, 13), "beta": (13, 30)}``.
    window : pair, ms, optional
        Part of the dipole whose spectrum is taken; by default all of the run.
    segment : float, ms, optional
        Length of segments, as `apical.psd` takes it.
    """

    bands: Mapping[str, tuple[float, float]]
    window: Limits | None = None
    segment: float | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the numbers."""
        return tuple(f"{name} power" for name in self.bands)

    @property
    def units(self) -> tuple[str, ...]:
        """Their units."""
        return ("log10 nAm2",) * len(self.bands)

    @property
    def measuring(self) -> Callable[[xr.DataArray], Floats]:
        """The function of a dipole, (trial, time), that gives (trial, n)."""
        bands = tuple((name, (low, high)) for name, (low, high) in self.bands.items())
        return partial(powers, bands=bands, window=self.window, segment=self.segment)

    def of(self, measured: Floats) -> Floats:
        """Return the numbers, (simulation, k), logarithms of nAm²."""
        return np.log10(measured, out=np.full(measured.shape, np.nan), where=measured > 0)

    def within(self, duration: float) -> Self:
        """Return the same for runs of some length (ms)."""
        return dataclasses.replace(self, window=_filled(self.window, duration))


@dataclass(frozen=True)
class Function(Feature):
    """Numbers that a function of your own gives.

    Parameters
    ----------
    of_trial : function
        Of a `Result` of one trial; gives an array, (k,), which is averaged over trials.
    numbers : mapping of str to str
        Names of these numbers, and their units.
    """

    of_trial: Callable[[Result], Any]
    numbers: Mapping[str, str]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the numbers."""
        return tuple(self.numbers)

    @property
    def units(self) -> tuple[str, ...]:
        """Their units."""
        return tuple(self.numbers.values())

    @property
    def summary(self) -> Callable[[Result], Any]:
        """The function."""
        return self.of_trial

    def measure(self, data: Result | xr.DataArray) -> Floats:
        """Refuse: what the function gives for data is given in place of them."""
        message = "a function of your own: give an array with all features in place of the dipole"
        raise DataError(f"{', '.join(self.names)}: {message}")

    def of(self, measured: Floats) -> Floats:
        """Return the numbers, (simulation, k)."""
        return measured.reshape(len(measured), -1)


# --- what is measured: functions by name, so that a journal can tell one from another -------------


def sampled(
    total: xr.DataArray, window: Limits | None, every: float, window_length: float | None
) -> Floats:
    """Return dipoles at regular times: (trial, n); NaN beyond the data.

    Parameters
    ----------
    total : DataArray (trial, time), nAm
        The dipole.
    window : pair, ms
        First and last time.
    every : float, ms
        From one sample to the next.
    window_length : float, ms, optional
        Hamming window with which it is smoothed before.
    """
    total = total if window_length is None else smooth(total, window_length)
    known, time = total["time"].values, _times(window, every)
    # a hair of slack, so that 170 ms and 170.00000000000003 ms meet
    beyond = (time < known[0] - 1e-9) | (time > known[-1] + 1e-9)
    return np.stack([np.where(beyond, np.nan, np.interp(time, known, row)) for row in total.values])


def powers(
    total: xr.DataArray,
    bands: Sequence[tuple[str, tuple[float, float]]],
    window: Limits | None,
    segment: float | None,
) -> Floats:
    """Return powers in bands: (trial, band), nAm².

    Parameters
    ----------
    total : DataArray (trial, time), nAm
        The dipole.
    bands : sequence of pairs
        Names, and first and last frequency, Hz.
    window : pair, ms
        Part of the dipole whose spectrum is taken.
    segment : float, ms, optional
        Length of segments.
    """
    first, last = _limits(window)
    part = total.sel(time=slice(first - 1e-9, last + 1e-9))
    step = time_step(total["time"])
    if part["time"].values[0] > first + step or part["time"].values[-1] < last - step:
        raise DataError(f"the dipole does not reach from {first:g} to {last:g} ms")
    found = band_power(psd(part, segment), dict(bands))
    return found.transpose("trial", "band").values


def _of_result(measuring: Callable[[xr.DataArray], Floats], result: Result) -> Floats:
    return measuring(result.total().transpose("trial", "time"))[0]


def _filled(window: Limits | None, duration: float) -> tuple[float, float]:
    """Return a window without open ends."""
    low, high = window or (None, None)
    return (
        0.0 if low is None else number(low, "ms", "start of the window"),
        duration if high is None else number(high, "ms", "end of the window"),
    )


def _limits(window: Limits | None) -> tuple[float, float]:
    if window is None or None in window:
        raise DataError("a window with an open end needs a run to be within")
    return _filled(window, 0.0)


def _times(window: Limits | None, every: float) -> Floats:
    """Return the times of samples, ms."""
    low, high = _limits(window)
    if not (every > 0 and high - low >= every):
        raise DataError(f"no samples every {every:g} ms from {low:g} to {high:g} ms")
    return low + every * np.arange(int((high - low) / every + 1e-9) + 1)


# --- several features together --------------------------------------------------------------------


def names_of(features: Sequence[Feature]) -> list[str]:
    """Return the names of all numbers of some features."""
    return [name for feature in features for name in feature.names]


def units_of(features: Sequence[Feature]) -> list[str]:
    """Return the units of all numbers of some features."""
    return [unit for feature in features for unit in feature.units]


def miscounted(features: Sequence[Feature], sizes: Sequence[int | None]) -> list[Problem]:
    """Return which functions gave another number of values than they have names for.

    Parameters
    ----------
    features : sequence of Feature
        All features.
    sizes : sequence of int or None
        How many values each measured; None if it measured nothing.
    """
    return [
        Problem(
            f"features[{k}]",
            f"gives {size} values, but has {len(feature.names)} names: {', '.join(feature.names)}"[
                :200
            ],
            "Function(function, {'rate': 'Hz', …}) needs one name for each value",
        )
        for k, (feature, size) in enumerate(zip(features, sizes, strict=True))
        if isinstance(feature, Function) and size not in (None, len(feature.names))
    ]
