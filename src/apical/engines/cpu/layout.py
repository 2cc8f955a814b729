"""Where everything of one cell type lies in memory.

A group of cells has two row-major blocks, rows × lanes. What changes: voltages, states of each
mechanism, what pools give, ion currents and membrane currents. What does not: axial conductances,
areas, the fixed part of the diagonal and parameters. A row is the same quantity of all cells of the
group, so that loops over rows vectorise across cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from apical.plan.cell import CellPlan, CellState, ion_currents, pool_outputs
from apical.plan.discretise import Floats, Ints

REAL = {"double": np.float64, "single": np.float32}
#: How many lanes groups have, and the most of a precision: two AVX-512 registers.
LANES = (8, 16, 32)
FULL = {"double": 16, "single": 32}


@dataclass(frozen=True)
class Layout:
    """Row offsets in the block of what changes.

    Parameters
    ----------
    states : tuple of int
        First row of each mechanism's states.
    outputs, ions : dict of str to int
        First row of each pool output and ion current, one row per node.
    membrane : int
        First row of the membrane currents.
    rows : int
        Number of rows.
    """

    states: tuple[int, ...]
    outputs: dict[str, int]
    ions: dict[str, int]
    membrane: int
    rows: int


def lay_out(cell: CellPlan) -> Layout:
    """Assign rows."""
    nodes = cell.tree.nodes
    row, states = nodes, []
    for mechanism in cell.mechanisms:
        states.append(row)
        row += len(mechanism.program.states) * mechanism.n
    outputs, ions = {}, {}
    for mechanism in cell.mechanisms:
        for name in mechanism.program.outputs:
            if name not in outputs:
                outputs[name] = row
                row += nodes
    for name in ion_currents(cell):
        ions[name] = row
        row += nodes
    membrane = row
    return Layout(tuple(states), outputs, ions, membrane, row + nodes)


def at_start(cell: CellPlan, layout: Layout, start: CellState) -> Floats:
    """Return one cell's column of what changes, (rows,)."""
    column = np.zeros(layout.rows)
    column[: cell.tree.nodes] = start.v
    given: dict = {}
    for row, mechanism, states in zip(layout.states, cell.mechanisms, start.states, strict=True):
        column[row : row + states.size] = states.ravel()
        given.update(pool_outputs(cell, mechanism, states, start.v, given))
    for name, row in layout.outputs.items():
        column[row : row + cell.tree.nodes] = given[name]
    return column


def lanes_in(cells: int, precision: str) -> list[int]:
    """Return the lanes of each group that some cells fill: as few as serve in the last one."""
    full, rest = divmod(cells, FULL[precision])
    last = [next(lanes for lanes in LANES if rest <= lanes)] if rest else []
    return [FULL[precision]] * full + last


def aligned(parts: Sequence[Floats], real: type) -> Floats:
    """Return arrays one after the other, the first number at the beginning of a cache line."""
    size, line = sum(p.size for p in parts), 64
    found = np.empty(size + line // np.dtype(real).itemsize, real)
    first = -found.ctypes.data % line // found.itemsize
    found = found[first : first + size]
    at = 0
    # what single precision cannot hold diverges, and is reported as that
    with np.errstate(over="ignore"):
        for part in parts:
            found[at : at + part.size] = part
            at += part.size
    return found


def runs(nodes: Ints) -> Ints:
    """Return the runs of consecutive nodes as (first node, count, first instance), (n, 3)."""
    breaks = np.flatnonzero(np.diff(nodes) != 1) + 1
    first = np.concatenate([[0], breaks])
    count = np.diff(np.concatenate([first, [len(nodes)]]))
    return np.stack([nodes[first], count, first], axis=1).astype(np.int64)
