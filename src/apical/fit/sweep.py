"""Sweeps: many parameter sets, of which none that is finished is lost or done again."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from apical import __version__
from apical.ensemble import Ensemble
from apical.ensemble.parameters import ParameterSets, parameter_sets
from apical.ensemble.run import first_seed, own_seeds, to_keep, with_seeds
from apical.errors import Cancelled, ModelError, Problem
from apical.fit.executors import Executor, results
from apical.fit.journal import Journal, key_of
from apical.fit.members import Work, fingerprint, run, run_elsewhere, together, unpacked
from apical.fit.space import Space
from apical.running.options import checked, is_whole

if TYPE_CHECKING:
    from apical.ensemble.reduce import Summary
    from apical.model import Network

Store = Journal | MutableMapping[bytes, bytes]
#: Members of a batch: as many as fill the lanes of a processor, or a GPU. More are hardly faster,
#: and are lost together.
_AT_ONCE = {"cpu": 16, "reference": 16, "cuda": 1024}
#: What the dataset of a sweep has besides that of an ensemble.
_TAKEN = {"parameters", "parameter"}
_SHARED = key_of("shared")


def sweep(
    network: Network | Space,
    parameters: ArrayLike | Mapping[str, Sequence[Any]] | Sequence[Mapping[str, Any]],
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
    journal: str | os.PathLike[str] | None = None,
    executor: Executor | Callable[[], Executor] | None = None,
    batch: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> Ensemble:
    """Simulate many parameter sets; with a journal, nothing finished is lost or done again.

    Called again with the same arguments, a sweep that was interrupted, however rudely, goes on;
    the outcome is to the last bit that of one that was not. Of more sets, only new ones are run.

    Parameters
    ----------
    network : Network or Space
        The model; or a space, which knows it.
    parameters : array, mapping or sequence
        Rows of values of the space, as its `grid` or `sample` gives; or sets for a network.
    duration, trials, dt, seed, engine, rates, precision, start, dipole_every, keep_spikes
        These, and sets, as :func:`apical.simulate_many` takes them.
    threads : int, optional
        By default one per core; for each worker of an executor, one.
    summaries : mapping of str to function, optional
        Functions of a member's `Result`, which an executor must be able to send elsewhere.
    journal : path, optional
        File that keeps what is finished; made if it is not there, and continued if it is.
    executor : Executor, or function that returns one, optional
        Anything with ``submit``, as `concurrent.futures` has it; ``engine='auto'`` is then
        ``'cpu'``. A function, such as ``functools.partial(ProcessPoolExecutor, 4)``, is called
        again when workers were lost.
    batch : int, optional
        Sets that are simulated and written together. Results do not depend on it.
    progress : callable, optional
        Called with the fraction done; may raise :class:`apical.errors.Cancelled` to stop.

    Returns
    -------
    Ensemble
        As of `simulate_many`; of a space, with its values as ``parameters`` (member, parameter).

    Raises
    ------
    ModelError, EngineError
        If parameters or options are wrong, before anything runs.
    FileFormatError, StorageError
        If the journal is of another sweep (it says what differs), or cannot be written.
    """
    given = {
        "dt": dt, "trials": trials, "seed": first_seed(seed), "engine": engine, "rates": rates,
        "precision": precision, "start": start, "threads": threads,
    }  # fmt: skip
    if executor is not None:
        given |= {"engine": "cpu" if engine == "auto" else engine, "threads": threads or 1}
    space, sets = _sets(network, parameters)
    seeds = own_seeds(seed, len(sets))
    keep = {"dipole_every": dipole_every, "spikes": keep_spikes, "summaries": dict(summaries or {})}
    work = _work(sets, duration, given, keep, executor is not None)
    if seeds is not None:
        work = replace(work, options=work.options | {"seed": None})
    size = _size(batch, work)
    with nullcontext({}) if journal is None else Journal(journal, _recipe(work)) as store:
        tables = _tables(store, sets, seeds, work, size, executor, progress)
    return _ensemble(tables, sets, seeds, work, space, parameters)


def _sets(network: Network | Space, parameters: Any) -> tuple[Space | None, ParameterSets]:
    """Return the space, if there is one, and the sets, checked."""
    if isinstance(network, Space):
        return network, parameter_sets(network.base, network.sets(parameters))
    return None, parameter_sets(network, parameters)


def _work(
    sets: ParameterSets,
    duration: float | str,
    given: dict[str, Any],
    keep: dict[str, Any],
    elsewhere: bool,
) -> Work:
    """Check how sets are run and what is kept of them."""
    if given["engine"] not in (*_AT_ONCE, "auto"):
        raise ModelError([Problem("engine", f"must be one of {', '.join(_AT_ONCE)}")])
    # what this machine has says nothing of the others
    here: dict[str, Any] = {"engine": "cpu"} if elsewhere else {}
    options = checked(sets.network, duration, sets=len(sets), **(given | here))
    kept = to_keep(options, **keep)
    if wrong := _TAKEN & kept.summaries.keys():
        raise ModelError([Problem(f"summaries.{name}", "needs another name") for name in wrong])
    known = options.provenance() | ({"engine": given["engine"]} if elsewhere else {})
    del known["engine_choice"]
    known |= {"dipole_every": kept.every * options.dt, "keep_spikes": kept.spikes}
    return Work(sets.network, known, dict(kept.summaries))


def _size(batch: int | None, work: Work) -> int:
    """Return how many sets run together."""
    if batch is None:
        return max(1, _AT_ONCE[work.options["engine"]] // work.options["trials"])
    if not (is_whole(batch) and batch >= 1):
        raise ModelError([Problem("batch", f"must be a whole number ≥ 1; got {batch!r}")])
    return int(batch)


def _recipe(work: Work) -> dict[str, Any]:
    """Return what a journal must have been made with to be continued."""
    options = {name: value for name, value in work.options.items() if name != "threads"}
    summaries = {f"summaries.{n}": fingerprint(function) for n, function in work.summaries.items()}
    return {
        "work": "sweep", "apical": __version__, "network": work.network.fingerprint,
        **options, "summaries": sorted(work.summaries), **summaries,
    }  # fmt: skip


def _as_floats(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return changes with 3 and 3.0 alike."""
    return {
        path: float(value) if isinstance(value, int) and not isinstance(value, bool) else value
        for path, value in changes.items()
    }


def _tables(
    store: Store,
    sets: ParameterSets,
    seeds: Sequence[int] | None,
    work: Work,
    size: int,
    executor: Executor | Callable[[], Executor] | None,
    progress: Callable[[float], None] | None,
) -> dict[str, xr.Dataset]:
    """Simulate what is not in store, and join all that was asked for."""
    each = [(_as_floats(one),) for one in sets.given]
    if seeds is not None:
        each = [(one, seed) for (one,), seed in zip(each, seeds, strict=True)]
    keys = [key_of(*one) for one in each]
    given = zip(sets.given, seeds or [None] * len(sets), strict=True)
    try:
        _fill(store, dict(zip(keys, given, strict=True)), work, size, executor, progress)
    except (Exception, KeyboardInterrupt) as error:
        where = f"; they are in '{store.path}'" if isinstance(store, Journal) else ""
        done = sum(key in store for key in keys)
        said = f"stopped after {done:,} of {len(keys):,} sets{where}"
        if isinstance(error, Cancelled):
            raise Cancelled(said) from error
        error.add_note(said)
        raise
    shared = unpacked(store[_SHARED])["shared"]
    return together((store[key] for key in keys), shared, work.options["trials"], work.summaries)


def _fill(
    store: Store,
    sets: Mapping[bytes, tuple[Mapping[str, Any], int | None]],
    work: Work,
    size: int,
    executor: Executor | Callable[[], Executor] | None,
    progress: Callable[[float], None] | None,
) -> None:
    """Simulate the sets, each perhaps with a seed, that are not in store."""
    missing = [key for key in sets if key not in store or _SHARED not in store]
    batches = [missing[k : k + size] for k in range(0, len(missing), size)]
    tasks = [_task(work, [sets[key] for key in batch]) for batch in batches]
    done = len(sets) - len(missing)

    def report(fraction: float, n: int = 0) -> None:
        if progress:
            progress((done + fraction * n) / len(sets))

    for number, records in _each(tasks, executor, report):
        found = dict(zip(batches[number], records[1:], strict=True))
        store.update(found if _SHARED in store else {_SHARED: records[0], **found})
        done += len(found)
        report(0.0)


def _task(
    work: Work, sets: Sequence[tuple[Mapping[str, Any], int | None]]
) -> tuple[Work, list[Mapping[str, Any]]]:
    """Return what a worker is given: the sets, and their seeds among the options."""
    if work.options["seed"] is None:
        work = replace(work, options=work.options | {"seed": [seed for _, seed in sets]})
    return work, [changes for changes, _ in sets]


def _each(
    tasks: Sequence[tuple[Work, list[Mapping[str, Any]]]],
    executor: Executor | Callable[[], Executor] | None,
    report: Callable[[float, int], None],
) -> Iterator[tuple[int, list[bytes]]]:
    """Yield the number and the records of each task when it is done."""
    if executor is not None:
        yield from results(run_elsewhere, tasks, executor)
        return
    for number, (work, sets) in enumerate(tasks):
        n = len(sets)
        # the last step of a batch is done when its records are kept
        yield number, run(work, sets, lambda f, n=n: report(f, n) if f < 1 else None)


def _ensemble(
    tables: dict[str, xr.Dataset], sets: ParameterSets, seeds: Sequence[int] | None, work: Work,
    space: Space | None, values: Any,
) -> Ensemble:  # fmt: skip
    """Return tables as an ensemble, with the parameters of each member."""
    trials, members = work.options["trials"], tables["members"]
    of = np.arange(len(sets)).repeat(trials)
    provenance = json.loads(members.attrs.pop("provenance")) | {
        "members": len(of), "sets": len(sets), "parameters": list(sets.columns),
        "summaries": list(work.summaries),
    }  # fmt: skip
    columns = with_seeds(sets.columns, seeds)
    members = members.assign_coords({path: column[of] for path, column in columns.items()})
    if space:
        rows = xr.Variable(("member", "parameter"), np.asarray(values, float)[of])
        names = ("parameter", np.array(space.names, str))
        members = members.assign(parameters=rows).assign_coords(parameter=names)
    return Ensemble(work.network, provenance, lambda: {**tables, "members": members})
