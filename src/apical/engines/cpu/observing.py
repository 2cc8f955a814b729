"""Observables of a group: weighted voltages of cells, several samples at once.

Compiled only for runs in which something is observed.
"""

from __future__ import annotations

from numba import njit

from apical.engines.cpu.math import INNER, minimum
from apical.engines.cpu.tables import AT_ONCE, KEPT, VECTOR
from apical.engines.cpu.weighing import add_lanes, weigh_1, weigh_2, weigh_3


@njit(**INNER)
def sum_cells(table, g, q, sample, groups, sums, work):
    """Sum weighted voltages of every cell of a group, then those of each piece.

    Parameters
    ----------
    table : int
        Address of the run's table, whose parts follow; see :class:`apical.engines.cpu.tables.Run`.
    g, q : int
        Which group, and which of its sums.
    sample : int
        The first of the window's samples that are kept.
    """
    L, request = groups[g].lanes, sums.sums[q]
    nodes, outputs = request.nodes, request.outputs
    kept = work.kept[request.kept * KEPT * nodes * L :]
    apart = (sums.piece_start[g + 1] - sums.piece_start[g]) * request.room
    wide = minimum(L, VECTOR // kept.itemsize)
    whole = wide * kept.itemsize == VECTOR
    o = 0
    while o < outputs:
        some = minimum(outputs - o, AT_ONCE)
        for first in range(0, L, wide):
            at = first * nodes * KEPT
            where = request.weights + (first * outputs + o * wide) * nodes
            if some == 3:
                weigh_3(work.samples, kept, sums.weights, first, L, at, where, nodes, whole)
            elif some == 2:
                weigh_2(work.samples, kept, sums.weights, first, L, at, where, nodes, whole)
            else:
                weigh_1(work.samples, kept, sums.weights, first, L, at, where, nodes, whole)
        for k in range(some):
            to = request.to + (o + k) * apart + sample
            for p in range(sums.piece_start[g], sums.piece_start[g + 1]):
                piece = sums.pieces[p]
                at = k * L * KEPT + piece.lane
                add_lanes(sums.values, work.samples, to, at, L, piece.cells)
                to += request.room
        o += some
