"""The reference engine's loop: one step after the other, in the order of the contract."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from apical.engines.base import Member, RawResult, Snapshot, changing, check_voltages, whole
from apical.engines.reference.cells import Cells
from apical.errors import EngineError, NumericalError
from apical.plan.connect import Connections
from apical.plan.discretise import Floats, Ints
from apical.plan.plan import Inputs, Plan, arrival_step, deliveries, time_of

#: Events waiting for a step: (cell, mechanism, instance, weight).
Waiting = dict[int, list[tuple[Ints, Ints, Ints, Floats]]]
#: Steps from one report to the next.
_WINDOW = 100


class ReferenceEngine:
    """Plain NumPy, one member and step at a time. Slow; what the others are measured against."""

    name = "reference"
    members_at_once = 16

    def prepare(self, plan: Plan) -> None:
        """Nothing is compiled."""

    def start(self, members: Sequence[Member], *, threads: int | None = None) -> ReferenceRun:
        """Prepare a batch; see :class:`apical.engines.base.Engine`. `threads` changes nothing."""
        return ReferenceRun(members)


class ReferenceRun:
    """Members on their way; see :class:`apical.engines.base.Run`."""

    def __init__(self, members: Sequence[Member]) -> None:
        if any(m.plan.precision != "double" for m in members):
            raise EngineError("the reference engine computes in double precision only")
        self.step, self.steps = 0, members[0].plan.steps
        self.failures: dict[int, NumericalError] = {}
        self.half_made = False
        self._members = [_Member(m.plan, m.inputs) for m in members]

    @whole
    @changing
    def advance(self, windows: int = 1) -> int:
        """Advance every member by one window, which takes long enough."""
        last = min(self.steps, self.step + _WINDOW)
        for number, member in enumerate(self._members):
            if number not in self.failures:
                failure = member.advance(self.step, last)
                if failure:
                    self.failures[number] = failure
        self.step = last
        return last

    @whole
    def result(self, member: int, *, copy: bool = True) -> RawResult:
        """Return what a member has given so far."""
        return self._members[member].result(self.step, copy)

    @whole
    def snapshot(self) -> Snapshot:
        """Return a copy of the state."""
        return Snapshot(self.step, [copy.deepcopy(m.state) for m in self._members])

    @changing
    def rewind(self, snapshot: Snapshot, inputs: Sequence[Sequence[Inputs]] | None = None) -> None:
        """Go back to a snapshot, and on from there."""
        self.step = snapshot.step
        for member, state in zip(self._members, snapshot.state, strict=True):
            member.state = copy.deepcopy(state)
        for number, given in enumerate(inputs or []):
            self._members[number].inputs = [_waiting(g) for g in given]
        end = self.step * self._members[0].plan.dt
        self.failures = {k: f for k, f in self.failures.items() if f.time <= end}

    def close(self) -> None:
        """Nothing is held."""


class _State:
    """Everything that changes in one member, except samples."""

    def __init__(self, plan: Plan) -> None:
        self.populations = [
            Cells(
                p, start, [c for c in plan.clamps if c.population == i],
                [r for r in plan.recordings if r.population == i], plan.rates,
            )
            for i, (p, start) in enumerate(zip(plan.populations, plan.start, strict=True))
        ]  # fmt: skip
        self.sent: list[Waiting] = [defaultdict(list) for _ in plan.populations]
        self.spikes: list[tuple[float, int]] = []

    def __deepcopy__(self, memo: dict) -> _State:
        """Copy what changes, and share what does not."""
        new = copy.copy(self)
        new.populations = [cells.copy() for cells in self.populations]
        new.sent = [defaultdict(list, {s: list(e) for s, e in q.items()}) for q in self.sent]
        new.spikes = list(self.spikes)
        return new


class _Member:
    """One member: its state, inputs and samples."""

    def __init__(self, plan: Plan, inputs: Sequence[Inputs]) -> None:
        self.plan, self.state = plan, _State(plan)
        self.inputs = [_waiting(given) for given in inputs]
        self.samples = _Samples(plan)
        self.samples.take(0, self.state.populations)

    def advance(self, first: int, last: int) -> NumericalError | None:
        """Do some steps; return the failure that ended them, if one did."""
        # overflow is no surprise where cells diverge, and is reported with its place
        with np.errstate(all="ignore"):
            for step in range(first, last):
                failure = self._step(step)
                if failure:
                    return failure
                self.samples.take(step + 1, self.state.populations)
        return None

    def result(self, step: int, copy: bool) -> RawResult:
        spikes = sorted(self.state.spikes)
        return self.samples.result(step, spikes, copy)

    def _step(self, step: int) -> NumericalError | None:
        """Do one step of every population."""
        time, found, plan, state = float(time_of(step + 1, self.plan.dt)), [], self.plan, self.state
        for index, cells in enumerate(state.populations):
            for events in (*self.inputs[index].get(step, ()), *state.sent[index].pop(step, ())):
                cells.receive(*events)
            node, threshold = cells.cell.spike_node, cells.cell.threshold
            below = cells.v[node] <= threshold
            cells.advance(step, plan.dt)
            failure = check_voltages(plan, index, cells.v, step + 1)
            if failure:
                return failure
            crossed = np.flatnonzero(below & (cells.v[node] > threshold))
            found += [(time, cells.plan.first + int(c)) for c in crossed]
        if found:
            self._send(np.array([c for _, c in found]), time)
        state.spikes += found
        return None

    def _send(self, sources: Ints, time: float) -> None:
        for connections, queue in zip(self.plan.connections, self.state.sent, strict=True):
            rows, arrival = deliveries(connections, np.full(len(sources), time), sources)
            _enqueue(queue, rows, arrival_step(arrival, self.plan.dt))


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
    """Dipoles, recordings and observables, filled step by step."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.dipole = np.zeros((len(plan.populations), plan.steps + 1))
        self.recordings = [r.room(plan.steps) for r in plan.recordings]
        self.observed = [np.zeros((o.outputs, o.samples(plan.steps))) for o in plan.observables]

    def take(self, sample: int, populations: list[Cells]) -> None:
        for index, cells in enumerate(populations):
            if cells.plan.dipole:
                self.dipole[index, sample] = (cells.cell.dipole @ cells.v).sum()
        for request, kept in zip(self.plan.recordings, self.recordings, strict=True):
            if sample % request.every == 0:
                cells = populations[request.population]
                source = cells.shown(request)
                kept[:, :, sample // request.every] = source[np.ix_(request.sites, request.cells)].T
        for request, kept in zip(self.plan.observables, self.observed, strict=True):
            if sample % request.every == 0:
                v = populations[request.population].v
                kept[:, sample // request.every] = np.einsum("ocn,nc->o", request.weights, v)

    def result(self, step: int, spikes: list[tuple[float, int]], copy: bool) -> RawResult:
        recordings = tuple(
            request.given(kept, step, copy=copy)
            for request, kept in zip(self.plan.recordings, self.recordings, strict=True)
        )
        observed = tuple(
            request.with_injected(kept[:, : request.samples(step)], self.plan.clamps, step)
            for request, kept in zip(self.plan.observables, self.observed, strict=True)
        )
        return RawResult(
            self.dipole[:, : step + 1].copy(), np.array([t for t, _ in spikes], float),
            np.array([c for _, c in spikes], np.int64), recordings, observed,
        )  # fmt: skip
