"""Calls of generated kernels by their addresses, for which Numba has no words."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types

from apical.engines.cpu.math import compiled


def data_of(context: Any, builder: Any, kind: Any, array: Any) -> Any:
    """Return the pointer to an array's first element."""
    return context.make_array(kind)(context, builder, array).data


def _call(
    context: Any, builder: Any, address: Any, arguments: list[Any], signature: Any, args: Any
) -> Any:
    """Call a function by address, arrays as pointers."""
    values = [
        data_of(context, builder, signature.args[k], args[k])
        if isinstance(signature.args[k], types.Array)
        else args[k]
        for k in arguments
    ]
    kind = ir.FunctionType(ir.VoidType(), [value.type for value in values])
    builder.call(builder.inttoptr(address, kind.as_pointer()), values)
    return context.get_dummy_value()


@compiled
def call_kernel(
    typingctx: Any, address: Any, n: Any, lanes: Any, a: Any, c: Any, stride: Any, dt: Any, v: Any,
    i: Any, g: Any, states: Any, constants: Any, places: Any, scalars: Any, linked: Any, links: Any,
    table: Any,
) -> Any:  # fmt: skip
    """Call a generated loop by its address; see :mod:`apical.engines.cpu.generate`."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _call(context, builder, args[0], list(range(1, 17)), signature, args)

    numbers = (n, lanes, a, c, stride, dt)
    arrays = (v, i, g, states, constants, places, scalars, linked, links, table)
    return types.void(address, *numbers, *arrays), generate


@compiled
def call_channels(
    typingctx: Any, address: Any, n: Any, lanes: Any, a: Any, c: Any, stride: Any, v: Any, i: Any,
    g: Any, x: Any, constants: Any, numbers: Any, shifts: Any, lists: Any,
) -> Any:  # fmt: skip
    """Call a generated loop over channels by its address."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _call(context, builder, args[0], list(range(1, 14)), signature, args)

    arrays = (v, i, g, x, constants, numbers, shifts, lists)
    return types.void(address, n, lanes, a, c, stride, *arrays), generate


@compiled
def call_event(
    typingctx: Any, address: Any, j: Any, lanes: Any, stride: Any, weight: Any, states: Any,
    constants: Any, places: Any, scalars: Any,
) -> Any:  # fmt: skip
    """Call a generated event handler by its address."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _call(context, builder, args[0], list(range(1, 9)), signature, args)

    arrays = (states, constants, places, scalars)
    return types.void(address, j, lanes, stride, weight, *arrays), generate


@compiled
def call_gates(
    typingctx: Any, address: Any, n: Any, lanes: Any, blocks: Any, a: Any, c: Any, place: Any,
    row: Any, table: Any, states: Any, targets: Any,
) -> Any:  # fmt: skip
    """Call a generated loop over gates by its address; see :mod:`apical.engines.cpu.gates`."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _call(context, builder, args[0], list(range(1, 11)), signature, args)

    arrays = (place, row, table, states, targets)
    return types.void(address, n, lanes, blocks, a, c, *arrays), generate


@compiled
def call_sums(typingctx: Any, address: Any, table: Any, g: Any, q: Any, sample: Any) -> Any:
    """Call :func:`apical.engines.cpu.observing.sum_cells` by its address."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _call(context, builder, args[0], list(range(1, 5)), signature, args)

    return types.void(address, table, g, q, sample), generate


@compiled
def call_advance(
    typingctx: Any, address: Any, table: Any, g: Any, first_step: Any, steps: Any
) -> Any:
    """Call :func:`apical.engines.cpu.advance.advance` by its address."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _call(context, builder, args[0], list(range(1, 5)), signature, args)

    return types.void(address, table, g, first_step, steps), generate
