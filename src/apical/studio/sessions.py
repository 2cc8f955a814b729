"""The sessions of a studio: what one page shows, kept for a while where its connection is lost."""

from __future__ import annotations

import asyncio
import contextlib
import re
import threading
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apical.studio.live import Session

Make = Callable[[Callable[[bytes], None]], "Session"]
#: How many pages may be open, and for how long one that has gone is waited for (s).
MOST, PATIENCE = 8, 120.0
#: Seconds between looks at who has gone.
LOOK = 30.0
_KEY = re.compile(r"[A-Za-z0-9_-]{8,64}")


@dataclass
class Place:
    """A session and where its frames go.

    Parameters
    ----------
    session : Session
    out : Queue of bytes, optional
        Of the page that is connected now, if there is one.
    left : float, s
        When the last page went.
    """

    session: Session | None = None
    out: asyncio.Queue[bytes | None] | None = None
    left: float = field(default_factory=time.monotonic)


class Full(Exception):  # noqa: N818 - a state of the server, not an error
    """There are as many sessions as there may be."""


class Sessions:
    """Sessions by the key that a page has drawn for itself.

    Parameters
    ----------
    make : callable
        Makes a session, given where its frames go.
    """

    def __init__(self, make: Make) -> None:
        self._make, self._places = make, dict[str, Place]()
        # of the page that comes first
        self._first: Place | None = None
        self._opening: asyncio.Future[None] | None = None

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Begin what the first page will show, before it comes; tidy now and then; end all."""
        loop = asyncio.get_running_loop()
        self._opening = loop.run_in_executor(None, self._begin, loop)
        tidying = loop.create_task(self._keep_tidy())
        try:
            yield
        finally:
            tidying.cancel()
            await asyncio.wait([self._opening])
            await asyncio.to_thread(self.close)

    async def join(self, key: str) -> tuple[Session, asyncio.Queue[bytes | None]]:
        """Connect a page: with the session that it had, or a new one.

        Raises
        ------
        Full
            If there are too many.
        """
        if self._opening is not None:
            await asyncio.wait([self._opening])
        place = self._places.get(key)
        if place is None:
            self._tidy()
            if len(self._places) >= MOST:
                raise Full
            place, self._first = self._first or self._place(asyncio.get_running_loop()), None
            self._places[key] = place
        elif place.out is not None:
            place.out.put_nowait(None)  # the older page of the same key is sent away
        place.out = asyncio.Queue()
        assert place.session is not None
        return place.session, place.out

    def leave(self, key: str, out: asyncio.Queue[bytes | None]) -> None:
        """Note that a page has gone; its session waits."""
        place = self._places.get(key)
        if place is not None and place.out is out:
            place.out, place.left = None, time.monotonic()

    def get(self, key: str) -> Session | None:
        """Return the session of a page, if there is one."""
        place = self._places.get(key)
        return place.session if place else None

    def close(self) -> None:
        """End all, and wait until they have ended."""
        places, self._first = [*self._places.values(), self._first], None
        self._places.clear()
        for closing in [self._end(place) for place in places if place is not None]:
            closing.join()

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        self._first = self._place(loop)
        assert self._first.session is not None
        self._first.session.begin()

    def _place(self, loop: asyncio.AbstractEventLoop) -> Place:
        place = Place()
        place.session = self._make(_sender(place, loop))
        return place

    async def _keep_tidy(self) -> None:
        while True:
            await asyncio.sleep(LOOK)
            self._tidy(room=1)

    def _tidy(self, room: int = 0) -> None:
        """End sessions whose pages have been gone for long; where it is crowded, the oldest."""
        gone = sorted((place.left, key) for key, place in self._places.items() if place.out is None)
        crowded = len(self._places) >= MOST + room
        for left, key in gone:
            if time.monotonic() - left > PATIENCE or crowded:
                self._end(self._places.pop(key))
                crowded = False

    def _end(self, place: Place) -> threading.Thread:
        """End a session in a thread, as that takes a while and others are served."""
        if place.out is not None:
            place.out.put_nowait(None)
        assert place.session is not None
        closing = threading.Thread(target=place.session.close, name="apical studio ends")
        closing.start()
        return closing


def _sender(place: Place, loop: asyncio.AbstractEventLoop) -> Callable[[bytes], None]:
    """Return what takes a frame from any thread to the page that is connected, if one is."""

    def hand_over(frame: bytes) -> None:
        if place.out is not None:
            place.out.put_nowait(frame)

    def send(frame: bytes) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(hand_over, frame)

    return send


def is_key(text: str) -> bool:
    """Whether a page may call its session so."""
    return bool(_KEY.fullmatch(text))
