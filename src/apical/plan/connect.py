"""Projections and drives expanded to single connections, as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from apical.plan.cell import CellPlan
from apical.plan.discretise import Floats, Ints
from apical.random import stream

if TYPE_CHECKING:
    from apical.model import Gaussian, Network, Projection


@dataclass(frozen=True, eq=False)
class PopulationPlan:
    """One population: cells of one type at positions.

    Parameters
    ----------
    name : str
        Name of the population.
    cell : CellPlan
        Its cell type.
    positions : array, (n, 3), µm
        Where its cells are.
    first : int
        Global index of its first cell.
    layer : str
        Its layer.
    dipole : bool
        Whether it contributes to the current dipole.
    """

    name: str
    cell: CellPlan
    positions: Floats
    first: int
    layer: str
    dipole: bool

    @property
    def n(self) -> int:
        """Number of cells."""
        return len(self.positions)


@dataclass(frozen=True, eq=False)
class Connections:
    """Connections onto one population that can act, sorted by source.

    Parameters
    ----------
    source : array of int, (n,)
        Global index of the source cell, or index of the drive cell.
    cell : array of int, (n,)
        Target cell within its population.
    mechanism, instance : array of int, (n,)
        The receptor on the target: index of its mechanism and instance.
    weight : array, (n,), µS
        Negative at the end of a pulse.
    delay : array, (n,), ms
    dropped : int
        How many were left out: they have no weight, or a delay longer than the run.
    """

    source: Ints
    cell: Ints
    mechanism: Ints
    instance: Ints
    weight: Floats
    delay: Floats
    dropped: int = 0

    @property
    def n(self) -> int:
        """Number of connections."""
        return len(self.source)

    def take(self, rows: Ints) -> Connections:
        """Return some connections."""
        return Connections(
            self.source[rows], self.cell[rows], self.mechanism[rows], self.instance[rows],
            self.weight[rows], self.delay[rows],
        )  # fmt: skip


class Pairs(NamedTuple):
    """Pairs of cells, connected at the same receptors of every target.

    Parameters
    ----------
    source, cell : array of int, (n,)
        Global index of the source cell, or index of the drive cell; target cell.
    sites : array of int, (sites, 2)
        Mechanism and instance of each receptor.
    weight : array, (n,), µS
    delay : array, (n,), ms
    """

    source: Ints
    cell: Ints
    sites: Ints
    weight: Floats
    delay: Floats

    def take(self, rows: Ints) -> Pairs:
        """Return some pairs."""
        return Pairs(
            self.source[rows], self.cell[rows], self.sites, self.weight[rows], self.delay[rows]
        )


def with_ends(pairs: Pairs, population: PopulationPlan) -> list[Pairs]:
    """Return pairs and, where events of their receptors last, the same pairs at the end of a pulse.

    The end of a pulse is an event with the opposite weight.
    """
    if not len(pairs.sites):
        return [pairs]
    # all sites are of one receptor, which has the same parameters everywhere
    mechanism, instance = pairs.sites[0]
    lasting = population.cell.mechanisms[mechanism].lasting
    if not lasting:
        return [pairs]
    end = pairs._replace(weight=-pairs.weight, delay=pairs.delay + lasting[instance])
    return [pairs, end]


def connect(parts: Sequence[Pairs], horizon: float) -> Connections:
    """Return the connections of all pairs that can act within `horizon` (ms).

    They are sorted by source; those of one source stay in the order of parts, pairs and sites.
    """
    alive = [p.take(np.flatnonzero((p.delay <= horizon) & (p.weight != 0))) for p in parts]
    source, cell, weight, delay = columns(alive, ("source", "cell"), ("weight", "delay"))
    order = np.argsort(source, kind="stable")
    part = np.repeat(np.arange(len(alive)), [len(p.source) for p in alive])
    count = np.array([len(p.sites) for p in alive], np.int64)
    places = count[part[order]]
    pair = np.repeat(order, places)
    # the sites of all parts lie one after the other
    sites = np.concatenate([np.zeros((0, 2), np.int64), *(p.sites for p in alive)])
    nth = np.arange(len(pair)) - np.repeat(np.cumsum(places) - places, places)
    site = nth + (np.cumsum(count) - count)[part[pair]]
    dropped = sum(len(p.source) * len(p.sites) for p in parts) - len(pair)
    return Connections(
        source[pair], cell[pair], sites[site, 0], sites[site, 1], weight[pair], delay[pair], dropped
    )


def columns(parts: Sequence[object], ints: Sequence[str], floats: Sequence[str] = ()) -> list[Any]:
    """Return fields of several parts, one part after the other."""
    kinds = dict.fromkeys(ints, np.int64) | dict.fromkeys(floats, np.float64)
    return [
        np.concatenate([np.zeros(0, kind), *(getattr(p, name) for p in parts)])
        for name, kind in kinds.items()
    ]


def receptor_sites(
    network: Network, population: PopulationPlan, location: str, receptor: str
) -> Ints:
    """Return (mechanism, instance) of a receptor on every section of a place, (n, 2)."""
    cell = network.cells[population.cell.name]
    sections = cell.groups.get(location, (location,))
    return np.array([population.cell.receptor_of[receptor, s] for s in sections], np.int64)


def kernel_factor(
    kernel: Gaussian | None, source: Floats, target: Floats, inplane_distance: float
) -> Floats:
    """Return exp(−d²/λ²) of pairs of positions; weights are times, delays over this.

    The distance d is in the plane of the layer; λ is in units of the in-plane distance.
    """
    if kernel is None:
        return np.ones(len(source))
    scale = kernel.space_constant * inplane_distance
    x, y = target[:, 0] - source[:, 0], target[:, 1] - source[:, 1]
    return np.exp(-(x * x + y * y) / scale**2)


def thinned(pre: Ints, post: Ints, probability: float, seed: int, *names: str) -> tuple[Ints, Ints]:
    """Return those pairs that are connected: exactly the rounded share, drawn at random."""
    if probability >= 1:
        return pre, post
    n = len(pre)
    kept = np.sort(stream(seed, *names).permutation(n)[: round(probability * n)])
    return pre[kept], post[kept]


def expand(network: Network, name: str, populations: dict[str, PopulationPlan], seed: int) -> Pairs:
    """Return the pairs of cells that one projection connects."""
    projection = network.projections[name]
    source, target = populations[projection.source], populations[projection.target]
    pre, post = _pairs(projection, source, target)
    pre, post = thinned(pre, post, projection.probability, seed, "projection", name)
    factor = kernel_factor(
        projection.kernel, source.positions[pre], target.positions[post], network.inplane_distance
    )
    sites = receptor_sites(network, target, projection.location, projection.receptor)
    weight = projection.weight * projection.gain * factor
    return Pairs(pre + source.first, post, sites, weight, slowed(projection.delay, factor))


def slowed(delay: float, factor: Floats) -> Floats:
    """Return delays that grow with distance; infinite where the factor underflows."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.where(factor > 0, delay / factor, np.inf if delay > 0 else 0.0)


def _pairs(
    projection: Projection, source: PopulationPlan, target: PopulationPlan
) -> tuple[Ints, Ints]:
    if projection.rule == "pairs":
        pairs = np.array(projection.pairs, np.int64).reshape(-1, 2)
        pre, post = pairs[:, 0], pairs[:, 1]
    elif projection.rule == "one_to_one":
        pre = post = np.arange(source.n)
    else:
        pre, post = np.repeat(np.arange(source.n), target.n), np.tile(np.arange(target.n), source.n)
    if source.name == target.name and not projection.autapses:
        other = pre != post
        pre, post = pre[other], post[other]
    return pre, post
