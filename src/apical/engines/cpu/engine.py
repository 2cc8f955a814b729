"""The CPU engine's loop: windows of steps in which no spike can reach another cell."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from apical.engines.base import LIMIT, Member, RawResult, Snapshot, changing, check_voltages, whole
from apical.engines.cpu import loops, requests
from apical.engines.cpu.batch import Batch, Kind
from apical.engines.cpu.cache import compile_all
from apical.engines.cpu.program import shown_sources, sources
from apical.engines.cpu.tables import Axis
from apical.engines.cpu.team import Team
from apical.engines.cpu.traffic import Calendar, wire
from apical.errors import EngineError, NumericalError
from apical.plan.discretise import Floats, Ints
from apical.plan.first import first_sample
from apical.plan.plan import Inputs, Plan, time_of

#: Longest window, so that progress is seen and a run can be stopped soon.
_MAX_WINDOW = 200


class CpuEngine:
    """Compiled kernels, vectorised across cells and members, threads over groups of these."""

    name = "cpu"
    members_at_once = 64

    def prepare(self, plan: Plan) -> None:
        """Compile or load what a plan needs; see :class:`apical.engines.base.Engine`."""
        cells = {id(p.cell): p.cell for p in plan.populations}.values()
        found = [s for c in cells for s in sources(c, plan.rates, plan.precision, plan.dt)]
        found += shown_sources(plan)
        # the longest first, so that all processes are done at about the same time
        found.sort(key=lambda source: -len(source[1]))
        compile_all(loops.sources(plan.precision, bool(plan.observables)) + found)

    def start(self, members: Sequence[Member], *, threads: int | None = None) -> CpuRun:
        """Prepare a batch; see :class:`apical.engines.base.Engine`."""
        threads = (os.cpu_count() or 1) if threads is None else threads
        if threads < 1:
            raise EngineError(f"threads must be at least 1; got {threads}")
        if any(m.plan.structure != members[0].plan.structure for m in members[1:]):
            raise EngineError("members of a batch must have plans of one structure")
        return CpuRun(members, threads)


class CpuRun:
    """Members on their way; see :class:`apical.engines.base.Run`."""

    def __init__(self, members: Sequence[Member], threads: int) -> None:
        self.members, self.plan = members, members[0].plan
        self.step, self.steps = 0, self.plan.steps
        self.failures: dict[int, NumericalError] = {}
        self.half_made = False
        self.window = min(_MAX_WINDOW, *(m.plan.window for m in members), self.steps)
        self._batch = batch = Batch(members, self.window)
        self._groups, self._changing, self._fixed = batch.blocks()
        self._inputs = requests.inputs(batch, [m.inputs for m in members])
        wiring = wire(
            tuple(m.plan.connections for m in members), self.plan.cells, self.plan.dt, batch.real
        )
        shares = _shares(batch, self._groups["cells"], threads)
        self._calendar = Calendar(
            wiring, batch.places, batch.owners(), shares, self.steps, self.window, batch.real
        )
        self._clamps = requests.clamps(batch)
        self._records, self._recorded = requests.records(batch)
        self._sums, parts = requests.sums(batch)
        self._spiked = batch.spikes(self._groups)
        self._diverged = np.zeros(batch.groups, np.bool_)
        self._outputs, self._sampled = requests.outputs(batch, parts)
        self._fill_first_samples()
        self._kept = self._first_records()
        self._axis = Axis(batch.real(self.plan.dt), batch.real(LIMIT))
        work = [batch.work(self._sums) for _ in shares]
        self._team = Team(batch.precision, shares, work, self.window, self.steps)

    @whole
    @changing
    def advance(self, windows: int = 1) -> int:
        """Advance every member by some windows; by one if something is recorded."""
        first = self.step
        windows = 1 if self.plan.recordings else max(1, windows)
        last = min(first - first % self.window + windows * self.window, self.steps)
        if first == last:
            return self.step
        self._calendar.give(self._inputs, first)
        self.step = self._team.advance(first, last, self._calendar, self._arguments)
        self._keep(first, self.step - first)
        if self._diverged.any():
            self._note_failures()
        return self.step

    @whole
    def result(self, member: int, *, copy: bool = True) -> RawResult:
        """Return what a member has given so far."""
        spiked = self._calendar.spiked()
        mine = spiked.member == member
        n, plan = len(self.plan.populations), self.members[member].plan
        recordings = tuple(
            request.given(kept, self.step, copy=copy)
            for request, kept in zip(plan.recordings, self._kept[member], strict=True)
        )
        observed = tuple(
            request.with_injected(
                values[member, :, : request.samples(self.step)], plan.clamps, self.step, copy=copy
            )
            for values, request in zip(self._sampled[n:], plan.observables, strict=True)
        )
        dipole = np.zeros((n, self.step + 1))
        for row, values in zip(dipole, self._sampled[:n], strict=True):
            row[:] = values[member, 0, : self.step + 1]
        time = time_of(spiked.step[mine], self.plan.dt)
        return RawResult(dipole, time, spiked.cell[mine], recordings, observed)

    @whole
    def snapshot(self) -> Snapshot:
        """Return a copy of the state."""
        return Snapshot(self.step, (self._changing.copy(), self._calendar.state()))

    @changing
    def rewind(self, snapshot: Snapshot, inputs: Sequence[Sequence[Inputs]] | None = None) -> None:
        """Go back to a snapshot, and on from there."""
        # after Ctrl-C some threads may still be at work, and units may never have been begun
        self._team.abandon()
        changing, calendar = snapshot.state
        self._changing[:] = changing
        self._calendar.restore(calendar, snapshot.step)
        self.step = snapshot.step
        end = self.step * self.plan.dt
        self.failures = {m: f for m, f in self.failures.items() if f.time <= end}
        if inputs is not None:
            self._inputs = requests.inputs(self._batch, inputs)

    def close(self) -> None:
        """Let the threads go."""
        self._team.close()

    def _arguments(self) -> tuple[Any, ...]:
        """Return what all threads work with."""
        return (
            self._axis, self._batch.model, self._groups, self._changing, self._fixed,
            self._calendar.events, self._clamps, self._records, self._sums, self._spiked,
            self._diverged, self._outputs,
        )  # fmt: skip

    def _fill_first_samples(self) -> None:
        """Fill in the dipoles and observables of the start."""
        for m, member in enumerate(self.members):
            plan = member.plan
            for p, population in enumerate(plan.populations):
                if population.dipole:
                    dipole = (population.cell.dipole * self._started(plan, p)).sum()
                    self._sampled[p][m, 0, 0] = np.repeat(dipole, population.n).sum()
            for k, request in enumerate(plan.observables, len(plan.populations)):
                v = self._started(plan, request.population)
                self._sampled[k][m, :, 0] = request.of_start @ v

    def _started(self, plan: Plan, population: int) -> Floats:
        """Return the voltages of the start as they are held here: later samples see no others."""
        with np.errstate(over="ignore"):
            return plan.start[population].v.astype(self._batch.real).astype(np.float64)

    def _first_records(self) -> list[list[Floats]]:
        """Return room for what is recorded of every member, the start filled in."""
        found = []
        for member in self.members:
            found.append([r.room(self.steps) for r in member.plan.recordings])
            for request, kept in zip(member.plan.recordings, found[-1], strict=True):
                # what single precision cannot hold diverges, and is reported as that
                with np.errstate(over="ignore"):
                    kept[:, :, 0] = first_sample(member.plan, request).astype(self._batch.real)
        return found

    def _keep(self, first: int, steps: int) -> None:
        """Keep what was recorded in a window."""
        for kept, places in zip(self._kept, self._recorded, strict=True):
            for request, values, at in zip(self.plan.recordings, kept, places, strict=True):
                low, high = request.samples(first), request.samples(first + steps)
                shape = *values.shape[:2], requests.most_samples(request, self.window)
                found = self._records.values[at : at + int(np.prod(shape))].reshape(shape)
                values[:, :, low:high] = found[:, :, : high - low]

    def _note_failures(self) -> None:
        """Mark members that diverged, and let their cells start anew so that they do no harm."""
        columns: dict[tuple[int, int], Floats] = {}
        for kind in self._batch.kinds:
            for position, m in enumerate(kind.members):
                failure = check_voltages(
                    self.members[m].plan, kind.population, self._voltages(kind, m), self.step
                )
                if failure is None:
                    continue
                self.failures.setdefault(m, failure)
                self._restart(kind, m, self._batch.start_of(kind, position, columns))

    def _voltages(self, kind: Kind, member: int) -> Floats:
        """Return the voltages of a member's population, (nodes, cells)."""
        cells = np.arange(self.plan.populations[kind.population].n)
        nodes = kind.programs[0].cell.tree.nodes
        groups, lane = self._batch.places_of(member, kind.population, cells)
        at = self._groups["changing"][groups] + lane
        return self._changing[at + self._groups["lanes"][groups] * np.arange(nodes)[:, None]]

    def _restart(self, kind: Kind, member: int, column: Floats) -> None:
        cells = np.arange(self.plan.populations[kind.population].n)
        groups, lane = self._batch.places_of(member, kind.population, cells)
        for group in np.unique(groups):
            lanes, at = self._groups["lanes"][group], self._groups["changing"][group]
            block = self._changing[at : at + len(column) * lanes].reshape(len(column), lanes)
            block[:, lane[groups == group]] = column[:, None]


def _shares(batch: Batch, cells: Ints, threads: int) -> list[Ints]:
    """Divide the groups among threads, the costliest first, each to whom has least to do.

    They are begun in this order, so that who is done sooner finds little ones to take over.
    """
    # measured, in units of a byte of a row, some 0.055 ns a step: most work goes by lanes, some is
    # the same for every row, and some for every group
    cost, size = np.zeros(batch.groups), np.dtype(batch.real).itemsize
    for group, kind, lanes, _, _ in batch.each_group():
        cell, rows = kind.programs[0].cell, kind.programs[0].layout.rows
        sites = sum(m.n for m in cell.mechanisms if m.program.kind == "receptor")
        in_lanes = rows + cell.tree.nodes + sites
        cost[group] = in_lanes * size * lanes + 20 * rows + 2600
        sums = sum(
            o.outputs / o.every for o in batch.plan.observables if o.population == kind.population
        )
        cost[group] += 0.15 * size * sums * cell.tree.compartments * cells[group]
    shares: list[list[int]] = [[] for _ in range(max(1, min(threads, batch.groups)))]
    load = np.zeros(len(shares))
    for group in np.argsort(-cost, kind="stable"):
        least = int(load.argmin())
        shares[least].append(int(group))
        load[least] += cost[group]
    return [np.array(share, np.int64) for share in shares]
