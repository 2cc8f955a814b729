"""Simulations that a posterior is learned from: values drawn, simulated, measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from apical.analysis import DataError
from apical.errors import ModelError, Problem
from apical.fit import Space, sweep
from apical.infer.features import (
    Components,
    Feature,
    Function,
    miscounted,
    names_of,
    units_of,
)
from apical.infer.origin import MADE_WITH, made_with
from apical.infer.prior import units_of_parameters
from apical.random import stream
from apical.running.options import is_whole

Floats = np.ndarray
#: How many simulations tell at first whether functions give what they should.
_TRIED = 4


def check_counts(**counts: Any) -> None:
    """Refuse what is no whole number ≥ 1, by name; simulations may be there already."""
    problems = [
        Problem(name, f"must be a whole number ≥ 1; got {n!r:.40}")
        for name, n in counts.items()
        if not (isinstance(n, xr.Dataset) or (is_whole(n) and n >= 1))
    ]
    if problems:
        raise ModelError(problems)


def drawn(space: Space, n: int, seed: int, *names: str) -> Floats:
    """Return rows of values from the prior, (n, parameters); fewer are the first of more."""
    return space.quantiles(stream(seed, "infer", *names, "values").random((n, len(space))))


def seeds(n: int, seed: int, *names: str) -> list[int]:
    """Return one seed for each simulation: noise is part of what is learned."""
    return stream(seed, "infer", *names, "seeds").integers(2**62, size=n).tolist()


def simulated(
    space: Space, features: Sequence[Feature], rows: Floats, seed: Sequence[int],
    options: Mapping[str, Any],
) -> tuple[xr.Dataset, Any]:  # fmt: skip
    """Simulate rows of values, each with its own random draws.

    Parameters
    ----------
    space : Space
        What they are values of.
    features : sequence of Feature
        What is measured.
    rows : (simulations, parameters) array
        Values.
    seed : sequence of int
        Seed of each.
    options : mapping
        As `apical.sweep` takes them.

    Returns
    -------
    Dataset
        Along ``simulation``: ``values``, ``seed``, ``failed`` and, for each feature,
        ``measured_0``, …, averaged over trials; its attribute ``failure`` is the first, and
        ``made_with`` says what they depend on.
    Ensemble
        All of it, by trial.
    """
    found = _swept(space, features, rows, seed, options)
    trials, names = options["trials"], [f"measured_{k}" for k in range(len(features))]
    along = ("simulation", "parameter")
    failed = found.dataset["failed"].values.reshape(-1, trials).any(axis=1)
    data = xr.Dataset(
        {"values": (along, rows), "seed": ("simulation", np.array(seed, np.int64))},
        {"parameter": np.array(space.names, str),
         "unit": ("parameter", np.array(units_of_parameters(space), str))},
        {"failure": found.failures[0].message if found.failures else "",
         MADE_WITH: made_with(space, features, found.provenance)},
    )  # fmt: skip
    for name in names:
        if name not in found.dataset:
            raise DataError(f"no simulation could be measured: {data.attrs['failure']}")
        each = found.dataset[name].values.reshape(len(rows), trials, -1)
        data[name] = (("simulation", f"of_{name}"), each.mean(axis=1))
        failed |= ~np.isfinite(data[name].values).all(axis=1)
    data["failed"] = ("simulation", failed)
    return data, found


def _swept(
    space: Space, features: Sequence[Feature], rows: Floats, seed: Sequence[int],
    options: Mapping[str, Any],
) -> Any:  # fmt: skip
    """Return simulations as a sweep gives them, with what each feature measured."""
    given = dict(options)
    # what the features need is measured while it runs
    given.setdefault("dipole_every", given["duration"])
    summaries = {f"measured_{k}": feature.summary for k, feature in enumerate(features)}
    found = sweep(space, rows, seed=seed, summaries=summaries, **given)
    table = found.dataset
    sizes = [table[n].size // len(found) if n in table else None for n in summaries]
    if problems := miscounted(features, sizes):
        raise ModelError(problems)
    return found


def check(features: Sequence[Feature], duration: float, dt: float) -> list[Problem]:
    """Return which features a run of some length (ms) cannot have, or have names of others."""
    time = dt * np.arange(round(duration / dt) + 1)
    wave = xr.DataArray(
        stream(0, "infer", "check").normal(size=time.size), {"time": time}, ("time",)
    )
    problems = []
    for k, feature in enumerate(features):
        if isinstance(feature, Function):
            continue
        try:
            there = bool(np.isfinite(feature.measure(wave)).all())
            message = "" if there else f"reaches beyond the run, which ends at {duration:g} ms"
        except DataError as error:
            message = str(error)
        if message:
            problems.append(Problem(f"features[{k}]", message))
    return problems or _twice(features)


def _twice(features: Sequence[Feature]) -> list[Problem]:
    """Return which features have names of others."""
    owners: dict[str, int] = {}
    problems = []
    for k, feature in enumerate(features):
        if taken := [name for name in feature.names if name in owners]:
            message = f"has '{taken[0]}', as features[{owners[taken[0]]}] has"
            hint = "one with a wider window will do, or other names where it takes names"
            problems.append(Problem(f"features[{k}]", message, hint))
        owners |= dict.fromkeys(feature.names, k)
    return problems


def try_functions(
    space: Space, features: Sequence[Feature], rows: Floats, seed: Sequence[int],
    options: Mapping[str, Any],
) -> None:  # fmt: skip
    """Simulate the first few sets, and refuse functions that do not give what they should.

    A journal keeps these few. All arguments are as `simulated` takes them.

    Raises
    ------
    ModelError
        With all functions that give another number of values than they have names for.
    """
    if any(isinstance(feature, Function) for feature in features):
        # some may fail: that is no reason to give up
        _swept(space, features, rows[:_TRIED], seed[:_TRIED], options)


def checked_features(features: object) -> tuple[Feature, ...]:
    """Return features, one or several; refuse what is none."""
    given = (features,) if isinstance(features, Feature) else features
    if not isinstance(given, Sequence) or not given:
        given = (given,)
    problems = [
        Problem(f"features[{k}]", f"must be a Feature; got {type(one).__name__}")
        for k, one in enumerate(given)
        if not isinstance(one, Feature)
    ]
    if problems:
        raise ModelError(problems)
    return tuple(given)  # type: ignore[arg-type]


def learned(features: Sequence[Feature], data: xr.Dataset) -> tuple[Feature, ...]:
    """Return features with what they take from the simulations that did not fail."""
    good = data.isel(simulation=~data["failed"].values)
    return tuple(f.learned(good[f"measured_{k}"].values) for k, f in enumerate(features))


def table(features: Sequence[Feature], data: xr.Dataset) -> xr.DataArray:
    """Return all features of all simulations: (simulation, feature); NaN where they failed."""
    columns = [feature.of(data[f"measured_{k}"].values) for k, feature in enumerate(features)]
    return labelled_features(features, np.concatenate(columns, axis=1))


def labelled_features(features: Sequence[Feature], values: Floats) -> xr.DataArray:
    """Return features, ([simulation,] feature), with names and units."""
    names = {
        "feature": np.array(names_of(features), str),
        "feature_unit": ("feature", np.array(units_of(features), str)),
    }
    return xr.DataArray(values, names, ("simulation", "feature")[-values.ndim :])


def measured(features: Sequence[Feature], recorded: Any, scale: float) -> list[Floats] | None:
    """Return what each feature measures of data; None of an array, which holds features.

    Parameters
    ----------
    features : sequence of Feature
        What is measured.
    recorded : Result, DataArray or array
        The data.
    scale : float
        By what the data are larger than one simulated column.

    Raises
    ------
    DataError
        If the data are too short for a feature, or are not as many as there are features.
    """
    if isinstance(recorded, np.ndarray | list | tuple):
        _check_given(features, np.asarray(recorded, float))
        return None
    data = recorded if isinstance(recorded, xr.DataArray) else recorded.total()
    found = [feature.measure(data / scale) for feature in features]
    lost = [f for f, one in zip(features, found, strict=True) if not np.isfinite(one).all()]
    if lost:
        kinds = ", ".join(type(feature).__name__ for feature in lost)
        raise DataError(f"the data are not as long as {kinds} need, or not finite")
    return found


def observed(features: Sequence[Feature], recorded: Any, scale: float) -> Floats:
    """Return the features of data, (features,); an array is taken as these."""
    found = measured(features, recorded, scale)
    if found is None:
        return np.asarray(recorded, float)
    columns = [f.of(one[None])[0] for f, one in zip(features, found, strict=True)]
    values = np.concatenate(columns)
    _check_given(features, values)
    return values


def _check_given(features: Sequence[Feature], values: Floats) -> None:
    """Refuse an array that is not all features; how many components there are, is learned."""
    names = names_of(features)
    open_ended = any(isinstance(f, Components) and f.axes is None for f in features)
    wrong = values.ndim != 1 if open_ended else values.shape != (len(names),)
    if wrong or not np.isfinite(values).all():
        said = ", ".join(names[:12])
        raise DataError(f"the data must have {len(names)} features, finite: {said}")
