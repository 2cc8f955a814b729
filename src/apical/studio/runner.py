"""A watched run that goes over from one setup to the next."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from apical.model import Network
    from apical.studio.setup import Setup
    from apical.watch import Watch

#: Seconds between looks at what is asked for.
LOOK = 0.02


def run_options(setup: Setup) -> dict[str, Any]:
    """Return how a setup is run, but for its length and trials, as `apical.simulate` takes it."""
    return {
        "dt": setup.dt, "seed": setup.seed, "precision": setup.precision, "rates": setup.rates,
    }  # fmt: skip


class Runner:
    """Runs one network after the other, each from where it first differs.

    Parameters
    ----------
    begin : callable
        Begins a run, as `apical.watch` does.
    """

    def __init__(self, begin: Callable[..., Watch]) -> None:
        self._begin, self._how = begin, None
        self._watch: Watch | None = None

    def to(self, network: Network, setup: Setup) -> tuple[Watch, float]:
        """Return a watch of a network, and the time (ms) from which it differs from the last.

        Raises
        ------
        ModelError, EngineError
            If it cannot be run; then nothing has changed.
        """
        how: Any = (setup.duration, run_options(setup))
        if self._watch is None or how != self._how:
            watch = self._begin(network, setup.duration, **run_options(setup), pace=LOOK)
            self.close()
            self._watch, self._how = watch, how
            return watch, 0.0
        since = self._watch.change(network)
        return self._watch.resume(), since

    def stop(self) -> None:
        """End what is run within one window of steps; from any thread."""
        if watch := self._watch:
            watch.stop()

    def close(self) -> None:
        """Let go of the run."""
        if self._watch is not None:
            self._watch.close()
        self._watch = None
