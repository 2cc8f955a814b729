"""The first sample of recordings: of the start, before anything is run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from apical.equations.evaluate import Array, evaluate
from apical.equations.expr import Name
from apical.plan.cell import CellPlan, CellState, environment, pool_outputs
from apical.plan.discretise import Floats
from apical.plan.rates import compute, table_of

if TYPE_CHECKING:
    from apical.plan.plan import Plan
    from apical.plan.recordings import RecordingPlan


def first_sample(plan: Plan, request: RecordingPlan) -> Floats:
    """Return what is recorded of the start, (sites,), in the variable's own unit.

    All cells of a population start alike. Before the first step no membrane current has flowed.

    Parameters
    ----------
    plan : Plan
        Whose start.
    request : RecordingPlan
        One of its recordings.
    """
    start = plan.start[request.population]
    if request.variable == "v":
        return start.v[request.sites]
    if request.variable == "i_membrane":
        return np.zeros(len(request.sites))
    if request.variable == "state":
        return start.states[request.mechanism][request.state, request.sites]
    cell, given = plan.populations[request.population].cell, {}
    for mechanism, states in zip(cell.mechanisms, start.states, strict=True):
        given.update(pool_outputs(cell, mechanism, states, start.v, given))
    mechanism = cell.mechanisms[request.mechanism]
    given.update(_ions(cell, mechanism.program.ion_inputs, start, given, plan.rates))
    values = _values(cell, request.mechanism, start, given)
    compute(mechanism, [Name(request.assigned)], values, table_of(cell, mechanism, plan.rates))
    return np.broadcast_to(np.asarray(values[request.assigned]), mechanism.n)[request.sites]


def _values(
    cell: CellPlan, mechanism: int, start: CellState, given: dict[str, Array]
) -> dict[str, Array]:
    plan, states = cell.mechanisms[mechanism], start.states[mechanism]
    values = environment(plan, start.v, given, cell.celsius)
    return values | dict(zip(plan.program.states, states, strict=True))


def _ions(
    cell: CellPlan, names: tuple[str, ...], start: CellState, given: dict[str, Array], rates: str
) -> dict[str, Array]:
    """Return the densities of some ion currents, (nodes,)."""
    found = {name: np.zeros_like(start.v) for name in names}
    for k, mechanism in enumerate(cell.mechanisms):
        carried = [c for c in mechanism.program.currents if f"i{c.ion}" in found]
        if carried and mechanism.program.kind == "channel":
            values = _values(cell, k, start, given)
            compute(mechanism, [c.value for c in carried], values, table_of(cell, mechanism, rates))
            for c in carried:
                np.add.at(found[f"i{c.ion}"], mechanism.nodes, evaluate(c.value, values))
    return dict(found)
