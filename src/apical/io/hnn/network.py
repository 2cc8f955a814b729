"""From a configuration, the dictionary that hnn-core's JSON holds, to a network."""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from apical import library
from apical.errors import ModelError, Problem, did_you_mean
from apical.io.hnn.cells import cell_of, metadata, population_of
from apical.io.hnn.drives import drives_of
from apical.io.hnn.schema import Configuration, ConnectionData, RangeData, kernel_of
from apical.model import Cell, Grid, Network, Points, StaggeredGrid

Trains = Mapping[str, Sequence[Sequence[float]]]
#: Reversal potentials that NEURON gives to sodium and potassium, mV.
IONS = {"ena": 50.0, "ek": -77.0}
#: Ways to compute potentials, as hnn-core calls them and as they are called here.
METHODS = {"psa": "point", "lsa": "overlapping_line"}


def network_from_configuration(
    config: Mapping[str, Any], trains: Trains | None = None, *, single_diameters: bool = False
) -> Network:
    """Return the network that a configuration of hnn-core describes.

    Parameters
    ----------
    config : mapping
        What hnn-core's hierarchical JSON holds; it is not changed. Of entries that hnn-core does
        not have, ``inplane_distance`` (µm) is read; without it the distance is taken from the
        grid.
    trains : mapping of str to sequence of sequence of float, ms, optional
        By drive, the events of each of its cells: every drive then becomes these spike trains.
        Without, drives draw their events as apical does.
    single_diameters : bool
        Round diameters to single precision, as NEURON does for sections with 3-D points.

    Returns
    -------
    Network
        Populations, projections and drives are in hnn-core's order.

    Raises
    ------
    ModelError
        With everything in the configuration that cannot be right.
    """
    data = Configuration.model_validate(config)
    problems = [*_ranges(data), *_positions_fit(data)]
    if problems:
        raise ModelError(problems)
    problems = [*_connections_fit(data), *_biases_fit(data), *_drives_fit(data, trains),
                *_thresholds_agree(data)]  # fmt: skip
    cells: dict[str, Cell] = {}
    for name in ordered_types(data):
        made = cell_of(data, name, max(_thresholds(data, name)), single_diameters)
        if isinstance(made, Cell):
            cells[name] = made
        else:
            problems.extend(made)
    if problems:
        raise ModelError(problems)
    distance = inplane_distance(data)
    names = names_of(data)
    own = _cell_names(data, cells, names)
    used = dict.fromkeys(c for cell in cells.values() for s in cell.sections.values()
                         for c in s.channels)  # fmt: skip
    network = {
        **{k: getattr(data, k) for k in ("name", "title", "reference", "doi", "celsius")},
        "ions": IONS,
        "inplane_distance": distance,
        "mechanisms": {m: library.mechanism(m) for m in [*used, "exp2syn"]},
        "cells": {own[n]: cell for n, cell in cells.items()},
        "populations": {
            names[n]: population_of(metadata(data, n), own[n], _positions(data, n, distance))
            for n in cells
        },
        "biases": _clamps(data, names),
        "electrodes": {
            names[name]: {**array.model_dump(), "method": METHODS[array.method]}
            for name, array in data.rec_arrays.items()
        },
        "recordings": data.recordings,
    }
    # where drive cells stand depends on where all others do
    bare = Network.model_validate(network)
    return bare.with_(
        projections=_projections(data, names),
        drives=drives_of(data, names, bare.origin(), trains),
    )


def ordered_types(data: Configuration) -> list[str]:
    """Return the cell types in the order of their cells' numbers."""
    return sorted(data.cell_types, key=lambda name: data.gid_ranges[name].start)


def ordered_drives(data: Configuration) -> list[str]:
    """Return the drives in the order of their cells' numbers."""
    return sorted(data.external_drives, key=lambda name: data.gid_ranges[name].start)


def names_of(data: Configuration) -> dict[str, str]:
    """Return the names here of everything that has one: signs that names have not become ``_``."""
    found: dict[str, str] = {}
    for name in [*data.cell_types, *data.external_drives, *data.external_biases, *data.rec_arrays]:
        fitting = re.sub(r"[^\w>-]", "_", name)[:90] or "_"
        taken = {own for other, own in found.items() if other != name}
        choices = [fitting, *(f"{fitting}_{k}" for k in range(2, len(taken) + 3))]
        found[name] = next(c for c in choices if c not in taken)
    return found


def _cell_names(
    data: Configuration, cells: Mapping[str, Cell], names: Mapping[str, str]
) -> dict[str, str]:
    """Name the cells like their populations, or as the file says; equal ones may share a name."""
    chosen: dict[str, str] = {}
    for name, cell in cells.items():
        said = metadata(data, name).cell or names[name]
        others = [cells[n] for n, own in chosen.items() if own == said]
        taken = said != names[name] and said in names.values()
        chosen[name] = names[name] if taken or any(o != cell for o in others) else said
    return chosen


# --- what must fit together ----------------------------------------------------------------


def _ranges(data: Configuration) -> Iterator[Problem]:
    """Check that all cells and drive cells have numbers of their own."""
    for kind in ("cell_types", "external_drives"):
        for name in getattr(data, kind):
            if name not in data.gid_ranges:
                yield Problem(f"gid_ranges.{name}", f"is required: {kind} has it")
            elif data.gid_ranges[name].n < (kind == "cell_types"):
                yield Problem(f"gid_ranges.{name}", "holds no cell")
    known = [n for n in data.gid_ranges if n in data.cell_types or n in data.external_drives]
    known.sort(key=lambda n: data.gid_ranges[n].start)
    for one, other in itertools.pairwise(known):
        if data.gid_ranges[one].stop > data.gid_ranges[other].start:
            yield Problem(f"gid_ranges.{other}.start", f"is within the range of '{one}'")


def _positions_fit(data: Configuration) -> Iterator[Problem]:
    for name in data.cell_types:
        if name not in data.pos_dict:
            yield Problem(f"pos_dict.{name}", "is required: cell_types has it")
        elif name in data.gid_ranges and len(data.pos_dict[name]) != data.gid_ranges[name].n:
            message = f"has {len(data.pos_dict[name])} positions"
            yield Problem(f"pos_dict.{name}", f"{message} for {data.gid_ranges[name].n} cells")


def _connections_fit(data: Configuration) -> Iterator[Problem]:
    """Check that connections join cells that are there."""
    sources = {n: data.gid_ranges[n] for n in (*data.cell_types, *data.external_drives)}
    for k, connection in enumerate(data.connectivity):
        path = f"connectivity.{k}"
        if connection.src_type not in sources:
            hint = did_you_mean(connection.src_type, sources, "there are")
            yield Problem(f"{path}.src_type", f"there is no '{connection.src_type}'", hint)
        if connection.target_type not in data.cell_types:
            hint = did_you_mean(connection.target_type, data.cell_types, "there are")
            yield Problem(f"{path}.target_type", f"there is no '{connection.target_type}'", hint)
        elif connection.src_type in sources:
            yield from _pairs_fit(f"{path}.gid_pairs", connection, data)
            yield from _place_fits(path, connection, data)


def _pairs_fit(path: str, connection: ConnectionData, data: Configuration) -> Iterator[Problem]:
    source, target = (data.gid_ranges[n] for n in (connection.src_type, connection.target_type))
    for gid, targets in connection.gid_pairs.items():
        if not source.start <= gid < source.stop:
            yield Problem(f"{path}.{gid}", f"is no cell of '{connection.src_type}'")
        if targets and not target.start <= min(targets) <= max(targets) < target.stop:
            yield Problem(f"{path}.{gid}", f"has a target that is no '{connection.target_type}'")


def _place_fits(path: str, connection: ConnectionData, data: Configuration) -> Iterator[Problem]:
    cell = data.cell_types[connection.target_type].cell_object
    known = [*cell.sect_loc, *cell.sections]
    if connection.loc not in known:
        hint = did_you_mean(connection.loc, known, "places are")
        message = f"'{connection.target_type}' has no place '{connection.loc}'"
        yield Problem(f"{path}.loc", message, hint)
        return
    for name in _sections_at(data, connection):
        if name not in cell.sections or connection.receptor not in cell.sections[name].syns:
            message = f"there is no receptor '{connection.receptor}' at '{name}'"
            yield Problem(f"{path}.receptor", f"{message} of '{connection.target_type}'")


def _sections_at(data: Configuration, connection: ConnectionData) -> list[str]:
    groups = data.cell_types[connection.target_type].cell_object.sect_loc
    return groups.get(connection.loc, [connection.loc])


def _biases_fit(data: Configuration) -> Iterator[Problem]:
    for name, biases in data.external_biases.items():
        for cell, bias in biases.items():
            path = f"external_biases.{name}.{cell}"
            if cell not in data.cell_types:
                hint = did_you_mean(cell, data.cell_types, "there are")
                yield Problem(path, f"there is no cell type '{cell}'", hint)
            elif bias.section not in (known := data.cell_types[cell].cell_object.sections):
                hint = did_you_mean(bias.section, known, "sections are")
                yield Problem(f"{path}.section", f"there is no section '{bias.section}'", hint)


def _drives_fit(data: Configuration, trains: Trains | None) -> Iterator[Problem]:
    """Check the trains given, and that the cells of a drive stand in one place."""
    for name in data.external_drives:
        n = data.gid_ranges[name].n
        if len(set(data.pos_dict.get(name, ()))) > 1:
            yield Problem(f"pos_dict.{name}", "must be one place for all cells of a drive")
        if trains is not None and name not in trains:
            yield Problem(f"trains.{name}", "is required: it is a drive")
        elif trains is not None and len(trains[name]) != n:
            message = f"must be the events of each of {n} drive cells; got {len(trains[name])}"
            yield Problem(f"trains.{name}", message)


# --- parts ---------------------------------------------------------------------------------


def _thresholds(data: Configuration, name: str) -> set[float]:
    """Return the voltages (mV) at which cells of a type spike.

    NEURON keeps for each cell what a connection said last.
    """
    said: dict[int, float] = {}
    for c in data.connectivity:
        if c.src_type == name and c.nc_dict.threshold is not None:
            said.update(dict.fromkeys([g for g, to in c.gid_pairs.items() if to],
                                      c.nc_dict.threshold))  # fmt: skip
    return set(said.values()) or {data.threshold}


def _thresholds_agree(data: Configuration) -> Iterator[Problem]:
    for name in data.cell_types:
        if len(found := sorted(_thresholds(data, name))) > 1:
            message = f"cells of '{name}' have several thresholds, {found} mV; here they share one"
            hint = "give all connections of a type the same"
            yield Problem("connectivity", message, hint)


def inplane_distance(data: Configuration) -> float:
    """Return the distance of neighbours on the grid, µm: as said, else as the positions show."""
    if data.inplane_distance is not None:
        return data.inplane_distance
    for name in data.cell_types:
        points = data.pos_dict[name]
        # x changes slowest, so the first two differ in y
        for k, axis in ((1, 1), (data.N_pyr_y, 0)):
            if k >= len(points) or len(points) != data.N_pyr_x * data.N_pyr_y:
                continue
            distance = points[k][axis] - points[0][axis]
            if distance > 0 and isinstance(_positions(data, name, distance), Grid):
                return distance
    return 1.0


def _positions(data: Configuration, name: str, distance: float) -> Grid | StaggeredGrid | Points:
    """Return positions as a grid if that is what they are to the last bit."""
    points = data.pos_dict[name]
    shape, z = (data.N_pyr_x, data.N_pyr_y), points[0][2]
    meta = metadata(data, name)
    likely = (Grid(shape=shape, z=z), StaggeredGrid(shape=shape, z=z))
    for grid in (meta.positions,) if "positions" in meta.model_fields_set else likely:
        if grid is not None and grid.points(distance) == points:
            return grid
    return Points(coordinates=points)


def _projections(data: Configuration, names: Mapping[str, str]) -> dict[str, Any]:
    wired = [
        c for c in data.connectivity if c.src_type in data.cell_types and _sections_at(data, c)
    ]
    found: dict[str, Any] = {}
    for name, connection in zip(_connection_names(wired, names), wired, strict=True):
        weights = connection.nc_dict
        found[name] = {
            "source": names[connection.src_type], "target": names[connection.target_type],
            "location": connection.loc, "receptor": connection.receptor,
            "weight": weights.A_weight, "delay": weights.A_delay, "gain": weights.gain,
            "kernel": kernel_of(weights.lamtha), "autapses": connection.allow_autapses,
            **_pairing(connection, data),
        }  # fmt: skip
    return found


def _connection_names(wired: list[ConnectionData], names: Mapping[str, str]) -> list[str]:
    """Name connections by ends and receptor, by the place too where that is not enough."""
    short = [f"{names[c.src_type]}>{names[c.target_type]}.{c.receptor}" for c in wired]
    often = Counter(short)
    chosen: list[str] = []
    for c, name in zip(wired, short, strict=True):
        if often[name] > 1:
            name = f"{names[c.src_type]}>{names[c.target_type]}.{c.loc}.{c.receptor}"
        name = c.name or name
        number = 2
        while name in chosen:
            name, number = f"{name.removesuffix(f'-{number - 1}')}-{number}", number + 1
        chosen.append(name)
    return chosen


def _pairing(connection: ConnectionData, data: Configuration) -> dict[str, Any]:
    """Return which cells are paired; pairs that were thinned already are not thinned again."""
    source, target = (data.gid_ranges[n] for n in (connection.src_type, connection.target_type))
    share = {"probability": connection.probability}
    if connection.rule != "pairs" and everything(connection, source, target):
        return share
    pairs = [
        (s - source.start, t - target.start)
        for s, targets in connection.gid_pairs.items()
        for t in targets
    ]
    if connection.rule == "one_to_one" and pairs == [(k, k) for k in range(source.n)]:
        return {"rule": "one_to_one", **share}
    return {"rule": "pairs", "pairs": pairs, **(share if connection.rule else {})}


def everything(connection: ConnectionData, source: RangeData, target: RangeData) -> bool:
    """Whether every source reaches every target, itself excepted if it may not."""
    if list(connection.gid_pairs) != list(range(source.start, source.stop)):
        return False
    whole = list(range(target.start, target.stop))
    if connection.allow_autapses or connection.src_type != connection.target_type:
        return all(targets == whole for targets in connection.gid_pairs.values())
    return all(
        targets == [t for t in whole if t != gid] for gid, targets in connection.gid_pairs.items()
    )


def _clamps(data: Configuration, names: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, biases in data.external_biases.items():
        for cell, bias in biases.items():
            own = names[name] if len(biases) == 1 else f"{names[name]}-{names[cell]}"
            stop = math.inf if bias.tstop is None else bias.tstop
            if stop <= max(bias.t0, 0.0):
                continue  # it never flows
            found[own] = {
                "population": names[cell], "section": bias.section, "x": bias.loc,
                "amplitude": bias.amplitude, "start": max(bias.t0, 0.0), "stop": bias.tstop,
            }  # fmt: skip
    return found
