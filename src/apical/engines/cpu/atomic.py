"""Numbers that several threads read and write, as LLVM's atomic instructions."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types

from apical.engines.cpu.math import compiled

_INT = ir.IntType(64)


def _place(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    """Return the pointer to one element of an array of whole numbers."""
    data = context.make_array(signature.args[0])(context, builder, args[0]).data
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


@compiled
def add_now(typingctx: Any, array: Any, k: Any, value: Any) -> Any:
    """Add to a number that several threads count with, after all that was written before."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = _place(context, builder, signature, args)
        builder.atomic_rmw("add", place, args[2], "acq_rel")
        return context.get_dummy_value()

    return types.void(array, k, types.int64), generate
