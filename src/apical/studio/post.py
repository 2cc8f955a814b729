"""What comes from a browser and what goes to it, between threads."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from apical.studio.frames import Arrays, encode
from apical.studio.messages import Frame, Look, Simulate

_log = logging.getLogger(__name__)
#: Seconds after which a frame counts as drawn: a page in the background draws nothing.
PATIENCE = 1.0
#: Seconds between two looks at whether the program has ended.
_PAUSE = 0.5


class Inbox:
    """The newest that a browser asks for; older requests are dropped."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._simulate: Simulate | None = None
        self._look: Look | None = None
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether nothing is to be done any more."""
        return self._closed or not threading.main_thread().is_alive()

    def put(self, message: Simulate | Look) -> None:
        """Take a request."""
        with self._changed:
            if isinstance(message, Simulate):
                self._simulate, self._look = message, None
            elif self._simulate is not None:
                new = {"id": message.id, "view": message.view}
                self._simulate = self._simulate.model_copy(update=new)
            else:
                self._look = message
            self._changed.notify_all()

    def take(self, wait: bool, setups: bool = True) -> Simulate | Look | None:
        """Return the newest request, or None if there is none.

        Parameters
        ----------
        wait : bool
            Wait until there is one, or the session ends.
        setups : bool
            Whether another setup may be taken, or only another view of the same.
        """
        with self._changed:
            while wait and not (self._simulate or self._look or self.closed):
                self._changed.wait(_PAUSE)
            if setups and self._simulate is not None:
                simulate, self._simulate = self._simulate, None
                return simulate
            look, self._look = self._look, None
            return look

    def wait(self, until: Callable[[], bool], seconds: float) -> None:
        """Wait until something holds, but no longer than so many seconds."""
        with self._changed:
            end = time.monotonic() + seconds
            while not (until() or self.closed) and (left := end - time.monotonic()) > 0:
                self._changed.wait(min(left, _PAUSE))

    def wake(self) -> None:
        """Let who waits look again."""
        with self._changed:
            self._changed.notify_all()

    def close(self) -> None:
        """End everything."""
        self._closed = True
        self.wake()


class Outbox:
    """Frames on their way, numbered; only one of a wave at a time.

    Parameters
    ----------
    send : callable
        Takes bytes from any thread and does not block.
    """

    def __init__(self, send: Callable[[bytes], None]) -> None:
        # reentrant: a page in the same process may answer at once
        self._send, self._lock = send, threading.RLock()
        self._seq, self._waves, self._closed = 0, (0, 0.0), False

    @property
    def free(self) -> bool:
        """Whether the last wave was drawn, or it has been waited for long enough."""
        seq, sent = self._waves
        return seq == 0 or time.monotonic() - sent > PATIENCE

    def put(self, frame: Frame, arrays: Arrays | None = None, *, wave: bool = False) -> None:
        """Send a frame; a wave makes others wait until it is drawn."""
        with self._lock:
            if self._closed:
                return
            self._seq += 1
            if wave:
                self._waves = (self._seq, time.monotonic())
            try:
                self._send(encode(frame, arrays, self._seq))
            except Exception:
                _log.exception("a frame could not be sent")

    def drawn(self, seq: int) -> None:
        """Note that all frames up to this one are on the screen."""
        with self._lock:
            if seq >= self._waves[0]:
                self._waves = (0, 0.0)

    def forget(self) -> None:
        """Wait for nothing: who was to draw it has gone."""
        with self._lock:
            self._waves = (0, 0.0)

    def close(self) -> None:
        """Send nothing any more."""
        with self._lock:
            self._closed = True
