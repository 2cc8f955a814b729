"""A population made ready for its driver: generated code loaded, every argument packed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from apical.engines.cpu import cache
from apical.engines.cpu.driver import Driven, driver_source
from apical.engines.cpu.generate import MechanismCode, mechanism_code, mechanism_source
from apical.engines.cpu.layout import LANES, Layout, across_lanes, ion_currents, lay_out, runs
from apical.plan.cell import CellPlan, MechanismPlan
from apical.plan.discretise import Floats, Ints
from apical.plan.rates import table_of

# S/cm² · µm² is 1e-8 S, hence 1e-2 µS; likewise mA/cm² to nA
_PER_AREA = 1e-2


@dataclass(frozen=True)
class CellProgram:
    """One cell type's driver and the arguments that do not change while it runs.

    Parameters
    ----------
    advance : callable
        The generated driver.
    layout : Layout
    model : tuple
        Arguments from ``nodes`` to ``table_start``, in the driver's order.
    """

    advance: Callable[..., None]
    layout: Layout
    model: tuple


def cell_program(cell: CellPlan, rates: str, dt: float) -> CellProgram:
    """Generate, load and pack one cell type."""
    ions = ion_currents(cell)
    outputs = [n for m in cell.mechanisms for n in m.program.outputs]
    codes = [mechanism_code(m.program, rates, {*ions, *outputs}) for m in cell.mechanisms]
    driven = []
    for code in codes:
        text = mechanism_source(code, ions)
        module = cache.load(f"{code.program.name}_{rates}", text)
        wanted = tuple(i for i in code.currents_ions if i in ions)
        driven.append(Driven(code, module.__name__, wanted))
    driver = cache.load("cells", driver_source(driven, outputs, ions))
    layout = lay_out(cell)
    return CellProgram(driver.advance, layout, _pack(cell, codes, layout, rates, dt))


def _pack(
    cell: CellPlan, codes: list[MechanismCode], layout: Layout, rates: str, dt: float
) -> tuple:
    tree, mechanisms = cell.tree, cell.mechanisms
    axial_sum = tree.axial.copy()
    child = np.flatnonzero(tree.parent >= 0)
    np.add.at(axial_sum, tree.parent[child], tree.axial[child])
    base = tree.capacitance / dt + axial_sum
    offsets = [*layout.states, *layout.outputs.values(), *layout.ions.values()]
    found_runs = [runs(m.nodes) for m in mechanisms]
    parameters = [
        [across_lanes(m.parameters[n]) for n in code.arrays]
        for m, code in zip(mechanisms, codes, strict=True)
    ]
    scalars = [
        [_scalar(cell, m, n) for n in code.scalars]
        for m, code in zip(mechanisms, codes, strict=True)
    ]
    tables = [table_of(cell, m, rates) for m in mechanisms]
    return (
        tree.nodes, tree.compartments, tree.parent, tree.axial, tree.order,
        across_lanes(_PER_AREA * tree.area), across_lanes(base),
        np.array(offsets, np.int64), np.array([m.n for m in mechanisms], np.int64),
        np.concatenate([np.zeros((0, 3), np.int64), *found_runs]), _starts(found_runs),
        _flat([m.nodes for m in mechanisms], np.int64), _starts([m.nodes for m in mechanisms]),
        _flat([a for p in parameters for a in p], np.float64),
        _cumulative([sum(len(a) for a in p) for p in parameters]),
        _flat([np.array(s) for s in scalars], np.float64), _cumulative([len(s) for s in scalars]),
        _flat([t.ravel() for t in tables if t is not None], np.float64),
        _cumulative([0 if t is None else t.size for t in tables]),
    )  # fmt: skip


def _scalar(cell: CellPlan, mechanism: MechanismPlan, name: str) -> float:
    return cell.celsius if name == "celsius" else float(mechanism.parameters[name][0])


def _flat(parts: list, kind: type) -> Floats | Ints:
    return np.concatenate([np.zeros(0, kind), *parts]).astype(kind)


def _cumulative(sizes: list[int]) -> Ints:
    return np.cumsum([0, *sizes]).astype(np.int64)


def _starts(parts: list) -> Ints:
    return _cumulative([len(p) for p in parts])


def lanes_of(cells: Ints) -> tuple[Ints, Ints]:
    """Return group and lane of some cells."""
    return cells // LANES, cells % LANES
