"""Drives: spikes from outside the network."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from apical.errors import ModelError, Problem
from apical.model.fields import Items, Name, Probability, Q, Whole
from apical.model.frozendict import Values
from apical.model.part import Part
from apical.model.population import MAX_CELLS
from apical.model.projection import Gaussian

_TRAINS = Items(Items(Q("ms"), "a list of times in ms"), "a list of lists of times in ms")


class DriveTarget(Part):
    """What a drive does to one population.

    Parameters
    ----------
    weights : mapping of str to float, µS
        Peak conductance by receptor.
    delay : float, ms
        From the spike of the drive cell.
    """

    weights: Values[Name, Annotated[float, Q("uS", ge=0)]]
    delay: Annotated[float, Q("ms", ge=0)] = 0.1


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
        How weight and delay change with distance from the network's origin.
    probability : float
        Share of the pairs of drive and target cell that are connected.
    """

    location: Name
    targets: Values[Name, DriveTarget] = Values()
    cell_specific: Annotated[bool, Field(strict=True)] = True
    n_cells: Annotated[int, Whole(1, MAX_CELLS)] | None = None
    kernel: Gaussian | None = Gaussian(space_constant=3.0)
    probability: Probability = 1.0

    @model_validator(mode="after")
    def _check_cells(self) -> Self:
        if self.cell_specific and self.n_cells is not None:
            message = (
                "cell-specific drives have one cell per target cell; set cell_specific to false"
            )
            raise ModelError([Problem("n_cells", message)])
        return self


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
        How weight and delay change with distance from the network's origin.
    probability : float
        Share of the pairs of drive and target cell that are connected.
    """

    kind: Literal["evoked"] = "evoked"
    mu: Annotated[float, Q("ms")]
    sigma: Annotated[float, Q("ms", ge=0)]
    n_spikes: Annotated[int, Whole(1, 10_000)] = 1


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
        How weight and delay change with distance from the network's origin.
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


AnyDrive = Annotated[EvokedDrive | SpikeTrainDrive, Field(discriminator="kind")]
