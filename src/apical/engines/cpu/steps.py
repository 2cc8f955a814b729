"""Kernels that every cell type shares. Arrays are rows × lanes, flattened."""

from __future__ import annotations

from numba import njit

from apical.engines.cpu.lowlevel import (
    add_row,
    add_scaled_row,
    copy_row,
    eliminate_row,
    flow_row,
    substitute_row,
    subtract_row,
)
from apical.engines.cpu.math import OPTIONS


@njit(**OPTIONS)
def clear(a):
    """Set to zero."""
    for j in range(a.shape[0]):
        a[j] = 0.0


@njit(**OPTIONS)
def assemble(current, conductance, area, base, right, diagonal):
    """Turn densities into the right side (nA) and diagonal (µS) of the voltage equation."""
    for j in range(current.shape[0]):
        right[j] = -(area[j] * current[j])
        diagonal[j] = base[j] + area[j] * conductance[j]


@njit(**OPTIONS)
def gather_rows(v, nodes, out, L):
    """Copy the rows of some nodes."""
    for k in range(nodes.shape[0]):
        copy_row(out, v, k * L, nodes[k] * L)


@njit(**OPTIONS)
def add_rows(current, conductance, nodes, right, diagonal, L):
    """Add receptors' currents and conductances to their nodes, one after the other."""
    for k in range(nodes.shape[0]):
        subtract_row(right, current, nodes[k] * L, k * L)
        add_row(diagonal, conductance, nodes[k] * L, k * L)


@njit(**OPTIONS)
def inject(right, step, clamps, group, L):
    """Add the clamps that are on."""
    for c in range(clamps.start[group], clamps.start[group + 1]):
        if clamps.first[c] <= step < clamps.last[c]:
            right[clamps.node[c] * L + clamps.lane[c]] += clamps.amplitude[c]


@njit(**OPTIONS)
def solve(v, parent, axial, order, diagonal, right, L):
    """Advance voltages by implicit Euler: Hines elimination and substitution, in place."""
    n = order.shape[0]
    for k in range(1, n):
        flow_row(v, right, order[k] * L, parent[order[k]] * L, axial[order[k]])
    for k in range(n - 1, 0, -1):
        eliminate_row(diagonal, right, order[k] * L, parent[order[k]] * L, axial[order[k]])
    root = order[0] * L
    for lane in range(L):
        right[root + lane] /= diagonal[root + lane]
        v[root + lane] += right[root + lane]
    for k in range(1, n):
        substitute_row(v, diagonal, right, order[k] * L, parent[order[k]] * L, axial[order[k]])


@njit(**OPTIONS)
def dipole(v, weights, out, L):
    """Sum weighted voltages of each cell."""
    clear(out)
    for node in range(weights.shape[0]):
        add_scaled_row(out, v, 0, node * L, weights[node])


@njit(**OPTIONS)
def crossings(before, after, threshold, step, spikes, group, count):
    """Note the cells whose voltage crossed the threshold upwards; return how many there are."""
    for lane in range(before.shape[0]):
        if before[lane] <= threshold < after[lane]:
            spikes.step[group, count] = step
            spikes.lane[group, count] = lane
            count += 1
    return count


@njit(**OPTIONS)
def membrane(v, parent, axial, order, out, L):
    """Compute what flows into each node from its neighbours: its membrane current."""
    clear(out)
    for k in range(1, order.shape[0]):
        flow_row(v, out, order[k] * L, parent[order[k]] * L, axial[order[k]])


@njit(**OPTIONS)
def sample(x, step, records, group):
    """Copy recorded values whose turn it is."""
    for r in range(records.start[group], records.start[group + 1]):
        if step % records.every[r] == 0:
            records.values[records.place[r] + step // records.every[r]] = x[records.where[r]]
