"""LLVM of the gates' rows: eight lanes of one compartment, all its gates at once.

LLVM cannot see by itself that gates whose coefficients lie side by side are a vector. Their plain
twin is :func:`apical.engines.cpu.rows.factors`. All vectors have 256 bits: eight numbers, or four
in double precision. Wider ones are no faster where two of them can be shuffled at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llvmlite import ir
from numba import types

from apical.engines.cpu.math import compiled
from apical.engines.cpu.rows import chunks, row_size

#: Lanes that are advanced together.
BLOCK = 8
_INT, _SMALL = ir.IntType(64), ir.IntType(32)
#: Products and sums may fuse, as in all other kernels.
_FAST = ("contract", "nsz")


def gate_step(gates: int, degree: int) -> Any:
    """Return the function that advances some gates of eight lanes.

    Its arguments: place in the row and row of every lane, from `at` on; the table; states, where
    each gate has a row of lanes; where these begin, the first lane being number `shift` from there.
    """

    @compiled
    def step(
        typingctx: Any, place: Any, row: Any, at: Any, table: Any, states: Any, targets: Any,
        shift: Any,
    ) -> Any:  # fmt: skip
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            _Gates(builder, signature, args).write(gates, degree)
            return context.get_dummy_value()

        arguments = (place, row, at, table, states, targets, shift)
        return types.void(*arguments), generate

    return step


class _Gates:
    """Writes one block of lanes."""

    def __init__(self, builder: Any, signature: Any, args: Any) -> None:
        self.builder = builder
        self.place, self.row, self.at, self.table, self.states, self.targets, self.shift = args
        bits = signature.args[0].dtype.bitwidth
        self.real = ir.DoubleType() if bits == 64 else ir.FloatType()
        self.width = 256 // bits
        self.vector = ir.VectorType(self.real, self.width)

    def write(self, gates: int, degree: int) -> None:
        """Advance every gate: as many lanes at once as a vector has."""
        numbers = row_size(gates, degree)
        for first_lane in range(0, BLOCK, self.width):
            lanes = range(first_lane, first_lane + self.width)
            rows = [self._row_of(lane, numbers) for lane in lanes]
            places = [self._load(self.place, self.at, lane, self.real) for lane in lanes]
            gate = offset = 0
            for size in chunks(gates):
                factors = self._factors(rows, places, offset, size, degree, first_lane)
                for k in range(min(size, gates - gate)):
                    self._advance(factors[k], factors[size + k], gate + k, first_lane)
                gate, offset = gate + size, offset + 2 * size * (degree + 1)

    def _factors(
        self, rows: list[Any], places: list[Any], offset: int, size: int, degree: int, lane: int
    ) -> list[Any]:
        """Return A, then F of a chunk's gates, lanes side by side.

        A row that fits into one vector is turned first, which leaves the least to read.
        """
        if 2 * size * (degree + 1) <= self.width:
            turned = self._turned([self._load(self.table, r, offset, self.vector) for r in rows])
            place = self._load(self.place, self.at, lane, self.vector)
            powers = [turned[2 * size * p : 2 * size * (p + 1)] for p in range(degree + 1)]
            return [self._horner(numbers, place) for numbers in zip(*powers, strict=True)]
        found: list[Any] = []
        for part in range(0, 2 * size, self.width):
            kind = ir.VectorType(self.real, min(2 * size, self.width))
            at = [offset + part + 2 * size * p for p in range(degree + 1)]
            factors = []
            for row, place in zip(rows, places, strict=True):
                coefficients = [self._load(self.table, row, a, kind) for a in at]
                factors.append(self._horner(coefficients, self._all(place, kind)))
            # a short vector is filled up with itself
            filled = [k % kind.count for k in range(self.width)]
            found += self._turned([self._pick(f, f, filled) for f in factors])
        return found

    def _horner(self, coefficients: Sequence[Any], x: Any) -> Any:
        """Return a polynomial, the highest power first."""
        value = coefficients[0]
        for coefficient in coefficients[1:]:
            scaled = self.builder.fmul(value, x, flags=_FAST)
            value = self.builder.fadd(scaled, coefficient, flags=_FAST)
        return value

    def _advance(self, a: Any, f: Any, gate: int, lane: int) -> None:
        """Advance a gate: x + (A − F·x)."""
        builder = self.builder
        first = builder.add(self._load(self.targets, _INT(0), gate, _INT), self.shift)
        x = self._load(self.states, first, lane, self.vector)
        change = builder.fsub(a, builder.fmul(f, x, flags=_FAST), flags=_FAST)
        x = builder.fadd(x, change, flags=_FAST)
        builder.store(x, self._pointer(self.states, first, lane, self.vector), align=4)

    def _turned(self, lanes: list[Any]) -> list[Any]:
        """Return lanes × numbers as numbers × lanes, as many of each as a vector has.

        Within its halves a vector is shuffled twice as fast as across, so each half is turned
        first: lanes that have met lie side by side, and meet others.
        """
        half = self.width // 2
        groups = [[lane] for lane in lanes]
        met = 1
        while len(groups) > 2:
            orders = []
            for start in (0, half // 2):
                order = [
                    base + start + k + side * self.width
                    for base in (0, half)
                    for run in range(0, half // 2, met)
                    for side in (0, 1)
                    for k in range(run, run + met)
                ]
                orders.append(order)
            groups = [
                [self._pick(a, b, order) for a, b in zip(*pair, strict=True) for order in orders]
                for pair in zip(groups[::2], groups[1::2], strict=True)
            ]
            met *= 2
        halves = [[*range(h, h + half), *range(h + self.width, h + self.width + half)]
                  for h in (0, half)]  # fmt: skip
        return [self._pick(a, b, h) for h in halves for a, b in zip(*groups, strict=True)]

    def _row_of(self, lane: int, numbers: int) -> Any:
        row = self._load(self.row, self.at, lane, _SMALL)
        return self.builder.mul(self.builder.zext(row, _INT), _INT(numbers))

    def _pointer(self, data: Any, index: Any, offset: int, kind: Any) -> Any:
        element = kind.element if isinstance(kind, ir.VectorType) else kind
        at = self.builder.add(index, _INT(offset))
        found = self.builder.gep(data, [at], source_etype=element)
        return self.builder.bitcast(found, kind.as_pointer())

    def _load(self, data: Any, index: Any, offset: int, kind: Any) -> Any:
        return self.builder.load(self._pointer(data, index, offset, kind), align=4, typ=kind)

    def _pick(self, a: Any, b: Any, where: Sequence[int]) -> Any:
        """Return some elements of two vectors."""
        order = ir.Constant(ir.VectorType(_SMALL, len(where)), list(where))
        return self.builder.shuffle_vector(a, b, order)

    def _all(self, scalar: Any, kind: Any) -> Any:
        """Return a number repeated."""
        undefined = ir.Constant(kind, ir.Undefined)
        one = self.builder.insert_element(undefined, scalar, _INT(0))
        return self._pick(one, undefined, [0] * kind.count)
