"""Cell types of a run put one after the other, as tables that compiled code reads."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from apical.engines.cpu.layout import LANES, REAL, aligned, runs
from apical.engines.cpu.program import CellProgram
from apical.engines.cpu.rows import Grid
from apical.engines.cpu.tables import (
    BUNDLE,
    CHANNEL,
    CHANNELS,
    KIND,
    MECHANISM,
    POOL,
    RECEPTOR,
    RUN,
    Model,
    grid_type,
)
from apical.plan.discretise import Floats, Ints, Tree

_KIND = {"pool": POOL, "channel": CHANNEL, "receptor": RECEPTOR}


class _Packer:
    """Puts cell types one after the other; what they list goes into lists that all share."""

    def __init__(self) -> None:
        self.lists: list[Ints] = []
        self.shifts: list[Ints] = []
        self.numbers: list[Floats] = []
        self.gate_tables: list[Floats] = []
        self.runs: list[Ints] = []
        self.kinds: list[tuple] = []
        self.mechanisms: list[tuple] = []
        self.channels: list[tuple] = []
        self.bundles: list[tuple] = []
        self.grids: list[Grid] = []

    def add(self, program: CellProgram) -> None:
        """Add one cell type."""
        cell, layout, first = program.cell, program.layout, len(self.mechanisms)
        bundled = {k for b in program.bundles for k in b.mechanisms}
        for k in range(len(cell.mechanisms)):
            self._add_mechanism(program, k, k in bundled)
        first_channels = len(self.channels)
        for kernel, these in program.channels:
            self._add_channels(program, kernel, these, first)
        first_bundle = len(self.bundles)
        for k in range(len(program.bundles)):
            self._add_bundle(program, k, first)
        ions = np.array(list(layout.ions.values()), np.int64)
        first_ion = self._put(self.lists, ions)
        bare = self._put(self.lists, program.bare)
        self.kinds.append((
            cell.tree.nodes, cell.tree.compartments, self._put(self.lists, cell.tree.parent),
            self._put(self.lists, by_depth(cell.tree)), first, len(self.mechanisms),
            first_channels, len(self.channels), first_bundle, len(self.bundles), first_ion,
            first_ion + len(ions), cell.spike_node, layout.membrane, program.assembled,
            bare, bare + len(program.bare),
        ))  # fmt: skip

    def _add_mechanism(self, program: CellProgram, k: int, bundled: bool) -> None:
        mechanism, code, kernels = program.cell.mechanisms[k], program.codes[k], program.kernels[k]
        links, places = _link_rows(program, k), program.places[k].ravel()
        found = runs(mechanism.nodes)
        first_run = self._put(self.runs, found)
        addresses = (kernels.get(n, 0) for n in ("currents", "advance", "outputs", "event"))
        self.mechanisms.append((
            _KIND[mechanism.program.kind], bundled, program.layout.states[k],
            len(mechanism.program.states), mechanism.n, first_run, first_run + len(found),
            self._put(self.lists, mechanism.nodes), self._put(self.shifts, places),
            self._put(self.numbers, program.scalars[k]), self._put(self.numbers, program.tables[k]),
            self._put(self.shifts, links), len(code.inputs), code.looks, *addresses,
        ))  # fmt: skip

    def _add_channels(
        self, program: CellProgram, kernel: int, these: tuple[int, ...], first: int
    ) -> None:
        mechanisms = [self.mechanisms[first + k] for k in these]
        names = MECHANISM.names or ()
        row, scalars, table, count, first_run, last_run = (
            [m[names.index(n)] for m in mechanisms]
            for n in ("row", "scalars", "table", "count", "first_run", "last_run")
        )
        links = [_link_rows(program, k) for k in these]
        areas = np.array([1, 2]) * program.cell.tree.nodes
        places = [program.places[k].ravel() for k in these]
        lists = np.array([scalars, table], np.int64).T.ravel()
        self.channels.append((
            kernel, count[0], self._put(self.shifts, np.concatenate([row, *links, areas, *places])),
            self._put(self.lists, lists), first_run[0], last_run[0],
        ))  # fmt: skip

    def _grid(self, grid: Grid) -> int:
        """Return the number of a grid; equal ones have one."""
        if grid not in self.grids:
            self.grids.append(grid)
        return self.grids.index(grid)

    def _add_bundle(self, program: CellProgram, k: int, first: int) -> None:
        bundle, found = program.bundles[k], runs(program.bundles[k].nodes)
        targets = np.array([_gate_row(program, *gate) for gate in bundle.gates], np.int64)
        members = first + np.array(bundle.mechanisms)
        target, first_run = self._put(self.shifts, targets), self._put(self.runs, found)
        bad, member = self._put(self.lists, bundle.bad), self._put(self.lists, members)
        self.bundles.append((
            program.gates[k], bundle.n, self._grid(bundle.grid),
            self._put(self.gate_tables, bundle.table.ravel()), target, target + len(targets),
            bad, bad + len(bundle.bad), member, member + len(members), first_run,
            first_run + len(found),
        ))  # fmt: skip

    @staticmethod
    def _put(parts: list, part: Any) -> int:
        """Add a part to a list, and return where it begins."""
        at = sum(len(p) for p in parts)
        parts.append(part)
        return at


@lru_cache(maxsize=2)
def pack(programs: tuple[CellProgram, ...], precision: str) -> Model:
    """Put the cell types of a run one after the other; nothing of it changes."""
    real = REAL[precision]
    packer = _Packer()
    for program in programs:
        packer.add(program)
    found = np.concatenate([np.zeros((0, 3), np.int64), *packer.runs])
    return Model(
        kinds=np.array(packer.kinds, KIND), mechanisms=np.array(packer.mechanisms, MECHANISM),
        channels=np.array(packer.channels, CHANNELS), bundles=np.array(packer.bundles, BUNDLE),
        runs=np.array([tuple(r) for r in found.tolist()], RUN),
        lists=_joined(packer.lists, np.int64),
        shifts=np.array(LANES)[:, None] * _joined(packer.shifts, np.int64),
        numbers=_joined(packer.numbers, real),
        grids=np.array([(g.per_mv, g.start, g.pieces, g.held) for g in packer.grids],
                       grid_type(real)),
        gate_tables=aligned(packer.gate_tables, real),
        thresholds=np.array([p.cell.threshold for p in programs], real),
    )  # fmt: skip


def _link_rows(program: CellProgram, mechanism: int) -> Ints:
    """Return the first rows of what a mechanism is linked to."""
    rows = {**program.layout.outputs, **program.layout.ions}
    return np.array([rows[n] for n in program.codes[mechanism].links], np.int64)


def _gate_row(program: CellProgram, mechanism: int, state: int) -> int:
    """Return the row of a gate's first instance."""
    return program.layout.states[mechanism] + state * program.cell.mechanisms[mechanism].n


def _joined(parts: Sequence[Any], kind: type) -> Any:
    return np.concatenate([np.zeros(0, kind), *parts]).astype(kind)


def by_depth(tree: Tree) -> Ints:
    """Return the nodes, those nearest to the root first.

    Neighbours in this order seldom wait for each other, so that a processor works on several.
    """
    depth = np.zeros(tree.nodes, np.int64)
    for node in tree.order[1:]:
        depth[node] = depth[tree.parent[node]] + 1
    return tree.order[np.argsort(depth[tree.order], kind="stable")]
