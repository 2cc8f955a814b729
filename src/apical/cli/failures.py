"""How failures reach a person: red lines on stderr and an exit code."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from apical.errors import (
    ApicalError,
    ApicalWarning,
    Cancelled,
    EngineError,
    FileFormatError,
    ModelError,
)

if TYPE_CHECKING:
    from rich.console import Console

RUNTIME, USAGE, INTERRUPTED = 1, 2, 130


#: What the library says to programmers, and how it is written on the command line.
_IN_OPTIONS = (
    (re.compile(r"\boverwrite=True\b"), "--overwrite"),
    (re.compile(r"\bcolumn=(?=\d)"), "--column "),
    (re.compile(r"\bremove\('([^']*)'\)"), r"--remove \1"),
)


class UsageError(ApicalError, ValueError):
    """An option that cannot be right."""


class Interrupted(Cancelled):
    """Interrupted when something was done already; the message tells what."""


@contextmanager
def reported() -> Iterator[None]:
    """Turn errors that apical raises on purpose into text and an exit code; show its warnings.

    Code 2: the request, model or input file is wrong; 1: something failed on the way;
    130: interrupted. Anything else is a fault of apical and keeps its traceback.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always", ApicalWarning)
            warnings.showwarning = _once()
            yield
    except Interrupted as stop:
        _say(f"interrupted; {stop}")
        raise typer.Exit(INTERRUPTED) from None
    except (KeyboardInterrupt, Cancelled):
        _say("interrupted; nothing half-written was left behind")
        raise typer.Exit(INTERRUPTED) from None
    except MemoryError as error:
        _say(f"not enough memory: {error}; try a shorter duration or fewer recordings")
        raise typer.Exit(RUNTIME) from None
    except RuntimeError as error:
        # Numba reports a compilation that was interrupted as a fault of its own
        if not _came_from_interrupt(error):
            raise
        _say("interrupted; nothing half-written was left behind")
        raise typer.Exit(INTERRUPTED) from None
    except ApicalError as error:
        lines = [str(p) for p in error.problems] if isinstance(error, ModelError) else [str(error)]
        for line in lines:
            _say(line)
        wrong_input = isinstance(error, (ModelError, EngineError, FileFormatError, UsageError))
        raise typer.Exit(USAGE if wrong_input else RUNTIME) from None


def _came_from_interrupt(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, KeyboardInterrupt):
            return True
        error = error.__cause__ or error.__context__
    return False


@contextmanager
def as_usage() -> Iterator[None]:
    """Count any error of apical as wrong usage: for checks before the work begins."""
    try:
        yield
    except (ModelError, FileFormatError, Cancelled):
        raise
    except ApicalError as error:
        raise UsageError(str(error)) from error


def stderr() -> Console:
    """Return a console for messages; text is shown as it is, never read as markup."""
    from rich.console import Console

    return Console(stderr=True, markup=False, highlight=False, soft_wrap=True)


def _say(text: str) -> None:
    # one line per problem: a name from a file must not break it or carry control codes
    for pattern, option in _IN_OPTIONS:
        text = pattern.sub(option, text)
    flat = " ".join(text.split())
    shown = "".join(c if c.isprintable() else "?" for c in flat)
    stderr().print(f"error: {shown}", style="red")


def _once() -> Callable[..., None]:
    """Return what shows warnings, the same words only once."""
    shown: set[str] = set()

    def show(message: Warning | str, category: type[Warning], *_: object, **__: object) -> None:
        text = " ".join(str(message).split())
        if text not in shown:
            shown.add(text)
            stderr().print(f"warning: {text}", style="yellow")

    return show
