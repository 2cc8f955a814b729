"""How rates are computed: exactly, or from the tables that a mechanism's authors chose."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from apical.equations.evaluate import Array, evaluate
from apical.equations.expr import Expression, Name, names_of
from apical.equations.program import closure
from apical.equations.tables import lookup, tabulate
from apical.errors import EngineError
from apical.plan.cell import CellPlan, MechanismPlan
from apical.plan.discretise import Floats

#: As the equations say, to rounding; the same with every equation computed at every step; tables.
RATES = ("exact", "direct", "table")


def check_rates(rates: str) -> None:
    """Refuse an unknown way to compute rates."""
    if rates not in RATES:
        raise EngineError(f"rates must be one of {', '.join(RATES)}; got '{rates}'")


PRECISIONS = ("double", "single")


def check_precision(precision: str) -> None:
    """Refuse an unknown type of numbers."""
    if precision not in PRECISIONS:
        raise EngineError(f"precision must be one of {', '.join(PRECISIONS)}; got '{precision}'")


def table_of(cell: CellPlan, mechanism: MechanismPlan, rates: str) -> Floats | None:
    """Return the table to take a mechanism's rates from, (points, names); None to compute them.

    Raises
    ------
    EngineError
        If a parameter that the tabulated rates use differs between compartments.
    """
    program = mechanism.program
    if program.table is None or rates != "table":
        return None
    needed = program.needed(Name(n) for n in program.table.of)
    used = set().union(*(names_of(a.value) for a in needed)) & mechanism.parameters.keys()
    for name in used:
        if np.ptp(mechanism.parameters[name]):
            raise EngineError(
                f"rates='table' needs '{mechanism.name}.{name}' alike in all compartments of a cell"
            )
    scalars: dict[str, Array] = {n: float(mechanism.parameters[n][0]) for n in used}
    return tabulate(program, {**scalars, "celsius": cell.celsius})


def compute(
    mechanism: MechanismPlan,
    wanted: Iterable[Expression],
    values: dict[str, Array],
    table: Floats | None = None,
) -> None:
    """Add to `values` the intermediates that some expressions need.

    Parameters
    ----------
    mechanism : MechanismPlan
        The mechanism.
    wanted : iterable of Expression
        What is to be evaluated next.
    values : dict of str to array
        Known values; extended in place.
    table : array, optional
        The mechanism's table, to take rates from it instead of computing them.
    """
    program = mechanism.program
    wanted = list(wanted)
    if table is not None and program.table is not None:
        found = lookup(program.table, table, np.asarray(values["v"]))
        # names from the table need nothing themselves
        values.update(found)
        chosen = closure([a for a in program.assignments if a.name not in found], wanted)
    else:
        chosen = program.needed(wanted)
    for assignment in chosen:
        values[assignment.name] = evaluate(assignment.value, values)
