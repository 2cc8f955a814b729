"""Requests to record values of single cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from apical.model.fields import Items, JsonSchema, Name, NameRule, Q, Rule, as_list, wrong
from apical.model.part import Part
from apical.model.stimulus import CELLS


@dataclass(frozen=True)
class _AllOr(Rule):
    """The word ``all``, or a list."""

    items: Items

    def read(self, value: object) -> Any:
        if isinstance(value, str) and value == "all":
            return value
        if as_list(value) is None:
            raise wrong(f"must be 'all' or {self.items.what}")
        return self.items.read(value)

    def schema(self) -> JsonSchema:
        return {"anyOf": [{"const": "all"}, self.items.schema()]}


_SECTIONS = _AllOr(Items(NameRule(), "a list of section names", 1))


class Recording(Part):
    """What to record of one population.

    Parameters
    ----------
    population : str
        The population.
    variable : str
        ``v`` (mV), ``i_membrane`` (nA), or a state: ``mechanism.state`` or ``receptor.state``.
    sections : tuple of str or 'all'
        Where.
    cells : tuple of int or 'all'
        Of which cells.
    every : float, ms
        Sampling interval.
    """

    population: Name
    variable: Annotated[str, NameRule(dots=True)] = "v"
    sections: Annotated[tuple[str, ...] | Literal["all"], _SECTIONS] = "all"
    cells: Annotated[tuple[int, ...] | Literal["all"], _AllOr(CELLS)] = "all"
    every: Annotated[float, Q("ms", gt=0)] = 0.025
