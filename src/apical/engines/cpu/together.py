"""How threads of a run keep step: compiled, and without Python between windows.

A thread waits for its next task within compiled code, for a moment, because waking it through
Python takes as long as a fifth of a window of the default column. If that takes too long it leaves,
and is called back with the next task by the leader, which is the thread that asks for windows.
"""

from __future__ import annotations

from numba import njit

from apical.engines.cpu.advance import advance
from apical.engines.cpu.exchange import sum_outputs
from apical.engines.cpu.lowlevel import load_now, store_now, swap_if
from apical.engines.cpu.math import INNER, OUTER

#: Tasks of a window.
ADVANCE, SUM = 0, 1
#: What a thread is doing: nothing here any more, waiting, working; or the leader does its share,
#: because it left at the last moment.
GONE, _WAITING, _WORKING, _REPLACED = 0, 1, 2, 3
#: Numbers in a cache line, so that no two threads wait on the same.
APART = 8
#: How often a thread looks before it leaves, and the leader before it lets others go first: some
#: milliseconds, and a fifth of that.
_PATIENCE, _BRIEFLY = 10_000_000, 2_000_000


@njit(**OUTER)
def together(
    me, state, clock, shares, starts, axis, model, groups, changing, fixed, events, clamps, records,
    sums, spikes, diverged, outputs, work,
):  # fmt: skip
    """Do this thread's part of the task that `clock` gives; thread 0 leads.

    There are two: to advance groups by a window of steps, and then to sum what they gave. `state`
    tells what every thread is doing; `clock` holds the first step and the number of steps of the
    window, and the task; `shares` has the groups, thread by thread, and `starts` where each
    thread's begin. The rest is as :func:`apical.engines.cpu.advance.advance` and
    :func:`apical.engines.cpu.exchange.sum_outputs` take it.
    """
    threads = starts.shape[0] - 1
    while me == 0 or _called(state, me * APART):
        if me == 0:
            for k in range(1, threads):
                if not swap_if(state, k * APART, _WAITING, _WORKING):
                    store_now(state, k * APART, _REPLACED)
        for k in range(me, threads if me == 0 else me + 1):
            if k == me or load_now(state, k * APART) == _REPLACED:
                if clock[2] == ADVANCE:
                    advance(
                        shares[starts[k] : starts[k + 1]], clock[0], clock[1], axis, model, groups,
                        changing, fixed, events, clamps, records, sums, spikes, diverged, work,
                    )  # fmt: skip
                else:
                    sum_outputs(k, threads, clock[0], clock[1], sums, outputs)
                if k != me:
                    store_now(state, k * APART, GONE)
        if me == 0:
            return
        store_now(state, me * APART, _WAITING)


@njit(**INNER)
def _called(state, me):
    """Wait for the next window; return whether there is one, or this thread has left."""
    for _ in range(_PATIENCE):
        now = load_now(state, me)
        if now != _WAITING:
            return now == _WORKING
    swap_if(state, me, _WAITING, GONE)
    return load_now(state, me) == _WORKING


@njit(**OUTER)
def all_done(state):
    """Wait for all threads, for a moment; return whether none works any more."""
    for k in range(0, state.shape[0], APART):
        looked = 0
        while load_now(state, k) == _WORKING:
            looked += 1
            if looked == _BRIEFLY:
                return False
    return True


@njit(**OUTER)
def send_home(state):
    """Let all threads leave that wait."""
    for k in range(0, state.shape[0], APART):
        swap_if(state, k, _WAITING, GONE)


@njit(**OUTER)
def arrive(state, k):
    """Take a thread for waiting, which it soon will be."""
    store_now(state, k * APART, _WAITING)
