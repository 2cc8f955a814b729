"""Kinds of fields: quantities with a unit and bounds, whole numbers, names, points."""

from __future__ import annotations

import math
import operator
import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from apical.units import parse_quantity

JsonSchema = dict[str, Any]


def shorten(value: object, length: int = 60) -> str:
    """Return a value as an error message shows it."""
    if isinstance(value, str):
        text = f"'{value[: length + 1]}'" if len(value) <= length else f"'{value[:length]}…'"
        return text.encode("utf-8", "replace").decode()
    if isinstance(value, int) and abs(value) > 10**20:
        return "a huge number"
    if isinstance(value, (list, tuple, dict)) and len(value) > 20:
        return f"{len(value)} values"
    try:
        text = repr(value)
    except Exception:  # a foreign object whose repr fails must not hide what is wrong
        text = f"a {type(value).__name__}"
    return text if len(text) <= length else f"{text[:length]}…"


def wrong(message: str, hint: str = "") -> PydanticCustomError:
    """Return the error of a field, to be raised in a validator."""
    return PydanticCustomError("apical", "{message}", {"message": message, "hint": hint})


@dataclass(frozen=True)
class Rule:
    """Base of validators that stand in ``Annotated`` and describe themselves in the schema."""

    def read(self, value: object) -> Any:
        """Return the value as stored, or raise :func:`wrong`."""
        raise NotImplementedError

    def schema(self) -> JsonSchema:
        """Return the JSON schema of the field."""
        raise NotImplementedError

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchema:
        return self.schema()


@dataclass(frozen=True)
class Q(Rule):
    """A finite number in a unit, within bounds; text with a unit is converted.

    Parameters
    ----------
    unit : str
        The unit stored; ``"1"`` for pure numbers.
    gt, ge, le : float, optional
        Bounds.
    """

    unit: str = "1"
    gt: float | None = None
    ge: float | None = None
    le: float | None = None

    def read(self, value: object) -> float:
        """Return a float in `unit`."""
        try:
            number = parse_quantity(value, self.unit)
        except (ValueError, TypeError) as error:
            # a unit that does not fit is told, after the same words as for anything else
            _, sign, reason = str(error).partition(f"got '{value}': ")
            why = f": {shorten(reason, 200)[1:-1]}" if sign else ""
            raise wrong(f"must be {self.expected()}; got {shorten(value)}{why}") from None
        if not math.isfinite(number):
            raise wrong(f"must be a finite number{self._in()}; got {shorten(value)}")
        if broken := self._broken(number):
            raise wrong(f"must be {broken}; got {shorten(value)}")
        return number + 0.0  # -0.0 would hash differently from 0.0

    def expected(self) -> str:
        """Return what is expected in words, such as ``a number in um > 0``."""
        bounds = ((">", self.gt), ("≥", self.ge), ("≤", self.le))
        given = [f"{sign} {bound:g}" for sign, bound in bounds if bound is not None]
        return f"a number{self._in()} {' and '.join(given)}".rstrip()

    def _in(self) -> str:
        return "" if self.unit == "1" else f" in {self.unit}"

    def _broken(self, number: float) -> str:
        """Return the bound that a number breaks, such as ``> 0 um``."""
        unit = "" if self.unit == "1" else f" {self.unit}"
        low = (self.gt is None or number > self.gt) and (self.ge is None or number >= self.ge)
        high = self.le is None or number <= self.le
        if low and high:
            return ""
        if self.ge is not None and self.le is not None:
            return f"from {self.ge:g} to {self.le:g}{unit}"
        if high:
            return f"> {self.gt:g}{unit}" if self.gt is not None else f"≥ {self.ge:g}{unit}"
        return f"≤ {self.le:g}{unit}"

    def schema(self) -> JsonSchema:
        """Return the JSON schema: a number, or text with a unit."""
        bounds = {"exclusiveMinimum": self.gt, "minimum": self.ge, "maximum": self.le}
        given = {name: bound for name, bound in bounds.items() if bound is not None}
        return {"type": ["number", "string"], "unit": self.unit, **given}


@dataclass(frozen=True)
class Whole(Rule):
    """A whole number from `ge` to `le`."""

    ge: int
    le: int

    def read(self, value: object) -> int:
        """Return an int; a float without fraction counts, a bool does not."""
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        try:
            number = None if isinstance(value, bool) else operator.index(value)  # type: ignore[arg-type]
        except TypeError:
            number = None
        if number is None or not self.ge <= number <= self.le:
            text = f"must be a whole number from {self.ge} to {self.le}; got {shorten(value)}"
            raise wrong(text)
        return number

    def schema(self) -> JsonSchema:
        """Return the JSON schema."""
        return {"type": "integer", "minimum": self.ge, "maximum": self.le}


@dataclass(frozen=True)
class NameRule(Rule):
    """A name in a model: 1 to 100 letters, digits, ``_ > -`` and, where allowed, dots."""

    dots: bool = False

    def read(self, value: object) -> str:
        """Return the name."""
        pattern = r"[\w>-](?:[\w>.-]{0,98}[\w>-])?" if self.dots else r"[\w>-]{1,100}"
        if isinstance(value, str) and re.fullmatch(pattern, value):
            return value
        signs = "_ > - ." if self.dots else "_ > -"
        raise wrong(f"must be a name of 1 to 100 letters, digits and {signs}; got {shorten(value)}")

    def schema(self) -> JsonSchema:
        """Return the JSON schema."""
        return {"type": "string", "minLength": 1, "maxLength": 100}


@dataclass(frozen=True)
class Prose(Rule):
    """Text of any kind that a file can hold, up to a length."""

    most: int = 10_000

    def read(self, value: object) -> str:
        """Return the text."""
        if not isinstance(value, str):
            raise wrong(f"must be text; got {shorten(value)}")
        if len(value) > self.most:
            raise wrong(f"must be at most {self.most} characters; got {len(value)}")
        # half of a UTF-16 pair, or a zero byte, could be read but not written again
        if "\0" in value or value != value.encode("utf-8", "replace").decode():
            raise wrong(f"must be valid Unicode text; got {shorten(value)}")
        return value

    def schema(self) -> JsonSchema:
        """Return the JSON schema."""
        return {"type": "string", "maxLength": self.most}


@dataclass(frozen=True)
class Items(Rule):
    """A list whose items are all read by one rule; stored as a tuple.

    Parameters
    ----------
    rule : Rule
        Reads one item.
    what : str
        What it is, for messages.
    least, most : int
        How many there may be.
    """

    rule: Rule
    what: str
    least: int = 0
    most: int = 10_000_000

    def read(self, value: object) -> tuple[Any, ...]:
        """Return a tuple of items."""
        value = as_list(value)
        if value is None:
            raise wrong(f"must be {self.what}")
        if not self.least <= len(value) <= self.most:
            raise wrong(f"must be {self.what}; got {len(value)}")
        items, index = [], 0
        try:
            for index, item in enumerate(value):  # noqa: B007 - used when one fails
                items.append(self.rule.read(item))
        except ValueError as error:
            message = error.message() if isinstance(error, PydanticCustomError) else str(error)
            raise wrong(f"must be {self.what}; item {index} {message}") from None
        return tuple(items)

    def schema(self) -> JsonSchema:
        """Return the JSON schema."""
        size = {"minItems": self.least} if self.least else {}
        if self.least == self.most:
            size["maxItems"] = self.most
        return {"type": "array", "items": self.rule.schema(), **size}


def as_list(value: object) -> list[Any] | tuple[Any, ...] | None:
    """Return a list, tuple, range or array as a list or tuple; None if it is none of these."""
    if isinstance(value, (list, tuple)):
        return value
    if isinstance(value, range):
        return list(value)
    # NumPy arrays, without importing NumPy
    found = value.tolist() if hasattr(value, "tolist") else None  # type: ignore[attr-defined]
    return found if isinstance(found, list) else None


def vector(unit: str) -> Items:
    """Return the rule of a point or direction: three numbers."""
    what = "three numbers" if unit == "1" else f"three numbers in {unit}"
    return Items(Q(unit), what, 3, 3)


Name = Annotated[str, NameRule()]
DottedName = Annotated[str, NameRule(dots=True)]
Label = Annotated[str, Prose()]
Fraction = Annotated[float, Q("1", ge=0, le=1)]
Probability = Annotated[float, Q("1", gt=0, le=1)]
Point = tuple[float, float, float]
Location = Annotated[Point, vector("um")]
Names = Annotated[tuple[str, ...], Items(NameRule(), "a list of names")]
