"""Checks of injected currents, recordings and electrodes: places and variables exist."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from apical.errors import Problem, did_you_mean
from apical.model.checks.wiring import cell_of, indices_exist, population_exists
from apical.units import conversion

if TYPE_CHECKING:
    from apical.model.cell import Cell
    from apical.model.network import Network
    from apical.model.recording import Recording

#: What every cell has, and units.
_ALWAYS = {"v": "mV", "i_membrane": "nA"}


def check_requests(network: Network) -> Iterator[Problem]:
    """Yield problems of biases, recordings and electrodes."""
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
    if network.electrodes:
        yield from _places(network)


def _sections(path: str, names: tuple[str, ...], population: str, cell: Cell) -> Iterator[Problem]:
    for name in names:
        if name not in cell.sections:
            hint = did_you_mean(name, cell.sections, "sections are")
            yield Problem(path, f"the cells of '{population}' have no section '{name}'", hint)


def _places(network: Network) -> Iterator[Problem]:
    """Yield cells whose currents electrodes would see, but not know where they are."""
    for name in dict.fromkeys(p.cell for p in network.populations.values()):
        sections = network.cells[name].sections if name in network.cells else {}
        nowhere = [f"'{s}'" for s, section in sections.items() if section.start is None]
        if nowhere:
            what = f"electrodes need start and end of every section; {', '.join(nowhere)} has none"
            yield Problem(f"cells.{name}.sections", what)


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
    if recording.unit:
        yield from _unit(f"{path}.unit", recording, cell, network)


def _variable(path: str, recording: Recording, cell: Cell, network: Network) -> Iterator[Problem]:
    found = {name: _variables(cell, name, network) for name in cell.sections}
    everything = [*_ALWAYS, *sorted(set().union(*found.values()))]
    if recording.variable not in everything:
        hint = did_you_mean(recording.variable, everything, "variables are")
        message = f"the cells of '{recording.population}' have no '{recording.variable}'"
        yield Problem(path, message, hint)
    elif recording.sections != "all":
        for name in recording.sections:
            if name in found and recording.variable not in found[name]:
                yield Problem(path, f"section '{name}' has no '{recording.variable}'")


def _unit(path: str, recording: Recording, cell: Cell, network: Network) -> Iterator[Problem]:
    """Yield a problem if samples cannot be converted to the unit wanted."""
    units = dict(_ALWAYS)
    for section in cell.sections:
        units |= _variables(cell, section, network)
    if recording.variable in units:
        try:
            conversion(units[recording.variable], recording.unit)
        except ValueError as error:
            yield Problem(path, str(error))


def _variables(cell: Cell, section: str, network: Network) -> dict[str, str]:
    """Return the units of what equations name in one section, by ``mechanism.name``."""
    owners = {name: name for name in cell.sections[section].channels}
    owners.update({r: cell.receptors[r].mechanism for r in cell.sections[section].receptors})
    return {
        f"{owner}.{name}": unit
        for owner, mechanism in owners.items()
        if mechanism in network.mechanisms
        for name, unit in network.mechanisms[mechanism].program.variables.items()
    }
