"""What all objectives have in common; they add up.

An objective *measures* each trial (samples of a waveform, a spectrum, rates). What was measured is
averaged over trials, and the average is compared: `Objective.residuals` gives differences that a
good fit makes small, `Objective.loss_of` one number. So the members of an ensemble are measured one
by one, each in its own time, and a loss is that of the mean waveform, not the mean of losses.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import xarray as xr

from apical.analysis import DataError

if TYPE_CHECKING:
    from apical.result import Result


class Objective(ABC):
    """What a fit makes small.

    Objectives are values: they do not change. They add up, and a number makes one count more:
    ``Rmse(recorded) + 0.1 * Rates({"L5_pyramidal": 8})``.
    """

    #: Whether it compares at times, which can count more or less.
    in_time: ClassVar[bool] = False

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
            (part.weighted(weights) if part.in_time else part, weight)
            for part, weight in self.parts
        )
        if not any(part.in_time for part, _ in parts):
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
