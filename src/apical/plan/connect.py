"""Projections and drives expanded to single connections, as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from apical.plan.cell import CellPlan
from apical.plan.discretise import Floats, Ints
from apical.random import stream

if TYPE_CHECKING:
    from apical.model import Gaussian, Network, Projection


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class Connections:
    """Connections onto one population, sorted by source.

    Parameters
    ----------
    source : array of int, (n,)
        Global index of the source cell, or index of the drive cell.
    cell : array of int, (n,)
        Target cell within its population.
    mechanism, instance : array of int, (n,)
        The receptor on the target: index of its mechanism and instance.
    weight : array, (n,), µS
    delay : array, (n,), ms
    """

    source: Ints
    cell: Ints
    mechanism: Ints
    instance: Ints
    weight: Floats
    delay: Floats

    @property
    def n(self) -> int:
        """Number of connections."""
        return len(self.source)

    def alive(self, horizon: float) -> Connections:
        """Return those that can act: some weight, and a delay shorter than the run."""
        return self.take(np.flatnonzero((self.delay <= horizon) & (self.weight > 0)))

    def take(self, rows: Ints) -> Connections:
        """Return some connections."""
        return Connections(
            self.source[rows], self.cell[rows], self.mechanism[rows], self.instance[rows],
            self.weight[rows], self.delay[rows],
        )  # fmt: skip


def join(parts: Sequence[Connections]) -> Connections:
    """Return several sets of connections as one, sorted by source, stable otherwise."""
    fields = ("source", "cell", "mechanism", "instance", "weight", "delay")
    kinds = (np.int64,) * 4 + (np.float64,) * 2
    columns: list[Any] = [
        np.concatenate([np.zeros(0, kind), *(getattr(p, f) for p in parts)])
        for f, kind in zip(fields, kinds, strict=True)
    ]
    together = Connections(*columns)
    return together.take(np.argsort(together.source, kind="stable"))


def receptor_sites(
    network: Network, population: PopulationPlan, location: str, receptor: str
) -> Ints:
    """Return (mechanism, instance) of a receptor on every section of a place, (n, 2)."""
    cell = network.cells[population.cell.name]
    sections = cell.groups.get(location, (location,))
    return np.array([population.cell.receptor_of[receptor, s] for s in sections], np.int64)


def spread(source: Ints, cell: Ints, sites: Ints, weight: Floats, delay: Floats) -> Connections:
    """Repeat pairs of cells for every site, pair by pair."""
    pairs, places = len(source), len(sites)
    return Connections(
        np.repeat(source, places), np.repeat(cell, places),
        np.tile(sites[:, 0], pairs), np.tile(sites[:, 1], pairs),
        np.repeat(weight, places), np.repeat(delay, places),
    )  # fmt: skip


def kernel_factor(
    kernel: Gaussian | None, source: Floats, target: Floats, inplane_distance: float
) -> Floats:
    """Return exp(−d²/λ²) of pairs of positions; weights are times, delays over this.

    The distance d is in the plane of the layer; λ is in units of the in-plane distance.
    """
    if kernel is None:
        return np.ones(len(source))
    scale = kernel.space_constant * inplane_distance
    difference = target[:, :2] - source[:, :2]
    return np.exp(-(difference**2).sum(axis=1) / scale**2)


def kept_pairs(n: int, probability: float, generator: np.random.Generator) -> Ints:
    """Return which of n pairs are connected: exactly the rounded share, drawn at random."""
    if probability >= 1:
        return np.arange(n)
    return np.sort(generator.permutation(n)[: round(probability * n)])


def expand(
    network: Network, name: str, populations: dict[str, PopulationPlan], seed: int
) -> Connections:
    """Return every connection of one projection, dead ones included."""
    projection = network.projections[name]
    source, target = populations[projection.source], populations[projection.target]
    pre, post = _pairs(projection, source, target)
    keep = kept_pairs(len(pre), projection.probability, stream(seed, "projection", name))
    pre, post = pre[keep], post[keep]
    factor = kernel_factor(
        projection.kernel, source.positions[pre], target.positions[post], network.inplane_distance
    )
    sites = receptor_sites(network, target, projection.location, projection.receptor)
    weight = projection.weight * projection.gain * factor
    return spread(pre + source.first, post, sites, weight, slowed(projection.delay, factor))


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
