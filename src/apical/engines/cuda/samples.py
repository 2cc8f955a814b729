"""Samples taken on the way: weighted sums of voltages, such as dipoles, and recordings.

Threads write what belongs to their cell. A second kernel, in the same generated file, adds up
cells, always in their order and in double precision.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from apical.engines.cuda.device import device


class Sums(NamedTuple):
    """Weighted sums over the nodes of each cell of a population.

    Parameters
    ----------
    every, outputs : array of int, (requests,)
        Steps from one sample to the next; number of sums.
    place, width : array of int, (requests,)
        Where the weights begin, outputs × nodes × columns, and their columns.
    row : array of int, (requests,)
        First row of the samples of a window.
    column : array of int, (requests · threads,)
        Column of each thread's weights.
    weights : array, per mV
    values : array, (rows · threads,)
        The samples of a window.
    """

    every: Any
    outputs: Any
    place: Any
    width: Any
    row: Any
    column: Any
    weights: Any
    values: Any


class Records(NamedTuple):
    """Recordings of a population.

    Parameters
    ----------
    every, cells, sites : array of int, (requests,)
        Steps from one sample to the next; number of cells and of sites.
    place, row : array of int, (requests,)
        Where the sites begin in `source`, and the first row of the samples of a window.
    slot : array of int, (requests · cells of the population,)
        Which of the recorded cells a cell is, or −1.
    source : array of int
        Row of what changes that a site shows.
    values : array, (rows · members,)
        The samples of a window.
    """

    every: Any
    cells: Any
    sites: Any
    place: Any
    row: Any
    slot: Any
    source: Any
    values: Any


@device
def weigh(own, t, T, nodes, first, done, zero, sums):
    """Sample the weighted sums of one cell after `done` steps; the window began at `first`."""
    for r in range(sums.every.shape[0]):
        every = sums.every[r]
        if done % every == 0:
            number = done // every - first // every - 1
            outputs, width = sums.outputs[r], sums.width[r]
            place = sums.place[r] + sums.column[r * T + t]
            for o in range(outputs):
                total = zero
                for n in range(nodes):
                    weight = sums.weights[np.uint64(place + (o * nodes + n) * width)]
                    total += weight * own[np.uint32(n * T + t)]
                sums.values[(sums.row[r] + number * outputs + o) * T + t] = total


@device
def record(own, t, T, M, first, done, records):
    """Sample what is recorded of one cell after `done` steps."""
    cell, m = t // M, t % M
    for r in range(records.every.shape[0]):
        every = records.every[r]
        slot = records.slot[r * (T // M) + cell]
        if done % every == 0 and slot >= 0:
            number, sites = done // every - first // every - 1, records.sites[r]
            to = records.row[r] + (number * records.cells[r] + slot) * sites
            for s in range(sites):
                source = records.source[records.place[r] + s]
                records.values[(to + s) * M + m] = own[source * T + t]
