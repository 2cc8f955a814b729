"""Several networks side by side as one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from apical.errors import ModelError, Problem, did_you_mean
from apical.model.drive import Drive
from apical.model.electrodes import ElectrodeArray
from apical.model.fields import Label, NameRule, Point, vector
from apical.model.network import Network
from apical.model.population import Points, Population
from apical.model.projection import Projection

#: What must be the same in all networks.
_COMMON = ("celsius", "inplane_distance")


def combine(networks: Mapping[str, Network], offsets: Mapping[str, Any] | None = None) -> Network:
    """Return one network that holds several, such as the columns of two areas.

    The names of populations, projections, drives, biases, recordings and electrodes are put after
    the network's name: ``left_L5_pyramidal``. Mechanisms and cells keep their names where all
    networks mean the same by them. Drives stand where they stood in their own network.
    Projections from one to the other can then be added with :meth:`Network.connect`.

    Parameters
    ----------
    networks : mapping of str to Network
        The networks, by name.
    offsets : mapping of str to (x, y, z), µm, optional
        How far a network is moved; by default not at all.

    Returns
    -------
    Network
        All of them; temperature, ions and in-plane distance must be common.

    Raises
    ------
    ModelError
        If they do not fit together.
    """
    moves, problems = _moves(networks, offsets or {})
    problems += _conflicts(networks)
    if problems:
        raise ModelError(problems)
    parts = [_moved(name, network, moves[name], networks) for name, network in networks.items()]
    if problems := _doubles(parts):
        raise ModelError(problems)
    whole = {
        field: {key: value for part in parts for key, value in part[field].items()}
        for field in parts[0]
    }
    first = next(iter(networks.values()))
    common = {field: getattr(first, field) for field in _COMMON}
    return Network(**common, **_described(networks), **whole)


def _moves(
    networks: Mapping[str, Network], offsets: Mapping[str, Any]
) -> tuple[dict[str, Point], list[Problem]]:
    """Return how far each network is moved."""
    moves: dict[str, Point] = dict.fromkeys(networks, (0.0, 0.0, 0.0))
    problems = [] if networks else [Problem("networks", "give at least one")]
    for name in networks:
        try:
            NameRule().read(name)
        except ValueError as error:
            problems.append(Problem(f"networks.{name}", str(error)))
    for name, offset in offsets.items():
        path = f"offsets.{name}"
        if name not in networks:
            hint = did_you_mean(name, networks, "networks are")
            problems.append(Problem(path, "is not the name of a network", hint))
            continue
        try:
            moves[name] = vector("um").read(offset)
        except ValueError as error:
            problems.append(Problem(path, str(error)))
    return moves, problems


def _conflicts(networks: Mapping[str, Network]) -> list[Problem]:
    """Return what networks give differently although they must share it."""
    problems = []
    seen: dict[str, tuple[str, Any]] = {}
    for name, network in networks.items():
        shared = {field: getattr(network, field) for field in _COMMON}
        shared |= {f"ions.{ion}": value for ion, value in network.ions.items()}
        shared |= {f"mechanisms.{key}": m.fingerprint for key, m in network.mechanisms.items()}
        for path, value in shared.items():
            other, before = seen.setdefault(path, (name, value))
            if before != value:
                problems.append(Problem(path, f"differs between '{other}' and '{name}'"))
    return problems


def _doubles(parts: Sequence[Mapping[str, Any]]) -> list[Problem]:
    """Return what two networks would call the same, such as a's ``b_c`` and a_b's ``c``."""
    problems, seen = [], {}
    for part in parts:
        for field in (f for f in part if f not in ("ions", "mechanisms")):
            for name, value in part[field].items():
                before = seen.setdefault((field, name), value)
                alike = field == "cells" and before.fingerprint == value.fingerprint
                if before is not value and not alike:
                    message = "would be in two of the networks; name these otherwise"
                    problems.append(Problem(f"{field}.{name}", message))
    return problems


def _described(networks: Mapping[str, Network]) -> dict[str, Label]:
    """Return name, title, reference and DOI of the whole: each once."""
    fields = ("title", "reference", "doi")
    texts = {f: dict.fromkeys(getattr(n, f) for n in networks.values()) for f in fields}
    whole = {field: "; ".join(filter(None, several)) for field, several in texts.items()}
    return {"name": "_".join(networks), **whole}


def _moved(
    prefix: str, network: Network, by: Point, networks: Mapping[str, Network]
) -> dict[str, Any]:
    """Return the parts of a network under their new names and at their new places."""

    def renamed(name: str) -> str:
        return f"{prefix}_{name}"

    def cell(name: str) -> str:
        mine = network.cells[name]
        others = (n.cells.get(name, mine) for n in networks.values())
        # equality is blind to the order of sections, which compartments follow
        alike = all(mine.fingerprint == other.fingerprint for other in others)
        return name if alike else renamed(name)

    def put(parts: Mapping[str, Any], change: Callable[[Any], Any]) -> dict[str, Any]:
        return {renamed(name): change(part) for name, part in parts.items()}

    def elsewhere(part: Any) -> Any:
        return part.with_(population=renamed(part.population))

    def wired(projection: Projection) -> Projection:
        ends = {"source": renamed(projection.source), "target": renamed(projection.target)}
        return projection.with_(**ends)

    origin = network.origin()
    return {
        "ions": network.ions,
        "mechanisms": network.mechanisms,
        "cells": {cell(name): part for name, part in network.cells.items()},
        "populations": put(network.populations, lambda p: _population(p, cell(p.cell), by)),
        "projections": put(network.projections, wired),
        "drives": put(network.drives, lambda d: _drive(d, renamed, origin, by)),
        "biases": put(network.biases, elsewhere),
        "recordings": put(network.recordings, elsewhere),
        "electrodes": put(network.electrodes, lambda array: _electrodes(array, by)),
    }


def _plus(point: Point, by: Point) -> Point:
    return (point[0] + by[0], point[1] + by[1], point[2] + by[2])


def _population(population: Population, cell: str, by: Point) -> Population:
    positions = population.positions
    if isinstance(positions, Points):
        moved = positions.with_(coordinates=[_plus(p, by) for p in positions.coordinates])
    else:
        x, y, z = _plus((positions.x, positions.y, positions.z), by)
        moved = positions.with_(x=x, y=y, z=z)
    return population.with_(cell=cell, positions=moved)


def _drive(drive: Drive, renamed: Callable[[str], str], origin: Point, by: Point) -> Drive:
    changes: dict[str, Any] = {
        "targets": {renamed(name): target for name, target in drive.targets.items()},
        "position": _plus(drive.position or origin, by),
    }
    if isinstance(rates := getattr(drive, "rate", None), Mapping):
        changes["rate"] = {renamed(name): rate for name, rate in rates.items()}
    return drive.with_(**changes)


def _electrodes(array: ElectrodeArray, by: Point) -> ElectrodeArray:
    return array.with_(positions=[_plus(p, by) for p in array.positions])
