"""The reference engine's loop: one step after the other, in the order of the contract."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from apical.engines.base import RawResult, Report, check_voltages
from apical.engines.reference.cells import Cells
from apical.errors import EngineError
from apical.plan.connect import Connections
from apical.plan.discretise import Floats, Ints
from apical.plan.plan import Inputs, Plan, arrival_step, deliveries, time_of

#: Events waiting for a step: (cell, mechanism, instance, weight).
Waiting = dict[int, list[tuple[Ints, Ints, Ints, Floats]]]


class ReferenceEngine:
    """Plain NumPy, one step at a time. Slow; what the others are measured against."""

    name = "reference"

    def run(
        self,
        plan: Plan,
        inputs: Sequence[Inputs],
        *,
        threads: int | None = None,
        report: Report | None = None,
    ) -> RawResult:
        """Run one trial; see :class:`apical.engines.base.Engine`. `threads` changes nothing."""
        if plan.precision != "double":
            raise EngineError("the reference engine computes in double precision only")
        populations = [
            Cells(p, start, [c for c in plan.clamps if c.population == i], plan.rates)
            for i, (p, start) in enumerate(zip(plan.populations, plan.start, strict=True))
        ]
        waiting = [_waiting(given) for given in inputs]
        samples = _Samples(plan, populations)
        spikes: list[tuple[float, int]] = []
        # overflow is no surprise where cells diverge, and is reported with its place
        with np.errstate(all="ignore"):
            for step in range(plan.steps):
                spikes += self._step(plan, populations, waiting, step)
                samples.take(step + 1)
                if report and (step % 100 == 99 or step + 1 == plan.steps):
                    report(step + 1)
        return samples.result(spikes)

    def _step(
        self, plan: Plan, populations: list[Cells], waiting: list[Waiting], step: int
    ) -> list[tuple[float, int]]:
        """Do one step of every population; return its spikes."""
        time, found = float(time_of(step + 1, plan.dt)), []
        for index, cells in enumerate(populations):
            for events in waiting[index].pop(step, ()):
                cells.receive(*events)
            node, threshold = cells.cell.spike_node, cells.cell.threshold
            below = cells.v[node] <= threshold
            cells.advance(step, plan.dt)
            check_voltages(plan, index, cells.v, step + 1)
            crossed = np.flatnonzero(below & (cells.v[node] > threshold))
            found += [(time, cells.plan.first + int(c)) for c in crossed]
        if found:
            self._send(plan, waiting, np.array([c for _, c in found]), time)
        return found

    def _send(self, plan: Plan, waiting: list[Waiting], sources: Ints, time: float) -> None:
        for connections, queue in zip(plan.connections, waiting, strict=True):
            rows, arrival = deliveries(connections, np.full(len(sources), time), sources)
            _enqueue(queue, rows, arrival_step(arrival, plan.dt))


def _enqueue(queue: Waiting, rows: Connections, step: Ints) -> None:
    for s in np.unique(step):
        now = rows.take(np.flatnonzero(step == s))
        queue[int(s)].append((now.cell, now.mechanism, now.instance, now.weight))


def _waiting(given: Inputs) -> Waiting:
    queue: Waiting = defaultdict(list)
    for s in np.unique(given.step):
        now = np.flatnonzero(given.step == s)
        queue[int(s)].append(
            (given.cell[now], given.mechanism[now], given.instance[now], given.weight[now])
        )
    return queue


class _Samples:
    """Dipoles and recordings, filled step by step."""

    def __init__(self, plan: Plan, populations: list[Cells]) -> None:
        self.plan, self.populations = plan, populations
        self.dipole = np.zeros((len(populations), plan.steps + 1))
        self.recordings = [
            np.zeros((len(r.cells), len(r.sites), r.samples(plan.steps))) for r in plan.recordings
        ]
        self.take(0)

    def take(self, sample: int) -> None:
        for index, cells in enumerate(self.populations):
            if cells.plan.dipole:
                self.dipole[index, sample] = (cells.cell.dipole @ cells.v).sum()
        for request, kept in zip(self.plan.recordings, self.recordings, strict=True):
            if sample % request.every == 0:
                cells = self.populations[request.population]
                source = {"v": cells.v, "i_membrane": cells.i_membrane}.get(request.variable)
                if source is None:
                    source = cells.states[request.mechanism][request.state]
                kept[:, :, sample // request.every] = source[np.ix_(request.sites, request.cells)].T

    def result(self, spikes: list[tuple[float, int]]) -> RawResult:
        spikes = sorted(spikes)
        return RawResult(
            self.dipole, np.array([t for t, _ in spikes], float),
            np.array([c for _, c in spikes], np.int64), tuple(self.recordings),
        )  # fmt: skip
