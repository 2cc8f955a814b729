"""What happens between windows: cells' values are summed, and spikes collected."""

from __future__ import annotations

import numpy as np
from numba import njit

from apical.engines.cpu.lowlevel import add_lanes
from apical.engines.cpu.math import NO_COUNTING, OPTIONS
from apical.engines.cpu.steps import clear


@njit(**OPTIONS)
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


@njit(**NO_COUNTING)
def sum_outputs(me, threads, first, steps, groups, sums, outputs):
    """Sum this thread's part of a window's dipoles and observables over cells."""
    turn = 0
    for k in range(outputs.outputs.shape[0]):
        output = outputs.outputs[k]
        before = first // output.every
        samples = (first + steps) // output.every - before
        for m in range(outputs.first.shape[0]):
            for o in range(output.outputs):
                turn += 1
                if samples > 0 and turn % threads == me:
                    at = output.at + (m * output.outputs + o) * output.samples + before + 1
                    total = outputs.values[at : at + samples]
                    _sum_cells(k, m, o, groups, sums, outputs, total)


@njit(**NO_COUNTING)
def _sum_cells(k, m, o, groups, sums, outputs, total):
    """Add up a population's cells in their order."""
    clear(total)
    output, c = outputs.outputs[k], 0
    while c < output.cells:
        place = outputs.first[m, output.population] + c
        g = outputs.group[m, output.population] + place // outputs.full
        L, request = groups[g].lanes, sums.sums[outputs.which[k, g]]
        lane = place % outputs.full
        at = request.to + o * request.room * L + lane
        # eight lanes of a group at once, or what is left of a member's
        n = min(8, output.cells - c, L - lane)
        _add_cells(total, sums.values, at, n, L)
        c += n


@njit(**NO_COUNTING)
def _add_cells(total, values, at, cells, L):
    """Add some lanes to the sums of all samples, one after the other."""
    k, samples = 0, total.shape[0]
    while cells == 8 and k + 8 <= samples:
        add_lanes(total, values, k, at + k * L, L)
        k += 8
    for c in range(cells):
        for j in range(k, samples):
            total[j] += values[at + j * L + c]
