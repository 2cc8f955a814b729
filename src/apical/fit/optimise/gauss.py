"""Gauss-Newton by regression: how residuals change is learnt from all candidates together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from apical.fit.optimise.search import ESTIMATE, Search
from apical.random import stream

#: Half width of the box in which candidates are drawn at first, as a share of the ranges; how much
#: narrower it may get from batch to batch; how many steps and standard errors it must hold.
_HALF, _LESS, _STEPS, _ERRORS = 0.2, 0.8, 2.0, 3.0
#: Candidates of a batch; the first has as many more as there are parameters.
_TOGETHER = 8
#: Distance, in half widths, beyond which candidates count little; as how many candidates, at such a
#: distance, the assumption counts that nothing changes.
_NEAR, _FLAT = 1.5, 0.1
#: The mean square of what is left unexplained is at least such a share of that of slopes.
_LEAST = 1e-12


@dataclass(frozen=True)
class _Seen:
    """What candidates say of residuals around a centre; distances in half widths of the box.

    Parameters
    ----------
    there : (n,) array
        Residuals at the centre.
    slopes : (k, n) array
        How they change along each parameter.
    missed : (candidates, n) array
        What that misses of the candidates; its squares add up to the covariance of one.
    count : float
        As how many candidates they count.
    """

    there: np.ndarray
    slopes: np.ndarray
    missed: np.ndarray
    count: float


def gauss(search: Search) -> str:
    """Search by Gauss-Newton steps within a box; the last candidate is the estimate.

    Candidates are drawn around the best place known. A linear regression on all of them, the
    nearest first, tells what residuals are there and how they change; then the box moves to where
    they would be small, and shrinks with the steps and their errors, for each parameter alone.

    Candidates have draws of their own, so that chance averages out over all of them. Where it is
    large, as what the regression misses tells, residuals count less (generalised least squares); so
    they do where they are as large everywhere, for what no parameters explain.
    """
    random = stream(search.seed, "fit", "gauss")
    centre, half = search.start, np.full(search.size, _HALF)
    units, residuals = np.zeros((0, search.size)), np.zeros((0, 0))
    together = search.together or _TOGETHER
    many, reason = together + search.size, "budget spent"
    # one is kept for the estimate
    while (many := min(many, search.budget - 1 - len(units))) > 0:
        asked = _drawn(centre, half, many, random)
        found = search.compare(asked)
        units = np.vstack([units, asked])
        residuals = np.vstack([residuals.reshape(-1, found.shape[1]), found])
        step, error = _step(_seen((units - centre) / half, residuals), centre, half)
        centre = np.clip(centre + step * half, 0, 1)
        if (np.maximum(np.abs(step), error) * half).max() < search.tolerance:
            reason = "converged"
            break
        half = half * np.clip(np.maximum(_STEPS * np.abs(step), _ERRORS * error), _LESS, 1)
        many = together
    search.compare(centre[None], ESTIMATE)
    return reason


def _drawn(
    centre: np.ndarray, half: np.ndarray, many: int, random: np.random.Generator
) -> np.ndarray:
    """Return the centre, and places around it that fill the box evenly; within the cube."""
    each = random.permuted(np.tile(np.arange(many), (centre.size, 1)), axis=1).T
    units = centre + half * (2 * (each + random.random(each.shape)) / many - 1)
    units[0] = centre
    # what would be outside is reflected
    return np.abs(1 - np.abs(1 - units))


def _seen(places: np.ndarray, residuals: np.ndarray) -> _Seen:
    """Regress residuals on places, the nearest first; what has failed says nothing."""
    there = np.isfinite(residuals).all(axis=1)
    places, residuals = places[there], residuals[there]
    weight = np.exp(-np.mean(places**2, axis=1) / _NEAR**2)
    root = np.sqrt(weight)[:, None]
    terms = np.column_stack([np.ones(len(places)), places]) * root
    flat = np.diag([0.0] + [_FLAT] * places.shape[1])
    found = np.linalg.solve(terms.T @ terms + flat, terms.T @ (root * residuals))
    count = weight.sum() ** 2 / (weight**2).sum()
    # as many are explained as there are terms; a few are left where there are not enough
    left = weight.sum() * max(1 - terms.shape[1] / count, 0.2)
    missed = (root * residuals - terms @ found) / np.sqrt(left)
    return _Seen(found[0], found[1:], missed, count)


def _step(seen: _Seen, centre: np.ndarray, half: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where residuals would be small, within the box, and standard errors; half widths."""
    from scipy.optimize import lsq_linear

    squares = np.mean(seen.there**2), _LEAST * np.mean(seen.slopes**2), np.finfo(float).tiny
    everywhere = float(max(squares))
    inner = seen.missed @ seen.missed.T + everywhere * np.eye(len(seen.missed))

    def product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        # with the inverse of the covariance, which is too large to be written down
        chance = (a @ seen.missed.T) @ np.linalg.solve(inner, seen.missed @ b.T)
        return (a @ b.T - chance) / everywhere

    told, prior = product(seen.slopes, seen.slopes), np.eye(len(half))
    root = np.linalg.cholesky(told + prior)
    downhill = -np.linalg.solve(root, product(seen.slopes, seen.there[None])[:, 0])
    # half widths are far less than ranges: there is always room to one side
    low, high = np.maximum(-1, -centre / half), np.minimum(1, (1 - centre) / half)
    step = lsq_linear(root.T, downhill, (low, high)).x
    return step, np.sqrt(np.linalg.inv(told * seen.count + prior).diagonal())
