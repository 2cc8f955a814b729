"""Equations as LaTeX, for papers and documentation."""

from __future__ import annotations

import re

from apical.equations.expr import COMPARISONS, Binary, Call, Expression, Name, Negative, Number
from apical.equations.program import Program

_GREEK = {
    "alpha",
    "beta",
    "gamma",
    "delta",
    "epsilon",
    "tau",
    "sigma",
    "lambda",
    "mu",
    "phi",
    "rho",
}
_RELATION = {"<=": r"\le", ">=": r"\ge", "==": "=", "!=": r"\ne", "and": r"\wedge", "or": r"\vee"}
_STRENGTH = {"or": 1, "and": 2, **dict.fromkeys(COMPARISONS, 3), "+": 4, "-": 4, "*": 5}


def latex(program: Program) -> str:
    """Return a mechanism's equations as an ``align*`` environment, one per line.

    Parameters
    ----------
    program : Program
        The mechanism. Numbers are in the units it declares; powers of ten that stem from
        converting units are written out.
    """
    lines = [
        f"{_symbol(a.name)} &= {expression(a.value)}"
        for a in (*program.constants, *program.assignments)
    ]
    lines += [
        rf"\frac{{d{_symbol(u.state)}}}{{dt}} &= {expression(u.slope)}" for u in program.updates
    ]
    lines += [
        rf"{_symbol(state)} &\leftarrow {expression(value)}" for state, value in program.events
    ]
    body = " \\\\\n".join(lines)
    return f"\\begin{{align*}}\n{body}\n\\end{{align*}}"


def expression(node: Expression) -> str:
    """Return one expression as LaTeX."""
    return _write(node)[0]


def _symbol(name: str) -> str:
    """Typeset ``m_inf`` as m with index ∞, Greek names as letters, long names upright."""
    head, *rest = name.split("_")
    text = f"\\{head}" if head in _GREEK else head if len(head) == 1 else rf"\mathrm{{{head}}}"
    if not rest:
        return text
    index = ",".join(r"\infty" if r == "inf" else f"\\{r}" if r in _GREEK else r for r in rest)
    return rf"{text}_{{\mathrm{{{index}}}}}"


def _number(value: float) -> str:
    text = f"{value:.15g}"
    match = re.fullmatch(r"(-?[\d.]+)e([+-]\d+)", text)
    return rf"{match[1]} \cdot 10^{{{int(match[2])}}}" if match else text


def _write(node: Expression) -> tuple[str, int]:
    if isinstance(node, Number):
        return _number(node.value), 9 if node.value >= 0 else 4
    if isinstance(node, Name):
        return _symbol(node.name), 9
    if isinstance(node, Negative):
        return f"-{_bracketed(node.of, 5)}", 4
    if isinstance(node, Call):
        return _call(node), 9
    assert isinstance(node, Binary)
    if node.operator == "/":
        return rf"\frac{{{expression(node.left)}}}{{{expression(node.right)}}}", 8
    if node.operator == "^":
        return f"{_bracketed(node.left, 9)}^{{{expression(node.right)}}}", 8
    strength = _STRENGTH[node.operator]
    left, right = _bracketed(node.left, strength), _bracketed(node.right, strength + 1)
    sign = r"\," if node.operator == "*" else _RELATION.get(node.operator, node.operator)
    return f"{left} {sign} {right}", strength


def _bracketed(node: Expression, strength: int) -> str:
    text, own = _write(node)
    return text if own >= strength else rf"\left({text}\right)"


def _call(node: Call) -> str:
    arguments = [expression(a) for a in node.arguments]
    match node.function:
        case "where":
            yes, no = arguments[1:]
            return (
                rf"\begin{{cases}} {yes} & \text{{if }} {arguments[0]} \\ "
                rf"{no} & \text{{otherwise}} \end{{cases}}"
            )
        case "sqrt":
            return rf"\sqrt{{{arguments[0]}}}"
        case "abs":
            return rf"\left|{arguments[0]}\right|"
        case "exprel_rate":
            return rf"\frac{{{arguments[0]}}}{{1 - e^{{-{_bracketed(node.arguments[0], 5)}}}}}"
        case "exprel_rate_slope":
            return rf"\left.\frac{{d}}{{dx}}\frac{{x}}{{1 - e^{{-x}}}}\right|_{{x={arguments[0]}}}"
    name = {"exp": r"\exp", "log": r"\ln", "tanh": r"\tanh", "min": r"\min", "max": r"\max"}
    return rf"{name[node.function]}\left({', '.join(arguments)}\right)"
