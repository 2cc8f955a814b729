"""Requests to record values of single cells."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral
from typing import Annotated, Any, Literal

from apical.model.fields import (
    Fraction,
    Items,
    JsonSchema,
    Label,
    Name,
    NameRule,
    Q,
    Rule,
    as_list,
    wrong,
)
from apical.model.part import Part
from apical.model.stimulus import CELLS


@dataclass(frozen=True)
class _AllOr(Rule):
    """The word ``all``, one item, or a list."""

    items: Items
    one: type

    def read(self, value: object) -> Any:
        if isinstance(value, str) and value == "all":
            return value
        if isinstance(value, self.one):
            value = [value]
        if as_list(value) is None:
            raise wrong(f"must be 'all' or {self.items.what}")
        return self.items.read(value)

    def schema(self) -> JsonSchema:
        return {"anyOf": [{"const": "all"}, self.items.rule.schema(), self.items.schema()]}


_SECTIONS = _AllOr(Items(NameRule(), "a list of section names", 1), str)
_SOME_CELLS = _AllOr(CELLS, Integral)


class Recording(Part):
    """What to record of one population.

    Voltages and states, such as calcium, are those at the time of a sample. Currents, what pools
    compute for others, such as a reversal potential, and what both are computed from, are those of
    the step that ended at that time, computed with the voltage at its beginning, as NEURON records
    them; so is ``i_membrane``, which is what then flowed. Other intermediates, such as a gate's
    ``m_inf``, are computed from what is there at the time of the sample.

    Parameters
    ----------
    population : str
        The population.
    variable : str
        ``v`` (mV), ``i_membrane`` (nA), or anything that equations name: a state, a current or an
        intermediate, after the mechanism or receptor that it belongs to, such as ``cad.cai``,
        ``hh2.ina``, ``gabaa.i`` or ``hh2.m``.
    sections : str, tuple of str or 'all'
        Where.
    x : float, 0 to 1, optional
        Only the compartment at this place along each section; by default all. Receptors are where
        they are.
    cells : int, tuple of int or 'all'
        Of which cells.
    every : float, ms
        Sampling interval.
    unit : str
        Unit of the samples; by default the variable's own. Of a current density ``nA`` gives the
        current of the compartment; of a current ``mA/cm2`` gives the density.
    precision : {'double', 'single'}
        Of the samples kept: single takes half the memory. What is computed in single precision is
        kept so.
    """

    population: Name
    variable: Annotated[str, NameRule(dots=True)] = "v"
    sections: Annotated[tuple[str, ...] | Literal["all"], _SECTIONS] = "all"
    x: Fraction | None = None
    cells: Annotated[tuple[int, ...] | Literal["all"], _SOME_CELLS] = "all"
    every: Annotated[float, Q("ms", gt=0)] = 0.025
    unit: Label = ""
    precision: Literal["double", "single"] = "double"
