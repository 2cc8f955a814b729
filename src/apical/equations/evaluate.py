"""The plain meaning of an expression, in NumPy: what generated code is checked against."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from apical.equations.expr import Binary, Call, Expression, Name, Negative, Number

Array = npt.NDArray[np.floating] | np.floating | float

#: Below this |x| the quotient of ``exprel_rate`` loses more digits than its series has error.
SERIES_BELOW = 1e-4


def evaluate(node: Expression, values: Mapping[str, Array]) -> Array:
    """Compute an expression.

    Parameters
    ----------
    node : Expression
        What to compute.
    values : mapping of str to array
        Value of every name; arrays must broadcast against each other.
    """
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Name):
        return values[node.name]
    if isinstance(node, Negative):
        return -evaluate(node.of, values)
    if isinstance(node, Binary):
        a = evaluate(node.left, values)
        if node.operator == "^" and isinstance(node.right, Number):
            return _power(a, node.right.value)
        return _OPERATORS[node.operator](a, evaluate(node.right, values))
    assert isinstance(node, Call)
    return _FUNCTIONS[node.function](*(evaluate(a, values) for a in node.arguments))


def _power(x: Array, n: float) -> Array:
    """Multiply out small whole powers, as generated code does."""
    if n != int(n) or abs(n) > 8:
        return np.power(x, n)
    result: Array = 1.0
    for _ in range(abs(int(n))):
        result = result * x
    return result if n > 0 else 1.0 / result


def exprel_rate(x: Array) -> Array:
    """Return x / (1 − exp(−x)), continued through x = 0."""
    small = np.abs(x) < SERIES_BELOW
    safe = np.where(small, 1.0, x)
    return np.where(small, 1.0 + 0.5 * x + x * x / 12.0, -safe / np.expm1(-safe))


def exprel_rate_slope(x: Array) -> Array:
    """Return the derivative of :func:`exprel_rate`."""
    # the quotient cancels twice, so the series must reach further out
    small = np.abs(x) < 0.03
    safe = np.where(small, 1.0, x)
    e = np.exp(-safe)
    series = 0.5 + x / 6.0 - x * x * x / 180.0
    return np.where(small, series, (1.0 - e - safe * e) / ((1.0 - e) * (1.0 - e)))


_OPERATORS: dict[str, Callable[..., Array]] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "^": np.power,
    "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal,
    "==": np.equal, "!=": np.not_equal, "and": np.logical_and, "or": np.logical_or,
}  # fmt: skip

_FUNCTIONS: dict[str, Callable[..., Array]] = {
    "exp": np.exp, "log": np.log, "sqrt": np.sqrt, "tanh": np.tanh, "abs": np.abs,
    "min": np.minimum, "max": np.maximum, "where": np.where,
    "exprel_rate": exprel_rate, "exprel_rate_slope": exprel_rate_slope,
}  # fmt: skip
