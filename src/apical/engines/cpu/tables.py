"""What the loop over steps reads: tables of kinds, mechanisms, gates, groups and what they sample.

Rows are records, so that compiled code takes few arguments (its compilation time grows with their
number). `first` and `last` of something are the bounds of its part in a list that all share.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from llvmlite import binding

from apical.plan.discretise import Floats, Ints

POOL, CHANNEL, RECEPTOR = 0, 1, 2
#: Samples of voltages that are collected before observables are summed, all at once.
KEPT = 8
#: Bytes of the vectors in which observables are summed, and how many outputs are weighed at once:
#: the sums, one for each sample of each output, fit into registers.
VECTOR, AT_ONCE = (64, 3) if binding.get_host_cpu_features().get("avx512f") else (32, 1)
#: Cells of a population that are summed first, by themselves: as many as :func:`add_lanes` takes.
OCTET = 8

_INT = np.int64


def _record(*names: str) -> np.dtype:
    return np.dtype([(name, _INT) for name in names])


#: A kind of cells: its nodes, compartments first, their parents and order, mechanisms, channels and
#: gates that go together, ion currents, and whether channels assemble the voltage equation, but for
#: that of bare nodes.
KIND = _record(
    "nodes", "compartments", "parent", "order", "first_mechanism", "last_mechanism",
    "first_channels", "last_channels", "first_bundle", "last_bundle", "first_ion", "last_ion",
    "spike_node", "membrane_row", "assembled", "first_bare", "last_bare",
)  # fmt: skip
#: A mechanism of a kind: first row of its states, how many, the runs of nodes that it covers, where
#: its parameters' places are, whether its states look at their node to advance, and addresses of
#: its kernels (0: none).
MECHANISM = _record(
    "kind", "bundled", "row", "states", "count", "first_run", "last_run", "sites",
    "places", "scalars", "table", "links", "inputs", "looks", "currents", "advance", "outputs",
    "event",
)  # fmt: skip
#: Channels that cover the same nodes: address of the kernel that adds their densities, and where
#: it finds theirs.
CHANNELS = _record("address", "count", "shifts", "lists", "first_run", "last_run")
#: Gates that are advanced together: address of the kernel, how many compartments, which grid of
#: voltages, and where their table, mechanisms, rows of states and rows of the table that do not
#: serve are.
BUNDLE = _record(
    "gates", "count", "grid", "table", "first_target", "last_target", "first_bad",
    "last_bad", "first_member", "last_member", "first_run", "last_run",
)  # fmt: skip
#: Consecutive nodes that a mechanism or bundle covers.
RUN = _record("node", "count", "instance")
#: A group of cells: `which` of the numbers of lanes it has, `cells` of these are cells, and its
#: blocks and room for spikes begin somewhere.
GROUP = _record(
    "kind", "which", "lanes", "cells", "changing", "fixed", "spikes", "has_membrane",
)  # fmt: skip
#: A value recorded `every` so many steps: where it is, and where it goes.
RECORD = _record("where", "every", "place")
#: Something computed for recording only: of which mechanism, by which kernel, whether at the end of
#: a step, how often, and the first and last of the values that are kept.
SHOWN = _record("mechanism", "address", "late", "every", "first", "last")
#: Weighted sums of a group's voltages over nodes and the cells of each piece. Pieces of one output
#: lie one after the other, with `room` for a window's samples. Weights of dipoles are rows of
#: lanes, and their `address` is 0. Those of observables go by vector of lanes, outputs weighed at
#: once, node and output, are of the first `nodes` only, and are summed by the loop at `address`;
#: those of equal `every` share a place for voltages, which the first one, the `keeper`, fills.
SUM = _record(
    "every", "outputs", "weights", "address", "nodes", "to", "room", "kept", "keeper",
)  # fmt: skip
#: Cells of a group that are summed at once: first lane, and how many. Cells 8k to 8k + 7 of a
#: member's population are an octet, whose sum is the same wherever its cells are. Where the next
#: group has the rest of an octet, each cell of the rest is a piece by itself.
PIECE = _record("lane", "cells")
#: Dipoles or an observable summed over the cells of a population: each member's outputs, of
#: `samples` each, lie one after the other.
OUTPUT = _record("every", "outputs", "samples", "at")
#: A piece's sums: where those of the first output begin, how far apart those of the outputs are,
#: and whether it goes on with the octet of the part before.
PART = _record("at", "apart", "goes_on")


def clamp_type(real: type) -> np.dtype:
    """Return the record of an injected current."""
    return np.dtype(
        [("node", _INT), ("lane", _INT), ("first", _INT), ("last", _INT), ("amplitude", real)],
        align=True,
    )


def grid_type(real: type) -> np.dtype:
    """Return the record of a grid of voltages."""
    return np.dtype(
        [("per_mv", real), ("start", real), ("pieces", _INT), ("held", _INT)], align=True
    )


def event_type(real: type) -> np.dtype:
    """Return the record of an event; a group is meant by rank, an element is an instance's lane."""
    return np.dtype(
        [(name, np.int32) for name in ("step", "group", "mechanism", "element")]
        + [("weight", real)],
        align=True,
    )


class Model(NamedTuple):
    """All kinds of cells.

    Parameters
    ----------
    kinds, mechanisms, channels, bundles, runs : record arrays
    lists : array of int
        Parents, orders, nodes, rows of ion currents, members and bad rows of bundles.
    shifts : array of int, (3, n)
        Offsets of what mechanisms are linked to, of parameters and of gates' rows, by the size of
        groups.
    numbers : array
        Scalars, tables of rates.
    grids : record array
        What rows of gates stand for; see :class:`apical.engines.cpu.rows.Grid`.
    gate_tables : array
        Tables of gates' rows.
    thresholds : array, mV
    """

    kinds: Any
    mechanisms: Any
    channels: Any
    bundles: Any
    runs: Any
    lists: Ints
    shifts: Ints
    numbers: Floats
    grids: Any
    gate_tables: Floats
    thresholds: Floats


class Events(NamedTuple):
    """A window's events, those of a share of groups ordered by group, then step.

    Parameters
    ----------
    events : record array, (shares, …)
    first, last : array of int, (groups,)
        Bounds of each group's.
    share : array of int, (groups,)
        Which share a group belongs to.
    """

    events: Any
    first: Ints
    last: Ints
    share: Ints


class Clamps(NamedTuple):
    """Injected currents, ordered by group."""

    clamps: Any
    start: Ints


class Records(NamedTuple):
    """Recorded values, ordered by group, and the samples of a window.

    Parameters
    ----------
    records, start : record array, array of int
        Values in groups' blocks, and each group's first.
    shown, shown_start : record array, array of int
        What is computed for recording only, and each group's first.
    computed : record array
        Where its values are once it is computed.
    values : array
        The samples.
    """

    records: Any
    start: Ints
    shown: Any
    shown_start: Ints
    computed: Any
    values: Floats


class Sums(NamedTuple):
    """Dipoles and observables, ordered by group.

    Parameters
    ----------
    sums, start : record array, array of int
        What is summed, and each group's first.
    pieces, piece_start : record array, array of int
        Cells that are summed at once, and each group's first.
    weights : array
        Of all sums.
    values : array
        Room for the sums of a window; double.
    """

    sums: Any
    start: Ints
    pieces: Any
    piece_start: Ints
    weights: Floats
    values: Floats


class Outputs(NamedTuple):
    """Dipoles and observables of members.

    Parameters
    ----------
    outputs : record array
    parts : record array
        What is added up, ordered by output, member and cell.
    start : array of int, (outputs, members + 1)
        Each member's first part.
    values : array
        All samples of the run.
    """

    outputs: Any
    parts: Any
    start: Ints
    values: Floats


class Spikes(NamedTuple):
    """Spikes of a window, by group: step and lane, and how many."""

    step: Ints
    lane: Ints
    found: Ints


class Rows(NamedTuple):
    """What gates need on the way: places in rows, rows, and states computed by equations."""

    place: Floats
    row: Ints
    states: Floats


class Sites(NamedTuple):
    """What receptors need on the way: values at their nodes, their currents and conductances."""

    v: Floats
    current: Floats
    conductance: Floats
    linked: Floats
    links: Ints


class Work(NamedTuple):
    """What a thread needs on the way; sizes are those of the largest group."""

    current: Floats
    conductance: Floats
    right: Floats
    diagonal: Floats
    shown: Floats
    before: Floats
    kept: Floats
    samples: Floats
    dipoles: Floats
    rows: Rows
    sites: Sites


class Axis(NamedTuple):
    """Time and voltage.

    Parameters
    ----------
    dt : float, ms
    limit : float, mV
        The voltage beyond which a cell has diverged.
    """

    dt: float
    limit: float


class Run(NamedTuple):
    """All that a thread works with.

    Parameters
    ----------
    crew : apical.engines.cpu.together.Crew
        What threads know of each other.
    traffic : apical.engines.cpu.events.Traffic
        Spikes and events.
    axis, model : Axis, Model
    groups : record array
    changing, fixed : array
        Blocks of all groups; see :mod:`apical.engines.cpu.layout`.
    events, clamps, records, sums, spikes : Events, Clamps, Records, Sums, Spikes
    diverged : array of bool
        Set for a group with a voltage beyond the limit.
    outputs : Outputs
    work : Work
        The thread's own.
    """

    crew: Any
    traffic: Any
    axis: Axis
    model: Model
    groups: Any
    changing: Floats
    fixed: Floats
    events: Events
    clamps: Clamps
    records: Records
    sums: Sums
    spikes: Spikes
    diverged: Any
    outputs: Outputs
    work: Work
