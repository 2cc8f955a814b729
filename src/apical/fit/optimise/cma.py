"""CMA-ES: a cloud of candidates that moves, stretches and shrinks."""

from __future__ import annotations

import numpy as np

from apical.fit.optimise.search import Search
from apical.io.extras import extra
from apical.random import stream

#: Standard deviation of the first generation, as a share of the ranges.
_SPREAD = 0.2


def cma(search: Search) -> str:
    """Search by the covariance matrix adaptation evolution strategy, of the package cma.

    References
    ----------
    doi:10.1162/106365601750190398
    """
    package = extra("cma", "fit", "fits by CMA-ES")
    random = stream(search.seed, "fit", "cma")
    options = {
        "bounds": [0, 1], "verbose": -9, "tolx": search.tolerance,
        # its own generator is NumPy's global one, which belongs to the user
        "seed": np.nan, "randn": lambda *shape: random.standard_normal(shape),
    }  # fmt: skip
    if search.together:
        options["popsize"] = search.together
    search.evaluate(search.start[None])
    strategy = package.CMAEvolutionStrategy(search.start, _SPREAD, options)
    while not strategy.stop():
        asked = strategy.ask()
        strategy.tell(asked, search.evaluate(np.clip(asked, 0, 1)).tolist())
    return "converged"
