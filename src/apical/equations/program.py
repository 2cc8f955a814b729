"""What a mechanism's equations mean: the checked form that every engine takes.

An engine never sees text. It sees, in the order they must be computed, constants of a
compartment, intermediates, currents with their conductance, one update rule per state, initial
values and what an event adds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from apical.equations.expr import Expression, Name, names_of
from apical.units import Unit, parse_unit

KINDS = ("channel", "receptor", "pool")
#: Names every mechanism may use without declaring them: membrane voltage and temperature.
BUILT_IN = {"v": "mV", "celsius": "degC"}
#: What an event brings to a receptor: the connection's weight, in µS.
EVENT = {"weight": "uS"}


class Method(StrEnum):
    """How a state advances over a step.

    ``EXACT``: dx/dt = b·(x − x∞) with b never 0, so with everything else held the step is exact
    (NEURON's cnexp). ``EXPONENTIAL``: b = df/dx at the old value (exponential Euler), exact where
    f is linear in x and first order elsewhere; also where b may be 0. ``CONSTANT``: dx/dt does not
    contain x.
    """

    EXACT = "exact"
    EXPONENTIAL = "exponential"
    CONSTANT = "constant"


@dataclass(frozen=True)
class Parameter:
    """A parameter's default value, in its own unit."""

    default: float
    unit: str


@dataclass(frozen=True)
class Assignment:
    """``name = value``, an intermediate."""

    name: str
    value: Expression
    unit: Unit


@dataclass(frozen=True)
class Current:
    """One current: mA/cm² of a channel, nA of a receptor; positive outward.

    Parameters
    ----------
    name : str
        Its name in the equations.
    ion : str
        The ion it carries, or empty.
    value : Expression
        The current.
    conductance : Expression
        Its derivative by v: S/cm² or µS.
    linear : bool
        Whether the conductance is free of v, so that the implicit step is exact in v.
    """

    name: str
    ion: str
    value: Expression
    conductance: Expression
    linear: bool


@dataclass(frozen=True)
class Update:
    """How one state advances.

    ``linear`` tells whether dx/dt is linear in x, so that it has a steady value.
    With ``rate`` b and ``steady`` x∞ = −f(0)/b, a step is x + (1 − exp(b·dt))·(x∞ − x) for
    ``EXACT``; x + (exp(b·dt) − 1)/b·f(x) for ``EXPONENTIAL``; x + dt·f for ``CONSTANT``.
    """

    state: str
    method: Method
    linear: bool
    slope: Expression
    rate: Expression
    steady: Expression


@dataclass(frozen=True)
class Table:
    """Intermediates that a mechanism's authors tabulated over v, as NMODL's TABLE does."""

    start: float
    stop: float
    steps: int
    of: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Program:
    """A mechanism, ready for an engine. All expressions are in the units declared.

    Analysing equal mechanisms gives one and the same object, so engines can keep what they made
    of it. ``pulse`` names the parameter that says how long (ms) an event lasts, after which it
    comes again with the opposite weight; it is empty where events are momentary.
    """

    name: str
    kind: str
    parameters: dict[str, Parameter]
    inputs: dict[str, str]
    states: dict[str, str]
    outputs: dict[str, str]
    constants: tuple[Assignment, ...]
    assignments: tuple[Assignment, ...]
    currents: tuple[Current, ...]
    updates: tuple[Update, ...]
    initial: tuple[tuple[str, Expression], ...]
    events: tuple[tuple[str, Expression], ...]
    table: Table | None
    pulse: str = ""

    @property
    def ion_inputs(self) -> tuple[str, ...]:
        """Inputs that are ion currents, such as ``ica``."""
        density = parse_unit("mA/cm2")
        return tuple(n for n, unit in self.inputs.items() if parse_unit(unit) == density)

    @property
    def variables(self) -> dict[str, str]:
        """Units of states, and of what is computed on the way, currents among it, by name."""
        return self.states | {a.name: str(a.unit) for a in self.assignments}

    @property
    def behind_currents(self) -> frozenset[str]:
        """What currents, and what is given to others, are computed from; they themselves too."""
        wanted: list[Expression] = [Name(c.name) for c in self.currents]
        wanted += [Name(name) for name in self.outputs]
        return frozenset(a.name for a in self.needed(wanted))

    def needed(self, expressions: Iterable[Expression]) -> tuple[Assignment, ...]:
        """Return the intermediates that some expressions need, in order."""
        return closure(self.assignments, expressions)


def closure(
    assignments: Iterable[Assignment], expressions: Iterable[Expression]
) -> tuple[Assignment, ...]:
    """Return the assignments that some expressions need, in order."""
    wanted = set().union(*(names_of(e) for e in expressions))
    chosen = []
    for assignment in reversed(tuple(assignments)):
        if assignment.name in wanted:
            chosen.append(assignment)
            wanted |= names_of(assignment.value)
    return tuple(reversed(chosen))
