"""Checks of what sits in the membrane: mechanisms exist and get what they need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from apical.equations.program import BUILT_IN
from apical.errors import Problem, did_you_mean
from apical.units import parse_unit

if TYPE_CHECKING:
    from apical.model.cell import Cell
    from apical.model.mechanism import Mechanism
    from apical.model.morphology import Section
    from apical.model.network import Network


def check_membranes(network: Network) -> Iterator[Problem]:
    """Yield problems of mechanisms and of the cells that use them."""
    for key, mechanism in network.mechanisms.items():
        if mechanism.name != key:
            message = f"must be '{key}', the name it has in the network; got '{mechanism.name}'"
            yield Problem(f"mechanisms.{key}.name", message)
    yield from _currents_taken(network)
    yield from _shared_units(network)
    for name, cell in network.cells.items():
        for problem in _cell(cell, network):
            yield Problem(f"cells.{name}.{problem.path}", problem.message, problem.hint)


def _currents_taken(network: Network) -> Iterator[Problem]:
    """Report sums of currents that a pool takes and nothing carries."""
    ions = (ion for m in network.mechanisms.values() for ion in m.currents.values() if ion)
    carried = {f"i{ion}" for ion in ions}
    for key, mechanism in network.mechanisms.items():
        for name in mechanism.inputs:
            if _is_current(mechanism, name) and name not in carried:
                hint = did_you_mean(name, carried, "currents of ions are")
                message = f"no mechanism of the network carries the current '{name}'"
                yield Problem(f"mechanisms.{key}.inputs.{name}", message, hint)


def _shared_units(network: Network) -> Iterator[Problem]:
    """Report values that mechanisms share in different units: they are handed over as they are."""
    first: dict[str, tuple[str, str]] = {}
    for key, mechanism in network.mechanisms.items():
        for place in ("outputs", "inputs"):
            for name, unit in getattr(mechanism, place).items():
                other, shared = first.setdefault(name, (key, unit))
                if parse_unit(shared) != parse_unit(unit):
                    message = f"is in {unit}, but '{other}' has it in {shared}"
                    yield Problem(f"mechanisms.{key}.{place}.{name}", message, "use one unit")


def _is_current(mechanism: Mechanism, name: str) -> bool:
    return name in mechanism.program.ion_inputs


def _cell(cell: Cell, network: Network) -> Iterator[Problem]:
    for name, receptor in cell.receptors.items():
        path = f"receptors.{name}"
        yield from _exists(f"{path}.mechanism", receptor.mechanism, ("receptor",), network)
        yield from _parameters(
            f"{path}.parameters", receptor.mechanism, receptor.parameters, network
        )
    for name, section in cell.sections.items():
        for problem in _section(section, cell, network):
            yield Problem(f"sections.{name}.{problem.path}", problem.message, problem.hint)


def _section(section: Section, cell: Cell, network: Network) -> Iterator[Problem]:
    for channel, given in section.channels.items():
        path = f"channels.{channel}"
        yield from _exists(path, channel, ("channel", "pool"), network)
        yield from _parameters(path, channel, given, network)
    here = {c: network.mechanisms[c] for c in section.channels if c in network.mechanisms}
    supplied: dict[str, str] = {}
    for channel, mechanism in here.items():
        for name in mechanism.outputs:
            if name in supplied:
                message = f"gives '{name}', and so does '{supplied[name]}' in this section"
                yield Problem(f"channels.{channel}", message)
            supplied[name] = channel
    taking = {f"channels.{name}": m for name, m in here.items()}
    for receptor in section.receptors:
        mechanism = network.mechanisms.get(cell.receptors[receptor].mechanism)
        if mechanism is not None:
            taking[f"receptors.{receptor}"] = mechanism
    known = {*supplied, *network.ions, *BUILT_IN}
    for path, mechanism in taking.items():
        for name, unit in mechanism.inputs.items():
            if name not in known and not _is_current(mechanism, name):
                message = f"needs '{name}' ({unit}): give it in ions, or add a pool to this section"
                yield Problem(path, message, _supplier(name, network))


def _supplier(name: str, network: Network) -> str:
    """Suggest the pools that give a value."""
    pools = [key for key, m in network.mechanisms.items() if name in m.outputs]
    return f"'{pools[0]}' gives it" if pools else ""


def _exists(path: str, name: str, kinds: tuple[str, ...], network: Network) -> Iterator[Problem]:
    wanted = " or ".join(kinds)
    fitting = [key for key, m in network.mechanisms.items() if m.kind in kinds]
    mechanism = network.mechanisms.get(name)
    if mechanism is None:
        hint = did_you_mean(name, fitting, f"{wanted}s are")
        yield Problem(path, f"the network has no mechanism '{name}'", hint)
    elif mechanism.kind not in kinds:
        message = f"must be a {wanted}; '{name}' is a {mechanism.kind}"
        yield Problem(path, message, did_you_mean(name, fitting, f"{wanted}s are"))


def _parameters(
    path: str, mechanism: str, given: Mapping[str, Any], network: Network
) -> Iterator[Problem]:
    if mechanism in network.mechanisms:
        known = network.mechanisms[mechanism].parameters
        for name in given:
            if name not in known:
                hint = did_you_mean(name, known, "parameters are")
                yield Problem(f"{path}.{name}", f"'{mechanism}' has no parameter '{name}'", hint)
