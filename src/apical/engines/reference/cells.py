"""One population in plain NumPy: the physics of a step. Arrays are (nodes or instances, cells)."""

from __future__ import annotations

import copy

import numpy as np

from apical.equations.evaluate import Array, evaluate
from apical.equations.expr import Name
from apical.equations.program import Method, Update
from apical.plan.cell import (
    CellState,
    MechanismPlan,
    environment,
    ion_currents,
    pool_outputs,
)
from apical.plan.connect import PopulationPlan
from apical.plan.discretise import PER_AREA, Floats, Ints, Tree
from apical.plan.plan import ClampPlan
from apical.plan.rates import compute, table_of
from apical.plan.recordings import RecordingPlan


class Cells:
    """The cells of one population and everything that changes in them."""

    def __init__(
        self,
        plan: PopulationPlan,
        start: CellState,
        clamps: list[ClampPlan],
        recordings: list[RecordingPlan],
        rates: str,
    ) -> None:
        self.plan, self.cell, self.tree, self.clamps = plan, plan.cell, plan.cell.tree, clamps
        self.recordings = [r for r in recordings if r.variable == "assigned"]
        self.v = np.repeat(start.v[:, None], plan.n, axis=1)
        self.states = [np.repeat(s[:, :, None], plan.n, axis=2) for s in start.states]
        self.tables = [table_of(plan.cell, m, rates) for m in plan.cell.mechanisms]
        self.ions: dict[str, Floats] = {}
        self.i_membrane = np.zeros_like(self.v)
        self.assigned: dict[str, Floats] = {}
        if self.recordings:
            self._currents()
            self._note(early=True)
            self._note(early=False)

    def copy(self) -> Cells:
        """Return the same cells in the same state, to change on their own."""
        new = copy.copy(self)
        new.states = [states.copy() for states in self.states]
        new.assigned = dict(self.assigned)
        # everything else is replaced, never changed in place
        return new

    def shown(self, request: RecordingPlan) -> Floats:
        """Return what is recorded, (nodes or instances, cells), in its own unit."""
        if request.variable == "v":
            return self.v
        if request.variable == "i_membrane":
            return self.i_membrane
        if request.variable == "assigned":
            return self.assigned[request.name]
        return self.states[request.mechanism][request.state]

    def receive(self, cell: Ints, mechanism: Ints, instance: Ints, weight: Floats) -> None:
        """Deliver events, one after the other: each sees what the one before left."""
        for c, m, k, w in zip(cell, mechanism, instance, weight, strict=True):
            plan, states = self.cell.mechanisms[m], self.states[m]
            values: dict[str, Array] = {n: p[k] for n, p in plan.parameters.items()}
            values.update(zip(plan.program.states, states[:, k, c], strict=True))
            values.update(weight=w, celsius=self.cell.celsius)
            compute(plan, [e for _, e in plan.program.events], values)
            new = [(s, evaluate(e, values)) for s, e in plan.program.events]
            for state, value in new:
                states[list(plan.program.states).index(state), k, c] = value

    def advance(self, step: int, dt: float) -> None:
        """Do one step: currents, voltages, states."""
        current, conductance = self._currents()
        self._note(early=True)
        injected = self._injected(step)
        before = self.v
        self.v = before + solve(self.tree, before, current - injected, conductance, dt)
        change = self.v - before
        self.i_membrane = (
            self.tree.capacitance[:, None] * change / dt + current + conductance * change
        )
        self._advance_states(dt)
        self._note(early=False)

    def _note(self, *, early: bool) -> None:
        """Keep what is recorded besides voltages and states, by name of the recording."""
        requests = [r for r in self.recordings if r.early == early]
        # without any, nothing needs to be computed
        outputs = self._outputs() if requests else {}
        for request in requests:
            plan, states = self.cell.mechanisms[request.mechanism], self.states[request.mechanism]
            values = self._values(plan, states, outputs)
            compute(plan, [Name(request.assigned)], values, self.tables[request.mechanism])
            found = np.asarray(values[request.assigned])
            shape = plan.n, self.plan.n
            self.assigned[request.name] = np.broadcast_to(found, shape)

    def _outputs(self) -> dict[str, Array]:
        """Return what pools give to others now."""
        outputs: dict[str, Array] = {}
        for plan, states in zip(self.cell.mechanisms, self.states, strict=True):
            outputs.update(pool_outputs(self.cell, plan, states, self.v, outputs))
        return outputs

    def _values(
        self, plan: MechanismPlan, states: Floats, outputs: dict[str, Array]
    ) -> dict[str, Array]:
        values = environment(plan, self.v, {**outputs, **self.ions}, self.cell.celsius)
        values.update(zip(plan.program.states, states, strict=True))
        return values

    def _currents(self) -> tuple[Floats, Floats]:
        """Return current (nA) and conductance (µS) of every node, and note each ion's density."""
        current, conductance = np.zeros_like(self.v), np.zeros_like(self.v)
        self.ions = {name: np.zeros_like(self.v) for name in ion_currents(self.cell)}
        outputs = self._outputs()
        for index, (plan, states) in enumerate(zip(self.cell.mechanisms, self.states, strict=True)):
            program = plan.program
            if not program.currents:
                continue
            values = self._values(plan, states, outputs)
            wanted = [e for c in program.currents for e in (c.value, c.conductance)]
            compute(plan, wanted, values, self.tables[index])
            is_density = program.kind == "channel"
            scale = PER_AREA * self.tree.area[plan.nodes, None] if is_density else 1.0
            for c in program.currents:
                density = evaluate(c.value, values)
                np.add.at(current, plan.nodes, scale * density)
                np.add.at(conductance, plan.nodes, scale * evaluate(c.conductance, values))
                if f"i{c.ion}" in self.ions:
                    np.add.at(self.ions[f"i{c.ion}"], plan.nodes, density)
        return current, conductance

    def _injected(self, step: int) -> Floats:
        injected = np.zeros_like(self.v)
        for clamp in self.clamps:
            if clamp.first <= step < clamp.last:
                injected[clamp.node, clamp.cells] += clamp.amplitude
        return injected

    def _advance_states(self, dt: float) -> None:
        """Advance pools with the currents of this step, then all others with the new pools."""
        outputs = self._outputs()
        for index, plan in enumerate(self.cell.mechanisms):
            program, states = plan.program, self.states[index]
            values = self._values(plan, states, outputs)
            compute(plan, wanted_by(program.updates), values, self.tables[index])
            if program.updates:
                by_state = {u.state: advanced(u, values, dt) for u in program.updates}
                self.states[index] = np.stack(
                    [np.broadcast_to(by_state[s], states.shape[1:]) for s in program.states]
                )
            outputs.update(pool_outputs(self.cell, plan, self.states[index], self.v, outputs))


def wanted_by(updates: tuple[Update, ...]) -> list:
    """Return the expressions that updates evaluate."""
    return [e for u in updates for e in (u.slope, u.rate, u.steady)]


def advanced(update: Update, values: dict[str, Array], dt: float) -> Array:
    """Return a state after one step, everything else held."""
    x = values[update.state]
    if update.method is Method.CONSTANT:
        return x + dt * evaluate(update.slope, values)
    rate = evaluate(update.rate, values)
    if update.method is Method.EXACT:
        return x + (1.0 - np.exp(rate * dt)) * (evaluate(update.steady, values) - x)
    return x + dt * exprel(rate * dt) * evaluate(update.slope, values)


def exprel(z: Array) -> Array:
    """Return (exp(z) − 1)/z, continued through z = 0."""
    small = np.abs(z) < 1e-5
    safe = np.where(small, 1.0, z)
    return np.where(small, 1.0 + 0.5 * z, (np.exp(safe) - 1.0) / safe)


def solve(tree: Tree, v: Floats, current: Floats, conductance: Floats, dt: float) -> Floats:
    """Return the change of voltage over one implicit Euler step (Hines 1984).

    Solves C·Δv/dt = −i − g·Δv + Σ axial currents at v + Δv: eliminate from the leaves to the
    root, then substitute back.

    Parameters
    ----------
    tree : Tree
        The nodes.
    v : array, (nodes, cells), mV
        Voltages now.
    current : array, (nodes, cells), nA
        Outward current now, less what is injected.
    conductance : array, (nodes, cells), µS
        Its derivative by v.
    dt : float, ms
        Step.
    """
    diagonal = tree.capacitance[:, None] / dt + conductance
    right = -current
    children = tree.order[1:]
    for node in children:
        up, g = tree.parent[node], tree.axial[node]
        flow = g * (v[up] - v[node])
        diagonal[node] += g
        diagonal[up] += g
        right[node] += flow
        right[up] -= flow
    for node in children[::-1]:
        up, g = tree.parent[node], tree.axial[node]
        factor = g / diagonal[node]
        diagonal[up] -= factor * g
        right[up] += factor * right[node]
    right[tree.order[0]] /= diagonal[tree.order[0]]
    for node in children:
        right[node] = (right[node] + tree.axial[node] * right[tree.parent[node]]) / diagonal[node]
    return right
