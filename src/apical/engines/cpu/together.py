"""How threads of a run keep step: compiled, and without Python between windows.

Groups are units of work, divided among threads; a thread takes its own first, then what others have
not begun. So nobody waits for a thread that is late or missing. A thread looks for its next unit
within compiled code, for a moment, because waking it through Python takes as long as a fifth of a
window of the default column. If that takes too long it leaves, and is called back by the leader,
which is the thread that asks for windows.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from apical.engines.cpu.atomic import add_now, load_now, store_now, swap_if
from apical.engines.cpu.calls import call_advance
from apical.engines.cpu.crew import (
    ADVANCE,
    ALL,
    APART,
    DONE,
    FIRST,
    FULL,
    GONE,
    HERE,
    LAST,
    LONGEST,
    STAGE,
    STEPS,
    UNITS,
    WAITING,
)
from apical.engines.cpu.events import (
    collect,
    gather,
    has_room_for_events,
    has_room_for_spikes,
    send,
    settle,
)
from apical.engines.cpu.math import INNER, minimum
from apical.engines.cpu.totals import sum_outputs

#: Stages of a window. Units are shares of events, groups, then shares of sums over cells and of
#: spikes that are sent on.
_READY, _GATHERING, _ADVANCING, _SUMMING = map(np.int64, (0, 1, 2, 3))
#: How often a thread looks at a share before it leaves, some five milliseconds; and the leader at
#: what others have done before it lets them go first, two.
_PATIENCE, _BRIEFLY = 2_000_000, 2_000_000


@njit(**INNER)
def together(table, me, crew, traffic, groups, events, sums, spikes, diverged, outputs):
    """Work on windows until this thread leaves, or as many as the clock says if it leads: thread 0.

    The leader alone goes from stage to stage. It returns what it came back with, and is to be
    called again unless all is done. `table` is the address of the run's table, whose parts follow;
    see :class:`apical.engines.cpu.tables.Run`.
    """
    clock, threads, looked, first = crew.clock, crew.starts.shape[0] - 1, 0, crew.clock[FIRST]
    while me == 0 or (looked < _PATIENCE and load_now(crew.state, me * APART) == HERE):
        if me == 0 and clock[STAGE] == _READY:
            if clock[FIRST] > first and not _all_here(crew):
                return WAITING
            left = clock[LAST] - clock[FIRST]
            clock[STEPS] = minimum(clock[LONGEST] - clock[FIRST] % clock[LONGEST], left)
            end = clock[FIRST] + clock[STEPS]
            if not has_room_for_events(clock[FIRST] // clock[LONGEST], end, traffic, events):
                return FULL
            _publish(_GATHERING, crew)
        looked += threads
        share = me
        for _ in range(threads):
            left = _begin(share, crew)
            while left > 0:
                if clock[STAGE] == _GATHERING:
                    gather(
                        share, crew.shares[crew.starts[share] : crew.starts[share + 1]],
                        clock[FIRST] // clock[LONGEST], clock[FIRST], clock[STEPS], traffic, events,
                    )  # fmt: skip
                elif clock[STAGE] == _ADVANCING:
                    g = crew.shares[crew.starts[share + 1] - left]
                    call_advance(clock[ADVANCE], table, g, clock[FIRST], clock[STEPS])
                else:
                    sum_outputs(share, threads, clock[FIRST], clock[STEPS], sums, outputs)
                    send(share, clock[LONGEST], clock[ALL], traffic)
                add_now(crew.done, 0, 1)
                looked, left = 0, _begin(share, crew)
            share = share + 1 if share + 1 < threads else 0
        if me == 0:
            if not _all_done(crew):
                return WAITING
            if clock[STAGE] == _GATHERING:
                _publish(_ADVANCING, crew)
            elif clock[STAGE] == _ADVANCING:
                if not has_room_for_spikes(spikes, groups, traffic):
                    return FULL
                collect(spikes, groups, clock[FIRST], clock[STEPS], traffic)
                _publish(_SUMMING, crew)
            else:
                settle(traffic)
                clock[STAGE] = _READY
                clock[FIRST] += clock[STEPS]
                if clock[FIRST] == clock[LAST] or _any(diverged):
                    return DONE
    store_now(crew.state, me * APART, GONE)
    return DONE


@njit(**INNER)
def _all_here(crew):
    """Whether no thread has left; only Python can call it back."""
    here = True
    for k in range(1, crew.starts.shape[0] - 1):
        here &= load_now(crew.state, k * APART) == HERE
    return here


@njit(**INNER)
def _any(marked):
    """Whether something is marked."""
    found = False
    for k in range(marked.shape[0]):
        found |= marked[k]
    return found


@njit(**INNER)
def _publish(stage, crew):
    """Let threads begin the units of a stage."""
    threads = crew.starts.shape[0] - 1
    crew.clock[STAGE] = stage
    for k in range(threads):
        units = crew.starts[k + 1] - crew.starts[k] if stage == _ADVANCING else 1
        crew.clock[UNITS] += units
        store_now(crew.known, k * APART, crew.known[k * APART] + units)


@njit(**INNER)
def _begin(share, crew):
    """Begin a unit of a share, and return how many were left, this one included."""
    known = load_now(crew.known, share * APART)
    begun = load_now(crew.begun, share * APART)
    while begun < known:
        if swap_if(crew.begun, share * APART, begun, begun + 1):
            return known - begun
        begun = load_now(crew.begun, share * APART)
    return 0


@njit(**INNER)
def _all_done(crew):
    """Wait for all units of this stage, for a moment; return whether they are done."""
    looked = 0
    while looked < _BRIEFLY and load_now(crew.done, 0) < crew.clock[UNITS]:
        looked += 1
    return looked < _BRIEFLY
