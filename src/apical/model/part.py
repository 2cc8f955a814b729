"""The base of everything in a model: frozen, validated, addressable, hashable."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Never, NoReturn, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from apical.errors import FileFormatError, ModelError, Problem, did_you_mean
from apical.model.fields import shorten
from apical.model.jsonio import read_json
from apical.model.paths import Edits, Keys, NoSuchPath, leaves, resolve
from apical.model.problems import model_error

if TYPE_CHECKING:
    from pydantic._internal._model_construction import ModelMetaclass
else:
    ModelMetaclass = type(BaseModel)

VERSION = 1


class _Translated(ModelMetaclass):
    """Turns pydantic's error into ours when a part is constructed directly.

    Pydantic validates nested parts without calling their class, so all problems of a whole
    tree still come together.
    """

    if not TYPE_CHECKING:

        def __call__(cls, *args: Any, **kwargs: Any) -> Any:  # noqa: N805 - of a metaclass
            try:
                return super().__call__(*args, **kwargs)
            except ValidationError as error:
                raise model_error(cls, error) from None


class Part(BaseModel, metaclass=_Translated):
    """A frozen piece of a model.

    Raises
    ------
    ModelError
        On construction, with every problem found.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    # --- pydantic's doors, with our errors -------------------------------------------------

    @classmethod
    def model_validate(cls, obj: Any, **kwargs: Any) -> Self:
        """Return a part from plain data; raises :class:`~apical.errors.ModelError`."""
        try:
            return super().model_validate(obj, **kwargs)
        except ValidationError as error:
            raise model_error(cls, error) from None

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **kwargs: Any) -> Self:
        """Return a part from JSON text, with or without the header that ``to_json`` writes."""
        data = read_json(bytes(json_data) if isinstance(json_data, bytearray) else json_data)
        if isinstance(data, dict) and data.get("format") == cls._format():
            return cls._from_file(data)
        return cls.model_validate(data, **kwargs)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy with some fields replaced; unlike pydantic's, validated."""
        return self.with_(**update) if update else self

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        self._refuse()

    def __delattr__(self, name: str) -> NoReturn:
        self._refuse()

    def _refuse(self) -> NoReturn:
        name = type(self).__name__
        raise AttributeError(f"a {name} is frozen; use .set({{path: value}}) to get a changed copy")

    def _settle(self, **values: Any) -> None:
        """Fill in fields while the object is being validated; never afterwards."""
        for name, value in values.items():
            object.__setattr__(self, name, value)

    # --- values by address -----------------------------------------------------------------

    def with_(self, **changes: Any) -> Self:
        """Return a copy with some fields replaced."""
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        return type(self).model_validate({**fields, **changes})

    def get(self, path: str) -> Any:
        """Return the value at an address such as ``drives.evprox1.mu``.

        Raises
        ------
        ModelError
            If there is none, with a suggestion.
        """
        try:
            keys, value, exists = resolve(self, str(path))
            return value if exists else self._default(keys)
        except NoSuchPath as error:
            raise ModelError([error.problem]) from None

    def _default(self, keys: Keys) -> Any:
        """Return what holds at an address that is not given."""
        path, names = ".".join(map(str, keys)), list(self.get(".".join(map(str, keys[:-1]))))
        hint = did_you_mean(keys[-1], names, "there are")
        raise NoSuchPath(Problem(path, f"there is no '{keys[-1]}'", hint))

    def set(self, values: Mapping[str, Any], *more: Never) -> Self:
        """Return a copy with values replaced.

        Parameters
        ----------
        values : mapping of str to object
            New values by address; text with units is accepted.
        *more
            Nothing: several values stand in one mapping.

        Raises
        ------
        TypeError
            If `values` is not a mapping.
        ModelError
            With every wrong address and value.
        """
        if more or not isinstance(values, Mapping):
            raise TypeError(
                "set takes one mapping of addresses to values, such as "
                "set({'drives.evprox1.mu': 30})"
            )
        edits, problems = Edits(), []
        for path, value in ((str(p), v) for p, v in values.items()):
            try:
                keys, found, _ = resolve(self, path)
            except NoSuchPath as error:
                problems.append(error.problem)
                continue
            if value is None and len(keys) == 2 and isinstance(found, Part):
                problems.append(Problem(path, "cannot be nothing", f"use remove('{path}')"))
            elif not edits.put(keys, value):
                problems.append(Problem(path, "overlaps another address that is set, too"))
        try:
            changed = type(self).model_validate(edits.apply(self))
        except ModelError as error:
            raise ModelError([*problems, *error.problems]) from None
        if problems:
            raise ModelError(problems)
        return changed

    def paths(self) -> list[str]:
        """Return the addresses of all values."""
        return list(leaves(self))

    # --- identity and text -----------------------------------------------------------------

    def content_hash(self) -> str:
        """Return a hash of the content: 32 hexadecimal digits, blind to the order of names."""
        return self._content_hash

    @cached_property
    def _content_hash(self) -> str:
        data = {"part": type(self).__name__, "content": self.model_dump(mode="json")}
        text = json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    @cached_property
    def fingerprint(self) -> str:
        """A hash of the content in the order of its names, which arrays and results follow."""
        return hashlib.blake2b(self.to_json(None).encode(), digest_size=16).hexdigest()

    @classmethod
    def _format(cls) -> str:
        return f"apical-{cls.__name__.lower()}"

    def to_json(self, indent: int | None = 2) -> str:
        """Return the part as JSON text; floats keep every bit."""
        header = {"format": self._format(), "version": VERSION}
        data = {**header, **self.model_dump(mode="json")}
        return json.dumps(data, indent=indent, ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read what ``to_json`` wrote.

        Raises
        ------
        FileFormatError
            If it is not JSON, or not of this format.
        ModelError
            With everything wrong with its content.
        """
        data = read_json(text)
        if not isinstance(data, dict) or data.get("format") != cls._format():
            got = f"; its format is {shorten(data['format'])}" if _names_format(data) else ""
            raise FileFormatError(f"not a file of format '{cls._format()}'{got}")
        return cls._from_file(data)

    @classmethod
    def _from_file(cls, data: dict[str, Any]) -> Self:
        version = data.get("version")
        if version != VERSION or isinstance(version, bool):
            newer = isinstance(version, int) and version > VERSION
            advice = "; a newer apical wrote it" if newer else ""
            raise FileFormatError(
                f"version {shorten(version)} of the format is not known here{advice}"
            )
        content = {k: v for k, v in data.items() if k not in ("format", "version")}
        return cls.model_validate(content)

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """Return the JSON schema of the files that ``to_json`` writes; units are in ``unit``."""
        schema = cls.model_json_schema()
        header = {"format": {"const": cls._format()}, "version": {"const": VERSION}}
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            **schema,
            "properties": {**header, **schema["properties"]},
            "required": ["format", "version", *schema.get("required", [])],
        }


def _names_format(data: Any) -> bool:
    return isinstance(data, dict) and "format" in data
