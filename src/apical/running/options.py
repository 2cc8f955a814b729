"""How a network is run: every choice but the network itself, checked."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from apical import engines
from apical.engines.base import Engine
from apical.errors import ModelError, Problem
from apical.units import parse_quantity

if TYPE_CHECKING:
    from apical.model import Network

_log = logging.getLogger(__name__)
STARTS = ("steady", "given")


@dataclass(frozen=True)
class Options:
    """How a network is run; see :func:`apical.simulate`.

    Parameters
    ----------
    duration, dt : float, ms
        Length of a run and of a step.
    trials, seed : int
        Number of trials, and the seed of their draws.
    engine : Engine
        What runs it.
    choice : str
        Which engine that is, and why.
    rates, precision, start : str
        As `simulate` takes them.
    threads : int, optional
        Number of threads.
    """

    duration: float
    dt: float
    trials: int
    seed: int
    engine: Engine
    choice: str
    rates: str
    precision: str
    start: str
    threads: int | None

    def provenance(self) -> dict[str, Any]:
        """Return the options as plain values."""
        return {
            "engine": self.engine.name, "engine_choice": self.choice, "rates": self.rates,
            "precision": self.precision, "threads": self.threads, "seed": self.seed,
            "dt": self.dt, "duration": self.duration, "trials": self.trials, "start": self.start,
        }  # fmt: skip


def checked(
    network: Network,
    duration: float | str,
    *,
    dt: float | str,
    trials: int,
    seed: int,
    engine: str,
    rates: str,
    precision: str,
    start: str,
    threads: int | None,
    sets: int = 1,
) -> Options:
    """Return the options of a run, numbers plain and in ms.

    Parameters
    ----------
    network, duration, dt, trials, seed, engine, rates, precision, start, threads
        As :func:`apical.simulate` takes them.
    sets : int
        How many sets of parameters there are: members are these times the trials.

    Raises
    ------
    ModelError
        With everything that makes no sense.
    EngineError
        If there is no such engine.
    """
    problems = no_network(network)
    length = quantity("duration", duration, "ms", problems)
    step = quantity("dt", dt, "ms", problems)
    if not (is_whole(trials) and trials >= 1):
        problems.append(Problem("trials", f"must be a whole number ≥ 1; got {trials!r}"))
    if not (is_whole(seed) and seed >= 0):
        problems.append(Problem("seed", f"must be a whole number ≥ 0; got {seed!r}"))
    if threads is not None and not (is_whole(threads) and threads >= 1):
        problems.append(Problem("threads", f"must be a whole number ≥ 1; got {threads!r}"))
    if start not in STARTS:
        problems.append(Problem("start", f"must be one of {', '.join(STARTS)}; got '{start}'"))
    if problems:
        raise ModelError(problems)
    cells = sum(p.n for p in network.populations.values())
    runner, choice = engines.pick(engine, sets * trials, precision, cells)
    _log.info(choice)
    return Options(
        length, step, int(trials), int(seed), runner, choice, rates, precision, start,
        None if threads is None else int(threads),
    )  # fmt: skip


def no_network(value: object) -> list[Problem]:
    """Return what is wrong with something that should be a network."""
    from apical.model import Network

    if isinstance(value, Network):
        return []
    hint = "apical.models.load(name) gives one" if isinstance(value, str) else ""
    return [Problem("network", f"must be a Network; got {type(value).__name__}", hint)]


def quantity(name: str, value: float | str, unit: str, problems: list[Problem]) -> float:
    """Return a value in some unit, or note what is wrong with it and return NaN."""
    try:
        return parse_quantity(value, unit)
    except ValueError as error:
        problems.append(Problem(name, str(error)))
        return float("nan")


def is_whole(value: object) -> bool:
    """Whether something is a whole number; truths are not."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)
