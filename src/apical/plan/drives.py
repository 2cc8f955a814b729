"""Drives: when their cells fire, and what those spikes reach.

Drive cells stand at the origin of the network unless their drive has a position. How a kind of
drive draws its events is one function in :data:`SAMPLERS`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from apical.plan.connect import (
    Connections,
    Pairs,
    PopulationPlan,
    connect,
    kernel_factor,
    receptor_sites,
    slowed,
    thinned,
    with_ends,
)
from apical.plan.discretise import Floats, Ints
from apical.random import stream, streams

if TYPE_CHECKING:
    from apical.model import BurstyDrive, EvokedDrive, Network, PoissonDrive, SpikeTrainDrive
    from apical.model.drive import AnyDrive


@dataclass(frozen=True)
class DrivePlan:
    """One drive.

    Parameters
    ----------
    name : str
        Name of the drive.
    cells : tuple of (str, int)
        What each drive cell is called: the target cell it belongs to, or ``("", k)``. Its random
        stream carries this name, so other targets do not change its events.
    connections : dict of str to Connections
        What they reach, by population; sources are drive cells. Dead ones are gone.
    """

    name: str
    cells: tuple[tuple[str, int], ...]
    connections: dict[str, Connections]

    @property
    def n(self) -> int:
        """Number of drive cells."""
        return len(self.cells)

    def trains(
        self, network: Network, seed: int, trial: int, duration: float
    ) -> tuple[Floats, Ints]:
        """Draw one trial's events.

        Returns
        -------
        time : array, ms
            Event times in [0, duration], sorted.
        cell : array of int
            Drive cell of each.
        """
        drive = network.drives[self.name]
        time, cell = SAMPLERS[drive.kind](drive, self, seed, trial, duration)
        within = (time >= 0) & (time <= duration)
        time, cell = time[within], cell[within]
        order = np.lexsort((cell, time))
        return time[order], cell[order]


def _evoked(
    drive: EvokedDrive, plan: DrivePlan, seed: int, trial: int, duration: float
) -> tuple[Floats, Ints]:
    """Draw normal event times; every drive cell has its own stream."""
    drawn = _normals(seed, plan.name, trial, plan.cells, drive.n_spikes)
    time = drive.mu + drive.sigma * drawn
    return time.ravel(), np.repeat(np.arange(plan.n), drive.n_spikes)


@lru_cache(maxsize=32)
def _normals(
    seed: int, name: str, trial: int, cells: tuple[tuple[str, int], ...], n: int
) -> Floats:
    """Draw `n` normal numbers for every cell: the same whenever the drive comes, or how wide."""
    each = streams(seed, "drive", name, "trial", trial, "cell", each=cells)
    drawn = np.empty((len(cells), n))
    for row, generator in zip(drawn, each, strict=True):
        generator.standard_normal(out=row)
    drawn.flags.writeable = False
    return drawn


def _poisson(
    drive: PoissonDrive, plan: DrivePlan, seed: int, trial: int, duration: float
) -> tuple[Floats, Ints]:
    """Draw one waiting time after the other, so that a longer run goes on from a shorter one."""
    each = streams(seed, "drive", plan.name, "trial", trial, "cell", each=plan.cells)
    stop = duration if drive.stop is None else min(drive.stop, duration)
    rates = [drive.rate_of(population) for population, _ in plan.cells]
    trains = [
        _poisson_train(generator, rate, drive.start, stop)
        for rate, generator in zip(rates, each, strict=True)
    ]
    return _joined(trains)


def _poisson_train(
    generator: np.random.Generator, rate: float, start: float, stop: float
) -> Floats:
    """Return the events (ms) of a Poisson process with `rate` (Hz) in [start, stop)."""
    if rate == 0 or stop <= start:
        return np.zeros(0)
    mean = (stop - start) * rate / 1000
    some = math.ceil(mean + 4 * math.sqrt(mean)) + 1
    waits = generator.standard_exponential(some)
    while waits.sum() < mean:
        waits = np.concatenate([waits, generator.standard_exponential(some)])
    time = start + np.cumsum(waits) * (1000 / rate)
    return time[time < stop]


def _bursty(
    drive: BurstyDrive, plan: DrivePlan, seed: int, trial: int, duration: float
) -> tuple[Floats, Ints]:
    """Draw the start of the rhythm, then for every drive cell when its bursts come."""
    names = ("drive", plan.name, "trial", trial)
    start = drive.start + drive.start_sigma * stream(seed, *names, "start").standard_normal()
    # bursts about the end may reach into the run; no jitter is more than ten sigma
    stop = duration - drive.offsets[0] + 10 * drive.sigma
    stop = stop if drive.stop is None else min(stop, drive.stop)
    n = max(0, math.ceil((stop - start) / drive.period))
    middles = start + drive.period * np.arange(n)
    each = streams(seed, *names, "cell", each=plan.cells)
    trains = [
        np.add.outer(middles + drive.sigma * generator.standard_normal(n), drive.offsets).ravel()
        for generator in each
    ]
    return _joined(trains)


def _joined(trains: Sequence[Floats]) -> tuple[Floats, Ints]:
    """Return the times of all trains, and of which train each is."""
    cell = np.repeat(np.arange(len(trains)), [len(train) for train in trains])
    return np.concatenate([np.zeros(0), *trains]), cell


def _spike_train(
    drive: SpikeTrainDrive, plan: DrivePlan, seed: int, trial: int, duration: float
) -> tuple[Floats, Ints]:
    """Return the given times, alike in every trial."""
    return _joined([np.array(train, float) for train in drive.trains])


#: Times and drive cells of one trial's events, in any order.
SAMPLERS: dict[str, Callable[..., tuple[Floats, Ints]]] = {
    "bursty": _bursty,
    "evoked": _evoked,
    "poisson": _poisson,
    "spike_train": _spike_train,
}


def plan_drive(
    network: Network, name: str, populations: dict[str, PopulationPlan], seed: int, horizon: float
) -> DrivePlan:
    """Expand one drive's connections that can act within `horizon` (ms)."""
    drive = network.drives[name]
    targets = [p for p in populations.values() if p.name in drive.targets]
    cells = drive_cells(network, name, targets)
    connections, first = {}, 0
    origin = np.array(network.origin() if drive.position is None else drive.position)
    for population in targets:
        connections[population.name] = _onto(
            network, name, population, len(cells), first, origin, seed, horizon
        )
        first += population.n
    return DrivePlan(name, cells, connections)


def wiring(drive: AnyDrive) -> tuple[object, ...]:
    """Return everything of a drive that its connections depend on."""
    targets = [
        (name, t.delay, list(t.weights.items()), drive.share(name), t.pairs)
        for name, t in drive.targets.items()
    ]
    cells = len(drive.trains) if drive.kind == "spike_train" else drive.n_cells
    return drive.location, targets, drive.cell_specific, cells, drive.kernel, drive.position


def drive_cells(
    network: Network, name: str, targets: Sequence[PopulationPlan]
) -> tuple[tuple[str, int], ...]:
    """Name the drive cells: one per target cell, one per train, or as many as asked for."""
    drive = network.drives[name]
    if drive.cell_specific:
        return tuple((p.name, k) for p in targets for k in range(p.n))
    n = len(drive.trains) if drive.kind == "spike_train" else drive.n_cells or 1
    return tuple(("", k) for k in range(n))


def _onto(
    network: Network,
    name: str,
    population: PopulationPlan,
    n: int,
    first: int,
    origin: Floats,
    seed: int,
    horizon: float,
) -> Connections:
    drive = network.drives[name]
    target = drive.targets[population.name]
    if target.pairs is not None:
        pre, post = np.array(target.pairs, np.int64).reshape(-1, 2).T
    elif drive.cell_specific:
        post = np.arange(population.n)
        pre = first + post
    else:
        pre = np.repeat(np.arange(n), population.n)
        post = np.tile(np.arange(population.n), n)
    # AMPA and NMDA of one input are the same axon: one draw for all receptors
    names = ("drive", name, "connections", population.name)
    pre, post = thinned(pre, post, drive.share(population.name), seed, *names)
    where = np.broadcast_to(origin, (len(post), 3))
    factor = kernel_factor(
        drive.kernel, where, population.positions[post], network.inplane_distance
    )
    delay = slowed(target.delay, factor)
    parts = []
    for receptor, weight in target.weights.items():
        sites = receptor_sites(network, population, drive.location, receptor)
        parts += with_ends(Pairs(pre, post, sites, weight * factor, delay), population)
    return connect(parts, horizon)
