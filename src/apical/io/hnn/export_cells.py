"""Cells in hnn-core's JSON."""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from apical import library
from apical.errors import Problem
from apical.io.hnn.cells import PARAMETERS, TRUNK, along, direction, in_own_unit
from apical.model import Profile
from apical.plan.discretise import Tree, discretise

if TYPE_CHECKING:
    from apical.model import Cell, Network, Section
    from apical.model.morphology import Density


def cell_problems(network: Network, population: str) -> Iterator[Problem]:
    """Yield what of a population's cell hnn-core cannot have."""
    name = network.populations[population].cell
    cell, path = network.cells[name], f"cells.{name}"
    if cell.root != "soma":
        yield Problem(f"{path}.sections", f"the root must be 'soma'; it is '{cell.root}'")
    if (cell.spike_site.section, cell.spike_site.x) != (cell.root, 0.5):
        yield Problem(f"{path}.spike_site", "must be the middle of the soma")
    for place in ("soma", *cell.sections):
        if place in cell.groups:
            yield Problem(f"{path}.groups.{place}", "has the name of a section")
    for key, receptor in cell.receptors.items():
        if receptor.mechanism != "exp2syn" or not _published(network, "exp2syn"):
            message = f"must be the library's 'exp2syn'; got '{receptor.mechanism}'"
            yield Problem(f"{path}.receptors.{key}.mechanism", message)
    for key, section in cell.sections.items():
        yield from _section_problems(f"{path}.sections.{key}", section, cell, network)
    if network.populations[population].dipole:
        yield from _axis(path, cell)


def _published(network: Network, name: str) -> bool:
    return network.mechanisms.get(name) == library.mechanism(name)


def _section_problems(
    path: str, section: Section, cell: Cell, network: Network
) -> Iterator[Problem]:
    if section.parent is not None and section.parent_x not in (0, 1):
        yield Problem(f"{path}.parent_x", f"must be 0 or 1; got {section.parent_x:g}")
    if section.start is None and len(cell.sections) > 1:
        yield Problem(f"{path}.start", "is required, and so is end")
    for receptor, x in section.receptors.items():
        if x != 0.5:
            yield Problem(f"{path}.receptors.{receptor}", f"must be at 0.5; got {x:g}")
    for channel, given in section.channels.items():
        where = f"{path}.channels.{channel}"
        if channel not in PARAMETERS or not _published(network, channel):
            yield Problem(where, f"hnn-core has no such mechanism; it has {', '.join(PARAMETERS)}")
            continue
        for parameter in given:
            if parameter not in PARAMETERS[channel]:
                yield Problem(f"{where}.{parameter}", "cannot be set in hnn-core")


def _axis(path: str, cell: Cell) -> Iterator[Problem]:
    trunk = cell.sections.get(TRUNK)
    if trunk is None or trunk.start is None or trunk.end is None:
        message = f"hnn-core measures dipoles along a section '{TRUNK}' with end points"
        yield Problem(f"{path}.sections", f"{message}; there is none")
        return
    length = math.sqrt(sum(a * a for a in cell.axis))
    along = direction(trunk.start, trunk.end)
    if any(abs(a / length - b) > 1e-9 for a, b in zip(cell.axis, along, strict=True)):
        yield Problem(f"{path}.axis", f"must be the direction of '{TRUNK}'; got {cell.axis}")


def cell_data(network: Network, population: str) -> dict[str, Any]:
    """Return a cell type as hnn-core writes it."""
    cell = network.cells[network.populations[population].cell]
    tree = discretise(cell)
    groups = {name: list(sections) for name, sections in cell.groups.items()}
    return {
        "name": population,
        "pos": [0.0, 0.0, 0.0],
        "sections": {n: _section(network, cell, tree, n) for n in cell.sections},
        "synapses": {n: _synapse(network, cell, n) for n in cell.receptors},
        "cell_tree": _tree(cell) if len(cell.sections) > 1 else None,
        "sect_loc": {"proximal": [], "distal": [], **groups},
        "gid": None,
        "dipole_pp": [],
        "vsec": {},
        "isec": {},
        "ca": {},
        "tonic_biases": [],
    }


def _synapse(network: Network, cell: Cell, name: str) -> dict[str, float]:
    known = network.mechanisms["exp2syn"].program.parameters
    given = cell.receptors[name].parameters
    return {p: float(given.get(p, known[p].default)) for p in ("e", "tau1", "tau2")}


def _tree(cell: Cell) -> dict[str, list[str]]:
    """Return what hangs on each end of each section, its own other end included."""
    found = {f"{name},0": [f"{name},1"] for name in cell.sections}
    for name, section in cell.sections.items():
        if section.parent is not None:
            end = f"{section.parent},{int(section.parent_x)}"
            found.setdefault(end, []).append(f"{name},0")
    return found


def _section(network: Network, cell: Cell, tree: Tree, name: str) -> dict[str, Any]:
    section = cell.sections[name]
    mechs: dict[str, dict[str, Any]] = {}
    profiles: dict[str, dict[str, Any]] = {}
    for channel, given in section.channels.items():
        for parameter, value in given.items():
            if isinstance(value, Profile):
                profiles.setdefault(channel, {})[parameter] = value.model_dump()
        mechs[channel] = {
            f"{parameter}_{channel}": _value(network, tree, name, channel, parameter, value)
            for parameter, value in given.items()
        }
    ends = [] if section.start is None or section.end is None else [section.start, section.end]
    return {
        "L": section.L,
        "diam": section.diam,
        "cm": section.cm,
        "Ra": section.Ra,
        "end_pts": [list(point) for point in ends],
        "nseg": tree.count[name],
        "v0": section.v0,
        "mechs": mechs,
        "syns": list(section.receptors),
        "profiles": profiles,
    }


def _value(
    network: Network, tree: Tree, section: str, channel: str, parameter: str, value: Density
) -> Any:
    """Return a parameter in hnn-core's unit: a number, or positions and a number for each."""
    if isinstance(value, Profile):
        unit = network.mechanisms[channel].program.parameters[parameter].unit
        each = along(value, unit, tree, section)
    elif isinstance(value, tuple):
        each = list(value)
    else:
        return _in_its_unit(float(value), channel, parameter)
    x = tree.x[tree.compartments_of(section)].tolist()
    return [x, [_in_its_unit(v, channel, parameter) for v in each]]


def _in_its_unit(value: float, channel: str, parameter: str) -> float:
    """Convert back, so that reading gives the same bits wherever there is such a number."""
    scale = in_own_unit(1.0, channel, parameter)
    if scale == 1.0:
        return value
    near = float(Decimal(repr(value)) / Decimal(repr(scale)))
    choices = (near, math.nextafter(near, 0.0), math.nextafter(near, math.inf))
    return next((c for c in choices if in_own_unit(c, channel, parameter) == value), near)
