"""Gauss-Newton by regression: how residuals change is learnt from all candidates together."""

from __future__ import annotations

import numpy as np

from apical.fit.optimise.regression import Seen, regressed
from apical.fit.optimise.search import ESTIMATE, Search
from apical.random import stream

#: Half width of the box in which candidates are drawn at first, as a share of the ranges; how much
#: narrower it may get from batch to batch; how many steps and standard errors it must hold.
_HALF, _LESS, _STEPS, _ERRORS = 0.2, 0.8, 2.0, 3.0
#: Candidates of a batch; the first has as many more as there are parameters.
_TOGETHER = 8


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
        step, error = _step(regressed((units - centre) / half, residuals), centre, half)
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


def _step(seen: Seen, centre: np.ndarray, half: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where residuals would be small, within the box, and standard errors; half widths."""
    from scipy.optimize import lsq_linear

    told, prior = seen.product(seen.slopes, seen.slopes), np.eye(len(half))
    root = np.linalg.cholesky(told + prior)
    downhill = -np.linalg.solve(root, seen.product(seen.slopes, seen.there[None])[:, 0])
    # half widths are far less than ranges: there is always room to one side
    low, high = np.maximum(-1, -centre / half), np.minimum(1, (1 - centre) / half)
    step = lsq_linear(root.T, downhill, (low, high)).x
    return step, np.sqrt(np.linalg.inv(told * seen.count + prior).diagonal())
