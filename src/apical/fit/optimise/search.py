"""What an optimiser sees of a fit: a cube of side one, and a function that costs simulations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from apical.errors import ModelError, Problem

#: What to do without the packages that some methods need.
INSTEAD = "choose the method gauss, cobyla, lbfgs or stepwise, which need nothing more"


#: Stage of the one candidate at which an optimiser that averages over candidates ends.
ESTIMATE = "estimate"


class Ended(Exception):  # noqa: N818 - not a failure
    """The fit is over: its budget is spent, its goal reached, or somebody stopped it."""


def _nothing_to_compare(_: np.ndarray, stage: str = "") -> np.ndarray:
    raise ModelError([Problem("method", "gauss needs an objective with residuals")])


class Compare(Protocol):
    """What gives residuals."""

    def __call__(self, units: np.ndarray, stage: str = "", /) -> np.ndarray:
        """Return those of candidates, of a stage."""
        ...


@dataclass(frozen=True)
class Search:
    """A cube in which an optimiser looks for the smallest loss.

    Every parameter runs from 0 (its lower bound) to 1 (its upper one).

    Parameters
    ----------
    start : (k,) array
        Where to begin; it is the first candidate of every optimiser.
    evaluate : function
        Of candidates, (n, k) array within the cube; gives their losses, (n,) finite numbers.
        Candidates of one call are simulated together. Raises `Ended`.
    seed : int
        Of every random draw.
    tolerance : float
        The search is over when it moves by less than this share of the parameters' ranges.
    budget : int
        How many candidates there may be.
    together : int, optional
        How many candidates of one call are wanted, where the optimiser has a choice.
    compare : function, optional
        Does as `evaluate`, with draws of its own for each candidate, and gives residuals, (n, m),
        NaN where a candidate has failed. Takes the stage, too. Only `gauss` needs it.
    """

    start: np.ndarray
    evaluate: Callable[[np.ndarray], np.ndarray]
    seed: int
    tolerance: float
    budget: int
    together: int | None = None
    compare: Compare = _nothing_to_compare

    @property
    def size(self) -> int:
        """How many parameters there are."""
        return self.start.size
