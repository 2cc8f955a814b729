"""The threads of a run, each with its groups."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np

from apical.engines.cpu.arguments import empty_run, table_of
from apical.engines.cpu.crew import (
    ADVANCE,
    ALL,
    APART,
    DONE,
    FIRST,
    FULL,
    GONE,
    HERE,
    LAST,
    LONGEST,
    STAGE,
    Crew,
)
from apical.engines.cpu.loops import address, entered
from apical.engines.cpu.tables import Run, Work
from apical.engines.cpu.traffic import Calendar
from apical.plan.discretise import Ints


class Team:
    """Threads of one run, each with its groups."""

    def __init__(
        self, precision: str, shares: Sequence[Ints], work: Sequence[Work], window: int, steps: int
    ) -> None:
        self.work = work
        self._enter, self._like = entered(precision), empty_run(precision)
        self._pool = ThreadPoolExecutor(len(shares) - 1) if len(shares) > 1 else None
        self._there: dict[int, Future[int]] = {}
        self._arguments: tuple[Any, ...] = ()
        self._tables: list[Ints] = []
        starts = np.cumsum([0, *(len(share) for share in shares)])
        begun, known, state = (np.zeros(len(shares) * APART, np.int64) for _ in range(3))
        done, clock = np.zeros(1, np.int64), np.zeros(8, np.int64)
        self.crew = Crew(np.concatenate(shares), starts, begun, known, done, state, clock)
        clock[LONGEST], clock[ALL] = window, steps
        clock[ADVANCE] = address("advance", precision)

    def advance(
        self, first: int, last: int, calendar: Calendar, arguments: Callable[[], tuple[Any, ...]]
    ) -> int:
        """Advance all groups window by window, sum what they give, and send their spikes on.

        That goes on to a given step, or to a window in which some group diverges. Returns the step.
        """
        self.crew.clock[FIRST], self.crew.clock[LAST] = first, last
        while (found := self._go_on((calendar.traffic, *arguments()))) != DONE:
            if found == FULL:
                calendar.grow()
            else:
                time.sleep(0)
        return int(self.crew.clock[FIRST])

    def _go_on(self, arguments: tuple[Any, ...]) -> int:
        if [id(a) for a in arguments] != [id(a) for a in self._arguments]:
            self.dismiss()
            self._arguments = arguments
            self._tables = [
                table_of(Run._make((self.crew, *arguments, work)), self._like) for work in self.work
            ]
        self._call_back()
        return self._call(0)

    def _call_back(self) -> None:
        """Call the threads that have left."""
        for k in range(1, len(self.work)):
            if self._pool and self.crew.state[k * APART] == GONE:
                if k in self._there:
                    self._there[k].result()
                self.crew.state[k * APART] = HERE
                # known before the pool has it, as Ctrl-C may come at any moment
                there = self._there[k] = Future()
                self._pool.submit(self._stay, there, k)

    def _stay(self, there: Future[int], me: int) -> None:
        """Be there until this thread leaves, unless it was let go before it came."""
        if there.set_running_or_notify_cancel():
            try:
                there.set_result(self._call(me))
            except BaseException as error:
                there.set_exception(error)

    def _call(self, me: int) -> int:
        return self._enter(self._tables[me].ctypes.data, me)

    def dismiss(self) -> None:
        """Let the threads go; they come back with the next window."""
        for k in range(1, len(self.work)):
            self.crew.state[k * APART] = GONE
        for there in self._there.values():
            if not there.cancel():
                there.result()
        self._there.clear()

    def abandon(self) -> None:
        """Let the threads go, and forget a window that was interrupted."""
        self.dismiss()
        clock = self.crew.clock[STAGE:ADVANCE]
        for numbers in (self.crew.begun, self.crew.known, self.crew.done, clock):
            numbers[:] = 0

    def close(self) -> None:
        """Let the threads go for good."""
        self.dismiss()
        if self._pool is not None:
            self._pool.shutdown()
