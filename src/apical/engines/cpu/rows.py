"""Rates of gates as piecewise polynomials of voltage, accurate to rounding.

A gate whose rate b and steady value x∞ depend on voltage alone advances by x + (A − F·x) with
F = 1 − exp(b·dt) and A = x∞·F. Both are smooth, so on short pieces of the voltage axis a polynomial
gives them with the error of rounding, at a fraction of the work: coefficients of all gates of a
compartment lie side by side, one row per piece, and are read as vectors. Every row is checked
against the equations; where it misses the tolerance, and outside the rows, the equations themselves
are computed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from apical.equations.evaluate import Array, evaluate
from apical.equations.expr import names_of
from apical.equations.program import Method, Program
from apical.plan.cell import CellPlan, MechanismPlan
from apical.plan.discretise import Floats, Ints


@dataclass(frozen=True)
class Grid:
    """Pieces of the voltage axis, symmetric about 0 mV.

    Parameters
    ----------
    per_mv : int
        Pieces per mV, a power of two, so that finding a voltage's piece is exact.
    half : int
        Pieces on either side of 0 mV, a power of two.
    degree : int
        Degree of the polynomials.
    tolerance : float
        Largest error of a row that is used, relative to the largest value in it.
    """

    per_mv: int
    half: int
    degree: int
    tolerance: float


#: −128 to 128 mV. What is tolerated is a few roundings; errors are mostly smaller.
GRIDS = {
    "double": Grid(per_mv=4, half=512, degree=5, tolerance=1e-13),
    "single": Grid(per_mv=16, half=2048, degree=2, tolerance=6e-8),
}
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
    table : array, (rows, coefficients)
        For each chunk of gates (see `chunks`) and each power from the highest: A of the chunk's
        gates, then F; then room up to a whole cache line.
    bad : array of int
        Rows that miss the tolerance.
    """

    mechanisms: tuple[int, ...]
    gates: tuple[tuple[int, int], ...]
    nodes: Ints
    table: Floats
    bad: Ints

    @property
    def n(self) -> int:
        """Number of compartments."""
        return len(self.nodes)

    @property
    def width(self) -> int:
        """Numbers kept per compartment: gates, and what fills their vectors."""
        return sum(chunks(len(self.gates)))


def chunks(gates: int) -> tuple[int, ...]:
    """Return the sizes of the vectors that hold some gates: eights, then a power of two."""
    rest = gates % 8
    last = () if rest == 0 else (1 << (rest - 1).bit_length(),)
    return (8,) * (gates // 8) + last


def row_size(gates: int, degree: int) -> int:
    """Return the numbers in a row of some gates: whole cache lines."""
    return -(-2 * sum(chunks(gates)) * (degree + 1) // LINE) * LINE


def bundles(cell: CellPlan, rates: str, precision: str, dt: float) -> tuple[Bundle, ...]:
    """Return the gates of a cell type that rows can advance, those of the same nodes together."""
    if rates != "exact":
        return ()
    together: dict[bytes, list[tuple[int, Floats, Ints]]] = {}
    for index, mechanism in enumerate(cell.mechanisms):
        values = _uniform(cell, mechanism)
        if values is None:
            continue
        pieces, bad = _rows(mechanism.program, values, precision, dt)
        if len(bad) <= _MOST_BAD:
            together.setdefault(mechanism.nodes.tobytes(), []).append((index, pieces, bad))
    return tuple(_bundle(cell, found, precision) for found in together.values())


def _bundle(cell: CellPlan, found: list[tuple[int, Floats, Ints]], precision: str) -> Bundle:
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
    return Bundle(tuple(index for index, _, _ in found), tuple(gates), nodes, table, bad)


def _uniform(cell: CellPlan, mechanism: MechanismPlan) -> tuple[tuple[str, float], ...] | None:
    """Return the values that gates' rates take besides voltage, or None if rows cannot serve."""
    program = mechanism.program
    updates = program.updates
    if program.kind != "channel" or not updates or {u.method for u in updates} != {Method.EXACT}:
        return None
    wanted = [e for u in updates for e in (u.rate, u.steady)]
    wanted += [a.value for a in program.needed(wanted)]
    used = set().union(*(names_of(e) for e in wanted))
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
    program: Program, values: tuple[tuple[str, float], ...], precision: str, dt: float
) -> tuple[Floats, Ints]:
    """Fit and check the rows of one mechanism.

    Returns
    -------
    pieces : array, (rows, powers, gates, 2)
        Coefficients of A and F, the highest power first, of the place in the row, −½ to ½.
    bad : array of int
        Rows that miss the tolerance.
    """
    grid = GRIDS[precision]
    n = grid.degree + 1
    # Chebyshev points, and between and beyond them for the check; a row holds its lower end only
    points = 0.5 * np.cos((2 * np.arange(n) + 1) * np.pi / (2 * n))
    checks = np.clip(0.5 * np.cos(np.arange(n + 1) * np.pi / n), -0.5, 0.499999)
    row = np.arange(-grid.half, grid.half)[:, None]
    v = (row + 0.5 + np.concatenate([points, checks])) / grid.per_mv
    exact = factors(program, dict(values), v, dt)
    pieces = np.einsum("ij,rjgk->rigk", np.linalg.inv(np.vander(points, n)), exact[:, :n])
    fitted = np.einsum("ij,rjgk->rigk", np.vander(checks, n), pieces)
    error = np.abs(fitted - exact[:, n:]).max(axis=1)
    size = np.abs(exact).max(axis=1)
    within = error <= grid.tolerance * np.maximum(size, _TINY)
    return pieces, np.flatnonzero(~within.all(axis=(1, 2)))


def factors(program: Program, values: dict[str, float], v: Floats, dt: float) -> Floats:
    """Return A and F of every gate at some voltages, (… like v, gates, 2)."""
    known: dict[str, Array] = {**values, "v": v}
    # rates far outside what cells reach may overflow; such rows are not used
    with np.errstate(all="ignore"):
        for assignment in program.needed([e for u in program.updates for e in (u.rate, u.steady)]):
            known[assignment.name] = evaluate(assignment.value, known)
        by_state = {}
        for update in program.updates:
            f = -np.expm1(np.asarray(evaluate(update.rate, known)) * dt)
            steady = np.asarray(evaluate(update.steady, known))
            by_state[update.state] = np.stack(np.broadcast_arrays(steady * f, f, v)[:2], axis=-1)
    return np.stack([by_state[name] for name in program.states], axis=-2)
