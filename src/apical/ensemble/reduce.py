"""What is kept of a member: a decimated dipole, counts of spikes, and summaries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from apical.errors import Cancelled, NumericalError
from apical.running import Prepared, Trial, label
from apical.running.label import relative_dipoles, sources, spike_columns

if TYPE_CHECKING:
    from apical.engines.base import RawResult
    from apical.plan.plan import Plan
    from apical.result import Result
    from apical.running.prepare import Drawn

#: A function of a member's result that gives a number or a small array.
Summary = Callable[["Result"], Any]
#: Tables of an ensemble, and the dimension along which each grows.
TABLES = {"members": "member", "failures": "failure", "spikes": "spike"}


@dataclass(frozen=True)
class Failure:
    """What went wrong with a member.

    Parameters
    ----------
    member : int
        Which one.
    population, cell, compartment, time
        Where and by when (ms) it diverged; empty, −1 and NaN if it is no place.
    message : str
        What happened.
    """

    member: int
    population: str
    cell: int
    compartment: str
    time: float
    message: str


def failure_of(member: int, error: Exception, what: str = "") -> Failure:
    """Return an error as the failure of a member."""
    message = f"{what}{error}"
    if isinstance(error, NumericalError):
        place = error.population, error.cell, error.compartment, error.time
        return Failure(member, *place, message)
    return Failure(member, "", -1, "", float("nan"), message)


@dataclass
class Row:
    """What is kept of one member.

    Parameters
    ----------
    member : int
        Which one.
    values : dict
        By name: ``dipole`` (populations, samples), ``rest``, ``spike_counts`` and summaries; none
        if it failed.
    spikes : dict of str to array
        Columns of its spikes, if they are kept.
    failures : list of Failure
        Of the member, or of one of its summaries.
    at_rest : bool
        Whether it started from rest.
    failed : bool
        Whether it could not be run to its end.
    """

    member: int
    values: dict[str, np.ndarray] = field(default_factory=dict)
    spikes: dict[str, np.ndarray] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    at_rest: bool = False
    failed: bool = False


class Reduction:
    """Reduces members to rows, and rows to tables.

    Parameters
    ----------
    plan : Plan
        Of the network without any change; members have its populations, drives and samples.
    every : int
        Steps from one sample of the dipole to the next.
    summaries : mapping of str to function
        Functions of a `Result` of one trial.
    keep_spikes : bool
        Whether to keep the spikes.
    """

    def __init__(
        self, plan: Plan, every: int, summaries: Mapping[str, Summary], keep_spikes: bool
    ) -> None:
        self._every, self._summaries, self._keep_spikes = every, summaries, keep_spikes
        shown = [p for p in plan.populations if p.dipole]
        self._real = np.float32 if plan.precision == "single" else np.float64
        self._coordinates = {
            "population": ("population", np.array([p.name for p in shown], str)),
            "time": ("time", plan.time[::every], {"units": "ms", "long_name": "time"}),
            "source": ("source", np.array(list(sources(plan)), str)),
            "layer": ("population", np.array([p.layer for p in shown], str)),
        }
        self._shapes: dict[str, tuple[int, ...]] = {
            "dipole": (len(shown), len(plan.time[::every])),
            "rest": (len(shown),), "spike_counts": (len(sources(plan)),),
        }  # fmt: skip

    def row(self, member: int, prepared: Prepared, drawn: Drawn, raw: RawResult) -> Row:
        """Reduce one member that was run to its end."""
        trial, plan = Trial(raw, drawn.trains), prepared.plan
        dipole, rest = relative_dipoles(prepared, [trial])
        spikes = spike_columns(plan, [trial], plan.steps)
        row = Row(member, at_rest=prepared.at_rest)
        row.values = {
            "dipole": dipole[0, :, :: self._every].astype(self._real), "rest": rest,
            "spike_counts": np.bincount(spikes["source"], minlength=len(sources(plan))),
        }  # fmt: skip
        if self._keep_spikes:
            order = np.lexsort((spikes["cell"], spikes["source"], spikes["time"]))
            row.spikes = {name: spikes[name][order] for name in ("time", "source", "cell")}
        if self._summaries:
            self._summarise(row, label(prepared, [trial], plan.steps, 0.0))
        return row

    def _summarise(self, row: Row, result: Result) -> None:
        for name, function in self._summaries.items():
            try:
                value = np.asarray(function(result), float)
                shape = self._shapes.setdefault(name, value.shape)
                if value.shape != shape:
                    raise ValueError(f"gave an array of shape {value.shape}, before {shape}")
                row.values[name] = value
            except Cancelled:
                raise
            except Exception as error:
                said = f"summary '{name}': {type(error).__name__}: "
                row.failures.append(failure_of(row.member, error, said))

    def tables(
        self, rows: Sequence[Row], trials: int, parameters: Mapping[str, xr.Variable]
    ) -> dict[str, xr.Dataset]:
        """Return rows as tables.

        Parameters
        ----------
        rows : sequence of Row
            In the order of members.
        trials : int
            Trials of each parameter set.
        parameters : mapping of str to Variable
            Values of these members by address.
        """
        member = np.array([row.member for row in rows], np.int64)
        nanoampere_metre = {"units": "nAm"}
        dims = {
            "dipole": ("member", "population", "time"), "rest": ("member", "population"),
            "spike_counts": ("member", "source"),
        }  # fmt: skip
        variables: dict[str, Any] = {
            "dipole": (dims["dipole"], self._stacked(rows, "dipole", self._real), nanoampere_metre),
            "rest": (dims["rest"], self._stacked(rows, "rest", np.float64), nanoampere_metre),
            "spike_counts": (dims["spike_counts"], self._stacked(rows, "spike_counts", np.int64)),
            "failed": ("member", np.array([row.failed for row in rows])),
            "at_rest": ("member", np.array([row.at_rest for row in rows])),
        }
        for name in self._summaries:
            # how large it is, the first member that has one says
            if name in self._shapes:
                axes = [f"{name}_{k}" for k in range(len(self._shapes[name]))]
                variables[name] = (("member", *axes), self._stacked(rows, name, np.float64))
        coordinates = {
            "member": member, "set": ("member", member // trials),
            "trial": ("member", member % trials), **self._coordinates, **parameters,
        }  # fmt: skip
        return {
            "members": xr.Dataset(variables, coordinates),
            "failures": failure_table(f for row in rows for f in row.failures),
            **({"spikes": _spike_table(rows)} if self._keep_spikes else {}),
        }

    def _stacked(self, rows: Sequence[Row], name: str, kind: type) -> np.ndarray:
        """Return one value of every row, NaN or 0 where it is missing."""
        shape = self._shapes[name]
        missing = np.zeros(shape, kind) if kind is np.int64 else np.full(shape, np.nan, kind)
        found = [row.values.get(name, missing) for row in rows]
        return np.stack(found).astype(kind, copy=False)


def failure_table(failures: Iterable[Failure]) -> xr.Dataset:
    """Return failures as columns."""
    found, kinds = list(failures), {"int": np.int64, "float": np.float64, "str": str}
    columns = {
        name: ("failure", np.array([getattr(f, name) for f in found], kinds[str(kind)]))
        for name, kind in Failure.__annotations__.items()
    }
    return xr.Dataset(columns)


def _spike_table(rows: Sequence[Row]) -> xr.Dataset:
    member = [np.full(len(row.spikes.get("time", ())), row.member) for row in rows]
    columns: dict[str, Any] = {
        "member": ("spike", np.concatenate([np.zeros(0, np.int64), *member]))
    }
    for name, kind in (("time", np.float64), ("source", np.int32), ("cell", np.int32)):
        parts = [row.spikes.get(name, np.zeros(0)) for row in rows]
        columns[name] = ("spike", np.concatenate([np.zeros(0), *parts]).astype(kind))
    return xr.Dataset(columns)


def joined(parts: Sequence[xr.Dataset], dim: str) -> xr.Dataset:
    """Put tables one after the other; what some of them lack is NaN there.

    Parameters
    ----------
    parts : sequence of Dataset
        Tables; what does not run along `dim` is alike in all.
    dim : str
        The dimension along which they grow.
    """
    names = dict.fromkeys(name for part in parts for name in part.variables)
    variables = {name: _joined(name, parts, dim) for name in names}
    coordinates = {name for part in parts for name in part.coords}
    return xr.Dataset(variables).set_coords(coordinates)  # type: ignore[arg-type]


def _joined(name: Any, parts: Sequence[xr.Dataset], dim: str) -> xr.Variable:
    first = next(part.variables[name] for part in parts if name in part.variables)
    if dim not in first.dims:
        return first
    values = [
        part.variables[name].values
        if name in part.variables
        else np.full((part.sizes[dim], *first.shape[1:]), np.nan)
        for part in parts
    ]
    return xr.Variable(first.dims, np.concatenate(values), first.attrs)
