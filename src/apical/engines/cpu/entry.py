"""How compiled loops find what they work with: in a table that Python has written for them.

Numba's own way in takes some hundred arrays apart one by one, each with its own errors, and that
takes a fifth of the time to compile the loop itself.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import typeof, types
from numba.np.arrayobj import populate_array

from apical.engines.cpu.arguments import empty_run
from apical.engines.cpu.math import compiled

_INT = ir.IntType(64)


def readers_of(precision: str, parts: str) -> list[Any]:
    """Return compiled functions that read parts of a run from its table."""
    return [reader(typeof(empty_run(precision)), part) for part in parts.split(", ")]


def reader(kind: Any, name: str) -> Any:
    """Return the compiled function that reads a part of a named tuple from its table's address."""
    number = kind.fields.index(name)
    part, at = kind.types[number], sum(map(_size, kind.types[:number]))

    @compiled
    def read(typingctx: Any, table: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            place = builder.inttoptr(args[0], _INT.as_pointer())
            return _Reader(context, builder, place, at).value(part)

        return part(table), generate

    return read


def _size(kind: Any) -> int:
    """Return how many numbers of a table something takes."""
    if isinstance(kind, types.Array):
        return 1 + kind.ndim
    return 1 if isinstance(kind, types.Number) else sum(map(_size, kind.types))


class _Reader:
    """Reads numbers of a table, one after the other."""

    def __init__(self, context: Any, builder: Any, table: Any, at: int) -> None:
        self.context, self.builder, self.table = context, builder, table
        self.at = at

    def value(self, kind: Any) -> Any:
        """Return an array, a number, or a tuple of them."""
        if isinstance(kind, types.Array):
            return self._array(kind)
        if isinstance(kind, types.Float):
            bits = self.builder.trunc(self._number(), ir.IntType(kind.bitwidth))
            return self.builder.bitcast(bits, self.context.get_value_type(kind))
        if isinstance(kind, types.Integer):
            return self._number()
        parts = [self.value(part) for part in kind.types]
        return self.context.make_tuple(self.builder, kind, parts)

    def _number(self) -> Any:
        place = self.builder.gep(self.table, [_INT(self.at)], source_etype=_INT)
        self.at += 1
        return self.builder.load(place, typ=_INT)

    def _array(self, kind: types.Array) -> Any:
        element = self.context.get_data_type(kind.dtype)
        data = self.builder.inttoptr(self._number(), element.as_pointer())
        shape = [self._number() for _ in range(kind.ndim)]
        return _array(self.context, self.builder, kind, data, shape)


def _array(context: Any, builder: Any, kind: types.Array, data: Any, shape: list[Any]) -> Any:
    """Return an array of what lies somewhere, row after row."""
    size = _INT(context.get_abi_sizeof(context.get_data_type(kind.dtype)))
    strides = [size]
    for length in reversed(shape[1:]):
        strides.insert(0, builder.mul(strides[0], length))
    array = context.make_array(kind)(context, builder)
    populate_array(array, data, shape, strides, size, meminfo=None)
    return array._getvalue()
