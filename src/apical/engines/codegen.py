"""Source code of a mechanism's expressions, the same for all compiled engines.

What names are called, what must be computed first, and how a state advances. Engines add where
values lie and the loops around.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from apical.equations import expr
from apical.equations.emit import source
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
    factors : tuple of (str, Expression)
        1 − exp(b·dt) of states whose rate b never changes, as further arrays.
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
    factors: tuple[tuple[str, Expression], ...]
    inputs: tuple[str, ...]
    ions: tuple[str, ...]
    prefix: str = ""

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
    def tags(self) -> dict[str, str]:
        """What names are called in generated code: numbered, so that no two can collide."""
        program = self.program
        names = [*program.states, *self.arrays, *self.scalars, *self.links, "v"]
        names += [*(a.name for a in program.assignments), *(name for name, _ in self.factors)]
        return {
            name: f"{self.prefix}{re.sub(r'[^A-Za-z0-9_]', '', name)}_{k}"
            for k, name in enumerate(dict.fromkeys(names))
        }


def mechanism_code(
    program: Program, rates: str, precision: str, ions: list[str], outputs: list[str]
) -> MechanismCode:
    """Decide what is a scalar, an array or linked.

    Parameters
    ----------
    ions, outputs : list of str
        Ion currents that some pool of the cell reads, and what its pools give.
    """
    inputs = tuple(n for n in program.inputs if n in {*ions, *outputs})
    scalars = ["celsius", *(n for n in program.inputs if n not in inputs)]
    arrays = list(program.parameters)
    for constant in program.constants:
        uniform = names_of(constant.value) <= set(scalars)
        (scalars if uniform else arrays).append(constant.name)
    factors = tuple(
        (factor_name(u.state), u.rate)
        for u in program.updates
        if u.method is Method.EXACT and names_of(u.rate) <= {*scalars, *arrays}
    )
    own = {f"i{c.ion}" for c in program.currents if c.ion and program.kind == "channel"}
    used = _used_names(program)
    return MechanismCode(
        program, rates, precision,
        tuple(n for n in scalars if n in used), tuple(n for n in arrays if n in used), factors,
        inputs, tuple(i for i in ions if i in own),
    )  # fmt: skip


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
    if factor_name(update.state) in dict(code.factors):
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
    if factor_name(update.state) in dict(code.factors):
        return f"{x} + {rest[0]}*({first} - {x})"
    return f"{x} + (real(1.0) - exp({rest[0]}))*({first} - {x})"


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
        final = [a.value for a in self.kept] + [substitute(t, self.inline) for t in targets]
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

    def text(self, node: Expression) -> str:
        """Return one expression as source."""
        return source(_fast(substitute(node, self.inline)), self.names)

    def body(self, results: list[str], needed: set[str] | None = None) -> list[str]:
        """Return the lines for one element: load, compute, store."""
        code, needed = self.code, self.needed if needed is None else needed
        arrays = [*code.arrays, *(name for name, _ in code.factors)]
        lines = [f"l_{code.tags['v']} = v_[j]"] if "v" in needed else []
        for prefix, group in (("s", code.program.states), ("p", arrays), ("x", code.inputs)):
            lines += [
                f"l_{code.tags[n]} = {prefix}_{code.tags[n]}[j]" for n in group if n in needed
            ]
        lines += self._lookup()
        lines += [f"{self.names[a.name]} = {source(_fast(a.value), self.names)}" for a in self.kept]
        return [*lines, *results]

    def loop(self, results: list[str], needed: set[str] | None = None) -> list[str]:
        """Return the loop over elements."""
        needed = None if needed is None else {*needed, *self.needed}
        return ["for j in range(n):", *(f"    {line}" for line in self.body(results, needed))]

    def _lookup(self) -> list[str]:
        """Return lines that interpolate in the table: NMODL's rule."""
        table, names = self.code.program.table, self.code.tabulated
        wanted = [(k, name) for k, name in enumerate(names) if name in self.needed]
        if table is None or not wanted:
            return []
        factor, width = 1.0 / ((table.stop - table.start) / table.steps), len(names)
        lines = [
            f"x = real({factor!r})*({self.names['v']} - real({table.start!r}))",
            f"x = minimum(maximum(x, real(0.0)), real({float(table.steps)!r}))",
            f"k = min(int(x), {table.steps - 1})",
            "theta = x - real(k)",
        ]
        for column, name in wanted:
            low = f"{self.table}k*{width} + {column}]"
            high = f"{self.table}k*{width} + {width + column}]"
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
