"""Units of expressions: checks that they balance and writes the powers of ten into the tree."""

from __future__ import annotations

from collections.abc import Mapping

from apical.equations import expr
from apical.equations.expr import Binary, Call, Expression, Name, Negative, Number
from apical.units import DIMENSIONLESS, Unit, named_unit, power_of_ten

#: A literal zero has every unit, so that ``max(x, 0)`` can be written.
Measure = Unit | None
_TRUTH = "truth"


class Unbalanced(ValueError):  # noqa: N818 - reported with its place by the reader
    """Units that do not fit together, or a name nobody knows."""


class UnknownName(Unbalanced):
    """A name that is neither defined nor a unit."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"unknown name '{name}'")


def unit_called(name: str) -> Unit | None:
    """Return the unit that a name in an equation stands for (``mV``, ``cm2``, ``S``), or None.

    Single letters other than S are never units here: m, h, A or C are far likelier states.
    """
    base = name.rstrip("23")
    if len(base) == 1 and base != "S":
        return None
    unit = named_unit(base)
    if unit is None or len(name) - len(base) > 1:
        return None
    return unit ** int(name[len(base) :] or 1)


def balance(node: Expression, units: Mapping[str, Unit]) -> tuple[Expression, Measure]:
    """Check an expression's units and make its conversions explicit.

    Parameters
    ----------
    node : Expression
        As parsed; may hold unit names such as ``mV``.
    units : mapping of str to Unit
        Unit of every known name. Unit names of two or more letters are known besides.

    Returns
    -------
    Expression
        The same, without unit names, with factors of ten where units of one kind differ.
    Unit or None
        Its unit; None for a literal zero.

    Raises
    ------
    Unbalanced
        If units do not fit or a name is unknown.
    """
    if isinstance(node, Number):
        return node, None if node.value == 0 else DIMENSIONLESS
    if isinstance(node, Name):
        return _name(node, units)
    if isinstance(node, Negative):
        inner, unit = balance(node.of, units)
        return expr.neg(inner), unit
    if isinstance(node, Binary):
        return _binary(node, units)
    assert isinstance(node, Call)
    return _call(node, units)


def convert(node: Expression, unit: Measure, wanted: Unit, what: str = "this") -> Expression:
    """Return `node` as a number in the wanted unit.

    Raises
    ------
    Unbalanced
        If the two units do not measure the same thing.
    """
    if unit is None:
        return node
    if unit.dimension != wanted.dimension:
        raise Unbalanced(f"{what} must be in {wanted}, but is in {unit}")
    difference = unit.power - wanted.power
    if difference == 0:
        return node
    if difference < 0:
        return expr.div(node, Number(power_of_ten(-difference)))
    return expr.mul(Number(power_of_ten(difference)), node)


def _name(node: Name, units: Mapping[str, Unit]) -> tuple[Expression, Measure]:
    if node.name in units:
        return node, units[node.name]
    unit = unit_called(node.name)
    if unit is None:
        raise UnknownName(node.name)
    return expr.ONE, unit


def _binary(node: Binary, units: Mapping[str, Unit]) -> tuple[Expression, Measure]:
    left, a = balance(node.left, units)
    right, b = balance(node.right, units)
    operator = node.operator
    if operator in ("and", "or"):
        if a is not _TRUTH or b is not _TRUTH:
            raise Unbalanced(f"'{operator}' joins comparisons")
        return Binary(operator, left, right), _truth()
    _no_truth(a, b)
    if operator in ("*", "/"):
        one, two = a or DIMENSIONLESS, b or DIMENSIONLESS
        zero = (a is None and operator == "/") or (operator == "*" and None in (a, b))
        unit = one * two if operator == "*" else one / two
        return expr.binary(operator, left, right), None if zero else unit
    if operator == "^":
        return _power(left, a, right, b)
    unit = a if a is not None else b
    if unit is not None:
        words = "be compared" if operator in expr.COMPARISONS else "be added"
        if a is not None and b is not None and a.dimension != b.dimension:
            raise Unbalanced(f"{a} and {b} cannot {words}")
        left, right = convert(left, a, unit), convert(right, b, unit)
    if operator in expr.COMPARISONS:
        return Binary(operator, left, right), _truth()
    return expr.binary(operator, left, right), unit


def _power(
    left: Expression, a: Measure, right: Expression, b: Measure
) -> tuple[Expression, Measure]:
    right = convert(right, b, DIMENSIONLESS, "an exponent")
    if a is None or a.is_dimensionless:
        return expr.power(convert(left, a, DIMENSIONLESS), right), DIMENSIONLESS
    if not isinstance(right, Number) or right.value != int(right.value) or abs(right.value) > 12:
        raise Unbalanced(f"a quantity in {a} can only be raised to a small whole number")
    return expr.power(left, right), a ** int(right.value)


def _call(node: Call, units: Mapping[str, Unit]) -> tuple[Expression, Measure]:
    balanced = [balance(a, units) for a in node.arguments]
    if node.function == "where":
        if balanced[0][1] is not _TRUTH:
            raise Unbalanced("the first argument of where must be a comparison")
        arguments, unit = _same(balanced[1:], node.function)
        return expr.call("where", balanced[0][0], *arguments), unit
    _no_truth(*(unit for _, unit in balanced))
    if node.function in ("min", "max"):
        arguments, unit = _same(balanced, node.function)
        return expr.call(node.function, *arguments), unit
    argument, unit = balanced[0]
    if node.function == "abs":
        return expr.call("abs", argument), unit
    if node.function == "sqrt" and unit is not None and not unit.is_dimensionless:
        if unit.power % 2 or any(e % 2 for e in unit.dimension):
            raise Unbalanced(f"sqrt of a quantity in {unit}")
        root = Unit(tuple(e // 2 for e in unit.dimension), unit.power // 2)  # type: ignore[arg-type]
        return expr.call("sqrt", argument), root
    argument = convert(argument, unit, DIMENSIONLESS, f"the argument of {node.function}")
    return expr.call(node.function, argument), DIMENSIONLESS


def _same(
    balanced: list[tuple[Expression, Measure]], function: str
) -> tuple[list[Expression], Measure]:
    _no_truth(*(unit for _, unit in balanced))
    unit = next((unit for _, unit in balanced if unit is not None), None)
    if unit is None:
        return [e for e, _ in balanced], None
    what = f"every argument of {function}"
    return [convert(e, u, unit, what) for e, u in balanced], unit


def _truth() -> Measure:
    return _TRUTH  # type: ignore[return-value]


def _no_truth(*units: Measure) -> None:
    if any(u is _TRUTH for u in units):
        raise Unbalanced("a comparison can only stand in where(…)")
