"""Cell types made ready to run: kernels generated, compiled or loaded, values in columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from apical.engines.codegen import MechanismCode, mechanism_code
from apical.engines.cpu import cache
from apical.engines.cpu.generate import (
    channels_source,
    gates_source,
    mechanism_source,
    shown_source,
)
from apical.engines.cpu.layout import Layout, lay_out
from apical.engines.cpu.rows import Bundle, bundles
from apical.plan.cell import CellPlan, MechanismPlan, ion_currents
from apical.plan.discretise import PER_AREA, Floats, Ints, Tree
from apical.plan.plan import Plan
from apical.plan.rates import table_of


@dataclass(frozen=True, eq=False)
class CellProgram:
    """One cell type.

    Parameters
    ----------
    cell : CellPlan
    codes : tuple of MechanismCode
    kernels : tuple of dict of str to int
        Where each mechanism's kernels begin.
    channels : tuple of (int, tuple of int)
        Channels that cover the same nodes: address of their kernel, and which mechanisms.
    assembled : bool
        Whether all channels cover the same nodes, so that their kernel assembles the equation too.
    bare : array of int
        Nodes without channels.
    bundles : tuple of Bundle
        Gates that are advanced by rows.
    gates : tuple of int
        Address of each bundle's kernel.
    layout : Layout
    fixed : array, (rows,)
        One cell's column of what does not change: axial conductances, areas, the fixed part of
        the diagonal, parameters.
    places : tuple of array of int, (parameters, 2)
        First row of each parameter of each mechanism, and how far apart those of instances are:
        1, or 0 where all instances have one value, which is kept once.
    scalars, tables : tuple of array
        What is alike in all cells of the type.
    """

    cell: CellPlan
    codes: tuple[MechanismCode, ...]
    kernels: tuple[Mapping[str, int], ...]
    channels: tuple[tuple[int, tuple[int, ...]], ...]
    assembled: bool
    bare: Ints
    bundles: tuple[Bundle, ...]
    gates: tuple[int, ...]
    layout: Layout
    fixed: Floats
    places: tuple[Ints, ...]
    scalars: tuple[Floats, ...]
    tables: tuple[Floats, ...]

    def fits(self, other: CellProgram) -> bool:
        """Whether cells of both can be lanes of one group: only what is in columns differs."""
        return self is other or (
            self.codes == other.codes
            and self.gates == other.gates
            and self.channels == other.channels
            and np.array_equal(self.cell.tree.parent, other.cell.tree.parent)
            and self.cell.spike_node == other.cell.spike_node
            and self.cell.threshold == other.cell.threshold
            and _equal([m.nodes for m in self.cell.mechanisms], other.cell.mechanisms)
            and all(map(np.array_equal, self.places, other.places))
            and all(map(np.array_equal, self.scalars, other.scalars))
            and all(map(np.array_equal, self.tables, other.tables))
            and all(
                a.gates == b.gates and a.grid == b.grid and np.array_equal(a.table, b.table)
                for a, b in zip(self.bundles, other.bundles, strict=True)
            )
        )


def _equal(nodes: list[Ints], mechanisms: tuple[MechanismPlan, ...]) -> bool:
    return all(np.array_equal(a, m.nodes) for a, m in zip(nodes, mechanisms, strict=True))


def sources(cell: CellPlan, rates: str, precision: str, dt: float) -> list[tuple[str, str]]:
    """Return name and text of every module that a cell type needs."""
    codes = _codes(cell, rates, precision)
    found = [_channels_source(cell, codes, these) for these in _together(cell)]
    found += [_mechanism_source(code) for code in codes]
    gates = ((len(b.gates), b.grid.degree) for b in bundles(cell, rates, precision, dt))
    return found + [_gates_source(n, degree, precision) for n, degree in gates]


@lru_cache(maxsize=64)
def cell_program(cell: CellPlan, rates: str, precision: str, dt: float) -> CellProgram:
    """Generate, load and pack one cell type."""
    codes = _codes(cell, rates, precision)
    found = bundles(cell, rates, precision, dt)
    fixed = [cell.tree.axial, PER_AREA * cell.tree.area, _base(cell.tree, dt)]
    places, first = [], 3 * cell.tree.nodes
    for mechanism, code in zip(cell.mechanisms, codes, strict=True):
        values = _parameters(cell, mechanism, code, dt)
        fixed += values
        sizes = np.array([len(v) for v in values], np.int64)
        places.append(np.stack([first + np.cumsum(sizes) - sizes, sizes > 1], axis=1))
        first += sizes.sum()
    tables = [table_of(cell, m, rates) for m in cell.mechanisms]
    return CellProgram(
        cell=cell, codes=codes, kernels=tuple(cache.load(*_mechanism_source(c)) for c in codes),
        channels=tuple((_channels(cell, codes, these), these) for these in _together(cell)),
        assembled=_is_one(cell), bare=_bare(cell), bundles=found,
        gates=tuple(_gates(len(b.gates), b.grid.degree, precision) for b in found),
        layout=lay_out(cell), fixed=np.concatenate(fixed),
        places=tuple(places),
        scalars=tuple(
            _scalars(cell, m, c, dt) for m, c in zip(cell.mechanisms, codes, strict=True)
        ),
        tables=tuple(np.zeros(0) if t is None else t.ravel() for t in tables),
    )  # fmt: skip


def shown_sources(plan: Plan) -> list[tuple[str, str]]:
    """Return name and text of every module that recordings of a plan need besides."""
    found = []
    for request in plan.recordings:
        if request.variable == "assigned":
            cell = plan.populations[request.population].cell
            code = _codes(cell, plan.rates, plan.precision)[request.mechanism]
            found.append(_shown_source(code, request.assigned))
    return found


def shown(code: MechanismCode, name: str) -> int:
    """Return the address of the kernel that computes what is recorded of a mechanism."""
    return cache.load(*_shown_source(code, name))["shown"]


def _codes(cell: CellPlan, rates: str, precision: str) -> tuple[MechanismCode, ...]:
    ions = tuple(ion_currents(cell))
    outputs = tuple(n for m in cell.mechanisms for n in m.program.outputs)
    computed = "table" if rates == "table" else "exact"
    return tuple(
        mechanism_code(m.program, computed, precision, ions, outputs) for m in cell.mechanisms
    )


def _together(cell: CellPlan) -> list[tuple[int, ...]]:
    """Return the channels that carry current, those that cover the same nodes together."""
    found: dict[bytes, list[int]] = {}
    for k, mechanism in enumerate(cell.mechanisms):
        if mechanism.program.kind == "channel" and mechanism.program.currents:
            found.setdefault(mechanism.nodes.tobytes(), []).append(k)
    return [tuple(these) for these in found.values()]


def _is_one(cell: CellPlan) -> bool:
    """Whether all channels cover the same nodes."""
    return len(_together(cell)) <= 1


def _bare(cell: CellPlan) -> Ints:
    """Return the nodes without channels."""
    covered = [cell.mechanisms[k].nodes for these in _together(cell) for k in these]
    return np.setdiff1d(np.arange(cell.tree.nodes), np.concatenate([np.zeros(0, int), *covered]))


def _channels_source(
    cell: CellPlan, codes: Sequence[MechanismCode], these: tuple[int, ...]
) -> tuple[str, str]:
    names = "_".join(cell.mechanisms[k].name for k in these)
    return _of_channels(names, tuple(codes[k] for k in these), _is_one(cell))


@lru_cache(maxsize=64)
def _of_channels(names: str, codes: tuple[MechanismCode, ...], alone: bool) -> tuple[str, str]:
    return f"{names}_{codes[0].rates}_{codes[0].precision}", channels_source(codes, alone)


def _channels(cell: CellPlan, codes: Sequence[MechanismCode], these: tuple[int, ...]) -> int:
    """Return the address of the kernel that adds the densities of some channels."""
    return cache.load(*_channels_source(cell, codes, these))["channels"]


@lru_cache(maxsize=256)
def _mechanism_source(code: MechanismCode) -> tuple[str, str]:
    return f"{code.program.name}_{code.rates}_{code.precision}", mechanism_source(code)


@lru_cache(maxsize=256)
def _shown_source(code: MechanismCode, name: str) -> tuple[str, str]:
    title = f"{code.program.name}_{name}_{code.rates}_{code.precision}"
    return title, shown_source(code, name)


def _gates_source(gates: int, degree: int, precision: str) -> tuple[str, str]:
    return f"gates_{gates}_{degree}_{precision}", gates_source(gates, degree, precision)


@lru_cache(maxsize=64)
def _gates(gates: int, degree: int, precision: str) -> int:
    """Return the address of the kernel that advances a number of gates together."""
    return cache.load(*_gates_source(gates, degree, precision))["gates"]


def _base(tree: Tree, dt: float) -> Floats:
    """Return the part of the diagonal that never changes, µS."""
    base = tree.capacitance / dt + tree.axial
    child = np.flatnonzero(tree.parent >= 0)
    np.add.at(base, tree.parent[child], tree.axial[child])
    return base


def _parameters(
    cell: CellPlan, mechanism: MechanismPlan, code: MechanismCode, dt: float
) -> list[Floats]:
    """Return the arrays of a mechanism, with one number where all of its instances have one."""
    values = code.values(mechanism.parameters, cell.celsius, dt)
    rows = [np.broadcast_to(values[name], mechanism.n) for name in code.arrays]
    return [row[:1] if (row == row[0]).all() else row for row in rows]


def _scalars(cell: CellPlan, mechanism: MechanismPlan, code: MechanismCode, dt: float) -> Floats:
    values = code.values(mechanism.parameters, cell.celsius, dt)
    return np.array([np.ravel(values[name])[0] for name in code.scalars], np.float64)
