"""A fit in the background: what is asked for as `apical.fit` takes it, and how far it is."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np

import apical
from apical.errors import Cancelled, ModelError, Problem
from apical.fit import Parameter, Space
from apical.fit.objectives import Objective, Rmse
from apical.studio.messages import FitDone, FitParameter, FitProgress, StartFit
from apical.studio.runner import run_options
from apical.studio.waves import faults, recorded_as_shown, shown

if TYPE_CHECKING:
    from apical.fit.candidates import Report
    from apical.model import Network
    from apical.result import Result
    from apical.studio.desk import Desk
    from apical.studio.setup import Setup, View

#: Seconds at least between reports, and how many points of the curve of losses are sent at most.
_PACE, _POINTS = 0.25, 500
#: Seconds that closing waits.
_PATIENCE = 10.0


class Fitting:
    """The fits of a session, one at a time, each in a thread of its own.

    Parameters
    ----------
    desk : Desk
        Of the session.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk, self._lock = desk, threading.Lock()
        self._job: Job | None = None
        self._thread: threading.Thread | None = None

    def start(self, asked: StartFit) -> None:
        """Begin a fit, unless one is running."""
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                problem = Problem("fit", "one is running already", "stop it first")
                self._desk.wrong(asked.id, ModelError([problem]))
                return
            self._job = Job(self._desk, asked)
            self._thread = threading.Thread(target=self._job.run, name="apical studio fit")
            self._thread.start()

    def stop(self) -> None:
        """End the fit; the best that it has seen is kept."""
        if job := self._job:
            job.stopped.set()

    def close(self) -> None:
        """End the fit, and wait for it."""
        self.stop()
        if self._thread is not None:
            self._thread.join(_PATIENCE)


@dataclass
class Job:
    """One fit.

    Parameters
    ----------
    desk : Desk
        Of the session.
    asked : StartFit
        What is to be fitted.
    """

    desk: Desk
    asked: StartFit
    stopped: threading.Event = field(default_factory=threading.Event)
    _began: float = field(default_factory=monotonic)
    _sent: float = -math.inf
    _losses: list[float] = field(default_factory=list)

    def run(self) -> None:
        """Fit, and tell how it ended."""
        try:
            self._fit()
        except Cancelled:
            # nothing was seen yet
            self._done("stopped", 0, None, {}, self.asked.setup, None)
        except Exception as error:
            self.desk.wrong(self.asked.id, error)

    def _fit(self) -> None:
        asked = self.asked
        network = asked.setup.network(self.desk.uploaded)
        space = Space(network, parameters(network, asked.parameters))
        objective = Shown(self._objective(), asked.view)
        found = apical.fit(
            space, objective, asked.setup.duration, **run_options(asked.setup),
            method=asked.method, budget=asked.budget, trials=asked.trials,
            progress=lambda report: self._progress(report, objective),
        )  # fmt: skip
        changes = space.changes(list(found.values.values()))
        self._done(
            found.reason, found.history.sizes["candidate"], found.loss, found.values,
            with_values(asked.setup, changes), objective.best_scale,
        )  # fmt: skip

    def _objective(self) -> Rmse:
        view, setup = self.asked.view, self.asked.setup
        recorded = recorded_as_shown(self.desk.recorded, view)
        if recorded is None:
            hint = "drop a file on the page"
            raise ModelError([Problem("view.data", "a fit needs a recording", hint)])
        if problems := faults(view, setup.duration, setup.dt):
            raise ModelError(problems)
        return Rmse(
            recorded, window=(view.tmin, view.tmax), smooth=view.smooth or None,
            scale="solve" if self.asked.solve_scale else view.scale,
        )  # fmt: skip

    def _progress(self, report: Report, objective: Shown) -> None:
        if self.stopped.is_set() or self.desk.inbox.closed:
            raise Cancelled
        grown = report.candidates > len(self._losses) and not math.isnan(report.loss)
        if grown:
            more = report.candidates - len(self._losses)
            self._losses += [report.loss] * more
        if monotonic() - self._sent < _PACE:
            return
        self._sent = monotonic()
        left = (self._sent - self._began) * (1 / report.done - 1) if report.done else None
        frame = FitProgress(
            id=self.asked.id, candidates=report.candidates, budget=report.budget,
            loss=None if math.isnan(report.loss) else report.loss, values=dict(report.values),
            left=left, losses=_thinned(self._losses),
        )  # fmt: skip
        wave = objective.new_wave()
        self.desk.outbox.put(frame, {} if wave is None else {"dipole": wave.astype("<f4")})

    def _done(
        self, why: str, candidates: int, loss: float | None, values: Mapping[str, float],
        setup: Setup, scale: float | None,
    ) -> None:  # fmt: skip
        frame = FitDone(
            id=self.asked.id, why=why, candidates=candidates, loss=loss, values=dict(values),
            setup=setup, scale=scale,
        )  # fmt: skip
        self.desk.outbox.put(frame)


@dataclass(frozen=True, eq=False)
class Shown(Objective):
    """An objective that remembers the wave with the smallest loss, as the screen shows it.

    Parameters
    ----------
    inner : Rmse
        What gives the loss.
    view : View
        How waves are shown.
    """

    inner: Rmse
    view: View
    _best: dict[str, Any] = field(default_factory=dict)

    def measure(self, result: Result) -> np.ndarray:
        """Return what the objective compares, and after it the whole dipole as shown."""
        whole = shown(result, self.view).total().transpose("trial", "time").values
        return np.concatenate([self.inner.measure(result), whole], axis=1)

    def residuals(self, mean: np.ndarray) -> np.ndarray:
        """Return the objective's."""
        return self.inner.residuals(mean[: self.inner.time.size])

    def loss_of(self, mean: np.ndarray) -> float:
        """Return the objective's loss, and remember the wave if there was none so small."""
        compared, whole = np.split(mean, [self.inner.time.size])
        loss = self.inner.loss_of(compared)
        if loss < self._best.get("loss", math.inf):
            scale = self.inner.scale_of(compared)
            factor = scale / self.view.scale if self.view.scale else 1.0
            self._best.update(loss=loss, scale=scale, wave=whole * factor)
        return loss

    @property
    def best_scale(self) -> float | None:
        """The factor on the best wave, if there is one."""
        return self._best.get("scale")

    def new_wave(self) -> np.ndarray | None:
        """Return the best wave, (n,), nAm, if it has not been asked for yet."""
        return self._best.pop("wave", None)


def parameters(network: Network, asked: tuple[FitParameter, ...]) -> dict[str, Parameter]:
    """Return what may vary; of relative ones the value is a factor on what the network has.

    Raises
    ------
    ModelError
        If there is nothing at an address, or all that is relative is 0.
    """
    found: dict[str, Parameter] = {}
    problems = []
    for one in asked:
        paths: Any = list(one.paths)
        try:
            if one.relative:
                # a factor on nothing stays nothing
                paths = {path: now for path in one.paths if (now := network.get(path))}
        except ModelError as error:
            problems += error.problems
            continue
        if not paths:
            problems.append(Problem(one.name, "is a factor on values that are all 0"))
        elif one.name in found:
            problems.append(Problem(one.name, "is there twice"))
        found[one.name] = Parameter(paths, one.low, one.high, one.scale)
    if problems:
        raise ModelError(problems)
    return found


def with_values(setup: Setup, changes: Mapping[str, float]) -> Setup:
    """Return a setup with values put in place."""
    return setup.model_copy(update={"values": {**setup.values, **changes}})


def _thinned(losses: list[float]) -> tuple[float, ...]:
    """Return losses, evenly thinned where there are many; the last one stays."""
    step = -(-len(losses) // _POINTS) or 1
    return tuple(losses[::-1][::step][::-1])
