"""Observables of a group: weighted voltages of cells, several samples at once.

Compiled only for runs in which something is observed.
"""

from __future__ import annotations

from numba import njit

from apical.engines.cpu.math import INNER
from apical.engines.cpu.tables import KEPT
from apical.engines.cpu.weighing import transpose, weigh_1, weigh_2, weigh_4, weigh_8


@njit(**INNER)
def sum_cells(table, g, q, sample, n, groups, sums, work):
    """Sum weighted voltages of every piece of a group, cell by cell.

    Parameters
    ----------
    table : int
        Address of the run's table, whose parts follow; see :class:`apical.engines.cpu.tables.Run`.
    g, q : int
        Which group, and which of its sums.
    sample, n : int
        The first of the window's samples that are kept, and how many.
    """
    L, request = groups[g].lanes, sums.sums[q]
    nodes = request.nodes
    kept = work.kept[request.kept * KEPT * nodes * L :]
    apart = (sums.piece_start[g + 1] - sums.piece_start[g]) * request.room
    to = request.to + sample
    for p in range(sums.piece_start[g], sums.piece_start[g + 1]):
        piece = sums.pieces[p]
        for k in range(nodes):
            for first in range(0, n, 8):
                at = (first * nodes + k) * L + piece.lane
                transpose(work.samples, kept, k * KEPT + first, at, nodes * L, nodes * KEPT)
        at = request.weights + piece.lane * nodes * request.outputs
        _weigh_cells(
            work.samples, sums.weights, request.outputs, at, sums.values, to, apart, nodes,
            piece.cells, n > 8,
        )  # fmt: skip
        to += request.room


@njit(**INNER)
def _weigh_cells(values, weights, outputs, at, out, to, apart, nodes, cells, more):
    """Sum weighted nodes of some cells for all outputs, as many as go at once.

    Samples are eight, or twice eight if there are more. Weights go by cell, outputs that are
    weighed at once, node and output.
    """
    o, further = 0, outputs * nodes
    while o < outputs:
        to_o, at_o = to + o * apart, at + o * nodes
        if o + 8 <= outputs:
            weigh_8(out, values, weights, to_o, apart, at_o, further, nodes, cells, more)
            o += 8
        elif o + 4 <= outputs:
            weigh_4(out, values, weights, to_o, apart, at_o, further, nodes, cells, more)
            o += 4
        elif o + 2 <= outputs:
            weigh_2(out, values, weights, to_o, apart, at_o, further, nodes, cells, more)
            o += 2
        else:
            weigh_1(out, values, weights, to_o, apart, at_o, further, nodes, cells, more)
            o += 1
