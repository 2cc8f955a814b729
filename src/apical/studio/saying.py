"""What the engines say while they work, handed on to sessions."""

from __future__ import annotations

import logging
from collections.abc import Callable

_ENGINES = logging.getLogger("apical.engines")


class Listener(logging.Handler):
    """Hands what engines say to a function until it is closed.

    Parameters
    ----------
    say : callable
        Takes a sentence, in any thread.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__(logging.INFO)
        self._say = say
        if _ENGINES.level == logging.NOTSET:
            _ENGINES.setLevel(logging.INFO)
        _ENGINES.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Hand on what was said."""
        self._say(record.getMessage())

    def close(self) -> None:
        """Listen no longer."""
        _ENGINES.removeHandler(self)
        super().close()
