"""Where everything of one cell type lies in the memory of the GPU.

What changes has a row for each quantity and a column for each thread: voltages, states, ion
currents, membrane currents, and what solving the tree needs. States of channels and pools have a
row for every node, so that a node's number finds them; those of receptors lie in the order of their
nodes. What does not change has the same form, with a column for each set of values that members
have. Integers, such as the tree, are the same for all cells of the type.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from apical.engines.codegen import MechanismCode, mechanism_code
from apical.errors import EngineError
from apical.plan.cell import CellPlan, CellState, MechanismPlan, ion_currents
from apical.plan.discretise import PER_AREA, Floats, Ints
from apical.plan.rates import table_of

REAL = {"double": np.float64, "single": np.float32}
#: Bits of a signed 64-bit number that can say what a node has.
_MOST_MECHANISMS = 62


@dataclass(frozen=True)
class Layout:
    """First rows of a cell type; voltages are the first rows of what changes.

    Parameters
    ----------
    nodes : int
        Number of nodes.
    codes : tuple of MechanismCode
        What generated code of each mechanism takes.
    instances : tuple of int
        Rows of each mechanism's states and parameters: nodes, or instances of a receptor.
    states : tuple of int
        Rows of each mechanism's states.
    ions : dict of str to int
        Rows of each ion current, one per node.
    current, conductance : int
        Rows of membrane currents, and of conductances where those are wanted.
    diagonal, right : int
        Rows of the equations that are solved.
    assigned : dict of (int, str) to int
        Rows of what is computed for recordings only, by mechanism and name.
    rows : int
        Number of rows of what changes.
    axial, area, base, capacity : int
        Rows of conductances to the parent (µS), area, the part of the diagonal that never changes,
        capacitance over step.
    threshold : int
        Row of the threshold of spikes.
    absent : dict of str to int
        Row of the value that each pool output has where there is no pool.
    parameters, scalars : tuple of int
        Rows of each mechanism's parameters, and of values alike in all compartments.
    fixed : int
        Number of rows of what does not change.
    tables : tuple of int
        Place of each mechanism's table.
    table_size : int
        Size of all tables.
    order, parent, present : int
        Places of the integers of nodes: the order in which they are solved, parents, and bits of
        the mechanisms that a node has.
    sites : tuple of int
        Place of the first instance at each node, of each receptor.
    spike_node : int
        Where spikes are detected.
    """

    nodes: int
    codes: tuple[MechanismCode, ...]
    instances: tuple[int, ...]
    states: tuple[int, ...]
    ions: dict[str, int]
    current: int
    conductance: int
    diagonal: int
    right: int
    assigned: dict[tuple[int, str], int]
    rows: int
    axial: int
    area: int
    base: int
    capacity: int
    threshold: int
    absent: dict[str, int]
    parameters: tuple[int, ...]
    scalars: tuple[int, ...]
    fixed: int
    tables: tuple[int, ...]
    table_size: int
    order: int
    parent: int
    present: int
    sites: tuple[int, ...]
    spike_node: int


class _Rows:
    """Hands out rows, one after the other."""

    def __init__(self) -> None:
        self.n = 0

    def take(self, rows: int) -> int:
        """Return the first of some new rows."""
        first, self.n = self.n, self.n + rows
        return first


def lay_out(
    cell: CellPlan, rates: str, precision: str, assigned: Iterable[tuple[int, str]] = ()
) -> Layout:
    """Assign rows to a cell type.

    Parameters
    ----------
    cell : CellPlan
        The cell type.
    rates, precision : str
        How rates are computed, and the type of numbers.
    assigned : iterable of (int, str)
        Mechanism and name of what is computed for recordings only.

    Raises
    ------
    EngineError
        If it has more mechanisms than a node can have bits.
    """
    if len(cell.mechanisms) > _MOST_MECHANISMS:
        raise EngineError(
            f"the cuda engine takes {_MOST_MECHANISMS} mechanisms in a cell; '{cell.name}' has "
            f"{len(cell.mechanisms)}"
        )
    nodes, ions = cell.tree.nodes, ion_currents(cell)
    outputs = list(dict.fromkeys(n for m in cell.mechanisms for n in m.program.outputs))
    computed = "table" if rates == "table" else "exact"
    codes = tuple(
        mechanism_code(m.program, computed, precision, tuple(ions), tuple(outputs))
        for m in cell.mechanisms
    )
    found = [table_of(cell, m, rates) for m in cell.mechanisms]
    instances = [m.n if m.program.kind == "receptor" else nodes for m in cell.mechanisms]
    changing, fixed, integers, table = _Rows(), _Rows(), _Rows(), _Rows()
    changing.take(nodes)
    return Layout(
        nodes=nodes, codes=codes, instances=tuple(instances),
        states=tuple(
            changing.take(n * len(c.program.states)) for n, c in zip(instances, codes, strict=True)
        ),
        ions={name: changing.take(nodes) for name in ions}, current=changing.take(nodes),
        conductance=changing.take(nodes), diagonal=changing.take(nodes),
        right=changing.take(nodes),
        assigned={(k, name): changing.take(instances[k]) for k, name in assigned},
        rows=changing.n,
        axial=fixed.take(nodes), area=fixed.take(nodes), base=fixed.take(nodes),
        capacity=fixed.take(nodes), threshold=fixed.take(1),
        absent={name: fixed.take(1) for name in outputs},
        parameters=tuple(
            fixed.take(n * len(c.arrays))
            for n, c in zip(instances, codes, strict=True)
        ),
        scalars=tuple(fixed.take(len(c.scalars)) for c in codes), fixed=fixed.n,
        tables=tuple(table.take(0 if t is None else t.size) for t in found), table_size=table.n,
        order=integers.take(nodes), parent=integers.take(nodes), present=integers.take(nodes),
        sites=tuple(
            integers.take(nodes + 1 if c.program.kind == "receptor" else 0) for c in codes
        ),
        spike_node=cell.spike_node,
    )  # fmt: skip


def places(mechanism: MechanismPlan) -> Ints:
    """Return the place of each instance among the rows of its mechanism."""
    if mechanism.program.kind != "receptor":
        return mechanism.nodes
    place = np.empty(mechanism.n, np.int64)
    place[np.argsort(mechanism.nodes, kind="stable")] = np.arange(mechanism.n)
    return place


def at_start(cell: CellPlan, layout: Layout, start: CellState) -> Floats:
    """Return one cell's column of what changes, (rows,)."""
    column = np.zeros(layout.rows)
    column[: layout.nodes] = start.v
    for k, (mechanism, states) in enumerate(zip(cell.mechanisms, start.states, strict=True)):
        for number, values in enumerate(states):
            row = layout.states[k] + number * layout.instances[k]
            column[row + places(mechanism)] = values
    return column


def unchanging(cell: CellPlan, layout: Layout, dt: float) -> Floats:
    """Return a cell type's column of what does not change, (fixed rows,)."""
    column, tree, nodes = np.zeros(layout.fixed), cell.tree, layout.nodes
    column[layout.axial :][:nodes] = tree.axial
    column[layout.area :][:nodes] = PER_AREA * tree.area
    column[layout.capacity :][:nodes] = tree.capacitance / dt
    base = tree.capacitance / dt + tree.axial
    child = np.flatnonzero(tree.parent >= 0)
    np.add.at(base, tree.parent[child], tree.axial[child])
    column[layout.base :][:nodes] = base
    column[layout.threshold] = cell.threshold
    for name, row in layout.absent.items():
        column[row] = cell.ions.get(name, np.nan)
    for k, (mechanism, code) in enumerate(zip(cell.mechanisms, layout.codes, strict=True)):
        values = code.values(mechanism.parameters, cell.celsius, dt)
        for number, name in enumerate(code.arrays):
            row = layout.parameters[k] + number * layout.instances[k]
            column[row + places(mechanism)] = values[name]
        for number, name in enumerate(code.scalars):
            column[layout.scalars[k] + number] = np.ravel(values[name])[0]
    return column


def tables(cell: CellPlan, rates: str) -> Floats:
    """Return all tables of a cell type, one after the other."""
    found = [table_of(cell, mechanism, rates) for mechanism in cell.mechanisms]
    return np.concatenate([np.zeros(0), *(t.ravel() for t in found if t is not None)])


def integers(cell: CellPlan, layout: Layout) -> Ints:
    """Return the integers of a cell type."""
    tree, parts = cell.tree, []
    present = np.zeros(layout.nodes, np.int64)
    for k, mechanism in enumerate(cell.mechanisms):
        present[mechanism.nodes] |= 1 << k
        if mechanism.program.kind == "receptor":
            parts.append(np.searchsorted(np.sort(mechanism.nodes), np.arange(layout.nodes + 1)))
    return np.concatenate([tree.order, tree.parent, present, *parts]).astype(np.int64)


def distinct_of(values: Sequence[Any]) -> tuple[list[Any], Ints]:
    """Return the different objects among some, and which of these each one is."""
    found: dict[int, int] = {}
    which = [found.setdefault(id(value), len(found)) for value in values]
    return [values[which.index(k)] for k in range(len(found))], np.array(which, np.int64)


def rounded(values: Floats, kind: Any) -> Any:
    """Return numbers in another type."""
    # what single precision cannot hold diverges, and is reported as that
    with np.errstate(over="ignore"):
        return values.astype(kind)
