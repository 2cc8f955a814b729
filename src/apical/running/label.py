"""From what engines give to a result with labels, units and provenance."""

from __future__ import annotations

import datetime
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING, Any

import numpy as np

from apical.engines.base import RawResult
from apical.plan.extracellular import array_of, steps_between
from apical.plan.plan import Plan, time_of
from apical.running.prepare import Prepared

if TYPE_CHECKING:
    from apical.plan.discretise import Floats, Ints
    from apical.recorded import RecordedPotentials
    from apical.result import Result


@dataclass(frozen=True)
class Trial:
    """One trial, unlabelled.

    Parameters
    ----------
    raw : RawResult
        What the engine gave.
    trains : list of (times, cells)
        When each drive's cells fire.
    """

    raw: RawResult
    trains: list[tuple[Floats, Ints]]


def label(
    prepared: Prepared, trials: Sequence[Trial], step: int, seconds: float, **more: Any
) -> Result:
    """Return the result of trials that have come to some step.

    Parameters
    ----------
    prepared : Prepared
        What was run.
    trials : sequence of Trial
        What came out.
    step : int
        Steps done; if these are not all, the result is of the time that they took.
    seconds : float, s
        How long it took.
    **more
        Further provenance.
    """
    from apical.recorded import RecordedTraces
    from apical.result import Result

    plan = prepared.plan
    time = plan.time[: step + 1]
    dipole, rest = relative_dipoles(prepared, trials)
    recordings = {}
    for k, request in enumerate(plan.recordings):
        recordings[request.name] = RecordedTraces(
            time=time[:: request.every], values=_stacked([t.raw.recordings[k] for t in trials]),
            cells=request.cells.tolist(), sites=request.labels, units=request.unit,
        )  # fmt: skip
    provenance = {
        **prepared.options.provenance(), "trials": len(trials), "at_rest": prepared.at_rest,
        "wall_seconds": seconds, "model_hash": plan.network.content_hash(), **versions(), **more,
    }  # fmt: skip
    if step < plan.steps:
        provenance["duration"] = float(time[-1])
    return Result.from_arrays(
        plan.network, time, dipole, spikes=spike_columns(plan, trials, step), sources=sources(plan),
        rest=rest, recordings=recordings, lfp=potentials(prepared, trials, time),
        provenance=provenance,
    )  # fmt: skip


def label_since(prepared: Prepared, trials: Sequence[Trial], first: int, step: int) -> Result:
    """Return dipoles, potentials and spikes of a stretch of a run, from sample `first` on."""
    from apical.result import Result

    plan = prepared.plan
    dipole, rest = relative_dipoles(prepared, trials)
    columns = spike_columns(plan, trials, step)
    if first > 0:
        new = columns["time"] > time_of(first - 1, plan.dt)
        columns = {name: values[new] for name, values in columns.items()}
    return Result.from_arrays(
        plan.network, plan.time[first : step + 1], dipole[..., first:], spikes=columns,
        sources=sources(plan), rest=rest,
        lfp=potentials(prepared, trials, plan.time[: step + 1], first),
    )  # fmt: skip


def relative_dipoles(prepared: Prepared, trials: Sequence[Trial]) -> tuple[Floats, Floats]:
    """Return dipoles relative to rest, (trials, populations, samples), and that of rest.

    Populations are those that contribute. Every trial starts at rest, so the first sample is the
    resting dipole; what does not start there is relative to nothing.
    """
    shown = [i for i, p in enumerate(prepared.plan.populations) if p.dipole]
    dipole = np.stack([t.raw.dipole[shown] for t in trials])
    if not prepared.at_rest:
        return dipole, np.zeros(len(shown))
    rest = dipole[0, :, 0].copy()
    return dipole - rest[None, :, None], rest


def potentials(
    prepared: Prepared, trials: Sequence[Trial], time: Floats, first: int = 0
) -> dict[str, RecordedPotentials]:
    """Return what electrode arrays have seen at some times, relative to rest as dipoles are.

    Parameters
    ----------
    prepared : Prepared
        What was run.
    trials : sequence of Trial
        What came out.
    time : (n_time,) array, ms
        From the beginning to the step that was reached.
    first : int
        Position in `time` of the first that is wanted.
    """
    from apical.recorded import RecordedPotentials

    plan, found = prepared.plan, {}
    for name, array in plan.network.electrodes.items():
        mine = [k for k, o in enumerate(plan.observables) if array_of(o) == name]
        every = steps_between(array, plan.dt)
        begin = -(-first // every)
        at = time[::every][begin:]
        values = np.zeros((len(trials), len(mine), len(array.positions), len(at)))
        for trial, given in zip(values, trials, strict=True):
            for k, potential in zip(mine, trial, strict=True):
                potential[:] = given.raw.observed[k][:, begin:]
        rest = np.zeros(values.shape[1:3])
        # without cells there is nothing to add up
        if prepared.at_rest and mine:
            rest[:] = np.stack([trials[0].raw.observed[k][:, 0] for k in mine])
            values -= rest[:, :, None]
        found[name] = RecordedPotentials(
            time=at, values=values, rest=rest, positions=np.array(array.positions),
            conductivity=array.conductivity,
        )  # fmt: skip
    return found


def spike_columns(plan: Plan, trials: Sequence[Trial], step: int) -> dict[str, np.ndarray]:
    """Return the spikes of cells and drives in the first steps as columns."""
    first = np.array([p.first for p in plan.populations], np.int64)
    # a drive may fire after the last whole step
    end = np.inf if step == plan.steps else time_of(step, plan.dt)
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
            n = int(np.searchsorted(time, end, "right"))
            add(number, time[:n], np.full(n, len(first) + k), cell[:n])
    return {name: np.concatenate(parts) for name, parts in columns.items()}


def sources(plan: Plan) -> dict[str, int]:
    """Return the number of cells of populations, then drives."""
    return {p.name: p.n for p in plan.populations} | {d.name: d.n for d in plan.drives}


def versions() -> dict[str, Any]:
    """Return the versions of what computes, and the time."""
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    return {**_of_software(), "created": now}


@cache
def _of_software() -> dict[str, str]:
    from apical import __version__

    return {
        "apical": __version__, "python": platform.python_version(), "numpy": np.__version__,
        "numba": metadata.version("numba"),
    }  # fmt: skip


def _stacked(trials: list[Floats]) -> Floats:
    """Put a trial axis first, without copying where there is one trial."""
    return trials[0][None] if len(trials) == 1 else np.stack(trials)
