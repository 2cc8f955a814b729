"""The one verb: a network in, a result out."""

from __future__ import annotations

import time as clock
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING

from apical.running import Prepared, Trial, batch_size, label, prepare, unwatched
from apical.running.options import checked

if TYPE_CHECKING:
    from apical.model import Network
    from apical.result import Result


def simulate(
    network: Network,
    duration: float | str = 170.0,
    *,
    dt: float | str = 0.025,
    trials: int = 1,
    seed: int = 0,
    engine: str = "auto",
    rates: str = "exact",
    precision: str = "double",
    start: str = "steady",
    threads: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> Result:
    """Simulate a network.

    Parameters
    ----------
    network : Network
        The model; it is not changed.
    duration, dt : float, ms
        Length of each trial and of a step; text such as ``"0.2 s"`` is converted.
    trials : int
        Number of trials; they differ in the drives' random draws.
    seed : int
        Seed of every random draw.
    engine : {'auto', 'cpu', 'cuda', 'reference'}
        Which engine runs it.
    rates : {'exact', 'direct', 'table'}
        Channel rates as the equations say, to rounding; the same with every equation computed at
        every step, which is slower; or from their authors' tables.
    precision : {'double', 'single'}
        Double, or single: about twice as fast, for looking and for large ensembles.
    start : {'steady', 'given'}
        From the undriven steady state, or from the sections' initial voltages.
    threads : int, optional
        Number of threads, by default one per core; results do not depend on it.
    progress : callable, optional
        Called with the fraction done; may raise :class:`apical.errors.Cancelled` to stop.

    Returns
    -------
    Result
        Dipole relative to rest, spikes, recordings and provenance.

    Raises
    ------
    ModelError
        If the run or its recordings make no sense.
    EngineError
        If the engine or one of its options does not exist.
    NumericalError
        If the simulation diverges, with the place and time.
    """
    began = clock.perf_counter()
    options = checked(
        network, duration, dt=dt, trials=trials, seed=seed, engine=engine, rates=rates,
        precision=precision, start=start, threads=threads,
    )  # fmt: skip
    prepared = prepare(network, options, kept=options.trials)
    found = run_prepared(prepared, progress)
    return label(prepared, found, prepared.plan.steps, clock.perf_counter() - began)


def run_prepared(
    prepared: Prepared, progress: Callable[[float], None] | None = None
) -> list[Trial]:
    """Run batches of trials, one after the other."""
    trials, steps = prepared.options.trials, prepared.plan.steps
    size, found = batch_size(prepared.plan, prepared.options.engine), []
    for first in range(0, trials, size):
        drawn = [prepared.draw(k) for k in range(first, min(trials, first + size))]
        members = [d.member for d in drawn]
        with closing(
            prepared.options.engine.start(members, threads=prepared.options.threads)
        ) as run:
            # who is told of progress may stop it, after any window
            windows = 1 if progress else unwatched(members)
            while run.step < run.steps:
                done = run.advance(windows)
                if run.failures:
                    raise run.failures[min(run.failures)]
                if progress:
                    progress((first * steps + len(drawn) * done) / (trials * steps))
            found += [Trial(run.result(k, copy=False), d.trains) for k, d in enumerate(drawn)]
    return found
