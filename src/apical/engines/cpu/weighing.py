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
from apical.engines.cpu.tables import AT_ONCE, KEPT

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
def transpose(
    typingctx: Any, out: Any, values: Any, to: Any, at: Any, apart: Any, out_apart: Any
) -> Any:
    """Write eight rows of eight numbers as columns."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        columns = _transposed(context, builder, signature, args, args[3], args[4])
        for k, column in enumerate(columns):
            where = builder.add(args[2], builder.mul(args[5], _INT(k)))
            builder.store(column, _eight(context, builder, signature, args, 0, where), align=4)
        return context.get_dummy_value()

    return types.void(out, values, to, at, apart, out_apart), generate


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


def _everywhere(builder: Any, number: Any, row: Any) -> Any:
    """Return a vector of one number."""
    alone = builder.insert_element(ir.Constant(row, ir.Undefined), number, _SHORT(0))
    zeros = ir.Constant(ir.VectorType(_SHORT, row.count), None)
    return builder.shuffle_vector(alone, alone, zeros)


def _weigh_cells(outputs: int) -> Any:
    @compiled
    def weigh(
        typingctx: Any, out: Any, values: Any, weights: Any, to: Any, apart: Any, at: Any,
        further: Any, nodes: Any, cells: Any, more: Any,
    ) -> Any:  # fmt: skip
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            with builder.if_else(args[9]) as (both, one):
                with both:
                    _Weighing(context, builder, signature, args, outputs, KEPT).write()
                with one:
                    _Weighing(context, builder, signature, args, outputs, KEPT // 2).write()
            return context.get_dummy_value()

        whole = (to, apart, at, further, nodes, cells, more)
        return types.void(out, values, weights, *whole), generate

    return weigh


class _Weighing:
    """Weighted sums of some samples, while they are written: samples are read once for all outputs.

    Those of an output are in as few vectors as hold them.
    """

    def __init__(
        self, context: Any, builder: Any, signature: Any, args: Any, outputs: int, samples: int
    ) -> None:
        self.context, self.builder, self.signature, self.args = context, builder, signature, args
        bits = signature.args[1].dtype.bitwidth
        self.real = ir.DoubleType() if bits == 64 else ir.FloatType()
        self.width = min(samples, 512 // bits)
        self.row = ir.VectorType(self.real, self.width)
        self.outputs, self.parts = outputs, samples // self.width

    def write(self) -> None:
        """Write the loop over cells, each of which is summed by itself."""
        builder, (to, apart) = self.builder, self.args[3:5]
        totals = self._zeros()
        with cgutils.for_range(builder, self.args[8], intp=_INT) as loop:
            for total, found in zip(totals, self._of_cell(loop.index), strict=True):
                more = builder.fadd(self._now(total), self._now(found))
                builder.store(more, total)
        for k, total in enumerate(totals):
            of_output = builder.add(to, builder.mul(apart, _INT(k // self.parts)))
            where = builder.add(of_output, _INT(k % self.parts * self.width))
            value = _double(builder, self._now(total))
            builder.store(value, self._place(0, where, value.type), align=8)

    def _of_cell(self, cell: Any) -> list[Any]:
        """Write the loop over the nodes of a cell."""
        builder, (at, further, nodes) = self.builder, self.args[5:8]
        sums = self._zeros()
        first, weights = builder.mul(cell, nodes), builder.add(at, builder.mul(cell, further))
        with cgutils.for_range(builder, nodes, intp=_INT) as loop:
            row = builder.mul(builder.add(first, loop.index), _INT(KEPT))
            values = []
            for part in range(self.parts):
                place = self._place(1, builder.add(row, _INT(part * self.width)), self.row)
                values.append(builder.load(place, align=4, typ=self.row))
            of_node = builder.add(weights, builder.mul(loop.index, _INT(self.outputs)))
            for k, total in enumerate(sums):
                place = self._place(2, builder.add(of_node, _INT(k // self.parts)), self.real)
                weight = _everywhere(builder, builder.load(place, typ=self.real), self.row)
                term = builder.fmul(weight, values[k % self.parts], flags=_FAST)
                builder.store(builder.fadd(self._now(total), term, flags=_FAST), total)
        return sums

    def _zeros(self) -> list[Any]:
        """Return sums that begin."""
        sums = [
            cgutils.alloca_once(self.builder, self.row) for _ in range(self.outputs * self.parts)
        ]
        for total in sums:
            self.builder.store(ir.Constant(self.row, None), total)
        return sums

    def _now(self, total: Any) -> Any:
        """Return what a sum is so far."""
        return self.builder.load(total, typ=self.row)

    def _place(self, array: int, index: Any, kind: Any) -> Any:
        """Return the pointer to one or more numbers of an array."""
        element = kind.element if isinstance(kind, ir.VectorType) else kind
        data = data_of(self.context, self.builder, self.signature.args[array], self.args[array])
        place = self.builder.gep(data, [index], source_etype=element)
        return self.builder.bitcast(place, kind.as_pointer())


#: Sum weighted nodes of some cells for some outputs and samples. Samples are eight, or twice eight
#: if there are `more`, those of one node after the other, cell by cell; weights from `at` on,
#: outputs of one node after the other, those of the next cell `further`; sums to `to`, outputs
#: `apart`; double.
weigh_8, weigh_4, weigh_2, weigh_1 = (_weigh_cells(n) for n in AT_ONCE)
