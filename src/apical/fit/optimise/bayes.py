"""Bayesian optimisation: a model of where losses are small decides what is tried next."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

import numpy as np

from apical.fit.optimise.search import INSTEAD, Search
from apical.io.extras import extra
from apical.random import stream

#: Candidates tried at a time.
_TOGETHER = 8


def bayes(search: Search) -> str:
    """Search by tree-structured Parzen estimators, of the package optuna.

    It only ends with the budget.

    References
    ----------
    doi:10.1145/3292500.3330701
    """
    optuna = extra("optuna", "fit", "Bayesian fits", INSTEAD)
    names = [str(k) for k in range(search.size)]
    ranges = {name: optuna.distributions.FloatDistribution(0, 1) for name in names}
    seed = int(stream(search.seed, "fit", "bayes").integers(2**31))
    with _quiet(optuna):
        sampler = optuna.samplers.TPESampler(seed=seed, multivariate=True, constant_liar=True)
        study = optuna.create_study(sampler=sampler)
        study.enqueue_trial(dict(zip(names, search.start.tolist(), strict=True)))
        while True:
            trials = [study.ask(ranges) for _ in range(search.together or _TOGETHER)]
            asked = np.array([[trial.params[name] for name in names] for trial in trials])
            for trial, loss in zip(trials, search.evaluate(asked).tolist(), strict=True):
                study.tell(trial, loss)


@contextmanager
def _quiet(optuna: ModuleType) -> Iterator[None]:
    """Keep optuna from writing to the terminal, and from warning that what it does is new."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(before)
