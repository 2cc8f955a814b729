"""Drives of a configuration: what they reach, and when they fire."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, TypeVar

from apical.errors import ModelError, Problem
from apical.io.hnn.schema import Milliseconds, Piece, kernel_of
from apical.model.fields import Items, Point, Q, Whole
from apical.model.problems import under

if TYPE_CHECKING:
    from apical.io.hnn.schema import Configuration, ConnectionData

Pairs = tuple[tuple[int, int], ...]
Times = tuple[tuple[float, ...], ...]
_Kind = TypeVar("_Kind", bound=Piece)
_Spikes = Annotated[int, Whole(1, 10_000)]


class _Evoked(Piece):
    mu: Milliseconds
    sigma: Milliseconds
    numspikes: _Spikes = 1


class _Lasting(Piece):
    tstart: Milliseconds = 0.0
    tstop: Milliseconds | None = None


class _Poisson(_Lasting):
    rate_constant: float | dict[str, float]


class _Bursty(_Lasting):
    tstart_std: Milliseconds = 0.0
    burst_rate: Annotated[float, Q("Hz", gt=0)]
    burst_std: Milliseconds = 0.0
    numspikes: _Spikes = 2
    spike_isi: Milliseconds = 10.0


class _SpikeTrain(Piece):
    times: Annotated[tuple[float, ...], Items(Q("ms"), "a list of times in ms")]
    gids: Annotated[tuple[int, ...], Items(Whole(0, 10_000_000), "a list of cell numbers")]


class _Reach(NamedTuple):
    """What the connections of a drive to one population agree in."""

    delay: float
    pairs: Pairs
    share: float
    rule: str | None


@dataclass
class _Wiring:
    """Connections of a drive that one drive can hold here."""

    location: str
    space_constant: float
    weights: dict[str, dict[str, float]] = field(default_factory=dict)
    reach: dict[str, _Reach] = field(default_factory=dict)

    def takes(self, connection: ConnectionData, pairs: Pairs) -> bool:
        """Add a connection; return False if it does not fit."""
        target, synapse = connection.target_type, connection.nc_dict
        if (self.location, self.space_constant) != (connection.loc, synapse.lamtha):
            return False
        reach = _Reach(synapse.A_delay, pairs, connection.probability, connection.rule)
        weights = self.weights.setdefault(target, {})
        if self.reach.setdefault(target, reach) != reach or connection.receptor in weights:
            return False
        weights[connection.receptor] = synapse.A_weight * synapse.gain
        return True


def drives_of(
    data: Configuration,
    names: Mapping[str, str],
    origin: Point,
    trains: Mapping[str, Sequence[Sequence[float]]] | None,
) -> dict[str, Any]:
    """Return the fields of all drives, with the events given or with their own.

    Parameters
    ----------
    data : Configuration
        The whole configuration.
    names : mapping of str to str
        What everything is called here.
    origin : tuple of 3 float, µm
        The network's origin: a drive that stands above or below it needs no position.
    trains : mapping of str to sequence of sequence of float, ms, optional
        Events of each drive cell, by drive.

    Raises
    ------
    ModelError
        If a drive cannot be one here.
    """
    found: dict[str, Any] = {}
    problems: list[Problem] = []
    for name in sorted(data.external_drives, key=lambda n: data.gid_ranges[n].start):
        try:
            drives = _drives(data, name, names, None if trains is None else trains[name])
        except ModelError as error:
            problems.extend(under(f"external_drives.{name}", error.problems))
            continue
        where = data.pos_dict.get(name) or data.pos_dict.get("origin") or (origin,)
        position = None if where[0][:2] == origin[:2] else where[0]
        for k, drive in enumerate(drives):
            numbered = (f"{names[name]}-{n}" for n in itertools.count(k + 1))
            free = (n for n in numbered if n not in found and n not in names.values())
            found[next(free) if k else names[name]] = {**drive, "position": position}
    if problems:
        raise ModelError(problems)
    return found


def _drives(
    data: Configuration,
    name: str,
    names: Mapping[str, str],
    trains: Sequence[Sequence[float]] | None,
) -> list[dict[str, Any]]:
    """Return the fields of one drive; of several where its connections need it."""
    wirings = _wirings(data, name)
    if trains is not None:
        times = tuple(tuple(map(float, train)) for train in trains)
        events, specific = {"kind": "spike_train", "trains": times}, False
    else:
        drive = data.external_drives[name]
        usual = drive.type not in ("bursty", "spike_train")
        specific = usual if drive.cell_specific is None else drive.cell_specific
        events = _events(data, name, names)
        if len(wirings) > 1 and drive.type != "spike_train":
            message = "must agree in place, space constant, and by target in delay and pairs"
            raise ModelError([Problem("name", f"its entries in connectivity {message}")])
    found = []
    for wiring in wirings:
        if trains is None:
            _add_unreached(data, name, wiring)
        pairs = (_one_to_one if specific else _all_to_all)(data, name, wiring)
        cells = {"cell_specific": specific, "n_cells": _count(data, name, specific, events)}
        found.append({**cells, **_common(data, name, names, wiring, pairs), **events})
    return found


def _count(data: Configuration, name: str, specific: bool, events: Mapping[str, Any]) -> int | None:
    """Return the number of drive cells where it has to be said."""
    drive, n = data.external_drives[name], data.gid_ranges[name].n
    implied = events["kind"] == "spike_train" or ("n_cells" in drive.model_fields_set and n == 1)
    return drive.n_cells if specific or implied else n


# --- what they reach -----------------------------------------------------------------------


def _wirings(data: Configuration, name: str) -> list[_Wiring]:
    """Gather the connections of a drive in as few drives as can hold them."""
    found: list[_Wiring] = []
    for connection in data.connectivity:
        cell = data.cell_types[connection.target_type].cell_object
        if connection.src_type != name or cell.sect_loc.get(connection.loc) == []:
            continue
        pairs = _pairs(data, connection)
        if not any(wiring.takes(connection, pairs) for wiring in found):
            found.append(_Wiring(connection.loc, connection.nc_dict.lamtha))
            found[-1].takes(connection, pairs)
    drive = data.external_drives[name]
    # a drive that reaches nothing still fires
    return found or [_Wiring(drive.location, drive.space_constant)]


def _add_unreached(data: Configuration, name: str, wiring: _Wiring) -> None:
    """Add targets without synapses, which have drive cells all the same."""
    drive = data.external_drives[name]
    for target in drive.target_types:
        cell = data.cell_types[target].cell_object
        if target in wiring.weights or not (
            cell.sect_loc.get(wiring.location) or wiring.location in cell.sections
        ):
            continue
        delays = drive.synaptic_delays
        delay = delays.get(target, 0.1) if isinstance(delays, dict) else delays
        wiring.weights[target] = {}
        wiring.reach[target] = _Reach(delay, (), 1.0, "one_to_one")


def _pairs(data: Configuration, connection: ConnectionData) -> Pairs:
    """Return pairs of drive cell and target cell."""
    first = data.gid_ranges[connection.src_type].start
    low = data.gid_ranges[connection.target_type].start
    return tuple(
        (source - first, target - low)
        for source, targets in connection.gid_pairs.items()
        for target in targets
    )


def _common(
    data: Configuration,
    name: str,
    names: Mapping[str, str],
    wiring: _Wiring,
    usual: Mapping[str, Pairs],
) -> dict[str, Any]:
    """Return the fields that all kinds have; pairs are given where they are not the `usual`."""
    said = data.external_drives[name].probability
    targets: dict[str, dict[str, Any]] = {}
    shares: dict[str, float] = {}
    for target, weights in wiring.weights.items():
        reach, own = wiring.reach[target], names[target]
        targets[own] = {"weights": weights, "delay": reach.delay}
        chosen = bool(weights) and reach.pairs != usual[target]
        if chosen or reach.rule == "pairs":
            targets[own]["pairs"] = reach.pairs
        if weights:
            # pairs that hnn-core has left are not thinned again
            shares[own] = 1.0 if chosen and reach.rule is None else reach.share
    overall = said if isinstance(said, float) and {*shares.values()} <= {said} else 1.0
    for own, share in shares.items():
        if share != overall:
            targets[own]["probability"] = share
    return {
        "location": wiring.location, "kernel": kernel_of(wiring.space_constant),
        "targets": targets, "probability": overall,
    }  # fmt: skip


def _all_to_all(data: Configuration, name: str, wiring: _Wiring) -> dict[str, Pairs]:
    """Return the usual pairs if every drive cell reaches all."""
    n = data.gid_ranges[name].n
    return {
        target: tuple(itertools.product(range(n), range(data.gid_ranges[target].n)))
        for target in wiring.weights
    }


def _one_to_one(data: Configuration, name: str, wiring: _Wiring) -> dict[str, Pairs]:
    """Give drive cells the numbers that they have here, and return the usual pairs.

    There they are numbered over all targets that were meant, here over those that are reached.
    """
    meant = data.external_drives[name].target_types or list(wiring.weights)
    there, here = _numbers(data, meant), _numbers(data, list(wiring.weights))
    owner = {n: (t, k) for t, numbers in there.items() for k, n in enumerate(numbers)}
    for target, reach in wiring.reach.items():
        lost = [source for source, _ in reach.pairs if owner.get(source, ("",))[0] not in here]
        if lost:
            message = f"drive cell {lost[0]} reaches '{target}' but belongs to no target"
            raise ModelError([Problem("target_types", message)])
        pairs = tuple((here[owner[n][0]][owner[n][1]], cell) for n, cell in reach.pairs)
        wiring.reach[target] = reach._replace(pairs=pairs)
    return {t: tuple((n, k) for k, n in enumerate(numbers)) for t, numbers in here.items()}


def _numbers(data: Configuration, targets: Sequence[str]) -> dict[str, range]:
    """Return the numbers of the drive cells of each target, one for each of its cells."""
    found, first = {}, 0
    for target in sorted(targets, key=lambda t: data.gid_ranges[t].start):
        found[target] = range(first, first + data.gid_ranges[target].n)
        first = found[target].stop
    return found


# --- when they fire ------------------------------------------------------------------------


def _recorded(data: Configuration, name: str) -> Times:
    """Return the trains that the file holds."""
    drive = data.external_drives[name]
    found = _dynamics(_SpikeTrain, drive.dynamics)
    n = data.gid_ranges[name].n
    if len(found.times) != len(found.gids) or max(found.gids, default=0) >= n:
        message = f"must hold as many gids as times, all below {n}"
        raise ModelError([Problem("dynamics.gids", message)])
    trains: list[list[float]] = [[] for _ in range(n)]
    for time, cell in zip(found.times, found.gids, strict=True):
        trains[cell].append(time)
    return tuple(map(tuple, trains))


def _events(data: Configuration, name: str, names: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields that say when a drive fires."""
    drive = data.external_drives[name]
    if drive.type == "spike_train":
        return {"kind": "spike_train", "trains": _recorded(data, name)}
    if drive.type == "poisson":
        poisson = _dynamics(_Poisson, drive.dynamics)
        rate: Any = poisson.rate_constant
        if isinstance(rate, dict):
            rate = {names[t]: rate[t] for t in drive.target_types if t in rate}
        return {"kind": "poisson", "rate": rate, "start": poisson.tstart, "stop": poisson.tstop}
    if drive.type == "bursty":
        bursty = _dynamics(_Bursty, drive.dynamics)
        return {
            "kind": "bursty", "start": bursty.tstart, "start_sigma": bursty.tstart_std,
            "stop": bursty.tstop, "rate": bursty.burst_rate, "sigma": bursty.burst_std,
            "n_spikes": bursty.numspikes, "interval": bursty.spike_isi,
        }  # fmt: skip
    evoked = _dynamics(_Evoked, drive.dynamics)
    fields = {"mu": evoked.mu, "sigma": evoked.sigma, "n_spikes": evoked.numspikes}
    return {"kind": "evoked", **fields}


def _dynamics(kind: type[_Kind], dynamics: Mapping[str, Any]) -> _Kind:
    try:
        return kind.model_validate(dynamics)
    except ModelError as error:
        raise ModelError(under("dynamics", error.problems)) from None
