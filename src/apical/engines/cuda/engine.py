"""The CUDA engine's loop: windows of steps in which no spike can reach another cell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from apical.engines.base import Member, RawResult, Snapshot, changing, check_voltages, whole
from apical.engines.cuda.device import check, to_device
from apical.engines.cuda.events import words_for
from apical.engines.cuda.population import Population
from apical.errors import EngineError, NumericalError
from apical.plan.discretise import Ints
from apical.plan.plan import Inputs, Plan, time_of

#: Longest window, so that progress is seen and a run can be stopped soon.
_MAX_WINDOW = 200


class CudaEngine:
    """One thread of a GPU for each cell of each member.

    Raises
    ------
    EngineError
        If there is no GPU.
    """

    name = "cuda"
    members_at_once = 1024

    def __init__(self) -> None:
        check()

    def prepare(self, plan: Plan) -> None:
        """Kernels are compiled when they are first launched."""

    def start(self, members: Sequence[Member], *, threads: int | None = None) -> CudaRun:
        """Prepare a batch; see :class:`apical.engines.base.Engine`. `threads` changes nothing.

        Raises
        ------
        EngineError
            If the GPU cannot hold the batch.
        """
        if any(m.plan.structure != members[0].plan.structure for m in members[1:]):
            raise EngineError("members of a batch must have plans of one structure")
        return CudaRun(members)


class CudaRun:
    """Members on their way; see :class:`apical.engines.base.Run`."""

    def __init__(self, members: Sequence[Member]) -> None:
        self.members, self.plan = members, members[0].plan
        self.step, self.steps = 0, self.plan.steps
        self.failures: dict[int, NumericalError] = {}
        self.half_made = False
        self.window = min(_MAX_WINDOW, *(m.plan.window for m in members), self.steps)
        self._populations = [
            Population(members, index, self.window) for index in range(len(self.plan.populations))
        ]
        columns = self.plan.cells * len(members)
        self._history = to_device(np.zeros((words_for(members, self.window), columns), np.uint32))
        # step, member and cell of every spike so far, window by window
        self._spikes: list[tuple[Ints, Ints, Ints]] = []

    @whole
    @changing
    def advance(self, windows: int = 1) -> int:
        """Advance every member by one window: a device has no use for more."""
        first, steps = self.step, min(self.window - self.step % self.window, self.steps - self.step)
        if steps == 0:
            return first
        for population in self._populations:
            population.advance(first, steps, self._history)
        for population in self._populations:
            population.sampler.collect(first, steps)
        self.step = first + steps
        self._note_spikes(first, steps)
        self._note_failures()
        return self.step

    @whole
    def result(self, member: int, *, copy: bool = True) -> RawResult:
        """Return what a member has given so far; always copies."""
        plan = self.members[member].plan
        none = np.zeros(0, np.int64)
        columns = zip(*self._spikes, strict=True) if self._spikes else [(none,)] * 3
        step, owner, cell = (np.concatenate(column) for column in columns)
        mine = owner == member
        dipole, recordings, observed = [], {}, {}
        for population in self._populations:
            sampler = population.sampler
            dipole.append(sampler.dipole(member, self.step))
            recordings.update(sampler.recordings(member, self.step))
            observed.update(sampler.observed(member, self.step))
        return RawResult(
            np.stack(dipole), time_of(step[mine], plan.dt), cell[mine],
            tuple(recordings[k] for k in sorted(recordings)),
            tuple(observed[k] for k in sorted(observed)),
        )  # fmt: skip

    @whole
    def snapshot(self) -> Snapshot:
        """Return a copy of the state."""
        cells = [population.state() for population in self._populations]
        return Snapshot(self.step, (cells, self._history.copy_to_host()))

    @changing
    def rewind(self, snapshot: Snapshot, inputs: Sequence[Sequence[Inputs]] | None = None) -> None:
        """Go back to a snapshot, and on from there."""
        self.step, (cells, history) = snapshot.step, snapshot.state
        self._history.copy_to_device(history)
        for population, state in zip(self._populations, cells, strict=True):
            population.restore(state)
            if inputs is not None:
                population.give([given[population.index] for given in inputs])
        self._spikes = [_until(part, self.step) for part in self._spikes]
        end = self.step * self.plan.dt
        self.failures = {m: f for m, f in self.failures.items() if f.time <= end}

    def close(self) -> None:
        """Let the memory of the GPU go."""
        self._populations = []

    def _note_spikes(self, first: int, steps: int) -> None:
        """Keep a window's spikes, but not those of members that have failed before."""
        numbers = np.arange(first // 32, (first + steps - 1) // 32 + 1)
        rows = [self._history[int(k) % self._history.shape[0]].copy_to_host() for k in numbers]
        words = np.stack(rows).astype(np.int64)
        word, column = np.nonzero(words)
        which, bit = np.nonzero((words[word, column][:, None] >> np.arange(32)) & 1)
        # the step after the one that ended with the spike
        step = 32 * numbers[word[which]] + bit + 1
        cell, member = np.divmod(column[which], len(self.members))
        kept = (first < step) & ~np.isin(member, list(self.failures))
        order = np.flatnonzero(kept)[np.lexsort((cell[kept], step[kept]))]
        self._spikes.append((step[order], member[order], cell[order]))

    def _note_failures(self) -> None:
        """Mark members that diverged; their cells go on, and nobody listens."""
        for population in self._populations:
            for m in set(population.diverged().tolist()) - self.failures.keys():
                failure = check_voltages(
                    self.members[m].plan, population.index, population.voltages(m), self.step
                )
                if failure:
                    self.failures[m] = failure


def _until(spikes: tuple[Ints, Ints, Ints], step: int) -> tuple[Ints, Ints, Ints]:
    """Return the spikes of the first steps."""
    step_of, member, cell = spikes
    kept = step_of <= step
    return step_of[kept], member[kept], cell[kept]
