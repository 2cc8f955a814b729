"""Optimisers that look about the place where they are, of SciPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from apical.fit.optimise.search import Search

#: First step of COBYLA, and how far apart differences are taken, as shares of the ranges.
_FIRST, _APART = 0.15, 0.01
#: SciPy's L-BFGS begins with a step of length 1: a tenth of a range.
_LENGTH = 10.0


def cobyla(search: Search) -> str:
    """Search by linear approximation on a shrinking simplex (COBYLA), one candidate at a time.

    References
    ----------
    doi:10.1007/978-94-015-8330-5_4
    """
    from scipy.optimize import minimize

    def loss(place: np.ndarray) -> float:
        # it may step beyond bounds by rounding
        return float(search.evaluate(np.clip(place, 0, 1)[None])[0])

    minimize(
        loss, search.start, method="COBYLA", bounds=[(0, 1)] * search.size,
        options={"rhobeg": _FIRST, "tol": min(search.tolerance, _FIRST), "maxiter": 10**6},
    )  # fmt: skip
    return "converged"


def lbfgs(search: Search) -> str:
    """Search along gradients (L-BFGS-B), from differences simulated together.

    References
    ----------
    doi:10.1137/0916069
    """
    from scipy.optimize import minimize

    size: list[float] = []

    def loss(place: np.ndarray) -> tuple[float, np.ndarray]:
        here = np.clip(place / _LENGTH, 0, 1)
        # inwards where there is no room
        steps = np.where(here + _APART <= 1, _APART, -_APART)
        losses = search.evaluate(np.vstack([here, here + np.diag(steps)]))
        # its tolerances are meant for losses about as large as 1
        size[:] = size or [abs(losses[0]) or 1.0]
        losses = losses / size[0]
        return losses[0], (losses[1:] - losses[0]) / steps / _LENGTH

    before = [search.start]

    def moved(intermediate_result: Any) -> None:
        here = intermediate_result.x / _LENGTH
        if np.abs(here - before[-1]).max() < search.tolerance:
            raise StopIteration
        before.append(here)

    minimize(
        loss, search.start * _LENGTH, jac=True, method="L-BFGS-B",
        bounds=[(0, _LENGTH)] * search.size, callback=moved,
        options={"maxiter": 10**6, "maxfun": 10**6},
    )  # fmt: skip
    return "converged"
