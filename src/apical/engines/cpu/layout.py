"""Where everything of one population lies in memory.

Each group of 16 cells (32 in single precision) has one row-major block, rows × lanes: voltages,
then states of each mechanism, then what pools give, then ion currents, then membrane currents. A
row is the same quantity of all cells of the group, so that loops over rows vectorise across cells.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from apical.plan.cell import CellPlan, CellState, ion_currents
from apical.plan.connect import PopulationPlan
from apical.plan.discretise import Floats, Ints

#: Number type and cells per group: two AVX-512 registers.
REAL = {"double": np.float64, "single": np.float32}
LANES = {"double": 16, "single": 32}


@dataclass(frozen=True)
class Layout:
    """Row offsets of one cell type.

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
    lanes : int
        Cells per group.
    real : type
        Type of numbers.
    """

    states: tuple[int, ...]
    outputs: dict[str, int]
    ions: dict[str, int]
    membrane: int
    rows: int
    lanes: int
    real: type

    def across(self, values: Floats) -> Floats:
        """Repeat each value for every lane, in the type of numbers."""
        # what single precision cannot hold diverges, and is reported as that
        with np.errstate(over="ignore"):
            return np.ascontiguousarray(np.repeat(values, self.lanes)).astype(self.real)


def lay_out(cell: CellPlan, precision: str) -> Layout:
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
    lanes, real = LANES[precision], REAL[precision]
    return Layout(tuple(states), outputs, ions, row, row + nodes, lanes, real)


def fill(population: PopulationPlan, layout: Layout, start: CellState) -> Floats:
    """Return the blocks of a population at the start, (groups, rows · lanes)."""
    column = np.zeros(layout.rows)
    column[: population.cell.tree.nodes] = start.v
    for row, states in zip(layout.states, start.states, strict=True):
        column[row : row + states.size] = states.ravel()
    one = layout.across(column)
    return np.repeat(one[None, :], -(-population.n // layout.lanes), axis=0)


def runs(nodes: Ints) -> Ints:
    """Return the runs of consecutive nodes as (first node, count, first instance), (n, 3)."""
    breaks = np.flatnonzero(np.diff(nodes) != 1) + 1
    first = np.concatenate([[0], breaks])
    count = np.diff(np.concatenate([first, [len(nodes)]]))
    return np.stack([nodes[first], count, first], axis=1).astype(np.int64)
