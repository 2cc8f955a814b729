"""From a network to a configuration, the dictionary that hnn-core's JSON holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from apical.errors import ModelError, Problem
from apical.io.hnn.export_cells import cell_data, cell_problems
from apical.io.hnn.network import IONS, METHODS
from apical.io.hnn.schema import FLAT
from apical.model import Grid, StaggeredGrid

if TYPE_CHECKING:
    from apical.model import Gaussian, Network, Population
    from apical.model.drive import AnyDrive

Pairs = Sequence[tuple[int, int]]
_RECEPTORS = ("ampa", "nmda")


def configuration_from_network(network: Network) -> dict[str, Any]:
    """Return a network as hnn-core's hierarchical JSON holds it.

    Besides hnn-core's entries it has some that hnn-core does not read and apical does, so that
    nothing is lost on the way back: the in-plane distance, names of projections, the rule by
    which cells are paired, recordings.

    Parameters
    ----------
    network : Network
        What to write.

    Returns
    -------
    dict
        Plain data. hnn-core's seeds, which have no meaning here, differ from drive to drive.

    Raises
    ------
    ModelError
        With everything of the network that such a file cannot hold, such as channels that
        hnn-core does not have.
    """
    if problems := list(_cannot_be_held(network)):
        raise ModelError(problems)
    cells = _ranges({n: p.n for n, p in network.populations.items()}, 0)
    drives = _ranges(
        {n: _drive_cells(network, n) for n in network.drives},
        max((r["stop"] for r in cells.values()), default=0),
    )
    ranges = {**cells, **drives}
    origin = network.origin()
    shape = _shape(network)
    places = {
        n: p.positions.points(network.inplane_distance) for n, p in network.populations.items()
    }
    return {
        "object_type": "Network",
        "legacy_mode": False,
        "N_pyr_x": shape[0],
        "N_pyr_y": shape[1],
        "inplane_distance": network.inplane_distance,
        **{k: getattr(network, k) for k in ("name", "title", "reference", "doi")},
        "celsius": network.celsius,
        "cell_types": {n: _cell_type(network, n) for n in network.populations},
        "gid_ranges": ranges,
        "pos_dict": {
            **{n: [list(point) for point in points] for n, points in places.items()},
            "origin": list(origin),
            **{
                n: [list(origin if d.position is None else d.position)] * _size(ranges[n])
                for n, d in network.drives.items()
            },
        },
        "cell_response": {},
        "external_drives": {
            n: _drive_data(network, n, _size(ranges[n]), k) for k, n in enumerate(network.drives)
        },
        "external_biases": {
            n: {c.population: {"amplitude": c.amplitude, "t0": c.start, "tstop": c.stop,
                               "section": c.section, "loc": c.x}}
            for n, c in network.biases.items()
        },
        "connectivity": [
            *(_projection(network, n, ranges) for n in network.projections),
            *(c for n in network.drives for c in _drive_connections(network, n, ranges)),
        ],
        "rec_arrays": {
            n: {"positions": [list(p) for p in a.positions], "conductivity": a.conductivity,
                "method": {v: k for k, v in METHODS.items()}[a.method],
                "min_distance": a.min_distance, "every": a.every, "times": [], "voltages": []}
            for n, a in network.electrodes.items()
        },
        "recordings": {n: r.model_dump(mode="json") for n, r in network.recordings.items()},
        "threshold": _threshold(network),
        "delay": 1.0,
    }  # fmt: skip


def _cannot_be_held(network: Network) -> Iterator[Problem]:
    """Yield everything that would change the simulation if it were left out."""
    for name, population in network.populations.items():
        yield from cell_problems(network, name)
        if population.layer[:1].isdigit():
            message = "cannot begin with a digit: hnn-core's layer '2' is layer 'L2' here"
            yield Problem(f"populations.{name}.layer", message)
    needed = {i for c in network.cells.values() for s in c.sections.values() for m in s.channels
              for i in network.mechanisms[m].inputs}  # fmt: skip
    for ion, value in network.ions.items():
        if ion in needed and value != IONS.get(ion):
            message = f"is {IONS[ion]:g} mV in hnn-core" if ion in IONS else "is not in hnn-core"
            yield Problem(f"ions.{ion}", message)
    for name, clamp in network.biases.items():
        if clamp.cells is not None:
            message = "cannot be some of the cells: hnn-core's biases go to all of a type"
            yield Problem(f"biases.{name}.cells", message)
    for name, array in network.electrodes.items():
        if array.method not in METHODS.values():
            message = f"must be one of {', '.join(METHODS.values())}; got '{array.method}'"
            yield Problem(f"electrodes.{name}.method", message)
    thresholds = {network.cells[p.cell].threshold for p in network.populations.values()}
    silent = {*network.populations} - {p.source for p in network.projections.values()}
    if len(thresholds) > 1 and silent:
        name = network.populations[min(silent)].cell
        message = "differs from other cells, and hnn-core keeps thresholds with connections"
        yield Problem(f"cells.{name}.threshold", f"{message}: '{min(silent)}' has none")


def _ranges(sizes: Mapping[str, int], first: int) -> dict[str, dict[str, int]]:
    found = {}
    for name, n in sizes.items():
        found[name] = {"start": first, "stop": first + n}
        first += n
    return found


def _size(numbers: Mapping[str, int]) -> int:
    return numbers["stop"] - numbers["start"]


def _shape(network: Network) -> tuple[int, int]:
    """Return the shape of the grid, of the first if there are several."""
    grids = (p.positions for p in network.populations.values())
    return next((g.shape for g in grids if isinstance(g, (Grid, StaggeredGrid))), (1, 1))


def _threshold(network: Network) -> float:
    return next((network.cells[p.cell].threshold for p in network.populations.values()), 0.0)


def _cell_type(network: Network, name: str) -> dict[str, Any]:
    population = network.populations[name]
    cell = network.cells[population.cell]
    layer = population.layer
    return {
        "cell_object": cell_data(network, name),
        "cell_metadata": {
            "morpho_type": "pyramidal" if population.dipole else "basket",
            "electro_type": population.role,
            "layer": layer[1:] if layer[:1] == "L" and layer[1:2].isdigit() else layer,
            "measure_dipole": population.dipole,
            "reference": cell.reference,
            "doi": cell.doi,
            "cell": population.cell,
            "positions": _kind_of_positions(population),
        },
    }


def _kind_of_positions(population: Population) -> dict[str, Any] | None:
    """Return a grid as such; points stand with all others."""
    grid = isinstance(population.positions, (Grid, StaggeredGrid))
    return population.positions.model_dump(mode="json") if grid else None


# --- connections ---------------------------------------------------------------------------


def _projection(
    network: Network, name: str, ranges: Mapping[str, Mapping[str, int]]
) -> dict[str, Any]:
    p = network.projections[name]
    n, m = (network.populations[x].n for x in (p.source, p.target))
    pairs = _all_pairs(n, m) if p.rule == "all_to_all" else p.pairs
    if p.rule == "one_to_one":
        pairs = [(k, k) for k in range(n)]
    if not p.autapses and p.source == p.target and p.rule == "all_to_all":
        pairs = [(a, b) for a, b in pairs if a != b]
    connection = _connection(
        (p.source, p.target), p.location, p.receptor, pairs, p.weight, p.delay, p.kernel, ranges
    )
    connection["nc_dict"]["threshold"] = network.cells[network.populations[p.source].cell].threshold
    connection["nc_dict"]["gain"] = p.gain
    return {
        **connection,
        "allow_autapses": int(p.autapses),
        "probability": p.probability,
        "name": name,
        "rule": p.rule,
    }


def _all_pairs(n: int, m: int) -> list[tuple[int, int]]:
    return [(a, b) for a in range(n) for b in range(m)]


def _connection(
    ends: tuple[str, str],
    location: str,
    receptor: str,
    pairs: Pairs,
    weight: float,
    delay: float,
    kernel: Gaussian | None,
    ranges: Mapping[str, Mapping[str, int]],
) -> dict[str, Any]:
    """Return an entry of connectivity."""
    source, target = (ranges[name]["start"] for name in ends)
    found: dict[str, list[int]] = {}
    for a, b in pairs:
        found.setdefault(str(a + source), []).append(b + target)
    sources, targets = (sorted({pair[k] for pair in pairs}) for k in (0, 1))
    return {
        "src_type": ends[0],
        "target_type": ends[1],
        "src_gids": [a + source for a in sources],
        "num_srcs": len(sources),
        "target_gids": [b + target for b in targets],
        "num_targets": len(targets),
        "gid_pairs": found,
        "loc": location,
        "receptor": receptor,
        "nc_dict": {
            "A_delay": delay,
            "A_weight": weight,
            "lamtha": FLAT if kernel is None else kernel.space_constant,
            "threshold": 0.0,
            "gain": 1.0,
        },
        "allow_autapses": 1,
        "probability": 1.0,
    }


# --- drives --------------------------------------------------------------------------------


def _drive_cells(network: Network, name: str) -> int:
    drive = network.drives[name]
    if drive.kind == "spike_train":
        return len(drive.trains)
    if not drive.cell_specific:
        return drive.n_cells or 1
    return sum(network.populations[t].n for t in drive.targets)


def _in_order(network: Network, drive: AnyDrive) -> list[str]:
    """Return the targets in the network's order, which numbers drive cells."""
    return [name for name in network.populations if name in drive.targets]


def _drive_connections(
    network: Network, name: str, ranges: Mapping[str, Mapping[str, int]]
) -> Iterator[dict[str, Any]]:
    drive, first = network.drives[name], 0
    for population in _in_order(network, drive):
        target, n = drive.targets[population], network.populations[population].n
        if target.pairs is not None:
            pairs: Pairs = target.pairs
        elif drive.cell_specific:
            pairs = [(first + k, k) for k in range(n)]
        else:
            pairs = _all_pairs(_size(ranges[name]), n)
        first += n
        for receptor, weight in target.weights.items():
            connection = _connection(
                (name, population), drive.location, receptor, pairs,
                weight, target.delay, drive.kernel, ranges,
            )  # fmt: skip
            usual = "one_to_one" if drive.cell_specific else "all_to_all"
            rule = usual if target.pairs is None else "pairs"
            yield {**connection, "probability": drive.share(population), "rule": rule}


def _drive_data(network: Network, name: str, n: int, index: int) -> dict[str, Any]:
    drive = network.drives[name]
    targets = _in_order(network, drive)
    own = any(t.probability is not None for t in drive.targets.values())
    weights = {
        f"weights_{r}": {t: drive.targets[t].weights[r] for t in targets
                         if r in drive.targets[t].weights}
        for r in _RECEPTORS
    }  # fmt: skip
    return {
        "type": drive.kind,
        "name": name,
        "location": drive.location,
        "cell_specific": drive.cell_specific,
        "n_drive_cells": n,
        "n_cells": drive.n_cells,
        "target_types": targets,
        "dynamics": _dynamics(drive),
        **weights,
        "synaptic_delays": {t: drive.targets[t].delay for t in targets},
        "space_constant": FLAT if drive.kernel is None else drive.kernel.space_constant,
        "probability": {t: drive.share(t) for t in targets} if own else drive.probability,
        # far apart: hnn-core gives neighbouring seeds the same events, shifted by a cell
        "event_seed": 100_000 * (index + 1),
        "conn_seed": 1000 * (index + 1),
        "events": [],
    }


def _dynamics(drive: AnyDrive) -> dict[str, Any]:
    """Return when a drive fires, in hnn-core's words."""
    if drive.kind == "evoked":
        return {"mu": drive.mu, "sigma": drive.sigma, "numspikes": drive.n_spikes}
    if drive.kind == "poisson":
        rate = dict(drive.rate) if isinstance(drive.rate, Mapping) else drive.rate
        return {"tstart": drive.start, "tstop": drive.stop, "rate_constant": rate}
    if drive.kind == "bursty":
        return {
            "tstart": drive.start, "tstart_std": drive.start_sigma, "tstop": drive.stop,
            "burst_rate": drive.rate, "burst_std": drive.sigma, "numspikes": drive.n_spikes,
            "spike_isi": drive.interval,
        }  # fmt: skip
    spikes = [(t, cell) for cell, train in enumerate(drive.trains) for t in train]
    return {"times": [t for t, _ in spikes], "gids": [cell for _, cell in spikes]}
