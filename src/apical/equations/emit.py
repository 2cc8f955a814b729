"""From checked expressions to source code of scalars, for engines that compile.

The code uses ``+ - * /`` and the names of :data:`apical.equations.expr.FUNCTIONS`; an engine
supplies those functions, and ``real``, which makes a literal a number of its precision.
"""

from __future__ import annotations

from collections.abc import Mapping

from apical.equations.expr import COMPARISONS, Binary, Call, Expression, Name, Negative, Number

_STRENGTH = {"or": 1, "and": 2, **dict.fromkeys(COMPARISONS, 3), "+": 4, "-": 4, "*": 5, "/": 5}
_ATOM, _SIGN, _CONDITIONAL = 9, 6, 0
#: Names of the emitted functions where Python's own would not do.
_FUNCTION = {"min": "minimum", "max": "maximum"}


def source(node: Expression, names: Mapping[str, str] | None = None) -> str:
    """Return Python source of one scalar expression.

    Parameters
    ----------
    node : Expression
        What to write.
    names : mapping of str to str, optional
        What to write for a name; names that are missing are written as they are.
    """
    return _write(node, names or {})[0]


def _write(node: Expression, names: Mapping[str, str]) -> tuple[str, int]:
    """Return source and how strongly its outermost operation binds."""
    if isinstance(node, Number):
        return f"real({node.value!r})", _ATOM
    if isinstance(node, Name):
        return names.get(node.name, node.name), _ATOM
    if isinstance(node, Negative):
        return f"-{_bracketed(node.of, names, _SIGN)}", _SIGN
    if isinstance(node, Call):
        return _call(node, names)
    assert isinstance(node, Binary)
    if node.operator == "^":
        return _power(node, names)
    strength = _STRENGTH[node.operator]
    left = _bracketed(node.left, names, strength)
    # the right operand keeps its brackets so that rounding follows the tree
    right = _bracketed(node.right, names, strength + 1)
    return f"{left} {node.operator} {right}", strength


def _bracketed(node: Expression, names: Mapping[str, str], strength: int) -> str:
    text, own = _write(node, names)
    return text if own >= strength else f"({text})"


def _power(node: Binary, names: Mapping[str, str]) -> tuple[str, int]:
    """Multiply out small whole powers: exact, fast, and the same in every engine."""
    base, exponent = node.left, node.right
    if isinstance(exponent, Number) and exponent.value == int(exponent.value):
        n = int(abs(exponent.value))
        if n <= 8 and isinstance(base, Name):
            product = "*".join([_bracketed(base, names, _ATOM)] * n)
            return (f"({product})" if exponent.value > 0 else f"(real(1.0)/({product}))"), _ATOM
        if n <= 8:
            text = f"integer_power({_write(base, names)[0]}, {n})"
            return (text if exponent.value > 0 else f"(real(1.0)/{text})"), _ATOM
    return f"power({_write(base, names)[0]}, {_write(exponent, names)[0]})", _ATOM


def _call(node: Call, names: Mapping[str, str]) -> tuple[str, int]:
    arguments = [_write(a, names)[0] for a in node.arguments]
    if node.function == "where":
        condition, yes, no = arguments
        return f"select({condition}, {yes}, {no})", _ATOM
    return f"{_FUNCTION.get(node.function, node.function)}({', '.join(arguments)})", _ATOM
