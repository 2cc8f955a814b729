"""Gauss-Newton: how every residual changes tells where all of them are small."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from apical.fit.optimise.search import Search
from apical.random import stream

#: How far apart differences are taken first, as a share of the ranges, and by how much less when
#: nothing better is found.
_APART, _LESS = 0.05, 0.5
#: Steps tried together: so many, damped between these, in units of the mean squared slope.
_TOGETHER, _DAMPED = 7, (0.01, 3.0)


@dataclass(frozen=True)
class _Place:
    unit: np.ndarray
    loss: float
    residuals: np.ndarray


def gauss(search: Search) -> str:
    """Search by Gauss-Newton steps within bounds, damped more and less (Levenberg-Marquardt).

    Where a loss is one number, residuals are hundreds: their slopes along k parameters, from k
    differences simulated together, say more than k losses do. Slopes follow what steps find
    (Broyden), and are measured anew where that leads nowhere.

    References
    ----------
    doi:10.1137/0111030, doi:10.1090/S0025-5718-1965-0198670-6
    """
    random = stream(search.seed, "fit", "gauss")
    (here,) = _looked(search, search.start[None])
    apart, slopes = _APART, None
    while apart >= search.tolerance:
        anew = slopes is None
        found: list[_Place] = []
        if slopes is None:
            moves = np.where(random.random(search.size) < 0.5, apart, -apart)
            # inwards where there is no room
            moves = np.where(np.abs(here.unit + moves - 0.5) > 0.5, -moves, moves)
            found = _looked(search, here.unit + np.diag(moves))
            slopes = _differences(here, found) / moves[:, None]
        damped = np.geomspace(*_DAMPED, search.together or _TOGETHER)
        steps = _looked(search, np.array([_step(here, slopes, much) for much in damped]))
        best = min([*found, *steps], key=lambda place: place.loss)
        if best.loss < here.loss:
            slopes = _followed(slopes, here, steps, apart)
            moved, here = float(np.abs(best.unit - here.unit).max()), best
            if moved < search.tolerance:
                # a step so small is no progress: look again, more closely
                slopes, apart = None, apart * _LESS
        else:
            # either the slopes are of elsewhere, or the differences are too large
            slopes, apart = None, apart * (_LESS if anew else 1.0)
    return "converged"


def _looked(search: Search, units: np.ndarray) -> list[_Place]:
    losses, residuals = search.compare(units)
    return [_Place(*parts) for parts in zip(units, losses.tolist(), residuals, strict=True)]


def _differences(here: _Place, there: list[_Place]) -> np.ndarray:
    """Return how residuals differ, (places, n); 0 where a candidate has failed."""
    found = np.array([place.residuals for place in there]) - here.residuals
    return np.nan_to_num(found, posinf=0.0, neginf=0.0)


def _step(here: _Place, slopes: np.ndarray, damped: float) -> np.ndarray:
    """Return where residuals would be small, were they linear; within the cube."""
    matrix, downhill = slopes @ slopes.T, -slopes @ here.residuals
    matrix = matrix + damped * max(np.trace(matrix) / len(matrix), 1e-300) * np.eye(len(matrix))
    free = np.ones(len(matrix), bool)
    step = np.zeros(len(matrix))
    for _ in free:
        step[:] = 0
        step[free] = np.linalg.solve(matrix[np.ix_(free, free)], downhill[free])
        # what is at its bound already and would leave stays; the others make up for it
        stuck = free & (((here.unit >= 1) & (step > 0)) | ((here.unit <= 0) & (step < 0)))
        if not stuck.any():
            break
        free &= ~stuck
    return np.clip(here.unit + step, 0, 1)


def _followed(slopes: np.ndarray, here: _Place, steps: list[_Place], apart: float) -> np.ndarray:
    """Return slopes that agree with steps, the nearest best; short ones count less."""
    # what has failed says nothing of how residuals change
    there = [step for step in steps if np.isfinite(step.residuals).all()]
    moved = [(step.unit - here.unit, step) for step in there]
    for along, step in sorted(moved, key=lambda one: -float(one[0] @ one[0])):
        missed = _differences(here, [step])[0] - along @ slopes
        size = along @ along + along.size * (apart / 2) ** 2
        slopes = slopes + np.outer(along, missed) / size
    return slopes
