"""The Plan: a network as read-only arrays, which is all an engine ever sees."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from apical.equations.program import Program
from apical.errors import ModelError, Problem
from apical.plan.cell import CellState, plan_cell
from apical.plan.connect import (
    Connections,
    PopulationPlan,
    columns,
    connect,
    expand,
    with_ends,
)
from apical.plan.discretise import Floats, Ints
from apical.plan.drives import DrivePlan, plan_drive
from apical.plan.earlier import Earlier
from apical.plan.explain import explain
from apical.plan.extracellular import plan_electrodes
from apical.plan.observables import ObservablePlan
from apical.plan.rates import check_precision, check_rates
from apical.plan.recordings import RecordingPlan, plan_recording
from apical.plan.start import given_state

if TYPE_CHECKING:
    from apical.model import Network

Anything = TypeVar("Anything")
#: Delivery times closer than this many steps to a half step count as on it.
_TIE = 1e-7


@dataclass(frozen=True)
class ClampPlan:
    """A current (nA) injected into one node of some cells of a population.

    It flows in the steps [first, last): those whose middle lies in its time, as NEURON's IClamp.
    """

    population: int
    cells: Ints
    node: int
    amplitude: float
    first: int
    last: int


@dataclass(frozen=True)
class Inputs:
    """What the drives deliver to one population in one trial, sorted by step.

    Parameters
    ----------
    step : array of int
        Step at whose beginning an event arrives.
    cell, mechanism, instance : array of int
        The receptor it arrives at.
    weight : array, µS
    """

    step: Ints
    cell: Ints
    mechanism: Ints
    instance: Ints
    weight: Floats


@dataclass(frozen=True)
class Plan:
    """A network, ready for engines.

    Parameters
    ----------
    network : Network
        What was planned; engines do not read it.
    duration, dt : float, ms
        Length of the run and of a step.
    seed : int
        Seed of every random stream.
    rates : {'exact', 'direct', 'table'}
        How rates are computed.
    precision : {'double', 'single'}
        Type of numbers that the engine computes with.
    populations : tuple of PopulationPlan
        In the network's order, which is the order of cells.
    connections : tuple of Connections
        Onto each population; sources are global cell indices. Dead ones are gone.
    drives : tuple of DrivePlan
    clamps : tuple of ClampPlan
    recordings : tuple of RecordingPlan
    start : tuple of CellState
        Where the cells of each population start.
    observables : tuple of ObservablePlan
        Weighted sums to sample: of electrode arrays, then what
        :func:`apical.plan.observables.observe` adds.
    """

    network: Network
    duration: float
    dt: float
    seed: int
    rates: str
    precision: str
    populations: tuple[PopulationPlan, ...]
    connections: tuple[Connections, ...]
    drives: tuple[DrivePlan, ...]
    clamps: tuple[ClampPlan, ...]
    recordings: tuple[RecordingPlan, ...]
    start: tuple[CellState, ...]
    observables: tuple[ObservablePlan, ...] = ()

    @property
    def structure(self) -> tuple[object, ...]:
        """What plans must have in common to run in one batch: everything but values."""
        kinds = tuple(
            (p.name, p.n, p.dipole, p.cell.tree.parent.tobytes(), p.cell.spike_node,
             tuple((m.program, m.nodes.tobytes()) for m in p.cell.mechanisms))
            for p in self.populations
        )  # fmt: skip
        sampled = tuple(
            (r.name, r.population, r.variable, r.mechanism, r.state, r.assigned, r.precision,
             r.every, r.cells.tobytes(), r.sites.tobytes())
            for r in self.recordings
        )  # fmt: skip
        observed = tuple((o.name, o.population, o.outputs, o.every) for o in self.observables)
        return self.steps, self.dt, self.rates, self.precision, kinds, sampled, observed

    @property
    def connections_before(self) -> int:
        """Number of connections before the dead ones were dropped."""
        parts = [*self.connections, *(c for d in self.drives for c in d.connections.values())]
        return sum(c.n + c.dropped for c in parts)

    @property
    def steps(self) -> int:
        """Number of steps."""
        return steps_in(self.duration, self.dt)

    @property
    def time(self) -> Floats:
        """Sample times, ms: 0, dt, … duration."""
        return time_of(np.arange(self.steps + 1), self.dt)

    @property
    def cells(self) -> int:
        """Number of cells."""
        return sum(p.n for p in self.populations)

    @property
    def window(self) -> int:
        """Steps that cells can advance before any spike of theirs can reach another."""
        delays = [float(c.delay.min()) for c in self.connections if c.n]
        if not delays:
            return self.steps
        return max(1, min(self.steps, math.floor(min(delays) / self.dt + _TIE)))

    def explain(self) -> str:
        """Return sizes, memory and the order of a step as text."""
        return explain(self)

    def trial(self, trial: int) -> tuple[list[tuple[Floats, Ints]], list[Inputs]]:
        """Draw one trial: every drive's events, and what they deliver to each population."""
        trains = [d.trains(self.network, self.seed, trial, self.duration) for d in self.drives]
        inputs = [self._inputs(p.name, trains) for p in self.populations]
        return trains, inputs

    def _inputs(self, population: str, trains: list[tuple[Floats, Ints]]) -> Inputs:
        parts = [
            deliveries(drive.connections[population], time, cell)
            for drive, (time, cell) in zip(self.drives, trains, strict=True)
            if population in drive.connections
        ]
        time = np.concatenate([np.zeros(0), *(t for _, t in parts)])
        source, cell, mechanism, instance, weight = columns(
            [c for c, _ in parts], ("source", "cell", "mechanism", "instance"), ("weight",)
        )
        step = arrival_step(time, self.dt)
        # what arrives together is added in the order of drive cells, then of connections
        order = np.lexsort((source, step))
        order = order[: np.count_nonzero(step < self.steps)]
        return Inputs(step[order], cell[order], mechanism[order], instance[order], weight[order])


def steps_in(duration: float, dt: float) -> int:
    """Return the number of whole steps in a duration."""
    return math.floor(duration / dt + 1e-9)


def time_of(step: Ints | int, dt: float) -> Floats:
    """Return the time after some steps, ms, without the last digits of 0.1 + 0.2."""
    return np.round(np.asarray(step) * dt, 9)


def arrival_step(time: Floats, dt: float) -> Ints:
    """Return the step that takes an event: the first whose middle is not before it."""
    return np.maximum(0, np.ceil(np.minimum(time / dt, 2.0**52) - 0.5 - _TIE)).astype(np.int64)


def deliveries(connections: Connections, time: Floats, source: Ints) -> tuple[Connections, Floats]:
    """Return one connection and arrival time for every spike and connection it travels.

    Parameters
    ----------
    connections : Connections
        Sorted by source.
    time : array, ms
        Spike times.
    source : array of int
        Their sources.
    """
    low = np.searchsorted(connections.source, source, "left")
    count = np.searchsorted(connections.source, source, "right") - low
    spike = np.repeat(np.arange(len(time)), count)
    offset = np.arange(len(spike)) - np.repeat(np.cumsum(count) - count, count)
    rows = low[spike] + offset
    return connections.take(rows), time[spike] + connections.delay[rows]


def compile(
    network: Network,
    duration: float,
    *,
    dt: float = 0.025,
    seed: int = 0,
    rates: str = "exact",
    precision: str = "double",
    like: Plan | None = None,
) -> Plan:
    """Turn a network into arrays.

    Parameters
    ----------
    network : Network
        The model.
    duration, dt : float, ms
        Length of the run and of a step.
    seed : int
        Seed of connection draws and drives.
    rates : {'exact', 'direct', 'table'}
        How rates are computed: as the equations say, or from the tables that a mechanism's
        authors chose.
    precision : {'double', 'single'}
        Type of numbers that the engine computes with.
    like : Plan, optional
        An earlier plan, whose parts are taken over where nothing that they depend on has changed:
        the same objects, so that plans share them. The new plan is to the last bit what it would
        be without: it starts as given, and what :func:`apical.plan.observe` added is gone.

    Returns
    -------
    Plan
        Starts from the given voltages; see :func:`apical.start.settle` for the steady state.

    Raises
    ------
    ModelError
        If the duration, step or seed make no sense.
    """
    _check_run(duration, dt, seed)
    check_rates(rates)
    check_precision(precision)
    duration, seed = float(duration), int(seed)
    earlier = Earlier(like, network, seed, duration)
    populations = _populations(network, earlier)
    order = list(populations)

    def onto(target: str) -> Connections:
        names = [name for name, p in network.projections.items() if p.target == target]
        found = [expand(network, name, populations, seed) for name in names]
        parts = [part for pairs in found for part in with_ends(pairs, populations[target])]
        return connect(parts, duration)

    return Plan(
        network=network, duration=duration, dt=float(dt), seed=seed, rates=rates,
        precision=precision,
        populations=tuple(populations.values()),
        connections=tuple(
            earlier.connections(name) or read_only(onto(name)) for name in order
        ),
        drives=tuple(
            earlier.drive(name)
            or read_only(plan_drive(network, name, populations, seed, duration))
            for name in network.drives
        ),
        clamps=tuple(read_only(_clamp(network, name, populations, dt)) for name in network.biases),
        recordings=tuple(
            read_only(
                plan_recording(name, recording, order.index(recording.population),
                               populations[recording.population], dt, precision)
            )
            for name, recording in network.recordings.items()
        ),
        start=tuple(read_only(given_state(p.cell, rates)) for p in populations.values()),
        observables=read_only(plan_electrodes(network, populations, dt, earlier)),
    )  # fmt: skip


def read_only(value: Anything) -> Anything:
    """Make every array in a part of a plan read-only, wherever it is, and return the part."""
    if isinstance(value, (str, int, float, Program)):
        return value
    if isinstance(value, np.ndarray):
        value.setflags(write=False)
    elif isinstance(value, (tuple, list)):
        for item in value:
            read_only(item)
    elif isinstance(value, dict):
        read_only(tuple(value.values()))
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            read_only(getattr(value, field.name))
    return value


def _check_run(duration: float, dt: float, seed: int) -> None:
    problems = []
    if not (math.isfinite(dt) and 0 < dt <= 10):
        problems.append(Problem("dt", f"must be > 0 and at most 10 ms; got {dt:g} ms"))
    elif not (math.isfinite(duration) and duration >= dt):
        problems.append(
            Problem("duration", f"must be at least one step of {dt:g} ms; got {duration:g} ms")
        )
    elif duration / dt > 1e9:
        problems.append(Problem("duration", "must be at most a thousand million steps"))
    whole = isinstance(seed, (int, np.integer)) and not isinstance(seed, bool)
    if not whole or seed < 0:
        problems.append(Problem("seed", f"must be a whole number ≥ 0; got {seed!r}"))
    if problems:
        raise ModelError(problems)


def _populations(network: Network, earlier: Earlier) -> dict[str, PopulationPlan]:
    cells = {
        name: earlier.cell(name) or read_only(plan_cell(network, name))
        for name in {p.cell for p in network.populations.values()}
    }
    plans, first = {}, 0
    for name, population in network.populations.items():
        positions = earlier.positions(name)
        if positions is None:
            points = population.positions.points(network.inplane_distance)
            positions = read_only(np.array(points, float).reshape(-1, 3))
        plans[name] = PopulationPlan(
            name, cells[population.cell], positions, first, population.layer, population.dipole
        )
        first += len(positions)
    return earlier.keep(plans)


def _clamp(
    network: Network, name: str, populations: dict[str, PopulationPlan], dt: float
) -> ClampPlan:
    clamp = network.biases[name]
    population = populations[clamp.population]
    cells = np.arange(population.n) if clamp.cells is None else np.array(clamp.cells, np.int64)
    node = population.cell.tree.node(clamp.section, clamp.x)
    index = list(populations).index(clamp.population)
    stop = math.inf if clamp.stop is None else clamp.stop
    first, last = arrival_step(np.array([clamp.start, stop]), dt)
    return ClampPlan(index, cells, node, clamp.amplitude, int(first), int(last))
