"""What a session shows: the newest run as it goes, then the rest of it while nobody waits."""

from __future__ import annotations

import importlib
import logging
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import cache
from time import monotonic
from typing import TYPE_CHECKING

import numpy as np

from apical.errors import EngineError, ModelError
from apical.plan.plan import steps_in
from apical.studio.column import structure, structure_key
from apical.studio.growing import Growing
from apical.studio.idle import further_trials, probes, slopes
from apical.studio.messages import Begin, Done, Look, Sensitivity, Simulate, TrialsDone
from apical.studio.runner import LOOK, Runner
from apical.studio.saying import heeding
from apical.studio.setup import Setup, View
from apical.studio.waves import as_shown, faults, measured, names_of

if TYPE_CHECKING:
    from apical.model import Network
    from apical.result import Result
    from apical.studio.desk import Desk
    from apical.studio.kept import Kept, Slope
    from apical.watch import Watch

_log = logging.getLogger(__name__)
#: What takes half a second to load, and is needed at the end of a run only: for spectra.
_SLOW = "scipy.signal"
#: The request of a run that is begun before a page asks for one.
NOBODY = 0
#: Seconds at least between frames of a run.
_PACE = 0.05
#: Seconds after which a run shows potentials too, as the hand has come to rest, and from then on.
_CALM = 0.25
#: How many addresses are remembered as touched.
_TOUCHED = 8


@dataclass(frozen=True)
class Current:
    """What is shown.

    Parameters
    ----------
    setup : Setup
    network : Network
        Its network.
    kept : Kept
        What is known of it.
    """

    setup: Setup
    network: Network
    kept: Kept

    @property
    def best(self) -> Result | None:
        """The result to show: of all trials if there is one, else of the first."""
        return self.kept.results.get(self.setup.trials) or self.kept.results.get(1)


class Show:
    """Shows the newest that is asked for, in the thread that calls `work`.

    What a setup takes is one generator, which yields now and then. It is given up for a newer
    setup, but not before the first that it changes has been sent: else a page on which something
    is dragged would show nothing.

    Parameters
    ----------
    desk : Desk
        Of the session.
    begin : callable
        Begins a run, as `apical.watch` does.
    """

    def __init__(self, desk: Desk, begin: Callable[..., Watch]) -> None:
        self._desk, self._inbox, self._outbox = desk, desk.inbox, desk.outbox
        self._runner, self._shadow = Runner(begin), Runner(begin)
        self._id, self._view = NOBODY, View()
        self._current: Current | None = None
        self._work: Generator[None, None, None] | None = None
        # of the work: may it be given up, and is its first trial on the screen as a whole
        self._leavable, self._whole = True, False
        # the view has changed since: of what is whole, and of its slopes
        self._stale, self._stale_slopes = False, False
        # of the runner, and on the screen
        self._growing: Growing | None = None
        self._screen: Growing | None = None
        self._sent, self._observed, self._structure, self._new_page = 0.0, 0.0, "", True
        self._touched: list[str] = []

    def work(self) -> None:
        """Do what is asked for until the session ends."""
        try:
            while not self._inbox.closed:
                self._one_turn()
        finally:
            self._drop()

    def _one_turn(self) -> None:
        """Take a turn; whatever goes wrong in it, the next request is served."""
        try:
            self._turn()
        except Exception:
            _log.exception("unexpected, in a session")
            self._work = None

    def stop(self) -> None:
        """End what is run within one window of steps; from any thread."""
        self._runner.stop()
        self._shadow.stop()

    def forget_page(self) -> None:
        """Send everything with the next setup: a page has come that knows nothing."""
        self._new_page = True

    # --- one thing after the other ------------------------------------------------------------

    def _turn(self) -> None:
        request = self._inbox.take(self._work is None and not self._stale, self._leavable)
        try:
            if isinstance(request, Simulate):
                self._begin(request)
            elif isinstance(request, Look):
                self._look(request)
            elif self._stale and self._outbox.free:
                self._show_again()
            elif self._work is not None:
                self._step(self._work)
            else:
                self._inbox.wait(lambda: self._outbox.free, LOOK)
        except Exception as error:
            self._desk.wrong(request.id if request else self._id, error)
            if request is None:
                self._give_up(error)

    def _begin(self, request: Simulate) -> None:
        """Check what is asked for, and let it take the place of what there is."""
        setup = request.setup
        network = setup.network(self._desk.uploaded)
        check(request.view, setup)
        self._touch(setup)
        if self._new_page:
            self._new_page, self._structure = False, ""
            if self._growing is not None:
                self._growing.anew()
        self._id, self._view = request.id, request.view
        self._send_structure(setup, network)
        self._leave()
        self._current = Current(setup, network, self._desk.shelf.of(setup))
        self._work = self._all_of(self._current)

    def _look(self, request: Look) -> None:
        """Show the same in another way."""
        if self._current is None:
            return
        check(request.view, self._current.setup)
        old, self._id, self._view = self._view, request.id, request.view
        other = (old.smooth, old.scale) != (request.view.smooth, request.view.scale)
        if self._whole:
            self._stale, self._stale_slopes = True, self._stale_slopes or other
        elif other and self._screen is not None:
            self._screen.anew()

    def _step(self, work: Generator[None, None, None]) -> None:
        try:
            next(work)
        except StopIteration:
            self._work, self._leavable = None, True

    def _leave(self) -> None:
        if self._work is not None:
            self._work.close()
        self._work, self._stale, self._stale_slopes = None, False, False

    def _give_up(self, error: Exception) -> None:
        self._leave()
        self._leavable = True
        # what cannot be run has changed nothing; other errors leave runs in any state
        if not isinstance(error, (ModelError, EngineError)):
            self._drop()

    def _drop(self) -> None:
        self._leave()
        self._runner.close()
        self._shadow.close()
        self._growing = None

    # --- all that a setup takes ---------------------------------------------------------------

    def _all_of(self, current: Current) -> Generator[None, None, None]:
        self._leavable = self._whole = False
        if current.best is None:
            yield from self._run(current)
        else:
            self._show_known(current.best, current.kept.warnings)
        if (result := current.best) is None or self._id == NOBODY:
            return
        # while the page draws what came last
        id, done = self._id, self._done(current, result)
        yield from self._until_drawn()
        self._offer(potentials=False)
        self._leavable = self._whole = True
        # another view may have been asked for meanwhile
        self._outbox.put(*(done if id == self._id else self._done(current, result)), wave=True)
        if current.setup.trials not in current.kept.results:
            yield from self._further_trials(current)
        yield from self._slopes_of(current, result)

    def _run(self, current: Current) -> Generator[None, None, None]:
        """Run the first trial, and send what there is of it."""
        setup, told = current.setup, list[str]()
        with heeding(told):
            watch, since = self._runner.to(current.network, setup)
        current.kept.warnings = tuple(dict.fromkeys(told))
        growing = Growing(
            names_of(current.network), steps_in(setup.duration, setup.dt) + 1, setup.dt
        )
        if self._growing is None or self._growing.shape != growing.shape:
            self._growing = growing
        elif self._screen is not self._growing:
            self._growing.anew()
        self._growing.name_sources((*current.network.populations, *current.network.drives))
        self._screen, self._sent, self._observed = self._growing, 0.0, monotonic()
        since = max(0.0, min(since, self._growing.unsent))
        stretches = iter(watch)
        stretch = next(stretches, None)
        # with the first stretch, so that the page draws both at once
        self._outbox.put(
            Begin(id=self._id, since=since, duration=setup.duration, dt=setup.dt,
                  warnings=current.kept.warnings)
        )  # fmt: skip
        while stretch is not None:
            self._growing.add(stretch, self._view)
            if self._outbox.free and monotonic() - self._sent > _PACE:
                # while the hand moves, one run follows the other: nobody waits for more than waves
                self._offer(potentials=monotonic() - self._observed > _CALM)
            yield
            stretch = next(stretches, None)
        if watch.done:
            current.kept.results[1] = watch.result()
            self._desk.shelf.tidy()

    def _show_known(self, result: Result, warnings: tuple[str, ...]) -> None:
        self._screen = Growing.of(result)
        provenance = result.provenance
        self._outbox.put(
            Begin(id=self._id, since=0.0, duration=provenance["duration"], dt=provenance["dt"],
                  known=True, warnings=warnings)
        )  # fmt: skip

    def _offer(self, *, potentials: bool) -> None:
        """Send what of the wave has not been sent; from then on it may be given up."""
        if self._screen is None:
            return
        if (found := self._screen.take(self._id, self._view, potentials=potentials)) is None:
            return
        frame, arrays = found
        self._outbox.put(frame, arrays, wave=True)
        load_slow()
        self._sent = monotonic()
        if frame.columns:
            self._observed = self._sent
        self._leavable = self._leavable or arrays["dipole"].size > 0

    def _until_drawn(self) -> Generator[None, None, None]:
        while not self._outbox.free:
            self._inbox.wait(lambda: self._outbox.free, LOOK)
            yield

    def _further_trials(self, current: Current) -> Generator[None, None, None]:
        trials, done = current.setup.trials, 0
        work = further_trials(current.network, current.setup, current.kept.results[1])
        while True:
            try:
                now = next(work)
            except StopIteration as end:
                result = end.value
                break
            if now > done:
                done = now
                self._outbox.put(TrialsDone(id=self._id, done=done, trials=trials))
            yield
        current.kept.results[trials] = result
        self._desk.shelf.tidy()
        yield from self._until_drawn()
        self._outbox.put(*self._done(current, result), wave=True)

    def _slopes_of(self, current: Current, result: Result) -> Generator[None, None, None]:
        kept = current.kept
        for slope in kept.slopes.values():
            self._send_slope(slope)
        new = [p for p in probes(current.network, self._touched) if p.path not in kept.slopes]
        found = slopes(
            current.network, result, new,
            lambda network: self._shadow.to(network, current.setup)[0],
        )  # fmt: skip
        for slope in found:
            if slope is not None:
                kept.slopes[slope.path] = slope
                self._send_slope(slope)
            yield

    # --- frames -------------------------------------------------------------------------------

    def _show_again(self) -> None:
        """Send what is whole in a view that has changed."""
        current, self._stale = self._current, False
        if current is None or current.best is None:
            return
        self._outbox.put(*self._done(current, current.best), wave=True)
        if self._stale_slopes:
            self._stale_slopes = False
            for slope in current.kept.slopes.values():
                self._send_slope(slope)

    def _done(self, current: Current, result: Result) -> tuple[Done, dict[str, np.ndarray]]:
        """Return a frame with all of a result."""
        fields, arrays = measured(result, self._view, self._desk.compared(self._view))
        hash = result.digest() if result.trials == current.setup.trials else ""
        return Done(id=self._id, hash=hash, **fields), arrays

    def _send_slope(self, slope: Slope) -> None:
        setup = self._current.setup if self._current else None
        if setup is None:
            return
        time = np.arange(slope.dipole.size) * setup.dt
        values = as_shown(slope.dipole[None], time, self._view).values[0]
        frame = Sensitivity(id=self._id, path=slope.path, at=slope.at)
        self._outbox.put(frame, {"slope": values.astype("<f4")})

    def _send_structure(self, setup: Setup, network: Network) -> None:
        key = structure_key(setup)
        if key == self._structure:
            return
        base = Setup(model=setup.model, grid=setup.grid).network(self._desk.uploaded)
        self._outbox.put(*structure(self._id, network, base))
        self._structure = key

    def _touch(self, setup: Setup) -> None:
        """Note which values have changed, the newest first."""
        if self._current is None:
            return
        old = self._current.setup.values
        new = [p for p in {**old, **setup.values} if old.get(p) != setup.values.get(p)]
        self._touched = list(dict.fromkeys([*new, *self._touched]))[:_TOUCHED]


@cache
def load_slow() -> None:
    """Load what takes long, once, beside the first run rather than before or after it."""
    threading.Thread(target=importlib.import_module, args=(_SLOW,), name="apical loads").start()


def check(view: View, setup: Setup) -> None:
    """Raise `ModelError` if a run cannot be shown so."""
    if problems := faults(view, setup.duration, setup.dt):
        raise ModelError(problems)
