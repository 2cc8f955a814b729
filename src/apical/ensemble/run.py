"""Many simulations in one call, batch after batch."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence, Sized
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from apical.ensemble.ensemble import Ensemble
from apical.ensemble.parameters import ParameterSets, parameter_sets
from apical.ensemble.reduce import TABLES, Reduction, Row, Summary, failure_of, joined
from apical.errors import Cancelled, EngineError, ModelError, Problem
from apical.io import ensembles
from apical.running import Options, Prepared, batch_size, prepare
from apical.running.label import versions
from apical.running.options import checked, is_whole, quantity

if TYPE_CHECKING:
    from apical.engines.base import RawResult
    from apical.model import Network
    from apical.running.prepare import Drawn

#: Names that the dataset of an ensemble uses itself.
_TAKEN = {
    "dipole", "rest", "spike_counts", "failed", "at_rest", "member", "population", "time",
    "source", "layer", "set", "trial", "seed", "model", "provenance",
}  # fmt: skip

#: How much of a run may be done again, as a share of its steps, to be rid of members that diverge.
_REDONE = 0.125


def simulate_many(
    network: Network,
    parameters: Mapping[str, Sequence[Any]] | Sequence[Mapping[str, Any]] | None = None,
    duration: float | str = 170.0,
    *,
    trials: int = 1,
    dt: float | str = 0.025,
    seed: int | Sequence[int] = 0,
    engine: str = "auto",
    rates: str = "exact",
    precision: str = "double",
    start: str = "steady",
    threads: int | None = None,
    dipole_every: float | str = 0.25,
    summaries: Mapping[str, Summary] | None = None,
    keep_spikes: bool = False,
    output: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    batch: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> Ensemble:
    """Simulate a network with many parameter sets, each in several trials.

    Every member is to the last bit what `simulate` gives for it alone. Members are made, run and
    reduced batch after batch, so that 100,000 of them fit in memory. One that diverges, or cannot
    be made, is marked and does not disturb the others.

    Parameters
    ----------
    network : Network
        The model; it is not changed.
    parameters : mapping of str to sequence, or sequence of mapping, optional
        Values by address, such as ``{"drives.evprox1.mu": [20, 25, 30]}``: one of each for every
        set; or each set by itself, ``[{"drives.evprox1.mu": 20}, …]``.
    duration, trials, dt, engine, rates, precision, start, threads
        As :func:`apical.simulate` takes them, for every set.
    seed : int or sequence of int
        Seed of all sets, of which trial k then gets the same draws; or one for each set.
    dipole_every : float, ms
        From one sample of the dipole that is kept to the next; samples between are dropped.
    summaries : mapping of str to function, optional
        Functions of a member's `Result`, of one trial, that give a number or a small array.
    keep_spikes : bool
        Whether to keep the spikes.
    output : path, optional
        File to which finished batches are written; without one, the ensemble is in memory.
    overwrite : bool
        Whether that file may replace another.
    batch : int, optional
        Members that run together; by default as many as make sense. Results do not depend on it.
    progress : callable, optional
        Called with the fraction done; may raise :class:`apical.errors.Cancelled` to stop. What
        was written stays.

    Returns
    -------
    Ensemble
        Dipoles, counts of spikes, summaries and failures by member.

    Raises
    ------
    ModelError
        With everything that is wrong with the parameters, before anything runs.
    EngineError
        If the engine or one of its options does not exist.
    StorageError
        If the file cannot be written.
    """
    options = checked(
        network, duration, dt=dt, trials=trials, seed=first_seed(seed), engine=engine, rates=rates,
        precision=precision, start=start, threads=threads, sets=_how_many(parameters),
    )  # fmt: skip
    keep = to_keep(options, dipole_every, dict(summaries or {}), keep_spikes)
    sets = parameter_sets(network, parameters)
    seeds = own_seeds(seed, len(sets))
    prepared = prepare(network, options)
    many = _Many(sets, seeds, prepared, keep, _size(batch, prepared), progress)
    if output is None:
        return many.in_memory()
    return many.on_disk(output, overwrite)


def first_seed(seed: Any) -> Any:
    """Return a seed with which options can be checked."""
    return next(iter(seed), 0) if _is_list(seed) else seed


def own_seeds(seed: Any, sets: int) -> list[int] | None:
    """Return the seed of each set; None if one is that of all.

    Raises
    ------
    ModelError
        If they are not one whole number for each set.
    """
    if not _is_list(seed):
        return None
    message = ""
    if len(seed) != sets:
        message = f"must be one for each of {sets} sets; got {len(seed)}"
    elif wrong := [s for s in seed if not (is_whole(s) and 0 <= s < 2**63)]:
        message = f"must be whole numbers ≥ 0; got {wrong[0]!r:.40}"
    if message:
        raise ModelError([Problem("seed", message)])
    return [int(s) for s in seed]


def _is_list(seed: Any) -> bool:
    several = isinstance(seed, Sequence) and not isinstance(seed, str | bytes)
    return several or (isinstance(seed, np.ndarray) and seed.ndim > 0)


def with_seeds(
    columns: Mapping[str, xr.Variable], seeds: Sequence[int] | None
) -> dict[str, xr.Variable]:
    """Return columns by set, with that of seeds if each set has its own."""
    own = {} if seeds is None else {"seed": xr.Variable("member", np.array(seeds, np.int64))}
    return {**columns, **own}


def _how_many(parameters: object) -> int:
    """Return how many sets of parameters there seem to be; what is wrong is said later."""
    columns = parameters.values() if isinstance(parameters, Mapping) else [parameters]
    return max([1, *(len(c) for c in columns if isinstance(c, Sized))])


@dataclass(frozen=True)
class Keep:
    """What is kept of members: samples of the dipole every so many steps, and so on."""

    every: int
    summaries: Mapping[str, Summary]
    spikes: bool


def to_keep(
    options: Options, dipole_every: float | str, summaries: Mapping[str, Summary], spikes: bool
) -> Keep:
    """Return what is to be kept, or say what makes no sense."""
    problems: list[Problem] = []
    every = quantity("dipole_every", dipole_every, "ms", problems)
    if every <= 0:
        problems.append(Problem("dipole_every", f"must be > 0 ms; got {every:g} ms"))
    for name, function in summaries.items():
        if not (isinstance(name, str) and name.isidentifier()) or name in _TAKEN:
            problems.append(Problem(f"summaries.{name}", "needs another name, free and plain"))
        if not callable(function):
            problems.append(Problem(f"summaries.{name}", f"must be a function; got {function!r}"))
    if problems:
        raise ModelError(problems)
    return Keep(max(1, round(every / options.dt)), summaries, spikes)


def _size(batch: int | None, prepared: Prepared) -> int:
    """Return how many members run together."""
    if batch is None:
        return batch_size(prepared.plan, prepared.options.engine)
    if not (is_whole(batch) and batch >= 1):
        raise ModelError([Problem("batch", f"must be a whole number ≥ 1; got {batch!r}")])
    return int(batch)


@dataclass(frozen=True)
class _Ready:
    """A member that can run."""

    number: int
    prepared: Prepared
    drawn: Drawn


class _Many:
    """Members, made when they are needed and forgotten when they are reduced."""

    def __init__(
        self,
        sets: ParameterSets,
        seeds: Sequence[int] | None,
        base: Prepared,
        keep: Keep,
        batch: int,
        progress: Callable[[float], None] | None,
    ) -> None:
        self._sets, self._seeds, self._base, self._keep = sets, seeds, base, keep
        self._reduction = Reduction(base.plan, keep.every, keep.summaries, keep.spikes)
        self._batch, self._progress, self._told = batch, progress, 0.0
        self._trials = base.options.trials
        self._members = len(sets) * self._trials
        self._latest: tuple[int, Prepared | Exception] = -1, base
        self._done = 0

    def in_memory(self) -> Ensemble:
        """Run all members, and keep what is kept of them in memory."""
        parts = list(self._run())
        tables = {
            name: joined([part[name] for part in parts], dim)
            for name, dim in TABLES.items()
            if name in parts[0]
        }
        return Ensemble(self._sets.network, self._provenance(), lambda: tables)

    def on_disk(self, path: str | os.PathLike[str], overwrite: bool) -> Ensemble:
        """Run all members, and write what is kept of them into a file."""
        network, provenance = self._sets.network, self._provenance()
        ensembles.create(path, network, provenance, overwrite)
        for part in self._run(f"; they are in '{path}'"):
            ensembles.append(path, part)
        return Ensemble(network, provenance, partial(ensembles.read_tables, path))

    def _provenance(self) -> dict[str, Any]:
        keep, options = self._keep, self._base.options
        own = {} if self._seeds is None else {"seed": None}
        return {
            **options.provenance(), **own, "members": self._members, "sets": len(self._sets),
            "parameters": list(self._sets.columns), "dipole_every": keep.every * options.dt,
            "summaries": list(keep.summaries), "keep_spikes": keep.spikes,
            "model_hash": self._sets.network.content_hash(), **versions(),
        }  # fmt: skip

    def _run(self, kept_in: str = "") -> Iterator[dict[str, xr.Dataset]]:
        """Yield the tables of one batch after the other."""
        kept = 0
        try:
            for first in range(0, self._members, self._batch):
                numbers = range(first, min(first + self._batch, self._members))
                rows = self._rows(numbers)
                of = np.array(numbers) // self._trials
                columns = with_seeds(self._sets.columns, self._seeds)
                parameters = {path: column[of] for path, column in columns.items()}
                yield self._reduction.tables(rows, self._trials, parameters)
                self._done = kept = numbers.stop
                self._report(0)
        except Cancelled as error:
            what = f"stopped after {kept:,} of {self._members:,} members{kept_in}"
            raise Cancelled(what) from error

    def _report(self, steps: int) -> None:
        if self._progress:
            each = self._base.plan.steps
            # members that begin anew have come further before
            self._told = max(self._told, (self._done * each + steps) / (self._members * each))
            self._progress(self._told)

    def _rows(self, numbers: range) -> list[Row]:
        """Run some members, those of one structure together, and reduce them."""
        rows: list[Row] = []
        groups: list[list[_Ready]] = []
        for number in numbers:
            prepared = self._prepare(number // self._trials)
            if isinstance(prepared, Exception):
                rows.append(Row(number, failures=[failure_of(number, prepared)], failed=True))
                continue
            one = _Ready(number, prepared, prepared.draw(number % self._trials))
            for group in groups:
                if group[0].prepared.plan.structure == prepared.plan.structure:
                    group.append(one)
                    break
            else:
                groups.append([one])
        self._done += len(rows)
        for group in groups:
            rows += self._run_group(group)
            self._done += len(group)
        return sorted(rows, key=lambda row: row.member)

    def _prepare(self, number: int) -> Prepared | Exception:
        """Return a parameter set's network, ready to run, or why it cannot be."""
        if self._latest[0] != number:
            options = self._base.options
            if self._seeds is not None:
                options = replace(options, seed=self._seeds[number])
            try:
                found: Prepared | Exception = prepare(
                    self._sets.changed(number), options, like=self._base.plan
                )
            except (ModelError, EngineError) as error:
                found = error
            self._latest = number, found
        return self._latest[1]

    def _run_group(self, group: Sequence[_Ready]) -> list[Row]:
        """Run members of one structure together, and reduce them.

        One that diverges slows the others, by numbers beyond all tables. Where it does so early,
        these begin anew without it: results do not depend on who else is there.
        """
        options, rows, room = self._base.options, [], int(_REDONE * self._base.plan.steps)
        while group:
            members = [one.drawn.member for one in group]
            with closing(options.engine.start(members, threads=options.threads)) as run:
                while run.step < run.steps and len(run.failures) < len(group):
                    known = len(run.failures)
                    run.advance()
                    if run.step < run.steps:
                        self._report(len(group) * run.step)
                    if len(run.failures) > known and run.step <= room:
                        room -= run.step
                        break
                for k, error in sorted(run.failures.items()):
                    row = Row(group[k].number, failed=True, at_rest=group[k].prepared.at_rest)
                    row.failures.append(failure_of(row.member, error))
                    rows.append(row)
                left = [k for k in range(len(group)) if k not in run.failures]
                if run.step == run.steps:
                    rows += [self._row(group[k], run.result(k, copy=False)) for k in left]
                    left = []
            group = [group[k] for k in left]
        return rows

    def _row(self, one: _Ready, raw: RawResult) -> Row:
        return self._reduction.row(one.number, one.prepared, one.drawn, raw)
