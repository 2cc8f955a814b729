"""Members of a batch laid out: which cells share a group, and everything that a run changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from apical.engines.base import Member
from apical.engines.cpu.layout import FULL, LANES, REAL, aligned, at_start, lanes_in
from apical.engines.cpu.pack import pack
from apical.engines.cpu.program import CellProgram, cell_program
from apical.engines.cpu.tables import (
    AT_ONCE,
    GROUP,
    KEPT,
    Model,
    Rows,
    Sites,
    Spikes,
    Sums,
    Work,
)
from apical.engines.cpu.traffic import Places
from apical.plan.discretise import Floats, Ints


@dataclass(frozen=True)
class Kind:
    """Cells that can be lanes of one group: a population's, of members whose cells fit.

    Parameters
    ----------
    population : int
        Index of the population.
    members : list of int
        Whose cells these are, one member after the other.
    programs : list of CellProgram
        Each member's.
    first_group : int
        Its first group; groups of all kinds are counted together.
    lanes : list of int
        Lanes of each group.
    """

    population: int
    members: list[int]
    programs: list[CellProgram]
    first_group: int
    lanes: list[int]


class Batch:
    """Where every cell of every member is."""

    def __init__(self, members: Sequence[Member], window: int) -> None:
        self.members, self.window = members, window
        self.plan = members[0].plan
        self.precision = self.plan.precision
        self.real, self.full = REAL[self.precision], FULL[self.precision]
        self.kinds = list(self._kinds())
        self.model: Model = pack(tuple(k.programs[0] for k in self.kinds), self.precision)
        self.groups = sum(len(k.lanes) for k in self.kinds)
        self.places = self._places()

    def _kinds(self) -> Iterator[Kind]:
        plan, first_group = self.plan, 0
        for p, population in enumerate(plan.populations):
            apart: list[list[tuple[int, CellProgram]]] = []
            for m, member in enumerate(self.members):
                cell = member.plan.populations[p].cell
                program = cell_program(cell, plan.rates, plan.precision, plan.dt)
                fitting = (k for k in apart if k[0][1].fits(program))
                found = next(fitting, None)
                if found is None:
                    apart.append([(m, program)])
                else:
                    found.append((m, program))
            for of_kind in apart:
                lanes = lanes_in(len(of_kind) * population.n, self.precision)
                yield Kind(p, [m for m, _ in of_kind], [q for _, q in of_kind], first_group, lanes)
                first_group += len(lanes)

    def _places(self) -> Places:
        shape = (len(self.members), len(self.plan.populations))
        first, group = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        mechanism = np.zeros(shape, np.int64)
        for index, kind in enumerate(self.kinds):
            n = self.plan.populations[kind.population].n
            for position, m in enumerate(kind.members):
                first[m, kind.population] = position * n
                group[m, kind.population] = kind.first_group
                mechanism[m, kind.population] = self.model.kinds[index]["first_mechanism"]
        lanes = np.array([n for k in self.kinds for n in k.lanes], np.int64)
        return Places(first, group, mechanism, lanes, self.full)

    def places_of(self, member: int, population: int, cells: Ints) -> tuple[Ints, Ints]:
        """Return group and lane of some cells."""
        place = self.places.first[member, population] + cells
        return self.places.group[member, population] + place // self.full, place % self.full

    def each_group(self) -> Iterator[tuple[int, Kind, int, Ints, Ints]]:
        """Yield every group: index, kind, lanes, and member position and cell of its lanes."""
        for kind in self.kinds:
            n, place = self.plan.populations[kind.population].n, 0
            for offset, lanes in enumerate(kind.lanes):
                here = np.arange(place, min(place + lanes, n * len(kind.members)))
                yield kind.first_group + offset, kind, lanes, here // n, here % n
                place += lanes

    # --- blocks -------------------------------------------------------------------------------

    def blocks(self) -> tuple[Any, Floats, Floats]:
        """Return the groups, and the blocks of what changes and of what does not."""
        columns: dict[tuple[int, int], Floats] = {}
        shared: dict[tuple[int, int], int] = {}
        changing: list[Floats] = []
        fixed: list[Floats] = []
        rows: list[tuple[int, ...]] = []
        at, fixed_at, room = 0, 0, 0
        kind_of = {id(kind): index for index, kind in enumerate(self.kinds)}
        membrane = self._membrane()
        for _, kind, lanes, position, _ in self.each_group():
            programs = [kind.programs[k] for k in position]
            changing.append(self._changing(kind, lanes, position, columns))
            alike = all(p is programs[0] for p in programs)
            key = (id(programs[0]), lanes)
            if not (alike and key in shared):
                block = self._fixed(programs, lanes)
                if alike:
                    shared[key] = fixed_at
                where, fixed_at = fixed_at, fixed_at + block.size
                fixed.append(block)
            else:
                where = shared[key]
            rows.append(
                (kind_of[id(kind)], LANES.index(lanes), lanes, len(position), at, where, room,
                 kind.population in membrane)
            )  # fmt: skip
            room += lanes * self._most_spikes()
            at += changing[-1].size
        groups = np.array(rows, GROUP)
        return groups, aligned(changing, self.real), aligned(fixed, self.real)

    def _membrane(self) -> set[int]:
        """Return the populations whose membrane currents are recorded."""
        return {r.population for r in self.plan.recordings if r.variable == "i_membrane"}

    def _most_spikes(self) -> int:
        """Return how often one cell can cross its threshold in a window."""
        return self.window // 2 + 1

    def start_of(self, kind: Kind, position: int, columns: dict[tuple[int, int], Floats]) -> Floats:
        """Return the column of one member's cells at the start."""
        program, start = kind.programs[position], self._start(kind, position)
        key = (id(program), id(start))
        if key not in columns:
            columns[key] = at_start(program.cell, program.layout, start)
        return columns[key]

    def _start(self, kind: Kind, position: int):  # noqa: ANN202 - a CellState
        return self.members[kind.members[position]].plan.start[kind.population]

    def _changing(
        self, kind: Kind, lanes: int, position: Ints, columns: dict[tuple[int, int], Floats]
    ) -> Floats:
        found = [self.start_of(kind, k, columns) for k in position]
        return self._stack(found, lanes).ravel()

    def _fixed(self, programs: list[CellProgram], lanes: int) -> Floats:
        return self._stack([p.fixed for p in programs], lanes).ravel()

    def _stack(self, columns: list[Floats], lanes: int) -> Floats:
        """Return columns side by side; idle lanes are like the last cell."""
        if all(c is columns[0] for c in columns):
            return np.repeat(columns[0][:, None], lanes, axis=1)
        columns = columns + [columns[-1]] * (lanes - len(columns))
        return np.stack(columns, axis=1)

    def owners(self) -> tuple[Ints, Ints]:
        """Return member and global cell of every cell of every group, and where groups begin."""
        parts: list[Any] = [np.zeros((0, 2), np.int64)]
        for _, kind, _, position, cells in self.each_group():
            first = self.plan.populations[kind.population].first
            parts.append(np.stack([np.array(kind.members)[position], first + cells], axis=1))
        starts = np.cumsum([0, *(len(p) for p in parts[1:])])[:-1]
        return np.concatenate(parts).astype(np.int64), starts.astype(np.int64)

    def spikes(self, groups: Any) -> Spikes:
        """Return room for a window's spikes."""
        size = int(groups["lanes"].sum()) * self._most_spikes()
        step, lane = np.zeros(size, np.int64), np.zeros(size, np.int64)
        return Spikes(step, lane, np.zeros(self.groups, np.int64))

    def work(self, sums: Sums) -> Work:
        """Return what one thread needs on the way."""
        real, wide = self.real, self.full
        nodes, receptors, states = 1, 1, 1
        for kind in self.kinds:
            program = kind.programs[0]
            mechanisms = program.cell.mechanisms
            nodes = max(nodes, program.cell.tree.nodes)
            for mechanism, code in zip(mechanisms, program.codes, strict=True):
                receptors = max(receptors, mechanism.n * max(1, len(code.inputs)))
            states = max([states, *(b.n * len(b.gates) for b in program.bundles)])
        most = int(sums.sums["kept"].max(initial=-1)) + 1

        def room(rows: int) -> Floats:
            return aligned([np.zeros(rows * wide)], real)

        rows = Rows(room(nodes), np.zeros(nodes * wide, np.int32), room(states))
        at_sites = Sites(
            v=room(receptors), current=room(receptors), conductance=room(receptors),
            linked=room(receptors), links=np.zeros(receptors, np.int64),
        )  # fmt: skip
        return Work(
            current=room(nodes), conductance=room(nodes), right=room(nodes), diagonal=room(nodes),
            shown=room(nodes),
            # a group's last lanes are read as if there were eight of them
            before=room(1), kept=room(most * KEPT * nodes + 1), samples=room(AT_ONCE * KEPT + 1),
            dipoles=room(KEPT + 1), rows=rows, sites=at_sites,
        )  # fmt: skip
