"""Dipoles and observables: what groups gave in a window is summed over cells."""

from __future__ import annotations

from numba import njit

from apical.engines.cpu.math import INNER
from apical.engines.cpu.steps import add, clear


@njit(**INNER)
def sum_outputs(me, threads, first, steps, sums, outputs):
    """Sum this thread's part of a window's dipoles and observables over cells."""
    turn = 0
    for k in range(outputs.outputs.shape[0]):
        output = outputs.outputs[k]
        before = first // output.every
        samples = (first + steps) // output.every - before
        for m in range(outputs.start.shape[1] - 1):
            parts = outputs.parts[outputs.start[k, m] : outputs.start[k, m + 1]]
            for o in range(output.outputs):
                turn += 1
                if samples > 0 and turn % threads == me:
                    at = output.at + (m * output.outputs + o) * output.samples + before + 1
                    _sum_parts(o, parts, sums, outputs.values[at : at + samples])


@njit(**INNER)
def _sum_parts(o, parts, sums, total):
    """Add up the cells of octets that are in pieces, then all octets, in their order.

    Cells of an octet are added in the precision of the run, as they are where they lie together.
    """
    n, real = total.shape[0], sums.weights.dtype.type
    clear(total)
    octet = sums.values
    for p in range(parts.shape[0]):
        at = parts[p].at + o * parts[p].apart
        part = sums.values[at : at + n]
        if parts[p].goes_on:
            for j in range(n):
                octet[j] = real(octet[j] + part[j])
        else:
            octet = part
    for p in range(parts.shape[0]):
        if not parts[p].goes_on:
            at = parts[p].at + o * parts[p].apart
            add(sums.values[at : at + n], total)
