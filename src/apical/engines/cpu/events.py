"""How spikes become events, compiled; see :mod:`apical.engines.cpu.traffic`."""

from __future__ import annotations

from numba import njit

from apical.engines.cpu.math import INNER, maximum, minimum
from apical.engines.cpu.traffic import (
    BLOCK,
    BLOCKS,
    EVENTS,
    FREE,
    FREED,
    HIGH,
    LOW,
    SO_FAR,
    SPIKES,
    USED,
)


@njit(**INNER)
def has_room_for_events(w, end, traffic, found):
    """Whether there is room for a window's events; note how much, and how far its inputs go."""
    step, numbers = traffic.inputs.step, traffic.numbers
    numbers[HIGH] = numbers[LOW]
    while numbers[HIGH] < step.shape[0] and step[numbers[HIGH]] < end:
        numbers[HIGH] += 1
    most = 0
    for k in range(traffic.queue.entries.shape[0]):
        most = maximum(most, traffic.queue.entries[k, w])
    # a share may get all inputs
    numbers[EVENTS] = most + numbers[HIGH] - numbers[LOW]
    return numbers[EVENTS] <= found.events.shape[1]


@njit(**INNER)
def has_room_for_spikes(spikes, groups, traffic):
    """Whether there is room for a window's spikes and all that they can deliver; note how much."""
    wiring, numbers = traffic.wiring, traffic.numbers
    found, events = 0, 0
    for g in range(groups.shape[0]):
        found += spikes.found[g]
        for k in range(spikes.found[g]):
            at = traffic.owner_at[g] + spikes.lane[groups[g].spikes + k]
            m, cell = traffic.owner[at, 0], traffic.owner[at, 1]
            for p in range(wiring.first.shape[1]):
                events += wiring.last[m, p, cell] - wiring.first[m, p, cell]
    room = traffic.queue.room
    # a share may get all of them
    blocks = events // BLOCK + minimum(events, traffic.queue.head.shape[1])
    numbers[SPIKES] = numbers[SO_FAR] + found
    numbers[BLOCKS] = 0
    for k in range(room.shape[0]):
        needed = room[k, USED] + maximum(0, blocks - room[k, FREED])
        numbers[BLOCKS] = maximum(numbers[BLOCKS], needed)
    return (
        numbers[SPIKES] <= traffic.spiked.step.shape[0]
        and numbers[BLOCKS] <= traffic.queue.following.shape[1]
    )


@njit(**INNER)
def collect(spikes, groups, first_step, steps, traffic):
    """Add a window's spikes to those so far."""
    count, spiked = traffic.room[0], traffic.spiked
    for s in range(steps + 1):
        count[s] = 0
    for g in range(groups.shape[0]):
        for k in range(spikes.found[g]):
            # a spike at the end of step s is noted as s + 1
            count[spikes.step[groups[g].spikes + k] - first_step] += 1
    for s in range(1, steps + 1):
        count[s] += count[s - 1]
    for g in range(groups.shape[0]):
        for k in range(spikes.found[g]):
            at = groups[g].spikes + k
            s = spikes.step[at]
            e = traffic.numbers[SO_FAR] + count[s - first_step - 1]
            count[s - first_step - 1] += 1
            who = traffic.owner_at[g] + spikes.lane[at]
            spiked.step[e] = s
            spiked.member[e], spiked.cell[e] = traffic.owner[who, 0], traffic.owner[who, 1]


@njit(**INNER)
def _new_entry(k, w, queue):
    """Return the place of a window's next entry in a share's calendar."""
    used = queue.entries[k, w] % BLOCK
    if used == 0:
        block = queue.room[k, FREE]
        if block >= 0:
            queue.room[k, FREE] = queue.following[k, block]
            queue.room[k, FREED] -= 1
        else:
            block = queue.room[k, USED]
            queue.room[k, USED] += 1
        queue.following[k, block] = -1
        if queue.entries[k, w] == 0:
            queue.head[k, w] = block
        else:
            queue.following[k, queue.tail[k, w]] = block
        queue.tail[k, w] = block
    queue.entries[k, w] += 1
    return queue.tail[k, w] * BLOCK + used


@njit(**INNER)
def send(share, window, steps, traffic):
    """Enter every arrival of the spikes that were collected last, at the groups of a share."""
    wiring, places, queue, spiked = traffic.wiring, traffic.places, traffic.queue, traffic.spiked
    for s in range(traffic.numbers[SO_FAR], traffic.numbers[SPIKES]):
        m, cell = spiked.member[s], spiked.cell[s]
        for p in range(wiring.first.shape[1]):
            for row in range(wiring.first[m, p, cell], wiring.last[m, p, cell]):
                place = places.first[m, p] + wiring.cell[row]
                group = places.group[m, p] + place // places.full
                arrival = spiked.step[s] + wiring.delay[row]
                if traffic.share[group] != share or arrival >= steps:
                    continue
                event = queue.events[share, _new_entry(share, arrival // window, queue)]
                event.step, event.group = arrival, traffic.rank[group]
                event.mechanism = places.mechanism[m, p] + wiring.mechanism[row]
                event.element = wiring.instance[row] * places.lanes[group] + place % places.full
                event.weight = wiring.weight[row]


@njit(**INNER)
def _release(k, w, queue):
    """Let the blocks of a window that has been taken be used again."""
    if queue.entries[k, w] > 0:
        queue.following[k, queue.tail[k, w]] = queue.room[k, FREE]
        queue.room[k, FREE] = queue.head[k, w]
        queue.room[k, FREED] += (queue.entries[k, w] + BLOCK - 1) // BLOCK
        queue.entries[k, w] = 0


@njit(**INNER)
def gather(share, groups, w, first_step, steps, traffic, found):
    """Order a share's events of a window by group, then step, then as sent, inputs first."""
    queue, inputs, count = traffic.queue, traffic.inputs, traffic.room[share]
    low, high = traffic.numbers[LOW], traffic.numbers[HIGH]
    bins = groups.shape[0] * steps
    for b in range(bins + 1):
        count[b] = 0
    for i in range(low, high):
        if traffic.share[inputs.group[i]] == share:
            count[traffic.rank[inputs.group[i]] * steps + inputs.step[i] - first_step + 1] += 1
    block, left = queue.head[share, w], queue.entries[share, w]
    while left > 0:
        for k in range(block * BLOCK, block * BLOCK + minimum(left, BLOCK)):
            event = queue.events[share, k]
            count[event.group * steps + event.step - first_step + 1] += 1
        block, left = queue.following[share, block], left - BLOCK
    for b in range(1, bins + 1):
        count[b] += count[b - 1]
    for k in range(groups.shape[0]):
        found.first[groups[k]], found.last[groups[k]] = count[k * steps], count[(k + 1) * steps]
    for i in range(low, high):
        if traffic.share[inputs.group[i]] == share:
            b = traffic.rank[inputs.group[i]] * steps + inputs.step[i] - first_step
            event = found.events[share, count[b]]
            count[b] += 1
            event.step, event.mechanism = inputs.step[i], inputs.mechanism[i]
            event.element, event.weight = inputs.element[i], inputs.weight[i]
    block, left = queue.head[share, w], queue.entries[share, w]
    while left > 0:
        for k in range(block * BLOCK, block * BLOCK + minimum(left, BLOCK)):
            event = queue.events[share, k]
            b = event.group * steps + event.step - first_step
            found.events[share, count[b]] = event
            count[b] += 1
        block, left = queue.following[share, block], left - BLOCK
    _release(share, w, queue)


@njit(**INNER)
def settle(traffic):
    """Know a window's inputs as given and its spikes as sent."""
    traffic.numbers[LOW], traffic.numbers[SO_FAR] = traffic.numbers[HIGH], traffic.numbers[SPIKES]
