"""The threads of a run, each with its groups."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np

from apical.engines.cpu.tables import Work
from apical.engines.cpu.together import (
    ADVANCE,
    APART,
    GONE,
    SUM,
    all_done,
    arrive,
    send_home,
    together,
)
from apical.plan.discretise import Ints


class Team:
    """Threads of one run, each with its groups."""

    def __init__(self, shares: Sequence[Ints], work: Sequence[Work]) -> None:
        self.shares, self.work = np.concatenate(shares), work
        self.starts = np.cumsum([0, *(len(share) for share in shares)])
        self.state = np.zeros(len(shares) * APART, np.int64)
        self.clock = np.zeros(3, np.int64)
        self._pool = ThreadPoolExecutor(len(shares) - 1) if len(shares) > 1 else None
        self._there: dict[int, Future[None]] = {}
        self._arguments: tuple[Any, ...] = ()

    def advance(self, first: int, steps: int, arguments: tuple[Any, ...]) -> None:
        """Advance all groups by a window, and sum what they give."""
        if [id(a) for a in arguments] != [id(a) for a in self._arguments]:
            self.dismiss()
            self._arguments = arguments
        for task in (ADVANCE, SUM):
            self.clock[:] = first, steps, task
            self._work_together()

    def _work_together(self) -> None:
        self._call_back()
        self._call(0)
        while not all_done(self.state):
            time.sleep(0)

    def _call_back(self) -> None:
        """Call the threads that have left."""
        for k in range(1, len(self.work)):
            if self._pool and self.state[k * APART] == GONE:
                if k in self._there:
                    self._there[k].result()
                arrive(self.state, k)
                self._there[k] = self._pool.submit(self._call, k)

    def _call(self, me: int) -> None:
        own = (me, self.state, self.clock, self.shares, self.starts)
        everything: tuple[Any, ...] = (*own, *self._arguments, self.work[me])
        together(*everything)

    def dismiss(self) -> None:
        """Let the threads go; they come back with the next window."""
        send_home(self.state)
        for thread in self._there.values():
            thread.result()
        self._there.clear()

    def close(self) -> None:
        """Let the threads go for good."""
        self.dismiss()
        if self._pool is not None:
            self._pool.shutdown()
