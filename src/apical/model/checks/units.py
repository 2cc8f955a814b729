"""Parameters given as text, converted to the units of their mechanisms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from apical.equations import parse_profile
from apical.errors import EquationError, Problem
from apical.model.frozendict import FrozenDict
from apical.model.morphology import Profile, in_unit
from apical.model.paths import Edits

if TYPE_CHECKING:
    from apical.model.cell import Cell
    from apical.model.network import Network


def in_mechanism_units(
    network: Network, problems: list[Problem]
) -> tuple[FrozenDict[str, Any], FrozenDict[str, Cell]]:
    """Return a network's ions and cells with all text converted; append what cannot be.

    Names that do not exist are left to the other checks.
    """
    cells = {}
    for name, cell in network.cells.items():
        edits, found = Edits(), False
        for keys, value, unit in _parameters(cell, network):
            path = ".".join(("cells", name, *keys))
            number = _converted(value, unit, path, problems)
            if isinstance(value, str) and number is not None:
                found |= edits.put(keys, number)
        # without text a cell stays the same object, which makes changing a network cheap
        cells[name] = type(cell).model_validate(edits.apply(cell)) if found else cell
    ions = {}
    for name, value in network.ions.items():
        unit = _ion_unit(name, network)
        ions[name] = _converted(value, unit, f"ions.{name}", problems)
    return FrozenDict(ions), FrozenDict(cells)


def _parameters(cell: Cell, network: Network) -> Iterator[tuple[tuple[str, ...], Any, str]]:
    """Yield address, value and unit of every parameter of a cell."""
    for section_name, section in cell.sections.items():
        for channel, given in section.channels.items():
            keys = ("sections", section_name, "channels", channel)
            yield from _of_mechanism(keys, channel, given, network)
    for receptor_name, receptor in cell.receptors.items():
        keys = ("receptors", receptor_name, "parameters")
        yield from _of_mechanism(keys, receptor.mechanism, receptor.parameters, network)


def _of_mechanism(
    keys: tuple[str, ...], mechanism: str, given: Mapping[str, Any], network: Network
) -> Iterator[tuple[tuple[str, ...], Any, str]]:
    if given and mechanism in network.mechanisms:
        known = network.mechanisms[mechanism].program.parameters
        for name, value in given.items():
            if name in known:
                yield (*keys, name), value, known[name].unit


def _ion_unit(name: str, network: Network) -> str:
    """Return the unit in which mechanisms take a value; mV if none does."""
    units = (m.inputs[name] for m in network.mechanisms.values() if name in m.inputs)
    return next(units, "mV")


def _converted(value: Any, unit: str, path: str, problems: list[Problem]) -> float | None:
    """Return a number in `unit`; None for a profile or after noting what is wrong."""
    if isinstance(value, Profile):
        try:
            parse_profile(value.expression, unit)
        except EquationError as error:
            where = f"{path}.expression"
            problems.extend(Problem(where, p.message, p.hint) for p in error.problems)
        return None
    try:
        return in_unit(value, unit)
    except ValueError as error:
        message = str(error).replace(" in 1;", ";").replace("in 1;", "a pure number;")
        problems.append(Problem(path, message))
        return None
