"""Checks of arguments in the manner of MNE-Python."""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import numpy as np


def _is_whole(item: object) -> bool:
    try:
        operator.index(item)  # type: ignore[arg-type]
    except TypeError:
        return False
    return not isinstance(item, bool)


#: Kinds that are given by name.
_KINDS: dict[str, Callable[[object], bool]] = {
    "int": _is_whole,
    "int-like": _is_whole,
    "str": lambda item: isinstance(item, str),
    "numeric": lambda item: isinstance(item, (float, np.floating)) or _is_whole(item),
    "path-like": lambda item: isinstance(item, (str, Path)),
    "callable": callable,
}


def _fits(item: object, kind: type | str | None) -> bool:
    if kind is None:
        return item is None
    return _KINDS[kind](item) if isinstance(kind, str) else isinstance(item, kind)


def _validate_type(
    item: object, types: Any = None, item_name: str = "", type_name: str | None = None
) -> None:
    """Raise TypeError if something is none of some kinds: types, None, or names of kinds."""
    kinds = types if isinstance(types, (list, tuple)) else (types,)
    if any(_fits(item, kind) for kind in kinds):
        return
    if type_name is None:
        type_name = " or ".join(str(getattr(k, "__name__", k)) for k in kinds)
    raise TypeError(f"{item_name} must be {type_name}; got {type(item).__name__}")


def _check_option(
    parameter: str, value: Any, allowed_values: Collection[Any], extra: str = ""
) -> Any:
    """Return a value, or raise ValueError with those that are allowed."""
    if value in allowed_values:
        return value
    known = ", ".join(map(repr, allowed_values))
    what = f", {extra.strip()}," if extra else ""
    raise ValueError(f"{parameter}{what} must be one of {known}; got {value!r}")
