"""The threads of a run, each with its groups."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np

from apical.engines.cpu.events import Calendar
from apical.engines.cpu.tables import Work
from apical.engines.cpu.together import (
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
    change_state,
    together,
)
from apical.plan.discretise import Ints


class Team:
    """Threads of one run, each with its groups."""

    def __init__(
        self, shares: Sequence[Ints], work: Sequence[Work], window: int, steps: int
    ) -> None:
        self.work = work
        self._pool = ThreadPoolExecutor(len(shares) - 1) if len(shares) > 1 else None
        self._there: dict[int, Future[int]] = {}
        self._arguments: tuple[Any, ...] = ()
        starts = np.cumsum([0, *(len(share) for share in shares)])
        begun, known, state = (np.zeros(len(shares) * APART, np.int64) for _ in range(3))
        done, clock = np.zeros(1, np.int64), np.zeros(7, np.int64)
        self.crew = Crew(np.concatenate(shares), starts, begun, known, done, state, clock)
        self.crew.clock[LONGEST], self.crew.clock[ALL] = window, steps

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
        self._call_back()
        return self._call(0)

    def _call_back(self) -> None:
        """Call the threads that have left."""
        for k in range(1, len(self.work)):
            if self._pool and self.crew.state[k * APART] == GONE:
                if k in self._there:
                    self._there[k].result()
                change_state(self.crew, k, HERE)
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
        everything: tuple[Any, ...] = me, self.crew, *self._arguments, self.work[me]
        return together(*everything)

    def dismiss(self) -> None:
        """Let the threads go; they come back with the next window."""
        for k in range(1, len(self.work)):
            change_state(self.crew, k, GONE)
        for there in self._there.values():
            if not there.cancel():
                there.result()
        self._there.clear()

    def abandon(self) -> None:
        """Let the threads go, and forget a window that was interrupted."""
        self.dismiss()
        for numbers in (self.crew.begun, self.crew.known, self.crew.done, self.crew.clock[STAGE:]):
            numbers[:] = 0

    def close(self) -> None:
        """Let the threads go for good."""
        self.dismiss()
        if self._pool is not None:
            self._pool.shutdown()
