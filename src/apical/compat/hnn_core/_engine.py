"""Running a network of hnn-core on apical's engine, and putting the outcome where it belongs.

What is special here is hnn-core's own: drive cells with events of their own seeds and any pairs
of connections; sample times that add up steps, as NEURON does; first samples of dipoles and
potentials that are 0, because they are taken before anything is computed; the fixed baseline.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import accumulate
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from apical.compat.hnn_core._queue import LATER, LINE, in_order_of_queue
from apical.compat.hnn_core._trace import Trace
from apical.compat.hnn_core.cell_response import CellResponse
from apical.compat.hnn_core.dipole import Dipole
from apical.compat.hnn_core.hnn_io import network_to_dict
from apical.errors import NumericalError
from apical.io.hnn import network_from_configuration
from apical.io.hnn.cells import usual_value
from apical.model import Gaussian, Recording
from apical.plan.connect import Connections, Pairs, connect, kernel_factor, receptor_sites
from apical.plan.drives import DrivePlan
from apical.plan.extracellular import array_of, transfer_resistances
from apical.plan.observables import ObservablePlan, observable
from apical.running import Prepared, Trial, batch_size, label, prepare, unwatched
from apical.running.options import checked
from apical.simulate import run_prepared

if TYPE_CHECKING:
    from apical.compat.hnn_core.network import Network
    from apical.model import Network as NetworkModel
    from apical.model import Section
    from apical.plan import Plan
    from apical.plan.discretise import Floats, Ints
    from apical.result import Result
    from apical.running.options import Options
    from apical.running.prepare import Drawn

#: Names of drives that stand for the first spikes of cells begin so.
_START = "start>"
_RECORDED = {"record_vsec": "vsec", "record_isec": "isec", "record_ca": "ca"}


@dataclass(frozen=True)
class _Choice:
    """How simulations run."""

    rates: str = "table"
    precision: str = "double"
    threads: int | None = None


_choice = _Choice()


def set_engine(rates: str = "table", precision: str = "double", threads: int | None = None) -> None:
    """Choose how simulations run from now on.

    Parameters
    ----------
    rates : {'table', 'exact', 'direct'}
        Rates of channels from tables, as hnn-core ships, or as their equations say.
    precision : {'double', 'single'}
        Type of numbers; single is faster and less exact.
    threads : int, optional
        Number of threads; by default as many as the backend says, or one per core.
    """
    global _choice
    for name, value, known in (
        ("rates", rates, ("table", "exact", "direct")),
        ("precision", precision, ("double", "single")),
    ):
        if value not in known:
            raise ValueError(f"{name} must be one of {', '.join(known)}; got {value!r}")
    if threads is not None and threads < 1:
        raise ValueError(f"threads must be at least 1; got {threads}")
    _choice = _Choice(rates, precision, threads)


def simulate(
    net: Network, tstop: float, dt: float, n_trials: int, postproc: bool, threads: int | None
) -> list[Dipole]:
    """Simulate all trials, put spikes and recordings into the network, return dipoles."""
    began = time.perf_counter()
    if net._verbose:
        print("Building the network")
    prepared = _prepared(net, tstop, dt, n_trials, threads)
    if net._verbose:
        print("[Done]")
    found = run_prepared(prepared, _printer(prepared) if net._verbose else None)
    result = label(prepared, found, prepared.plan.steps, time.perf_counter() - began)
    return _gather(net, result, prepared, postproc)


def simulate_together(
    nets: Sequence[Network], tstop: float, dt: float, n_trials: int, threads: int | None
) -> list[list[Dipole] | NumericalError]:
    """Simulate several networks, the trials of those of one structure together.

    Returns
    -------
    list of list of Dipole, or NumericalError
        For each network what `simulate` gives, or why it has none.
    """
    began = time.perf_counter()
    prepared = [_prepared(net, tstop, dt, n_trials, threads) for net in nets]
    groups: list[list[int]] = []
    for k, one in enumerate(prepared):
        for group in groups:
            if prepared[group[0]].plan.structure == one.plan.structure:
                group.append(k)
                break
        else:
            groups.append([k])
    trials: list[list[Trial]] = [[] for _ in nets]
    failures: dict[int, NumericalError] = {}
    for group in groups:
        members = [(k, prepared[k].draw(trial)) for k in group for trial in range(n_trials)]
        size = batch_size(prepared[group[0]].plan, prepared[group[0]].options.engine)
        for first in range(0, len(members), size):
            batch = members[first : first + size]
            ended = _run(prepared[group[0]].options, [drawn for _, drawn in batch])
            for (k, _), trial in zip(batch, ended, strict=True):
                if isinstance(trial, NumericalError):
                    failures.setdefault(k, trial)
                else:
                    trials[k].append(trial)
    wall = time.perf_counter() - began
    return [
        failures.get(k) or _gather(net, label(one, mine, one.plan.steps, wall), one, postproc=False)
        for k, (net, one, mine) in enumerate(zip(nets, prepared, trials, strict=True))
    ]


def _run(options: Options, drawn: Sequence[Drawn]) -> list[Trial | NumericalError]:
    """Run a batch to its end; return the trial of each, or why there is none."""
    members = [one.member for one in drawn]
    with closing(options.engine.start(members, threads=options.threads)) as run:
        while run.step < run.steps and len(run.failures) < len(members):
            run.advance(unwatched(members))
        return [
            run.failures.get(k) or Trial(run.result(k, copy=False), one.trains)
            for k, one in enumerate(drawn)
        ]


def _prepared(
    net: Network, tstop: float, dt: float, n_trials: int, threads: int | None
) -> Prepared:
    """Return a network, ready to run, with drives and electrodes as hnn-core has them."""
    model = _model(net, dt)
    options = checked(
        model, tstop, dt=dt, trials=n_trials, seed=0, engine="auto", rates=_choice.rates,
        precision=_choice.precision, start="given", threads=_choice.threads or threads,
    )  # fmt: skip
    prepared = prepare(model, options, kept=n_trials)
    drives = [_drive_plan(net, name, prepared.plan) for name in net.external_drives]
    drives += _at_the_start(net, prepared.plan, n_trials)
    observables = tuple(_as_seen(net, o, prepared.plan) for o in prepared.plan.observables)
    plan = dataclasses.replace(prepared.plan, drives=tuple(drives), observables=observables)
    return dataclasses.replace(prepared, plan=plan)


def _printer(prepared: Prepared) -> Callable[[float], None]:
    """Return a function that prints, for a fraction done, how far the running trials have come."""
    n, duration = prepared.options.trials, prepared.options.duration
    size = min(n, batch_size(prepared.plan, prepared.options.engine))
    printed = -1

    def report(fraction: float) -> None:
        nonlocal printed
        batch = min(int(fraction * n / size), (n - 1) // size)
        first = batch * size
        together = min(size, n - first)
        line = int((fraction * n - first) / together * duration / LINE + 1e-9)
        if batch * 10**6 + line <= printed or line * LINE >= duration:
            return
        printed = batch * 10**6 + line
        for trial in range(first, first + together):
            print(f"Trial {trial + 1}: {float(line * LINE)} ms...")

    return report


# --- what is run -----------------------------------------------------------------------------


def _model(net: Network, dt: float) -> NetworkModel:
    """Return the cells, their connections, biases and recordings as a network; no drives."""
    config = network_to_dict(net)
    config["connectivity"] = [c for c in config["connectivity"] if c["src_type"] in net.cell_types]
    config["external_drives"] = {}
    # cells that reach no others spike at what the parameters say
    config["threshold"] = net._params["threshold"]
    for template in config["cell_types"].values():
        for section in template["cell_object"]["sections"].values():
            section["mechs"] = _for_segments(section["mechs"], section["nseg"])
    for array in config["rec_arrays"].values():
        # where no method is named, `_as_seen` says what is recorded
        array["method"] = array["method"] or "psa"
    model = network_from_configuration(config, single_diameters=True)
    electrodes = {name: array.set({"every": dt}) for name, array in model.electrodes.items()}
    return model.with_(electrodes=electrodes, recordings=_recordings(net, model, dt))


def _for_segments(mechs: Mapping[str, Mapping[str, Any]], n: int) -> dict[str, dict[str, Any]]:
    """Return channels whose lists have a value for each segment, whatever their number was.

    As in hnn-core, values go to the first segments, and what is left keeps the usual value.
    """
    found: dict[str, dict[str, Any]] = {name: dict(given) for name, given in mechs.items()}
    for name, given in found.items():
        for attribute, value in given.items():
            if isinstance(value, list) and len(value[1]) != n:
                places, values = ([*column[:n]] for column in value)
                missing = n - len(values)
                usual = usual_value(name, attribute.removesuffix(f"_{name}")) if missing else 0.0
                given[attribute] = [places + missing * [0.5], values + missing * [usual]]
    return found


def _recordings(net: Network, model: NetworkModel, dt: float) -> dict[str, Recording]:
    """Return what is to be recorded; names tell what it is, of whom, and of which receptor."""
    found: dict[str, Recording] = {}
    for population in model.populations:
        cell = model.cells[model.populations[population].cell]
        for option, what in _RECORDED.items():
            if not (wanted := net._params[option]):
                continue
            sections = [s for s in cell.sections if wanted == "all" or s == "soma"]
            places = {
                "vsec": {"v": sections},
                "isec": {
                    f"{r}.i": [s for s in sections if r in cell.sections[s].receptors]
                    for r in cell.receptors
                },
                "ca": {"cad.cai": [s for s in sections if "cad" in cell.sections[s].channels]},
            }[what]
            for variable, here in places.items():
                if here:
                    found[f"{what}>{population}>{variable.split('.')[0]}"] = Recording(
                        population=population, variable=variable, sections=tuple(here),
                        x=None if what == "isec" else 0.5, every=dt,
                    )  # fmt: skip
    return found


@dataclass(frozen=True)
class _Replayed(DrivePlan):
    """A drive whose events are known: times and drive cells of each trial."""

    events: tuple[tuple[Floats, Ints], ...] = ()

    def trains(
        self, network: NetworkModel, seed: int, trial: int, duration: float
    ) -> tuple[Floats, Ints]:
        """Return one trial's events, sorted."""
        times, cells = self.events[trial]
        within = (times >= 0) & (times <= duration)
        order = np.lexsort((cells[within], times[within]))
        return times[within][order], cells[within][order]


def _drive_plan(net: Network, name: str, plan: Plan) -> _Replayed:
    """Return a drive with the pairs that the network's connections have."""
    gids, drive = net.gid_ranges[name], net.external_drives[name]
    reached = {
        gid - gids[0]
        for conn in net.connectivity
        if conn["src_type"] == name
        for gid, targets in conn["gid_pairs"].items()
        if targets
    }
    # a drive cell without connections is not there, unless all cells share the drive
    here = reached if drive["cell_specific"] else set(range(len(gids)))
    # NEURON's end is the sum of all steps
    end = _sums_of_steps(plan)[-1]
    events = []
    for trial in drive["events"]:
        # rounded as where NEURON comes from one event of a cell to the next
        trains = [
            list(accumulate(train, lambda t, event: t + event - t)) if cell in here else []
            for cell, train in enumerate(trial)
        ]
        times = np.array([time for train in trains for time in train], float)
        of_cells = np.repeat(np.arange(len(trains)), [len(t) for t in trains])
        events.append((times[times <= end], of_cells[times <= end]))
    return _replayed(net, name, plan, events)


def _at_the_start(net: Network, plan: Plan, n_trials: int) -> list[_Replayed]:
    """Return the first spikes of cells that begin above their threshold, as drives.

    NEURON sees them in the first step; the engine sees crossings.
    """
    found = []
    for name, template in net.cell_types.items():
        gids = net.gid_ranges[name]
        population = next(p for p in plan.populations if p.first == gids.start)
        if template["cell_object"].sections["soma"].v0 > population.cell.threshold:
            once = np.full(len(gids), LATER), np.arange(len(gids))
            found.append(_replayed(net, name, plan, n_trials * [once]))
    return found


def _replayed(
    net: Network, name: str, plan: Plan, events: Sequence[tuple[Floats, Ints]]
) -> _Replayed:
    """Return events of a drive or cell type, with the pairs that the network's connections have."""
    onto: dict[str, list[Pairs]] = {}
    for conn in net.connectivity:
        if conn["src_type"] == name and _sections(net, conn):
            # populations are in the order of cells
            first = net.gid_ranges[conn["target_type"]][0]
            population = next(p for p in plan.populations if p.first == first)
            onto.setdefault(population.name, []).append(_pairs(net, conn, plan, population))
    connections: dict[str, Connections] = {
        population: connect(parts, plan.duration) for population, parts in onto.items()
    }
    cells = tuple(("", k) for k in range(len(net.gid_ranges[name])))
    own = f"{_START}{name}" if name in net.cell_types else name
    return _Replayed(own, cells, connections, tuple(events))


def _sections(net: Network, conn: Any) -> list[str]:
    """Return the sections that a connection reaches; a group may have none."""
    cell = net.cell_types[conn["target_type"]]["cell_object"]
    return cell.sect_loc.get(conn["loc"], [conn["loc"]])


def _pairs(net: Network, conn: Any, plan: Plan, population: Any) -> Pairs:
    """Return what one connection of a drive joins."""
    wiring, first = conn["nc_dict"], net.gid_ranges[conn["src_type"]][0]
    pairs = [(s - first, t - population.first) for s, ts in conn["gid_pairs"].items() for t in ts]
    source, target = np.array(pairs, np.int64).reshape(-1, 2).T
    where = np.array(net.pos_dict[conn["src_type"]], float).reshape(-1, 3)
    factor = kernel_factor(
        Gaussian(space_constant=wiring["lamtha"]), where[source], population.positions[target],
        net._inplane_distance,
    )  # fmt: skip
    sites = receptor_sites(plan.network, population, conn["loc"], conn["receptor"])
    weight = wiring["A_weight"] * wiring["gain"] * factor
    with np.errstate(divide="ignore", over="ignore"):
        return Pairs(source, target, sites, weight, wiring["A_delay"] / factor)


def _as_seen(net: Network, found: ObservablePlan, plan: Plan) -> ObservablePlan:
    """Return what electrodes see of a population whose coordinates are in single precision.

    Without a method each contact gives the sum of all membrane currents, nA.
    """
    name = array_of(found)
    if name is None:
        return found
    array, population = plan.network.electrodes[name], plan.populations[found.population]
    own = dict(zip(plan.network.electrodes, net.rec_arrays.values(), strict=True))[name]
    if own.method is None:
        alike = np.ones((own.n_contacts, population.cell.tree.nodes))
        return observable(found.name, found.population, population, alike, every=found.every)
    sections = plan.network.cells[population.cell.name].sections
    weights = []
    for position in population.positions:
        cell: Any = SimpleNamespace(sections=_placed(sections, position))
        weights.append(transfer_resistances(array, cell, population.cell.tree, np.zeros((1, 3))))
    together = np.concatenate(weights, axis=1)
    return observable(found.name, found.population, population, together, every=found.every)


def _placed(sections: Mapping[str, Section], position: Floats) -> dict[str, SimpleNamespace]:
    """Return the ends of sections where NEURON has them, in single precision.

    It gives every section its length, and then moves it to the end of its parent.
    """
    found: dict[str, SimpleNamespace] = {}

    def place(name: str) -> SimpleNamespace:
        if name in found:
            return found[name]
        section = sections[name]
        start, end = (np.array([section.start, section.end], float) + position).astype(np.float32)
        length = np.linalg.norm((end - start).astype(float))
        way = end.astype(float) - start
        end = (start + way * (section.L / length)).astype(np.float32)
        if section.parent is not None:
            parent = place(section.parent)
            shift = (parent.end if section.parent_x == 1 else parent.start) - start
            start, end = (start + shift).astype(np.float32), (end + shift).astype(np.float32)
        found[name] = SimpleNamespace(start=start.astype(float), end=end.astype(float))
        return found[name]

    return {name: place(name) for name in sections}


def _sums_of_steps(plan: Plan) -> Floats:
    """Return the times (ms) of all samples as NEURON adds them up, in half steps."""
    halves = np.full(2 * plan.steps, plan.dt / 2)
    return np.concatenate([[0.0], np.cumsum(halves)[1::2]])


# --- what came out ---------------------------------------------------------------------------


def _gather(net: Network, result: Result, prepared: Prepared, postproc: bool) -> list[Dipole]:
    """Put spikes and recordings into the network, and return dipoles."""
    times = _sums_of_steps(prepared.plan)
    response = CellResponse(list(net.cell_types), times=times)
    _put_spikes(net, result, response, times, prepared)
    _put_recordings(net, result, response)
    net.cell_response = response
    for own, name in zip(result.lfp, net.rec_arrays, strict=True):
        voltages = result.lfp[own].sum("population").values
        voltages[..., 0] = 0.0
        net.rec_arrays[name]._data, net.rec_arrays[name]._times = list(voltages), times
    dipoles = [_dipole(net, result, trial, times) for trial in range(result.trials)]
    if postproc:
        for dipole in dipoles:
            if (window := net._params.get("dipole_smooth_win", 0)) > 0:
                dipole.smooth(window)
            if (factor := net._params.get("dipole_scalefctr", 0)) > 0:
                dipole.scale(factor)
    return dipoles


def _dipole(net: Network, result: Result, trial: int, times: Floats) -> Dipole:
    """Return one trial's dipole by layer, hnn-core's baseline subtracted."""
    measured = [p for p in result.network.populations.values() if p.dipole]
    values = 1e6 * result.arrays.dipole[trial]
    values[:, 0] = 0.0
    data = {"agg": values.sum(axis=0)}
    for population, of_population in zip(measured, values, strict=True):
        layer = population.layer
        data[layer] = data[layer] + of_population if layer in data else of_population
    dipole = Dipole(times, data)
    dipole._baseline_renormalize(net._N_pyr_x, net._N_pyr_y)
    dipole._convert_fAm_to_nAm()
    return dipole


def _put_spikes(
    net: Network, result: Result, response: CellResponse, times: Floats, prepared: Prepared
) -> None:
    """Put the spikes of cells and drives into a response, trial after trial."""
    types = sorted(net.cell_types, key=lambda name: net.gid_ranges[name].start)
    sources = [*types, *(drive.name.removeprefix(_START) for drive in prepared.plan.drives)]
    first = np.array([net.gid_ranges[name].start for name in sources])
    spikes = result.arrays.spikes
    of_cells = np.array([name in types for name in sources])[spikes["source"]]
    began = spikes["time"].copy()
    step = np.round(began / prepared.plan.dt).astype(int)
    # NEURON's time is a sum of steps
    began[of_cells] = times[step[of_cells]]
    when = began + np.where(of_cells, LATER, 0.0)
    # it looks for spikes when a step begins, so that none is seen at the end
    seen = ~of_cells | (step < len(times) - 1)
    gids = first[spikes["source"]] + spikes["cell"]
    for trial in range(result.trials):
        mine = np.flatnonzero(seen & (spikes["trial"] == trial))
        # events of drives at the beginning of a step come before it
        mine = mine[np.lexsort((gids[mine], of_cells[mine], began[mine]))]
        ordered = in_order_of_queue(
            net, prepared.options.duration, began[mine], gids[mine], ~of_cells[mine]
        )
        response._spike_times.append(when[mine].tolist())
        response._spike_gids.append(ordered.tolist())
    response.update_types(net.gid_ranges)


def _put_recordings(net: Network, result: Result, response: CellResponse) -> None:
    """Put voltages, currents and calcium into a response, as lists by cell and section."""
    types = sorted(net.cell_types, key=lambda name: net.gid_ranges[name].start)
    gids = dict(zip(result.network.populations, map(net.gid_ranges.get, types), strict=True))
    cells = [gid for name in types for gid in net.gid_ranges[name]]
    for what in _RECORDED.values():
        held = getattr(response, f"_{what}")
        held += [{gid: {} for gid in cells} for _ in range(result.trials)]
        for name, recorded in result.recordings.items():
            kind, population, owner = name.split(">")
            if kind != what:
                continue
            sections = [
                str(site).rpartition("(")[0].split(":")[-1] for site in recorded["site"].values
            ]
            for trial, of_cells in enumerate(recorded.values):
                for gid, traces in zip(gids[population] or (), of_cells, strict=True):
                    for section, trace in zip(sections, traces, strict=True):
                        here = held[trial][gid]
                        if what == "isec":
                            here.setdefault(section, {})[f"{section}_{owner}"] = Trace(trace)
                        else:
                            here[section] = Trace(trace)
