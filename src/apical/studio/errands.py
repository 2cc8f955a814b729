"""What is computed for exports: one after the other, and given up when nobody wants it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from apical.errors import Cancelled

if TYPE_CHECKING:
    from apical.studio.setup import Setup


class Errands:
    """Who asks for the same as another waits for it; who asks for something else ends it."""

    def __init__(self) -> None:
        self._door, self._room = threading.Lock(), threading.Lock()
        self._setup: Setup | None = None
        self._stopped = threading.Event()

    @contextmanager
    def turn(self, setup: Setup) -> Iterator[Callable[[float], None]]:
        """Wait until nothing else is computed; yield what is to be called now and then.

        Raises
        ------
        Cancelled
            By what is yielded, or at once, when it was stopped.
        """
        with self._door:
            if setup != self._setup:
                self._stopped.set()
                self._setup, self._stopped = setup, threading.Event()
            stopped = self._stopped

        def look(_: float) -> None:
            if stopped.is_set():
                raise Cancelled("given up before it was computed")

        with self._room:
            look(0.0)
            yield look

    def stop(self) -> None:
        """End what is computed, and what waits."""
        with self._door:
            self._stopped.set()
            self._setup = None
