"""Which parameters the data determine, and which only together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from apical.analysis import DataError
from apical.errors import ModelError, Problem
from apical.fit.candidates import by_trial
from apical.fit.objectives import Objective
from apical.fit.space import Space

#: Parameters whose errors are correlated more than this are named together.
_TOGETHER = 0.9
#: A direction that is so much weaker than the strongest changes nothing that simulations in single
#: precision could tell; and what part of a parameter must lie in such directions (cosine).
_FLAT, _PART = 1e-8, 0.01
#: Residuals that are so much smaller than what whole ranges change are rounding.
_EXACT = 1e-12


@dataclass(frozen=True, eq=False, repr=False)
class Identifiability:
    """What the residuals say about each parameter near some place; made by `apical.identify`.

    Near its optimum a loss is about a quadratic function of the parameters. Its curvature, from the
    residuals' derivatives, is what a Fisher information is for independent errors of equal size.
    Samples of waveforms are correlated, so that the errors given here are too small in absolute
    terms; relative to each other they tell what the data determine. Residuals are taken for no
    smaller than the noise of the trials' mean, by which a fit may seem better than it is.

    Parameters
    ----------
    table : Dataset
        By ``parameter``: ``value``; ``sensitivity``: root mean square change of the residuals per
        whole range; ``error``: standard error, as a share of the range, infinite along directions
        in which nothing changes, however small the residuals, and NaN where these are 0, as of one
        trial fitted to itself, which tells no error; ``correlation``
        (parameter, other) of errors. By ``direction``, best determined first: ``strength``, the
        eigenvalues of the matrix; ``loading`` (direction, parameter).
    """

    table: xr.Dataset

    @property
    def undetermined(self) -> list[str]:
        """Parameters whose standard error is larger than their range."""
        table = self.table
        return table["parameter"].values[table["error"].values > 1].tolist()

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

    def __repr__(self) -> str:
        table = self.table.sortby("error")
        lines = [
            f"  {name}: {value:.4g}, sensitivity {sensitivity:.3g}, "
            + _said(error)
            for name, value, sensitivity, error in zip(
                table["parameter"].values.tolist(), table["value"].values.tolist(),
                table["sensitivity"].values.tolist(), table["error"].values.tolist(), strict=True,
            )
        ]  # fmt: skip
        lines += [f"  {a} and {b} only together (r = {r:.2f})" for a, b, r in self.together]
        return "\n".join(["<Identifiability>", *lines])


def _said(error: float) -> str:
    if np.isnan(error):
        return "error unknown, as residuals are 0"
    return f"error {error:.1%} of its range" if np.isfinite(error) else "undetermined"


def identify(
    space: Space,
    objective: Objective,
    values: ArrayLike | None = None,
    *,
    step: float = 0.02,
    **options: Any,
) -> Identifiability:
    """Move each parameter a little to both sides, and see what changes.

    All simulations run together, with the same random draws.

    Parameters
    ----------
    space : Space
        Parameters and their network.
    objective : Objective
        What compares.
    values : (parameters,) array, optional
        Around which place, such as the best of a fit; by default around the start.
    step : float
        How far to move, as a share of the ranges; at a bound, inwards only.
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
    moves = step * np.eye(len(space))
    units = np.clip(np.vstack([place[None], place + moves, place - moves]), 0, 1)
    sets = [space.changes(row) for row in space.from_unit(units)]
    given: dict[str, Any] = {"duration": 170.0, "trials": 1, **options}
    columns, failures = by_trial(space.base, sets, objective, given)
    rows = [
        objective.residuals_of_parts([column[k].mean(axis=0) for column in columns])
        for k in range(len(sets))
    ]
    if failures or len({row.size for row in rows}) > 1 or not np.isfinite(rows).all():
        raise DataError("; ".join(failures) or "nothing to compare")
    found, k = np.array(rows), len(space)
    apart = (units[1 : k + 1] - units[k + 1 :]).diagonal()
    derivative = (found[1 : k + 1] - found[k + 1 :]) / apart[:, None]
    size = max(float(found[0] @ found[0]), _noise(objective, [column[0] for column in columns]))
    return Identifiability(_table(space, space.from_unit(place), found.shape[1], size, derivative))


def _noise(objective: Objective, trials: Sequence[np.ndarray]) -> float:
    """Return how large squared residuals are by the noise of trials alone; 0 of one trial.

    By leaving out one trial after the other (jackknife); `trials` are (trial, n), of each part.
    """
    n = len(trials[0])
    if n < 2:
        return 0.0
    without = np.array([
        objective.residuals_of_parts([np.delete(part, k, axis=0).mean(axis=0) for part in trials])
        for k in range(n)
    ])  # fmt: skip
    return float((n - 1) / n * np.sum((without - without.mean(axis=0)) ** 2))


def _table(
    space: Space, values: np.ndarray, n: int, squares: float, derivative: np.ndarray
) -> xr.Dataset:
    """Return sensitivities, errors, correlations and directions.

    `derivative` is (k, n), and `squares` the sum of squared residuals.
    """
    fisher = derivative @ derivative.T
    strength, loading = np.linalg.eigh(fisher)
    least = max(strength[-1], 1e-300) * _FLAT
    inverse = (loading / np.maximum(strength, least)) @ loading.T
    free = max(n - len(space), 1)
    size = np.sqrt(inverse.diagonal())
    # without residuals nothing says how large an error is, but that of what has no effect
    known = squares if squares > _EXACT**2 * strength.sum() else np.nan
    flat = (np.abs(loading[:, strength <= least]) > _PART).any(axis=1)
    error = np.where(flat, np.inf, size * np.sqrt(known / free))
    return xr.Dataset(
        {
            "value": ("parameter", values),
            "sensitivity": ("parameter", np.sqrt(np.mean(derivative**2, axis=1))),
            "error": ("parameter", error),
            "correlation": (("parameter", "other"), inverse / np.outer(size, size)),
            "strength": ("direction", strength[::-1]),
            "loading": (("direction", "parameter"), loading.T[::-1]),
        },
        {"parameter": np.array(space.names, str), "other": np.array(space.names, str)},
    )
