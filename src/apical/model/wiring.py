"""Verbs on a network's projections: pick, connect, disconnect, set gains; and scale its grids.

:class:`~apical.model.Network` has each of them as a method.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from apical.errors import ModelError, Problem, did_you_mean
from apical.model.fields import Q
from apical.model.population import Points

if TYPE_CHECKING:
    from apical.model.network import Network

N = TypeVar("N", bound="Network")
#: One value or several of them; None stands for any.
Choice = str | Iterable[str] | None
_ROLES = {"e": "excitatory", "i": "inhibitory"}


def pick(network: Network, criteria: Mapping[str, Choice]) -> tuple[str, ...]:
    """Return the names of the projections that meet all criteria."""
    known = _known(network)
    wanted, problems = {}, []
    for field, choice in criteria.items():
        if choice is None:
            continue
        wanted[field] = (choice,) if isinstance(choice, str) else tuple(choice)
        for value in wanted[field]:
            if value not in known[field]:
                hint = did_you_mean(value, known[field], "there are")
                problems.append(Problem(field, f"the network has no '{value}'", hint))
    if problems:
        raise ModelError(problems)
    return tuple(
        name
        for name, projection in network.projections.items()
        if all(getattr(projection, field) in values for field, values in wanted.items())
    )


def _known(network: Network) -> dict[str, list[str]]:
    """Return what each criterion may name: everything a projection could have."""
    cells = network.cells.values()
    return {
        "source": list(network.populations),
        "target": list(network.populations),
        "receptor": list(dict.fromkeys(r for cell in cells for r in cell.receptors)),
        "location": list(dict.fromkeys(p for cell in cells for p in cell.places)),
    }


def connect(network: N, name: str | None, fields: Mapping[str, Any]) -> N:
    """Return a network with one more projection."""
    if name is None:
        ends = f"{fields['source']}>{fields['target']}"
        short = f"{ends}.{fields['receptor']}"
        name = f"{ends}.{fields['location']}.{fields['receptor']}"
        name = name if short in network.projections else short
    return network.add(projections={name: fields})


def disconnect(network: N, names: tuple[str, ...], criteria: Mapping[str, Choice]) -> N:
    """Return a network without the named projections, or without those that meet criteria."""
    asked = any(choice is not None for choice in criteria.values())
    if names and asked:
        raise ModelError([Problem("", "give names of projections or criteria, not both")])
    known = network.projections
    problems = [
        Problem(f"projections.{n}", "is not there", did_you_mean(n, known, "projections are"))
        for n in names
        if n not in known
    ]
    if problems:
        raise ModelError(problems)
    gone = pick(network, criteria) if asked else names
    return network.remove(*(f"projections.{name}" for name in gone))


def set_gains(network: N, gains: Mapping[str, float | None]) -> N:
    """Return a network with other gains, by the roles of source and target: ``{"e_i": 1.2}``."""
    values: dict[str, float] = {}
    problems = []
    for roles, gain in gains.items():
        if gain is None:
            continue
        source, target = (_ROLES[role] for role in roles.split("_"))
        found = [
            f"projections.{name}.gain"
            for name, p in network.projections.items()
            if network.populations[p.source].role == source
            and network.populations[p.target].role == target
        ]
        if not found:
            problems.append(Problem(roles, f"no projection is from {source} to {target} cells"))
        try:
            values.update(dict.fromkeys(found, Q("1", ge=0).read(gain)))
        except ValueError as error:
            problems.append(Problem(roles, str(error)))
    if problems:
        raise ModelError(problems)
    return network.set(values)


def scale(network: N, grid: tuple[int, int]) -> N:
    """Return a network with another number of cells on every grid."""
    shapes = {
        f"populations.{name}.positions.shape": grid
        for name, population in network.populations.items()
        if not isinstance(population.positions, Points)
    }
    if not shapes:
        raise ModelError([Problem("populations", "none is on a grid")])
    return network.set(shapes)
