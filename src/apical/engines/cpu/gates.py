"""LLVM of the gates' rows: eight lanes of one compartment, all its gates at once.

LLVM cannot see by itself that gates whose coefficients lie side by side are a vector. Their plain
twin is :func:`apical.engines.cpu.rows.factors`.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types

from apical.engines.cpu.math import compiled
from apical.engines.cpu.rows import chunks, row_size

#: Lanes that are advanced together, and whose gates are then turned into rows.
BLOCK = 8
_INT, _SMALL = ir.IntType(64), ir.IntType(32)
#: Products and sums may fuse, as in all other kernels.
_FAST = ("contract", "nsz")


def gate_step(gates: int, degree: int) -> Any:
    """Return the function that advances some gates of eight lanes.

    Its arguments: place in the row and row of every lane, from `at` on; the gates, chunk by chunk,
    each chunk `size` lanes long, the first lane being number `shift`; the table; where gates' rows
    are, `out` at `targets` + `shift`.
    """

    @compiled
    def step(
        typingctx: Any, place: Any, row: Any, at: Any, states: Any, size: Any, table: Any,
        out: Any, targets: Any, shift: Any,
    ) -> Any:  # fmt: skip
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            _Gates(context, builder, signature, args).write(gates, degree)
            return context.get_dummy_value()

        arguments = (place, row, at, states, size, table, out, targets, shift)
        return types.void(*arguments), generate

    return step


class _Gates:
    """Writes one block of lanes."""

    def __init__(self, context: Any, builder: Any, signature: Any, args: Any) -> None:
        self.builder = builder

        def data(k: int) -> Any:
            return context.make_array(signature.args[k])(context, builder, args[k]).data

        self.place, self.row, self.states = data(0), data(1), data(3)
        self.table, self.out, self.targets = data(5), data(6), data(7)
        self.at, self.size, self.shift = args[2], args[4], args[8]
        bits = signature.args[0].dtype.bitwidth
        self.real = ir.DoubleType() if bits == 64 else ir.FloatType()

    def write(self, gates: int, degree: int) -> None:
        """Advance every lane, then turn lanes × gates into gates × lanes."""
        sizes = chunks(gates)
        starts = [self._start_of(sum(sizes[:k]), size) for k, size in enumerate(sizes)]
        rows = [self._row_of(lane, row_size(gates, degree)) for lane in range(BLOCK)]
        places = [self._load(self.place, self.at, lane, self.real) for lane in range(BLOCK)]
        for k, size in enumerate(sizes):
            offset = 2 * sum(sizes[:k]) * (degree + 1)
            if size == 1:
                a, f = self._factors(rows, places, offset, degree)
                self._single(a, f, starts[k], gates - 1)
                continue
            moved = []
            for lane in range(BLOCK):
                factors = self._polynomial(rows[lane], offset, size, degree, places[lane])
                moved.append(self._advance(factors, size, starts[k], lane * size))
            first_gate = 8 * k
            turned = self._turned(moved)
            for gate in range(first_gate, min(first_gate + size, gates)):
                self._put(turned[gate - first_gate], gate)

    def _single(self, a: Any, f: Any, start: Any, gate: int) -> None:
        """Advance one gate that is alone in its chunk, all lanes at once."""
        builder, eight = self.builder, ir.VectorType(self.real, BLOCK)
        x = self._load(self.states, start, 0, eight)
        change = builder.fsub(a, builder.fmul(f, x, flags=_FAST), flags=_FAST)
        x = builder.fadd(x, change, flags=_FAST)
        builder.store(x, self._pointer(self.states, start, 0, eight), align=4)
        self._put(x, gate)

    def _factors(self, rows: list[Any], places: list[Any], offset: int, degree: int) -> list[Any]:
        """Return A and F of one gate in all lanes.

        A row that fits into one vector is turned first, which leaves the least to read.
        """
        builder, eight = self.builder, ir.VectorType(self.real, BLOCK)
        if 2 * (degree + 1) > 8:
            pairs = zip(rows, places, strict=True)
            return self._turned([self._polynomial(r, offset, 1, degree, x) for r, x in pairs])
        turned = self._turned([self._load(self.table, row, offset, eight) for row in rows])
        place = self._load(self.place, self.at, 0, eight)
        found = turned[:2]
        for power in range(1, degree + 1):
            for k in range(2):
                scaled = builder.fmul(found[k], place, flags=_FAST)
                found[k] = builder.fadd(scaled, turned[2 * power + k], flags=_FAST)
        return found

    def _row_of(self, lane: int, numbers: int) -> Any:
        row = self._load(self.row, self.at, lane, _SMALL)
        return self.builder.mul(self.builder.zext(row, _INT), _INT(numbers))

    def _start_of(self, before: int, size: int) -> Any:
        """Return where the first lane's gates of a chunk are."""
        builder = self.builder
        skipped = builder.mul(self.size, _INT(before))
        return builder.add(skipped, builder.mul(self.shift, _INT(size)))

    def _polynomial(self, row: Any, offset: int, size: int, degree: int, place: Any) -> Any:
        """Return A and F of a chunk of gates, by Horner's rule."""
        builder, kind = self.builder, ir.VectorType(self.real, 2 * size)
        x = self._all(place, kind)
        value = self._load(self.table, row, offset, kind)
        for power in range(1, degree + 1):
            coefficient = self._load(self.table, row, offset + power * 2 * size, kind)
            value = builder.fadd(builder.fmul(value, x, flags=_FAST), coefficient, flags=_FAST)
        return value

    def _advance(self, factors: Any, size: int, start: Any, offset: int) -> Any:
        """Advance a chunk of gates of one lane: x + (A − F·x)."""
        builder, kind = self.builder, ir.VectorType(self.real, size)
        a = self._pick(factors, factors, range(size))
        f = self._pick(factors, factors, range(size, 2 * size))
        x = self._load(self.states, start, offset, kind)
        change = builder.fsub(a, builder.fmul(f, x, flags=_FAST), flags=_FAST)
        x = builder.fadd(x, change, flags=_FAST)
        builder.store(x, self._pointer(self.states, start, offset, kind), align=4)
        return x

    def _turned(self, lanes: list[Any]) -> list[Any]:
        """Return lanes × numbers as numbers × lanes: pairs merge until all are together."""
        if isinstance(self.real, ir.FloatType) and lanes[0].type.count in (4, 8):
            return self._turned_by_fours(lanes)
        size, width = lanes[0].type.count, 1
        order = [[lane] for lane in range(BLOCK)]
        while len(lanes) > 1:
            half = len(lanes) // 2
            merged = [
                side + number * width + q
                for number in range(size)
                for side in (0, size * width)
                for q in range(width)
            ]
            lanes = [self._pick(lanes[k], lanes[k + half], merged) for k in range(half)]
            order = [order[k] + order[k + half] for k in range(half)]
            width *= 2
        where = [order[0].index(lane) for lane in range(BLOCK)]
        return [
            self._pick(lanes[0], lanes[0], [number * BLOCK + w for w in where])
            for number in range(size)
        ]

    def _turned_by_fours(self, lanes: list[Any]) -> list[Any]:
        """Return four or eight short numbers of eight lanes turned, four by four.

        Within four numbers vectors are shuffled twice as fast as across.
        """
        n = 2 * lanes[0].type.count
        rows = [self._pick(lanes[k], lanes[k + 4], range(n)) for k in range(4)]
        singly, in_pairs = (0, n, 1, n + 1), (0, 1, n, n + 1)
        for low, pairs in ((singly, ((0, 1), (2, 3))), (in_pairs, ((0, 2), (1, 3)))):
            orders = [[b + q for b in range(half, n, 4) for q in low] for half in (0, 2)]
            rows = [self._pick(rows[a], rows[b], order) for a, b in pairs for order in orders]
        if n == 8:
            return rows
        apart = [*range(4), *range(8, 12), *range(4, 8), *range(12, 16)]
        wholes = [self._pick(row, row, apart) for row in rows]
        halves = range(8), range(8, 16)
        return [self._pick(whole, whole, half) for half in halves for whole in wholes]

    def _put(self, values: Any, gate: int) -> None:
        """Store eight lanes of a gate where all other kernels read them."""
        target = self.builder.add(self._load(self.targets, _INT(0), gate, _INT), self.shift)
        self.builder.store(values, self._pointer(self.out, target, 0, values.type), align=4)

    def _pointer(self, data: Any, index: Any, offset: int, kind: Any) -> Any:
        element = kind.element if isinstance(kind, ir.VectorType) else kind
        at = self.builder.add(index, _INT(offset))
        found = self.builder.gep(data, [at], source_etype=element)
        return self.builder.bitcast(found, kind.as_pointer())

    def _load(self, data: Any, index: Any, offset: int, kind: Any) -> Any:
        return self.builder.load(self._pointer(data, index, offset, kind), align=4, typ=kind)

    def _pick(self, a: Any, b: Any, where: Any) -> Any:
        """Return some elements of two vectors."""
        where = list(where)
        return self.builder.shuffle_vector(
            a, b, ir.Constant(ir.VectorType(_SMALL, len(where)), where)
        )

    def _all(self, scalar: Any, kind: Any) -> Any:
        """Return a number repeated."""
        undefined = ir.Constant(kind, ir.Undefined)
        one = self.builder.insert_element(undefined, scalar, _INT(0))
        return self._pick(one, undefined, [0] * kind.count)
