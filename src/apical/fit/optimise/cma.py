"""CMA-ES: a cloud of candidates that moves, stretches and shrinks."""

from __future__ import annotations

import numpy as np

from apical.fit.optimise.search import INSTEAD, Search
from apical.io.extras import extra
from apical.random import stream

#: Standard deviation of the first generation, as a share of the ranges.
_SPREAD = 0.2


def cma(search: Search, spread: float | np.ndarray = _SPREAD, flat: float | None = None) -> str:
    """Search by the covariance matrix adaptation evolution strategy, of the package cma.

    Parameters
    ----------
    search : Search
        Where to look.
    spread : float or (k,) array
        Standard deviation of the first generation, as a share of the ranges.
    flat : float, optional
        It ends, too, when the losses of recent generations differ by less.

    References
    ----------
    doi:10.1162/106365601750190398
    """
    package = extra("cma", "fit", "fits by CMA-ES", INSTEAD)
    random = stream(search.seed, "fit", "cma")
    options = {
        "bounds": [0, 1], "verbose": -9, "tolx": search.tolerance,
        # its own generator is NumPy's global one, which belongs to the user
        "seed": np.nan, "randn": lambda *shape: random.standard_normal(shape),
    }  # fmt: skip
    if search.together:
        options["popsize"] = search.together
    if flat is not None:
        options["tolfun"] = flat
    size = float(np.mean(spread))
    if np.ndim(spread):
        options["CMA_stds"] = spread / size
    search.evaluate(search.start[None])
    strategy = package.CMAEvolutionStrategy(search.start, size, options)
    while not strategy.stop():
        asked = strategy.ask()
        strategy.tell(asked, search.evaluate(np.clip(asked, 0, 1)).tolist())
    return "converged"
