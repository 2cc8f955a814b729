"""Snapshots of a run, kept in memory within bounds."""

from __future__ import annotations

from apical.engines.base import Run, Snapshot
from apical.plan.plan import Plan
from apical.running.batches import state_bytes

#: Bytes that snapshots may take, and how many there are at most.
_ROOM, _MOST = 2**30, 64


class Snapshots:
    """The state at the beginning, and then at even distances.

    Where there would be too many, every other one is dropped and the distance is doubled.

    Parameters
    ----------
    plan : Plan
        What is run.
    members : int
        How many members the run has.
    every : float, ms
        Distance to begin with.
    """

    def __init__(self, plan: Plan, members: int, every: float) -> None:
        self._every = max(1, round(min(every, plan.duration) / plan.dt))
        fitting = _ROOM // max(1, members * state_bytes(plan))
        self._most = min(_MOST, max(2, fitting))
        self._kept: list[Snapshot] = []

    def __len__(self) -> int:
        return len(self._kept)

    def offer(self, run: Run) -> None:
        """Take a snapshot if it is time."""
        if self._kept and run.step < self._kept[-1].step + self._every:
            return
        self._kept.append(run.snapshot())
        if len(self._kept) > self._most:
            self._kept, self._every = self._kept[::2], 2 * self._every

    def before(self, step: int) -> Snapshot:
        """Return the last that was taken before a step was done."""
        return next(s for s in reversed(self._kept) if s.step <= step)

    def forget(self, step: int) -> None:
        """Drop those of later steps."""
        self._kept = [s for s in self._kept if s.step <= step]
