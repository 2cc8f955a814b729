"""What candidates with draws of their own say of residuals: how they change, and their chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: Distance, in half widths, beyond which candidates count little; as how many candidates, at such a
#: distance, the assumption counts that nothing changes.
_NEAR, _FLAT = 1.5, 0.1
#: The mean square of what is left unexplained is at least such a share of that of slopes.
_LEAST = 1e-12


@dataclass(frozen=True)
class Seen:
    """What candidates say of residuals around a centre.

    Distances are in half widths of the box in which candidates were drawn, or in whole ranges.

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
    chance : (k, k) array
        Covariance of slopes by chance, as a share of that of one candidate.
    least : float
        Mean square of residuals that is counted as chance at least.
    """

    there: np.ndarray
    slopes: np.ndarray
    missed: np.ndarray
    count: float
    chance: np.ndarray
    least: float = 0.0

    @property
    def everywhere(self) -> float:
        """Mean square of residuals, counted as chance that is as large everywhere."""
        known = np.mean(self.there**2), self.least, _LEAST * np.mean(self.slopes**2)
        return float(max(*known, np.finfo(float).tiny))

    def product(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Return `a` by `b`, (…, n) each, with the inverse of the covariance between.

        The covariance of one candidate, and what is as large everywhere.
        """
        # the matrix is too large to be written down
        inner = self.missed @ self.missed.T + self.everywhere * np.eye(len(self.missed))
        chance = (a @ self.missed.T) @ np.linalg.solve(inner, self.missed @ b.T)
        return (a @ b.T - chance) / self.everywhere


def regressed(places: np.ndarray, residuals: np.ndarray) -> Seen:
    """Regress residuals on places, the nearest first; what has failed says nothing."""
    there = np.isfinite(residuals).all(axis=1)
    places, residuals = places[there], residuals[there]
    weight = np.exp(-np.mean(places**2, axis=1) / _NEAR**2)
    root = np.sqrt(weight)[:, None]
    terms = np.column_stack([np.ones(len(places)), places]) * root
    flat = np.diag([0.0] + [_FLAT] * places.shape[1])
    matrix = terms.T @ terms + flat
    found = np.linalg.solve(matrix, terms.T @ (root * residuals))
    count = weight.sum() ** 2 / (weight**2).sum()
    # as many are explained as there are terms; a few are left where there are not enough
    left = weight.sum() * max(1 - terms.shape[1] / count, 0.2)
    missed = (root * residuals - terms @ found) / np.sqrt(left)
    each = np.linalg.solve(matrix, terms.T * root[:, 0])
    return Seen(found[0], found[1:], missed, count, (each @ each.T)[1:, 1:])
