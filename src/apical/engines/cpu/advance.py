"""The loop that advances a group of cells by a window of steps: plain Numba, one for all models.

Mechanisms are called by address, so nothing here is compiled again for another model.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from apical.engines.cpu.calls import call_channels, call_event, call_gates, call_kernel, call_sums
from apical.engines.cpu.lanes import weigh_rows
from apical.engines.cpu.math import INNER
from apical.engines.cpu.steps import (
    add_rows,
    assemble,
    begin_rows,
    beyond,
    clear,
    copy,
    crossings,
    gather_rows,
    holds,
    inject,
    keep_rows,
    locate,
    locate_held,
    membrane,
    sample,
    solve,
    uncertain,
)
from apical.engines.cpu.tables import KEPT, RECEPTOR
from apical.engines.cpu.weighing import add_lanes

#: When something is shown in a step; and nothing. For bare whole numbers Numba would compile a
#: function once for each.
_EARLY, _LATE, _NONE = np.int64(0), np.int64(1), np.int64(0)


@njit(**INNER)
def advance(
    table, g, first_step, steps, axis, model, groups, changing, fixed, events, clamps, records,
    sums, spikes, diverged, work,
):  # fmt: skip
    """Advance a group by some steps.

    Parameters
    ----------
    table : int
        Address of the run's table, whose parts follow; see :class:`apical.engines.cpu.tables.Run`.
    g : int
        Which group.
    first_step, steps : int
        Which steps.
    """
    group = groups[g]
    kind, L, which = model.kinds[group.kind], group.lanes, group.which
    size = kind.nodes * L
    x, constants = changing[group.changing :], fixed[group.fixed :]
    v, axial = x[:size], constants[:size]
    area, base = constants[size : 2 * size], constants[2 * size : 3 * size]
    parent = model.lists[kind.parent : kind.parent + kind.nodes]
    order = model.lists[kind.order : kind.order + kind.nodes]
    bare = model.lists[kind.first_bare : kind.last_bare]
    current, conductance = work.current[:size], work.conductance[:size]
    right, diagonal = work.right[:size], work.diagonal[:size]
    # gates are at compartments, which are the first nodes
    gated = v[: kind.compartments * L]
    at_site = v[kind.spike_node * L : (kind.spike_node + 1) * L]
    mine, event, last_event = events.events[events.share[g]], events.first[g], events.last[g]
    found = _NONE
    for s in range(steps):
        step = first_step + s
        while event < last_event and mine[event].step == step:
            _deliver(x, constants, mine[event], L, which, model)
            event += 1
        if kind.assembled:
            begin_rows(right, diagonal, base, bare, L)
            _add_channels(kind, x, v, constants, right, diagonal, L, which, model)
        else:
            _add_channels(kind, x, v, constants, current, conductance, L, which, model)
            assemble(current, conductance, area, base, right, diagonal)
        _show(
            _EARLY, first_step, step + 1, g, x, v, constants, work.shown, L, which, axis.dt, model,
            records, work.sites,
        )  # fmt: skip
        _add_receptors(kind, x, v, constants, right, diagonal, L, which, axis.dt, model, work.sites)
        inject(right, step, clamps, g, L)
        copy(at_site, work.before)
        solve(v, parent, axial, order, diagonal, right, L)
        located, inside = -1, True
        for b in range(kind.first_bundle, kind.last_bundle):
            bundle = model.bundles[b]
            if bundle.grid != located:
                located, inside = bundle.grid, _locate(gated, model.grids[bundle.grid], work.rows)
            _advance_bundle(bundle, group, x, v, inside, constants, axis, model, work.rows)
        _advance_others(
            kind, x, v, constants, current, conductance, L, which, axis.dt, model, work.sites
        )
        _show(
            _LATE, first_step, step + 1, g, x, v, constants, work.shown, L, which, axis.dt, model,
            records, work.sites,
        )  # fmt: skip
        found = crossings(
            work.before, at_site, model.thresholds[group.kind], step + 1, group.cells, spikes,
            group.spikes, found,
        )  # fmt: skip
        if group.has_membrane:
            out = x[kind.membrane_row * L : kind.membrane_row * L + size]
            membrane(v, parent, axial, order, out, L)
            inject(out, step, clamps, g, L)
        sample(x, first_step, step + 1, records, g)
        _observe(table, v, g, first_step, s, steps, L, sums, work)
    spikes.found[g] = found
    diverged[g] = beyond(v, axis.limit)


@njit(**INNER)
def _deliver(x, constants, event, L, which, model):
    """Hand one event to its receptor."""
    m = model.mechanisms[event.mechanism]
    call_event(
        m.event, np.int64(event.element), L, m.count * L, event.weight, x[m.row * L :], constants,
        model.shifts[which, m.places :], model.numbers[m.scalars :],
    )  # fmt: skip


@njit(**INNER)
def _add_channels(kind, x, v, constants, current, conductance, L, which, model):
    """Add the densities of all channels, and compute the ion currents that pools read.

    Channels that a cell has alone give right side and diagonal instead.
    """
    for k in range(kind.first_ion, kind.last_ion):
        row = model.lists[k] * L
        clear(x[row : row + v.shape[0]])
    for k in range(kind.first_channels, kind.last_channels):
        these = model.channels[k]
        for r in range(these.first_run, these.last_run):
            run = model.runs[r]
            call_channels(
                these.address, run.count, L, run.node, run.instance, these.count * L, v, current,
                conductance, x, constants, model.numbers, model.shifts[which, these.shifts :],
                model.lists[these.lists :],
            )  # fmt: skip


@njit(**INNER)
def _add_receptors(kind, x, v, constants, right, diagonal, L, which, dt, model, sites):
    """Add the currents and conductances of all receptors."""
    for k in range(kind.first_mechanism, kind.last_mechanism):
        m = model.mechanisms[k]
        if m.kind == RECEPTOR and m.currents:
            _look(m, x, v, L, which, model, sites)
            _at_sites(m, m.currents, x, constants, L, which, dt, model, sites)
            nodes = model.lists[m.sites : m.sites + m.count]
            add_rows(sites.current, sites.conductance, nodes, right, diagonal, L)


@njit(**INNER)
def _show(late, first, step, g, x, v, constants, room, L, which, dt, model, records, sites):
    """Compute and keep what is recorded besides what the block has, early or late in a step."""
    for q in range(records.shown_start[g], records.shown_start[g + 1]):
        shown = records.shown[q]
        if shown.late == late and step % shown.every == 0:
            m = model.mechanisms[shown.mechanism]
            if m.kind == RECEPTOR:
                _look(m, x, v, L, which, model, sites)
                _at_sites(m, shown.address, x, constants, L, which, dt, model, sites)
                values = sites.current
            else:
                _over_runs(m, shown.address, x, v, constants, room, room, L, which, dt, model)
                values = room
            number = step // shown.every - first // shown.every - 1
            for r in range(shown.first, shown.last):
                record = records.computed[r]
                records.values[record.place + number] = values[record.where]


@njit(**INNER)
def _advance_others(kind, x, v, constants, current, conductance, L, which, dt, model, sites):
    """Advance the states that are in no bundle: pools, then channels and receptors."""
    for k in range(kind.first_mechanism, kind.last_mechanism):
        m = model.mechanisms[k]
        if m.kind == RECEPTOR:
            if m.looks:
                _look(m, x, v, L, which, model, sites)
            _at_sites(m, m.advance, x, constants, L, which, dt, model, sites)
        else:
            if not m.bundled:
                _over_runs(m, m.advance, x, v, constants, current, conductance, L, which, dt, model)
            _over_runs(m, m.outputs, x, v, constants, current, conductance, L, which, dt, model)


@njit(**INNER)
def _over_runs(m, address, x, v, constants, current, conductance, L, which, dt, model):
    """Call a kernel for each run of consecutive nodes that a channel or pool covers."""
    if address == 0:
        return
    for r in range(m.first_run, m.last_run):
        run = model.runs[r]
        call_kernel(
            address, run.count, L, run.node, run.instance, m.count * L, dt, v, current, conductance,
            x[m.row * L :], constants, model.shifts[which, m.places :], model.numbers[m.scalars :],
            x, model.shifts[which, m.links :], model.numbers[m.table :],
        )  # fmt: skip


@njit(**INNER)
def _look(m, x, v, L, which, model, sites):
    """Copy what receptors read at their nodes, which are anywhere."""
    nodes, n = model.lists[m.sites : m.sites + m.count], m.count * L
    gather_rows(v, nodes, sites.v, L)
    for q in range(m.inputs):
        gather_rows(x[model.shifts[which, m.links + q] :], nodes, sites.linked[q * n :], L)
        sites.links[q] = q * n


@njit(**INNER)
def _at_sites(m, address, x, constants, L, which, dt, model, sites):
    """Call a kernel for receptors, which have looked."""
    if address == 0:
        return
    n = m.count * L
    call_kernel(
        address, m.count, L, 0, 0, n, dt, sites.v, sites.current, sites.conductance, x[m.row * L :],
        constants, model.shifts[which, m.places :], model.numbers[m.scalars :], sites.linked,
        sites.links, model.numbers[m.table :],
    )  # fmt: skip


@njit(**INNER)
def _locate(v, grid, rows):
    """Find rows and places in them; return whether all voltages have a row."""
    if grid.held:
        locate_held(v, grid, rows.place, rows.row)
        return True
    return locate(v, grid.per_mv, grid.pieces // 2, rows.place, rows.row)


@njit(**INNER)
def _advance_bundle(bundle, group, x, v, inside, constants, axis, model, rows):
    """Advance the gates of one bundle by their rows, or where these do not serve by equations."""
    L, which = group.lanes, group.which
    doubtful = not inside or _in_bad_row(bundle, L, model, rows)
    if doubtful:
        _equations(bundle, x, v, constants, L, which, axis.dt, model, rows)
    for r in range(bundle.first_run, bundle.last_run):
        run = model.runs[r]
        call_gates(
            bundle.gates, run.count, L, (group.cells + 7) // 8, run.node, run.instance,
            rows.place, rows.row, model.gate_tables[bundle.table :], x,
            model.shifts[which, bundle.first_target :],
        )  # fmt: skip
    if doubtful:
        _replace(bundle, x, v, group.cells, L, which, model, rows)


@njit(**INNER)
def _in_bad_row(bundle, L, model, rows):
    """Whether some voltage of a bundle's nodes is in a row that does not serve."""
    for r in range(bundle.first_run, bundle.last_run):
        first, last = model.runs[r].node * L, (model.runs[r].node + model.runs[r].count) * L
        for k in range(bundle.first_bad, bundle.last_bad):
            if holds(rows.row[first:last], model.lists[k]):
                return True
    return False


@njit(**INNER)
def _equations(bundle, x, v, constants, L, which, dt, model, rows):
    """Advance a copy of the bundle's gates by the equations themselves."""
    to = 0
    for k in range(bundle.first_member, bundle.last_member):
        m = model.mechanisms[model.lists[k]]
        size = m.states * m.count * L
        copy(x[m.row * L : m.row * L + size], rows.states[to:])
        for r in range(m.first_run, m.last_run):
            run = model.runs[r]
            call_kernel(
                m.advance, run.count, L, run.node, run.instance, m.count * L, dt, v, v, v,
                rows.states[to:], constants, model.shifts[which, m.places :],
                model.numbers[m.scalars :], x, model.shifts[which, m.links :],
                model.numbers[m.table :],
            )  # fmt: skip
        to += size


@njit(**INNER)
def _replace(bundle, x, v, cells, L, which, model, rows):
    """Put what the equations gave where no row served."""
    gates, size = bundle.last_target - bundle.first_target, bundle.count * L
    bad = model.lists[bundle.first_bad : bundle.last_bad]
    for r in range(bundle.first_run, bundle.last_run):
        run = model.runs[r]
        for k in range(run.count):
            for lane in range(cells):
                if uncertain(v[(run.node + k) * L + lane], model.grids[bundle.grid], bad):
                    j = (run.instance + k) * L + lane
                    for t in range(gates):
                        target = model.shifts[which, bundle.first_target + t] + j
                        x[target] = rows.states[t * size + j]


@njit(**INNER)
def _observe(table, v, g, first_step, s, steps, L, sums, work):
    """Sum voltages: at once for dipoles, else when enough are kept or the window ends."""
    for q in range(sums.start[g], sums.start[g + 1]):
        request = sums.sums[q]
        nodes, size = request.nodes, request.nodes * L
        # samples of this window so far, this one included
        taken = (first_step + s + 1) // request.every - first_step // request.every
        is_turn = (first_step + s + 1) % request.every == 0
        place = (taken - 1) % KEPT
        kept = work.kept[request.kept * KEPT * size :]
        if is_turn and request.keeper:
            keep_rows(v, nodes, kept, place, L)
        if is_turn and request.address == 0:
            weigh_rows(work.dipoles, sums.weights, v, place * L, request.weights, nodes, L)
        if (is_turn and taken % KEPT == 0) or (s == steps - 1 and taken % KEPT):
            first = (taken - 1) // KEPT * KEPT
            if request.address:
                call_sums(request.address, table, g, q, first)
            else:
                _sum_lanes(g, request, first, L, sums, work.dipoles)


@njit(**INNER)
def _sum_lanes(g, request, sample, L, sums, weighed):
    """Add up the cells of every piece of a group, whose sums over nodes are in lanes."""
    to = request.to + sample
    for p in range(sums.piece_start[g], sums.piece_start[g + 1]):
        piece = sums.pieces[p]
        add_lanes(sums.values, weighed, to, piece.lane, L, piece.cells)
        to += request.room
