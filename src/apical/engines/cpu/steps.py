"""Kernels that every cell type shares. Arrays are rows × lanes, flattened."""

from __future__ import annotations

from numba import njit

from apical.engines.cpu.layout import LANES as L
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
def gather_rows(v, nodes, out):
    """Copy the rows of some nodes."""
    for k in range(nodes.shape[0]):
        start = nodes[k] * L
        for lane in range(L):
            out[k * L + lane] = v[start + lane]


@njit(**OPTIONS)
def add_rows(current, conductance, nodes, right, diagonal):
    """Add receptors' currents and conductances to their nodes, one after the other."""
    for k in range(nodes.shape[0]):
        start = nodes[k] * L
        for lane in range(L):
            right[start + lane] -= current[k * L + lane]
            diagonal[start + lane] += conductance[k * L + lane]


@njit(**OPTIONS)
def inject(right, step, lanes, nodes, amplitude, first, last, start, stop):
    """Add the clamps that are on."""
    for c in range(start, stop):
        if first[c] <= step < last[c]:
            right[nodes[c] * L + lanes[c]] += amplitude[c]


@njit(**OPTIONS)
def solve(v, parent, axial, order, diagonal, right):
    """Advance voltages by implicit Euler: Hines elimination and substitution, in place."""
    n = order.shape[0]
    for k in range(1, n):
        node = order[k] * L
        up, g = parent[order[k]] * L, axial[order[k]]
        for lane in range(L):
            flow = g * (v[up + lane] - v[node + lane])
            right[node + lane] += flow
            right[up + lane] -= flow
    for k in range(n - 1, 0, -1):
        node = order[k] * L
        up, g = parent[order[k]] * L, axial[order[k]]
        for lane in range(L):
            factor = g / diagonal[node + lane]
            diagonal[up + lane] -= factor * g
            right[up + lane] += factor * right[node + lane]
    root = order[0] * L
    for lane in range(L):
        right[root + lane] /= diagonal[root + lane]
        v[root + lane] += right[root + lane]
    for k in range(1, n):
        node = order[k] * L
        up, g = parent[order[k]] * L, axial[order[k]]
        for lane in range(L):
            change = (right[node + lane] + g * right[up + lane]) / diagonal[node + lane]
            right[node + lane] = change
            v[node + lane] += change


@njit(**OPTIONS)
def dipole(v, weights, out):
    """Sum weighted voltages of each cell."""
    for lane in range(L):
        out[lane] = 0.0
    for node in range(weights.shape[0]):
        w = weights[node]
        for lane in range(L):
            out[lane] += w * v[node * L + lane]


@njit(**OPTIONS)
def crossings(before, after, threshold, step, steps, lanes, count):
    """Note the cells whose voltage crossed the threshold upwards; return how many there are."""
    for lane in range(L):
        if before[lane] <= threshold < after[lane]:
            steps[count] = step
            lanes[count] = lane
            count += 1
    return count


@njit(**OPTIONS)
def membrane(v, parent, axial, order, out, step, lanes, nodes, amplitude, first, last, start, stop):
    """Compute membrane currents: what flows in from neighbours and electrodes flows out."""
    for j in range(out.shape[0]):
        out[j] = 0.0
    for k in range(1, order.shape[0]):
        node = order[k] * L
        up, g = parent[order[k]] * L, axial[order[k]]
        for lane in range(L):
            flow = g * (v[up + lane] - v[node + lane])
            out[node + lane] += flow
            out[up + lane] -= flow
    inject(out, step, lanes, nodes, amplitude, first, last, start, stop)


@njit(**OPTIONS)
def sample(x, step, index, every, place, start, stop, recorded):
    """Copy recorded values whose turn it is."""
    for r in range(start, stop):
        if step % every[r] == 0:
            recorded[place[r] + step // every[r]] = x[index[r]]
