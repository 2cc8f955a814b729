"""Cell types of hnn-core as cells, and back."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from apical import library
from apical.equations.analyse import parse_profile
from apical.equations.evaluate import evaluate
from apical.errors import ModelError, Problem, did_you_mean
from apical.io.hnn.schema import CellData, Configuration, MetaData, Value
from apical.model import Cell, Population, Profile
from apical.model.cell import Site
from apical.model.fields import Point
from apical.plan.discretise import Tree, discretise
from apical.units import parse_quantity

_PER_AREA = "S/cm2"
_PICO = "pS/um2"
#: Parameters that hnn-core may set, by mechanism, each with the unit of its value there.
PARAMETERS: dict[str, dict[str, str]] = {
    "hh2": {"gnabar": _PER_AREA, "gkbar": _PER_AREA, "gl": _PER_AREA, "el": "mV"},
    "ca": {"gbar": _PICO},
    "cad": {"taur": "ms"},
    "kca": {"gbar": _PICO},
    "km": {"gbar": _PICO},
    "cat": {"gbar": _PER_AREA},
    "ar": {"gbar": _PER_AREA},
    "pas": {"g": _PER_AREA, "e": "mV"},
    "hh": {"gnabar": _PER_AREA, "gkbar": _PER_AREA, "gl": _PER_AREA, "el": "mV"},
}
#: What older files, which have no metadata, leave unsaid.
_KNOWN = {
    f"{layer}_{kind}": MetaData(
        morpho_type=kind,
        electro_type="inhibitory" if kind == "basket" else "excitatory",
        layer=layer[1:],
        measure_dipole=kind == "pyramidal",
    )
    for layer in ("L2", "L5")
    for kind in ("basket", "pyramidal")
}
#: Section along which hnn-core measures dipoles.
TRUNK = "apical_trunk"


def metadata(config: Configuration, name: str) -> MetaData:
    """Return what a cell type is, as the file says or as hnn-core takes for granted."""
    return config.cell_types[name].cell_metadata or _KNOWN.get(name, MetaData())


def population_of(meta: MetaData, cell: str, positions: Any) -> Population:
    """Return the population of a cell type."""
    layer = f"L{meta.layer}" if meta.layer[:1].isdigit() else meta.layer
    role = meta.electro_type if meta.electro_type in ("excitatory", "inhibitory") else ""
    return Population(
        cell=cell, positions=positions, layer=layer, role=role, dipole=meta.measure_dipole
    )  # fmt: skip


def cell_of(
    config: Configuration, name: str, threshold: float, single_diameters: bool
) -> Cell | list[Problem]:
    """Return one cell type, or what is wrong with it."""
    data, meta = config.cell_types[name].cell_object, metadata(config, name)
    path = f"cell_types.{name}"
    problems = list(_cannot_be(data, meta, path))
    parents, wrong = _parents(data, path)
    if problems := [*problems, *wrong]:
        return problems
    try:
        cell = Cell(
            sections={n: _section(data, n, parents, single_diameters) for n in data.sections},
            receptors={
                n: {"mechanism": "exp2syn", "parameters": s.model_dump(exclude={"mechname"})}
                for n, s in data.synapses.items()
            },
            groups={n: tuple(places) for n, places in data.sect_loc.items() if places},
            spike_site=Site(section="soma"),
            threshold=threshold,
            axis=direction(*data.sections[TRUNK].end_pts)
            if meta.measure_dipole
            else (0.0, 0.0, 1.0),
            reference=meta.reference,
            doi=meta.doi,
        )  # type: ignore[arg-type] - plain data is validated
        return _with_profiles(cell, data)
    except ModelError as error:
        return [Problem(f"{path}.{p.path}", p.message, p.hint) for p in error.problems]


def _with_profiles(cell: Cell, data: CellData) -> Cell:
    """Put expressions in the place of lists that were computed from them and have not changed."""
    tree, changes = discretise(cell), {}
    for name, section in data.sections.items():
        fitting = [
            (channel, parameter, profile)
            for channel, profiles in section.profiles.items()
            for parameter, profile in profiles.items()
            if _fits(profile, cell, tree, name, channel, parameter)
        ]
        changes.update({f"sections.{name}.channels.{c}.{p}": f for c, p, f in fitting})
        own = cell.sections[name]
        listed = sum(isinstance(v, tuple) for g in own.channels.values() for v in g.values())
        if own.nseg == _usual_segments(own.L) and listed == len(fitting):
            changes[f"sections.{name}.nseg"] = None
    return cell.set(changes) if changes else cell


def _fits(
    profile: Profile, cell: Cell, tree: Tree, section: str, channel: str, parameter: str
) -> bool:
    given = cell.sections[section].channels.get(channel, {}).get(parameter)
    if not isinstance(given, tuple):
        return False
    unit = library.mechanism(channel).program.parameters[parameter].unit
    # the way through hnn-core's unit costs a bit
    return np.allclose(along(profile, unit, tree, section), given, rtol=1e-14, atol=0)


def along(profile: Profile, unit: str, tree: Tree, section: str) -> list[float]:
    """Return the values of a profile at the compartments of a section."""
    nodes = tree.compartments_of(section)
    found = evaluate(parse_profile(profile.expression, unit), {"distance": tree.distance[nodes]})
    return np.broadcast_to(np.asarray(found, float), len(nodes)).tolist()


def _usual_segments(length: float) -> int:
    """Return the number of compartments that hnn-core gives a section: about one in 50 µm."""
    return 1 if length <= 100.0 else int(length / 50.0) // 2 * 2 + 1


def _cannot_be(data: CellData, meta: MetaData, path: str) -> Iterator[Problem]:
    if "soma" not in data.sections:
        yield Problem(f"{path}.sections", "must hold a section 'soma'")
    if meta.measure_dipole and TRUNK not in data.sections:
        message = f"must hold '{TRUNK}', along which its dipole is measured"
        yield Problem(f"{path}.sections", message)
    for name, section in data.sections.items():
        where = f"{path}.sections.{name}"
        if len(section.end_pts) not in (0, 2):
            message = f"must be two points; got {len(section.end_pts)}"
            yield Problem(f"{where}.end_pts", message)
        elif not section.end_pts and meta.measure_dipole:
            yield Problem(f"{where}.end_pts", "is required for a dipole")
        for mechanism, given in section.mechs.items():
            yield from _mechanism(f"{where}.mechs.{mechanism}", mechanism, given)


def _mechanism(path: str, mechanism: str, given: Mapping[str, Any]) -> Iterator[Problem]:
    if mechanism not in PARAMETERS:
        hint = did_you_mean(mechanism, PARAMETERS, "known are")
        yield Problem(path, f"there is no mechanism '{mechanism}' of hnn-core here", hint)
        return
    known = [f"{name}_{mechanism}" for name in PARAMETERS[mechanism]]
    for name in given:
        if name not in known:
            hint = did_you_mean(name, known, "parameters are")
            yield Problem(f"{path}.{name}", "there is no such parameter", hint)


def _parents(data: CellData, path: str) -> tuple[dict[str, tuple[str, float]], list[Problem]]:
    """Return parent and place on it of every section that hangs on another."""
    found: dict[str, tuple[str, float]] = {}
    problems = []
    for node, children in (data.cell_tree or {}).items():
        for child in children:
            (parent, x), (name, end) = _node(node), _node(child)
            if name == parent:
                continue
            where = f"{path}.cell_tree.{node}"
            if x not in (0, 1) or end != 0 or name in found:
                message = f"sections must hang on one end of one other by their 0 end; got {child}"
                problems.append(Problem(where, message))
            found[name] = (parent, x)
    return found, problems


def _node(text: str) -> tuple[str, float]:
    name, _, end = text.rpartition(",")
    return name, float(end) if end.strip() in ("0", "1") else math.nan


def _section(
    data: CellData, name: str, parents: dict[str, tuple[str, float]], single_diameters: bool
) -> dict[str, Any]:
    """Return the fields of a section."""
    section = data.sections[name]
    parent, x = parents.get(name, (None, 1.0))
    ends = dict(zip(("start", "end"), section.end_pts, strict=False))
    channels = {
        mechanism: {
            attribute.removesuffix(f"_{mechanism}"): _converted(value, mechanism, attribute)
            for attribute, value in given.items()
        }
        for mechanism, given in section.mechs.items()
    }
    return {
        "L": section.L, "diam": _single(section.diam) if single_diameters else section.diam,
        "Ra": section.Ra, "cm": section.cm, "v0": section.v0,
        "nseg": _usual_segments(section.L) if section.nseg is None else section.nseg,
        "parent": parent, "parent_x": x, "channels": channels, "receptors": section.syns, **ends,
    }  # fmt: skip


def _converted(value: Value, mechanism: str, attribute: str) -> Any:
    """Return a value, or one for each compartment, in the unit of our mechanism."""
    parameter = attribute.removesuffix(f"_{mechanism}")
    if isinstance(value, tuple):
        return [in_own_unit(v, mechanism, parameter) for v in value]
    return in_own_unit(value, mechanism, parameter)  # type: ignore[arg-type] - the schema says so


def in_own_unit(value: float, mechanism: str, parameter: str) -> float:
    """Return a parameter of hnn-core in the unit of our mechanism."""
    unit = PARAMETERS[mechanism][parameter]
    return parse_quantity(f"{value!r} {unit}", _PER_AREA if unit == _PICO else unit)


def usual_value(mechanism: str, parameter: str) -> float:
    """Return what a parameter is where nothing is said, in the unit that it has in hnn-core."""
    given = library.mechanism(mechanism).program.parameters[parameter].default
    return given / in_own_unit(1.0, mechanism, parameter)


def _single(value: float) -> float:
    """Round to single precision, in which NEURON keeps diameters of sections with 3-D points."""
    return struct.unpack("f", struct.pack("f", value))[0]


def direction(start: Point, end: Point) -> Point:
    """Return the unit vector from one point to another."""
    delta = [b - a for a, b in zip(start, end, strict=True)]
    length = math.sqrt(sum(d * d for d in delta))
    x, y, z = (d / length + 0.0 for d in delta)
    return x, y, z
