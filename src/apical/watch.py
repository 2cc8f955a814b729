"""A run that is watched as it goes: stopped, changed and resumed."""

from __future__ import annotations

import threading
import time as clock
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from apical.errors import EngineError, ModelError, Problem
from apical.plan.plan import time_of
from apical.running import Prepared, Trial, label, prepare
from apical.running.differences import first_change, first_spike_change
from apical.running.label import label_since
from apical.running.options import checked, no_network, quantity
from apical.running.prepare import Drawn
from apical.running.snapshots import Snapshot, Snapshots

if TYPE_CHECKING:
    import xarray as xr

    from apical.model import Network
    from apical.plan.plan import Inputs
    from apical.result import Arrays, Result


@dataclass(frozen=True, eq=False)
class Chunk:
    """A stretch of a run.

    Parameters
    ----------
    new : Result
        New samples of the dipole and of potentials, relative to rest, and new spikes of cells and
        drives; without recordings.
    since : float, ms
        What earlier chunks said holds up to here and no further: the time of the sample before
        the first new one. After a change it is earlier than the end of the last chunk.
    time : float, ms
        Time reached.
    fraction : float
        Share of the run that is done.
    """

    new: Result
    since: float
    time: float
    fraction: float

    @property
    def dipole(self) -> xr.DataArray:
        """New samples (trial, population, time), nAm, as in a `Result`."""
        return self.new.dipole

    @property
    def spikes(self) -> xr.Dataset:
        """New spikes, with columns as in a `Result`."""
        return self.new.spikes

    @property
    def arrays(self) -> Arrays:
        """All of it as plain arrays, which take less time than labelled ones."""
        return self.new.arrays


def watch(
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
    pace: float | str = 0.05,
    snapshot_every: float | str = 5.0,
) -> Watch:
    """Prepare a run that can be watched, stopped, changed and resumed.

    Parameters
    ----------
    network : Network
        The model; it is not changed.
    duration, dt, trials, seed, engine, rates, precision, start, threads
        As :func:`apical.simulate` takes them; all trials run together.
    pace : float, s
        Wall-clock time from one chunk to the next, if a window of steps takes no longer.
    snapshot_every : float, ms
        Model time from one snapshot of the state to the next, or more where they would take too
        much memory.

    Returns
    -------
    Watch
        Iterate over it to run it.

    Raises
    ------
    ModelError, EngineError
        As :func:`apical.simulate` does.
    """
    problems: list[Problem] = []
    seconds = quantity("pace", pace, "s", problems)
    every = quantity("snapshot_every", snapshot_every, "ms", problems)
    if seconds < 0:
        problems.append(Problem("pace", f"must be ≥ 0 s; got {seconds:g} s"))
    if every <= 0:
        problems.append(Problem("snapshot_every", f"must be > 0 ms; got {every:g} ms"))
    if problems:
        raise ModelError(problems)
    options = checked(
        network, duration, dt=dt, trials=trials, seed=seed, engine=engine, rates=rates,
        precision=precision, start=start, threads=threads,
    )  # fmt: skip
    return Watch(prepare(network, options, kept=options.trials), seconds, every)


class Watch:
    """A run on its way; made by :func:`watch`.

    Iterating runs it, in the thread that iterates, and yields a :class:`Chunk` now and then.
    Everything else may be called from any thread. Close it, or use it in a ``with`` statement,
    to let go of the engine's threads and memory.

    Examples
    --------
    >>> with apical.watch(network) as run:
    ...     for chunk in run:
    ...         draw(chunk.dipole)
    ...     run.change(network.set({"drives.evprox1.mu": 30}))
    ...     for chunk in run:
    ...         draw(chunk.dipole)
    ...     result = run.result()
    """

    def __init__(self, prepared: Prepared, pace: float, snapshot_every: float) -> None:
        self._pace, self._every = pace, snapshot_every
        self._stopped, self._closed = threading.Event(), False
        self._room, self._door, self._changes = (threading.Lock() for _ in range(3))
        self._seconds = 0.0
        self._begin(prepared, prepared.draw_all())

    @property
    def network(self) -> Network:
        """What is run."""
        return self._prepared.plan.network

    @property
    def time(self) -> float:
        """Model time reached, ms."""
        return float(time_of(self._run.step, self._prepared.plan.dt))

    @property
    def done(self) -> bool:
        """Whether the whole run is done."""
        return self._run.step == self._run.steps

    @property
    def stopped(self) -> bool:
        """Whether it was asked to stop, and not yet to resume."""
        return self._stopped.is_set()

    def stop(self) -> None:
        """Pause within one window of steps; iterations end."""
        self._stopped.set()

    def resume(self) -> Self:
        """Take `stop` back, so that iterating goes on from there; return the watch."""
        if not self._closed:
            self._stopped.clear()
        return self

    def __iter__(self) -> Iterator[Chunk]:
        while (chunk := self._next()) is not None:
            yield chunk

    def result(self) -> Result:
        """Return what there is so far: of the whole run, what `simulate` returns.

        Raises
        ------
        NumericalError
            If a trial has diverged.
        """
        with self._turn():
            return label(self._prepared, self._trials(), self._run.step, self._seconds)

    def change(self, network: Network) -> float:
        """Go on with another network from where it makes a first difference.

        Where only drives differ, that is the last snapshot before the first event that does.
        Anything else that a run depends on starts it anew. Later results are to the last bit those
        of a run of the other network from its beginning.

        Parameters
        ----------
        network : Network
            Run from now on, with the same options.

        Returns
        -------
        float
            Time, ms, from which the run goes on.

        Raises
        ------
        ModelError, EngineError
            If it cannot be run, or the watch is closed; then nothing is changed.
        """
        if problems := no_network(network):
            raise ModelError(problems)
        # preparing takes its time, and the run may go on meanwhile
        with self._changes:
            options = self._prepared.options
            prepared = prepare(network, options, like=self._prepared.plan, kept=options.trials)
            drawn = prepared.draw_all()
            with self._turn():
                if self._closed:
                    raise EngineError("this run is closed: it cannot be changed any more")
                self._go_over_to(prepared, drawn)
                return self.time

    def close(self) -> None:
        """Stop, and let go of the engine's threads and memory; a closed run does not go on."""
        self._closed = True
        self.stop()
        with self._turn():
            self._run.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __repr__(self) -> str:
        name = self.network.name or "network"
        duration = self._prepared.plan.duration
        return f"<Watch of {name}: {self.time:g} of {duration:g} ms>"

    # --- one after the other ------------------------------------------------------------------

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait until nobody else has to do with the run, first come, first served.

        A plain lock that is given up and taken again between windows would never be free for
        others: who waits stands in the door, so that nobody comes in twice before them.
        """
        with self._door:
            self._room.acquire()
        try:
            yield
        finally:
            self._room.release()

    def _next(self) -> Chunk | None:
        """Advance for as long as the pace says; return None if there is nothing new to show."""
        began = clock.perf_counter()
        while not self.stopped:
            with self._turn():
                if not self.done:
                    self._advance()
                if self.done or clock.perf_counter() - began >= self._pace:
                    return self._chunk()
        with self._turn():
            return self._chunk()

    # --- with the run to oneself --------------------------------------------------------------

    def _begin(self, prepared: Prepared, drawn: list[Drawn]) -> None:
        options, members = prepared.options, [d.member for d in drawn]
        self._run = options.engine.start(members, threads=options.threads)
        self._prepared, self._drawn = prepared, drawn
        self._snapshots = Snapshots(prepared.plan, len(members), self._every)
        self._snapshots.offer(self._run)
        # samples that chunks have shown
        self._shown = 0

    def _advance(self) -> None:
        began = clock.perf_counter()
        try:
            self._run.advance()
        except BaseException:
            # Ctrl-C comes in the middle of a window, which nobody could go on from
            self._go_back(self._snapshots.before(self._run.step))
            raise
        self._seconds += clock.perf_counter() - began
        self._check()
        self._snapshots.offer(self._run)

    def _go_back(self, at: Snapshot, inputs: Sequence[Sequence[Inputs]] | None = None) -> None:
        self._run.rewind(at, inputs)
        self._snapshots.forget(at.step)
        self._shown = min(self._shown, at.step + 1)

    def _check(self) -> None:
        failures = self._run.failures
        if failures:
            raise failures[min(failures)]

    def _trials(self, *, copy: bool = True) -> list[Trial]:
        self._check()
        return [Trial(self._run.result(k, copy=copy), d.trains) for k, d in enumerate(self._drawn)]

    def _chunk(self) -> Chunk | None:
        first, step, dt = self._shown, self._run.step, self._prepared.plan.dt
        if first > step or step == 0:
            return None
        # recordings are not among what is new
        new = label_since(self._prepared, self._trials(copy=False), first, step)
        self._shown = step + 1
        since = float(time_of(first - 1, dt))
        return Chunk(new, since, self.time, step / self._run.steps)

    def _go_over_to(self, prepared: Prepared, drawn: list[Drawn]) -> None:
        pairs = list(zip(self._drawn, drawn, strict=True))
        inputs = [(a.member.inputs, b.member.inputs) for a, b in pairs]
        first = first_change(self._prepared.plan, prepared.plan, inputs)
        if first == 0:
            before = self._run
            self._begin(prepared, drawn)
            before.close()
            return
        if first is not None:
            at = self._run.snapshot() if first >= self._run.step else self._snapshots.before(first)
            self._go_back(at, [d.member.inputs for d in drawn])
        # a drive's cell fires before that arrives anywhere
        fired = min(first_spike_change(a.by_drive(), b.by_drive()) for a, b in pairs)
        self._shown = min(self._shown, int(np.searchsorted(prepared.plan.time, fired)))
        self._prepared, self._drawn = prepared, drawn
