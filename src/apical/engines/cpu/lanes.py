"""Operations on whole rows of a group, lane by lane.

LLVM leaves loops over the lanes of a row scalar when they sit inside other loops, so operations on
rows are written as vector instructions here: a vector for the lanes of a group, or several. Their
plain twin is :func:`apical.engines.reference.cells.solve`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from apical.engines.cpu.calls import data_of
from apical.engines.cpu.layout import LANES
from apical.engines.cpu.math import compiled
from apical.engines.cpu.tables import KEPT, VECTOR

_INT = ir.IntType(64)
#: Products and sums may fuse, as in all other kernels.
_FAST = ("contract", "nsz")


class _Rows:
    """Rows of arrays as vectors, while one row operation is written.

    The first argument is an array, whose numbers all others share; the last one is the number of
    lanes. Rows start at given indices. `offset` is the lane at which the vector of now begins;
    vectors have `size` bytes at most.
    """

    def __init__(
        self, context: Any, builder: Any, signature: Any, args: Any, size: int = 64
    ) -> None:
        self.context, self.builder, self.signature, self.args = context, builder, signature, args
        bits = signature.args[0].dtype.bitwidth
        self.element = ir.DoubleType() if bits == 64 else ir.FloatType()
        self.sizes = [lanes for lanes in LANES if lanes <= 1024 // bits]
        self.most = 8 * size // bits
        self.row: Any = None
        self.offset = 0

    def each_size(self, write: Callable[[range], None]) -> None:
        """Write something for each number of lanes, given where its vectors begin."""
        self._from(self.sizes, write)

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
        data = data_of(self.context, self.builder, self.signature.args[array], self.args[array])
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
def keep_row(typingctx: Any, kept: Any, v: Any, node: Any, sample: Any, nodes: Any, L: Any) -> Any:
    """Keep a node's row as a sample: by vector and node, samples one after the other."""

    def generate(context: Any, builder: Any, found: Any, args: Any) -> Any:
        r = _Rows(context, builder, found, args, VECTOR)

        def keep(offsets: range) -> None:
            for k, r.offset in enumerate(offsets):
                before = builder.add(args[2], builder.mul(args[4], _INT(k)))
                row = builder.add(builder.mul(before, _INT(KEPT)), args[3])
                to = builder.sub(builder.mul(row, _INT(r.row.count)), _INT(r.offset))
                at = r.pointer(1, builder.mul(args[2], args[5]))
                value = builder.load(at, align=4, typ=r.row)
                builder.store(value, r.pointer(0, to), align=4)

        r.each_size(keep)
        return context.get_dummy_value()

    return types.void(kept, v, node, sample, nodes, L), generate


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
