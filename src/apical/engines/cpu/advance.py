"""The loop that advances groups of cells by a window of steps: plain Numba, one for all models.

Mechanisms are called by address, so nothing here is compiled again for another model.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from apical.engines.cpu.lowlevel import call_event, call_kernel
from apical.engines.cpu.math import OPTIONS
from apical.engines.cpu.steps import (
    add_rows,
    assemble,
    clear,
    crossings,
    dipole,
    gather_rows,
    inject,
    membrane,
    sample,
    solve,
)
from apical.plan.discretise import Floats, Ints

POOL, CHANNEL, RECEPTOR = 0, 1, 2


class Model(NamedTuple):
    """One cell type. ``_start`` arrays hold where each mechanism's part begins, and the end."""

    parent: Ints
    axial: Floats
    order: Ints
    area: Floats
    base: Floats
    kind: Ints
    rows: Ints
    counts: Ints
    runs: Ints
    run_start: Ints
    nodes: Ints
    node_start: Ints
    parameters: Floats
    parameter_start: Ints
    scalars: Floats
    scalar_start: Ints
    tables: Floats
    table_start: Ints
    links: Ints
    link_start: Ints
    inputs: Ints
    currents: Ints
    advance: Ints
    outputs: Ints
    event: Ints
    ion_rows: Ints
    spike_node: int
    threshold: float
    weights: Floats
    has_dipole: bool
    membrane_row: int
    lanes: int


class Events(NamedTuple):
    """A window's events, ordered by group, then step; `start` is each group's first."""

    step: Ints
    lane: Ints
    mechanism: Ints
    instance: Ints
    weight: Floats
    start: Ints


class Clamps(NamedTuple):
    """Injected currents, ordered by group."""

    lane: Ints
    node: Ints
    amplitude: Floats
    first: Ints
    last: Ints
    start: Ints


class Records(NamedTuple):
    """Recorded values, ordered by group: where in the block, how often, where to."""

    where: Ints
    every: Ints
    place: Ints
    start: Ints
    values: Floats


class Spikes(NamedTuple):
    """Spikes of a window, by group: step and lane, and how many."""

    step: Ints
    lane: Ints
    found: Ints


@njit(**OPTIONS)
def advance(
    block, first_group, last_group, first_step, steps, dt, model, events, clamps, records, spikes,
    dipoles, has_membrane,
):  # fmt: skip
    """Advance some groups by some steps.

    Parameters
    ----------
    block : array, (groups, rows · lanes)
        Everything that changes; see :mod:`apical.engines.cpu.layout`.
    first_group, last_group, first_step, steps : int
        Which groups, and which steps.
    dt : float, ms
    model : Model
    events : Events
    clamps : Clamps
    records : Records
    spikes : Spikes
    dipoles : array, (groups, steps, lanes)
        Dipole of each cell, filled if the model has one.
    has_membrane : bool
        Whether membrane currents are wanted.
    """
    L, real = model.lanes, block.dtype
    nodes = model.parent.shape[0]
    size = nodes * L
    widest = 1
    for k in range(model.counts.shape[0]):
        widest = max(widest, model.counts[k] * max(1, model.inputs[k]))
    current, conductance = np.empty(size, real), np.empty(size, real)
    diagonal, right = np.empty(size, real), np.empty(size, real)
    at, here = np.empty(widest * L, real), np.empty(widest * L, real)
    there, linked = np.empty(widest * L, real), np.empty(widest * L, real)
    links = np.empty(widest, np.int64)
    before = np.empty(L, real)
    for group in range(first_group, last_group):
        x = block[group]
        v = x[:size]
        event, last_event = events.start[group], events.start[group + 1]
        found = 0
        for s in range(steps):
            step = first_step + s
            while event < last_event and events.step[event] == step:
                _deliver(x, event, model, events)
                event += 1
            clear(current)
            clear(conductance)
            for k in range(model.ion_rows.shape[0]):
                clear(x[model.ion_rows[k] * L : model.ion_rows[k] * L + size])
            for k in range(model.kind.shape[0]):
                if model.kind[k] == CHANNEL:
                    _over_runs(k, model.currents[k], x, v, current, conductance, dt, model)
            assemble(current, conductance, model.area, model.base, right, diagonal)
            for k in range(model.kind.shape[0]):
                if model.kind[k] == RECEPTOR:
                    clear(here)
                    clear(there)
                    _at_sites(k, model.currents[k], x, v, at, here, there, linked, links, dt, model)
                    rows = model.nodes[model.node_start[k] : model.node_start[k + 1]]
                    add_rows(here, there, rows, right, diagonal, L)
            inject(right, step, clamps, group, L)
            for lane in range(L):
                before[lane] = v[model.spike_node * L + lane]
            solve(v, model.parent, model.axial, model.order, diagonal, right, L)
            for k in range(model.kind.shape[0]):
                if model.kind[k] == RECEPTOR:
                    _at_sites(k, model.advance[k], x, v, at, here, there, linked, links, dt, model)
                else:
                    _over_runs(k, model.advance[k], x, v, current, conductance, dt, model)
                    _over_runs(k, model.outputs[k], x, v, current, conductance, dt, model)
            if model.has_dipole:
                dipole(v, model.weights, dipoles[group, s], L)
            after = v[model.spike_node * L : model.spike_node * L + L]
            found = crossings(before, after, model.threshold, step + 1, spikes, group, found)
            if has_membrane:
                out = x[model.membrane_row * L : model.membrane_row * L + size]
                membrane(v, model.parent, model.axial, model.order, out, L)
                inject(out, step, clamps, group, L)
            sample(x, step + 1, records, group)
        spikes.found[group] = found


@njit(**OPTIONS)
def _deliver(x, event, model, events):
    """Hand one event to its receptor."""
    L = model.lanes
    k = events.mechanism[event]
    call_event(
        model.event[k], events.instance[event] * L + events.lane[event], model.counts[k] * L,
        events.weight[event], x[model.rows[k] * L :], model.parameters[model.parameter_start[k] :],
        model.scalars[model.scalar_start[k] :],
    )  # fmt: skip


@njit(**OPTIONS)
def _over_runs(k, address, x, v, current, conductance, dt, model):
    """Call a kernel for each run of consecutive nodes that a channel or pool covers."""
    if address == 0:
        return
    L = model.lanes
    for r in range(model.run_start[k], model.run_start[k + 1]):
        call_kernel(
            address, model.runs[r, 1] * L, model.runs[r, 0] * L, model.runs[r, 2] * L,
            model.counts[k] * L, dt, v, current, conductance, x[model.rows[k] * L :],
            model.parameters[model.parameter_start[k] :], model.scalars[model.scalar_start[k] :],
            x, model.links[model.link_start[k] :], model.tables[model.table_start[k] :],
        )  # fmt: skip


@njit(**OPTIONS)
def _at_sites(k, address, x, v, at, here, there, linked, links, dt, model):
    """Call a kernel for receptors, whose nodes are anywhere: copy what they read first."""
    if address == 0:
        return
    L = model.lanes
    nodes = model.nodes[model.node_start[k] : model.node_start[k + 1]]
    n = nodes.shape[0] * L
    gather_rows(v, nodes, at, L)
    for q in range(model.inputs[k]):
        gather_rows(x[model.links[model.link_start[k] + q] :], nodes, linked[q * n :], L)
        links[q] = q * n
    call_kernel(
        address, n, 0, 0, n, dt, at, here, there, x[model.rows[k] * L :],
        model.parameters[model.parameter_start[k] :], model.scalars[model.scalar_start[k] :],
        linked, links, model.tables[model.table_start[k] :],
    )  # fmt: skip
