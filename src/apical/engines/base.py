"""What every engine does: advance members of a batch, window by window, and say what came out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

import numpy as np

from apical.errors import EngineError, NumericalError
from apical.plan.discretise import Floats, Ints
from apical.plan.plan import Inputs, Plan

#: Called with the number of steps done; raises :class:`apical.errors.Cancelled` to stop.
Report = Callable[[int], None]


@dataclass(frozen=True)
class Member:
    """One simulation of a batch.

    Parameters
    ----------
    plan : Plan
        The network. Members of a batch have plans of one structure
        (:attr:`apical.plan.Plan.structure`); plans, or parts of them, that are the same objects
        are stored once.
    inputs : sequence of Inputs
        What drives deliver to each population.
    """

    plan: Plan
    inputs: Sequence[Inputs]


@dataclass(frozen=True)
class RawResult:
    """One member, unlabelled, from the start to where its run has come.

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
    observed : tuple of array, each (outputs, samples)
        One for each of the plan's observables.
    """

    dipole: Floats
    spike_time: Floats
    spike_cell: Ints
    recordings: tuple[Floats, ...]
    observed: tuple[Floats, ...]


@dataclass(frozen=True)
class Snapshot:
    """The full state of a run between two steps, to go on from there again.

    Parameters
    ----------
    step : int
        Steps done.
    state : Any
        The engine's own copy of everything that changes, except samples already taken.
    """

    step: int
    state: Any


class Run(Protocol):
    """Members of a batch on their way. Close it, or use it in a ``with`` statement.

    Attributes
    ----------
    step, steps : int
        Steps done, and all of them.
    failures : dict of int to NumericalError
        Members that diverged, with place and time; the others go on.
    half_made : bool
        Whether it was interrupted within a window, as by Ctrl-C. It raises an `EngineError` then,
        whatever is asked of it, until it has gone back to a snapshot.
    """

    step: int
    steps: int
    failures: dict[int, NumericalError]
    half_made: bool

    def advance(self, windows: int = 1) -> int:
        """Advance every member by a window, or at most by some, and return the steps done.

        At the end it does nothing. What is done between windows takes a twentieth of the time of a
        small network.
        """
        ...

    def result(self, member: int, *, copy: bool = True) -> RawResult:
        """Return what a member has given so far.

        Without `copy`, its recordings and observables may be the run's own, good until the run goes
        on or back.
        """
        ...

    def snapshot(self) -> Snapshot:
        """Return a copy of the state."""
        ...

    def rewind(self, snapshot: Snapshot, inputs: Sequence[Sequence[Inputs]] | None = None) -> None:
        """Go back to a snapshot of this run, and on from there.

        Parameters
        ----------
        snapshot : Snapshot
            Its samples, spikes and failures up to its step are kept, later ones are forgotten.
        inputs : sequence of sequence of Inputs, optional
            New inputs of every member. They must not differ from the old ones before the
            snapshot's step.
        """
        ...

    def close(self) -> None:
        """Let go of threads and memory."""
        ...


_Run = TypeVar("_Run", bound=Run)
_P = ParamSpec("_P")
_T = TypeVar("_T")
_Method = Callable[Concatenate[_Run, _P], _T]


def changing(method: _Method[_Run, _P, _T]) -> _Method[_Run, _P, _T]:
    """Mark a run as half-made while a method changes it, and after if that is interrupted."""

    @wraps(method)
    def marked(run: _Run, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        run.half_made = True
        found = method(run, *args, **kwargs)
        run.half_made = False
        return found

    return marked


def whole(method: _Method[_Run, _P, _T]) -> _Method[_Run, _P, _T]:
    """Refuse a method of a run that is half-made."""

    @wraps(method)
    def checked(run: _Run, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        if run.half_made:
            raise EngineError(
                "this run was interrupted within a window of steps: go back to a snapshot of it, "
                "or start anew"
            )
        return method(run, *args, **kwargs)

    return checked


class Engine(Protocol):
    """An engine.

    Attributes
    ----------
    name : str
        What it is called.
    members_at_once : int
        How many members it takes to be at its fastest, if memory allows; more only make a window,
        after which a run can be stopped, longer.
    """

    name: str
    members_at_once: int

    def prepare(self, plan: Plan) -> None:
        """Compile what a plan needs. :meth:`start` would do so too, but piece by piece."""
        ...

    def start(self, members: Sequence[Member], *, threads: int | None = None) -> Run:
        """Prepare a batch, at step 0.

        Parameters
        ----------
        members : sequence of Member
            What is simulated, all at once. Results do not depend on who else is in the batch.
        threads : int, optional
            Number of threads, by default one per core. Results do not depend on it.
        """
        ...


def unwatched(members: Sequence[Member]) -> int:
    """Return how many windows to advance at once if nobody watches: a few hundredths of a second.

    Ctrl-C is seen between them.
    """
    cells = len(members) * max(1, members[0].plan.cells)
    return max(1, 4000 // cells)


def run_alone(
    engine: Engine, member: Member, *, threads: int | None = None, report: Report | None = None
) -> RawResult:
    """Run one member to its end.

    Raises
    ------
    NumericalError
        If it diverges.
    """
    run = engine.start([member], threads=threads)
    try:
        while run.step < run.steps:
            done = run.advance(1 if report else unwatched([member]))
            if run.failures:
                raise run.failures[0]
            if report:
                report(done)
        return run.result(0, copy=False)
    finally:
        run.close()


#: Voltages beyond this (mV) are those of a simulation that diverges.
LIMIT = 1e5


def check_voltages(plan: Plan, population: int, v: Floats, step: int) -> NumericalError | None:
    """Return where a voltage is not finite or beyond anything a cell could have, if there is one.

    Parameters
    ----------
    v : array, (nodes, cells), mV
        Voltages after `step` steps.
    """
    # NaN fails the comparison too
    inside = np.abs(v) <= LIMIT
    if inside.all():
        return None
    cell = int(np.flatnonzero(~inside.all(axis=0))[0])
    node = int(np.flatnonzero(~inside[:, cell])[0])
    found = plan.populations[population]
    return NumericalError(found.name, cell, found.cell.tree.label(node), step * plan.dt)
