"""What happens between windows: cells' values are summed, and spikes collected."""

from __future__ import annotations

import numpy as np
from numba import njit

from apical.engines.cpu.math import ALLOCATING, INNER
from apical.engines.cpu.steps import clear


@njit(**ALLOCATING)
def collect_spikes(spikes, groups, owner, owner_at, first_step, steps):
    """Order a window's spikes by step, then by group and lane.

    Parameters
    ----------
    owner : array, (cells, 2)
        Member and global index of every cell of every group; a group's begin at `owner_at`.

    Returns
    -------
    step, member, cell : array of int
    """
    count = np.zeros(steps + 1, np.int64)
    for g in range(groups.shape[0]):
        for k in range(spikes.found[g]):
            # a spike at the end of step s is noted as s + 1
            count[spikes.step[groups[g].spikes + k] - first_step] += 1
    for s in range(1, steps + 1):
        count[s] += count[s - 1]
    total = count[steps]
    step, member = np.empty(total, np.int64), np.empty(total, np.int64)
    cell = np.empty(total, np.int64)
    for g in range(groups.shape[0]):
        for k in range(spikes.found[g]):
            at = groups[g].spikes + k
            s = spikes.step[at]
            e = count[s - first_step - 1]
            count[s - first_step - 1] += 1
            step[e] = s
            member[e], cell[e] = owner[owner_at[g] + spikes.lane[at]]
    return step, member, cell


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
                    _sum_parts(o, parts, sums.values, outputs.values[at : at + samples])


@njit(**INNER)
def _sum_parts(o, parts, values, total):
    """Add up the cells of octets that are in pieces, then all octets, in their order."""
    clear(total)
    octet = 0
    for p in range(parts.shape[0]):
        at = parts[p].at + o * parts[p].apart
        if parts[p].goes_on:
            _add(values, at, values[octet:][: total.shape[0]])
        else:
            octet = at
    for p in range(parts.shape[0]):
        if not parts[p].goes_on:
            _add(values, parts[p].at + o * parts[p].apart, total)


@njit(**INNER)
def _add(values, at, total):
    for j in range(total.shape[0]):
        total[j] += values[at + j]
