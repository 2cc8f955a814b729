"""Drives: checks of their arguments, what they reach, and when their cells fire.

Events are drawn as hnn-core draws them, from NumPy's `RandomState`: drive cell k of a drive in
trial j has the seed ``event_seed + j * n_gids + k``.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping
from glob import glob
from typing import TYPE_CHECKING, Any

import numpy as np

from apical.compat.hnn_core.externals.mne import _check_option, _validate_type
from apical.compat.hnn_core.params import (
    _extract_bias_specs_from_hnn_params,
    _extract_drive_specs_from_hnn_params,
)

if TYPE_CHECKING:
    from apical.compat.hnn_core.network import Network

Random = np.random.RandomState
_TYPES = ("evoked", "poisson", "gaussian", "bursty", "spike_train")


class _NetworkDrive(dict):
    """Everything about a drive, by name."""

    def __repr__(self) -> str:
        lines = [f"<External drive '{self['name']}'"]
        if "type" in self:
            lines += [
                f"drive class: {self['type']}",
                f"target location: {self['location']}",
                f"target cell types: {self['target_types']}",
                f"number of drive cells: {self['n_drive_cells']}",
                f"cell-specific: {self['cell_specific']}",
                "dynamic parameters:",
                *(f"\t{name}: {value}" for name, value in self["dynamics"].items()),
            ]
        if n := len(self["events"]):
            lines.append(f"events: {n} trial{'s' if n > 1 else ''}")
        return "\n".join(lines) + ">"


# --- arguments -------------------------------------------------------------------------------


def _by_type(value: Any, name: str, targets: Collection[str]) -> dict[str, float]:
    """Return a value for each target, given one for all or one for each."""
    if not isinstance(value, Mapping):
        _validate_type(value, "numeric", name, "float or dict")
        return {name: value for name in targets}  # noqa: C420 - typed
    if set(value) != set(targets):
        raise ValueError(
            f"{name}: expected one number, or one for each target ({', '.join(sorted(targets))}); "
            f"got {', '.join(map(str, value)) or 'none'}"
        )
    return dict(value)


def _get_target_properties(
    weights_ampa: Mapping[str, float] | None,
    weights_nmda: Mapping[str, float] | None,
    synaptic_delays: Any,
    location: str,
    cell_types: Mapping[str, Any],
    probability: Any = 1.0,
) -> tuple[set[str], dict[str, dict[str, float]], dict[str, float], dict[str, float]]:
    """Return what a drive reaches, and weights by receptor, delay and probability for each."""
    given = {"ampa": weights_ampa or {}, "nmda": weights_nmda or {}}
    names = dict.fromkeys(name for weights in given.values() for name in weights)
    if not names:
        raise ValueError(
            "a drive needs weights_ampa or weights_nmda of at least one cell type; got none"
        )
    for name in names:
        metadata = cell_types[name]["cell_metadata"] if name in cell_types else {}
        kind = metadata.get("morpho_type"), metadata.get("layer")
        if location == "distal" and kind == ("basket", "5"):
            raise ValueError(
                f"{name}: basket cells of layer 5 get no distal input; leave them out of weights, "
                "delays and probabilities"
            )
    weights = {
        name: {receptor: by_type[name] for receptor, by_type in given.items() if name in by_type}
        for name in names
    }
    delays = _by_type(synaptic_delays, "synaptic_delays", set(names))
    return set(names), weights, delays, _by_type(probability, "probability", set(names))


def _check_drive_parameter_values(drive_type: str, **kwargs: Any) -> None:
    """Raise ValueError if times, counts or spreads of a drive make no sense."""
    start, stop = kwargs.get("tstart"), kwargs.get("tstop")
    if stop is not None:
        if stop < 0:
            raise ValueError(f"{drive_type} drive: tstop must be 0 ms or later; got {stop}")
        if start is not None and stop < start:
            raise ValueError(
                f"{drive_type} drive: tstop must be after tstart, {start} ms; got {stop}"
            )
    if kwargs.get("sigma", 0) < 0:
        raise ValueError(f"sigma must be 0 ms or more; got {kwargs['sigma']}")
    if not kwargs.get("numspikes", 1) > 0:
        raise ValueError(f"numspikes must be at least 1; got {kwargs['numspikes']}")
    if start is not None and start < 0:
        raise ValueError(f"{drive_type} drive: tstart must be 0 ms or later; got {start}")
    if {"numspikes", "spike_isi", "burst_rate"} <= set(kwargs):
        _check_burst(kwargs["numspikes"], kwargs["spike_isi"], kwargs["burst_rate"])


def _check_burst(numspikes: int, spike_isi: float, burst_rate: float) -> None:
    period, duration = 1000.0 / burst_rate, (numspikes - 1) * spike_isi
    if duration > period:
        raise ValueError(
            f"a burst of {duration:g} ms does not fit into a period of {period:g} ms: lower "
            "numspikes, spike_isi or burst_rate"
        )


def _check_poisson_rates(
    rate_constant: Any, target_populations: set[str], all_cell_types: Collection[str]
) -> None:
    """Raise ValueError if there is no rate for a target, or one that is not positive."""
    if not isinstance(rate_constant, Mapping):
        if not rate_constant > 0:
            raise ValueError(f"rate_constant must be above 0 Hz; got {rate_constant}")
        return
    if missing := target_populations - set(rate_constant):
        raise ValueError(f"rate_constant: nothing for {', '.join(sorted(missing))}")
    if unknown := set(rate_constant) - set(all_cell_types):
        raise ValueError(f"rate_constant: no cell type is called {', '.join(map(str, unknown))}")
    for name, rate in rate_constant.items():
        if not rate > 0:
            raise ValueError(f"rate_constant of {name} must be above 0 Hz; got {rate}")


def _standardize_spike_data(
    spike_data: Any,
) -> tuple[dict[str, list[Any]], int, dict[Any, int] | None]:
    """Return times and drive cells of events, how many cells there are, and what they were."""
    if isinstance(spike_data, str):
        if not glob(spike_data):
            raise ValueError(f"spike_data: there is no file '{spike_data}'")
        return _standardize_spike_data(_spikes_of_file(spike_data))
    if isinstance(spike_data, dict):
        numbers = {source: k for k, source in enumerate(spike_data)}
        times: list[float] = []
        gids: list[int] = []
        for source, train in spike_data.items():
            if not isinstance(train, (list, np.ndarray)):
                raise ValueError(
                    f"spike_data[{source!r}]: expected a list of times; got {type(train).__name__}"
                )
            times += list(train)
            gids += [numbers[source]] * len(train)
        return {"times": times, "gids": gids}, len(numbers), numbers
    if isinstance(spike_data, list) and all(
        isinstance(pair, tuple) and len(pair) == 2 for pair in spike_data
    ):
        order = {gid: k for k, gid in enumerate(sorted({gid for _, gid in spike_data}))}
        columns = {"times": [t for t, _ in spike_data], "gids": [order[g] for _, g in spike_data]}
        return columns, len(order), None
    raise ValueError(
        "spike_data: expected times by source, pairs (time, gid), or the path of a file; "
        f"got {type(spike_data).__name__}"
    )


def _spikes_of_file(fname: str) -> dict[str, list[float]]:
    """Return the spike times of each cell in the first of some files."""
    from apical.compat.hnn_core.cell_response import _read_trial

    trains: dict[str, list[float]] = {}
    for time, gid, kind in zip(*_read_trial(sorted(glob(fname))[0]), strict=True):
        trains.setdefault(f"{kind}_GID{gid}", []).append(time)
    return trains


# --- connections -----------------------------------------------------------------------------


def _add_drive(
    net: Network,
    name: str,
    kind: str,
    dynamics: dict[str, Any],
    *,
    space_constant: float,
    n_drive_cells: int | str,
    cell_specific: bool,
    **given: Any,
) -> _NetworkDrive:
    """Add a drive to a network, which is changed, and return it."""
    drive = _NetworkDrive(type=kind, dynamics=dynamics, events=[], **given)
    _attach_drive(
        net, name, drive, space_constant=space_constant, n_drive_cells=n_drive_cells,
        cell_specific=cell_specific, probability=given["probability"],
    )  # fmt: skip
    return drive


def _attach_drive(
    net: Network,
    name: str,
    drive: _NetworkDrive,
    *,
    space_constant: float,
    n_drive_cells: int | str,
    cell_specific: bool,
    probability: Any,
) -> None:
    """Add a drive's cells and connections to a network, which is changed."""
    if name in net.external_drives:
        raise ValueError(f"there is a drive called '{name}' already")
    location = drive["location"]
    reached, weights, delays, shares = _get_target_properties(
        drive["weights_ampa"], drive["weights_nmda"], drive["synaptic_delays"], location,
        net.cell_types, probability,
    )  # fmt: skip
    if not reached <= set(net.cell_types):
        unknown = ", ".join(sorted(reached - set(net.cell_types)))
        raise ValueError(f"targets must be out of {', '.join(net.cell_types)}; got {unknown}")
    targets = [name for name in net.cell_types if name in reached]
    _check_location(net, targets, location)
    if net._legacy_mode:
        # cells that are not reached have drive cells, too
        targets = list(net.cell_types)
        for target in targets:
            weights.setdefault(target, {"ampa": 0.0})
            delays.setdefault(target, 0.1)
            shares.setdefault(target, 1.0)
    n = _number_of_cells(net, targets, n_drive_cells, cell_specific)
    drive.update(name=name, target_types=targets, cell_specific=cell_specific, n_drive_cells=n)
    net.external_drives[name] = drive
    net._add_cell_type(name, [net.pos_dict["origin"]] * n)
    sources, first = list(net.gid_ranges[name]), 0
    for k, target in enumerate(targets):
        gids: list[Any] = list(net.gid_ranges[target])
        own: list[int] | str = name
        if cell_specific:
            own, first = sources[first : first + len(gids)], first + len(gids)
            gids = [[gid] for gid in gids]
        seed = None if drive["conn_seed"] is None else drive["conn_seed"] + k
        for receptor, weight in weights[target].items():
            net.add_connection(
                own, gids, location, receptor, weight, delays[target], space_constant,
                probability=shares[target], conn_seed=seed,
            )  # fmt: skip


def _check_location(net: Network, targets: list[str], location: str) -> None:
    cells = [net.cell_types[name]["cell_object"] for name in targets]
    known = set.intersection(*(set(cell.sections) for cell in cells))
    groups = set.intersection(*(set(cell.sect_loc) for cell in cells))
    extra = f"a group or section of all of {', '.join(targets)}"
    _check_option("location", location, [*known, *groups], extra)


def _number_of_cells(
    net: Network, targets: list[str], n_drive_cells: int | str, cell_specific: bool
) -> int:
    if cell_specific:
        if n_drive_cells != "n_cells":
            raise ValueError(
                f"n_drive_cells must be 'n_cells' with cell_specific=True; got {n_drive_cells!r}"
            )
        return sum(len(net.gid_ranges[name]) for name in targets)
    if not isinstance(n_drive_cells, int):
        raise ValueError(
            f"n_drive_cells must be a whole number with cell_specific=False; got {n_drive_cells!r}"
        )
    if not n_drive_cells > 0:
        raise ValueError(f"n_drive_cells must be at least 1; got {n_drive_cells}")
    return n_drive_cells


def _add_bias(
    net: Network,
    cell_type: str | None,
    section: str,
    bias_name: str,
    amplitude: Any,
    t0: float,
    tstop: float | None,
) -> None:
    """Add a constant current to a network, which is changed."""
    if cell_type is not None:
        text = "cell_type will go: give amplitude as a dictionary by cell type"
        warnings.warn(text, DeprecationWarning, stacklevel=3)
        _validate_type(amplitude, (float, int), "amplitude")
        amplitude = {cell_type: float(amplitude)}
    _validate_type(amplitude, dict, "amplitude")
    if not amplitude:
        warnings.warn("amplitude is empty: no bias is added", UserWarning, stacklevel=3)
    for name, value in amplitude.items():
        if name not in net.cell_types:
            raise ValueError(
                f"amplitude: no cell type is called '{name}'; known: {', '.join(net.cell_types)}"
            )
        sections = list(net.cell_types[name]["cell_object"].sections)
        if section not in sections:
            raise ValueError(f"section of {name}: expected {', '.join(sections)}; got {section!r}")
        bias = net.external_biases.setdefault(bias_name, {})
        if name in bias:
            raise ValueError(f"{name} has a bias called '{bias_name}' already")
        bias[name] = {"amplitude": value, "t0": t0, "tstop": tstop, "section": section}


def _add_drives_from_params(net: Network) -> None:
    """Add the drives and biases that a network's parameters describe."""
    cells = list(net.cell_types)
    specs = _extract_drive_specs_from_hnn_params(net._params, cells, net._legacy_mode)
    add = {
        "evoked": net.add_evoked_drive, "gaussian": net.add_evoked_drive,
        "poisson": net.add_poisson_drive, "bursty": net.add_bursty_drive,
    }  # fmt: skip
    for name in sorted(specs):
        arguments = dict(specs[name])
        add[arguments.pop("type")](name, **arguments)
    if tonic := _extract_bias_specs_from_hnn_params(net._params, cells)["tonic"]:
        last = list(tonic.values())[-1]
        net.add_tonic_bias(
            amplitude={name: bias["amplitude"] for name, bias in tonic.items()},
            t0=last["t0"], tstop=last["tstop"],
        )  # fmt: skip
    for name, drive in net.external_drives.items():
        drive["event_seed"] += net.gid_ranges[name][0]


# --- events ----------------------------------------------------------------------------------


def _instantiate_events(net: Network, tstop: float, trial_idx: int) -> dict[str, list[list[float]]]:
    """Return the events of every drive's cells in one trial, ms."""
    reached: dict[int, dict[str, None]] = {}
    for connection in net.connectivity:
        for gid in connection["src_gids"]:
            reached.setdefault(gid, {})[connection["target_type"]] = None
    found = {}
    for name, drive in net.external_drives.items():
        gids = net.gid_ranges[name]
        found[name] = [
            _drive_cell_event_times(
                drive["type"], drive["dynamics"], tstop, target_type=kind, trial_idx=trial_idx,
                drive_cell_gid=gid - gids[0], event_seed=drive["event_seed"],
                trial_seed_offset=net._n_gids,
            )
            for gid in gids
            for kind in (reached.get(gid, {}) if drive["cell_specific"] else ("any",))
        ]  # fmt: skip
    return found


def _drive_cell_event_times(
    drive_type: str,
    dynamics: Mapping[str, Any],
    tstop: float,
    target_type: str = "any",
    trial_idx: int = 0,
    drive_cell_gid: int = 0,
    event_seed: int = 0,
    trial_seed_offset: int = 0,
) -> list[float]:
    """Return the events of one drive cell in one trial, ms."""
    if drive_type not in _TYPES:
        raise ValueError(f"Invalid external drive: {drive_type}")
    if drive_type == "spike_train":
        pairs = zip(dynamics.get("times", []), dynamics.get("gids", []), strict=True)
        return [float(time) for time, gid in pairs if gid == drive_cell_gid]
    seed = event_seed + trial_idx * trial_seed_offset
    own = Random(seed + drive_cell_gid)
    if drive_type == "poisson":
        rate = dynamics["rate_constant"]
        rate = rate if target_type == "any" else rate.get(target_type)
        times = np.array([])
        if rate is not None:
            times = _create_extpois(
                t0=dynamics["tstart"], T=dynamics["tstop"], lamtha=rate, prng=own
            )
    elif drive_type == "bursty":
        times = _create_bursty_input(
            t0=dynamics["tstart"], t0_stdev=dynamics["tstart_std"], tstop=dynamics["tstop"],
            f_input=dynamics["burst_rate"], events_jitter_std=dynamics["burst_std"],
            events_per_cycle=dynamics["numspikes"], cycle_events_isi=dynamics["spike_isi"],
            prng=own, prng2=Random(seed),
        )  # fmt: skip
    else:
        times = _create_gauss(
            mu=dynamics["mu"], sigma=dynamics["sigma"], numspikes=dynamics["numspikes"], prng=own
        )
    return np.sort(times[(times > 0) & (times <= tstop)]).tolist()


def _create_extpois(*, t0: float, T: float, lamtha: float, prng: Random) -> np.ndarray:
    """Return the events of a Poisson process of `lamtha` Hz from t0 to T, ms."""
    if t0 < 0:
        raise ValueError(f"Poisson events must start at 0 ms or later; got {t0}")
    if t0 > T:
        raise ValueError(f"Poisson events must end after they start, at {t0} ms; got {T}")
    if lamtha <= 0:
        raise ValueError(f"lamtha must be above 0 Hz; got {lamtha}")
    times = []
    time = t0
    while time < T:
        time += prng.exponential(1.0 / lamtha) * 1000.0
        if time < T:
            times.append(time)
    return np.array(times)


def _create_gauss(*, mu: float, sigma: float, numspikes: int, prng: Random) -> np.ndarray:
    """Return normally distributed events, ms."""
    return prng.normal(mu, sigma, numspikes)


def _create_bursty_input(
    *,
    t0: float,
    t0_stdev: float,
    tstop: float,
    f_input: float,
    events_jitter_std: float,
    events_per_cycle: int = 2,
    cycle_events_isi: float = 10,
    prng: Random,
    prng2: Random,
) -> np.ndarray:
    """Return the events of bursts from t0 to tstop, ms, `f_input` bursts per second."""
    if t0_stdev > 0:
        t0 = prng2.normal(t0, t0_stdev)
    _check_burst(events_per_cycle, cycle_events_isi, f_input)
    middles = prng.normal(np.arange(t0, tstop, 1000.0 / f_input), events_jitter_std)
    if events_per_cycle <= 1:
        return middles
    places = np.arange(events_per_cycle) - (events_per_cycle - 1) / 2
    return np.ravel([middles + cycle_events_isi * place for place in places])
