"""From text to expression tree: a small Pratt parser that knows arithmetic and nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass

from apical.equations import expr
from apical.equations.expr import Expression, Name, Number
from apical.errors import EquationError, Problem, did_you_mean

MAX_TEXT = 20_000
_MAX_NESTING = 60
_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)"
    r"|(?P<name>[^\W\d]\w*)"
    r"|(?P<operator>\*\*|<=|>=|==|!=|[-+*/^()<>,]))"
)
_BINDING = {
    "or": 1, "and": 2, **dict.fromkeys(expr.COMPARISONS, 3), "+": 4, "-": 4, "*": 5, "/": 5, "^": 7,
}  # fmt: skip
_UNARY = 6


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    column: int


def parse(text: str, path: str = "") -> Expression:
    """Read one expression.

    Parameters
    ----------
    text : str
        Arithmetic on names and numbers; ``^`` and ``**`` are powers; functions are those of
        :data:`apical.equations.expr.FUNCTIONS`.
    path : str
        Address for error messages.

    Raises
    ------
    EquationError
        Naming the column and what was expected.
    """
    try:
        if len(text) > MAX_TEXT:
            raise _Unreadable(0, f"longer than {MAX_TEXT} characters")
        return _Parser(_tokens(text)).whole()
    except _Unreadable as error:
        where = f"at column {error.column + 1} of '{_shorten(text)}'"
        raise EquationError([Problem(path, f"{error.message} {where}", error.hint)]) from None
    except expr.TooLarge as error:
        raise EquationError([Problem(path, str(error))]) from None


def _shorten(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 60 else text[:57] + "…"


class _Unreadable(Exception):  # noqa: N818 - private, never leaves this file
    def __init__(self, column: int, message: str, hint: str = "") -> None:
        self.column, self.message, self.hint = column, message, hint


def _tokens(text: str) -> list[_Token]:
    tokens, position, end = [], 0, len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if not match or match.lastgroup is None:
            raise _Unreadable(position, f"unexpected {text[position:].strip()[:1]!r}")
        kind, found = match.lastgroup, match[match.lastgroup]
        if kind == "name" and found in ("and", "or"):
            kind = "operator"
        found = "^" if found == "**" else found
        tokens.append(_Token(kind, found, match.start(match.lastgroup)))
        position = match.end()
    tokens.append(_Token("end", "the end", end))
    return tokens


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self.tokens, self.position, self.nesting = tokens, 0, 0

    def whole(self) -> Expression:
        node = self.expression(0)
        if self.peek.kind != "end":
            hint = "write where(condition, a, b)" if self.peek.text in ("if", "else") else ""
            raise _Unreadable(self.peek.column, f"unexpected '{self.peek.text}'", hint)
        return node

    @property
    def peek(self) -> _Token:
        return self.tokens[self.position]

    def take(self) -> _Token:
        token = self.tokens[self.position]
        self.position += 1
        return token

    def expect(self, text: str) -> None:
        token = self.take()
        if token.text != text or token.kind != "operator":
            raise _Unreadable(token.column, f"expected '{text}', found '{token.text}'")

    def expression(self, binding: int) -> Expression:
        self.nesting += 1
        if self.nesting > _MAX_NESTING:
            raise _Unreadable(self.peek.column, "too deeply nested")
        left = self.operand()
        while self.peek.kind == "operator" and _BINDING.get(self.peek.text, -1) > binding:
            operator = self.take().text
            # a power binds to its right; all others to their left
            strength = _BINDING[operator] - (operator == "^")
            left = expr.binary(operator, left, self.expression(strength))
        self.nesting -= 1
        return left

    def operand(self) -> Expression:
        token = self.take()
        if token.kind == "number":
            number = float(token.text)
            if number == float("inf"):
                raise _Unreadable(token.column, "a number too large")
            return Number(number)
        if token.kind == "name":
            return self.call(token) if self.peek.text == "(" else self.name(token)
        if token.text == "-" and token.kind == "operator":
            return expr.neg(self.expression(_UNARY))
        if token.text == "+" and token.kind == "operator":
            return self.expression(_UNARY)
        if token.text == "(":
            node = self.expression(0)
            self.expect(")")
            return node
        raise _Unreadable(token.column, f"expected a number or a name, found '{token.text}'")

    def name(self, token: _Token) -> Expression:
        if len(token.text) > 60 or token.text.startswith("__"):
            raise _Unreadable(token.column, "not a name that can be used here")
        if token.text in expr.FUNCTIONS:
            raise _Unreadable(token.column, f"'{token.text}' is a function: write it with (…)")
        return Name(token.text)

    def call(self, token: _Token) -> Expression:
        arity = expr.FUNCTIONS.get(token.text)
        if arity is None:
            hint = did_you_mean(token.text, expr.FUNCTIONS, "functions are")
            raise _Unreadable(token.column, f"unknown function '{token.text}'", hint)
        self.expect("(")
        arguments = [self.expression(0)]
        while self.peek.text == ",":
            self.take()
            arguments.append(self.expression(0))
        self.expect(")")
        if len(arguments) != arity:
            raise _Unreadable(
                token.column, f"{token.text} takes {arity} arguments, found {len(arguments)}"
            )
        return expr.call(token.text, *arguments)
