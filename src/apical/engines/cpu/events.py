"""Spikes under way: which events arrive in which window, without sorting all of them.

A batch has one calendar: for every window of steps a list of blocks of entries.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from apical.engines.cpu.math import INNER, OUTER
from apical.engines.cpu.tables import Events, event_type
from apical.plan.connect import Connections
from apical.plan.discretise import Floats, Ints
from apical.plan.plan import arrival_step

#: Entries of a block.
BLOCK = 64
# what `room` holds: blocks ever used, the first of the freed ones, and how many those are
_USED, _FREE, _FREED = 0, 1, 2


class Wiring(NamedTuple):
    """Connections of all members, those of members that share them only once.

    Parameters
    ----------
    first, last : array, (members, populations, cells)
        Rows of what a cell projects onto a population.
    delay : array
        Steps from a spike's step to the arrival.
    cell, mechanism, instance, weight : array
        The receptor and its weight; mechanisms are counted within the cell type.
    """

    first: Ints
    last: Ints
    delay: Ints
    cell: Ints
    mechanism: Ints
    instance: Ints
    weight: Floats


class Inputs(NamedTuple):
    """What drives deliver to all members, sorted by step.

    Mechanisms are counted over all kinds; an element is an instance's lane.
    """

    step: Ints
    group: Ints
    mechanism: Ints
    element: Ints
    weight: Floats


class Places(NamedTuple):
    """Where the cells of each member's populations are.

    Parameters
    ----------
    first : array, (members, populations)
        Place of a population's first cell among the cells of its kind.
    group : array, (members, populations)
        First group of its kind.
    mechanism : array, (members, populations)
        First mechanism of its kind.
    lanes : array, (groups,)
        Lanes of each group.
    full : int
        Lanes of a full group.
    """

    first: Ints
    group: Ints
    mechanism: Ints
    lanes: Ints
    full: int


class Queue(NamedTuple):
    """A calendar: each window's first and last block and its entries, and each block's next."""

    head: Ints
    tail: Ints
    entries: Ints
    following: Ints
    step: Ints
    group: Ints
    mechanism: Ints
    element: Ints
    weight: Floats
    room: Ints


_ENTRIES = ("step", "group", "mechanism", "element", "weight")


def wire(connections: list[tuple[Connections, ...]], cells: int, dt: float, real: type) -> Wiring:
    """Join the connections of members, each set of them once."""
    populations = len(connections[0]) if connections else 0
    first = np.zeros((len(connections), populations, cells), np.int64)
    last = np.zeros_like(first)
    known: dict[int, tuple[Ints, Ints]] = {}
    parts: list[Connections] = []
    rows = 0
    for m, of_member in enumerate(connections):
        for p, found in enumerate(of_member):
            if id(found) not in known:
                bounds = rows + np.searchsorted(found.source, np.arange(cells + 1))
                known[id(found)] = bounds[:-1], bounds[1:]
                parts.append(found)
                rows += found.n
            first[m, p], last[m, p] = known[id(found)]
    # a spike at the end of step k has time (k + 1)·dt: its arrival is a whole number of steps
    # later, the same that apical.plan.arrival_step gives
    delay = [arrival_step(c.delay, dt) for c in parts]
    return Wiring(
        first, last, _joined(delay, np.int64),
        _joined([c.cell for c in parts], np.int32), _joined([c.mechanism for c in parts], np.int32),
        _joined([c.instance for c in parts], np.int32), _joined([c.weight for c in parts], real),
    )  # fmt: skip


def _joined(parts: list, kind: type) -> Any:
    # what single precision cannot hold diverges, and is reported as that
    with np.errstate(over="ignore"):
        return np.concatenate([np.zeros(0, kind), *(p.astype(kind) for p in parts)])


@njit(**OUTER)
def count_blocks(member, cell, wiring, windows):
    """Return how many blocks some spikes can need at most."""
    events = 0
    for s in range(member.shape[0]):
        for p in range(wiring.first.shape[1]):
            events += wiring.last[member[s], p, cell[s]] - wiring.first[member[s], p, cell[s]]
    return events // BLOCK + min(events, windows)


@njit(**INNER)
def _new_entry(w, queue):
    """Return the place of a window's next entry."""
    used = queue.entries[w] % BLOCK
    if used == 0:
        block = queue.room[_FREE]
        if block >= 0:
            queue.room[_FREE] = queue.following[block]
            queue.room[_FREED] -= 1
        else:
            block = queue.room[_USED]
            queue.room[_USED] += 1
        queue.following[block] = -1
        if queue.entries[w] == 0:
            queue.head[w] = block
        else:
            queue.following[queue.tail[w]] = block
        queue.tail[w] = block
    queue.entries[w] += 1
    return queue.tail[w] * BLOCK + used


@njit(**OUTER)
def send(step, member, cell, wiring, places, window, steps, queue):
    """Enter every arrival of some spikes.

    Parameters
    ----------
    step : array of int
        The step after the one that ended with each spike, ascending.
    member, cell : array of int
        Who spiked: the member, and the cell's global index in it.
    """
    for s in range(step.shape[0]):
        m = member[s]
        for p in range(wiring.first.shape[1]):
            for row in range(wiring.first[m, p, cell[s]], wiring.last[m, p, cell[s]]):
                arrival = step[s] + wiring.delay[row]
                if arrival >= steps:
                    continue
                k = _new_entry(arrival // window, queue)
                place = places.first[m, p] + wiring.cell[row]
                group = places.group[m, p] + place // places.full
                queue.step[k], queue.group[k] = arrival, group
                queue.mechanism[k] = places.mechanism[m, p] + wiring.mechanism[row]
                lanes = places.lanes[group]
                queue.element[k] = wiring.instance[row] * lanes + place % places.full
                queue.weight[k] = wiring.weight[row]


@njit(**INNER)
def release(w, queue):
    """Let the blocks of a window that has been taken be used again."""
    if queue.entries[w] > 0:
        queue.following[queue.tail[w]] = queue.room[_FREE]
        queue.room[_FREE] = queue.head[w]
        queue.room[_FREED] += (queue.entries[w] + BLOCK - 1) // BLOCK
        queue.entries[w] = 0


@njit(**OUTER)
def gather(w, first_step, steps, queue, inputs, low, high, count, found):
    """Order a window's events by group, then step, then as they were sent, inputs first.

    Parameters
    ----------
    low, high : int
        The window's inputs.
    count : array of int, (groups · steps + 1,)
        Room to count in.
    found : Events
        Where they go, and the first of each group.
    """
    groups = found.start.shape[0] - 1
    for b in range(groups * steps + 1):
        count[b] = 0
    for i in range(low, high):
        count[inputs.group[i] * steps + inputs.step[i] - first_step + 1] += 1
    block, left = queue.head[w], queue.entries[w]
    while left > 0:
        for k in range(block * BLOCK, block * BLOCK + min(left, BLOCK)):
            count[queue.group[k] * steps + queue.step[k] - first_step + 1] += 1
        block, left = queue.following[block], left - BLOCK
    for b in range(1, groups * steps + 1):
        count[b] += count[b - 1]
    for g in range(groups + 1):
        found.start[g] = count[g * steps]
    for i in range(low, high):
        b = inputs.group[i] * steps + inputs.step[i] - first_step
        event = found.events[count[b]]
        count[b] += 1
        event.step, event.mechanism = inputs.step[i], inputs.mechanism[i]
        event.element, event.weight = inputs.element[i], inputs.weight[i]
    block, left = queue.head[w], queue.entries[w]
    while left > 0:
        for k in range(block * BLOCK, block * BLOCK + min(left, BLOCK)):
            b = queue.group[k] * steps + queue.step[k] - first_step
            event = found.events[count[b]]
            count[b] += 1
            event.step, event.mechanism = queue.step[k], queue.mechanism[k]
            event.element, event.weight = queue.element[k], queue.weight[k]
        block, left = queue.following[block], left - BLOCK
    release(w, queue)


class Calendar:
    """Events on their way to all members of a batch."""

    def __init__(self, wiring: Wiring, places: Places, steps: int, window: int, real: type) -> None:
        self.wiring, self.places, self.steps, self.window = wiring, places, steps, window
        groups = len(places.lanes)
        self._count = np.zeros(groups * window + 1, np.int64)
        self._taken = Events(np.zeros(0, event_type(real)), np.zeros(groups + 1, np.int64))
        windows = -(-steps // window)
        none = (np.zeros(0, kind) for kind in (np.int64, *(np.int32,) * 4, real))
        bounds = (np.full(windows, -1), np.full(windows, -1), np.zeros(windows, np.int64))
        self.queue = Queue._make([*bounds, *none, np.array([0, -1, 0])])

    def send(self, step: Ints, member: Ints, cell: Ints) -> None:
        """Enter what some spikes will deliver; see :func:`send`."""
        used, _, freed = self.queue.room
        most = count_blocks(member, cell, self.wiring, len(self.queue.head))
        needed = used + max(0, int(most - freed))
        if needed > len(self.queue.following):
            self._grow(max(needed, 2 * len(self.queue.following)))
        send(step, member, cell, self.wiring, self.places, self.window, self.steps, self.queue)

    def _grow(self, blocks: int) -> None:
        grown = {"following": _longer(self.queue.following, blocks)}
        grown |= {n: _longer(getattr(self.queue, n), blocks * BLOCK) for n in _ENTRIES}
        self.queue = self.queue._replace(**grown)

    def take(self, first: int, steps: int, inputs: Inputs) -> Events:
        """Return one window's events; the next call may overwrite them."""
        low, high = np.searchsorted(inputs.step, [first, first + steps])
        w = first // self.window
        size = int(self.queue.entries[w] + high - low)
        if size > len(self._taken.events):
            events = np.zeros(2 * size, self._taken.events.dtype)
            self._taken = self._taken._replace(events=events)
        gather(w, first, steps, self.queue, inputs, low, high, self._count, self._taken)
        return self._taken

    def state(self) -> Queue:
        """Return a copy of what is under way."""
        used = int(self.queue.room[_USED])
        kept = {n: getattr(self.queue, n)[: used * BLOCK] for n in _ENTRIES}
        kept["following"] = self.queue.following[:used]
        return _copy(self.queue._replace(**kept))

    def restore(self, state: Queue) -> None:
        """Go back to an earlier state."""
        self.queue = _copy(state)


def _longer(array: Ints, size: int) -> Ints:
    grown = np.empty(size, array.dtype)
    grown[: len(array)] = array
    return grown


def _copy(queue: Queue) -> Queue:
    return Queue._make(array.copy() for array in queue)
