"""What goes into a run and what is taken from it, ordered by group."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from apical.engines.cpu.batch import Batch, Kind
from apical.engines.cpu.layout import aligned
from apical.engines.cpu.loops import address
from apical.engines.cpu.program import CellProgram, shown
from apical.engines.cpu.tables import (
    AT_ONCE,
    KEPT,
    OCTET,
    OUTPUT,
    PART,
    PIECE,
    RECORD,
    SHOWN,
    SUM,
    VECTOR,
    Clamps,
    Outputs,
    Records,
    Sums,
    clamp_type,
)
from apical.engines.cpu.traffic import Inputs
from apical.plan.discretise import Floats, Ints, Tree
from apical.plan.observables import (
    ObservablePlan,
    kept_ends,
    nodes_on_compartments,
    on_compartments,
)
from apical.plan.plan import Inputs as GivenInputs
from apical.plan.plan import Plan
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
    """Return dipoles and observables by group, and what there is to be added up.

    The second array, (parts, 5), has request, member, and fields of a part. Requests are
    populations' dipoles first, then observables.
    """
    pieces = [_pieces(*group[3:]) for group in batch.each_group()]
    requests, weights = _requests(batch.plan), _Weights(batch)
    room = -(-batch.window // KEPT) * KEPT
    rows: list[tuple[int, ...]] = []
    parts: list[Ints] = [np.zeros((0, 5), np.int64)]
    start, to = [0], 0
    for g, kind, lanes, position, cells in batch.each_group():
        slots: dict[int, int] = {}
        lane, n = pieces[g]["lane"], len(pieces[g])
        member, goes_on = np.array(kind.members)[position[lane]], cells[lane] % OCTET != 0
        for number, (population, every, outputs, _) in enumerate(requests):
            is_dipole = number < len(batch.plan.populations)
            if population != kind.population:
                continue
            if is_dipole and not batch.plan.populations[population].dipole:
                continue
            slot, keeper = -1, False
            if is_dipole:
                nodes = kind.programs[0].cell.tree.nodes
                where = weights.of_dipole(kind, lanes, position), 0, nodes
            else:
                observable = number - len(batch.plan.populations)
                place, nodes = weights.of_observable(observable, kind)
                place += sum(kind.lanes[: g - kind.first_group]) * nodes * outputs
                where = place, address("sum_cells", batch.precision), nodes
                keeper = every not in slots
                slot = slots.setdefault(every, len(slots))
            rows.append((every, outputs, *where, to, room, slot, keeper))
            at = to + room * np.arange(n)
            whose = np.full(n, number), member
            parts.append(np.stack([*whose, at, np.full(n, n * room), goes_on], axis=1))
            to += outputs * n * room
        start.append(len(rows))
    found = np.concatenate([np.zeros(0, PIECE), *pieces])
    piece_start = np.cumsum([0, *(len(p) for p in pieces)])
    sums = Sums(
        np.array(rows, SUM), np.array(start), found, piece_start, weights.found(), np.zeros(to)
    )
    return sums, np.concatenate(parts)


def _requests(plan: Plan) -> list[tuple[int, int, int, int]]:
    """Return population, steps between samples, number of sums and samples of every request."""
    dipoles = [(p, 1, 1, plan.steps + 1) for p in range(len(plan.populations))]
    return dipoles + [
        (o.population, o.every, o.outputs, o.samples(plan.steps)) for o in plan.observables
    ]


def _pieces(position: Ints, cells: Ints) -> Any:
    """Return the pieces of a group, given its cells' members and numbers."""
    octet = position * (int(cells.max()) // OCTET + 1) + cells // OCTET
    # an octet that began in the group before goes on cell by cell
    alone = (octet == octet[0]) & (cells[0] % OCTET != 0)
    lane = np.flatnonzero((np.diff(octet, prepend=-1) != 0) | alone)
    found = np.zeros(len(lane), PIECE)
    found["lane"], found["cells"] = lane, np.diff(lane, append=len(cells))
    return found


def outputs(batch: Batch, parts: Ints) -> tuple[Outputs, list[Floats]]:
    """Return where dipoles and observables go; and them, (members, outputs, samples) each.

    Dipoles of populations come first, those without one too: of zeros.
    """
    members, at = len(batch.members), 0
    rows: list[tuple[int, ...]] = []
    for _, every, n, samples in _requests(batch.plan):
        rows.append((every, n, samples, at))
        at += members * n * samples
    values = np.zeros(at)
    shown: list[Floats] = [
        values[at:][: members * n * samples].reshape(members, n, samples)
        for _, n, samples, at in rows
    ]
    parts = parts[np.lexsort((parts[:, 1], parts[:, 0]))]
    table = np.zeros(len(parts), PART)
    for k, name in enumerate(("at", "apart", "goes_on"), 2):
        table[name] = parts[:, k]
    summed = np.unique(parts[:, 0])
    # each member's first, and where the last one's end
    wanted = summed[:, None] * (members + 1) + np.arange(members + 1)
    start = np.searchsorted(parts[:, 0] * (members + 1) + parts[:, 1], wanted)
    return Outputs(np.array(rows, OUTPUT)[summed], table, start.astype(np.int64), values), shown


class _Weights:
    """Weights of all groups; those that groups share are there once."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._places: dict[tuple[int, int], int] = {}
        self._kinds: dict[int, tuple[list[Tree], list[tuple[int, ...]], int]] = {}
        self._parts: list[Floats] = []
        self._size = 0

    def of_dipole(self, kind: Kind, lanes: int, position: Ints) -> int:
        """Return where the weights of a group's dipoles begin."""
        programs = [kind.programs[k] for k in position]
        alike = all(p is programs[0] for p in programs)
        key = (id(programs[0]), lanes) if alike else (-1, self._size)
        return self._place(key, lambda: [_dipole_weights(programs, lanes)])

    def of_observable(self, number: int, kind: Kind) -> tuple[int, int]:
        """Return where the weights of a kind's groups begin, and of how many nodes they are."""
        trees, kept, nodes = self._ends_of(kind)
        requests = [self._batch.members[m].plan.observables[number] for m in kind.members]
        vector = VECTOR // np.dtype(self._batch.real).itemsize
        how = nodes, tuple(kind.lanes), vector
        return self._place(
            (number, id(kind)), lambda: [_by_lanes(requests, trees, kept, how)]
        ), nodes

    def _ends_of(self, kind: Kind) -> tuple[list[Tree], list[tuple[int, ...]], int]:
        """Return each member's cell, section ends that keep weights, and the most nodes of any."""
        if id(kind) not in self._kinds:
            plans = [self._batch.members[m].plan for m in kind.members]
            trees = [program.cell.tree for program in kind.programs]
            kept = [kept_ends(plan, kind.population) for plan in plans]
            self._kinds[id(kind)] = trees, kept, max(map(nodes_on_compartments, trees, kept))
        return self._kinds[id(kind)]

    def _place(self, key: tuple[int, int], parts: Callable[[], list[Floats]]) -> int:
        if key not in self._places:
            self._places[key] = self._size
            new = parts()
            self._parts += new
            self._size += sum(part.size for part in new)
        return self._places[key]

    def found(self) -> Floats:
        """Return all weights."""
        return aligned(self._parts, self._batch.real)


def _dipole_weights(programs: list[CellProgram], lanes: int) -> Floats:
    """Return the weights of one group's dipoles, nodes × lanes."""
    found = np.stack([program.cell.dipole for program in programs], axis=1)
    # idle lanes are like the last cell: groups that share these weights have others
    last = np.repeat(found[:, -1:], lanes - found.shape[1], axis=1)
    return np.concatenate([found, last], axis=1).ravel()


#: Weights that are laid out, as long as the plans live that share them.
_laid_out: WeakKeyDictionary[ObservablePlan, dict[Any, Floats]] = WeakKeyDictionary()


def _by_lanes(
    requests: list[ObservablePlan], trees: list[Tree], kept: list[tuple[int, ...]],
    how: tuple[int, tuple[int, ...], int],
) -> Floats:  # fmt: skip
    """Return members' weights in the order of their reading; those of one member are remembered."""
    if len(requests) > 1:
        return _lay_out(requests, trees, kept, *how)
    known, key = _laid_out.setdefault(requests[0], {}), (trees[0], kept[0], how)
    if key not in known:
        known[key] = _lay_out(requests, trees, kept, *how)
    return known[key]


def _lay_out(
    requests: list[ObservablePlan], trees: list[Tree], kept: list[tuple[int, ...]], nodes: int,
    lanes: tuple[int, ...], vector: int,
) -> Floats:  # fmt: skip
    """Put weights in order: by group, vector of lanes, outputs weighed at once, node and output."""
    found = map(on_compartments, (r.weights for r in requests), trees, kept)
    filled = [np.pad(w, [(0, 0), (0, 0), (0, nodes - w.shape[-1])]) for w in found]
    weights = np.concatenate(filled, axis=1)
    idle = sum(lanes) - weights.shape[1]
    weights = np.pad(weights, [(0, 0), (0, idle), (0, 0)])
    # all groups but the last are of one size
    last = lanes[-1]
    return np.concatenate([
        _in_vectors(weights[:, : sum(lanes) - last], min(lanes[0], vector)),
        _in_vectors(weights[:, sum(lanes) - last :], min(last, vector)),
    ])  # fmt: skip


def _in_vectors(weights: Floats, width: int) -> Floats:
    """Put weights, (outputs, lanes, nodes), in order."""
    outputs, lanes, nodes = weights.shape
    parts: list[Floats] = [np.zeros((lanes // width, 0))]
    o = 0
    while o < outputs:
        some = weights[o : o + AT_ONCE]
        vectors = some.reshape(len(some), lanes // width, width, nodes)
        parts.append(
            vectors.transpose(1, 3, 0, 2).reshape(lanes // width, len(some) * width * nodes)
        )
        o += AT_ONCE
    return np.concatenate(parts, axis=1).ravel()


def _real(batch: Batch, values: Floats) -> Floats:
    # what single precision cannot hold diverges, and is reported as that
    with np.errstate(over="ignore"):
        return values.astype(batch.real)
