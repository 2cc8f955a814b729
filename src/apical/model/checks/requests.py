"""Checks of injected currents and recordings: the places and variables exist."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from apical.errors import Problem, did_you_mean
from apical.model.checks.wiring import cell_of, indices_exist, population_exists

if TYPE_CHECKING:
    from apical.model.cell import Cell
    from apical.model.network import Network
    from apical.model.recording import Recording

_ALWAYS = ("v", "i_membrane")


def check_requests(network: Network) -> Iterator[Problem]:
    """Yield problems of biases and recordings."""
    for name, clamp in network.biases.items():
        path = f"biases.{name}"
        yield from population_exists(f"{path}.population", clamp.population, network)
        cell = cell_of(clamp.population, network)
        if cell is not None:
            yield from _sections(f"{path}.section", (clamp.section,), clamp.population, cell)
            n = network.populations[clamp.population].n
            yield from indices_exist(f"{path}.cells", clamp.cells or (), n, clamp.population)
    for name, recording in network.recordings.items():
        yield from _recording(f"recordings.{name}", recording, network)


def _sections(path: str, names: tuple[str, ...], population: str, cell: Cell) -> Iterator[Problem]:
    for name in names:
        if name not in cell.sections:
            hint = did_you_mean(name, cell.sections, "sections are")
            yield Problem(path, f"the cells of '{population}' have no section '{name}'", hint)


def _recording(path: str, recording: Recording, network: Network) -> Iterator[Problem]:
    yield from population_exists(f"{path}.population", recording.population, network)
    cell = cell_of(recording.population, network)
    if cell is None:
        return
    given = () if recording.sections == "all" else recording.sections
    yield from _sections(f"{path}.sections", given, recording.population, cell)
    if recording.cells != "all":
        n = network.populations[recording.population].n
        yield from indices_exist(f"{path}.cells", recording.cells, n, recording.population)
    if recording.variable not in _ALWAYS:
        yield from _variable(f"{path}.variable", recording, cell, network)


def _variable(path: str, recording: Recording, cell: Cell, network: Network) -> Iterator[Problem]:
    found = {name: set(_states(cell, name, network)) for name in cell.sections}
    everything = [*_ALWAYS, *sorted(set().union(*found.values()))]
    if recording.variable not in everything:
        hint = did_you_mean(recording.variable, everything, "variables are")
        message = f"the cells of '{recording.population}' have no '{recording.variable}'"
        yield Problem(path, message, hint)
    elif recording.sections != "all":
        for name in recording.sections:
            if name in found and recording.variable not in found[name]:
                yield Problem(path, f"section '{name}' has no '{recording.variable}'")


def _states(cell: Cell, section: str, network: Network) -> Iterator[str]:
    """Yield ``mechanism.state`` and ``receptor.state`` of one section."""
    owners = {name: name for name in cell.sections[section].channels}
    owners.update({r: cell.receptors[r].mechanism for r in cell.sections[section].receptors})
    for owner, mechanism in owners.items():
        if mechanism in network.mechanisms:
            for state in network.mechanisms[mechanism].states:
                yield f"{owner}.{state}"
