"""Candidates of a fit: simulated together, measured, kept in order; none simulated twice."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from apical.analysis import DataError
from apical.ensemble import simulate_many
from apical.fit.journal import key_of
from apical.fit.optimise import ESTIMATE, Ended
from apical.fit.space import Space
from apical.random import stream

if TYPE_CHECKING:
    from apical.fit.objectives import Objective
    from apical.model import Network

#: How many of the best candidates are tried with fresh trials.
_CHOSEN = 8


@dataclass(frozen=True)
class Report:
    """How far a fit is; what its ``progress`` is called with.

    Parameters
    ----------
    done : float
        Fraction of the budget that is spent; within a batch it grows, too.
    candidates, budget : int
        How many were simulated, and how many there may be.
    loss : float
        Smallest loss so far; NaN before there is one.
    values : mapping of str to float
        The parameters that gave it.
    """

    done: float
    candidates: int
    budget: int
    loss: float
    values: Mapping[str, float]


@dataclass(frozen=True)
class Candidate:
    """What is kept of one candidate.

    Parameters
    ----------
    unit : list of float
        Where it lies in the cube.
    loss : float
        Its loss; NaN if it failed.
    seen : float
        Its loss as the stage of the fit weights it.
    generation : int
        Number of the batch with which it was asked for.
    stage : str
        Stage of the fit.
    fresh : float
        Its loss with trials that were not fitted; NaN if it was not tried with these.
    """

    unit: list[float]
    loss: float
    seen: float
    generation: int
    stage: str
    fresh: float = math.nan


class Known(Protocol):
    """What is known of candidates, by key: a journal, or a dictionary."""

    def __contains__(self, key: object, /) -> bool: ...
    def __getitem__(self, key: bytes, /) -> bytes: ...

    def update(self, records: dict[bytes, bytes], /) -> None:
        """Keep records."""
        ...


@dataclass
class Candidates:
    """Everything that a fit has tried.

    Parameters
    ----------
    space : Space
        What varies.
    objective : Objective
        What is made small.
    options : mapping
        How candidates are simulated, as `simulate_many` takes it.
    budget : int
        How many there may be.
    goal : float
        A loss that is small enough.
    confirm : int
        Fresh trials with which the best are tried at the end; 0 for none.
    progress : callable, optional
        Called with a `Report`.
    known : mapping of bytes to bytes
        Losses of candidates simulated before, perhaps in an earlier run; new ones are added.
    tried : list of Candidate
        All so far.
    residuals : list of list of float
        What of each should be 0, by the objective.
    """

    space: Space
    objective: Objective
    options: Mapping[str, Any]
    budget: int
    goal: float
    confirm: int = 0
    progress: Callable[[Report], None] | None = None
    known: Known = field(default_factory=dict)
    tried: list[Candidate] = field(default_factory=list)
    residuals: list[list[float]] = field(default_factory=list)

    def evaluate(
        self,
        units: np.ndarray,
        stage: str = "",
        seen: Objective | None = None,
        own_draws: bool = False,
    ) -> np.ndarray:
        """Return the losses of candidates, (n,) finite numbers.

        One that failed counts as the worst so far.

        Parameters
        ----------
        units : (n, k) array
            Candidates in the cube.
        stage : str
            Stage of the fit.
        seen : Objective, optional
            The objective as that stage weights it; losses are of this one.
        own_draws : bool
            Whether each has draws of its own; else all have the same.

        Raises
        ------
        Ended
            If the budget is spent or the goal reached.
        """
        room = self.budget - len(self.tried)
        if room <= 0:
            raise Ended("budget spent")
        rows = units[:room]
        numbers = range(len(self.tried), len(self.tried) + len(rows))
        draws = [self._draws(number) for number in numbers] if own_draws else []
        keys = [key_of(row, stage, *draws[k : k + 1]) for k, row in enumerate(rows.tolist())]
        new = [k for k, key in enumerate(keys) if key not in self.known]
        if new:
            # the start is the first of all; what it gave is known if a journal goes on
            begins = not self.tried and new[0] == 0
            seeds = [draws[k] for k in new if draws]
            losses = self._losses(rows[new], seen or self.objective, seeds, begins)
            texts = [json.dumps(one).encode() for one in losses]
            self.known.update(dict(zip((keys[k] for k in new), texts, strict=True)))
        generation = self.tried[-1].generation + 1 if self.tried else 0
        for row, key in zip(rows.tolist(), keys, strict=True):
            loss, as_seen, residuals = json.loads(self.known[key])
            self.residuals.append(residuals)
            self.tried.append(Candidate(row, loss, as_seen, generation, stage))
        self._report()
        if self.best.loss <= self.goal:
            raise Ended("goal reached")
        if len(rows) < len(units):
            raise Ended("budget spent")
        return self._finite(len(rows))

    def compare(self, units: np.ndarray, stage: str = "", /) -> np.ndarray:
        """Do as `evaluate`, with draws of their own; return residuals, NaN of what has failed."""
        self.evaluate(units, stage, own_draws=True)
        return self.all_residuals[-len(units) :]

    @property
    def all_residuals(self) -> np.ndarray:
        """Residuals of all candidates, (candidates, n); NaN of what has failed."""
        size = max(map(len, self.residuals))
        rows = [row if len(row) == size else [math.nan] * size for row in self.residuals]
        return np.array(rows)

    def _draws(self, number: int) -> int:
        """Return the seed of a candidate that has draws of its own."""
        return int(stream(self.options["seed"], "fit", "draws", number).integers(2**31))

    def confirmed(self) -> None:
        """Try the estimate and the best few candidates, which differ, with equal fresh trials."""

        def rank(k: int) -> tuple[bool, float]:
            return self.tried[k].stage != ESTIMATE, self.tried[k].loss

        there = [k for k, one in enumerate(self.tried) if not math.isnan(one.loss)]
        order = sorted(there, key=rank)
        places = {tuple(self.tried[k].unit): k for k in reversed(order)}
        chosen = sorted(places.values(), key=order.index)[:_CHOSEN]
        seed = int(stream(self.options["seed"], "fit", "confirm").integers(2**31))
        options = {**self.options, "trials": self.confirm, "seed": seed}
        for done, k in enumerate(chosen):
            unit = self.tried[k].unit
            key = key_of(unit, {"fresh": self.confirm})
            if key not in self.known:
                # one by one, so that an interruption costs one at most
                changes = self.space.changes(self.space.from_unit(unit))
                (means,), _ = measured(
                    self.space.base, [changes], self.objective, options,
                    lambda part, done=done: self._report(0.0, done + part),
                )  # fmt: skip
                self.known.update({key: json.dumps(self.objective.loss_of_parts(means)).encode()})
            self.tried[k] = replace(self.tried[k], fresh=json.loads(self.known[key]))
            self._report(0.0, done + 1)

    @property
    def best(self) -> Candidate:
        """The candidate with the smallest loss."""
        return min(self.tried, key=lambda one: math.inf if math.isnan(one.loss) else one.loss)

    def _losses(
        self, rows: np.ndarray, seen: Objective, seeds: list[int], begins: bool
    ) -> list[tuple[float, float, list[float]]]:
        """Simulate and measure candidates, each with its seed if there are any.

        A start, the first of them, without a loss is refused.

        Returns
        -------
        list of tuple
            Of each, its loss by the objective and as seen, and its residuals.
        """
        sets = [self.space.changes(row) for row in self.space.from_unit(rows)]
        options = {**self.options, "seed": seeds} if seeds else self.options
        means, failures = measured(
            self.space.base, sets, self.objective, options,
            lambda done: self._report(done * len(rows)),
        )  # fmt: skip
        own = self.objective
        losses = [
            (own.loss_of_parts(m), seen.loss_of_parts(m), own.residuals_of_parts(m).tolist())
            for m in means
        ]
        if begins and not math.isfinite(losses[0][0]):
            why = failures[0] if failures else "nothing to compare: is the run too short?"
            raise DataError(f"the fit cannot begin: {why}")
        return losses

    def _finite(self, last: int) -> np.ndarray:
        """Return the last losses seen; the largest of all in place of NaN."""
        losses = np.array([one.seen for one in self.tried])
        there = losses[np.isfinite(losses)]
        return np.where(np.isfinite(losses), losses, there.max(initial=0.0))[-last:]

    def _report(self, running: float = 0.0, confirmed: float = 0.0) -> None:
        """Call `progress`; candidates that run or were confirmed are counted in whole ones."""
        if self.progress is None:
            return
        # a candidate takes longer with more trials
        longer = self.confirm / self.options["trials"]
        done = len(self.tried) + running + confirmed * longer
        all_done = self.budget + _CHOSEN * longer
        n, loss, values = len(self.tried), math.nan, {}
        if self.tried:
            loss = self.best.loss
            row = self.space.from_unit(np.array(self.best.unit)).tolist()
            values = dict(zip(self.space.names, row, strict=True))
        self.progress(Report(done / all_done, n, self.budget, loss, values))


def measured(
    network: Network,
    sets: Sequence[Mapping[str, float]],
    objective: Objective,
    options: Mapping[str, Any],
    progress: Callable[[float], None] | None = None,
) -> tuple[list[list[np.ndarray]], list[str]]:
    """Simulate parameter sets together, and measure them.

    Parameters
    ----------
    network : Network
        What they change.
    sets : sequence of mapping of str to float
        Values by address.
    objective : Objective
        What measures.
    options : mapping
        As `simulate_many` takes them.
    progress : callable, optional
        Called with the fraction done.

    Returns
    -------
    means : list of list of array
        Of each set, what each part of the objective measured, averaged over trials; NaN if it
        failed.
    failures : list of str
        What went wrong, in the order of sets.
    """
    columns, failures = by_trial(network, sets, objective, options, progress)
    averaged = [column.mean(axis=1) for column in columns]
    return [[column[k] for column in averaged] for k in range(len(sets))], failures


def by_trial(
    network: Network,
    sets: Sequence[Mapping[str, float]],
    objective: Objective,
    options: Mapping[str, Any],
    progress: Callable[[float], None] | None = None,
) -> tuple[list[np.ndarray], list[str]]:
    """Do as `measured`, without averaging.

    Returns
    -------
    columns : list of array (sets, trials, n)
        What each part of the objective measured; NaN where it failed.
    failures : list of str
        What went wrong, in the order of sets.
    """
    names = [f"measured_{k}" for k in range(len(objective.parts))]
    summaries = {
        # each in its own time: one trial, of which there is one row
        name: lambda result, part=part: part.measure(result)[0]
        for name, (part, _) in zip(names, objective.parts, strict=True)
    }
    found = simulate_many(
        network, sets, summaries=summaries, dipole_every=options["duration"], progress=progress,
        **options,
    )  # fmt: skip
    columns = []
    for name in names:
        if name in found.dataset:
            values = found.dataset[name].values
            columns.append(values.reshape(len(sets), options["trials"], -1))
        else:  # all have failed
            columns.append(np.full((len(sets), options["trials"], 1), np.nan))
    return columns, [failure.message for failure in found.failures]
