"""The one verb: a network in, a result out."""

from __future__ import annotations

import datetime
import platform
import time as clock
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Any

import numpy as np

from apical import engines
from apical.engines.base import Engine, RawResult
from apical.errors import ModelError, Problem, StepWarning
from apical.plan.plan import Plan, compile
from apical.units import parse_quantity

if TYPE_CHECKING:
    from apical.model import Network
    from apical.plan.discretise import Floats, Ints
    from apical.result import Result

STARTS = ("steady", "given")
#: Longest step (ms) that passes without a warning where channels have gates.
_LONGEST_STEP = 0.1


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
    engine : {'auto', 'cpu', 'reference'}
        Which engine runs it.
    rates : {'exact', 'table'}
        Channel rates as the equations say, or from their authors' tables.
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
    trials, threads = _checked(network, trials, start, threads)
    runner = engines.get(engine)
    plan = compile(
        network, _ms("duration", duration), dt=_ms("dt", dt), seed=seed, rates=rates,
        precision=precision,
    )  # fmt: skip
    _check_step(plan)
    at_rest = False
    if start == "steady":
        from apical.start import settle

        plan, at_rest = settle(plan, runner)
    found = _run(plan, runner, trials, threads, progress)
    provenance = {
        "engine": runner.name, "rates": rates, "precision": precision, "threads": threads,
        "seed": plan.seed, "dt": plan.dt, "duration": plan.duration, "trials": trials,
        "start": start, "at_rest": at_rest,
        "wall_seconds": clock.perf_counter() - began, "model_hash": network.content_hash(),
        **_versions(),
    }  # fmt: skip
    return _result(plan, found, at_rest, provenance)


@dataclass(frozen=True)
class _Trial:
    raw: RawResult
    trains: list[tuple[Floats, Ints]]


def _run(
    plan: Plan,
    runner: Engine,
    trials: int,
    threads: int | None,
    progress: Callable[[float], None] | None,
) -> list[_Trial]:
    """Run one trial after the other."""
    found = []
    for trial in range(trials):
        trains, inputs = plan.trial(trial)

        def report(steps: int, done: int = trial) -> None:
            if progress:
                progress((done + steps / plan.steps) / trials)

        raw = runner.run(plan, inputs, threads=threads, report=report)
        found.append(_Trial(raw, trains))
    return found


def _ms(name: str, value: float | str) -> float:
    try:
        return parse_quantity(value, "ms")
    except ValueError as error:
        raise ModelError([Problem(name, str(error))]) from None


def _checked(
    network: Network, trials: int, start: str, threads: int | None
) -> tuple[int, int | None]:
    """Return trials and threads as plain whole numbers, or say what makes no sense."""
    from apical.model import Network

    problems = []
    if not isinstance(network, Network):
        hint = "apical.models.load(name) gives one" if isinstance(network, str) else ""
        what = f"must be a Network; got {type(network).__name__}"
        problems.append(Problem("network", what, hint))
    if not (_is_whole(trials) and trials >= 1):
        problems.append(Problem("trials", f"must be a whole number ≥ 1; got {trials!r}"))
    if threads is not None and not (_is_whole(threads) and threads >= 1):
        problems.append(Problem("threads", f"must be a whole number ≥ 1; got {threads!r}"))
    if start not in STARTS:
        problems.append(Problem("start", f"must be one of {', '.join(STARTS)}; got '{start}'"))
    if problems:
        raise ModelError(problems)
    return int(trials), None if threads is None else int(threads)


def _is_whole(value: object) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _check_step(plan: Plan) -> None:
    """Warn of steps that no gate can follow."""
    mechanisms = [m for p in plan.populations for m in p.cell.mechanisms]
    gated = any(m.program.kind == "channel" and m.program.states for m in mechanisms)
    if gated and plan.dt > _LONGEST_STEP:
        warnings.warn(
            f"steps of {plan.dt:g} ms are too long for the gates of channels: spikes will be wrong "
            "or missing; 0.025 ms is usual",
            StepWarning,
            stacklevel=3,
        )


def _versions() -> dict[str, Any]:
    from apical import __version__

    return {
        "apical": __version__, "python": platform.python_version(), "numpy": np.__version__,
        "numba": metadata.version("numba"),
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }  # fmt: skip


def _result(plan: Plan, trials: list[_Trial], at_rest: bool, provenance: dict[str, Any]) -> Result:
    from apical.result import RecordedTraces, Result

    shown = [i for i, p in enumerate(plan.populations) if p.dipole]
    dipole = np.stack([t.raw.dipole[shown] for t in trials])
    rest = np.zeros(len(shown))
    if at_rest:
        # every trial starts at rest, so the first sample is the resting dipole
        rest = dipole[0, :, 0].copy() if shown else rest
        dipole = dipole - rest[None, :, None]
    recordings = {}
    for k, request in enumerate(plan.recordings):
        recordings[request.name] = RecordedTraces(
            time=plan.time[:: request.every],
            values=_stacked([t.raw.recordings[k] for t in trials]),
            cells=request.cells.tolist(), sites=request.labels, units=request.unit,
        )  # fmt: skip
    sources = {p.name: p.n for p in plan.populations} | {d.name: d.n for d in plan.drives}
    return Result.from_arrays(
        plan.network, plan.time, dipole, spikes=_spikes(plan, trials), sources=sources, rest=rest,
        recordings=recordings, provenance=provenance,
    )  # fmt: skip


def _stacked(trials: list[Floats]) -> Floats:
    """Put a trial axis first, without copying where there is one trial."""
    return trials[0][None] if len(trials) == 1 else np.stack(trials)


def _spikes(plan: Plan, trials: list[_Trial]) -> dict[str, np.ndarray]:
    """Return the spikes of cells and drives as columns."""
    first = np.array([p.first for p in plan.populations], np.int64)
    columns: dict[str, list[np.ndarray]] = {k: [] for k in ("trial", "time", "source", "cell")}

    def add(trial: int, time: Floats, source: Ints, cell: Ints) -> None:
        for name, values in zip(
            columns, (np.full(len(time), trial), time, source, cell), strict=True
        ):
            columns[name].append(values)

    for number, trial in enumerate(trials):
        raw = trial.raw
        source = np.searchsorted(first, raw.spike_cell, "right") - 1
        add(number, raw.spike_time, source, raw.spike_cell - first[source])
        for k, (time, cell) in enumerate(trial.trains):
            add(number, time, np.full(len(time), len(first) + k), cell)
    return {name: np.concatenate(parts) for name, parts in columns.items()}
