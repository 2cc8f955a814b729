"""LLVM where Numba has no words for it: calls of generated kernels, and whole rows at once.

LLVM leaves loops over the lanes of a row scalar when they sit inside other loops, so operations on
rows are written as vector instructions here: a vector for the lanes of a group, or two for twice as
many. Their plain twin is
:func:`apical.engines.reference.cells.solve`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from apical.engines.cpu.layout import LANES
from apical.engines.cpu.math import compiled
from apical.engines.cpu.tables import KEPT

_INT = ir.IntType(64)
_SHORT = ir.IntType(32)
_EIGHT_PLACES = ir.VectorType(_SHORT, 8)
#: Products and sums may fuse, as in all other kernels.
_FAST = ("contract", "nsz")


def _data(context: Any, builder: Any, kind: Any, array: Any) -> Any:
    """Return the pointer to an array's first element."""
    return context.make_array(kind)(context, builder, array).data


def _call(
    context: Any, builder: Any, address: Any, arguments: list[Any], signature: Any, args: Any
) -> Any:
    """Call a function by address, arrays as pointers."""
    values = [
        _data(context, builder, signature.args[k], args[k])
        if isinstance(signature.args[k], types.Array)
        else args[k]
        for k in arguments
    ]
    kind = ir.FunctionType(ir.VoidType(), [value.type for value in values])
    builder.call(builder.inttoptr(address, kind.as_pointer()), values)
    return context.get_dummy_value()


@compiled
def call_kernel(
    typingctx: Any, address: Any, n: Any, a: Any, c: Any, stride: Any, dt: Any, v: Any, i: Any,
    g: Any, states: Any, parameters: Any, scalars: Any, linked: Any, links: Any, table: Any,
) -> Any:  # fmt: skip
    """Call a generated loop by its address; see :mod:`apical.engines.cpu.generate`."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _call(context, builder, args[0], list(range(1, 15)), signature, args)

    numbers = (n, a, c, stride, dt)
    arrays = (v, i, g, states, parameters, scalars, linked, links, table)
    return types.void(address, *numbers, *arrays), generate


@compiled
def call_channels(
    typingctx: Any, address: Any, n: Any, a: Any, c: Any, stride: Any, v: Any, i: Any, g: Any,
    x: Any, constants: Any, numbers: Any, shifts: Any, lists: Any,
) -> Any:  # fmt: skip
    """Call a generated loop over channels by its address."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _call(context, builder, args[0], list(range(1, 13)), signature, args)

    arrays = (v, i, g, x, constants, numbers, shifts, lists)
    return types.void(address, n, a, c, stride, *arrays), generate


@compiled
def call_event(
    typingctx: Any, address: Any, j: Any, stride: Any, weight: Any, states: Any, parameters: Any,
    scalars: Any,
) -> Any:  # fmt: skip
    """Call a generated event handler by its address."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _call(context, builder, args[0], list(range(1, 7)), signature, args)

    return types.void(address, j, stride, weight, states, parameters, scalars), generate


@compiled
def call_gates(
    typingctx: Any, address: Any, n: Any, lanes: Any, blocks: Any, a: Any, c: Any, size: Any,
    place: Any, row: Any, states: Any, table: Any, out: Any, targets: Any,
) -> Any:  # fmt: skip
    """Call a generated loop over gates by its address; see :mod:`apical.engines.cpu.gates`."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _call(context, builder, args[0], list(range(1, 13)), signature, args)

    arrays = (place, row, states, table, out, targets)
    return types.void(address, n, lanes, blocks, a, c, size, *arrays), generate


class _Rows:
    """Rows of arrays as vectors, while one row operation is written.

    The first argument is an array, whose numbers all others share; the last one is the number of
    lanes. Rows start at given indices. `offset` is the lane at which the vector of now begins.
    """

    def __init__(self, context: Any, builder: Any, signature: Any, args: Any) -> None:
        self.context, self.builder, self.signature, self.args = context, builder, signature, args
        bits = signature.args[0].dtype.bitwidth
        self.element = ir.DoubleType() if bits == 64 else ir.FloatType()
        self.most = 512 // bits
        self.row: Any = None
        self.offset = 0

    def each_size(self, write: Callable[[range], None]) -> None:
        """Write something for each number of lanes, given where its vectors begin."""
        self._from([lanes for lanes in LANES if lanes <= 2 * self.most], write)

    def _from(self, sizes: list[int], write: Callable[[range], None]) -> None:
        lanes, *more = sizes
        if more:
            is_this = self.builder.icmp_signed("==", self.args[-1], _INT(lanes))
            with self.builder.if_else(is_this) as (this, other):
                with this:
                    self._from([lanes], write)
                with other:
                    self._from(more, write)
        else:
            self.row = ir.VectorType(self.element, min(lanes, self.most))
            write(range(0, lanes, self.row.count))

    def pointer(self, array: int, index: Any) -> Any:
        """Return where a row, or this half of it, begins."""
        data = _data(self.context, self.builder, self.signature.args[array], self.args[array])
        at = self.builder.add(index, _INT(self.offset))
        element = self.builder.gep(data, [at], source_etype=self.element)
        return self.builder.bitcast(element, self.row.as_pointer())

    def load(self, array: int, index: int) -> Any:
        """Return the row that starts at an index."""
        return self.builder.load(self.pointer(array, self.args[index]), align=4, typ=self.row)

    def store(self, value: Any, array: int, index: int) -> None:
        """Write a row."""
        self.builder.store(value, self.pointer(array, self.args[index]), align=4)

    def one(self) -> Any:
        """Return 1 in every lane."""
        return ir.Constant(self.row, [1.0] * self.row.count)

    def add(self, a: Any, b: Any) -> Any:
        """Return a + b."""
        return self.builder.fadd(a, b, flags=_FAST)

    def sub(self, a: Any, b: Any) -> Any:
        """Return a − b."""
        return self.builder.fsub(a, b, flags=_FAST)

    def mul(self, a: Any, b: Any) -> Any:
        """Return a · b."""
        return self.builder.fmul(a, b, flags=_FAST)

    def div(self, a: Any, b: Any) -> Any:
        """Return a / b."""
        return self.builder.fdiv(a, b, flags=_FAST)


def _row_operation(
    write: Callable[[_Rows], None], signature: Any
) -> tuple[Any, Callable[..., Any]]:
    def generate(context: Any, builder: Any, found: Any, args: Any) -> Any:
        r = _Rows(context, builder, found, args)

        def vectors(offsets: range) -> None:
            for r.offset in offsets:
                write(r)

        r.each_size(vectors)
        return context.get_dummy_value()

    return signature, generate


@compiled
def flow_row(typingctx: Any, v: Any, right: Any, axial: Any, node: Any, up: Any, L: Any) -> Any:
    """Add the axial current from a node's parent to its right side, and take it from there."""

    def write(r: _Rows) -> None:
        flow = r.mul(r.load(2, 3), r.sub(r.load(0, 4), r.load(0, 3)))
        r.store(r.add(r.load(1, 3), flow), 1, 3)
        r.store(r.sub(r.load(1, 4), flow), 1, 4)

    return _row_operation(write, types.void(v, right, axial, node, up, L))


@compiled
def eliminate_row(
    typingctx: Any, v: Any, diagonal: Any, right: Any, axial: Any, node: Any, up: Any, L: Any
) -> Any:
    """Eliminate a node from its parent's equation; its diagonal becomes the inverse.

    The axial current between the two is added to both sides on the way.
    """

    def write(r: _Rows) -> None:
        g = r.load(3, 4)
        flow = r.mul(g, r.sub(r.load(0, 5), r.load(0, 4)))
        here = r.add(r.load(2, 4), flow)
        r.store(here, 2, 4)
        inverse = r.div(r.one(), r.load(1, 4))
        r.store(inverse, 1, 4)
        factor = r.mul(g, inverse)
        r.store(r.sub(r.load(1, 5), r.mul(factor, g)), 1, 5)
        there = r.sub(r.load(2, 5), flow)
        r.store(r.add(there, r.mul(factor, here)), 2, 5)

    return _row_operation(write, types.void(v, diagonal, right, axial, node, up, L))


@compiled
def substitute_row(
    typingctx: Any, v: Any, inverse: Any, right: Any, axial: Any, node: Any, up: Any, L: Any
) -> Any:
    """Solve a node's equation, its parent's change being known, and advance its voltage."""

    def write(r: _Rows) -> None:
        known = r.add(r.load(2, 4), r.mul(r.load(3, 4), r.load(2, 5)))
        change = r.mul(known, r.load(1, 4))
        r.store(change, 2, 4)
        r.store(r.add(r.load(0, 4), change), 0, 4)

    return _row_operation(write, types.void(v, inverse, right, axial, node, up, L))


@compiled
def solve_root(typingctx: Any, v: Any, diagonal: Any, right: Any, root: Any, L: Any) -> Any:
    """Solve the root's equation, all others being eliminated, and advance its voltage."""

    def write(r: _Rows) -> None:
        change = r.div(r.load(2, 3), r.load(1, 3))
        r.store(change, 2, 3)
        r.store(r.add(r.load(0, 3), change), 0, 3)

    return _row_operation(write, types.void(v, diagonal, right, root, L))


@compiled
def begin_row(typingctx: Any, right: Any, diagonal: Any, base: Any, node: Any, L: Any) -> Any:
    """Begin a node's equation: no current, and the part of the diagonal that never changes."""

    def write(r: _Rows) -> None:
        r.store(ir.Constant(r.row, None), 0, 3)
        r.store(r.load(2, 3), 1, 3)

    return _row_operation(write, types.void(right, diagonal, base, node, L))


@compiled
def copy_row(typingctx: Any, out: Any, a: Any, to: Any, at: Any, L: Any) -> Any:
    """Copy a row of `a` to one of `out`."""

    def write(r: _Rows) -> None:
        r.store(r.load(1, 3), 0, 2)

    return _row_operation(write, types.void(out, a, to, at, L))


@compiled
def add_row(typingctx: Any, out: Any, a: Any, to: Any, at: Any, L: Any) -> Any:
    """Add a row of `a` to one of `out`."""

    def write(r: _Rows) -> None:
        r.store(r.add(r.load(0, 2), r.load(1, 3)), 0, 2)

    return _row_operation(write, types.void(out, a, to, at, L))


@compiled
def subtract_row(typingctx: Any, out: Any, a: Any, to: Any, at: Any, L: Any) -> Any:
    """Subtract a row of `a` from one of `out`."""

    def write(r: _Rows) -> None:
        r.store(r.sub(r.load(0, 2), r.load(1, 3)), 0, 2)

    return _row_operation(write, types.void(out, a, to, at, L))


@compiled
def weigh_rows(
    typingctx: Any, out: Any, weights: Any, v: Any, to: Any, at: Any, nodes: Any, L: Any
) -> Any:
    """Sum weighted rows of `nodes` nodes, weights from `at` on; the sums are one row."""

    def generate(context: Any, builder: Any, found: Any, args: Any) -> Any:
        r = _Rows(context, builder, found, args)

        def weigh(offsets: range) -> None:
            sums = [cgutils.alloca_once(builder, r.row) for _ in offsets]
            for total in sums:
                builder.store(ir.Constant(r.row, None), total)
            with cgutils.for_range(builder, args[5], intp=_INT) as loop:
                row = builder.mul(loop.index, args[6])
                for r.offset, total in zip(offsets, sums, strict=True):
                    weight, value = (
                        builder.load(r.pointer(k, where), align=4, typ=r.row)
                        for k, where in ((1, builder.add(args[4], row)), (2, row))
                    )
                    more = r.add(builder.load(total, typ=r.row), r.mul(weight, value))
                    builder.store(more, total)
            for r.offset, total in zip(offsets, sums, strict=True):
                builder.store(builder.load(total, typ=r.row), r.pointer(0, args[3]), align=4)

        r.each_size(weigh)
        return context.get_dummy_value()

    return types.void(out, weights, v, to, at, nodes, L), generate


def _eight(context: Any, builder: Any, signature: Any, args: Any, array: int, at: Any) -> Any:
    """Return the pointer to eight numbers of an array."""
    bits = signature.args[array].dtype.bitwidth
    real = ir.DoubleType() if bits == 64 else ir.FloatType()
    data = _data(context, builder, signature.args[array], args[array])
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
        data = _data(self.context, self.builder, self.signature.args[array], self.args[array])
        place = self.builder.gep(data, [index], source_etype=element)
        return self.builder.bitcast(place, kind.as_pointer())


#: Outputs that are weighed at once.
AT_ONCE = (8, 4, 2, 1)
#: Sum weighted nodes of some cells for some outputs and samples. Samples are eight, or twice eight
#: if there are `more`, those of one node after the other, cell by cell; weights from `at` on,
#: outputs of one node after the other, those of the next cell `further`; sums to `to`, outputs
#: `apart`; double.
weigh_8, weigh_4, weigh_2, weigh_1 = (_weigh_cells(n) for n in AT_ONCE)
