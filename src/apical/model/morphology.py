"""Sections, what sits on them, and the rules that cut them into compartments."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from apical.errors import ModelError, Problem
from apical.model.fields import (
    Fraction,
    Items,
    JsonSchema,
    Location,
    Name,
    Prose,
    Q,
    Rule,
    Whole,
    as_list,
    shorten,
    wrong,
)
from apical.model.frozendict import FrozenDict, Values
from apical.model.part import Part
from apical.units import parse_quantity, parse_unit

_EACH = Items(Q("1"), "a list of numbers, one for each compartment", 1)
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\s*(.*)")


class Profile(Part):
    """A density that depends on where a compartment is.

    Parameters
    ----------
    expression : str
        An expression in ``distance`` (µm along the dendrite, from the 0 end of the root section
        to the centre of the compartment), such as ``1e-6*S/cm2*exp(0.003/um*distance)``.
    """

    expression: Annotated[str, Prose(2000)]


@dataclass(frozen=True)
class _Density(Rule):
    """A number, text with a unit (converted once the mechanism is known), a profile, or a list."""

    def read(self, value: object) -> float | str | Profile | tuple[float, ...]:
        if isinstance(value, Profile):
            return value
        if as_list(value) is not None:
            return _EACH.read(value)
        if isinstance(value, Mapping):
            return Profile.model_validate(value)
        if isinstance(value, str):
            text = value.strip()
            if _is_quantity(text) or not ("distance" in text or "(" in text or "*" in text):
                return text[:200]
            return Profile(expression=text)
        try:
            return Q("1").read(value)
        except ValueError:
            expected = "a finite number, text such as '0.12 S/cm2', or an expression in 'distance'"
            raise wrong(f"must be {expected}; got {shorten(value)}") from None

    def schema(self) -> JsonSchema:
        profile = {
            "type": "object",
            "properties": {"expression": {"type": "string"}},
            "required": ["expression"],
            "additionalProperties": False,
        }
        return {"anyOf": [{"type": ["number", "string"]}, profile, _EACH.schema()]}


def _is_quantity(text: str) -> bool:
    """Whether text is a number with a unit or without."""
    match = _NUMBER.fullmatch(text)
    try:
        return match is not None and parse_unit(match[1]) is not None
    except ValueError:
        return False


@dataclass(frozen=True)
class _Parameter(Rule):
    """A number, or text with a unit (converted once the mechanism is known)."""

    def read(self, value: object) -> float | str:
        if isinstance(value, str):
            return value.strip()[:200]
        return Q("1").read(value)

    def schema(self) -> JsonSchema:
        return {"type": ["number", "string"]}


Density = Annotated[float | str | Profile | tuple[float, ...], _Density()]
Parameter = Annotated[float | str, _Parameter()]


def in_unit(value: float | str, unit: str) -> float:
    """Return a parameter's value in its mechanism's unit; raises ValueError."""
    if not isinstance(value, str):
        return value
    parse_quantity(value, unit)  # its message names the units that do not fit
    return Q(unit).read(value)


def _named_places(value: object) -> object:
    """Let a list of receptor names stand for receptors at the middle."""
    if isinstance(value, (list, tuple)) and all(isinstance(v, str) for v in value):
        return dict.fromkeys(value, 0.5)
    return value


class Receptor(Part):
    """A kind of synapse of a cell.

    Parameters
    ----------
    mechanism : str
        Name of a receptor mechanism.
    parameters : mapping of str to float
        Values that differ from the mechanism's defaults, in its units or as text with a unit.
    """

    mechanism: Name
    parameters: Values[Name, Parameter] = Values()


class Section(Part):
    """An unbranched cylinder of membrane.

    Parameters
    ----------
    L, diam : float, µm
        Length and diameter.
    Ra : float, Ω·cm
        Axial resistivity.
    cm : float, µF/cm²
        Membrane capacitance.
    v0 : float, mV
        Initial voltage with ``start="given"``.
    parent : str, optional
        Section that its 0 end is attached to; the root has none.
    parent_x : float, 0 to 1
        Where on the parent.
    nseg : int, optional
        Number of compartments; by default the cell's rule decides.
    start, end : tuple of 3 float, µm, optional
        End points, relative to the cell; they give the section's direction.
    channels : mapping of str to mapping
        Channels and pools, each with the parameters that differ from the mechanism's defaults:
        numbers, text with units, profiles, or lists with a number for each of `nseg`
        compartments, from the 0 end.
    receptors : mapping of str to float
        Receptors and where they sit, 0 to 1; a list of names puts them at 0.5.
    """

    L: Annotated[float, Q("um", gt=0, le=1e6)]
    diam: Annotated[float, Q("um", gt=0, le=1e5)]
    Ra: Annotated[float, Q("ohm cm", gt=0)] = 100.0
    cm: Annotated[float, Q("uF/cm2", gt=0)] = 1.0
    v0: Annotated[float, Q("mV")] = -65.0
    parent: Name | None = None
    parent_x: Fraction = 1.0
    nseg: Annotated[int, Whole(1, 10_001)] | None = None
    start: Location | None = None
    end: Location | None = None
    channels: FrozenDict[Name, Values[Name, Density]] = FrozenDict()
    receptors: Annotated[Values[Name, Fraction], BeforeValidator(_named_places)] = Values()

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.start is None) != (self.end is None):
            missing = "start" if self.start is None else "end"
            raise ModelError([Problem(missing, "is required: give both end points or none")])
        if self.start is not None and self.start == self.end:
            raise ModelError([Problem("end", "must differ from start")])
        if problems := list(self._wrong_lists()):
            raise ModelError(problems)
        return self

    def _wrong_lists(self) -> Iterator[Problem]:
        for channel, given in self.channels.items():
            for name, value in given.items():
                if isinstance(value, tuple) and len(value) != self.nseg:
                    message = f"is a list of {len(value)}, one for each compartment"
                    hint = f"nseg is {self.nseg}" if self.nseg else "give nseg, too"
                    yield Problem(f"channels.{channel}.{name}", message, hint)


class LengthRule(Part):
    """Compartments of about a given length, an odd number of them.

    Parameters
    ----------
    single_below : float, µm
        Sections up to this length have one.
    length : float, µm
        Longer ones have L/length, rounded down, then up to an odd number.
    """

    kind: Literal["length"] = "length"
    single_below: Annotated[float, Q("um", ge=0)] = 100.0
    length: Annotated[float, Q("um", ge=0.1)] = 50.0


class LambdaRule(Part):
    """Compartments shorter than a fraction of the AC length constant (Carnevale & Hines 2006).

    Parameters
    ----------
    fraction : float
        The fraction.
    frequency : float, Hz
        Frequency of the length constant.
    """

    kind: Literal["lambda"] = "lambda"
    fraction: Annotated[float, Q("1", ge=1e-4, le=10)] = 0.1
    frequency: Annotated[float, Q("Hz", gt=0, le=1e6)] = 100.0


class FixedRule(Part):
    """The same number of compartments in every section.

    Parameters
    ----------
    nseg : int
        The number.
    """

    kind: Literal["fixed"] = "fixed"
    nseg: Annotated[int, Whole(1, 10_001)] = 1


Rules = Annotated[LengthRule | LambdaRule | FixedRule, Field(discriminator="kind")]
