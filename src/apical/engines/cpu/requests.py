"""What goes into a run and what is taken from it, ordered by group."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from apical.engines.cpu.batch import Batch, Kind
from apical.engines.cpu.events import Inputs
from apical.engines.cpu.layout import aligned
from apical.engines.cpu.tables import RECORD, SUM, Clamps, Records, Sums, clamp_type
from apical.plan.discretise import Floats, Ints
from apical.plan.plan import Inputs as GivenInputs


def inputs(batch: Batch, given: Sequence[Sequence[GivenInputs]]) -> Inputs:
    """Return what drives deliver to all members, sorted by step."""
    parts: list[tuple[Ints, ...]] = []
    weights: list[Floats] = [np.zeros(0)]
    for m, of_member in enumerate(given):
        for p, found in enumerate(of_member):
            group, lane = batch.places_of(m, p, found.cell)
            mechanism = batch.places.mechanism[m, p] + found.mechanism
            element = found.instance * batch.places.lanes[group] + lane
            parts.append((found.step, group, mechanism, element))
            weights.append(found.weight)
    none = np.zeros(0, np.int64)
    columns = [np.concatenate([none, *(part[k] for part in parts)]) for k in range(4)]
    order = np.argsort(columns[0], kind="stable")
    step, group, mechanism, element = (c[order] for c in columns)
    weight = _real(batch, np.concatenate(weights)[order])
    return Inputs(step, group, mechanism, element, weight)


def clamps(batch: Batch) -> Clamps:
    """Return the clamps of all members by group."""
    rows: list[tuple] = []
    for m, member in enumerate(batch.members):
        for clamp in member.plan.clamps:
            group, lane = batch.places_of(m, clamp.population, clamp.cells)
            last = min(clamp.last, batch.plan.steps)
            rows += [
                (g, clamp.node, k, clamp.first, last, clamp.amplitude)
                for g, k in zip(group.tolist(), lane.tolist(), strict=True)
            ]
    rows.sort(key=lambda row: row[0])
    group = np.array([row[0] for row in rows], np.int64)
    with np.errstate(over="ignore"):
        return Clamps(
            np.array([row[1:] for row in rows], clamp_type(batch.real)), _starts(batch, group)
        )


def _starts(batch: Batch, group: Ints) -> Ints:
    return np.searchsorted(group, np.arange(batch.groups + 1)).astype(np.int64)


def records(batch: Batch) -> tuple[Records, list[list[tuple[int, tuple[int, int, int]]]]]:
    """Return what to record, and where each member's recordings begin, with their shapes."""
    parts: list[tuple[Ints, Ints, Ints, Ints]] = []
    found: list[list[tuple[int, tuple[int, int, int]]]] = []
    size = 0
    for m, member in enumerate(batch.members):
        found.append([])
        for request in member.plan.recordings:
            samples = request.samples(batch.plan.steps)
            shape = (len(request.cells), len(request.sites), samples)
            group, lane = batch.places_of(m, request.population, request.cells)
            kind = next(k for k in batch.kinds if _holds(k, m, request.population))
            rows = _row(kind, request) + request.sites
            lanes = np.array(kind.lanes)[group - kind.first_group]
            where = rows[None, :] * lanes[:, None] + lane[:, None]
            place = size + samples * np.arange(where.size)
            parts.append((
                np.repeat(group, len(rows)), where.ravel(), place,
                np.full(where.size, request.every),
            ))  # fmt: skip
            found[-1].append((size, shape))
            size += int(np.prod(shape))
    none = np.zeros(0, np.int64)
    columns = [np.concatenate([none, *(part[k] for part in parts)]) for k in range(4)]
    order = np.argsort(columns[0], kind="stable")
    group, where, place, every = (c[order] for c in columns)
    records = np.zeros(len(group), RECORD)
    records["where"], records["every"], records["place"] = where, every, place
    return Records(records, _starts(batch, group), np.zeros(size)), found


def _holds(kind: Kind, member: int, population: int) -> bool:
    return kind.population == population and member in kind.members


def _row(kind: Kind, request) -> int:  # noqa: ANN001 - a RecordingPlan
    """Return the first row of a recorded variable."""
    program = kind.programs[0]
    if request.variable == "v":
        return 0
    if request.variable == "i_membrane":
        return program.layout.membrane
    n = program.cell.mechanisms[request.mechanism].n
    return program.layout.states[request.mechanism] + request.state * n


def sums(batch: Batch) -> tuple[Sums, Ints]:
    """Return dipoles and observables by group, and which sum of each group is which.

    The second array, (requests, groups), counts populations' dipoles first, then observables;
    −1 where a group has none.
    """
    plan = batch.plan
    requests = [(p, 1, 1) for p in range(len(plan.populations))]
    requests += [(o.population, o.every, o.outputs) for o in plan.observables]
    which = np.full((len(requests), batch.groups), -1)
    rows: list[tuple[int, ...]] = []
    weights: list[Floats] = []
    shared: dict[tuple[int, int], int] = {}
    start, at, to = [0], 0, 0
    for g, kind, lanes, position, cells in batch.each_group():
        for number, (population, every, outputs) in enumerate(requests):
            is_dipole = number < len(plan.populations)
            if population != kind.population:
                continue
            if is_dipole and not plan.populations[population].dipole:
                continue
            programs = [kind.programs[k] for k in position]
            key = (id(programs[0]), lanes)
            alike = is_dipole and all(p is programs[0] for p in programs)
            if not (alike and key in shared):
                block = _weights(batch, number, kind, lanes, position, cells)
                weights.append(block)
                where, at = at, at + block.size
                if alike:
                    shared[key] = where
            else:
                where = shared[key]
            which[number, g] = len(rows)
            rows.append((every, outputs, where, to, batch.window))
            to += outputs * batch.window * lanes
        start.append(len(rows))
    values = aligned([np.zeros(to)], batch.real)
    sums = np.array(rows, SUM)
    return Sums(sums, np.array(start), aligned(weights, batch.real), values), which


def _weights(
    batch: Batch, number: int, kind: Kind, lanes: int, position: Ints, cells: Ints
) -> Floats:
    """Return weights of one group, outputs × nodes × lanes."""
    dipoles = len(batch.plan.populations)
    if number < dipoles:
        found = np.stack([kind.programs[k].cell.dipole for k in position], axis=1)
    else:
        parts = []
        for k in np.unique(position):
            observable = batch.members[kind.members[k]].plan.observables[number - dipoles]
            # outputs, nodes, cells
            parts.append(observable.weights[:, cells[position == k]].swapaxes(1, 2))
        found = np.concatenate(parts, axis=2)
    # idle lanes are like the last cell: groups that share these weights have others
    last = np.repeat(found[..., -1:], lanes - found.shape[-1], axis=-1)
    return np.concatenate([found, last], axis=-1).ravel()


def _real(batch: Batch, values: Floats) -> Floats:
    # what single precision cannot hold diverges, and is reported as that
    with np.errstate(over="ignore"):
        return values.astype(batch.real)
