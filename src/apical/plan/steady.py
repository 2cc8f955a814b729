"""The undriven steady state of one cell: where nothing changes any more.

Gates that relax towards a value are put at that value; what remains (voltages, pools, states
without such a value) is found by Newton's method with a pseudo-time that grows as the residual
falls (Kelley & Keyes 1998, SIAM J Numer Anal 35:508–523), which follows the path that the cell
itself would take. Everything but the axial currents is local to a node, so the Jacobian takes
one evaluation per kind of unknown, and a step is solved for like a cell: what is local to a node
is eliminated there, and the voltages that remain form a tree (Hines 1984, Int J Biomed Comput
15:69–76).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from apical.equations.evaluate import Array, evaluate
from apical.equations.program import Program, Update
from apical.plan.cell import CellPlan, CellState, environment, pool_outputs
from apical.plan.discretise import PER_AREA, Floats, Ints, Tree
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
    needed = update.steady.names.union(*(a.value.names for a in program.needed([update.steady])))
    return not needed & program.states.keys()


class _Search:
    def __init__(self, cell: CellPlan, rates: str) -> None:
        self.cell, self.tree = cell, cell.tree
        self.tables = [table_of(cell, m, rates) for m in cell.mechanisms]
        updates = [{u: is_slaved(m.program, u) for u in m.program.updates} for m in cell.mechanisms]
        self.slaved = [[u for u, slaved in found.items() if slaved] for found in updates]
        self.free = [[u for u, slaved in found.items() if not slaved] for found in updates]
        start = given_state(cell, rates)
        self.v, self.states = start.v.copy(), [s.copy() for s in start.states]
        self.blocks = self._blocks()

    def _blocks(self) -> list[_Block]:
        nodes = np.arange(self.tree.nodes)
        blocks = [_Block(-1, -1, nodes, nodes)]
        for index, mechanism in enumerate(self.cell.mechanisms):
            for update in self.free[index]:
                number = list(mechanism.program.states).index(update.state)
                for rows in _at_most_one_per_node(mechanism.nodes):
                    blocks.append(_Block(index, number, rows, mechanism.nodes[rows]))
        return blocks

    def run(self) -> CellState | None:
        """Iterate until voltages stand still."""
        step, size = 0.1, np.inf
        with np.errstate(all="ignore"):
            for _ in range(_MAX_ITERATIONS):
                found = self._residual()
                local = self._jacobian(found)
                found[0] += axial_current(self.tree, self.v)
                change = self._solved(local, found, step)
                largest = np.abs(change[0]).max()
                still = all(
                    (np.abs(c[b.nodes]) <= close).all()
                    for b, c, close in zip(self.blocks, change, self._close(), strict=True)
                )
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

    def _close(self) -> list[Floats | float]:
        """Return the change of every unknown that counts as none."""
        states = [self.states[b.mechanism][b.state, b.rows] for b in self.blocks[1:]]
        return [_CLOSE, *(1e-7 * np.maximum(np.abs(s), 1e-6) for s in states)]

    def _move(self, change: Floats) -> None:
        """Add changes, (blocks, nodes), to the unknowns."""
        for block, values in zip(self.blocks, change, strict=True):
            if block.mechanism < 0:
                self.v += values
            else:
                self.states[block.mechanism][block.state, block.rows] += values[block.nodes]

    def _residual(self) -> Floats:
        """Return what is left over, (blocks, nodes), and put slaved states where they belong.

        Membrane currents (nA), without what flows along the cell; slopes per ms of free states.
        """
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
        found = np.zeros((len(self.blocks), self.tree.nodes))
        found[0] = -current
        for k, block in enumerate(self.blocks[1:], 1):
            found[k, block.nodes] = slopes[block.mechanism, block.state][block.rows]
        return found

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
        slaved, free = self.slaved[index], self.free[index]
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

    def _jacobian(self, found: Floats) -> Floats:
        """Return how the residual at each node changes with its unknowns, (nodes, blocks, blocks).

        Where a node lacks an unknown, its column is 0.
        """
        nodes, n = self.tree.nodes, len(self.blocks)
        jacobian = np.zeros((nodes, n, n))
        for b, block in enumerate(self.blocks):
            change = np.zeros((n, nodes))
            change[b, block.nodes] = size = self._sizes(block)
            kept = self.v.copy(), [s.copy() for s in self.states]
            self._move(change)
            slope = self._residual() - found
            self.v, self.states = kept
            jacobian[block.nodes, :, b] = (slope[:, block.nodes] / size).T
        return jacobian

    def _solved(self, jacobian: Floats, found: Floats, step: float) -> Floats:
        """Return the change of the unknowns in one implicit step, (blocks, nodes)."""
        nodes, n = self.tree.nodes, len(self.blocks)
        matrix = -jacobian
        matrix[:, 0, 0] += self.tree.capacitance / step
        matrix[:, range(1, n), range(1, n)] += 1 / step
        # states first: they touch only the voltage of their node
        right = np.stack([matrix[:, 1:, 0], found[1:].T], axis=2)
        try:
            inner = np.linalg.solve(matrix[:, 1:, 1:], right)
        except np.linalg.LinAlgError:
            return np.full((n, nodes), np.nan)
        reduced = (matrix[:, 0, 1:, None] * inner).sum(axis=1)
        v = solve_tree(self.tree, matrix[:, 0, 0] - reduced[:, 0], found[0] - reduced[:, 1])
        return np.vstack([v, (inner[:, :, 1] - inner[:, :, 0] * v[:, None]).T])

    def _sizes(self, block: _Block) -> Floats:
        """Return how far to displace each unknown of a block for a one-sided difference."""
        if block.mechanism < 0:
            return np.full(len(block.rows), 1e-5)
        here = self.states[block.mechanism][block.state, block.rows]
        return 1e-6 * np.maximum(np.abs(here), 1e-6)


def axial_current(tree: Tree, v: Floats) -> Floats:
    """Return what flows into each node from its neighbours, nA."""
    child = np.flatnonzero(tree.parent >= 0)
    flow = tree.axial[child] * (v[tree.parent[child]] - v[child])
    current = np.zeros(tree.nodes)
    current[child] += flow
    np.subtract.at(current, tree.parent[child], flow)
    return current


def solve_tree(tree: Tree, diagonal: Floats, right: Floats) -> Floats:
    """Solve (diagonal − axial) x = right, where axial · v is :func:`axial_current`."""
    parent, g, d, x = (a.tolist() for a in (tree.parent, tree.axial, diagonal, right))
    order = tree.order.tolist()
    for i in order[1:]:
        d[i] += g[i]
        d[parent[i]] += g[i]
    try:
        for i in reversed(order[1:]):
            share = g[i] / d[i]
            d[parent[i]] -= share * g[i]
            x[parent[i]] += share * x[i]
        x[order[0]] /= d[order[0]]
        for i in order[1:]:
            x[i] = (x[i] + g[i] * x[parent[i]]) / d[i]
    except ZeroDivisionError:
        return np.full(tree.nodes, np.nan)
    return np.array(x)


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
