"""The verb: infer which parameters of a network data leave possible."""

from __future__ import annotations

import os
import time as clock
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from importlib import metadata
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from apical.analysis import DataError
from apical.errors import ModelError, Problem, did_you_mean
from apical.fit import Space
from apical.infer.estimator import KINDS, Estimator, Settings, learn, needed
from apical.infer.features import Feature
from apical.infer.origin import check_origin
from apical.infer.posterior import Posterior, labelled
from apical.infer.prior import coordinates, values_at
from apical.infer.simulations import (
    check,
    checked_features,
    drawn,
    labelled_features,
    learned,
    measured,
    observed,
    seeds,
    simulated,
    table,
    try_functions,
)
from apical.running.label import versions
from apical.running.options import checked, is_whole

if TYPE_CHECKING:
    from apical.fit.executors import Executor
    from apical.result import Result

#: How simulations are run if nothing else is said.
_USUAL = {
    "dt": 0.025, "engine": "auto", "rates": "exact", "precision": "single", "start": "steady",
    "threads": None,
}  # fmt: skip


@dataclass(frozen=True)
class Progress:
    """How far an inference is; what its ``progress`` is called with.

    Parameters
    ----------
    doing : str
        "simulating", then "learning".
    done : float
        Fraction of it; learning ends before 1 when nothing more is learned.
    loss : float
        While learning, the smallest so far; otherwise NaN.
    """

    doing: str
    done: float
    loss: float = float("nan")


def infer(
    space: Space,
    features: Feature | Sequence[Feature],
    recorded: Result | xr.DataArray | ArrayLike,
    duration: float | str = 170.0,
    *,
    simulations: int | xr.Dataset = 1000,
    trials: int = 1,
    seed: int = 0,
    scale: float = 1.0,
    samples: int = 5000,
    estimator: Mapping[str, Any] | None = None,
    journal: str | os.PathLike[str] | None = None,
    executor: Executor | Callable[[], Executor] | None = None,
    progress: Callable[[Progress], None] | None = None,
    **options: Any,
) -> Posterior:
    """Find all parameters that could have given some data, and how likely each is.

    Parameters are drawn from the prior and simulated, each with its own random draws; networks
    learn from these what features of a dipole say about parameters (neural posterior estimation,
    with the package sbi). Equal seeds give equal posteriors on one machine.

    Parameters
    ----------
    space : Space
        What of a network may vary; each parameter's bounds, scale and prior.
    features : Feature or sequence of Feature
        What of the data counts, such as ``[Components(n=6), Peaks({"P50": (35, 65)})]``.
    recorded : Result, DataArray (time) or (trial, time), nAm, or array (features,)
        The data; or their features.
    duration : float, ms
        Length of a simulation.
    simulations : int or Dataset
        How many; or another posterior's `simulations`, which must be of the same model, space,
        features, duration, step and trials. A table of your own is taken as it is.
    trials : int
        Trials over which a simulation is averaged: as many as the data are, or noise is another.
    seed : int
        Of the parameters, simulations, network and draws.
    scale : float
        By what the data are larger than one simulated column.
    samples : int
        Draws of the posterior.
    estimator : mapping, optional
        How networks are made and learned: fields of `apical.infer.Settings`.
    journal, executor
        As :func:`apical.sweep` takes them: an interrupted inference goes on where it was left.
    progress : callable, optional
        Called with a `Progress`; may raise :class:`apical.errors.Cancelled` to stop. While
        networks learn, that, or Ctrl-C, gives the posterior learned so far.
    **options
        As :func:`apical.simulate` takes them; by default, in single precision.

    Raises
    ------
    ModelError, DataError
        With everything that is wrong with the options, or in which simulations are others; if
        the data lack a feature, or too few simulations are left to learn from.
    MissingPackageError
        If sbi is not installed.
    FileFormatError, StorageError
        If the journal is of other work, or cannot be written.
    """
    settings, given = _settings(estimator), checked_features(features)
    _check(space, simulations, samples, scale)
    run = _simulated(space, duration, trials, seed, options)
    given = _within(given, run["duration"], run["dt"])
    if isinstance(simulations, xr.Dataset):
        check_origin(simulations, space, given, run)
    # what is missing or too short is told before anything is simulated
    needed()
    measured(given, recorded, scale)
    tell, data, began = progress or _nobody, simulations, clock.perf_counter()
    if not isinstance(data, xr.Dataset):
        how = {**run, "journal": journal, "executor": executor}
        data = _new(space, given, data, seed, how, tell)
    found = _learned(space, given, data, settings, seed, tell)
    known = {"seed": seed, "simulated": run, "wall_seconds": clock.perf_counter() - began}
    return _posterior(space, *found, data, recorded, scale, samples, known)


def _new(
    space: Space, features: Sequence[Feature], n: int, seed: int, how: Mapping[str, Any],
    tell: Callable[[Progress], None],
) -> xr.Dataset:  # fmt: skip
    """Simulate so many sets of values, drawn from the prior."""
    what = space, features, drawn(space, n, seed), seeds(n, seed)
    try_functions(*what, how)
    progress = {"progress": lambda done: tell(Progress("simulating", done))}
    return simulated(*what, {**how, **progress})[0]


def _posterior(
    space: Space, network: Estimator, features: tuple[Feature, ...], data: xr.Dataset,
    recorded: Any, scale: float, samples: int, known: dict[str, Any],
) -> Posterior:  # fmt: skip
    """Return what a learned network says about data, with how it came about."""
    here = labelled_features(features, observed(features, recorded, scale))
    draws = values_at(space, network.sample(here.values[None], samples, known["seed"])[0])
    packages = {name: metadata.version(name) for name in ("sbi", "torch")}
    ended = {"reason": network.reason, "epochs": len(network.losses)}
    return Posterior(
        space, features, network, here, labelled(space, draws), data, float(scale),
        {**known, **ended, **versions(), **packages},
    )  # fmt: skip


def _within(features: Sequence[Feature], duration: float, dt: float) -> tuple[Feature, ...]:
    """Return features for a run of some length (ms), or say which it cannot have."""
    given = tuple(feature.within(duration) for feature in features)
    if problems := check(given, duration, dt):
        raise ModelError(problems)
    return given


def _nobody(report: Progress) -> None:
    """Hear how far it is."""


def _learned(
    space: Space, features: Sequence[Feature], data: xr.Dataset, settings: Settings, seed: int,
    tell: Callable[[Progress], None],
) -> tuple[Estimator, tuple[Feature, ...]]:  # fmt: skip
    """Learn features and network from the simulations that did not fail."""
    if data["failed"].values.all():
        raise DataError(f"no simulation is left to learn from: {data.attrs.get('failure', '')}")
    found = learned(features, data)
    values = table(found, data).values
    there = ~data["failed"].values & np.isfinite(values).all(axis=1)
    network = learn(
        coordinates(space, data["values"].values[there]), values[there], settings, seed,
        lambda done, loss: tell(Progress("learning", done, loss)),
    )  # fmt: skip
    return network, found


def _settings(given: Mapping[str, Any] | None) -> Settings:
    """Return how the network is made and learned, checked."""
    asked, known = dict(given or {}), [field.name for field in fields(Settings)]
    problems = [
        Problem(f"estimator.{name}", "is no setting", did_you_mean(name, known))
        for name in asked
        if name not in known
    ]
    if asked.get("kind", KINDS[0]) not in KINDS:
        message = f"must be one of {', '.join(KINDS)}; got {asked['kind']!r:.40}"
        problems.append(Problem("estimator.kind", message))
    for name, value in asked.items():
        whole = name in known and name not in ("kind", "rate")
        if whole and not (is_whole(value) and value >= 1) and (name, value) != ("embedding", None):
            message = f"must be a whole number ≥ 1; got {value!r:.40}"
            problems.append(Problem(f"estimator.{name}", message))
    if not 0 < asked.get("rate", 1e-3) < 1:
        problems.append(Problem("estimator.rate", f"must be within 0 and 1; got {asked['rate']!r}"))
    if problems:
        raise ModelError(problems)
    return Settings(**asked)


def _check(space: object, simulations: object, samples: object, scale: float) -> None:
    """Refuse options that make no sense, all at once."""
    problems = []
    if not isinstance(space, Space):
        hint = "Space.of_drives(network) is one"
        problems.append(Problem("space", f"must be a Space; got {type(space).__name__}", hint))
    counts = {"simulations": simulations, "samples": samples}
    for name, value in counts.items():
        if isinstance(value, xr.Dataset):
            continue
        if not (is_whole(value) and value >= 1):  # type: ignore[operator]
            problems.append(Problem(name, f"must be a whole number ≥ 1; got {value!r:.40}"))
    if not 0 < scale < np.inf:
        problems.append(Problem("scale", f"must be > 0; got {scale!r}"))
    if problems:
        raise ModelError(problems)


def _simulated(
    space: Space, duration: float | str, trials: int, seed: int, options: Mapping[str, Any]
) -> dict[str, Any]:
    """Return how simulations are run, checked; plain values."""
    unknown = [
        Problem(name, "is no option of an inference", did_you_mean(name, _USUAL))
        for name in options
        if name not in _USUAL
    ]
    if unknown:
        raise ModelError(unknown)
    given = {**_USUAL, **options}
    found = checked(space.base, duration, trials=trials, seed=seed, sets=16, **given)
    # the engine that it is: an inference goes on with the one that it began with
    plain = {name: getattr(found, name) for name in ("duration", "dt", "trials")}
    return {**given, **plain, "engine": found.engine.name}
