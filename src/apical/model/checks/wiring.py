"""Checks of populations, projections and drives: both ends of every synapse exist."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from apical.errors import Problem, did_you_mean

if TYPE_CHECKING:
    from apical.model.cell import Cell
    from apical.model.drive import Drive
    from apical.model.network import Network
    from apical.model.projection import Projection


def check_wiring(network: Network) -> Iterator[Problem]:
    """Yield problems of populations, projections and drives."""
    for name, population in network.populations.items():
        if population.cell not in network.cells:
            hint = did_you_mean(population.cell, network.cells, "cells are")
            message = f"the network has no cell '{population.cell}'"
            yield Problem(f"populations.{name}.cell", message, hint)
    for name in network.drives:
        if name in network.populations:
            message = "a population has the same name; spikes could be of either"
            yield Problem(f"drives.{name}", message)
    for name, projection in network.projections.items():
        yield from _projection(f"projections.{name}", projection, network)
    for name, drive in network.drives.items():
        yield from _drive(f"drives.{name}", drive, network)


def population_exists(path: str, name: str, network: Network) -> Iterator[Problem]:
    """Yield a problem if there is no such population."""
    if name not in network.populations:
        hint = did_you_mean(name, network.populations, "populations are")
        yield Problem(path, f"the network has no population '{name}'", hint)


def cell_of(population: str, network: Network) -> Cell | None:
    """Return a population's cell type, or None if it or the population is not there."""
    if population not in network.populations:
        return None
    return network.cells.get(network.populations[population].cell)


def indices_exist(path: str, cells: Iterable[int], n: int, population: str) -> Iterator[Problem]:
    """Yield a problem if indices are beyond a population or given twice."""
    seen: set[int] = set()
    for index in cells:
        if index >= n:
            which = "1 cell, number 0" if n == 1 else f"{n} cells, numbers 0 to {n - 1}"
            yield Problem(path, f"'{population}' has {which}; got {index}")
            return
        if index in seen:
            yield Problem(path, f"cell {index} is given twice")
            return
        seen.add(index)


def _projection(path: str, projection: Projection, network: Network) -> Iterator[Problem]:
    yield from population_exists(f"{path}.source", projection.source, network)
    yield from population_exists(f"{path}.target", projection.target, network)
    cell = cell_of(projection.target, network)
    if cell is not None:
        yield from _place(f"{path}.location", projection.location, projection.target, cell, network)
        yield from _receptor(
            f"{path}.receptor", projection.receptor, projection.location, projection.target, cell
        )
    if projection.source in network.populations and projection.target in network.populations:
        yield from _pairing(path, projection, network)


def _pairing(path: str, projection: Projection, network: Network) -> Iterator[Problem]:
    if projection.rule == "all_to_all":
        return
    n, m = (network.populations[p].n for p in (projection.source, projection.target))
    if projection.rule == "one_to_one" and n != m:
        sizes = f"'{projection.source}' has {n} cells and '{projection.target}' {m}"
        yield Problem(f"{path}.rule", f"one_to_one needs populations of one size; {sizes}")
    for source, target in projection.pairs:
        if source >= n or target >= m:
            message = f"({source}, {target}) is beyond {n} source and {m} target cells"
            yield Problem(f"{path}.pairs", message)
            return


def _place(
    path: str, place: str, population: str, cell: Cell, network: Network
) -> Iterator[Problem]:
    if place not in cell.places:
        hint = did_you_mean(place, cell.places, "places are")
        if _known_anywhere(place, network):
            yield Problem(path, f"the cells of '{population}' have no place '{place}'", hint)
        else:
            yield Problem(path, f"no cell has a place '{place}'", hint)


def _known_anywhere(place: str, network: Network) -> bool:
    return any(place in cell.places for cell in network.cells.values())


def _receptor(
    path: str, receptor: str, place: str, population: str, cell: Cell
) -> Iterator[Problem]:
    if receptor not in cell.receptors:
        hint = did_you_mean(receptor, cell.receptors, "receptors are")
        yield Problem(path, f"the cells of '{population}' have no receptor '{receptor}'", hint)
        return
    if place not in cell.places:
        return
    without = [s for s in cell.sections_of(place) if receptor not in cell.sections[s].receptors]
    if without:
        at = f"at '{place}'" if without == [place] else f"at '{place}' ({', '.join(without)})"
        here = [
            r for r in cell.receptors
            if all(r in cell.sections[s].receptors for s in cell.sections_of(place))
        ]  # fmt: skip
        message = f"the cells of '{population}' have no receptor '{receptor}' {at}"
        yield Problem(path, message, f"receptors there are {', '.join(here)}" if here else "")


def _drive(path: str, drive: Drive, network: Network) -> Iterator[Problem]:
    every = list(dict.fromkeys(p for cell in network.cells.values() for p in cell.places))
    nowhere = drive.location not in every
    if nowhere:
        hint = did_you_mean(drive.location, every, "places are")
        yield Problem(f"{path}.location", f"no cell has a place '{drive.location}'", hint)
    for name, target in drive.targets.items():
        where = f"{path}.targets.{name}"
        yield from population_exists(where, name, network)
        cell = cell_of(name, network)
        if cell is None:
            continue
        if not nowhere:
            yield from _place(where, drive.location, name, cell, network)
        for receptor in target.weights:
            yield from _receptor(
                f"{where}.weights.{receptor}", receptor, drive.location, name, cell
            )
        yield from _drive_pairs(f"{where}.pairs", name, drive, network)
    yield from _trains(path, drive, network)


def _drive_pairs(path: str, target: str, drive: Drive, network: Network) -> Iterator[Problem]:
    pairs = drive.targets[target].pairs
    if not pairs:
        return
    sizes = [network.populations[p].n for p in drive.targets if p in network.populations]
    given = len(getattr(drive, "trains", ())) or drive.n_cells or 1
    n, m = sum(sizes) if drive.cell_specific else given, network.populations[target].n
    for source, cell in pairs:
        if source >= n or cell >= m:
            yield Problem(path, f"({source}, {cell}) is beyond {n} drive and {m} target cells")
            return


def _trains(path: str, drive: Drive, network: Network) -> Iterator[Problem]:
    trains = getattr(drive, "trains", None)
    if trains is None or not drive.cell_specific:
        return
    if all(name in network.populations for name in drive.targets):
        n = sum(network.populations[name].n for name in drive.targets)
        if n != len(trains):
            message = f"must be one train for each of the {n} target cells; got {len(trains)}"
            yield Problem(f"{path}.trains", message)
