"""Mechanisms: channels, receptors and pools as equations with units."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, Literal, Self

from pydantic import model_validator

from apical.equations import Program, analyse
from apical.errors import EquationError
from apical.model.fields import (
    Items,
    JsonSchema,
    Label,
    Name,
    Prose,
    Q,
    Rule,
    Whole,
    shorten,
    wrong,
)
from apical.model.frozendict import FrozenDict, Values
from apical.model.part import Part

Table = tuple[float, float, int, tuple[str, ...]]


@dataclass(frozen=True)
class _Text(Rule):
    """Text, or a number kept as text."""

    most: int = 1000

    def read(self, value: object) -> str:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            value = repr(value) if isinstance(value, float) else str(value)[:100]
        if not isinstance(value, str) or len(value) > self.most or not value.isprintable():
            raise wrong(f"must be text such as '0.12 S/cm2'; got {shorten(value)}")
        return value.strip()

    def schema(self) -> JsonSchema:
        return {"type": ["string", "number"]}


Equations = Annotated[str, Prose(50_000)]
Text = Annotated[str, _Text()]
_Names = Annotated[tuple[str, ...], Items(_Text(), "a list of names", 1)]


class TabulatedRates(Part):
    """The authors' table of rates over voltage, used with ``rates="table"``.

    Parameters
    ----------
    start, stop : float, mV
        Its ends.
    steps : int
        Number of intervals.
    of : tuple of str
        Which intermediates it holds.
    """

    start: Annotated[float, Q("mV")]
    stop: Annotated[float, Q("mV")]
    steps: Annotated[int, Whole(2, 100_000)]
    of: _Names


class Mechanism(Part):
    """A channel, receptor or pool: a text of equations with units.

    Parameters
    ----------
    name : str
        Its name.
    kind : {'channel', 'receptor', 'pool'}
        A channel's currents are in mA/cm², a receptor's in nA; a pool has none.
    title, reference, doi : str
        What it is and where it was published.
    parameters : mapping of str to str
        Default values with units, such as ``"0.12 S/cm2"``.
    inputs, states, outputs : mapping of str to str
        Units of what it takes from others, of its states, and of what it gives to others.
    currents : mapping of str to str
        Names of its currents and the ion each carries, or ``""``.
    initial : mapping of str to str
        Initial value of a state; by default its steady state.
    equations : str
        Lines ``name = …`` and ``dname/dt = …``.
    on_event : str
        Lines ``state += …`` with ``weight`` (µS), for a receptor.
    pulse : str
        Parameter (ms) that says how long an event lasts, for transmitter that comes in pulses:
        then the event comes again with the opposite weight. By default events are momentary.
    table : TabulatedRates, optional
        The authors' table.
    """

    name: Name
    kind: Literal["channel", "receptor", "pool"]
    title: Label = ""
    reference: Label = ""
    doi: Label = ""
    parameters: Values[Text, Text] = Values()
    inputs: FrozenDict[Text, Text] = FrozenDict()
    states: FrozenDict[Text, Text] = FrozenDict()
    currents: FrozenDict[Text, Text] = FrozenDict()
    outputs: FrozenDict[Text, Text] = FrozenDict()
    initial: Values[Text, Text] = Values()
    equations: Equations
    on_event: Equations = ""
    pulse: Text = ""
    table: TabulatedRates | None = None

    @property
    def program(self) -> Program:
        """The checked equations, as engines take them."""
        declared = (self.parameters, self.inputs, self.states, self.currents)
        given = tuple(tuple(d.items()) for d in (*declared, self.outputs, self.initial))
        texts = self.equations, self.on_event, self.pulse
        return _program(self.name, self.kind, given, texts, self._table())

    def _table(self) -> Table | None:
        t = self.table
        return None if t is None else (t.start, t.stop, t.steps, t.of)

    @model_validator(mode="after")
    def _check(self) -> Self:
        _ = self.program
        return self


@lru_cache(maxsize=256)
def _program(
    name: str,
    kind: str,
    declared: tuple[tuple[tuple[str, str], ...], ...],
    texts: tuple[str, str, str],
    table: Table | None,
) -> Program:
    """Analyse equations once; equal mechanisms share the result."""
    keys = ("parameters", "inputs", "states", "currents", "outputs", "initial")
    given: dict[str, Any] = {k: dict(d) for k, d in zip(keys, declared, strict=True)}
    given.update(zip(("equations", "on_event", "pulse"), texts, strict=True))
    try:
        return analyse(name, kind, table=table, **given)
    except RecursionError:
        from apical.errors import Problem

        raise EquationError([Problem("equations", "are too deeply nested")]) from None
