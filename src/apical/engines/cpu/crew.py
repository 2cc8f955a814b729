"""What the threads of a run know of each other, and the numbers in which they say it."""

from __future__ import annotations

from typing import NamedTuple

from apical.plan.discretise import Ints


class Crew(NamedTuple):
    """What threads know of each other.

    Parameters
    ----------
    shares, starts : array of int
        The groups, thread by thread, and where each thread's begin.
    begun, known : array of int
        How many units of each share have been begun since the start, and how many there are to
        begin; `APART` from each other.
    done : array of int, (1,)
        How many units are done.
    state : array of int
        Whether a thread is here or gone; `APART` from each other.
    clock : array of int
        The window's first step and its number of steps, the longest window and all steps, the
        step at which to come back, the stage, how many units there are up to its end, and the
        address of the loop that advances a group.
    """

    shares: Ints
    starts: Ints
    begun: Ints
    known: Ints
    done: Ints
    state: Ints
    clock: Ints


#: What the clock holds.
FIRST, STEPS, LONGEST, ALL, LAST, STAGE, UNITS, ADVANCE = 0, 1, 2, 3, 4, 5, 6, 7
#: What the leader comes back with: all is done, others are at work still or have left, or there is
#: no room for spikes or events.
DONE, WAITING, FULL = 0, 1, 2
#: States of a thread.
GONE, HERE = 0, 1
#: Numbers in a cache line, so that no two threads wait on the same.
APART = 8
