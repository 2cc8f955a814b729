"""LLVM where Numba has no words for it: calls of generated kernels, and whole rows at once.

LLVM leaves loops over the lanes of a row scalar when they sit inside other loops, so operations on
rows are written as vector instructions here. Their plain
twin is :func:`apical.engines.reference.cells.solve`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types

from apical.engines.cpu.math import compiled

_INT = ir.IntType(64)
#: Lanes of a row by the bits of its numbers; the same as in :mod:`apical.engines.cpu.layout`.
_LANES = {64: 16, 32: 32}
#: Products and sums may fuse, as in all other kernels.
_FAST = ("contract", "nsz")


def _data(context: Any, builder: Any, kind: Any, array: Any) -> Any:
    """Return the pointer to an array's first element."""
    return context.make_array(kind)(context, builder, array).data


@compiled
def call_kernel(
    typingctx: Any, address: Any, n: Any, a: Any, c: Any, stride: Any, dt: Any, v: Any, i: Any,
    g: Any, states: Any, parameters: Any, scalars: Any, linked: Any, links: Any, table: Any,
) -> Any:  # fmt: skip
    """Call a generated loop by its address; see :mod:`apical.engines.cpu.generate`."""
    numbers = (n, a, c, stride, dt)
    arrays = (v, i, g, states, parameters, scalars, linked, links, table)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointers = [
            _data(context, builder, signature.args[k], args[k]) for k in range(6, 6 + len(arrays))
        ]
        kinds = [_INT, _INT, _INT, _INT, args[5].type, *(p.type for p in pointers)]
        kind = ir.FunctionType(ir.VoidType(), kinds)
        function = builder.inttoptr(args[0], kind.as_pointer())
        builder.call(function, [*args[1:6], *pointers])
        return context.get_dummy_value()

    return types.void(address, *numbers, *arrays), generate


@compiled
def call_event(
    typingctx: Any, address: Any, j: Any, stride: Any, weight: Any, states: Any, parameters: Any,
    scalars: Any,
) -> Any:  # fmt: skip
    """Call a generated event handler by its address."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointers = [_data(context, builder, signature.args[k], args[k]) for k in (4, 5, 6)]
        kinds = [_INT, _INT, args[3].type, *(p.type for p in pointers)]
        kind = ir.FunctionType(ir.VoidType(), kinds)
        function = builder.inttoptr(args[0], kind.as_pointer())
        builder.call(function, [*args[1:4], *pointers])
        return context.get_dummy_value()

    return types.void(address, j, stride, weight, states, parameters, scalars), generate


class _Rows:
    """Rows of arrays as vectors, while one row operation is written.

    The first argument is an array, whose numbers all others share; rows start at given indices.
    """

    def __init__(self, context: Any, builder: Any, signature: Any, args: Any) -> None:
        self.context, self.builder, self.signature, self.args = context, builder, signature, args
        bits = signature.args[0].dtype.bitwidth
        self.element = ir.DoubleType() if bits == 64 else ir.FloatType()
        self.lanes = _LANES[bits]
        self.row = ir.VectorType(self.element, self.lanes)

    def _pointer(self, array: int, index: int) -> Any:
        data = _data(self.context, self.builder, self.signature.args[array], self.args[array])
        element = self.builder.gep(data, [self.args[index]], source_etype=self.element)
        return self.builder.bitcast(element, self.row.as_pointer())

    def load(self, array: int, index: int) -> Any:
        """Return the row that starts at an index."""
        return self.builder.load(self._pointer(array, index), align=4, typ=self.row)

    def store(self, value: Any, array: int, index: int) -> None:
        """Write a row."""
        self.builder.store(value, self._pointer(array, index), align=4)

    def all_lanes(self, scalar: int) -> Any:
        """Return a number repeated in every lane."""
        undefined = ir.Constant(self.row, ir.Undefined)
        one = self.builder.insert_element(undefined, self.args[scalar], ir.Constant(_INT, 0))
        order = ir.Constant(ir.VectorType(ir.IntType(32), self.lanes), [0] * self.lanes)
        return self.builder.shuffle_vector(one, undefined, order)

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
        write(_Rows(context, builder, found, args))
        return context.get_dummy_value()

    return signature, generate


@compiled
def flow_row(typingctx: Any, v: Any, right: Any, node: Any, up: Any, g: Any) -> Any:
    """Add the axial current from a node's parent to its right side, and take it from there."""

    def write(r: _Rows) -> None:
        flow = r.mul(r.all_lanes(4), r.sub(r.load(0, 3), r.load(0, 2)))
        r.store(r.add(r.load(1, 2), flow), 1, 2)
        r.store(r.sub(r.load(1, 3), flow), 1, 3)

    return _row_operation(write, types.void(v, right, node, up, g))


@compiled
def eliminate_row(typingctx: Any, diagonal: Any, right: Any, node: Any, up: Any, g: Any) -> Any:
    """Eliminate a node from its parent's equation."""

    def write(r: _Rows) -> None:
        g_row = r.all_lanes(4)
        factor = r.div(g_row, r.load(0, 2))
        r.store(r.sub(r.load(0, 3), r.mul(factor, g_row)), 0, 3)
        r.store(r.add(r.load(1, 3), r.mul(factor, r.load(1, 2))), 1, 3)

    return _row_operation(write, types.void(diagonal, right, node, up, g))


@compiled
def substitute_row(
    typingctx: Any, v: Any, diagonal: Any, right: Any, node: Any, up: Any, g: Any
) -> Any:
    """Solve a node's equation, its parent's change being known, and advance its voltage."""

    def write(r: _Rows) -> None:
        known = r.add(r.load(2, 3), r.mul(r.all_lanes(5), r.load(2, 4)))
        change = r.div(known, r.load(1, 3))
        r.store(change, 2, 3)
        r.store(r.add(r.load(0, 3), change), 0, 3)

    return _row_operation(write, types.void(v, diagonal, right, node, up, g))


@compiled
def copy_row(typingctx: Any, out: Any, a: Any, to: Any, at: Any) -> Any:
    """Copy a row of `a` to one of `out`."""

    def write(r: _Rows) -> None:
        r.store(r.load(1, 3), 0, 2)

    return _row_operation(write, types.void(out, a, to, at))


@compiled
def add_row(typingctx: Any, out: Any, a: Any, to: Any, at: Any) -> Any:
    """Add a row of `a` to one of `out`."""

    def write(r: _Rows) -> None:
        r.store(r.add(r.load(0, 2), r.load(1, 3)), 0, 2)

    return _row_operation(write, types.void(out, a, to, at))


@compiled
def subtract_row(typingctx: Any, out: Any, a: Any, to: Any, at: Any) -> Any:
    """Subtract a row of `a` from one of `out`."""

    def write(r: _Rows) -> None:
        r.store(r.sub(r.load(0, 2), r.load(1, 3)), 0, 2)

    return _row_operation(write, types.void(out, a, to, at))


@compiled
def add_scaled_row(typingctx: Any, out: Any, a: Any, to: Any, at: Any, factor: Any) -> Any:
    """Add `factor` times a row of `a` to one of `out`."""

    def write(r: _Rows) -> None:
        r.store(r.add(r.load(0, 2), r.mul(r.all_lanes(4), r.load(1, 3))), 0, 2)

    return _row_operation(write, types.void(out, a, to, at, factor))
