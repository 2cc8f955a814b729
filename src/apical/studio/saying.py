"""What the engines say while they work, and what they warn of, handed on to sessions."""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from apical.errors import ApicalWarning

_ENGINES = logging.getLogger("apical.engines")
#: What is done with warnings is one for all threads.
_WARNINGS = threading.Lock()


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


@contextmanager
def heeding(told: list[str]) -> Iterator[None]:
    """Take down apical's warnings, each time that they are given, instead of printing them."""
    with _WARNINGS, warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always", ApicalWarning)
        yield
    for each in found:
        if issubclass(each.category, ApicalWarning):
            told.append(str(each.message))
        else:
            warnings.warn_explicit(each.message, each.category, each.filename, each.lineno)
