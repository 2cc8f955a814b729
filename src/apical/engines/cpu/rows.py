"""Rates of gates as piecewise polynomials of voltage, accurate to rounding.

A gate whose rate b and steady value x∞ depend on voltage alone advances by x + (A − F·x) with
F = 1 − exp(b·dt) and A = x∞·F. Both are smooth, so on short pieces of the voltage axis a polynomial
gives them with the error of rounding, at a fraction of the work: coefficients of all gates of a
compartment lie side by side, one row per piece, and are read as vectors. Every row is checked
against the equations; where it misses the tolerance, and outside the rows, the equations themselves
are computed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from apical.equations.evaluate import Array, evaluate
from apical.equations.expr import names_of
from apical.equations.program import Method, Program, closure
from apical.plan.cell import CellPlan, MechanismPlan
from apical.plan.discretise import Floats, Ints
from apical.plan.rates import table_of


@dataclass(frozen=True)
class Grid:
    """Pieces of the voltage axis.

    Parameters
    ----------
    per_mv : float
        Pieces per mV.
    start : float, mV
        Where the first piece begins; −(pieces/2)/per_mv where voltages are not held.
    pieces : int
        Their number; even where voltages are not held.
    degree : int
        Degree of the polynomials.
    tolerance : float
        Largest error of a row that is used, relative to the largest value in it.
    held : bool
        Whether voltages beyond the ends count as the ends, as in a mechanism's own table.
    """

    per_mv: float
    start: float
    pieces: int
    degree: int
    tolerance: float
    held: bool = False


#: −128 to 128 mV. What is tolerated is a few roundings; errors are mostly smaller.
GRIDS = {
    "double": Grid(per_mv=12.0, start=-128.0, pieces=3072, degree=4, tolerance=1e-13),
    "single": Grid(per_mv=12.0, start=-128.0, pieces=3072, degree=2, tolerance=6e-8),
}
#: Degree on the pieces of a mechanism's own table, between whose points time constants are linear.
_OF_TABLES = {"double": 8, "single": 4}
#: Gates that more rows than this miss are computed by their equations.
_MOST_BAD = 16
#: Numbers in a cache line of 64 bytes, if they are single; two lines, if double.
LINE = 16
#: Smaller factors count as 0 in single precision, or products of them are slow.
_TINY = 1e-30


@dataclass(frozen=True, eq=False)
class Bundle:
    """Gates of mechanisms that cover the same nodes, advanced together.

    Parameters
    ----------
    mechanisms : tuple of int
        Index of each mechanism in its cell.
    gates : tuple of (int, int)
        Mechanism and state of each gate.
    nodes : array of int, (n,)
        Where they are.
    grid : Grid
        What the rows stand for.
    table : array, (rows, coefficients)
        For each chunk of gates (see `chunks`) and each power from the highest: A of the chunk's
        gates, then F; then room up to a whole cache line.
    bad : array of int
        Rows that miss the tolerance.
    """

    mechanisms: tuple[int, ...]
    gates: tuple[tuple[int, int], ...]
    nodes: Ints
    grid: Grid
    table: Floats
    bad: Ints

    @property
    def n(self) -> int:
        """Number of compartments."""
        return len(self.nodes)


def chunks(gates: int) -> tuple[int, ...]:
    """Return the sizes of the vectors that hold some gates: fours, and one for a single gate."""
    rest = gates % 4
    return (4,) * (gates // 4) + (() if rest == 0 else (1,) if rest == 1 else (4,))


def row_size(gates: int, degree: int) -> int:
    """Return the numbers in a row of some gates: whole cache lines."""
    return -(-2 * sum(chunks(gates)) * (degree + 1) // LINE) * LINE


@lru_cache(maxsize=64)
def bundles(cell: CellPlan, rates: str, precision: str, dt: float) -> tuple[Bundle, ...]:
    """Return the gates of a cell type that rows can advance, those of the same nodes together."""
    if rates == "direct":
        return ()
    together: dict[tuple[Grid, bytes], list[tuple[int, Floats, Ints]]] = {}
    for index, mechanism in enumerate(cell.mechanisms):
        table = table_of(cell, mechanism, rates)
        values = _uniform(cell, mechanism, () if table is None else _tabulated(mechanism))
        if values is None:
            continue
        grid = _grid(mechanism, precision, held=table is not None)
        known = None if table is None else (table.tobytes(), table.shape)
        pieces, bad = _rows(mechanism.program, values, grid, precision, dt, known)
        if len(bad) <= _MOST_BAD:
            key = grid, mechanism.nodes.tobytes()
            together.setdefault(key, []).append((index, pieces, bad))
    return tuple(
        _bundle(cell, grid, found, precision)
        for (grid, _), found in sorted(together.items(), key=lambda item: item[0][0].pieces)
    )


def _tabulated(mechanism: MechanismPlan) -> tuple[str, ...]:
    table = mechanism.program.table
    return () if table is None else table.of


def _grid(mechanism: MechanismPlan, precision: str, held: bool) -> Grid:
    """Return the rows of a mechanism: those of its table, or of all others."""
    table, usual = mechanism.program.table, GRIDS[precision]
    if table is None or not held:
        return usual
    per_mv = 1.0 / ((table.stop - table.start) / table.steps)
    degree = _OF_TABLES[precision]
    return Grid(per_mv, table.start, table.steps, degree, usual.tolerance, held=True)


def _bundle(
    cell: CellPlan, grid: Grid, found: list[tuple[int, Floats, Ints]], precision: str
) -> Bundle:
    gates = [
        (index, state)
        for index, _, _ in found
        for state in range(len(cell.mechanisms[index].program.states))
    ]
    # (rows, powers, gates, A or F)
    factors = np.concatenate([pieces for _, pieces, _ in found], axis=2)
    parts, first = [], 0
    for size in chunks(len(gates)):
        part = np.zeros((*factors.shape[:2], 2, size))
        here = factors[:, :, first : first + size].swapaxes(2, 3)
        part[..., : here.shape[-1]] = here
        parts.append(part.reshape(len(part), -1))
        first += size
    table = np.zeros((len(factors), row_size(len(gates), factors.shape[1] - 1)))
    table[:, : sum(p.shape[1] for p in parts)] = np.concatenate(parts, axis=1)
    if precision == "single":
        table[np.abs(table) < _TINY] = 0.0
    bad = np.unique(np.concatenate([b for _, _, b in found]))
    nodes = cell.mechanisms[found[0][0]].nodes
    return Bundle(tuple(index for index, _, _ in found), tuple(gates), nodes, grid, table, bad)


def _uniform(
    cell: CellPlan, mechanism: MechanismPlan, tabulated: tuple[str, ...]
) -> tuple[tuple[str, float], ...] | None:
    """Return the values that gates' rates take besides voltage, or None if rows cannot serve."""
    program = mechanism.program
    updates = program.updates
    if program.kind != "channel" or not updates or {u.method for u in updates} != {Method.EXACT}:
        return None
    wanted = [e for u in updates for e in (u.rate, u.steady)]
    computed = [a for a in program.assignments if a.name not in tabulated]
    wanted += [a.value for a in closure(computed, wanted)]
    used = set().union(*(names_of(e) for e in wanted))
    # a table holds its values beyond its ends; what is computed beside it goes on with voltage
    if tabulated and "v" in used:
        return None
    used -= {"v", "celsius"} | {a.name for a in program.assignments}
    if not used <= mechanism.parameters.keys() or used & given_by_pools(cell):
        return None
    if any(np.ptp(mechanism.parameters[name]) for name in used):
        return None
    known = {name: float(mechanism.parameters[name][0]) for name in used}
    return tuple(sorted({**known, "celsius": cell.celsius}.items()))


def given_by_pools(cell: CellPlan) -> set[str]:
    """Return the names whose values change with pools."""
    return {n for m in cell.mechanisms for n in (*m.program.outputs, *m.program.ion_inputs)}


@lru_cache(maxsize=256)
def _rows(
    program: Program,
    values: tuple[tuple[str, float], ...],
    grid: Grid,
    precision: str,
    dt: float,
    table: tuple[bytes, tuple[int, ...]] | None,
) -> tuple[Floats, Ints]:
    """Fit and check the rows of one mechanism.

    Returns
    -------
    pieces : array, (rows, powers, gates, 2)
        Coefficients of A and F, the highest power first, of the place in the row, −½ to ½.
    bad : array of int
        Rows that miss the tolerance.
    """
    n = grid.degree + 1
    # Chebyshev points, and between and beyond them for the check; a row holds its lower end only
    points = 0.5 * np.cos((2 * np.arange(n) + 1) * np.pi / (2 * n))
    checks = np.clip(0.5 * np.cos(np.arange(n + 1) * np.pi / n), -0.5, 0.499999)
    place = np.concatenate([points, checks]) + 0.5
    v = grid.start + (np.arange(grid.pieces)[:, None] + place) / grid.per_mv
    exact = factors(program, dict(values), v, dt, _between(program, table, place))
    pieces = np.einsum("ij,rjgk->rigk", np.linalg.inv(np.vander(points, n)), exact[:, :n])
    fitted = np.einsum("ij,rjgk->rigk", np.vander(checks, n), pieces)
    error = np.abs(fitted - exact[:, n:]).max(axis=1)
    size = np.abs(exact).max(axis=1)
    within = error <= grid.tolerance * np.maximum(size, _TINY)
    return pieces, np.flatnonzero(~within.all(axis=(1, 2)))


def _between(
    program: Program, table: tuple[bytes, tuple[int, ...]] | None, place: Floats
) -> dict[str, Array]:
    """Return what a table has at some places, 0 to 1, between each two of its points."""
    if table is None or program.table is None:
        return {}
    values = np.frombuffer(table[0]).reshape(table[1])
    low, high = values[:-1, None], values[1:, None]
    found = low + place[:, None] * (high - low)
    return {name: found[..., k] for k, name in enumerate(program.table.of)}


def factors(
    program: Program,
    values: dict[str, float],
    v: Floats,
    dt: float,
    tabulated: Mapping[str, Array] | None = None,
) -> Floats:
    """Return A and F of every gate at some voltages, (… like v, gates, 2).

    What is in `tabulated` is taken from there and not computed.
    """
    known: dict[str, Array] = {**values, **(tabulated or {}), "v": v}
    computed = [a for a in program.assignments if a.name not in known]
    wanted = [e for u in program.updates for e in (u.rate, u.steady)]
    # rates far outside what cells reach may overflow; such rows are not used
    with np.errstate(all="ignore"):
        for assignment in closure(computed, wanted):
            known[assignment.name] = evaluate(assignment.value, known)
        by_state = {}
        for update in program.updates:
            f = -np.expm1(np.asarray(evaluate(update.rate, known)) * dt)
            steady = np.asarray(evaluate(update.steady, known))
            by_state[update.state] = np.stack(np.broadcast_arrays(steady * f, f, v)[:2], axis=-1)
    return np.stack([by_state[name] for name in program.states], axis=-2)
