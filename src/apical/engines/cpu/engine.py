"""The CPU engine's loop: windows of steps in which no spike can reach another cell."""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numba import njit

from apical.engines.base import LIMIT, RawResult, Report, check_voltages
from apical.engines.cpu.advance import Clamps, Events, Records, Spikes, advance
from apical.engines.cpu.events import Calendar
from apical.engines.cpu.layout import fill
from apical.engines.cpu.math import OPTIONS
from apical.engines.cpu.program import cell_program
from apical.errors import EngineError
from apical.plan.cell import CellState, pool_outputs
from apical.plan.connect import PopulationPlan
from apical.plan.discretise import Floats, Ints
from apical.plan.plan import Inputs, Plan, time_of

#: Longest window, so that progress is seen and a run can be stopped soon.
_MAX_WINDOW = 200


class CpuEngine:
    """Compiled kernels, vectorised across cells, threads over groups of cells."""

    name = "cpu"

    def run(
        self,
        plan: Plan,
        inputs: Sequence[Inputs],
        *,
        threads: int | None = None,
        report: Report | None = None,
    ) -> RawResult:
        """Run one trial; see :class:`apical.engines.base.Engine`."""
        threads = (os.cpu_count() or 1) if threads is None else threads
        if threads < 1:
            raise EngineError(f"threads must be at least 1; got {threads}")
        window = min(plan.window, _MAX_WINDOW)
        runs = [_Population(plan, index, given, window) for index, given in enumerate(inputs)]
        spikes: list[tuple[Ints, Ints]] = []
        with ThreadPoolExecutor(threads) as pool:
            for first in range(0, plan.steps, window):
                steps = min(window, plan.steps - first)
                tasks = [t for r in runs for t in r.tasks(first, steps, threads)]
                list(pool.map(lambda task: task[0](*task[1:]), tasks))
                spikes.append(_exchange(runs, first, steps))
                if report:
                    report(first + steps)
        return _result(plan, runs, spikes)


def _exchange(runs: list[_Population], first: int, steps: int) -> tuple[Ints, Ints]:
    """Collect a window's samples and spikes, and send the spikes on their way."""
    for run in runs:
        run.collect(first, steps)
    found = [run.spikes() for run in runs]
    step = np.concatenate([np.zeros(0, np.int64), *(s for s, _ in found)])
    cell = np.concatenate([np.zeros(0, np.int64), *(c for _, c in found)])
    order = np.lexsort((cell, step))
    step, cell = step[order], cell[order]
    if len(step):
        for run in runs:
            run.calendar.send(step, cell)
    return step, cell


def _result(plan: Plan, runs: list[_Population], spikes: list[tuple[Ints, Ints]]) -> RawResult:
    recordings: list[Floats] = []
    for index, request in enumerate(plan.recordings):
        recordings.append(runs[request.population].recorded_as(index))
    step = np.concatenate([np.zeros(0, np.int64), *(s for s, _ in spikes)])
    cell = np.concatenate([np.zeros(0, np.int64), *(c for _, c in spikes)])
    dipole = np.stack([run.dipole for run in runs]) if runs else np.zeros((0, plan.steps + 1))
    return RawResult(dipole, time_of(step, plan.dt), cell, tuple(recordings))


@njit(**OPTIONS)
def _sum_cells(dipoles, cells, lanes, out):  # noqa: ANN001, ANN202
    """Add up the cells' dipoles in the order of cells."""
    for s in range(out.shape[0]):
        total = 0.0
        for c in range(cells):
            total += dipoles[c // lanes, s, c % lanes]
        out[s] = total


class _Population:
    """One population while it runs."""

    def __init__(self, plan: Plan, index: int, inputs: Inputs, window: int) -> None:
        self.plan, self.index = plan, index
        self.population: PopulationPlan = plan.populations[index]
        cell = self.population.cell
        self.program = cell_program(
            cell, plan.rates, plan.precision, plan.dt, self.population.dipole
        )
        layout = self.program.layout
        start = plan.start[index]
        self.lanes = layout.lanes
        self.block = fill(self.population, layout, start)
        self.groups = len(self.block)
        self._fill_outputs(start)
        self.calendar = Calendar(
            plan.connections[index], inputs, plan.cells, plan.steps, window, plan.dt
        )
        self.dipoles = np.zeros((self.groups, window, self.lanes), layout.real)
        self.dipole = np.zeros(plan.steps + 1)
        if self.population.dipole:
            lanes = np.repeat((cell.dipole * start.v).sum(), self.population.n)
            self.dipole[0] = lanes.sum()
        room = self.lanes * (window // 2 + 1)
        self.spiked = Spikes(
            np.zeros((self.groups, room), np.int64), np.zeros((self.groups, room), np.int64),
            np.zeros(self.groups, np.int64),
        )  # fmt: skip
        self.clamps = self._clamps()
        self._prepare_recordings()

    def _fill_outputs(self, start: CellState) -> None:
        """Let channels see what pools give at the start."""
        cell, outputs, n = self.population.cell, {}, self.population.cell.tree.nodes
        for mechanism, states in zip(cell.mechanisms, start.states, strict=True):
            outputs.update(pool_outputs(cell, mechanism, states, start.v, outputs))
        for name, row in self.program.layout.outputs.items():
            values = self.program.layout.across(np.asarray(outputs[name]))
            self.block[:, row * self.lanes : (row + n) * self.lanes] = values

    def _clamps(self) -> Clamps:
        """Pack the clamps of this population by group."""
        rows = [
            (int(c), clamp.node, clamp.amplitude, clamp.first, clamp.last)
            for clamp in self.plan.clamps
            if clamp.population == self.index
            for c in clamp.cells
        ]
        rows.sort(key=lambda row: row[0] // self.lanes)
        cells = np.array([r[0] for r in rows], np.int64)
        group, lane = cells // self.lanes, cells % self.lanes
        start = np.searchsorted(group, np.arange(self.groups + 1)).astype(np.int64)
        node, first, last = (np.array([r[k] for r in rows], np.int64) for k in (1, 3, 4))
        amplitude = np.array([r[2] for r in rows], self.program.layout.real)
        return Clamps(lane, node, amplitude, first, last, start)

    def _prepare_recordings(self) -> None:
        """Turn every recorded value into an index into its group's block."""
        self.recorded_shapes: dict[int, tuple[int, tuple[int, int, int]]] = {}
        rows: list[tuple[int, int, int, int]] = []
        size, self.has_membrane = 0, False
        for number, request in enumerate(self.plan.recordings):
            if request.population != self.index:
                continue
            samples = request.samples(self.plan.steps)
            self.recorded_shapes[number] = size, (len(request.cells), len(request.sites), samples)
            self.has_membrane |= request.variable == "i_membrane"
            for cell in request.cells:
                for site in request.sites:
                    row = self._row(request.variable, request.mechanism, request.state) + int(site)
                    rows.append(
                        (int(cell), row * self.lanes + int(cell) % self.lanes, request.every, size)
                    )
                    size += samples
        self.recorded = np.zeros(size)
        for cell, index, _, place in rows:
            self.recorded[place] = self.block[cell // self.lanes, index]
        rows.sort(key=lambda row: row[0] // self.lanes)
        group = np.array([r[0] // self.lanes for r in rows], np.int64)
        start = np.searchsorted(group, np.arange(self.groups + 1)).astype(np.int64)
        where, every, place = (np.array([r[k] for r in rows], np.int64) for k in (1, 2, 3))
        self.records = Records(where, every, place, start, self.recorded)

    def _row(self, variable: str, mechanism: int, state: int) -> int:
        layout = self.program.layout
        if variable == "state":
            n = self.population.cell.mechanisms[mechanism].n
            return layout.states[mechanism] + state * n
        return 0 if variable == "v" else layout.membrane

    def tasks(self, first: int, steps: int, threads: int) -> list[tuple]:
        """Return the calls that advance this population by a window, one per thread at most."""
        events = Events(*self.calendar.take(first, steps, self.groups, self.program.layout))
        bounds = np.linspace(0, self.groups, min(threads, self.groups) + 1).astype(int)
        return [
            (
                advance, self.block, int(a), int(b), first, steps,
                self.program.layout.real(self.plan.dt), self.program.model,
                events, self.clamps, self.records, self.spiked, self.dipoles, self.has_membrane,
            )
            for a, b in itertools.pairwise(bounds)
        ]  # fmt: skip

    def collect(self, first: int, steps: int) -> None:
        """Check the voltages and sum the dipoles of a window."""
        n, nodes = self.population.n, self.population.cell.tree.nodes
        v = self.block[:, : nodes * self.lanes].reshape(self.groups, nodes, self.lanes)
        if not (np.abs(v) <= LIMIT).all():
            cells = v.transpose(1, 0, 2).reshape(nodes, -1)[:, :n]
            check_voltages(self.plan, self.index, cells, first + steps)
        if self.population.dipole:
            _sum_cells(self.dipoles, n, self.lanes, self.dipole[first + 1 : first + steps + 1])

    def spikes(self) -> tuple[Ints, Ints]:
        """Return step and global cell of a window's spikes; lanes beyond the last cell are idle."""
        step: list[Ints] = [np.zeros(0, np.int64)]
        cell: list[Ints] = [np.zeros(0, np.int64)]
        for group in np.flatnonzero(self.spiked.found):
            count = self.spiked.found[group]
            step.append(self.spiked.step[group, :count])
            cell.append(group * self.lanes + self.spiked.lane[group, :count])
        steps, cells = np.concatenate(step), np.concatenate(cell)
        real = cells < self.population.n
        return steps[real], cells[real] + self.population.first

    def recorded_as(self, number: int) -> Floats:
        """Return one recording, (cells, sites, samples)."""
        start, shape = self.recorded_shapes[number]
        return self.recorded[start : start + int(np.prod(shape))].reshape(shape)
