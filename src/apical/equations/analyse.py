"""From a mechanism's text to its :class:`~apical.equations.program.Program`."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import lru_cache

from apical.equations import expr
from apical.equations.dimensions import Unbalanced, UnknownName, balance, convert, unit_called
from apical.equations.expr import Expression, Name, differentiate, names_of, substitute
from apical.equations.parse import MAX_TEXT, parse
from apical.equations.program import (
    BUILT_IN,
    EVENT,
    KINDS,
    Assignment,
    Current,
    Method,
    Parameter,
    Program,
    Table,
    Update,
    closure,
)
from apical.equations.statements import Line, is_name, lines_of
from apical.errors import EquationError, Problem, did_you_mean
from apical.units import Unit, parse_quantity, parse_unit

_NUMBER_WITH_UNIT = re.compile(r"\s*[-+]?[\d.]+(?:[eE][-+]?\d+)?\s*(.*)")
_RESERVED = {*BUILT_IN, *EVENT, *expr.FUNCTIONS, "dt", "t", "and", "or", "distance"}
_MS = parse_unit("ms")
_MV = parse_unit("mV")
_CURRENT_UNIT = {"channel": "mA/cm2", "receptor": "nA"}


def analyse(
    name: str,
    kind: str,
    *,
    parameters: Mapping[str, str],
    inputs: Mapping[str, str],
    states: Mapping[str, str],
    currents: Mapping[str, str],
    outputs: Mapping[str, str],
    initial: Mapping[str, str],
    equations: str,
    on_event: str = "",
    pulse: str = "",
    table: tuple[float, float, int, tuple[str, ...]] | None = None,
) -> Program:
    """Check a mechanism's equations and put them in the form that engines take.

    Parameters
    ----------
    name : str
        Name of the mechanism.
    kind : {'channel', 'receptor', 'pool'}
        A channel's currents are densities (mA/cm²), a receptor's are nA; a pool has none.
    parameters : mapping of str to str
        Default values with units, such as ``"0.12 S/cm2"``.
    inputs, states, outputs : mapping of str to str
        Units of what it takes from others, of its states, and of what it gives to others.
    currents : mapping of str to str
        Which names are currents, and of which ion (or ``""``).
    initial : mapping of str to str
        Initial value of a state; by default its steady state.
    equations : str
        Lines ``name = …`` and ``dname/dt = …``; each may use what stands above it.
    on_event : str
        Lines ``state += …`` with ``weight`` (µS), for a receptor.
    pulse : str
        Parameter that says how long an event lasts: then it comes again with the opposite weight.
        Its lines must add something proportional to the weight.
    table : tuple, optional
        ``(start mV, stop mV, steps, names)`` of the authors' rate table.

    Returns
    -------
    Program
        The checked mechanism.

    Raises
    ------
    EquationError
        With every problem found and its place.
    """
    reader = _Reader(name, kind, dict(states), dict(inputs), dict(outputs), dict(currents))
    reader.declare(parameters)
    reader.read(equations)
    reader.finish(initial, on_event, table)
    reader.find_pulse(pulse)
    if reader.problems:
        raise EquationError(reader.problems)
    return reader.program()


@lru_cache(maxsize=256)
def parse_profile(text: str, unit: str) -> Expression:
    """Read a function of ``distance`` (µm), such as ``1e-6*S/cm2*exp(3e-3/um*distance)``.

    Parameters
    ----------
    text : str
        The expression.
    unit : str
        What it must measure.

    Raises
    ------
    EquationError
        If it cannot be read or is not in that unit.
    """
    try:
        node, found = balance(parse(text), {"distance": parse_unit("um")})
        return convert(node, found, parse_unit(unit), "it")
    except UnknownName as error:
        hint = did_you_mean(error.name, ["distance"], "the variable is")
        raise EquationError([Problem("", str(error), hint)]) from None
    except (Unbalanced, expr.TooLarge) as error:
        raise EquationError([Problem("", str(error))]) from None


def _is_density(unit: str) -> bool:
    try:
        return parse_unit(unit).dimension == parse_unit("mA/cm2").dimension
    except ValueError:
        return False


class _Reader:
    """Reads one mechanism, collecting every problem on the way."""

    def __init__(
        self,
        name: str,
        kind: str,
        states: dict[str, str],
        inputs: dict[str, str],
        outputs: dict[str, str],
        currents: dict[str, str],
    ) -> None:
        self.name, self.kind = name, kind
        self.states, self.inputs = states, inputs
        self.outputs, self.current_ions = outputs, currents
        self.problems: list[Problem] = []
        self.parameters: dict[str, Parameter] = {}
        self.units: dict[str, Unit] = {n: parse_unit(u) for n, u in BUILT_IN.items()}
        self.assignments: list[Assignment] = []
        self.slopes: dict[str, Expression] = {}
        self.currents: list[Current] = []
        self.updates: list[Update] = []
        self.initial: list[tuple[str, Expression]] = []
        self.events: list[tuple[str, Expression]] = []
        self.table: Table | None = None
        self.pulse = ""
        self.later: set[str] = set()
        self.unclear: set[str] = set()
        if kind not in KINDS:
            self.problem("kind", f"must be one of {', '.join(KINDS)}; got '{kind}'")

    def problem(self, path: str, message: str, hint: str = "") -> None:
        self.problems.append(Problem(path, message, hint))

    # --- declarations ---------------------------------------------------------------------

    def declare(self, parameters: Mapping[str, str]) -> None:
        for name, text in parameters.items():
            match = _NUMBER_WITH_UNIT.fullmatch(str(text))
            unit = (match[1].strip() if match else "") or "1"
            if self._new_name("parameters", name, unit):
                try:
                    default = parse_quantity(str(text), unit)
                    self.parameters[name] = Parameter(default, unit)
                    if not math.isfinite(default):
                        self.problem(f"parameters.{name}", f"must be finite; got '{text}'")
                except ValueError as error:
                    self.problem(f"parameters.{name}", str(error))
        for place, declared in (("inputs", self.inputs), ("states", self.states)):
            for name, unit in declared.items():
                self._new_name(place, name, unit)

    def _new_name(self, place: str, name: str, unit: str) -> bool:
        path = f"{place}.{name}"
        if not is_name(name):
            self.problem(path, "must be a name of up to 60 letters, digits and _")
        elif name in _RESERVED:
            self.problem(path, f"'{name}' already means something in equations")
        elif name in self.units:
            self.problem(path, f"'{name}' is declared twice")
        elif unit_called(name) is not None:
            self.problem(path, f"'{name}' is the name of a unit")
        else:
            try:
                self.units[name] = parse_unit(unit)
                return True
            except ValueError as error:
                self.problem(path, str(error))
        return False

    # --- equations ------------------------------------------------------------------------

    def read(self, text: str) -> None:
        if len(text) > MAX_TEXT:
            self.problem("equations", f"longer than {MAX_TEXT} characters")
            return
        lines = list(lines_of(text))
        self.later = {x.target for x in lines if isinstance(x, Line) and not x.derivative}
        for line in lines:
            if isinstance(line, Problem):
                self.problem(f"equations.{line.path}", line.message)
            elif line.operator != "=":
                self.problem(f"equations.line {line.number}", "'+=' belongs in on_event")
            elif line.derivative:
                self._derivative(line)
            else:
                self._assignment(line)
        for state in self.states.keys() - self.slopes.keys():
            self.problem(f"states.{state}", f"has no equation 'd{state}/dt = …'")

    def _expression(self, path: str, text: str, extra: Mapping[str, Unit] | None = None):  # noqa: ANN202
        """Return the balanced expression and its unit, or None after noting what is wrong."""
        known = {**self.units, **(extra or {})}
        try:
            return balance(parse(text, path), known)
        except EquationError as error:
            self.problems.extend(error.problems)
        except UnknownName as error:
            hint = did_you_mean(error.name, known, "names here are")
            if error.name in self.later:
                hint = "it is defined further down; each line may use what stands above it"
            self.problem(path, str(error), hint)
        except (Unbalanced, expr.TooLarge) as error:
            self.problem(path, str(error))
        return None

    def _converted(
        self, path: str, text: str, unit: Unit, extra: Mapping[str, Unit] | None = None
    ) -> Expression | None:
        found = self._expression(path, text, extra)
        if found is None:
            return None
        try:
            return convert(found[0], found[1], unit, "it")
        except Unbalanced as error:
            self.problem(path, str(error))
            return None

    def _derivative(self, line: Line) -> None:
        path = f"equations.line {line.number}"
        if line.target not in self.states:
            hint = did_you_mean(line.target, self.states, "states are")
            self.problem(path, f"'{line.target}' is not a state", hint)
        elif line.target in self.slopes:
            self.problem(path, f"d{line.target}/dt is given twice")
        elif line.target in self.units:
            slope = self._converted(path, line.text, self.units[line.target] / _MS)
            self.slopes[line.target] = expr.ZERO if slope is None else slope
            self.unclear |= {line.target} if slope is None else set()

    def _assignment(self, line: Line) -> None:
        path = f"equations.line {line.number}"
        if line.target in self.units or line.target in _RESERVED:
            self.problem(path, f"'{line.target}' already has a meaning; choose another name")
            return
        if unit_called(line.target) is not None:
            self.problem(path, f"'{line.target}' is the name of a unit; choose another name")
            return
        wanted = self._declared_unit(line.target)
        if wanted is not None:
            value = self._converted(path, line.text, wanted)
            found = None if value is None else (value, wanted)
        else:
            found = self._expression(path, line.text)
        value, unit = found or (expr.ZERO, wanted)
        unit = unit if isinstance(unit, Unit) else Unit()
        self.units[line.target] = unit
        self.assignments.append(Assignment(line.target, value, unit))

    def _declared_unit(self, name: str) -> Unit | None:
        if name in self.current_ions and self.kind in _CURRENT_UNIT:
            return parse_unit(_CURRENT_UNIT[self.kind])
        try:
            return parse_unit(self.outputs[name]) if name in self.outputs else None
        except ValueError as error:
            self.problem(f"outputs.{name}", str(error))
            return None

    # --- meaning --------------------------------------------------------------------------

    def finish(
        self,
        initial: Mapping[str, str],
        on_event: str,
        table: tuple[float, float, int, tuple[str, ...]] | None,
    ) -> None:
        self._find_currents()
        self._find_outputs()
        for state, slope in self.slopes.items():
            if update := self._update(state, slope):
                self.updates.append(update)
        self._find_initial(initial)
        self._find_events(on_event)
        if table is not None:
            self._find_table(table)

    def _inlined(self, node: Expression, name: str) -> Expression:
        """Write out the intermediates that depend on `name`, so that it can be differentiated."""
        values: dict[str, Expression] = {}
        for assignment in closure(self.assignments, [node]):
            value = substitute(assignment.value, values)
            if name in names_of(value):
                values[assignment.name] = value
        return substitute(node, values)

    def _find_currents(self) -> None:
        if self.kind == "pool" and self.current_ions:
            self.problem("currents", "a pool has no currents; a channel or receptor has")
        known = {a.name: a for a in self.assignments}
        for name, ion in self.current_ions.items():
            path = f"currents.{name}"
            if ion and self.kind == "receptor":
                self.problem(path, 'a receptor\'s current cannot fill a pool; write ""')
            if name not in known:
                self.problem(path, "has no equation", did_you_mean(name, known, "names are"))
                continue
            value = known[name].value
            try:
                conductance = differentiate(self._inlined(value, "v"), "v")
            except (ValueError, expr.TooLarge) as error:
                self.problem(path, f"its derivative by v cannot be formed: {error}")
                continue
            linear = "v" not in names_of(conductance)
            self.currents.append(Current(name, ion, Name(name), conductance, linear))

    def _find_outputs(self) -> None:
        if self.kind != "pool" and self.outputs:
            self.problem("outputs", "only a pool gives values to other mechanisms")
        densities = {n for n, unit in self.inputs.items() if _is_density(unit)}
        for name in sorted(densities):
            if self.kind != "pool":
                self.problem(f"inputs.{name}", "only a pool takes ion currents")
            elif parse_unit(self.inputs[name]) != parse_unit("mA/cm2"):
                self.problem(f"inputs.{name}", f"must be in mA/cm2; got '{self.inputs[name]}'")
        for name, unit in self.outputs.items():
            if name in self.states:
                if parse_unit(self.states[name]) != parse_unit(unit):
                    self.problem(
                        f"outputs.{name}", f"must be in {self.states[name]} as the state is"
                    )
            elif name not in {a.name for a in self.assignments}:
                self.problem(f"outputs.{name}", "has no equation and is no state")
            elif densities & self._sources(name):
                self.problem(f"outputs.{name}", "cannot depend on a current, only states can")

    def _update(self, state: str, slope: Expression) -> Update | None:
        try:
            full = self._inlined(slope, state)
            rate = differentiate(full, state)
            if rate == expr.ZERO:
                return Update(state, Method.CONSTANT, False, slope, expr.ZERO, expr.ZERO)
            if state in names_of(rate):
                return Update(state, Method.EXPONENTIAL, False, slope, rate, expr.ZERO)
            steady = expr.neg(expr.div(substitute(full, {state: expr.ZERO}), rate))
            method = Method.EXACT if expr.is_never_zero(rate) else Method.EXPONENTIAL
            return Update(state, method, True, slope, rate, steady)
        except (ValueError, expr.TooLarge) as error:
            self.problem(f"states.{state}", f"no update rule can be formed: {error}")
            return None

    def _find_initial(self, initial: Mapping[str, str]) -> None:
        for state in initial.keys() - self.states.keys():
            hint = did_you_mean(state, self.states, "states are")
            self.problem(f"initial.{state}", "is not a state", hint)
        for update in self.updates:
            path = f"initial.{update.state}"
            if update.state in self.unclear:
                continue  # its equation has been refused already
            if update.state in initial:
                unit = self.units[update.state]
                value = self._converted(path, initial[update.state], unit)
                if value is not None and names_of(value) & self.states.keys():
                    self.problem(path, "cannot depend on states")
                elif value is not None:
                    self.initial.append((update.state, value))
            elif not update.linear:
                self.problem(path, "must be given: the equation shows no steady state")
            elif others := self._states_in(update.steady):
                text = f"must be given: the steady state depends on {', '.join(others)}"
                self.problem(path, text)
            else:
                self.initial.append((update.state, update.steady))

    def _states_in(self, node: Expression) -> list[str]:
        """Return the states that an expression depends on."""
        values = [node, *(a.value for a in closure(self.assignments, [node]))]
        return sorted(set().union(*map(names_of, values)) & self.states.keys())

    def _find_events(self, text: str) -> None:
        if len(text) > MAX_TEXT:
            self.problem("on_event", f"longer than {MAX_TEXT} characters")
            return
        if text and self.kind != "receptor":
            self.problem("on_event", "only a receptor receives events")
        extra = {n: parse_unit(u) for n, u in EVENT.items()}
        for line in lines_of(text):
            if isinstance(line, Problem):
                self.problem(f"on_event.{line.path}", line.message)
                continue
            path = f"on_event.line {line.number}"
            if line.target not in self.states or line.derivative:
                self.problem(path, f"'{line.target}' is not a state")
                continue
            if line.target not in self.units:
                continue  # its unit has been refused already
            value = self._converted(path, line.text, self.units[line.target], extra)
            if value is not None and (beyond := self._beyond(value)):
                self.problem(path, f"cannot use '{beyond}', which changes between events")
            elif value is not None:
                node = expr.add(Name(line.target), value) if line.operator == "+=" else value
                self.events.append((line.target, node))
        if self.kind == "receptor" and not text.strip():
            self.problem("on_event", "a receptor needs at least one line such as 'g += weight'")

    def find_pulse(self, name: str) -> None:
        if not name:
            return
        self.pulse = name
        parameter = self.parameters.get(name)
        if self.kind != "receptor":
            self.problem("pulse", "only a receptor receives events")
        elif parameter is None:
            hint = did_you_mean(name, self.parameters, "parameters are")
            self.problem("pulse", f"'{name}' is not a parameter", hint)
        elif parse_unit(parameter.unit) != _MS:
            self.problem("pulse", f"'{name}' must be in ms; it is in {parameter.unit}")
        for state, value in self.events:
            if not self._cancels(state, value):
                message = f"'{state} += …' must be proportional to the weight, and to no state"
                self.problem("on_event", f"{message}, so that the end of a pulse undoes it")

    def _cancels(self, state: str, value: Expression) -> bool:
        """Whether an event with the opposite weight undoes an event."""
        value = self._inlined(value, "weight")
        try:
            slope = differentiate(value, "weight")
        except (ValueError, expr.TooLarge):
            return False
        moving = {"weight", *self.states} & names_of(slope)
        return not moving and substitute(value, {"weight": expr.ZERO}) == Name(state)

    def _beyond(self, value: Expression) -> str:
        """Return an input or the voltage that an event's value would need, if any."""
        known = {a.name for a in self.assignments}
        found: set[str] = set()
        for name in names_of(value):
            found |= self._sources(name) if name in known else {name}
        return min(found & {"v", *self.inputs}, default="")

    def _find_table(self, table: tuple[float, float, int, tuple[str, ...]]) -> None:
        start, stop, steps, of = table
        if not (start < stop and 2 <= steps <= 100_000):
            self.problem("table", "needs start < stop and 2 to 100000 steps")
        known = {a.name: a for a in self.assignments}
        for name in of:
            if name not in known:
                self.problem("table.of", f"'{name}' has no equation", did_you_mean(name, known))
                continue
            beyond = self._sources(name) - {"v", "celsius", *self.parameters}
            if beyond or "v" not in self._sources(name):
                self.problem("table.of", f"'{name}' must be a function of v and parameters alone")
        self.table = Table(float(start), float(stop), int(steps), tuple(of))

    def _sources(self, name: str) -> set[str]:
        """Return the parameters, states and inputs that an intermediate comes from."""
        known = {a.name: a.value for a in self.assignments}
        found: set[str] = set()
        for n in names_of(known[name]):
            found |= self._sources(n) if n in known else {n}
        return found

    def program(self) -> Program:
        fixed, moving = [], []
        constant = {"celsius", *self.parameters}
        for assignment in self.assignments:
            if names_of(assignment.value) <= constant and assignment.name not in self.current_ions:
                constant.add(assignment.name)
                fixed.append(assignment)
            else:
                moving.append(assignment)
        return Program(
            self.name, self.kind, self.parameters, self.inputs, self.states, self.outputs,
            tuple(fixed), tuple(moving), tuple(self.currents), tuple(self.updates),
            tuple(self.initial), tuple(self.events), self.table, self.pulse,
        )  # fmt: skip
