"""Numbers in memory, for generated loops over arrays that do not overlap.

LLVM is told so: else it compares the ends of all arrays with each other before every loop, and
keeps a second loop in case some overlap.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from numba import types

from apical.engines.cpu.math import compiled

#: How many arrays that are written are told apart; more share the last one's place.
_MOST = 32


@compiled
def at(typingctx: Any, pointer: Any, index: Any) -> Any:
    """Return the pointer to a number of those that begin at a pointer."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.gep(args[0], [args[1]], source_etype=_element(context, signature))

    return pointer(pointer, types.int64), generate


@lru_cache(maxsize=_MOST + 1)
def reader(k: int | None = None) -> Any:
    """Return the function that reads a number of an array: written array `k`, or one only read."""

    @compiled
    def read(typingctx: Any, pointer: Any, index: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            element = _element(context, signature)
            place = builder.gep(args[0], [args[1]], source_etype=element)
            value = builder.load(place, typ=element, align=signature.args[0].dtype.bitwidth // 8)
            _tell_apart(builder.module, value, k)
            return value

        return pointer.dtype(pointer, types.int64), generate

    return read


@lru_cache(maxsize=_MOST)
def writer(k: int) -> Any:
    """Return the function that writes a number of array `k`."""

    @compiled
    def write(typingctx: Any, pointer: Any, index: Any, value: Any) -> Any:
        kind = pointer.dtype

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            place = builder.gep(args[0], [args[1]], source_etype=_element(context, signature))
            stored = builder.store(args[2], place, align=kind.bitwidth // 8)
            _tell_apart(builder.module, stored, k)
            return context.get_dummy_value()

        return types.void(pointer, types.int64, kind), generate

    return write


def _element(context: Any, signature: Any) -> Any:
    return context.get_data_type(signature.args[0].dtype)


def _tell_apart(module: Any, instruction: Any, k: int | None) -> None:
    """Say which array an instruction reads or writes, and which not, of those that are written."""
    domain = module.add_metadata(["apical"])
    scopes = [module.add_metadata([f"array {n}", domain]) for n in range(_MOST)]
    own = None if k is None else min(k, _MOST - 1)
    if own is not None:
        instruction.set_metadata("alias.scope", module.add_metadata([scopes[own]]))
    others = [scope for n, scope in enumerate(scopes) if n != own]
    instruction.set_metadata("noalias", module.add_metadata(others))
