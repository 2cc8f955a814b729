"""What lies between an optimiser of `apical.fit` and a function of hnn-core's parameters."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from apical.fit.optimise import Ended

Floats = NDArray[np.float64]
#: A search has come to rest when it moves by less than this share of the ranges.
TOLERANCE = 1e-4


@dataclass
class Tried:
    """All that a search has tried, in order.

    Parameters
    ----------
    low, high : (k,) array
        Bounds, of each parameter its own; equal ones keep it where it is.
    budget : int
        How many candidates there may be.
    units, losses, calls : list
        Of each candidate: where it lies in the cube of side one, its loss (NaN if there is none),
        and with which call it was asked for.
    """

    low: Floats
    high: Floats
    budget: int
    units: list[Floats] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    calls: list[int] = field(default_factory=list)

    def to_unit(self, values: Sequence[float]) -> Floats:
        """Return values as shares of their ranges."""
        width = self.high - self.low
        return np.clip((np.asarray(values, float) - self.low) / np.where(width > 0, width, 1), 0, 1)

    def from_unit(self, units: Floats) -> Floats:
        """Return the values at shares of their ranges; within the bounds."""
        # the sum may end a rounding error beyond
        return np.clip(self.low + units * (self.high - self.low), self.low, self.high)

    @property
    def values(self) -> Floats:
        """The parameters of all candidates, (n, k)."""
        return self.from_unit(np.array(self.units).reshape(-1, self.low.size))

    def evaluate(self, units: Floats, losses_of: Callable[[Floats], Sequence[float]]) -> Floats:
        """Return the losses of candidates, (n,) finite numbers; none counts as the worst so far.

        Parameters
        ----------
        units : (n, k) array
            Candidates in the cube.
        losses_of : function
            Gives the losses of values, (n, k).

        Raises
        ------
        Ended
            If the budget is spent.
        ValueError
            If there is no loss to compare with.
        """
        rows = units[: self.budget - len(self.units)]
        if not len(rows):
            raise Ended("budget spent")
        found = [
            float(loss) if math.isfinite(loss) else math.nan
            for loss in losses_of(self.from_unit(rows))
        ]
        if len(found) != len(rows):
            raise ValueError(f"expected {len(rows)} objective values; got {len(found)}")
        self.calls += [self.calls[-1] + 1 if self.calls else 0] * len(rows)
        self.units += list(rows)
        self.losses += found
        if np.isnan(self.losses).all():
            raise ValueError("no candidate so far has an objective value that is finite")
        if len(rows) < len(units):
            raise Ended("budget spent")
        return np.where(np.isnan(found), np.nanmax(self.losses), found)
