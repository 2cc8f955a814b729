"""Kernels that every cell type shares. Arrays are rows × lanes, flattened."""

from __future__ import annotations

import numpy as np
from numba import njit

from apical.engines.cpu.lanes import (
    add_row,
    begin_row,
    copy_row,
    eliminate_row,
    flow_row,
    keep_row,
    solve_root,
    substitute_row,
    subtract_row,
)
from apical.engines.cpu.math import CAREFUL, INNER, maximum, minimum


@njit(**INNER)
def clear(a):
    """Set to zero."""
    for j in range(a.shape[0]):
        a[j] = 0.0


@njit(**INNER)
def copy(a, out):
    """Copy a whole array."""
    for j in range(a.shape[0]):
        out[j] = a[j]


@njit(**INNER)
def add(a, out):
    """Add a whole array."""
    for j in range(a.shape[0]):
        out[j] += a[j]


@njit(**INNER)
def assemble(current, conductance, area, base, right, diagonal):
    """Turn densities into the right side (nA) and diagonal (µS) of the voltage equation.

    Densities are set to zero, for the next step to add to.
    """
    for j in range(current.shape[0]):
        right[j] = -(area[j] * current[j])
        diagonal[j] = base[j] + area[j] * conductance[j]
        current[j] = 0.0
        conductance[j] = 0.0


@njit(**INNER)
def begin_rows(right, diagonal, base, nodes, L):
    """Begin the equations of nodes without channels."""
    for k in range(nodes.shape[0]):
        begin_row(right, diagonal, base, nodes[k] * L, L)


@njit(**INNER)
def gather_rows(v, nodes, out, L):
    """Copy the rows of some nodes."""
    for k in range(nodes.shape[0]):
        copy_row(out, v, k * L, nodes[k] * L, L)


@njit(**INNER)
def keep_rows(v, nodes, kept, sample, L):
    """Keep the rows of the first nodes as a sample."""
    for node in range(nodes):
        keep_row(kept, v, node, sample, nodes, L)


@njit(**INNER)
def add_rows(current, conductance, nodes, right, diagonal, L):
    """Add receptors' currents and conductances to their nodes, one after the other."""
    for k in range(nodes.shape[0]):
        subtract_row(right, current, nodes[k] * L, k * L, L)
        add_row(diagonal, conductance, nodes[k] * L, k * L, L)


@njit(**INNER)
def inject(right, step, clamps, group, L):
    """Add the clamps that are on."""
    for c in range(clamps.start[group], clamps.start[group + 1]):
        clamp = clamps.clamps[c]
        if clamp.first <= step < clamp.last:
            right[clamp.node * L + clamp.lane] += clamp.amplitude


@njit(**INNER)
def solve(v, parent, axial, order, diagonal, right, L):
    """Advance voltages by implicit Euler: Hines elimination and substitution, in place."""
    n = order.shape[0]
    for k in range(n - 1, 0, -1):
        eliminate_row(v, diagonal, right, axial, order[k] * L, parent[order[k]] * L, L)
    solve_root(v, diagonal, right, order[0] * L, L)
    for k in range(1, n):
        substitute_row(v, diagonal, right, axial, order[k] * L, parent[order[k]] * L, L)


@njit(**INNER)
def membrane(v, parent, axial, order, out, L):
    """Compute what flows into each node from its neighbours: its membrane current."""
    clear(out)
    for k in range(1, order.shape[0]):
        flow_row(v, out, axial, order[k] * L, parent[order[k]] * L, L)


@njit(**INNER)
def crossings(before, after, threshold, step, real, spikes, first, count):
    """Note the cells whose voltage crossed the threshold upwards; return how many there are."""
    for lane in range(real):
        if before[lane] <= threshold < after[lane]:
            spikes.step[first + count] = step
            spikes.lane[first + count] = lane
            count += 1
    return count


@njit(**INNER)
def sample(x, first, step, records, group):
    """Copy recorded values whose turn it is; the window began after step `first`."""
    for r in range(records.start[group], records.start[group + 1]):
        record = records.records[r]
        if step % record.every == 0:
            number = step // record.every - first // record.every - 1
            records.values[record.place + number] = x[record.where]


@njit(**INNER)
def locate(v, per_mv, half, place, row):
    """Find every voltage's row of gates and its place in it, −½ to ½; return whether all have one.

    Voltages beyond the ends get the last row there, so that none reads outside the table.
    """
    inside = True
    # whole numbers as short as those of the rows, or a vector holds half as many
    first, last = np.int32(half), np.int32(2 * half - 1)
    for j in range(v.shape[0]):
        u = v[j] * per_mv
        below = np.floor(u)
        place[j] = (u - below) - v.dtype.type(0.5)
        # what is not a number becomes the smallest of whole numbers
        k = np.int32(np.int32(below) + first)
        found = maximum(minimum(k, last), np.int32(0))
        inside &= found == k
        row[j] = found
    return inside


# what is not a number must not lead outside the table
@njit(**CAREFUL)
def locate_held(v, grid, place, row):
    """Find every voltage's row and place in it, beyond the ends those of the ends."""
    most, last = v.dtype.type(grid.pieces), np.int32(grid.pieces - 1)
    for j in range(v.shape[0]):
        u = (v[j] - grid.start) * grid.per_mv
        u = u if u > 0 else v.dtype.type(0)
        u = u if u < most else most
        k = minimum(np.int32(u), last)
        row[j] = k
        place[j] = (u - k) - v.dtype.type(0.5)


@njit(**INNER)
def holds(rows, row):
    """Whether some voltage is in a row."""
    found = False
    for j in range(rows.shape[0]):
        found |= rows[j] == row
    return found


# without fast-math, which may take it for granted that there is no NaN
@njit(**CAREFUL)
def beyond(v, limit):
    """Whether any voltage is not within ± limit; NaN is not."""
    inside = True
    for j in range(v.shape[0]):
        inside &= abs(v[j]) <= limit
    return not inside


@njit(**CAREFUL)
def uncertain(v, grid, bad):
    """Whether no row serves a voltage."""
    half = grid.pieces // 2
    u = (v - grid.start) * grid.per_mv if grid.held else v * grid.per_mv
    if not (grid.held or -half <= u < half):
        return True
    row = np.int32(np.floor(u)) + half
    if grid.held:
        u = u if u > 0 else 0.0
        row = np.int32(u if u < grid.pieces - 1 else grid.pieces - 1)
    found = False
    for k in range(bad.shape[0]):
        found |= bad[k] == row
    return found
