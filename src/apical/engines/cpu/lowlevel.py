"""LLVM where Numba has no words for it: calls of generated kernels, and whole rows at once.

LLVM leaves loops over the lanes of a row scalar when they sit inside other loops, so operations on
rows are written as vector instructions here: one vector for the lanes of a narrow group, and a
second one for those of a full group. Their plain twin is
:func:`apical.engines.reference.cells.solve`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from apical.engines.cpu.math import compiled

_INT = ir.IntType(64)
#: Lanes of a narrow group by the bits of its numbers; the same as in `apical.engines.cpu.layout`.
_LANES = {64: 8, 32: 16}
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
    lanes. Rows start at given indices.
    """

    def __init__(self, context: Any, builder: Any, signature: Any, args: Any) -> None:
        self.context, self.builder, self.signature, self.args = context, builder, signature, args
        bits = signature.args[0].dtype.bitwidth
        self.element = ir.DoubleType() if bits == 64 else ir.FloatType()
        self.lanes = _LANES[bits]
        self.row = ir.VectorType(self.element, self.lanes)
        self.offset: Any = _INT(0)

    def both_halves(self, write: Callable[[_Rows], None]) -> None:
        """Write the operation for one vector, and again for the second one of a full group."""
        write(self)
        full = self.builder.icmp_signed(">", self.args[-1], _INT(self.lanes))
        with cgutils.if_likely(self.builder, full):
            self.offset = _INT(self.lanes)
            write(self)

    def pointer(self, array: int, index: Any) -> Any:
        """Return where a row, or this half of it, begins."""
        data = _data(self.context, self.builder, self.signature.args[array], self.args[array])
        at = self.builder.add(index, self.offset)
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
        return ir.Constant(self.row, [1.0] * self.lanes)

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
        _Rows(context, builder, found, args).both_halves(write)
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
    typingctx: Any, diagonal: Any, right: Any, axial: Any, node: Any, up: Any, L: Any
) -> Any:
    """Eliminate a node from its parent's equation; its diagonal becomes the inverse."""

    def write(r: _Rows) -> None:
        g = r.load(2, 3)
        inverse = r.div(r.one(), r.load(0, 3))
        r.store(inverse, 0, 3)
        factor = r.mul(g, inverse)
        r.store(r.sub(r.load(0, 4), r.mul(factor, g)), 0, 4)
        r.store(r.add(r.load(1, 4), r.mul(factor, r.load(1, 3))), 1, 4)

    return _row_operation(write, types.void(diagonal, right, axial, node, up, L))


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


def _weigh(outputs: int, steps: int) -> Any:
    @compiled
    def weigh(
        typingctx: Any, out: Any, weights: Any, v: Any, to: Any, apart: Any, at: Any, first: Any,
        nodes: Any, L: Any, half: Any,
    ) -> Any:  # fmt: skip
        def generate(context: Any, builder: Any, found: Any, args: Any) -> Any:
            rows = _Rows(context, builder, found, args)
            rows.offset = builder.mul(args[-1], _INT(rows.lanes))
            _weigh_half(rows, outputs, steps)
            return context.get_dummy_value()

        return types.void(out, weights, v, to, apart, at, first, nodes, L, half), generate

    return weigh


def _weigh_half(r: _Rows, outputs: int, steps: int) -> None:
    """Write the loop over nodes: every row is read once for all outputs and steps."""
    builder, (_, _, _, to, apart, at, first, nodes, lanes) = r.builder, r.args[:9]
    size = builder.mul(nodes, lanes)
    sums = [[cgutils.alloca_once(builder, r.row) for _ in range(steps)] for _ in range(outputs)]
    for total in (total for row in sums for total in row):
        builder.store(ir.Constant(r.row, None), total)
    with cgutils.for_range(builder, nodes, intp=_INT) as loop:
        row = builder.mul(loop.index, lanes)

        def read(array: int, start: Any, k: int) -> Any:
            where = builder.add(builder.add(start, row), builder.mul(size, _INT(k)))
            return builder.load(r.pointer(array, where), align=4, typ=r.row)

        values = [read(2, first, s) for s in range(steps)]
        for o in range(outputs):
            weight = read(1, at, o)
            for s, total in enumerate(sums[o]):
                kept = builder.load(total, typ=r.row)
                builder.store(r.add(kept, r.mul(weight, values[s])), total)
    for o in range(outputs):
        for s, total in enumerate(sums[o]):
            where = builder.add(to, builder.mul(apart, _INT(o)))
            where = builder.add(where, builder.mul(lanes, _INT(s)))
            builder.store(builder.load(total, typ=r.row), r.pointer(0, where), align=4)


#: Sum weighted rows of `nodes` nodes for four outputs or one, and four steps or one: weights from
#: `at` on, one output after the other; values from `first` on, one step after the other; sums to
#: `to`, outputs `apart` from each other, one row per step. One half of the lanes, so that what is
#: read again and again stays in the nearest cache.
weigh_4_4, weigh_4_1, weigh_1_4, weigh_1_1 = _weigh(4, 4), _weigh(4, 1), _weigh(1, 4), _weigh(1, 1)


def _interleave(builder: Any, a: Any, b: Any) -> Any:
    """Return the numbers of two vectors in turn."""
    n = a.type.count
    order = [side + at for at in range(n) for side in (0, n)]
    return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(ir.IntType(32), 2 * n), order))


@compiled
def add_lanes(typingctx: Any, out: Any, values: Any, to: Any, at: Any, apart: Any) -> Any:
    """Add eight lanes, one after the other, to eight sums, for eight samples at once.

    Samples of the lanes are rows `apart` from each other; `out` is double.
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        real = ir.DoubleType() if signature.args[1].dtype.bitwidth == 64 else ir.FloatType()
        source = _data(context, builder, signature.args[1], args[1])
        row, sums = ir.VectorType(real, 8), ir.VectorType(ir.DoubleType(), 8)
        rows = []
        for k in range(8):
            where = builder.add(args[3], builder.mul(args[4], _INT(k)))
            pointer = builder.gep(source, [where], source_etype=real)
            rows.append(builder.load(builder.bitcast(pointer, row.as_pointer()), align=4, typ=row))
        # samples × lanes → lanes × samples: rows merge in pairs until one is left
        while len(rows) > 1:
            half = len(rows) // 2
            rows = [_interleave(builder, rows[k], rows[k + half]) for k in range(half)]
        place = builder.gep(
            _data(context, builder, signature.args[0], args[0]), [args[2]],
            source_etype=ir.DoubleType(),
        )  # fmt: skip
        place = builder.bitcast(place, sums.as_pointer())
        total = builder.load(place, align=8, typ=sums)
        for lane in range(8):
            order = ir.Constant(ir.VectorType(ir.IntType(32), 8), [lane * 8 + k for k in range(8)])
            value = builder.shuffle_vector(rows[0], rows[0], order)
            value = value if real == ir.DoubleType() else builder.fpext(value, sums)
            total = builder.fadd(total, value)
        builder.store(total, place, align=8)
        return context.get_dummy_value()

    return types.void(out, values, to, at, apart), generate


def _place(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    """Return the pointer to one element of an array of whole numbers."""
    data = _data(context, builder, signature.args[0], args[0])
    return builder.gep(data, [args[1]], source_etype=_INT)


@compiled
def load_now(typingctx: Any, array: Any, k: Any) -> Any:
    """Read a number that other threads write, and what they wrote before it."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = _place(context, builder, signature, args)
        return builder.load_atomic(place, "acquire", 8, typ=_INT)

    return types.int64(array, k), generate


@compiled
def store_now(typingctx: Any, array: Any, k: Any, value: Any) -> Any:
    """Write a number that other threads read, after all that was written before."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store_atomic(args[2], _place(context, builder, signature, args), "release", 8)
        return context.get_dummy_value()

    return types.void(array, k, types.int64), generate


@compiled
def swap_if(typingctx: Any, array: Any, k: Any, expected: Any, value: Any) -> Any:
    """Write a number if it is what is expected; return whether it was."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = _place(context, builder, signature, args)
        found = builder.cmpxchg(place, args[2], args[3], "acq_rel", "acquire")
        return builder.extract_value(found, 1)

    return types.boolean(array, k, types.int64, types.int64), generate
