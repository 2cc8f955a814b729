"""A cell type made ready to run: kernels generated, compiled or loaded, and everything packed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from types import ModuleType
from typing import Any

import numpy as np

from apical.engines.cpu import cache
from apical.engines.cpu.advance import CHANNEL, POOL, RECEPTOR, Model
from apical.engines.cpu.generate import MechanismCode, mechanism_code, mechanism_source
from apical.engines.cpu.layout import Layout, lay_out, runs
from apical.equations.evaluate import Array, evaluate
from apical.plan.cell import CellPlan, MechanismPlan, ion_currents
from apical.plan.discretise import PER_AREA, Floats, Ints, Tree
from apical.plan.rates import table_of

_KIND = {"pool": POOL, "channel": CHANNEL, "receptor": RECEPTOR}


@dataclass(frozen=True)
class CellProgram:
    """One cell type: where its values lie, and everything that does not change while it runs."""

    layout: Layout
    model: Model


def cell_program(
    cell: CellPlan, rates: str, precision: str, dt: float, has_dipole: bool
) -> CellProgram:
    """Generate, load and pack one cell type."""
    ions = ion_currents(cell)
    outputs = [n for m in cell.mechanisms for n in m.program.outputs]
    codes = [mechanism_code(m.program, rates, precision, ions, outputs) for m in cell.mechanisms]
    modules = [_module(c) for c in codes]
    layout, tree, mechanisms = lay_out(cell, precision), cell.tree, cell.mechanisms
    real, lanes = layout.real, layout.lanes
    rows = {**layout.outputs, **layout.ions}
    found_runs = [runs(m.nodes) for m in mechanisms]
    nodes = [m.nodes for m in mechanisms]
    parameters = [
        _parameters(cell, m, c, layout, dt) for m, c in zip(mechanisms, codes, strict=True)
    ]
    scalars = [_scalars(cell, m, c) for m, c in zip(mechanisms, codes, strict=True)]
    tables = [table_of(cell, m, rates) for m in mechanisms]
    flat = [np.zeros(0) if t is None else t.ravel() for t in tables]
    links = [np.array([rows[n] * lanes for n in c.links], np.int64) for c in codes]
    addresses = {
        name: np.array([_address(module, name) for module in modules], np.int64)
        for name in ("currents", "advance", "outputs", "event")
    }
    model = Model(
        parent=tree.parent, axial=tree.axial.astype(real), order=tree.order,
        area=layout.across(PER_AREA * tree.area), base=layout.across(_base(tree, dt)),
        kind=np.array([_KIND[m.program.kind] for m in mechanisms], np.int64),
        rows=np.array(layout.states, np.int64),
        counts=np.array([m.n for m in mechanisms], np.int64),
        runs=np.concatenate([np.zeros((0, 3), np.int64), *found_runs]),
        run_start=_starts(found_runs), nodes=_joined(nodes, np.int64), node_start=_starts(nodes),
        parameters=_joined(parameters, real), parameter_start=_starts(parameters),
        scalars=_joined(scalars, real), scalar_start=_starts(scalars),
        tables=_joined(flat, real), table_start=_starts(flat),
        links=_joined(links, np.int64), link_start=_starts(links),
        inputs=np.array([len(c.inputs) for c in codes], np.int64), **addresses,
        ion_rows=np.array(list(layout.ions.values()), np.int64),
        spike_node=cell.spike_node, threshold=real(cell.threshold),
        weights=cell.dipole.astype(real),
        has_dipole=has_dipole, membrane_row=layout.membrane, lanes=lanes,
    )  # fmt: skip
    return CellProgram(layout, model)


@lru_cache(maxsize=256)
def _module(code: MechanismCode) -> ModuleType:
    """Return the compiled kernels of a mechanism."""
    stem = f"{code.program.name}_{code.rates}_{code.precision}"
    return cache.load(stem, mechanism_source(code))


def _address(module: ModuleType, name: str) -> int:
    """Return where a generated function begins, or 0 if the mechanism has none."""
    function = getattr(module, name, None)
    return 0 if function is None else function.address


def _base(tree: Tree, dt: float) -> Floats:
    """Return the part of the diagonal that never changes, µS."""
    base = tree.capacitance / dt + tree.axial
    child = np.flatnonzero(tree.parent >= 0)
    np.add.at(base, tree.parent[child], tree.axial[child])
    return base


def _parameters(
    cell: CellPlan, mechanism: MechanismPlan, code: MechanismCode, layout: Layout, dt: float
) -> Floats:
    """Return the arrays of a mechanism across lanes, one after the other."""
    values: dict[str, Array] = {**mechanism.parameters, "celsius": cell.celsius}
    rows = [mechanism.parameters[n] for n in code.arrays]
    for _, rate in code.factors:
        rows.append(np.broadcast_to(1.0 - np.exp(evaluate(rate, values) * dt), mechanism.n))
    return _joined([layout.across(row) for row in rows], layout.real)


def _scalars(cell: CellPlan, mechanism: MechanismPlan, code: MechanismCode) -> Floats:
    known = {n: float(p[0]) for n, p in mechanism.parameters.items()} | {"celsius": cell.celsius}
    return np.array([known[n] for n in code.scalars], np.float64)


def _joined(parts: list[Any], kind: type) -> Any:
    return np.concatenate([np.zeros(0, kind), *parts]).astype(kind)


def _starts(parts: list[Any]) -> Ints:
    return np.cumsum([0, *(len(p) for p in parts)]).astype(np.int64)
