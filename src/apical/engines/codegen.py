"""Source code of a mechanism's expressions, the same for all compiled engines.

What names are called, what must be computed first, and how a state advances. Engines add where
values lie and the loops around.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from apical.equations import expr
from apical.equations.emit import source
from apical.equations.evaluate import Array, evaluate
from apical.equations.expr import Expression, Name, Number, names_of, substitute
from apical.equations.program import Assignment, Method, Program, Update, closure

#: Intermediates deeper than this keep a line of their own.
_DEEPEST = 20


@dataclass(frozen=True)
class MechanismCode:
    """What generated code of one mechanism takes, in order.

    Parameters
    ----------
    program : Program
        The mechanism.
    rates : {'exact', 'table'}
        Whether rates are computed or looked up.
    precision : {'double', 'single'}
        Type of numbers.
    scalars : tuple of str
        Values alike everywhere in a cell: temperature, reversal potentials, constants of these.
    arrays : tuple of str
        Parameters and constants that may differ between compartments.
    derived : tuple of (str, Expression)
        What of these no loop need compute again, under names that are in `scalars` or `arrays`:
        1 − exp(b·dt) of states whose rate b never changes, and parts of expressions.
    inputs : tuple of str
        Inputs that pools or ion currents supply.
    ions : tuple of str
        Ion currents that it adds to and that some pool reads.
    prefix : str
        What names in generated code begin with, where several mechanisms share a loop.
    """

    program: Program
    rates: str
    precision: str
    scalars: tuple[str, ...]
    arrays: tuple[str, ...]
    derived: tuple[tuple[str, Expression], ...]
    inputs: tuple[str, ...]
    ions: tuple[str, ...]
    prefix: str = ""

    @cached_property
    def known(self) -> dict[Expression, Name]:
        """What is derived, and its name."""
        return {value: Name(name) for name, value in self.derived}

    def values(
        self, parameters: Mapping[str, Array], celsius: float, dt: float
    ) -> dict[str, Array]:
        """Return the values of `scalars` and `arrays`, given a mechanism's parameters."""
        found: dict[str, Array] = {**parameters, "celsius": celsius, "dt": dt}
        # where a condition guards a quotient, its divisor may be 0
        with np.errstate(all="ignore"):
            return found | {name: evaluate(value, found) for name, value in self.derived}

    @property
    def tabulated(self) -> tuple[str, ...]:
        """Names taken from the table."""
        table = self.program.table
        return table.of if table is not None and self.rates == "table" else ()

    @property
    def links(self) -> tuple[str, ...]:
        """What `links` points to: inputs, ion currents, then outputs."""
        return (*self.inputs, *self.ions, *self.program.outputs)

    @cached_property
    def looks(self) -> bool:
        """Whether states advance by anything besides themselves and what never changes."""
        targets = [e for u in self.program.updates for e in expressions(self, u)]
        return not Writer(self, targets).needed.isdisjoint({"v", *self.inputs})

    @cached_property
    def tags(self) -> dict[str, str]:
        """What names are called in generated code: numbered, so that no two can collide."""
        program = self.program
        names = [*program.states, *self.arrays, *self.scalars, *self.links, "v"]
        names += [a.name for a in program.assignments]
        return {
            name: f"{self.prefix}{re.sub(r'[^A-Za-z0-9_]', '', name)}_{k}"
            for k, name in enumerate(dict.fromkeys(names))
        }


@lru_cache(maxsize=256)
def mechanism_code(
    program: Program, rates: str, precision: str, ions: tuple[str, ...], outputs: tuple[str, ...]
) -> MechanismCode:
    """Decide what is a scalar, an array or linked.

    Parameters
    ----------
    ions, outputs : tuple of str
        Ion currents that some pool of the cell reads, and what its pools give.
    """
    inputs = tuple(n for n in program.inputs if n in {*ions, *outputs})
    scalars = ["celsius", *(n for n in program.inputs if n not in inputs)]
    arrays = list(program.parameters)
    for constant in program.constants:
        uniform = names_of(constant.value) <= set(scalars)
        (scalars if uniform else arrays).append(constant.name)
    own = {f"i{c.ion}" for c in program.currents if c.ion and program.kind == "channel"}
    used = _used_names(program)
    code = MechanismCode(
        program, rates, precision,
        tuple(n for n in scalars if n in used), tuple(n for n in arrays if n in used), (),
        inputs, tuple(i for i in ions if i in own),
    )  # fmt: skip
    return _derive(code)


def _derive(code: MechanismCode) -> MechanismCode:
    """Find what never changes."""
    fixed = {*code.scalars, *code.arrays}
    factors = {
        factor_name(u.state): expr.sub(expr.ONE, expr.call("exp", expr.mul(u.rate, Name("dt"))))
        for u in code.program.updates
        if u.method is Method.EXACT and names_of(u.rate) <= fixed
    }
    code = dataclasses.replace(
        code, arrays=(*code.arrays, *factors), derived=tuple(factors.items())
    )
    parts: dict[Expression, None] = {}
    for targets in _loops(code):
        for value in Writer(code, targets).expressions(targets):
            parts.update(dict.fromkeys(_unchanging(value, fixed)))
    named = {f"part {k}": value for k, value in enumerate(parts)}
    alike = [n for n, value in named.items() if names_of(value) <= {*code.scalars}]
    return dataclasses.replace(
        code, scalars=(*code.scalars, *alike),
        arrays=(*code.arrays, *(n for n in named if n not in alike)),
        derived=(*code.derived, *named.items()),
    )  # fmt: skip


def _loops(code: MechanismCode) -> Iterator[list[Expression]]:
    """Yield what each loop over a mechanism's instances computes."""
    program = code.program
    yield [e for u in program.updates for e in expressions(code, u)]
    yield [e for c in program.currents for e in (c.value, c.conductance)]
    yield [Name(n) for n in program.outputs]


def _unchanging(node: Expression, fixed: set[str]) -> Iterator[Expression]:
    """Yield the largest parts of an expression that never change, divisors as their inverse."""
    if not node.parts() or not node.names:
        return
    if names_of(node) <= fixed:
        yield node
    elif isinstance(node, expr.Binary) and node.operator == "/" and names_of(node.right) <= fixed:
        yield from _unchanging(node.left, fixed)
        yield expr.div(expr.ONE, node.right)
    else:
        for part in node.parts():
            yield from _unchanging(part, fixed)


def _looked_up(node: Expression, known: Mapping[Expression, Name]) -> Expression:
    """Replace what is derived by its name."""
    if node in known:
        return known[node]
    if not node.parts():
        return node
    if isinstance(node, expr.Binary) and node.operator == "/":
        inverse = expr.div(expr.ONE, node.right)
        if inverse in known:
            return expr.mul(_looked_up(node.left, known), known[inverse])
    return expr.rebuild(node, tuple(_looked_up(p, known) for p in node.parts()))


def factor_name(state: str) -> str:
    """Name the factor of a state as no equation can name anything."""
    return f"factor of {state}"


def _used_names(program: Program) -> set[str]:
    """Return every name that some loop reads."""
    values: list[Expression] = [a.value for a in program.assignments]
    values += [e for c in program.currents for e in (c.value, c.conductance)]
    values += [e for u in program.updates for e in (u.slope, u.rate, u.steady)]
    values += [e for _, e in program.events]
    return set().union(*(names_of(v) for v in values)) if values else set()


def expressions(code: MechanismCode, update: Update) -> list[Expression]:
    """Return what :func:`step_text` needs of an update: one expression, or two."""
    if update.method is Method.CONSTANT:
        return [update.slope]
    if update.method is Method.EXPONENTIAL:
        return [update.slope, expr.mul(update.rate, Name("dt"))]
    if factor_name(update.state) in code.arrays:
        return [update.steady, Name(factor_name(update.state))]
    return [update.steady, expr.mul(update.rate, Name("dt"))]


def step_text(code: MechanismCode, update: Update, writer: Writer) -> str:
    """Return one state after a step; see :class:`apical.equations.program.Update`."""
    x = f"l_{code.tags[update.state]}"
    first, *rest = (writer.text(e) for e in expressions(code, update))
    if update.method is Method.CONSTANT:
        return f"{x} + dt*({first})"
    if update.method is Method.EXPONENTIAL:
        return f"{x} + dt*exprel({rest[0]})*({first})"
    if factor_name(update.state) in code.arrays:
        return f"{x} + {rest[0]}*({first} - {x})"
    return f"{x} + decay({rest[0]})*({first} - {x})"


class Writer:
    """Writes the lines of one loop that lead to some expressions.

    Intermediates used once are written where they are used, so that quotients such as
    dt/(1/(a + b)) become products.
    """

    def __init__(
        self, code: MechanismCode, targets: list[Expression], table: str = "table["
    ) -> None:
        self.code, self.table = code, table
        computed = [a for a in code.program.assignments if a.name not in code.tabulated]
        chosen = closure(computed, targets)
        values = [a.value for a in chosen] + targets
        uses = {a.name: sum(_count(v, a.name) for v in values) for a in chosen}
        self.inline: dict[str, Expression] = {}
        self.kept: list[Assignment] = []
        for assignment in chosen:
            value = substitute(assignment.value, self.inline)
            if uses[assignment.name] == 1 and value.depth < _DEEPEST:
                self.inline[assignment.name] = value
            else:
                self.kept.append(Assignment(assignment.name, value, assignment.unit))
        final = self.expressions(targets)
        self.needed = set().union(*(names_of(v) for v in final))
        if self.needed & set(code.tabulated):
            self.needed.add("v")
        self.names = self._names()

    def _names(self) -> dict[str, str]:
        """Return what each name of the equations is called in generated code."""
        code = self.code
        names = {
            name: f"c_{tag}" if name in code.scalars else f"l_{tag}"
            for name, tag in code.tags.items()
        }
        return names | {"dt": "dt", "weight": "weight"}

    def expressions(self, targets: list[Expression]) -> list[Expression]:
        """Return what is computed for some targets, as it is written."""
        return [self._final(e) for e in [*(a.value for a in self.kept), *targets]]

    def text(self, node: Expression) -> str:
        """Return one expression as source."""
        return source(self._final(node), self.names)

    def _final(self, node: Expression) -> Expression:
        return _looked_up(_fast(substitute(node, self.inline)), self.code.known)

    def lookup(self) -> list[str]:
        """Return lines that interpolate in the table: NMODL's rule."""
        table, names = self.code.program.table, self.code.tabulated
        wanted = [(k, name) for k, name in enumerate(names) if name in self.needed]
        if table is None or not wanted:
            return []
        factor, width = 1.0 / ((table.stop - table.start) / table.steps), len(names)
        lines = [
            f"u = real({factor!r})*({self.names['v']} - real({table.start!r}))",
            f"u = minimum(maximum(u, real(0.0)), real({float(table.steps)!r}))",
            f"e = min(int(u), {table.steps - 1})",
            "theta = u - real(e)",
        ]
        for column, name in wanted:
            low = f"{self.table}e*{width} + {column}]"
            high = f"{self.table}e*{width} + {width + column}]"
            lines.append(f"{self.names[name]} = {low} + theta*({high} - {low})")
        return lines


def _count(node: Expression, name: str) -> int:
    if isinstance(node, Name):
        return int(node.name == name)
    return sum(_count(p, name) for p in node.parts())


def _fast(node: Expression) -> Expression:
    """Trade divisions for products: x/2 → x·0.5 and a/(b/c) → a·c/b."""
    parts = tuple(_fast(p) for p in node.parts())
    if isinstance(node, expr.Binary) and node.operator == "/":
        return _quotient(*parts)
    return expr.rebuild(node, parts) if parts else node


def _quotient(a: Expression, b: Expression) -> Expression:
    if isinstance(b, Number) and b.value:
        return expr.mul(a, Number(1.0 / b.value))
    if isinstance(b, expr.Negative):
        return expr.neg(_quotient(a, b.of))
    if isinstance(b, expr.Binary) and b.operator == "/":
        return _quotient(expr.mul(a, b.right), b.left)
    return expr.div(a, b)
