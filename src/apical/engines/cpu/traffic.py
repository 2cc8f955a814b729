"""Spikes, and those under way: which events arrive in which window, without sorting all of them.

Groups are divided into shares, and each share has a calendar: for every window of steps a list of
blocks of entries. So threads can enter and take events at the same time, each those of one share;
a group's events are in the same order however groups are divided.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from apical.engines.cpu.tables import Events, event_type
from apical.plan.connect import Connections
from apical.plan.discretise import Floats, Ints
from apical.plan.plan import arrival_step

#: Entries of a block.
BLOCK = 64
#: Steps after which nothing arrives: more than a run can have.
_LATEST = np.iinfo(np.int32).max
#: What `room` holds: blocks ever used, the first of the freed ones, and how many those are
USED, FREE, FREED = 0, 1, 2


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
    """A calendar of each share: each window's first and last block and its entries.

    For each block it has the next one and the events, each with its group's rank in the share.
    """

    head: Ints
    tail: Ints
    entries: Ints
    following: Ints
    events: Any
    room: Ints


class Spiked(NamedTuple):
    """Spikes so far, window by window, each by step, then by group and lane.

    Parameters
    ----------
    step : array of int
        The step after the one that ended with the spike.
    member, cell : array of int
        Who spiked: the member, and the cell's global index in it.
    """

    step: Ints
    member: Ints
    cell: Ints


class Traffic(NamedTuple):
    """Spikes and events.

    Parameters
    ----------
    wiring, places, queue, inputs : Wiring, Places, Queue, Inputs
    spiked : Spiked
        With room for more.
    owner, owner_at : array of int, (cells, 2) and (groups,)
        Member and global index of every cell of every group, and where a group's begin.
    share, rank : array of int, (groups,)
        Which share a group belongs to, and its rank there.
    room : array of int, (shares, …)
        Room to count in, for each group of a share and step, and one more.
    numbers : array of int
        The first of a window's inputs, and of the next one's; spikes so far, and with those of
        this window; blocks that a share may need, and events.
    """

    wiring: Wiring
    places: Places
    queue: Queue
    inputs: Inputs
    spiked: Spiked
    owner: Ints
    owner_at: Ints
    share: Ints
    rank: Ints
    room: Ints
    numbers: Ints


#: What the numbers of traffic are.
LOW, HIGH, SO_FAR, SPIKES, BLOCKS, EVENTS = 0, 1, 2, 3, 4, 5


@lru_cache(maxsize=2)
def wire(
    connections: tuple[tuple[Connections, ...], ...], cells: int, dt: float, real: type
) -> Wiring:
    """Join the connections of members, each set of them once; nothing of it changes."""
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
    delay = [np.minimum(arrival_step(c.delay, dt), _LATEST) for c in parts]
    return Wiring(
        first, last, _joined(delay, np.int32),
        _joined([c.cell for c in parts], np.int32), _joined([c.mechanism for c in parts], np.int32),
        _joined([c.instance for c in parts], np.int32), _joined([c.weight for c in parts], real),
    )  # fmt: skip


def _joined(parts: list, kind: type) -> Any:
    # what single precision cannot hold diverges, and is reported as that
    with np.errstate(over="ignore"):
        return np.concatenate([np.zeros(0, kind), *(p.astype(kind) for p in parts)])


class Calendar:
    """Spikes of all members of a batch, and events on their way, by shares of groups."""

    def __init__(
        self, wiring: Wiring, places: Places, owners: tuple[Ints, Ints], shares: Sequence[Ints],
        steps: int, window: int, real: type,
    ) -> None:  # fmt: skip
        n, groups, windows = len(shares), len(places.lanes), -(-steps // window)
        share, rank = np.zeros(groups, np.int64), np.zeros(groups, np.int64)
        for k, of_share in enumerate(shares):
            share[of_share], rank[of_share] = k, np.arange(len(of_share))
        # what a run of a column needs; there will be more where it does not do
        rows = int((wiring.last - wiring.first).sum())
        blocks, spikes = 16 + rows // (n * BLOCK), 4 * len(owners[0])
        self.events = Events(
            np.empty((n, 64 + rows // (8 * n)), event_type(real)),
            np.zeros(groups, np.int64), np.zeros(groups, np.int64), share,
        )  # fmt: skip
        bounds = (np.full((n, windows), -1), np.full((n, windows), -1))
        queue = Queue(
            *bounds, np.zeros((n, windows), np.int64), np.empty((n, blocks), np.int64),
            np.empty((n, blocks * BLOCK), event_type(real)), np.array([[0, -1, 0]] * n),
        )  # fmt: skip
        whole = np.zeros(0, np.int64)
        most = max(1, *map(len, shares)) * window + 1
        self.traffic = Traffic(
            wiring, places, queue, Inputs(whole, whole, whole, whole, np.zeros(0, real)),
            Spiked(*(np.empty(spikes, np.int64) for _ in range(3))), *owners, share, rank,
            np.zeros((n, most), np.int64), np.zeros(6, np.int64),
        )  # fmt: skip

    def give(self, inputs: Inputs, first: int) -> None:
        """Take what drives deliver from a step on."""
        if inputs is not self.traffic.inputs:
            self.traffic = self.traffic._replace(inputs=inputs)
        self.traffic.numbers[LOW] = np.searchsorted(inputs.step, first)

    def grow(self) -> None:
        """Make the room that was noted as needed."""
        queue, spiked, numbers = self.traffic.queue, self.traffic.spiked, self.traffic.numbers
        if numbers[EVENTS] > self.events.events.shape[1]:
            self.events = self.events._replace(
                events=_longer(self.events.events, 2 * numbers[EVENTS])
            )
        if numbers[SPIKES] > len(spiked.step):
            spikes = max(numbers[SPIKES], 2 * len(spiked.step))
            spiked = Spiked(*(_longer(column, spikes) for column in spiked))
        if numbers[BLOCKS] > queue.following.shape[1]:
            blocks = max(numbers[BLOCKS], 2 * queue.following.shape[1])
            following = _longer(queue.following, blocks)
            queue = queue._replace(
                following=following, events=_longer(queue.events, blocks * BLOCK)
            )
        self.traffic = self.traffic._replace(queue=queue, spiked=spiked)

    def spiked(self) -> Spiked:
        """Return the spikes so far; the next window may overwrite what follows them."""
        return Spiked(*(column[: self.traffic.numbers[SO_FAR]] for column in self.traffic.spiked))

    def state(self) -> Queue:
        """Return a copy of what is under way."""
        queue = self.traffic.queue
        used = int(queue.room[:, USED].max())
        following, events = queue.following[:, :used], queue.events[:, : used * BLOCK]
        return _copy(queue._replace(following=following, events=events))

    def restore(self, state: Queue, step: int) -> None:
        """Go back to an earlier state; later spikes are forgotten."""
        self.traffic = self.traffic._replace(queue=_copy(state))
        self.traffic.numbers[SO_FAR] = np.searchsorted(self.spiked().step, step, side="right")


def _longer(array: Any, size: int) -> Any:
    """Return an array with a longer last axis."""
    grown = np.empty((*array.shape[:-1], size), array.dtype)
    grown[..., : array.shape[-1]] = array
    return grown


def _copy(queue: Queue) -> Queue:
    return Queue._make(array.copy() for array in queue)
