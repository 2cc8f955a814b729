"""From pydantic's errors to :class:`~apical.errors.ModelError`: addresses and plain words."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, Tag, ValidationError

from apical.errors import ModelError, Problem, did_you_mean
from apical.model.fields import shorten
from apical.model.frozendict import FrozenDict

_KEY = "[key]"


def model_error(cls: type[BaseModel], error: ValidationError) -> ModelError:
    """Return every problem that pydantic found while it validated `cls`."""
    found = []
    for one in error.errors(include_url=False):
        path, here = address(cls, one["loc"])
        found.extend(_problems(path, here, one))  # type: ignore[arg-type]
    return ModelError(dict.fromkeys(found))


def under(path: str, problems: tuple[Problem, ...]) -> Iterator[Problem]:
    """Return problems with `path` put before their own."""
    for p in problems:
        joined = ".".join(filter(None, (path, p.path)))
        yield Problem(joined, p.message, p.hint)


def members(annotation: Any) -> dict[str, Any]:
    """Return what a union joins by ``kind`` or tag; empty if it is no such union."""
    bare = strip(annotation)
    if get_origin(bare) not in (Union, types.UnionType):
        return {}
    parts = [p for p in get_args(bare) if isinstance(p, type) and issubclass(p, BaseModel)]
    kinds = {p.model_fields["kind"].default: p for p in parts if "kind" in p.model_fields}
    annotated = [p for p in get_args(bare) if get_origin(p) is Annotated]
    tags = {m.tag: p for p in annotated for m in get_args(p) if isinstance(m, Tag)}
    return {**kinds, **tags}


def strip(annotation: Any) -> Any:
    """Return an annotation without ``Annotated`` and without ``| None``."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, types.UnionType):
        rest = [a for a in get_args(annotation) if a is not type(None)]
        if len(rest) == 1:
            return strip(rest[0])
    return annotation


def address(cls: type[BaseModel], loc: tuple[int | str, ...]) -> tuple[str, Any]:
    """Return the dotted path of a pydantic location, and the type expected there.

    Pydantic puts the tag of a union into its locations; nobody addresses that.
    """
    here: Any = cls
    path: list[str] = []
    for item in loc:
        here = strip(here)
        kinds = members(here)
        if item in kinds:
            here = kinds[str(item)]
        elif item != _KEY:
            path.append(str(item))
            here = _child(here, item)
    return ".".join(path), strip(here)


def _child(here: Any, item: int | str) -> Any:
    if isinstance(here, type) and issubclass(here, BaseModel):
        field = here.model_fields.get(str(item))
        return field.annotation if field else here
    origin, args = get_origin(here), get_args(here)
    if isinstance(origin, type) and issubclass(origin, FrozenDict):
        return args[-1]
    return args[0] if origin is tuple and args else Any


def _problems(path: str, here: Any, error: dict[str, Any]) -> Iterator[Problem]:
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, ModelError):
        yield from under(path, cause.problems)
        return
    kind, got = error["type"], error["input"]
    if kind == "apical":
        yield Problem(path, error["ctx"]["message"], error["ctx"]["hint"])
    elif kind == "extra_forbidden":
        yield Problem(path, "there is no such field", _field_hint(path, here))
    elif kind == "missing":
        yield Problem(path, "is required")
    elif kind == "union_tag_not_found":
        yield Problem(f"{path}.kind".lstrip("."), f"is required: {_choice(list(members(here)))}")
    elif kind == "union_tag_invalid":
        tag, options = error["ctx"]["tag"], list(members(here))
        message = f"must be {_choice(options)}; got {shorten(tag)}"
        yield Problem(f"{path}.kind".lstrip("."), message, did_you_mean(tag, options))
    elif kind == "literal_error":
        options = [str(a) for a in get_args(here)] if get_origin(here) is Literal else []
        message = f"must be {_choice(options) or error['ctx']['expected']}; got {shorten(got)}"
        yield Problem(path, message, did_you_mean(got, options))
    else:
        yield Problem(path, f"must be {_expected(kind, here, error)}; got {shorten(got)}")


_PLAIN = {
    "string_type": "text", "string_unicode": "valid Unicode text", "bool_type": "true or false",
    "bool_parsing": "true or false", "recursion_loop": "free of references to itself",
    "int_type": "a whole number", "model_attributes_type": "a mapping", "invalid_key": "text",
}  # fmt: skip


def _expected(kind: str, here: Any, error: dict[str, Any]) -> str:
    if kind in ("model_type", "dataclass_type"):
        named = isinstance(here, type) and issubclass(here, BaseModel)
        return f"a mapping with the fields of {here.__name__}" if named else "a mapping"
    if kind in ("dict_type", "mapping_type"):
        return "a mapping of names to values"
    if kind in _PLAIN:
        return _PLAIN[kind]
    return f"valid ({error['msg']})"


def _choice(options: list[str]) -> str:
    *first, last = [f"'{o}'" for o in options] or [""]
    return f"{', '.join(first)} or {last}" if first else last


def _field_hint(path: str, here: Any) -> str:
    name = path.rsplit(".", 1)[-1]
    if isinstance(here, type) and issubclass(here, BaseModel):
        return did_you_mean(name, here.model_fields, "fields are")
    return ""
