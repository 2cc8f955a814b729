"""The verb: fit a network's parameters."""

from __future__ import annotations

import hashlib
import json
import math
import os
import time as clock
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from apical import __version__
from apical.errors import Cancelled, ModelError, Problem, did_you_mean
from apical.fit.candidates import Candidates, Report
from apical.fit.fitted import Fit
from apical.fit.journal import Journal
from apical.fit.objectives import Function, Objective
from apical.fit.objectives.waveforms import Waveform
from apical.fit.optimise import OPTIMISERS, Ended, Search, Stage, stages, stepwise
from apical.fit.space import Space
from apical.fit.texts import plain
from apical.running.label import versions
from apical.running.options import checked, is_whole

if TYPE_CHECKING:
    from apical.model import Network

METHODS = (*OPTIMISERS, "stepwise")
#: How candidates are simulated if nothing else is said.
_USUAL = {
    "dt": 0.025, "engine": "auto", "rates": "exact", "precision": "single", "start": "steady",
    "threads": None,
}  # fmt: skip


def fit(
    space: Space,
    objective: Objective,
    duration: float | str = 170.0,
    *,
    method: str = "cma",
    budget: int = 200,
    trials: int = 3,
    seed: int = 0,
    tolerance: float = 1e-3,
    goal: float = -math.inf,
    together: int | None = None,
    confirm: int = 0,
    journal: str | os.PathLike[str] | None = None,
    progress: Callable[[Report], None] | None = None,
    **options: Any,
) -> Fit:
    """Find the parameters with which a network comes closest to what an objective says.

    All candidates have the same random draws, so that losses can be compared; those of Gauss-Newton
    have their own, over which it averages for its estimate. A generation runs together. Equal seeds
    give equal fits. A fit that is stopped, by Ctrl-C or `progress`, returns the best seen.

    Parameters
    ----------
    space : Space
        What of a network may vary, and between which bounds; it begins at their starts.
    objective : Objective
        What is made small, such as ``Rmse(recorded, smooth=30, scale=3000)``.
    duration : float, ms
        Length of a simulation.
    method : {'cma', 'gauss', 'bayes', 'cobyla', 'lbfgs', 'stepwise'}
        CMA-ES, for any number of parameters and rough losses; Gauss-Newton, for waveforms from a
        fair start; Bayesian, for few candidates; COBYLA and L-BFGS, for a good start and smooth
        losses; or HNN's scheme for evoked responses.
    budget : int
        How many candidates are simulated at most.
    trials : int
        Trials of each candidate, over which it is averaged.
    seed : int
        Seed of the trials and of the optimiser.
    tolerance : float
        It ends when it moves by less than this share of the parameters' ranges.
    goal : float
        It ends when the loss is no larger.
    together : int, optional
        Candidates of a generation (cma, gauss, bayes).
    confirm : int
        Fresh trials with which the best eight candidates are tried at the end; what is returned
        is then the best there. 0 returns the estimate of gauss, or the best as fitted.
    journal : path, optional
        File that keeps the losses of candidates. An interrupted fit goes on where it was left, and
        ends as if it had not been interrupted, to the last bit; or with a larger budget.
    progress : callable, optional
        Called with a `Report`; may raise :class:`apical.errors.Cancelled` to stop.
    **options
        How candidates are simulated, as :func:`apical.simulate` takes it; by default, in single
        precision.

    Returns
    -------
    Fit
        The best of those that were seen, and all that was tried.

    Raises
    ------
    ModelError
        With everything that is wrong with the options.
    DataError
        If the start cannot be simulated or compared.
    MissingPackageError
        If the optimiser's package is not installed.
    FileFormatError, StorageError
        If the journal is another fit's, or cannot be written.
    """
    _check(space, objective, method, budget, tolerance, together, confirm)
    simulated = _simulated(space.base, duration, trials, seed, together, options)
    asked = {"method": method, "tolerance": tolerance, "together": together}
    found = Candidates(space, objective, simulated, int(budget), goal, int(confirm), progress)
    return _fitted(found, asked, journal)


def _simulated(
    network: Network, duration: float | str, trials: int, seed: int, together: int | None,
    options: Mapping[str, Any],
) -> dict[str, Any]:  # fmt: skip
    """Return how candidates are simulated, checked; plain values."""
    unknown = [
        Problem(name, "is no option of a fit", did_you_mean(name, _USUAL))
        for name in options
        if name not in _USUAL
    ]
    if unknown:
        raise ModelError(unknown)
    given = {**_USUAL, **options}
    found = checked(network, duration, trials=trials, seed=seed, sets=together or 8, **given)
    names = ("duration", "dt", "trials", "seed")
    # the engine that it is: a fit goes on with the one that it began with
    return {**given, **{n: getattr(found, n) for n in names}, "engine": found.engine.name}


def _fitted(
    found: Candidates, asked: Mapping[str, Any], journal: str | os.PathLike[str] | None
) -> Fit:
    """Search, with a journal if there is one, and put together what came out."""
    began = clock.perf_counter()
    if journal is None:
        reason = _reason(found, asked)
    else:
        with Journal(journal, _recipe(found)) as found.known:
            reason = _reason(found, asked)
    provenance = {
        **asked, "budget": found.budget, "confirm": found.confirm,
        "goal": found.goal if math.isfinite(found.goal) else None,
        "simulated": dict(found.options), "wall_seconds": clock.perf_counter() - began,
        **versions(),
    }  # fmt: skip
    history = _history(found)
    if asked["method"] == "gauss":
        history["residuals"] = (("candidate", "residual"), found.all_residuals)
    return Fit(found.space, found.objective, history, reason, provenance)


def _check(
    space: object,
    objective: object,
    method: str,
    budget: int,
    tolerance: float,
    together: int | None,
    confirm: int,
) -> None:
    """Refuse options that make no sense, all at once."""
    problems = []
    if not isinstance(space, Space):
        hint = "Space.of_drives(network) is one"
        message = f"must be a Space; got {type(space).__name__}"
        problems.append(Problem("space", message, hint))
    if not isinstance(objective, Objective):
        hint = "Rmse(recorded) is one"
        message = f"must be an Objective; got {type(objective).__name__}"
        problems.append(Problem("objective", message, hint))
    if method not in METHODS:
        hint = did_you_mean(method, METHODS)
        problems.append(Problem("method", f"there is no '{method}'", hint))
    parts = objective.parts if isinstance(objective, Objective) else ()
    if method == "gauss" and any(isinstance(part, Function) for part, _ in parts):
        # it looks for zeros, and a loss of one's own may be smallest below
        message = "gauss needs residuals, and a Function gives a loss only"
        problems.append(Problem("method", message, "cma, bayes, cobyla and lbfgs need no more"))
    if not (is_whole(budget) and budget >= 1):
        problems.append(Problem("budget", f"must be a whole number ≥ 1; got {budget!r}"))
    if not 0 < tolerance < 1:
        problems.append(Problem("tolerance", f"must be between 0 and 1; got {tolerance!r}"))
    if together is not None and not (is_whole(together) and together >= 2):
        problems.append(Problem("together", f"must be a whole number ≥ 2; got {together!r}"))
    if not (is_whole(confirm) and confirm >= 0):
        problems.append(Problem("confirm", f"must be a whole number ≥ 0; got {confirm!r}"))
    if problems:
        raise ModelError(problems)


def _reason(found: Candidates, asked: Mapping[str, Any]) -> str:
    """Search, try the best with fresh trials if asked to, and return why it ended."""
    try:
        reason = _search(found, asked)
        if found.confirm:
            found.confirmed()
    except (Cancelled, KeyboardInterrupt):
        if not found.tried:
            raise
        return "stopped"
    return reason


def _search(found: Candidates, asked: Mapping[str, Any]) -> str:
    """Run the optimiser to its end, and return why it ended."""
    space, simulated = found.space, found.options
    search = Search(
        space.to_unit(space.start), found.evaluate, simulated["seed"], asked["tolerance"],
        found.budget, asked["together"], found.compare,
    )  # fmt: skip
    try:
        if asked["method"] != "stepwise":
            return OPTIMISERS[asked["method"]](search)
        plan = stages(space.base, space.parameters, simulated["duration"], _compared(found))
        seen = {
            stage.name: found.objective
            if stage.weights is None
            else found.objective.weighted(stage.weights)
            for stage in plan
        }

        def staged(rows: np.ndarray, stage: Stage) -> np.ndarray:
            return found.evaluate(rows, stage.name, seen[stage.name])

        return stepwise(search, plan, staged, lambda: np.array(found.best.unit))
    except Ended as end:
        return str(end)


def _compared(found: Candidates) -> np.ndarray:
    """Return the times (ms) at which waveforms are compared; none, if no waveforms are."""
    parts = [part.time for part, _ in found.objective.parts if isinstance(part, Waveform)]
    times = np.concatenate([np.empty(0), *parts])
    return times[(times >= 0) & (times <= found.options["duration"])]


def _recipe(found: Candidates) -> dict[str, Any]:
    """Return what losses depend on: a journal is of use to any method, with any budget."""
    space, simulated = found.space, found.options
    text = json.dumps([plain(space.parameters), plain(found.objective)], sort_keys=True)
    return {
        "work": "fit",
        "records": "losses and residuals",
        "apical": __version__,
        "model": space.base.fingerprint,
        "parameters and objective": hashlib.blake2b(text.encode(), digest_size=16).hexdigest(),
        **{name: value for name, value in simulated.items() if name != "threads"},
    }


def _history(found: Candidates) -> xr.Dataset:
    """Return all candidates as a table."""
    tried, space = found.tried, found.space
    units = np.array([one.unit for one in tried])
    loss = np.array([one.loss for one in tried])
    along = "candidate"
    return xr.Dataset(
        {
            "values": ((along, "parameter"), space.from_unit(units)),
            "loss": (along, loss),
            "best": (along, np.fmin.accumulate(loss)),
            "seen": (along, np.array([one.seen for one in tried])),
            "generation": (along, np.array([one.generation for one in tried])),
            "stage": (along, np.array([one.stage for one in tried], str)),
            "failed": (along, np.isnan(loss)),
            "fresh": (along, np.array([one.fresh for one in tried])),
        },
        {"candidate": np.arange(len(tried)), "parameter": np.array(space.names, str)},
    )
