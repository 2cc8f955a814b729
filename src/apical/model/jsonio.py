"""Strict reading of JSON: nothing doubled, not finite, absurdly deep or absurdly large."""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

from apical.errors import FileFormatError
from apical.model.fields import shorten

MAX_BYTES = 64_000_000
MAX_DEPTH = 64


def read_json(text: str | bytes) -> Any:
    """Read JSON text.

    Parameters
    ----------
    text : str or bytes
        JSON; bytes are UTF-8.

    Raises
    ------
    FileFormatError
        If it is not JSON, has a key twice or a number that is not finite, is nested deeper
        than 64 levels or larger than 64 MB.
    """
    if len(text) > MAX_BYTES:
        raise FileFormatError(f"larger than {MAX_BYTES // 1_000_000} MB")
    decoded = ""
    try:
        decoded = text.decode("utf-8-sig") if isinstance(text, (bytes, bytearray)) else text
        data = json.loads(
            decoded.removeprefix("\ufeff"),
            object_pairs_hook=_unique,
            parse_constant=_not_finite,
            parse_float=_finite,
        )
    except UnicodeDecodeError:
        raise FileFormatError("not UTF-8 text") from None
    except RecursionError:
        raise _too_deep() from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise FileFormatError(f"not JSON: {error.msg} at {place}") from None
    except _NotFinite as error:
        line = decoded.count("\n", 0, _first_constant(decoded)) + 1
        raise FileFormatError(f"'{error}' on line {line} is not a finite number") from None
    except FileFormatError:
        raise
    except ValueError as error:  # an integer of thousands of digits
        raise FileFormatError(f"not a model: {error}") from None
    _check_depth(data)
    return data


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise FileFormatError(f"the key {shorten(key)} stands twice in one object")
        found[key] = value
    return found


class _NotFinite(Exception):  # noqa: N818 - becomes an error with its line
    """``NaN`` or an infinity."""


def _not_finite(text: str) -> NoReturn:
    raise _NotFinite(text)


def _first_constant(text: str) -> int:
    """Return where the first ``NaN`` or infinity outside of strings stands."""
    tokens = re.finditer(r'"(?:[^"\\]|\\.)*"|NaN|-?Infinity', text, re.DOTALL)
    return next((t.start() for t in tokens if not t[0].startswith('"')), 0)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise FileFormatError(f"{shorten(text)} is too large a number")
    return number


def _check_depth(data: Any) -> None:
    level = [data]
    for _ in range(MAX_DEPTH):
        nested = [c for c in level if isinstance(c, (dict, list))]
        level = [v for c in nested for v in (c.values() if isinstance(c, dict) else c)]
        if not level:
            return
    if any(isinstance(c, (dict, list)) for c in level):
        raise _too_deep()


def _too_deep() -> FileFormatError:
    return FileFormatError(f"nested deeper than {MAX_DEPTH} levels")
