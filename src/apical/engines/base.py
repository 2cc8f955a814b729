"""What every engine does: take a plan and one trial's inputs, return raw arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from apical.errors import NumericalError
from apical.plan.discretise import Floats, Ints
from apical.plan.plan import Inputs, Plan

#: Called with the number of steps done; raises :class:`apical.errors.Cancelled` to stop.
Report = Callable[[int], None]


@dataclass(frozen=True)
class RawResult:
    """One trial, unlabelled.

    Parameters
    ----------
    dipole : array, (populations, samples), nAm
        Current dipole of every population, zero for those that do not contribute.
    spike_time : array, ms
        Times of the cells' spikes, sorted by time, then cell.
    spike_cell : array of int
        Global index of the cell that spiked.
    recordings : tuple of array, each (cells, sites, samples)
        One for each of the plan's recordings.
    """

    dipole: Floats
    spike_time: Floats
    spike_cell: Ints
    recordings: tuple[Floats, ...]


class Engine(Protocol):
    """An engine."""

    name: str

    def run(
        self,
        plan: Plan,
        inputs: Sequence[Inputs],
        *,
        threads: int | None = None,
        report: Report | None = None,
    ) -> RawResult:
        """Run one trial.

        Parameters
        ----------
        plan : Plan
            The network.
        inputs : sequence of Inputs
            What drives deliver to each population.
        threads : int, optional
            Number of threads, by default one per core. Results do not depend on it.
        report : callable, optional
            Called now and then with the number of steps done.
        """
        ...


#: Voltages beyond this (mV) are those of a simulation that diverges.
LIMIT = 1e5


def check_voltages(plan: Plan, population: int, v: Floats, step: int) -> None:
    """Raise where a voltage is not finite or beyond anything a cell could have.

    Parameters
    ----------
    v : array, (nodes, cells), mV
        Voltages after `step` steps.
    """
    # NaN fails the comparison too
    inside = np.abs(v) <= LIMIT
    if inside.all():
        return
    cell = int(np.flatnonzero(~inside.all(axis=0))[0])
    node = int(np.flatnonzero(~inside[:, cell])[0])
    found = plan.populations[population]
    raise NumericalError(found.name, cell, found.cell.tree.label(node), step * plan.dt)
