"""The undriven steady state of one cell: where nothing changes any more.

Gates that relax towards a value are put at that value; what remains (voltages, pools, states
without such a value) is found by Newton's method with a pseudo-time that grows as the residual
falls (Kelley & Keyes 1998, SIAM J Numer Anal 35:508–523), which follows the path that the cell
itself would take. Everything but the axial currents is local to a node, so the Jacobian takes
one evaluation per kind of unknown.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix, csc_matrix, diags
from scipy.sparse.linalg import MatrixRankWarning, spsolve

from apical.equations.evaluate import Array, evaluate
from apical.equations.expr import names_of
from apical.equations.program import Program, Update
from apical.plan.cell import CellPlan, CellState, environment, pool_outputs
from apical.plan.discretise import PER_AREA, Floats, Ints
from apical.plan.observables import membrane_current_matrix
from apical.plan.rates import compute, table_of
from apical.plan.start import given_state

_MAX_ITERATIONS = 300
#: Voltages are found to this change (mV) in one Newton step; rounding stops near 1e-12. States
#: that are searched for are found to 1e-7 of their size.
_CLOSE = 1e-9
_LARGEST_STEP = 5.0


@dataclass(frozen=True)
class _Block:
    """Unknowns of one kind: all voltages (mechanism −1), or one state, at most one per node."""

    mechanism: int
    state: int
    rows: Ints
    nodes: Ints


def steady_state(cell: CellPlan, rates: str = "exact") -> CellState | None:
    """Return the state in which a cell rests without input, or None if none is found.

    Parameters
    ----------
    cell : CellPlan
        The cell.
    rates : {'exact', 'table'}
        How rates are computed.
    """
    return _Search(cell, rates).run()


def is_slaved(program: Program, update: Update) -> bool:
    """Whether a state has a resting value that no other state of its mechanism enters."""
    if program.kind == "pool" or not update.linear:
        return False
    needed = set(names_of(update.steady))
    needed |= {n for a in program.needed([update.steady]) for n in names_of(a.value)}
    return not needed & program.states.keys()


class _Search:
    def __init__(self, cell: CellPlan, rates: str) -> None:
        self.cell = cell
        self.tables = [table_of(cell, m, rates) for m in cell.mechanisms]
        start = given_state(cell, rates)
        self.v, self.states = start.v.copy(), [s.copy() for s in start.states]
        self.axial = csc_matrix(membrane_current_matrix(cell.tree))
        self.blocks = self._blocks()
        self.offset = np.cumsum([0, *(len(b.rows) for b in self.blocks)])
        self.mass = np.concatenate(
            [cell.tree.capacitance, *(np.ones(len(b.rows)) for b in self.blocks[1:])]
        )

    def _blocks(self) -> list[_Block]:
        nodes = np.arange(self.cell.tree.nodes)
        blocks = [_Block(-1, -1, nodes, nodes)]
        for index, mechanism in enumerate(self.cell.mechanisms):
            program = mechanism.program
            free = [u.state for u in program.updates if not is_slaved(program, u)]
            for state in free:
                number = list(program.states).index(state)
                for rows in _at_most_one_per_node(mechanism.nodes):
                    blocks.append(_Block(index, number, rows, mechanism.nodes[rows]))
        return blocks

    def run(self) -> CellState | None:
        """Iterate until voltages stand still."""
        step, size = 0.1, np.inf
        with np.errstate(all="ignore"), warnings.catch_warnings():
            # a singular matrix shows as a step that is not finite
            warnings.simplefilter("ignore", MatrixRankWarning)
            for _ in range(_MAX_ITERATIONS):
                found = self._residual()
                change = np.asarray(spsolve(self._matrix(found, step), found))
                largest = np.abs(change[: len(self.v)]).max()
                still = (np.abs(change) <= self._close()).all()
                if not np.isfinite(largest) or largest > _LARGEST_STEP:
                    step /= 4
                    if step < 1e-6:
                        return None
                    continue
                self._move(change)
                norm = float(np.abs(found).max())
                if still and step > 1e6:
                    self._residual()
                    return CellState(self.v, tuple(self.states))
                step *= float(np.clip(2 * size / norm if norm else 10, 2, 10))
                size = norm
        return None

    def _close(self) -> Floats:
        """Return the change of every unknown that counts as none."""
        states = [self.states[b.mechanism][b.state, b.rows] for b in self.blocks[1:]]
        free = [1e-7 * np.maximum(np.abs(s), 1e-6) for s in states]
        return np.concatenate([np.full(len(self.v), _CLOSE), *free])

    def _move(self, change: Floats) -> None:
        for block, a, b in zip(self.blocks, self.offset[:-1], self.offset[1:], strict=True):
            if block.mechanism < 0:
                self.v += change[a:b]
            else:
                self.states[block.mechanism][block.state, block.rows] += change[a:b]

    def _residual(self) -> Floats:
        """Return what is left over: nA at nodes, slopes per ms of free states; set slaved ones."""
        current, ions = np.zeros_like(self.v), {}
        outputs: dict[str, Array] = {}
        slopes: dict[tuple[int, int], Floats] = {}
        for mechanism, states in zip(self.cell.mechanisms, self.states, strict=True):
            outputs.update(pool_outputs(self.cell, mechanism, states, self.v, outputs))
        pools_last = sorted(
            range(len(self.cell.mechanisms)),
            key=lambda k: self.cell.mechanisms[k].program.kind == "pool",
        )
        for index in pools_last:
            self._mechanism(index, {**outputs, **ions}, current, ions, slopes)
        parts = [self.axial @ self.v - current]
        parts += [slopes[b.mechanism, b.state][b.rows] for b in self.blocks[1:]]
        return np.concatenate(parts)

    def _mechanism(
        self,
        index: int,
        outputs: dict[str, Array],
        current: Floats,
        ions: dict[str, Floats],
        slopes: dict[tuple[int, int], Floats],
    ) -> None:
        mechanism, states = self.cell.mechanisms[index], self.states[index]
        program = mechanism.program
        values = environment(mechanism, self.v, outputs, self.cell.celsius)
        for name in program.ion_inputs:
            values.setdefault(name, np.zeros(mechanism.n))
        values.update(zip(program.states, states, strict=True))
        slaved = [u for u in program.updates if is_slaved(program, u)]
        free = [u for u in program.updates if not is_slaved(program, u)]
        wanted = [e for u in slaved for e in (u.steady,)] + [u.slope for u in free]
        compute(mechanism, wanted, values, self.tables[index])
        order = list(program.states)
        for update in slaved:
            states[order.index(update.state)] = evaluate(update.steady, values)
        for update in free:
            slope = np.broadcast_to(np.asarray(evaluate(update.slope, values), float), mechanism.n)
            slopes[index, order.index(update.state)] = slope
        values.update(zip(program.states, states, strict=True))
        self._add_currents(index, values, current, ions)

    def _add_currents(
        self,
        index: int,
        values: dict[str, Array],
        current: Floats,
        ions: dict[str, Floats],
    ) -> None:
        mechanism = self.cell.mechanisms[index]
        program = mechanism.program
        compute(mechanism, [c.value for c in program.currents], values, self.tables[index])
        is_density = program.kind == "channel"
        scale = PER_AREA * self.cell.tree.area[mechanism.nodes] if is_density else 1.0
        for c in program.currents:
            value = evaluate(c.value, values)
            np.add.at(current, mechanism.nodes, scale * value)
            if c.ion and is_density:
                np.add.at(
                    ions.setdefault(f"i{c.ion}", np.zeros_like(self.v)), mechanism.nodes, value
                )

    def _matrix(self, found: Floats, step: float) -> csc_matrix:
        """Return mass/step − Jacobian."""
        rows, columns, values = [], [], []
        for b, column in enumerate(self.blocks):
            size = self._sizes(b)
            change = np.zeros(self.offset[-1])
            change[self.offset[b] : self.offset[b + 1]] = size
            kept = self.v.copy(), [s.copy() for s in self.states]
            self._move(change)
            slope = self._residual() - found
            self.v, self.states = kept
            if b == 0:
                slope[: len(self.v)] -= self.axial @ size
            at = np.full(self.cell.tree.nodes, -1)
            at[column.nodes] = np.arange(len(column.nodes))
            for a, row in enumerate(self.blocks):
                here = at[row.nodes]
                hit = np.flatnonzero(here >= 0)
                rows.append(self.offset[a] + hit)
                columns.append(self.offset[b] + here[hit])
                values.append(slope[self.offset[a] : self.offset[a + 1]][hit] / size[here[hit]])
        n = self.offset[-1]
        entries = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
        local = coo_matrix(entries, shape=(n, n)).tolil()
        nodes = self.cell.tree.nodes
        local[:nodes, :nodes] += self.axial
        return csc_matrix(diags(self.mass / step) - local)

    def _sizes(self, b: int) -> Floats:
        """Return how far to displace each unknown of a block for a one-sided difference."""
        block = self.blocks[b]
        if block.mechanism < 0:
            return np.full(len(block.rows), 1e-5)
        here = self.states[block.mechanism][block.state, block.rows]
        return 1e-6 * np.maximum(np.abs(here), 1e-6)


def _at_most_one_per_node(nodes: Ints) -> list[Ints]:
    """Split instances so that no part has two on one node."""
    seen: dict[int, int] = {}
    parts: list[list[int]] = []
    for row, node in enumerate(nodes.tolist()):
        k = seen.get(node, 0)
        seen[node] = k + 1
        if k == len(parts):
            parts.append([])
        parts[k].append(row)
    return [np.array(p, np.int64) for p in parts]
