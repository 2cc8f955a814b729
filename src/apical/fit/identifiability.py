"""Which parameters the data determine, and which only together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from apical.analysis import DataError
from apical.errors import ModelError, Problem
from apical.fit.candidates import by_trial
from apical.fit.objectives import Objective
from apical.fit.optimise.regression import Seen, regressed
from apical.fit.parameter import is_time
from apical.fit.space import Space

#: Parameters whose errors are correlated more than this are named together; those more than that
#: are named as what another one trades off with.
_TOGETHER, _TRADES = 0.9, 0.5
#: How many of these are shown.
_MOST = 2
#: A direction that is so much weaker than the strongest changes nothing that simulations in single
#: precision could tell; and what part of a parameter must lie in such directions (cosine).
_FLAT, _PART = 1e-8, 0.01
#: Residuals that are so much smaller than what whole ranges change are rounding.
_EXACT = 1e-12
#: One by the variance of what lies anywhere in its range, in whole ranges.
_RANGE = 12.0
#: How well a parameter should be known: ms of times, and a share of everything else.
_TIME, _SHARE = 1.0, 0.15
#: What share of the candidates, the last, and how many at least, say where the fit looked: the box
#: becomes as narrow as errors are without those of the recording, where slopes are little but
#: chance. How many candidates for each term a regression needs.
_LATE, _LAST, _ENOUGH = 0.75, 16, 2
#: What parameters fit at most of the noise; what a candidate has at most to itself of its noise.
_FITTED, _OWN = 0.9, 1 - 1e-6
#: A step is doubled, up to this share of a range, until what changes is so many times the jitter.
_WIDEST, _CLEAR = 0.32, 3.0


@dataclass(frozen=True, eq=False, repr=False)
class Identifiability:
    """What the residuals say about each parameter near some place; made by `apical.identify`.

    Near its optimum a loss is about a quadratic function of the parameters. Its curvature is what
    residuals change with each of them, by the covariance of their noise from trial to trial. What
    is left at the place is taken for noise of the same kind: a recording has some, too. Changes
    that are no larger than chance count for nothing.

    Of Gauss-Newton's candidates, about 70 % of true values lie within one error, and 95 % within
    two. Where parameters are moved, errors are those of the best possible weights of samples, and
    need some ten trials: of fewer, noise is known in few directions.

    Parameters
    ----------
    table : Dataset
        By ``parameter``: ``value``; ``sensitivity``: root mean square change of the residuals per
        whole range; ``error``: standard error, as a share of the range, infinite where nothing
        changes that chance would not, and NaN where residuals are 0, as of one trial fitted to
        itself, which tells no error; ``deviation``: the same in the parameter's unit;
        ``relative``: as a share of the value; ``wanted``: 1 ms for times of drives, 15 % of
        everything else, in the parameter's unit; ``correlation`` (parameter, other) of errors. By
        ``direction``, that with the largest change first: ``strength``, the eigenvalues of the
        slopes' products; ``loading`` (direction, parameter).
    noise : str
        What noise the errors are from.
    """

    table: xr.Dataset
    noise: str = ""

    @property
    def undetermined(self) -> list[str]:
        """Parameters whose standard error is larger than their range."""
        table = self.table
        return table["parameter"].values[table["error"].values > 1].tolist()

    @property
    def uncertain(self) -> list[str]:
        """Parameters that are not known within 1 ms (times of drives) or 15 % (all others)."""
        table = self.table
        return table["parameter"].values[table["deviation"] > table["wanted"]].tolist()

    @property
    def together(self) -> list[tuple[str, str, float]]:
        """Pairs of parameters that can stand for each other, with the correlation of errors."""
        names, matrix = self.table["parameter"].values.tolist(), self.table["correlation"].values
        pairs = [
            (names[i], names[j], float(matrix[i, j]))
            for i in range(len(names))
            for j in range(i)
            if abs(matrix[i, j]) > _TOGETHER
        ]
        return sorted(pairs, key=lambda pair: -abs(pair[2]))

    def trades(self, name: str) -> dict[str, float]:
        """Return what a parameter trades off with: correlations of errors beyond 0.5, by name."""
        row = self.table["correlation"].sel(parameter=name).drop_sel(other=name)
        row = row[np.argsort(-np.abs(row.values))]
        pairs = zip(row["other"].values.tolist(), row.values.tolist(), strict=True)
        return {other: r for other, r in pairs if abs(r) > _TRADES}

    def __repr__(self) -> str:
        table = self.table.sortby("error")
        columns = ("parameter", "value", "deviation", "relative", "error", "sensitivity")
        rows = zip(*(table[name].values.tolist() for name in columns), strict=True)
        lines = [f"  {name}: {_said(*numbers)}" for name, *numbers in rows]
        for name in self.uncertain:
            most = list(self.trades(name).items())[:_MOST]
            others = ", ".join(f"{other} (r = {r:.2f})" for other, r in most)
            known = f"  {name} is not known within {_TIME:g} ms or {_SHARE:.0%}"
            lines.append(f"{known}: trades off with {others}" if others else known)
        lines += [f"  {a} and {b} only together (r = {r:.2f})" for a, b, r in self.together]
        lines += [f"  noise: {self.noise}"] if self.noise else []
        return "\n".join(["<Identifiability>", *lines])


def _said(value: float, deviation: float, relative: float, error: float, sensitivity: float) -> str:
    if np.isnan(error):
        known = f"{value:.4g}, error unknown, as residuals are 0"
    elif np.isfinite(error):
        known = f"{value:.4g} ± {deviation:.2g} ({relative:.1%}), error {error:.1%} of its range"
    else:
        known = f"{value:.4g}, undetermined"
    return f"{known}, sensitivity {sensitivity:.3g}"


def identify(
    space: Space,
    objective: Objective,
    values: ArrayLike | None = None,
    *,
    step: float = 0.02,
    **options: Any,
) -> Identifiability:
    """Move each parameter a little to both sides, and see what changes.

    All simulations have the same random draws. Where cells fire at other times all the same, so
    that trials change in other ways, steps are doubled until what changes is clearly larger, or
    they are a third of the range; that needs several trials.

    Parameters
    ----------
    space : Space
        Parameters and their network.
    objective : Objective
        What compares.
    values : (parameters,) array, optional
        Around which place, such as the best of a fit; by default around the start.
    step : float
        How far to move at first, as a share of the ranges; at a bound, inwards only.
    **options
        As :func:`apical.simulate_many` takes them, such as ``duration`` and ``trials``.

    Raises
    ------
    ModelError
        If the step, the values or the options make no sense.
    DataError
        If a simulation fails, or there is nothing to compare.
    """
    if not 0 < step <= 0.5:
        raise ModelError([Problem("step", f"must be from 0 to 0.5; got {step!r}")])
    row = space.start if values is None else values
    space.changes(row)
    place = space.to_unit(row)
    given: dict[str, Any] = {"duration": 170.0, "trials": 1, **options}
    seen, steps = _moved(space, objective, place, step, given)
    noise = "not known from one trial; samples count as if independent"
    if given["trials"] > 1:
        noise = f"{given['trials']} trials, {_sizes(seen, 'their mean')}"
        noise += f"; steps up to {steps.max():.0%} of ranges"
    return Identifiability(_table(space, place, seen, np.ones(len(space)), _of_trials), noise)


def enough(space: Space, residuals: np.ndarray) -> bool:
    """Whether there are so many candidates that a regression on them says how sure they are."""
    return np.isfinite(residuals).all(axis=1).sum() >= _ENOUGH * (len(space) + 1)


def of_candidates(
    space: Space, values: np.ndarray, residuals: np.ndarray, best: int
) -> Identifiability:
    """Do as `identify` around the best of candidates with draws of their own; simulate nothing.

    Parameters
    ----------
    space : Space
        Parameters and their network.
    values : (candidates, parameters) array
        Candidates, in the order in which they were tried.
    residuals : (candidates, n) array
        What of each should be 0; NaN where it has failed.
    best : int
        Around which of them.
    """
    units = space.to_unit(values)
    around = units - units[best]
    # candidates fill a box evenly; for one that never varied, any box will do
    away = around[-max(_LAST, round(_LATE * len(around))) :]
    half = np.maximum(np.sqrt(3 * np.mean(away**2, axis=0)), _FLAT)
    seen = regressed(around / half, residuals)
    noise = f"{len(seen.missed)} candidates with draws of their own, {_sizes(seen, 'each')}"
    return Identifiability(_table(space, units[best], seen, half, _of_candidates), noise)


def _sizes(seen: Seen, what: str) -> str:
    """Say how large residuals and their noise are."""
    noise = np.sqrt(np.sum(seen.missed**2) / seen.there.size)
    left = np.sqrt(np.mean(seen.there**2))
    return f"{what} with chance of {noise:.3g}; what is left is {left:.3g}"


def _moved(
    space: Space, objective: Objective, place: np.ndarray, step: float, options: dict[str, Any]
) -> tuple[Seen, np.ndarray]:
    """Return what moves of each parameter say, per whole ranges, and how long each was."""
    k = len(space)
    rows, trials = _measured(space, objective, place[None], options)
    there, every = rows[0], [*trials]
    slopes, jitters, steps = np.zeros((k, there.size)), np.zeros(k), np.full(k, float(step))
    todo = np.arange(k)
    while todo.size:
        moves = (steps[:, None] * np.eye(k))[todo]
        units = np.clip(np.vstack([place + moves, place - moves]), 0, 1)
        rows, trials = _measured(space, objective, units, options)
        if rows.shape[1] != there.size:
            raise DataError("nothing to compare")
        up, down = np.split(np.arange(len(units)), 2)
        apart = (units[up] - units[down]).sum(axis=1)[:, None]
        slopes[todo] = (rows[up] - rows[down]) / apart
        jitters[todo] = np.sum((trials[up] - trials[down]) ** 2, axis=(1, 2)) / apart[:, 0] ** 2
        every += [*trials]
        blurred = np.sum(slopes**2, axis=1) < _CLEAR**2 * jitters
        todo = todo[(blurred & (2 * steps <= _WIDEST))[todo]]
        steps[todo] *= 2
    missed = np.concatenate(every) / np.sqrt(len(every))
    power = np.sum(missed**2)
    chance = np.diag(jitters / power if power > 0 else 0 * jitters)
    return Seen(there, slopes, missed, 1.0, chance, power / there.size), steps


def _measured(
    space: Space, objective: Objective, units: np.ndarray, options: dict[str, Any]
) -> tuple[np.ndarray, np.ndarray]:
    """Simulate places; return residuals, (places, n), and what trials say of their noise.

    That is (places, trials, n): leaving out one trial after the other (jackknife) gives rows whose
    squares add up to the covariance of the mean; none of one trial.
    """
    sets = [space.changes(row) for row in space.from_unit(units)]
    columns, failures = by_trial(space.base, sets, objective, options)
    rows, noise = [], []
    for k in range(len(sets)):
        parts = [column[k] for column in columns]
        rows.append(objective.residuals_of_parts([part.mean(axis=0) for part in parts]))
        noise.append(_noise(objective, parts))
    if failures or len({row.size for row in rows}) > 1 or not np.isfinite(rows).all():
        raise DataError("; ".join(failures) or "nothing to compare")
    return np.array(rows), np.array(noise).reshape(len(rows), -1, rows[0].size)


def _noise(objective: Objective, trials: Sequence[np.ndarray]) -> np.ndarray:
    """Return what residuals do without each of the trials, which are (trial, n) of each part."""
    n = len(trials[0])
    if n < 2:
        return np.zeros(0)
    without = np.array([
        objective.residuals_of_parts([np.delete(part, k, axis=0).mean(axis=0) for part in trials])
        for k in range(n)
    ])  # fmt: skip
    return np.sqrt((n - 1) / n) * (without - without.mean(axis=0))


@dataclass(frozen=True)
class _Noise:
    """What noise makes of an estimate.

    Parameters
    ----------
    size : float
        Covariance of estimates, by the inverse of what slopes tell.
    power : float
        What slopes would tell that are noise of one candidate.
    free : float
        As how many independent numbers it counts.
    """

    size: float
    power: float
    free: float


#: Gives the noise of what was seen; takes slopes, and the inverse of what they tell.
_NoiseOf = Callable[[Seen, np.ndarray, np.ndarray], _Noise]


def _table(
    space: Space, place: np.ndarray, seen: Seen, half: np.ndarray, noise_of: _NoiseOf
) -> xr.Dataset:
    """Return sensitivities, errors, correlations and directions.

    `place` is within the unit cube, and `half` what `seen` takes for a distance of 1 there.
    """
    slopes, values = seen.slopes / half[:, None], space.from_unit(place)
    strength, loading = np.linalg.eigh(slopes @ slopes.T)
    error, alike = _errors(seen, slopes, half, noise_of)
    flat = np.abs(loading[:, strength <= max(strength[-1], 1e-300) * _FLAT]) > _PART
    error[flat.any(axis=1)] = np.inf
    known = space.parameters.values()
    # what a whole range is in the parameter's unit, near its value
    widths = [value * np.log(p.high / p.low) if p.scale == "log" else p.high - p.low
              for p, value in zip(known, values.tolist(), strict=True)]  # fmt: skip
    times = [all(map(is_time, p.factors)) for p in known]
    deviation = error * np.array(widths)
    return xr.Dataset(
        {
            "value": ("parameter", values),
            "sensitivity": ("parameter", np.sqrt(np.mean(slopes**2, axis=1))),
            "error": ("parameter", error),
            "deviation": ("parameter", deviation),
            "relative": ("parameter", deviation / np.maximum(np.abs(values), 1e-300)),
            "wanted": ("parameter", np.where(times, _TIME, _SHARE * np.abs(values))),
            "correlation": (("parameter", "other"), alike),
            "strength": ("direction", strength[::-1]),
            "loading": (("direction", "parameter"), loading.T[::-1]),
        },
        {"parameter": np.array(space.names, str), "other": np.array(space.names, str)},
    )


def _errors(
    seen: Seen, slopes: np.ndarray, half: np.ndarray, noise_of: _NoiseOf
) -> tuple[np.ndarray, np.ndarray]:
    """Return standard errors, as shares of ranges, and their correlations; slopes are per range."""
    told, one = seen.product(slopes, slopes), np.eye(len(half))
    least = max(told.diagonal().max(), 1e-200) * _FLAT
    alike = np.linalg.inv(told + least * one)
    root = np.sqrt(alike.diagonal())
    noise = noise_of(seen, slopes, alike)
    # what a parameter changes that the others, within their ranges, cannot make up for
    within = max(_RANGE * noise.size, least) if noise.size > 0 else least
    inverse = np.linalg.inv(told + within * one)
    own = 1 / inverse.diagonal() - within
    # what of it is chance; slopes that are little but chance make up for that of others
    chance = noise.power * seen.chance / np.outer(half, half)
    real = np.clip(1 - chance.diagonal() / np.maximum(told.diagonal(), least), 0, 1)
    alone = inverse / inverse.diagonal() * real[:, None]
    np.fill_diagonal(alone, 1.0)
    blur = np.einsum("ij,ik,kj->j", alone, chance, alone)
    lost = own <= blur * (1 + 2 * np.sqrt(2 / noise.free))
    # noise is weighed by slopes as they look, and moves a parameter by slopes as they are
    own, real = np.where(lost, 1.0, own), np.where(lost, 1.0, own - blur)
    error = np.where(lost, np.inf, np.sqrt(noise.size * own) / real)
    return error, alike / np.outer(root, root)


def _of_trials(seen: Seen, slopes: np.ndarray, alike: np.ndarray) -> _Noise:
    """Return the noise of trials; of one only, samples count as independent.

    It counts in as many directions as there are in which it differs, for samples of a waveform are
    alike.
    """
    left = float(seen.product(seen.there[None], seen.there[None])[0, 0])
    inner = seen.missed @ seen.missed.T
    if not inner.any():
        free = max(seen.there.size - len(slopes), 1)
        # without residuals nothing says how large an error is, but that of what has no effect
        exact = np.sum(seen.there**2) <= np.sum(slopes**2) * _EXACT**2
        return _Noise(np.nan if exact else left / free, free, free)
    directions = np.trace(seen.product(seen.missed, seen.missed))
    free = float(max(directions, np.trace(inner) ** 2 / np.sum(inner**2)))
    return _Noise(max(left / free, 1 / seen.count), free, free)


def _of_candidates(seen: Seen, slopes: np.ndarray, alike: np.ndarray) -> _Noise:
    """Return the noise of candidates, of which there are more than directions of their noise.

    Their covariance is what samples are weighed by. These weights suit the very noise that they
    come from: what they make of other noise is seen by leaving out one candidate after the other.
    """
    inner = seen.product(seen.missed, seen.missed)
    if not inner.any():
        return _of_trials(seen, slopes, alike)
    out = 1 - np.minimum(inner.diagonal(), _OWN)
    power = float(np.sum(inner.diagonal() / out))
    # what it is along the slopes, by what it would be if weights were those of all noise
    along = np.linalg.cholesky(alike).T @ seen.product(slopes, seen.missed) / out
    fitted = float(np.sum(along**2))
    share = min(fitted / power, _FITTED)
    # no parameters fit what is left, and so it is less than the noise
    left = float(seen.product(seen.there[None], seen.there[None])[0, 0])
    downhill = seen.product(slopes, seen.there[None])[:, 0]
    left = max(left - float(downhill @ alike @ downhill), 0.0) / (1 - share)
    size = max(left / power, 1 / seen.count) * fitted / len(slopes)
    # nor do other parameters leave all of the chance of a slope
    rest = 1 - share * (1 - 1 / len(slopes))
    free = float(inner.trace() ** 2 / np.sum(inner**2))
    return _Noise(size, rest * power, rest * free)
