"""How failures reach a person: red lines on stderr and an exit code."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
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


class UsageError(ApicalError, ValueError):
    """An option that cannot be right."""


@contextmanager
def reported() -> Iterator[None]:
    """Turn errors that apical raises on purpose into text and an exit code; show its warnings.

    Code 2: the request, model or input file is wrong; 1: something failed on the way;
    130: interrupted. Anything else is a fault of apical and keeps its traceback.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always", ApicalWarning)
            warnings.showwarning = _show_warning
            yield
    except (KeyboardInterrupt, Cancelled):
        _say("interrupted; nothing half-written was left behind")
        raise typer.Exit(INTERRUPTED) from None
    except ApicalError as error:
        lines = [str(p) for p in error.problems] if isinstance(error, ModelError) else [str(error)]
        for line in lines:
            _say(line)
        wrong_input = isinstance(error, (ModelError, EngineError, FileFormatError, UsageError))
        raise typer.Exit(USAGE if wrong_input else RUNTIME) from None


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
    flat = " ".join(text.split())
    shown = "".join(c if c.isprintable() else "?" for c in flat)
    stderr().print(f"error: {shown}", style="red")


def _show_warning(
    message: Warning | str, category: type[Warning], *_: object, **__: object
) -> None:
    stderr().print(f"warning: {' '.join(str(message).split())}", style="yellow")
