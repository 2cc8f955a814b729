"""Weighted sums over the nodes of cells, several samples and outputs at once.

Samples and sums are vectors, which LLVM does not find by itself. Their plain twin is the sum in
:mod:`apical.engines.reference.engine`.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from apical.engines.cpu.calls import data_of
from apical.engines.cpu.math import compiled
from apical.engines.cpu.tables import KEPT, VECTOR

_INT = ir.IntType(64)
_SHORT = ir.IntType(32)
_EIGHT_PLACES = ir.VectorType(_SHORT, 8)
#: Products and sums may fuse, as in all other kernels.
_FAST = ("contract", "nsz")


def _eight(context: Any, builder: Any, signature: Any, args: Any, array: int, at: Any) -> Any:
    """Return the pointer to eight numbers of an array."""
    bits = signature.args[array].dtype.bitwidth
    real = ir.DoubleType() if bits == 64 else ir.FloatType()
    data = data_of(context, builder, signature.args[array], args[array])
    place = builder.gep(data, [at], source_etype=real)
    return builder.bitcast(place, ir.VectorType(real, 8).as_pointer())


def _transposed(context: Any, builder: Any, signature: Any, args: Any, at: Any, apart: Any) -> Any:
    """Return the columns of eight rows of eight numbers, `apart` from each other."""
    rows = []
    for k in range(8):
        where = builder.add(at, builder.mul(apart, _INT(k)))
        rows.append(builder.load(_eight(context, builder, signature, args, 1, where), align=4))
    # blocks of one number beside the diagonal change places, then of two, then of four
    for size in (1, 2, 4):
        for k in (k for k in range(8) if not k & size):
            low = [8 + c - size if c & size else c for c in range(8)]
            high = [8 + c if c & size else c + size for c in range(8)]
            pair = rows[k], rows[k + size]
            for to, order in ((k, low), (k + size, high)):
                rows[to] = builder.shuffle_vector(*pair, ir.Constant(_EIGHT_PLACES, order))
    return rows


@compiled
def add_lanes(
    typingctx: Any, out: Any, values: Any, to: Any, at: Any, apart: Any, lanes: Any
) -> Any:
    """Add up to eight lanes, one after the other, for eight samples at once.

    Samples of the lanes are rows `apart` from each other, and are read to the eighth lane and
    sample; `out` is double.
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        columns = _transposed(context, builder, signature, args, args[3], args[4])
        total: Any = ir.Constant(columns[0].type, None)
        for lane, value in enumerate(columns):
            there = builder.icmp_signed(">", args[5], _INT(lane))
            total = builder.select(there, builder.fadd(total, value), total)
        place = _eight(context, builder, signature, args, 0, args[2])
        builder.store(_double(builder, total), place, align=8)
        return context.get_dummy_value()

    return types.void(out, values, to, at, apart, lanes), generate


def _double(builder: Any, value: Any) -> Any:
    """Return numbers in double."""
    if value.type.element == ir.DoubleType():
        return value
    return builder.fpext(value, ir.VectorType(ir.DoubleType(), value.type.count))


def _weigh_lanes(outputs: int) -> Any:
    @compiled
    def weigh(
        typingctx: Any, out: Any, kept: Any, weights: Any, to: Any, L: Any, at: Any, where: Any,
        nodes: Any, whole: Any,
    ) -> Any:  # fmt: skip
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            most = 8 * VECTOR // signature.args[0].dtype.bitwidth
            with builder.if_else(args[8]) as (in_wholes, in_halves):
                with in_wholes:
                    _Weighing(context, builder, signature, args, outputs, most).write()
                with in_halves:
                    _Weighing(context, builder, signature, args, outputs, most // 2).write()
            return context.get_dummy_value()

        numbers = (to, L, at, where, nodes, whole)
        return types.void(out, kept, weights, *numbers), generate

    return weigh


class _Weighing:
    """Weighted sums of some samples, a vector for each and each output, while they are written."""

    def __init__(
        self, context: Any, builder: Any, signature: Any, args: Any, outputs: int, lanes: int
    ) -> None:
        self.context, self.builder, self.signature, self.args = context, builder, signature, args
        bits = signature.args[0].dtype.bitwidth
        self.real = ir.DoubleType() if bits == 64 else ir.FloatType()
        self.row = ir.VectorType(self.real, lanes)
        self.outputs = outputs

    def write(self) -> None:
        """Write the loop over nodes."""
        builder, (to, lanes, at, where, nodes) = self.builder, self.args[3:8]
        sums = [cgutils.alloca_once(builder, self.row) for _ in range(self.outputs * KEPT)]
        for total in sums:
            builder.store(ir.Constant(self.row, None), total)
        with cgutils.for_range(builder, nodes, intp=_INT) as loop:
            weights = [
                self._row(2, where, loop.index, self.outputs, o) for o in range(self.outputs)
            ]
            for sample in range(KEPT):
                value = self._row(1, at, loop.index, KEPT, sample)
                for weight, total in zip(weights, sums[sample::KEPT], strict=True):
                    term = builder.fmul(weight, value, flags=_FAST)
                    more = builder.fadd(builder.load(total, typ=self.row), term, flags=_FAST)
                    builder.store(more, total)
        for k, total in enumerate(sums):
            place = self._place(0, builder.add(to, builder.mul(lanes, _INT(k))))
            builder.store(builder.load(total, typ=self.row), place, align=4)

    def _row(self, array: int, first: Any, node: Any, rows: int, row: int) -> Any:
        """Return one of a node's rows."""
        skipped = self.builder.mul(node, _INT(rows * self.row.count))
        index = self.builder.add(first, self.builder.add(skipped, _INT(row * self.row.count)))
        return self.builder.load(self._place(array, index), align=4, typ=self.row)

    def _place(self, array: int, index: Any) -> Any:
        """Return the pointer to a row of an array."""
        data = data_of(self.context, self.builder, self.signature.args[array], self.args[array])
        place = self.builder.gep(data, [index], source_etype=self.real)
        return self.builder.bitcast(place, self.row.as_pointer())


#: Sum weighted nodes of a vector's lanes for some outputs and all samples that are kept. Samples of
#: a node from `at` on, and its weights for these outputs from `where` on, are vectors one after the
#: other; so are nodes. Sums go to `to`, as rows of `L` lanes, samples of an output one after the
#: other. Vectors are `whole`, or halves.
weigh_3, weigh_2, weigh_1 = (_weigh_lanes(n) for n in (3, 2, 1))
