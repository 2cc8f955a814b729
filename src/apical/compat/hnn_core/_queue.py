"""The order of drive cells that fire at the very same time, as NEURON's queue has it.

All that is going to happen stands in a tree, where equal times are in the order in which they
came, but for the next event, which stands beside it. What is to happen before that event takes its
place and sends it into the tree, behind all others of its time. So the order depends on everything
that passes through the queue: events of drives, arrivals at synapses and lines of progress.
"""

from __future__ import annotations

import heapq
from collections import deque
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from apical.model import Gaussian
from apical.plan.connect import kernel_factor

if TYPE_CHECKING:
    from apical.compat.hnn_core.network import Network
    from apical.plan.discretise import Floats, Ints

#: What stands in the queue but is no event of a drive.
_OTHER = -1
#: NEURON calls the time of a spike (ms) this much later than the step in which it is seen.
LATER = 1e-10
#: Model time (ms) from one line of progress to the next, which hnn-core asks the queue for.
LINE = 10


class _Queue:
    """Times (ms) and drive cells of what is going to happen."""

    def __init__(self) -> None:
        self.next: tuple[float, int] = (np.inf, _OTHER)
        self._tree: list[tuple[float, int, int]] = []
        self._count = 0

    def insert(self, time: float, cell: int = _OTHER) -> None:
        if time < self.next[0]:
            self.next, (time, cell) = (time, cell), self.next
        if time < np.inf:
            self._count += 1
            heapq.heappush(self._tree, (time, self._count, cell))

    def pop(self) -> tuple[float, int]:
        found, self.next = self.next, (np.inf, _OTHER)
        if self._tree:
            time, _, cell = heapq.heappop(self._tree)
            self.next = time, cell
        return found


def in_order_of_queue(
    net: Network, tstop: float, began: Floats, gids: Ints, drives: npt.NDArray[np.bool_]
) -> Ints:
    """Return who spikes in one trial, drive cells that fire together in NEURON's order.

    Parameters
    ----------
    net : Network
        The network.
    tstop : float, ms
        How long it was simulated.
    began : (n_spikes,) array, ms
        Times, rising: of events, and of the steps in which spikes are seen.
    gids : (n_spikes,) array of int
        Global indices of the cells.
    drives : (n_spikes,) array of bool
        Which of them belong to drives.

    Returns
    -------
    (n_spikes,) array of int
        Global indices.
    """
    if np.diff(began[drives]).all():
        return gids
    delays = _delays(net, set(gids.tolist()))
    cells = deque(zip(began[~drives].tolist(), gids[~drives].tolist(), strict=True))
    trains: dict[int, deque[float]] = {}
    for time, gid in zip(began[drives].tolist(), gids[drives].tolist(), strict=True):
        trains.setdefault(gid, deque()).append(time)
    queue, order = _Queue(), []
    for gid in sorted(trains):
        queue.insert(trains[gid].popleft(), gid)
    for time in range(0, int(tstop), LINE):
        queue.insert(float(time))
    while len(order) < drives.sum():
        # spikes are looked for when a step begins, in the first one before anything has happened
        while cells and cells[0][0] < (queue.next[0] or LATER):
            time, gid = cells.popleft()
            for delay in delays.get(gid, ()):
                queue.insert(time + LATER + delay)
        time, gid = queue.pop()
        if gid == _OTHER:
            continue
        order.append(gid)
        for delay in delays.get(gid, ()):
            queue.insert(time + delay)
        if trains[gid]:
            queue.insert(trains[gid].popleft(), gid)
    found = gids.copy()
    found[drives] = order
    return found


def _delays(net: Network, gids: set[int]) -> dict[int, list[float]]:
    """Return after what times (ms) spikes of some cells arrive, each once."""
    places = np.zeros((net._n_gids, 3))
    for name, those in net.gid_ranges.items():
        places[those.start : those.stop] = np.reshape(net.pos_dict[name], (-1, 3))
    found: dict[int, dict[float, None]] = {}
    for conn in net.connectivity:
        pairs = [(s, t) for s, ts in conn["gid_pairs"].items() if s in gids for t in ts]
        source, target = np.array(pairs, np.int64).reshape(-1, 2).T
        kernel = Gaussian(space_constant=conn["nc_dict"]["lamtha"])
        factor = kernel_factor(kernel, places[source], places[target], net._inplane_distance)
        with np.errstate(divide="ignore", over="ignore"):
            delay = conn["nc_dict"]["A_delay"] / factor
        for gid, time in zip(source.tolist(), delay.tolist(), strict=True):
            found.setdefault(gid, {})[time] = None
    return {gid: list(times) for gid, times in found.items()}
