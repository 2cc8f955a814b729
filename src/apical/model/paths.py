"""Addresses of values in a model: resolve, list and replace."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from apical.errors import Problem, did_you_mean
from apical.model.frozendict import Values

Keys = tuple[str | int, ...]


class NoSuchPath(LookupError):  # noqa: N818 - carries the problem
    """An address that leads nowhere."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(str(problem))


def resolve(root: Any, path: str) -> tuple[Keys, Any, bool]:
    """Follow a dotted address.

    Returns
    -------
    keys : tuple
        Field names, mapping keys and indices along the way.
    value : object
        What is there; None if it is not.
    exists : bool
        False if the last name is not there but may be added.

    Raises
    ------
    NoSuchPath
        With a suggestion.
    """
    keys: list[str | int] = []
    here, rest = root, path
    if path.endswith("."):
        raise NoSuchPath(Problem(path, "an address does not end in a dot"))
    while rest or not keys:
        key = _next_key(here, rest)
        if key is None:
            if isinstance(here, Values) and rest and "." not in rest:
                return (*keys, rest), None, False
            raise NoSuchPath(_lost(path, keys, here, rest))
        rest = rest[len(str(key)) + 1 :]
        keys.append(key)
        here = _step(here, key)
    return tuple(keys), here, True


def _step(here: Any, key: str | int) -> Any:
    return getattr(here, str(key)) if isinstance(here, BaseModel) else here[key]


def _next_key(here: Any, rest: str) -> str | int | None:
    """Return the longest key that `rest` is or begins with."""
    if isinstance(here, (BaseModel, Mapping)):
        names = type(here).model_fields if isinstance(here, BaseModel) else here
        fitting = [n for n in names if rest == n or rest.startswith(f"{n}.")]
        return max(fitting, key=len, default=None)
    head = rest.split(".", 1)[0]
    if isinstance(here, tuple) and head.isascii() and head.isdigit() and str(int(head[:9])) == head:
        return int(head) if int(head) < len(here) else None
    return None


def _lost(path: str, keys: list[str | int], here: Any, rest: str) -> Problem:
    inside = f" in '{'.'.join(map(str, keys))}'" if keys else ""
    if isinstance(here, tuple):
        return Problem(path, f"there is no item '{rest}'{inside}, which has {len(here)}")
    if isinstance(here, (BaseModel, Mapping)):
        names = list(type(here).model_fields if isinstance(here, BaseModel) else here)
        target = bool(keys) and keys[-1] == "targets"
        name = rest.split(".")[0] if target else _closest_prefix(rest, names)
        hint = did_you_mean(name, names, "there are") or "there is nothing in it"
        if target:
            whole = ".".join(map(str, [*keys, name]))
            hint += f'; to add a target, set {whole} to all of it: {{"weights": {{…}}}}'
        return Problem(path, f"there is no '{name}'{inside}", hint)
    return Problem(path, f"nothing is inside '{'.'.join(map(str, keys))}', which is a value")


def _closest_prefix(rest: str, names: list[str]) -> str:
    """Return the part of `rest` that was meant as a name; names may contain dots."""
    pieces = rest.split(".")
    prefixes = [".".join(pieces[: i + 1]) for i in range(min(len(pieces), 6))]

    def likeness(prefix: str) -> float:
        ratios = (difflib.SequenceMatcher(None, prefix, n).ratio() for n in names)
        return max(ratios, default=0.0)

    return max(prefixes, key=likeness)


def leaves(here: Any, prefix: str = "") -> Iterator[str]:
    """Yield the addresses of all values; a list is one value."""
    if isinstance(here, BaseModel):
        items = [(name, getattr(here, name)) for name in type(here).model_fields]
    elif isinstance(here, Mapping):
        items = list(here.items())
    else:
        yield prefix
        return
    for name, value in items:
        yield from leaves(value, f"{prefix}.{name}" if prefix else name)


class Edits:
    """Values to put at addresses, as a tree."""

    def __init__(self) -> None:
        self.inner: dict[str | int, Edits] = {}
        self.value: Any = None
        self.replaced = False

    def put(self, keys: Keys, value: Any) -> bool:
        """Note one value; return False if it overlaps another."""
        here = self
        for key in keys:
            if here.replaced:
                return False
            here = here.inner.setdefault(key, Edits())
        if here.replaced or here.inner:
            return False
        here.value, here.replaced = value, True
        return True

    def apply(self, node: Any) -> Any:
        """Return plain data with the values in place; untouched parts stay as they are."""
        if self.replaced:
            return self.value
        if isinstance(node, BaseModel):
            data: Any = {name: getattr(node, name) for name in type(node).model_fields}
        else:
            data = dict(node) if isinstance(node, Mapping) else list(node)
        for key, edit in self.inner.items():
            before = data.get(key) if isinstance(data, dict) else data[int(key)]
            data[key] = edit.apply(before)
        return data
