"""Rate tables as NMODL's TABLE makes them: linear between points, held beyond the ends."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from apical.equations.evaluate import Array, evaluate
from apical.equations.expr import Name
from apical.equations.program import Program, Table

Floats = npt.NDArray[np.floating]


def points(table: Table) -> Floats:
    """Return the tabulated voltages, mV, adding up the step as NMODL does."""
    step = (table.stop - table.start) / table.steps
    return np.cumsum([table.start, *[step] * table.steps])


def tabulate(program: Program, values: Mapping[str, Array]) -> Floats:
    """Compute a mechanism's table.

    Parameters
    ----------
    program : Program
        The mechanism; it must have a table.
    values : mapping of str to float
        Parameters, constants and temperature.

    Returns
    -------
    array, (steps + 1, names)
    """
    assert program.table is not None
    v = points(program.table)
    known: dict[str, Array] = {**values, "v": v}
    for assignment in program.needed(Name(n) for n in program.table.of):
        known[assignment.name] = evaluate(assignment.value, known)
    return np.stack([np.broadcast_to(known[n], v.shape) for n in program.table.of], axis=1)


def lookup(table: Table, values: Floats, v: Floats) -> dict[str, Floats]:
    """Interpolate every tabulated name at some voltages."""
    factor = 1.0 / ((table.stop - table.start) / table.steps)
    x = np.clip(factor * (v - table.start), 0.0, table.steps)
    row = np.minimum(x.astype(np.int64), table.steps - 1)
    theta = x - row
    low, high = values[row], values[row + 1]
    found = low + theta[..., None] * (high - low)
    return {name: found[..., k] for k, name in enumerate(table.of)}
