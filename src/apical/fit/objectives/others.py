"""Objectives of anything else: rates of cells, and functions of the user's own."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from apical.analysis import DataError, mean_rates
from apical.analysis.windows import Limits
from apical.fit.objectives.base import Objective

if TYPE_CHECKING:
    from apical.result import Result


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
