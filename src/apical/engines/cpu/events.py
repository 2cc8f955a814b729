"""Spikes under way: which events arrive in which window, without sorting all of them.

Every population has a calendar: one linked list of (step, connection) per window of steps.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from apical.engines.cpu.layout import Layout
from apical.engines.cpu.math import OPTIONS
from apical.plan.connect import Connections
from apical.plan.discretise import Floats, Ints
from apical.plan.plan import Inputs, arrival_step

# what `room` holds: entries ever used, the first of the freed ones, and how many those are
_USED, _FREE, _FREED = 0, 1, 2


@njit(**OPTIONS)
def _send(
    spike_step,
    spike_cell,
    first,
    delay_steps,
    window,
    steps,
    head,
    tail,
    following,
    step_of,
    row_of,
    room,
):
    """Enter every arrival of some spikes; `room` is updated."""
    for s in range(spike_step.shape[0]):
        cell = spike_cell[s]
        for row in range(first[cell], first[cell + 1]):
            arrival = spike_step[s] + delay_steps[row]
            if arrival >= steps:
                continue
            k = room[_FREE]
            if k >= 0:
                room[_FREE] = following[k]
                room[_FREED] -= 1
            else:
                k = room[_USED]
                room[_USED] += 1
            w = arrival // window
            step_of[k] = arrival
            row_of[k] = row
            following[k] = -1
            if head[w] < 0:
                head[w] = k
            else:
                following[tail[w]] = k
            tail[w] = k


@njit(**OPTIONS)
def _gather(
    entry,
    following,
    step_of,
    row_of,
    cell,
    input_rows,
    input_step,
    input_cell,
    first_step,
    steps,
    groups,
    lanes,
):
    """Order a window's events by group, then step, then as they were sent, inputs first.

    Returns positions: negative −1−i for input i, else the connection's row.
    """
    count = np.zeros(groups * steps + 1, np.int64)
    for i in range(input_rows[0], input_rows[1]):
        count[(input_cell[i] // lanes) * steps + input_step[i] - first_step + 1] += 1
    k = entry
    while k >= 0:
        count[(cell[row_of[k]] // lanes) * steps + step_of[k] - first_step + 1] += 1
        k = following[k]
    for b in range(1, count.shape[0]):
        count[b] += count[b - 1]
    start = np.empty(groups + 1, np.int64)
    for g in range(groups + 1):
        start[g] = count[g * steps]
    found = np.empty(count[groups * steps], np.int64)
    when = np.empty(count[groups * steps], np.int64)
    for i in range(input_rows[0], input_rows[1]):
        b = (input_cell[i] // lanes) * steps + input_step[i] - first_step
        found[count[b]], when[count[b]] = -1 - i, input_step[i]
        count[b] += 1
    k = entry
    while k >= 0:
        b = (cell[row_of[k]] // lanes) * steps + step_of[k] - first_step
        found[count[b]], when[count[b]] = row_of[k], step_of[k]
        count[b] += 1
        k = following[k]
    return found, when, start


class Calendar:
    """Events on their way to one population."""

    def __init__(
        self,
        connections: Connections,
        inputs: Inputs,
        cells: int,
        steps: int,
        window: int,
        dt: float,
    ) -> None:
        self.connections, self.inputs = connections, inputs
        self.steps, self.window = steps, window
        self.first = np.searchsorted(connections.source, np.arange(cells + 1)).astype(np.int64)
        # a spike at the end of step k has time (k + 1)·dt: its arrival is a whole number of
        # steps later, the same that apical.plan.arrival_step gives
        self.delay = arrival_step(connections.delay, dt)
        windows = -(-steps // window)
        self.head, self.tail = np.full(windows, -1), np.full(windows, -1)
        self.following, self.step_of, self.row_of = (np.empty(1024, np.int64) for _ in range(3))
        self.room = np.array([0, -1, 0])

    def send(self, step: Ints, cell: Ints) -> None:
        """Enter what some spikes will deliver.

        Parameters
        ----------
        step : array of int
            The step after the one that ended with each spike, ascending.
        cell : array of int
            Global index of the cells.
        """
        used, _, freed = self.room
        needed = used + max(0, int((self.first[cell + 1] - self.first[cell]).sum()) - freed)
        if needed > len(self.following):
            size = max(needed, 2 * len(self.following))
            for name in ("following", "step_of", "row_of"):
                grown = np.empty(size, np.int64)
                grown[:used] = getattr(self, name)[:used]
                setattr(self, name, grown)
        _send(
            step, cell, self.first, self.delay, self.window, self.steps, self.head, self.tail,
            self.following, self.step_of, self.row_of, self.room,
        )  # fmt: skip

    def take(
        self, first: int, steps: int, groups: int, layout: Layout
    ) -> tuple[Ints, Ints, Ints, Ints, Floats, Ints]:
        """Return one window's events: step, lane, mechanism, instance, weight, first of group."""
        given, rows = self.inputs, self.connections
        inside = np.searchsorted(given.step, [first, first + steps])
        found, when, start = _gather(
            self.head[first // self.window], self.following, self.step_of, self.row_of, rows.cell,
            inside, given.step, given.cell, first, steps, groups, layout.lanes,
        )  # fmt: skip
        is_input = found < 0
        self._release(first // self.window, int((~is_input).sum()))
        i, r = -1 - found[is_input], found[~is_input]
        columns = []
        for name in ("cell", "mechanism", "instance", "weight"):
            kind = layout.real if name == "weight" else np.int64
            column = np.empty(len(found), kind)
            column[is_input] = getattr(given, name)[i]
            column[~is_input] = getattr(rows, name)[r]
            columns.append(column)
        cell, mechanism, instance, weight = columns
        return when, cell % layout.lanes, mechanism, instance, weight, start

    def _release(self, window: int, count: int) -> None:
        """Let the entries of a window that has been taken be used again."""
        if count:
            self.following[self.tail[window]] = self.room[_FREE]
            self.room[_FREE] = self.head[window]
            self.room[_FREED] += count
            self.head[window] = -1
