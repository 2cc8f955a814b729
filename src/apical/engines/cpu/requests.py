"""What goes into a run and what is taken from it, ordered by group."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from apical.engines.cpu.batch import Batch, Kind
from apical.engines.cpu.events import Inputs
from apical.engines.cpu.layout import aligned
from apical.engines.cpu.program import shown
from apical.engines.cpu.tables import (
    OUTPUT,
    RECORD,
    SHOWN,
    SUM,
    Clamps,
    Outputs,
    Records,
    Sums,
    clamp_type,
)
from apical.plan.discretise import Floats, Ints
from apical.plan.plan import Inputs as GivenInputs
from apical.plan.recordings import RecordingPlan


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


def records(batch: Batch) -> tuple[Records, list[list[int]]]:
    """Return what to record, with room for the samples of a window.

    The second list has, for each member and recording, where its samples begin: those of a site of
    a cell one after the other, sites and cells in their order.
    """
    found: list[list[int]] = [[] for _ in batch.members]
    # group, request, where, place, every: of what blocks have, and of what is computed
    parts: list[list[Ints]] = []
    computed: list[list[Ints]] = []
    size = 0
    for m, member in enumerate(batch.members):
        for number, request in enumerate(member.plan.recordings):
            group, lane = batch.places_of(m, request.population, request.cells)
            kind = next(k for k in batch.kinds if _holds(k, m, request.population))
            lanes = np.array(kind.lanes)[group - kind.first_group]
            where = _rows(kind, request)[None, :] * lanes[:, None] + lane[:, None]
            n, samples = where.size, most_samples(request, batch.window)
            (computed if request.variable == "assigned" else parts).append([
                np.repeat(group, len(request.sites)), np.full(n, number), where.ravel(),
                size + samples * np.arange(n), np.full(n, request.every),
            ])  # fmt: skip
            found[m].append(size)
            size += samples * n
    kept, group, _ = _ordered(parts)
    shown, shown_start, of_shown = _shown(batch, computed)
    values = np.zeros(size, batch.real)
    return Records(kept, _starts(batch, group), shown, shown_start, of_shown, values), found


def most_samples(request: RecordingPlan, window: int) -> int:
    """Return how many samples a window can give."""
    return window // request.every + 1


def _ordered(parts: list[list[Ints]]) -> tuple[Any, Ints, Ints]:
    """Return records sorted by group and request, with their groups and requests."""
    none = np.zeros(0, np.int64)
    columns = [np.concatenate([none, *(part[k] for part in parts)]) for k in range(5)]
    order = np.lexsort((columns[1], columns[0]))
    group, request, where, place, every = (c[order] for c in columns)
    records = np.zeros(len(group), RECORD)
    records["where"], records["every"], records["place"] = where, every, place
    return records, group, request


def _shown(batch: Batch, parts: list[list[Ints]]) -> tuple[Any, Ints, Any]:
    """Return what is computed for recording only, each group's first, and where values are."""
    records, group, request = _ordered(parts)
    new = np.flatnonzero(np.diff(group, prepend=-1) | np.diff(request, prepend=-1))
    rows = []
    for low, high in pairwise([*new.tolist(), len(group)]):
        asked = batch.plan.recordings[request[low]]
        index = next(k for k, kind in enumerate(batch.kinds) if _has(kind, int(group[low])))
        code = batch.kinds[index].programs[0].codes[asked.mechanism]
        mechanism = batch.model.kinds[index]["first_mechanism"] + asked.mechanism
        address = shown(code, asked.assigned)
        rows.append((mechanism, address, not asked.early, asked.every, low, high))
    return np.array(rows, SHOWN), _starts(batch, group[new]), records


def _has(kind: Kind, group: int) -> bool:
    return kind.first_group <= group < kind.first_group + len(kind.lanes)


def _holds(kind: Kind, member: int, population: int) -> bool:
    return kind.population == population and member in kind.members


def _rows(kind: Kind, request: RecordingPlan) -> Ints:
    """Return the row of what is recorded at each site, in the block or once it is computed."""
    program = kind.programs[0]
    if request.variable == "v":
        return request.sites
    if request.variable == "i_membrane":
        return program.layout.membrane + request.sites
    mechanism = program.cell.mechanisms[request.mechanism]
    if request.variable == "state":
        first = program.layout.states[request.mechanism] + request.state * mechanism.n
        return first + request.sites
    # a channel's and pool's values lie by node
    is_receptor = mechanism.program.kind == "receptor"
    return request.sites if is_receptor else mechanism.nodes[request.sites]


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
        slots: dict[int, int] = {}
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
            keeper = every not in slots
            slot = slots.setdefault(every, len(slots))
            rows.append((every, outputs, where, to, batch.window, slot, keeper))
            to += outputs * batch.window * lanes
        start.append(len(rows))
    values = aligned([np.zeros(to)], batch.real)
    sums = np.array(rows, SUM)
    return Sums(sums, np.array(start), aligned(weights, batch.real), values), which


def outputs(batch: Batch, which: Ints) -> tuple[Outputs, list[Floats]]:
    """Return where dipoles and observables go; and them, (members, outputs, samples) each.

    Dipoles of populations come first, those without one too: of zeros.
    """
    plan, members = batch.plan, len(batch.members)
    asked = [(p, 1, 1, plan.steps + 1) for p in range(len(plan.populations))]
    asked += [(o.population, o.every, o.outputs, o.samples(plan.steps)) for o in plan.observables]
    rows: list[tuple[int, ...]] = []
    at = 0
    for population, every, n, samples in asked:
        rows.append((population, plan.populations[population].n, every, n, samples, at))
        at += members * n * samples
    values = np.zeros(at)
    shown: list[Floats] = [
        values[row[-1] :][: members * row[3] * row[4]].reshape(members, row[3], row[4])
        for row in rows
    ]
    summed = which.max(axis=1, initial=-1) >= 0
    table = np.array(rows, OUTPUT)[summed]
    places = batch.places
    return Outputs(table, which[summed], places.first, places.group, batch.full, values), shown


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
