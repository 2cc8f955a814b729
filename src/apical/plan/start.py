"""Where a cell starts: every state as its mechanism's ``initial`` says, at given voltages."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from apical.equations.evaluate import Array, evaluate
from apical.errors import ModelError, Problem
from apical.plan.cell import CellPlan, CellState, MechanismPlan, environment, pool_outputs
from apical.plan.discretise import Floats
from apical.plan.rates import compute, table_of


@lru_cache(maxsize=16)
def given_state(cell: CellPlan, rates: str = "exact") -> CellState:
    """Return the start at the sections' own voltages; the same object every time.

    Parameters
    ----------
    cell : CellPlan
        The cell.
    rates : {'exact', 'table'}
        How rates are computed.
    """
    v, outputs, states = cell.tree.v0, {}, []
    for mechanism in cell.mechanisms:
        states.append(_initial(cell, mechanism, v, outputs, rates))
        outputs.update(pool_outputs(cell, mechanism, states[-1], v, outputs))
    return CellState(np.array(v, float), tuple(states))


def _initial(
    cell: CellPlan, mechanism: MechanismPlan, v: Floats, outputs: dict[str, Array], rates: str
) -> Floats:
    """Return the initial states of one mechanism, (states, n)."""
    program = mechanism.program
    values = environment(mechanism, v, outputs, cell.celsius)
    for name in program.ion_inputs:
        # no current has been computed yet
        values.setdefault(name, np.zeros(mechanism.n))
    with np.errstate(all="ignore"):
        compute(
            mechanism, [e for _, e in program.initial], values, table_of(cell, mechanism, rates)
        )
    found = dict(program.initial)
    with np.errstate(all="ignore"):
        rows = [
            np.broadcast_to(np.asarray(evaluate(found[s], values), float), (mechanism.n,))
            for s in program.states
        ]
    for state, row in zip(program.states, rows, strict=True):
        if not np.isfinite(row).all():
            where = mechanism.labels[int(np.flatnonzero(~np.isfinite(row))[0])]
            place = f"mechanisms.{mechanism.name}.initial.{state}"
            raise ModelError([Problem(place, f"is not finite at {where} at the initial voltage")])
    return np.array(rows, float).reshape(len(rows), mechanism.n)
