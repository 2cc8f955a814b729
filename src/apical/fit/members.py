"""What a sweep keeps of a parameter set: simulated anywhere, packed as bytes, joined in order."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property, partial
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from apical.ensemble import simulate_many
from apical.ensemble.reduce import TABLES, Failure, Summary, failure_table, joined
from apical.errors import EngineError, ModelError
from apical.model.part import Part

if TYPE_CHECKING:
    from apical.model import Network
    from apical.result import Result

Tables = Mapping[str, xr.Dataset]
#: Values whose text is all of them.
_SHOWN = (range, slice, Enum, PurePath)


@dataclass(frozen=True)
class Work:
    """What is the same for all parameter sets of a sweep.

    Parameters
    ----------
    network : Network
        The model.
    options : dict
        Further arguments of `simulate_many`, plain values.
    summaries : dict of str to function
        Functions of a member's `Result`.
    """

    network: Network
    options: dict[str, Any]
    summaries: dict[str, Summary]


def run(
    work: Work,
    sets: Sequence[Mapping[str, Any]],
    progress: Callable[[float], None] | None = None,
) -> list[bytes]:
    """Simulate some parameter sets.

    Returns
    -------
    list of bytes
        First what all sets share, labels and provenance, then one record for each set. These do
        not depend on what else was simulated.
    """
    kept = {name: _Kept(function) for name, function in work.summaries.items()}
    found = simulate_many(work.network, sets, summaries=kept, progress=progress, **work.options)
    tables, trials = found.tables, work.options["trials"]
    members = tables["members"].drop_vars(found.provenance["parameters"])
    shared = members.drop_dims("member")
    shared.attrs["provenance"] = json.dumps(dict(found.provenance))
    members = members.drop_vars([*shared.variables, "member", "set", "trial"])
    members = members.drop_vars("seed", errors="ignore")
    records = [packed({"shared": shared})]
    for first in range(0, len(found), trials):
        mine = members.isel(member=slice(first, first + trials))
        parts = {
            name: _between(tables[name], first, trials) for name in tables if name != "members"
        }
        failures = list(_failures(parts["failures"]))
        values = {
            name: one.values_of(mine[name].values if name in mine else [np.nan] * trials)
            for name, one in kept.items()
        }
        mine = mine.drop_vars(list(kept), errors="ignore")
        for name, rows in values.items():
            variable, strange = _stacked(name, rows)
            failures += strange
            if variable is not None:
                mine[name] = variable
        parts["failures"] = failure_table(sorted(failures, key=lambda f: f.member))
        records.append(packed({"members": mine, **parts}))
    return records


def run_elsewhere(work: Work, sets: Sequence[Mapping[str, Any]]) -> list[bytes]:
    """Do as :func:`run`, in another process, to which a `ModelError` could not come back."""
    try:
        return run(work, sets)
    except ModelError as error:
        raise EngineError(str(error)) from None


class _Kept:
    """A summary that keeps its values, of any shape, and gives the place of each."""

    def __init__(self, function: Summary) -> None:
        self._function, self._values = function, []

    def __call__(self, result: Result) -> int:
        self._values.append(np.asarray(self._function(result), float))
        return len(self._values) - 1

    def values_of(self, places: Iterable[float]) -> list[np.ndarray | None]:
        return [None if np.isnan(place) else self._values[int(place)] for place in places]


def _between(table: xr.Dataset, first: int, n: int) -> xr.Dataset:
    """Return the rows of `n` members from the first on, counted from there."""
    (dim,) = table["member"].dims
    member = table["member"].values
    mine = table.isel({dim: (first <= member) & (member < first + n)})
    return mine.assign(member=mine["member"] - first)


def _stacked(
    name: str, rows: Sequence[np.ndarray | None]
) -> tuple[xr.Variable | None, list[Failure]]:
    """Return rows as a variable, NaN where there is none, and which had another shape."""
    shape = next((row.shape for row in rows if row is not None), None)
    if shape is None:
        return None, []
    strange = [
        _of_other_shape(name, k, row.shape, shape)
        for k, row in enumerate(rows)
        if row is not None and row.shape != shape
    ]
    missing = np.full(shape, np.nan)
    values = [missing if row is None or row.shape != shape else row for row in rows]
    axes = [f"{name}_{k}" for k in range(len(shape))]
    return xr.Variable(("member", *axes), np.stack(values)), strange


def _of_other_shape(name: str, member: int, shape: tuple, first: tuple) -> Failure:
    message = f"summary '{name}': gave an array of shape {shape}, before {first}"
    return Failure(member, "", -1, "", float("nan"), message)


# --- all sets together ----------------------------------------------------------------------------


def together(
    records: Iterable[bytes], shared: xr.Dataset, trials: int, summaries: Iterable[str]
) -> dict[str, xr.Dataset]:
    """Join the records of sets, in the order of sets, to the tables of an ensemble."""
    parts: dict[str, list[xr.Dataset]] = {}
    shapes: dict[str, tuple[int, ...]] = {}
    failures: list[Failure] = []
    for number, record in enumerate(records):
        tables = unpacked(record)
        first = number * trials
        members, strange = _alike(tables["members"], summaries, shapes)
        own = [*_failures(tables["failures"]), *strange]
        failures += sorted(
            (Failure(first + f.member, *list(vars(f).values())[1:]) for f in own),
            key=lambda f: f.member,
        )
        parts.setdefault("members", []).append(members)
        if "spikes" in tables:
            spikes = tables["spikes"]
            parts.setdefault("spikes", []).append(spikes.assign(member=spikes["member"] + first))
    found = {name: joined(some, TABLES[name]) for name, some in parts.items()}
    member = np.arange(found["members"].sizes["member"])
    coordinates = {
        "member": member, "set": ("member", member // trials), "trial": ("member", member % trials),
    }  # fmt: skip
    members = found["members"].assign_coords({**coordinates, **shared.variables})
    found["members"] = members.assign_attrs(shared.attrs)
    return {**found, "failures": failure_table(failures)}


def _alike(
    members: xr.Dataset, summaries: Iterable[str], shapes: dict[str, tuple[int, ...]]
) -> tuple[xr.Dataset, list[Failure]]:
    """Leave out summaries of another shape than those of earlier sets."""
    strange: list[Failure] = []
    for name in summaries:
        if name not in members:
            continue
        values = members[name].values
        shape = shapes.setdefault(name, values.shape[1:])
        if values.shape[1:] != shape:
            there = ~np.isnan(values.reshape(len(values), -1)).all(axis=1)
            strange += [
                _of_other_shape(name, k, values.shape[1:], shape)
                for k in np.flatnonzero(there).tolist()
            ]
            members = members.drop_vars(name)
    return members, strange


def _failures(table: xr.Dataset) -> Iterable[Failure]:
    columns = [table[name].values.tolist() for name in Failure.__annotations__]
    return (Failure(*row) for row in zip(*columns, strict=True))


# --- tables as bytes ------------------------------------------------------------------------------


def packed(tables: Tables) -> bytes:
    """Return tables as bytes: a line of JSON that says what they hold, then the numbers."""
    heads, blocks = {}, []
    for table, dataset in tables.items():
        columns = {}
        for name, variable in dataset.variables.items():
            values = np.ascontiguousarray(variable.values)
            values = values.astype(values.dtype.newbyteorder("<"), copy=False)
            attrs = dict(variable.attrs)
            columns[name] = [variable.dims, values.dtype.str, values.shape, attrs]
            blocks.append(values.tobytes())
        heads[table] = {"columns": columns, "coords": list(dataset.coords), "attrs": dataset.attrs}
    return b"\n".join([json.dumps(heads).encode(), b"".join(blocks)])


def unpacked(data: bytes) -> dict[str, xr.Dataset]:
    """Return what :func:`packed` was given."""
    head, _, _ = data.partition(b"\n")
    at, found = len(head) + 1, {}
    for table, about in json.loads(head).items():
        variables = {}
        for name, (dims, kind, shape, attrs) in about["columns"].items():
            dtype = np.dtype(kind)
            count = int(np.prod(shape))
            values = np.frombuffer(data, dtype, count, at) if count * dtype.itemsize else []
            values = np.array(values, dtype).reshape(shape)
            variables[name] = xr.Variable(dims, values, attrs)
            at += values.nbytes
        dataset = xr.Dataset(variables, attrs=about["attrs"])
        found[table] = dataset.set_coords(about["coords"])
    return found


# --- what a summary is ----------------------------------------------------------------------------


def fingerprint(function: Any) -> str:
    """Return a hash of what a function does, as far as Python shows it.

    Its code, defaults and what it closes over; of a method or another callable, the attributes of
    the object as well. Data that it reads from elsewhere are not seen.
    """
    return hashlib.blake2b(repr(_essence(function)).encode(), digest_size=8).hexdigest()


def _essence(thing: Any, above: tuple[Any, ...] = ()) -> Any:
    """Return what makes a thing what it is, as plain values; `above` are those that it is in."""
    if any(thing is one for one in above):
        return "itself"
    parts = _parts(thing)
    if parts is None:
        return thing
    found = [_essence(part, (*above, thing)) for part in parts]
    return sorted(map(repr, found)) if isinstance(thing, (set, frozenset)) else found


def _parts(thing: Any) -> list[Any] | None:
    """Return what a thing consists of; None of plain values."""
    if isinstance(thing, np.generic):
        return [thing.dtype.str, thing.tobytes()]
    if isinstance(thing, (bool, int, float, complex, str, bytes, type(None))):
        return None
    if isinstance(thing, types.FunctionType):
        cells = [c.cell_contents for c in thing.__closure__ or () if _is_filled(c)]
        return [thing.__code__, thing.__defaults__, thing.__kwdefaults__, *cells]
    if isinstance(thing, types.MethodType):
        return [thing.__func__, *(_state(thing.__self__) or [thing.__self__])]
    if isinstance(thing, types.CodeType):
        return [thing.co_code, thing.co_names, thing.co_consts]
    if isinstance(thing, partial):
        return [thing.func, thing.args, thing.keywords]
    if wrapped := getattr(thing, "__wrapped__", None):
        return [wrapped]
    if isinstance(thing, dict):
        return list(thing.items())
    if isinstance(thing, (tuple, list, set, frozenset)):
        return list(thing)
    if isinstance(thing, np.ndarray):
        return [thing.dtype.str, thing.shape, thing.tobytes()]
    if isinstance(thing, xr.DataArray):
        return [thing.dims, thing.values, {name: c.values for name, c in thing.coords.items()}]
    if isinstance(thing, xr.Dataset):
        return [{name: (v.dims, v.values) for name, v in thing.variables.items()}]
    if isinstance(thing, Part):
        return [thing.fingerprint]
    kind = thing if hasattr(thing, "__qualname__") else type(thing)
    named = [kind.__module__, kind.__qualname__]
    if isinstance(thing, _SHOWN):
        return [*named, repr(thing)]
    known = dataclasses.is_dataclass(thing) or callable(thing)
    return [*named, *(_state(thing) or [])] if known and kind is type(thing) else named


def _state(thing: Any) -> list[Any] | None:
    """Return the attributes of an object by name, without what it remembers for speed."""
    if dataclasses.is_dataclass(thing):
        return [(f.name, getattr(thing, f.name)) for f in dataclasses.fields(thing)]
    held = getattr(thing, "__dict__", None)
    if held is None or isinstance(thing, (type, types.ModuleType)):
        return None
    kind = type(thing)
    return [kind.__module__, kind.__qualname__] + [
        (name, value)
        for name, value in sorted(held.items())
        if not isinstance(getattr(kind, name, None), cached_property)
    ]


def _is_filled(cell: types.CellType) -> bool:
    try:
        return cell.cell_contents is not cell
    except ValueError:
        return False
