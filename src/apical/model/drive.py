"""Drives: spikes from outside the network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from apical.errors import ModelError, Problem, did_you_mean
from apical.model.fields import Items, Location, Name, Probability, Q, Whole
from apical.model.frozendict import Values
from apical.model.part import Part
from apical.model.population import MAX_CELLS
from apical.model.projection import PAIRS, Gaussian

_TRAINS = Items(Items(Q("ms"), "a list of times in ms"), "a list of lists of times in ms")
_MAX_RATE = 1e5
_MAX_SPIKES = 10_000
_Rate = Annotated[float, Q("Hz", ge=0, le=_MAX_RATE)]


def _shape_of(rate: object) -> str:
    return "mapping" if isinstance(rate, Mapping) else "number"


_Rates = Annotated[
    Annotated[_Rate, Tag("number")] | Annotated[Values[Name, _Rate], Tag("mapping")],
    Discriminator(_shape_of),
]


class DriveTarget(Part):
    """What a drive does to one population.

    Parameters
    ----------
    weights : mapping of str to float, µS
        Peak conductance by receptor.
    delay : float, ms
        From the spike of the drive cell.
    probability : float, optional
        Share of the pairs that are connected, if it is not the drive's.
    pairs : tuple of (int, int), optional
        Which drive cell reaches which target cell, if it is not as `cell_specific` says.
    """

    weights: Values[Name, Annotated[float, Q("uS", ge=0)]]
    delay: Annotated[float, Q("ms", ge=0)] = 0.1
    probability: Probability | None = None
    pairs: Annotated[tuple[tuple[int, int], ...], PAIRS] | None = None


class Drive(Part):
    """What all drives have.

    Parameters
    ----------
    location : str
        Group or section of the target cells.
    targets : mapping of str to DriveTarget
        What it does, by population.
    cell_specific : bool
        True: every target cell has its own drive cell. False: every drive cell reaches all.
    n_cells : int, optional
        Number of drive cells, with ``cell_specific=False``; 1 by default.
    kernel : Gaussian, optional
        How weight and delay change with distance from the drive's position.
    position : tuple of 3 float, µm, optional
        Where the drive cells stand; by default, in the network's origin.
    probability : float
        Share of the pairs of drive and target cell that are connected.
    """

    location: Name
    targets: Values[Name, DriveTarget] = Values()
    cell_specific: Annotated[bool, Field(strict=True)] = True
    n_cells: Annotated[int, Whole(1, MAX_CELLS)] | None = None
    kernel: Gaussian | None = Gaussian(space_constant=3.0)
    position: Location | None = None
    probability: Probability = 1.0

    @model_validator(mode="after")
    def _check_cells(self) -> Self:
        if self.cell_specific and self.n_cells is not None:
            message = (
                "cell-specific drives have one cell per target cell; set cell_specific to false"
            )
            raise ModelError([Problem("n_cells", message)])
        return self

    def share(self, target: str) -> float:
        """Return which share of the pairs with a target's cells is connected."""
        own = self.targets[target].probability
        return self.probability if own is None else own


class EvokedDrive(Drive):
    """Spikes at normally distributed times, as a stimulus evokes them.

    Parameters
    ----------
    mu, sigma : float, ms
        Mean and standard deviation of the times.
    n_spikes : int
        Spikes of each drive cell.

    Other Parameters
    ----------------
    location : str
        Group or section of the target cells.
    targets : mapping of str to DriveTarget
        What it does, by population.
    cell_specific : bool
        True (the default): every target cell has its own drive cell. False: every drive cell
        reaches all.
    n_cells : int, optional
        Number of drive cells, with ``cell_specific=False``; 1 by default.
    kernel : Gaussian, optional
        How weight and delay change with distance from the drive's position.
    position : tuple of 3 float, µm, optional
        Where the drive cells stand; by default, in the network's origin.
    probability : float
        Share of the pairs of drive and target cell that are connected.
    """

    kind: Literal["evoked"] = "evoked"
    mu: Annotated[float, Q("ms")]
    sigma: Annotated[float, Q("ms", ge=0)]
    n_spikes: Annotated[int, Whole(1, _MAX_SPIKES)] = 1


def _check_window(start: float, stop: float | None) -> None:
    if stop is not None and stop < start:
        message = f"must not be before start, {start:g} ms; got {stop:g} ms"
        raise ModelError([Problem("stop", message)])


class PoissonDrive(Drive):
    """Spikes at random times that depend on no others.

    Parameters
    ----------
    rate : float or mapping of str to float, Hz
        Mean rate of each drive cell: one for all, or by target population if the drive is
        cell-specific.
    start, stop : float, ms
        When they fire; without `stop`, to the end of the run.

    Other Parameters
    ----------------
    location : str
        Group or section of the target cells.
    targets : mapping of str to DriveTarget
        What it does, by population.
    cell_specific : bool
        True (the default): every target cell has its own drive cell. False: every drive cell
        reaches all.
    n_cells : int, optional
        Number of drive cells, with ``cell_specific=False``; 1 by default.
    kernel : Gaussian, optional
        How weight and delay change with distance from the drive's position.
    position : tuple of 3 float, µm, optional
        Where the drive cells stand; by default, in the network's origin.
    probability : float
        Share of the pairs of drive and target cell that are connected.
    """

    kind: Literal["poisson"] = "poisson"
    rate: _Rates
    start: Annotated[float, Q("ms", ge=0)] = 0.0
    stop: Annotated[float, Q("ms")] | None = None
    kernel: Gaussian | None = Gaussian(space_constant=100.0)

    @model_validator(mode="after")
    def _check(self) -> Self:
        _check_window(self.start, self.stop)
        if not isinstance(self.rate, Mapping):
            return self
        if not self.cell_specific:
            message = "must be one number, as every drive cell reaches all targets"
            raise ModelError([Problem("rate", message)])
        problems = [
            Problem(f"rate.{name}", "is required: it is a target")
            for name in self.targets
            if name not in self.rate
        ]
        problems += [
            Problem(f"rate.{name}", "is no target", did_you_mean(name, self.targets, "targets are"))
            for name in self.rate
            if name not in self.targets
        ]
        if problems:
            raise ModelError(problems)
        return self

    def rate_of(self, population: str) -> float:
        """Return the rate (Hz) of the drive cells of a target population."""
        return self.rate[population] if isinstance(self.rate, Mapping) else self.rate


class BurstyDrive(Drive):
    """Bursts of spikes in a rhythm, such as alpha or beta.

    Parameters
    ----------
    rate : float, Hz
        Bursts per second.
    start, stop : float, ms
        Middle of the first burst, and when bursts end; without `stop`, with the run.
    start_sigma : float, ms
        Standard deviation of the start from trial to trial; all drive cells share it.
    sigma : float, ms
        Standard deviation of the middle of each burst about the rhythm, drawn for each drive
        cell.
    n_spikes : int
        Spikes of a burst.
    interval : float, ms
        Time between the spikes of a burst.

    Other Parameters
    ----------------
    location : str
        Group or section of the target cells.
    targets : mapping of str to DriveTarget
        What it does, by population.
    cell_specific : bool
        True: every target cell has its own drive cell. False (the default): every drive cell
        reaches all.
    n_cells : int, optional
        Number of drive cells, with ``cell_specific=False``; 1 by default.
    kernel : Gaussian, optional
        How weight and delay change with distance from the drive's position.
    position : tuple of 3 float, µm, optional
        Where the drive cells stand; by default, in the network's origin.
    probability : float
        Share of the pairs of drive and target cell that are connected.
    """

    kind: Literal["bursty"] = "bursty"
    cell_specific: Annotated[bool, Field(strict=True)] = False
    rate: Annotated[float, Q("Hz", gt=0, le=_MAX_RATE)]
    start: Annotated[float, Q("ms", ge=0)] = 0.0
    stop: Annotated[float, Q("ms")] | None = None
    kernel: Gaussian | None = Gaussian(space_constant=100.0)
    start_sigma: Annotated[float, Q("ms", ge=0)] = 0.0
    sigma: Annotated[float, Q("ms", ge=0)] = 0.0
    n_spikes: Annotated[int, Whole(1, _MAX_SPIKES)] = 2
    interval: Annotated[float, Q("ms", ge=0)] = 10.0

    @property
    def period(self) -> float:
        """Time from burst to burst, ms."""
        return 1000.0 / self.rate

    @property
    def offsets(self) -> tuple[float, ...]:
        """Times of the spikes of a burst relative to its middle, ms."""
        middle = (self.n_spikes - 1) / 2
        return tuple((k - middle) * self.interval for k in range(self.n_spikes))

    @model_validator(mode="after")
    def _check(self) -> Self:
        _check_window(self.start, self.stop)
        length = (self.n_spikes - 1) * self.interval
        if length > self.period:
            message = f"makes bursts of {length:g} ms, longer than their period {self.period:g} ms"
            raise ModelError([Problem("interval", message)])
        return self


class SpikeTrainDrive(Drive):
    """Spikes at given times, the same in every trial.

    Parameters
    ----------
    trains : tuple of tuple of float, ms
        Spike times of each drive cell. If cell-specific, train k belongs to the k-th target
        cell, in the network's order.

    Other Parameters
    ----------------
    location : str
        Group or section of the target cells.
    targets : mapping of str to DriveTarget
        What it does, by population.
    cell_specific : bool
        True: every target cell has its own drive cell. False (the default): every drive cell
        reaches all.
    n_cells : int, optional
        The number of trains, which is its default; any other is refused.
    kernel : Gaussian, optional
        How weight and delay change with distance from the drive's position.
    position : tuple of 3 float, µm, optional
        Where the drive cells stand; by default, in the network's origin.
    probability : float
        Share of the pairs of drive and target cell that are connected.
    """

    kind: Literal["spike_train"] = "spike_train"
    trains: Annotated[tuple[tuple[float, ...], ...], _TRAINS]
    cell_specific: Annotated[bool, Field(strict=True)] = False

    @model_validator(mode="after")
    def _check_count(self) -> Self:
        if self.n_cells is not None and self.n_cells != len(self.trains):
            message = f"must be the number of trains, {len(self.trains)}; got {self.n_cells}"
            raise ModelError([Problem("n_cells", message)])
        return self


AnyDrive = Annotated[
    EvokedDrive | PoissonDrive | BurstyDrive | SpikeTrainDrive, Field(discriminator="kind")
]
