"""Events: what drives deliver, and spikes of other cells, which every thread looks up by itself.

Who spiked when is kept as bits, one for each step, 32 in a word: spikes of the last steps of all
cells, as many as the longest delay needs. At a step, a thread asks for each connection to its cell
whether the source spiked as long ago as the connection takes. To ask so rarely, it first collects
in which of the next 32 steps anything arrives at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from apical.engines.base import Member
from apical.engines.cuda.device import device, to_device
from apical.engines.cuda.layout import REAL, distinct_of, places, rounded
from apical.plan.cell import CellPlan
from apical.plan.connect import columns
from apical.plan.discretise import Ints
from apical.plan.plan import Inputs, arrival_step


class Given(NamedTuple):
    """What drives deliver to a population, sorted by thread, then step.

    Parameters
    ----------
    start : array of int, (threads + 1,)
        First event of each thread.
    step, mechanism, place : array of int
        When it arrives, and at which instance.
    weight : array, µS
    """

    start: Any
    step: Any
    mechanism: Any
    place: Any
    weight: Any


class Wires(NamedTuple):
    """Connections onto a population, those of members that share them only once.

    Parameters
    ----------
    which : array of int, (members,)
        Which set of connections is a member's.
    start : array of int, (sets · cells + 1,)
        First connection onto each cell; those of one cell are sorted by source.
    source : array of int
        Global index of the cell that it comes from.
    delay : array of int
        Steps between the step that ends with a spike and the one that takes the event.
    mechanism, place : array of int
        The instance that it leads to.
    weight : array, µS
    """

    which: Any
    start: Any
    source: Any
    delay: Any
    mechanism: Any
    place: Any
    weight: Any


# --- on the GPU -------------------------------------------------------------------------------


@device
def first_given(t, first, given):
    """Return a thread's first event that is not before a step."""
    low, high = given.start[t], given.start[t + 1]
    while low < high:
        middle = (low + high) // 2
        if given.step[middle] < first:
            low = middle + 1
        else:
            high = middle
    return low


@device
def waiting(low, high, first, steps, m, M, wires, history):
    """Return, as bits, in which of the next 32 steps events arrive over some connections."""
    last, found = history.shape[0] - 1, np.int64(0)
    for row in range(low, high):
        column = np.uint32(wires.source[row] * M + m)
        spike = first - wires.delay[row]
        word, bit = spike >> 5, spike & 31
        found |= np.int64(history[np.uint32(word & last), column]) >> bit
        found |= np.int64(history[np.uint32((word + 1) & last), column]) << (32 - bit)
    return found & ((1 << min(steps, 32)) - 1)


@device
def arrives(row, step, m, M, wires, history):
    """Whether an event arrives over a connection in a step."""
    spike = step - wires.delay[row]
    word = np.uint32((spike >> 5) & (history.shape[0] - 1))
    spiked = np.int64(history[word, np.uint32(wires.source[row] * M + m)])
    return (spiked >> (spike & 31)) & 1 == 1


# --- before -----------------------------------------------------------------------------------


def words_for(members: Sequence[Member], window: int) -> int:
    """Return how many words of spikes must be kept: a power of two, to count in circles."""
    delays = [
        arrival_step(c.delay.max(initial=0.0), m.plan.dt)
        for m in members
        for c in m.plan.connections
    ]
    needed = (int(max(delays, default=0)) + window) // 32 + 4
    return 1 << (needed - 1).bit_length()


def wire(members: Sequence[Member], population: int) -> Wires:
    """Return the connections onto a population of all members."""
    plan = members[0].plan
    n, cell = plan.populations[population].n, plan.populations[population].cell
    distinct, which = distinct_of([m.plan.connections[population] for m in members])
    source, target, mechanism, instance, weight, delay = columns(
        distinct, ("source", "cell", "mechanism", "instance"), ("weight", "delay")
    )
    target = target + n * np.repeat(np.arange(len(distinct)), [c.n for c in distinct])
    order = np.argsort(target, kind="stable")
    start = np.searchsorted(target[order], np.arange(n * len(distinct) + 1))
    # a spike at the end of step k has time (k + 1)·dt, so that its arrival is a whole number of
    # steps later
    steps = arrival_step(delay, plan.dt) + 1
    return Wires(
        to_device(which), to_device(start), _short(source[order]), _short(steps[order]),
        _short(mechanism[order]), _short(_placed(cell, mechanism, instance)[order]),
        to_device(rounded(weight[order], REAL[plan.precision])),
    )  # fmt: skip


def give(members: Sequence[Member], population: int, inputs: Sequence[Inputs]) -> Given:
    """Return what drives deliver to a population of all members."""
    plan = members[0].plan
    found = plan.populations[population]
    step, cell, mechanism, instance, weight = columns(
        inputs, ("step", "cell", "mechanism", "instance"), ("weight",)
    )
    owner = np.repeat(np.arange(len(members)), [len(given.step) for given in inputs])
    thread = cell * len(members) + owner
    order = np.lexsort((step, thread))
    start = np.searchsorted(thread[order], np.arange(found.n * len(members) + 1))
    return Given(
        to_device(start), _short(step[order]), _short(mechanism[order]),
        _short(_placed(found.cell, mechanism, instance)[order]),
        to_device(rounded(weight[order], REAL[plan.precision])),
    )  # fmt: skip


def _short(values: Ints) -> Any:
    # half the memory to read
    return to_device(values.astype(np.int32))


def _placed(cell: CellPlan, mechanism: Ints, instance: Ints) -> Ints:
    """Return where instances lie among the rows of their mechanism."""
    place = np.zeros(len(instance), np.int64)
    for k, of_cell in enumerate(cell.mechanisms):
        mine = mechanism == k
        place[mine] = places(of_cell)[instance[mine]]
    return place
