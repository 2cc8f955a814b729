"""The lines of a mechanism's text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from apical.errors import Problem

_DERIVATIVE = re.compile(r"d\s*([^\W\d]\w*)\s*/\s*dt")


@dataclass(frozen=True)
class Line:
    """One statement.

    Parameters
    ----------
    number : int
        The line where it begins, from 1.
    target : str
        What it gives a value, or a derivative.
    derivative : bool
        Which of these.
    operator : {'=', '+='}
    text : str
        The value.
    """

    number: int
    target: str
    derivative: bool
    operator: str
    text: str


def lines_of(text: str) -> Iterator[Line | Problem]:
    """Split into statements; an open bracket continues on the next line."""
    held, start = "", 0
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.split("#", 1)[0].strip()
        start = start if held else number
        held = f"{held} {line}".strip()
        if not held or held.count("(") > held.count(")"):
            continue
        yield _statement(held, start)
        held = ""
    if held:
        yield Problem(f"line {start}", "a bracket is never closed")


def is_name(text: str) -> bool:
    """Whether a text is a name, in the one form that Unicode has for looks-alikes."""
    return len(text) <= 60 and text.isidentifier() and unicodedata.normalize("NFKC", text) == text


def _statement(text: str, number: int) -> Line | Problem:
    target, sign, value = (part.strip() for part in text.partition("="))
    operator = "+=" if target.endswith("+") else "="
    target = target.removesuffix("+").rstrip()
    if not (target and sign and value) or value[0] == "=" or target[-1] in "<>!":
        return Problem(
            f"line {number}", f"expected 'name = …' or 'dname/dt = …', found '{text[:60]}'"
        )
    if derivative := _DERIVATIVE.fullmatch(target):
        return Line(number, derivative[1], True, operator, value)
    if not is_name(target):
        return Problem(f"line {number}", f"'{target[:60]}' cannot be assigned to")
    return Line(number, target, False, operator, value)
