"""Expression trees: what an equation is once read.

Trees are frozen and hashable. The functions :func:`add`, :func:`mul`, … build them with the few
simplifications that differentiation and the exact gate update need; they never reorder sums or
products, so that rounding stays predictable.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

MAX_DEPTH = 120
MAX_SIZE = 20_000


class TooLarge(ValueError):  # noqa: N818 - reported with its place by the reader
    """An expression too large or too deeply nested to be a mechanism's."""


@dataclass(frozen=True)
class Expression:
    """Base of all nodes; `depth` and `size` count nodes, to refuse absurd text early."""

    depth: int = field(default=1, init=False, compare=False, repr=False)
    size: int = field(default=1, init=False, compare=False, repr=False)

    def parts(self) -> tuple[Expression, ...]:
        """Return the child nodes."""
        return ()

    @cached_property
    def names(self) -> frozenset[str]:
        """Every name in it."""
        return frozenset().union(*(p.names for p in self.parts()))

    def _measure(self) -> None:
        parts = self.parts()
        depth, size = 1 + max(p.depth for p in parts), 1 + sum(p.size for p in parts)
        if depth > MAX_DEPTH or size > MAX_SIZE:
            raise TooLarge("the expression is too large or too deeply nested")
        object.__setattr__(self, "depth", depth)
        object.__setattr__(self, "size", size)


@dataclass(frozen=True)
class Number(Expression):
    """A number without unit."""

    value: float


@dataclass(frozen=True)
class Name(Expression):
    """A parameter, state, input, intermediate or unit."""

    name: str

    @cached_property
    def names(self) -> frozenset[str]:
        """Its own."""
        return frozenset((self.name,))


@dataclass(frozen=True)
class Negative(Expression):
    """Minus one operand."""

    of: Expression

    def __post_init__(self) -> None:
        self._measure()

    def parts(self) -> tuple[Expression, ...]:
        """Return the operand."""
        return (self.of,)


@dataclass(frozen=True)
class Binary(Expression):
    """``+ - * / ^``, comparisons, ``and`` and ``or``."""

    operator: str
    left: Expression
    right: Expression

    def __post_init__(self) -> None:
        self._measure()

    def parts(self) -> tuple[Expression, ...]:
        """Return both operands."""
        return (self.left, self.right)


@dataclass(frozen=True)
class Call(Expression):
    """A function of :data:`FUNCTIONS` and its arguments."""

    function: str
    arguments: tuple[Expression, ...]

    def __post_init__(self) -> None:
        self._measure()

    def parts(self) -> tuple[Expression, ...]:
        """Return the arguments."""
        return self.arguments


COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
#: Functions of equations and their number of arguments.
FUNCTIONS = {
    "exp": 1, "log": 1, "sqrt": 1, "tanh": 1, "abs": 1, "min": 2, "max": 2, "where": 3,
    "exprel_rate": 1, "exprel_rate_slope": 1,
}  # fmt: skip

ZERO, ONE, MINUS_ONE = Number(0.0), Number(1.0), Number(-1.0)


def _folded(compute: Callable[[], float]) -> Number | None:
    """Fold constants, unless the result is not a finite number."""
    try:
        value = compute()
    except (ArithmeticError, ValueError):
        return None
    return Number(value) if isinstance(value, float) and math.isfinite(value) else None


def neg(a: Expression) -> Expression:
    """Return −a."""
    if isinstance(a, Number):
        return Number(0.0 - a.value)
    return a.of if isinstance(a, Negative) else Negative(a)


def add(a: Expression, b: Expression) -> Expression:
    """Return a + b."""
    if a == ZERO:
        return b
    if b == ZERO:
        return a
    if isinstance(b, Negative):
        return sub(a, b.of)
    if isinstance(a, Number) and isinstance(b, Number):
        return _folded(lambda: a.value + b.value) or Binary("+", a, b)
    return Binary("+", a, b)


def sub(a: Expression, b: Expression) -> Expression:
    """Return a − b."""
    if b == ZERO:
        return a
    if a == ZERO:
        return neg(b)
    if a == b:
        return ZERO
    if isinstance(b, Negative):
        return add(a, b.of)
    if isinstance(a, Number) and isinstance(b, Number):
        return _folded(lambda: a.value - b.value) or Binary("-", a, b)
    return Binary("-", a, b)


def mul(a: Expression, b: Expression) -> Expression:
    """Return a · b."""
    if ZERO in (a, b):
        return ZERO
    if a == ONE:
        return b
    if b == ONE:
        return a
    if isinstance(a, Number) and isinstance(b, Number):
        return _folded(lambda: a.value * b.value) or Binary("*", a, b)
    for x, y in ((a, b), (b, a)):
        if x == MINUS_ONE:
            return neg(y)
        if isinstance(x, Negative):
            return neg(mul(x.of, y) if x is a else mul(y, x.of))
        if isinstance(x, Binary) and x.operator == "/" and x.left == ONE:
            return div(y, x.right)
    return Binary("*", a, b)


def _is_negative(a: Expression) -> bool:
    return isinstance(a, Negative) or (isinstance(a, Number) and a.value < 0)


def div(a: Expression, b: Expression) -> Expression:
    """Return a / b; cancels equal factors of fractions, as x∞ = −f(0)/f′ needs."""
    if a == ZERO and b != ZERO:
        return ZERO
    if b == ONE:
        return a
    if a == b and a != ZERO:
        return ONE
    if isinstance(a, Number) and isinstance(b, Number):
        return _folded(lambda: a.value / b.value) or Binary("/", a, b)
    if _is_negative(a):
        return neg(div(neg(a), b))
    if _is_negative(b):
        return neg(div(a, neg(b)))
    if isinstance(b, Binary) and b.operator == "/":
        if isinstance(a, Binary) and a.operator == "/" and a.right == b.right:
            return div(a.left, b.left)
        if b.left == ONE:
            return mul(a, b.right)
    return Binary("/", a, b)


def power(a: Expression, b: Expression) -> Expression:
    """Return a to the power b."""
    if b == ONE:
        return a
    if b == ZERO:
        return ONE
    if isinstance(a, Number) and isinstance(b, Number) and (a.value > 0 or b.value == int(b.value)):
        return _folded(lambda: a.value**b.value) or Binary("^", a, b)
    return Binary("^", a, b)


def call(function: str, *arguments: Expression) -> Expression:
    """Return a function call."""
    return Call(function, arguments)


_BUILD: dict[str, Callable[[Expression, Expression], Expression]] = {
    "+": add, "-": sub, "*": mul, "/": div, "^": power,
}  # fmt: skip


def binary(operator: str, a: Expression, b: Expression) -> Expression:
    """Build one binary node with simplification."""
    return _BUILD[operator](a, b) if operator in _BUILD else Binary(operator, a, b)


def rebuild(node: Expression, parts: tuple[Expression, ...]) -> Expression:
    """Return `node` with other children, simplified."""
    if isinstance(node, Negative):
        return neg(parts[0])
    if isinstance(node, Binary):
        return binary(node.operator, *parts)
    return Call(node.function, parts) if isinstance(node, Call) else node


def substitute(node: Expression, values: Mapping[str, Expression]) -> Expression:
    """Replace names by expressions."""
    if isinstance(node, Name):
        return values.get(node.name, node)
    if not node.parts() or not names_of(node) & values.keys():
        return node
    return rebuild(node, tuple(substitute(p, values) for p in node.parts()))


def names_of(node: Expression) -> frozenset[str]:
    """Return every name in an expression."""
    return node.names


def is_never_zero(node: Expression) -> bool:
    """Whether an expression plainly cannot be 0, such as −1/tau."""
    if isinstance(node, Number):
        return node.value != 0
    if isinstance(node, Negative):
        return is_never_zero(node.of)
    if isinstance(node, Binary) and node.operator == "/":
        return is_never_zero(node.left)
    if isinstance(node, Binary) and node.operator == "*":
        return is_never_zero(node.left) and is_never_zero(node.right)
    return isinstance(node, Call) and node.function == "exp"


def differentiate(node: Expression, name: str) -> Expression:
    """Return the derivative of an expression with respect to one name.

    Raises
    ------
    ValueError
        For what has no derivative here (comparisons outside ``where``, second derivatives of
        ``exprel_rate``).
    """
    if name not in names_of(node):
        return ZERO
    if isinstance(node, Name):
        return ONE
    if isinstance(node, Negative):
        return neg(differentiate(node.of, name))
    if isinstance(node, Binary):
        return _differentiate_binary(node, name)
    if isinstance(node, Call):
        return _differentiate_call(node, name)
    raise ValueError("this cannot be differentiated")


def _differentiate_binary(node: Binary, name: str) -> Expression:
    a, b = node.left, node.right
    if node.operator not in _BUILD:
        raise ValueError("a comparison has no derivative")
    da, db = differentiate(a, name), differentiate(b, name)
    if node.operator in "+-":
        return binary(node.operator, da, db)
    if node.operator == "*":
        return add(mul(da, b), mul(a, db))
    if node.operator == "/":
        return sub(div(da, b), div(mul(a, db), mul(b, b)))
    if db == ZERO:
        return mul(mul(b, power(a, sub(b, ONE))), da)
    return mul(node, add(mul(db, call("log", a)), div(mul(b, da), a)))


def _differentiate_call(node: Call, name: str) -> Expression:
    f, args = node.function, node.arguments
    if f == "where":
        return call("where", args[0], *(differentiate(a, name) for a in args[1:]))
    if f in ("min", "max"):
        smaller = Binary("<" if f == "min" else ">", *args)
        return call("where", smaller, *(differentiate(a, name) for a in args))
    x = args[0]
    outer: dict[str, Callable[[], Expression]] = {
        "exp": lambda: node,
        "log": lambda: div(ONE, x),
        "sqrt": lambda: div(Number(0.5), node),
        "tanh": lambda: sub(ONE, mul(node, node)),
        "abs": lambda: call("where", Binary("<", x, ZERO), MINUS_ONE, ONE),
        "exprel_rate": lambda: call("exprel_rate_slope", x),
    }
    if f not in outer:
        raise ValueError(f"{f} cannot be differentiated again")
    return mul(outer[f](), differentiate(x, name))
