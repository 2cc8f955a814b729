"""How Python calls compiled loops: what they work with, as one table of whole numbers.

Numba's own way in takes some hundred arrays apart one by one, each with its own errors, and that
takes a fifth of the time to compile the loop itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from llvmlite import ir
from numba import typeof, types

from apical.engines.cpu.math import compiled
from apical.errors import EngineError
from apical.plan.discretise import Ints

_INT = ir.IntType(64)


def table_of(arguments: tuple[Any, ...], like: tuple[Any, ...]) -> Ints:
    """Return addresses and shapes of all arrays, and numbers bit by bit, in their order.

    Whoever uses the table must keep the arguments.

    Parameters
    ----------
    arguments : tuple
        Arrays, numbers, and tuples of them.
    like : tuple
        The same with anything in it, for which code was compiled.

    Raises
    ------
    EngineError
        If types, or numbers of axes, are others.
    """
    table: list[int] = []
    given, wanted = list(_leaves(arguments)), list(_leaves(like))
    for value, other in zip(given, wanted, strict=False):
        if not _are_alike(value, other):
            raise EngineError(f"the loop takes {_described(other)}; got {_described(value)}")
        if isinstance(value, np.ndarray):
            table += [value.ctypes.data, *value.shape]
        elif isinstance(value, np.floating):
            table.append(int(value.view(f"i{value.itemsize}")))
        else:
            table.append(value)
    if len(given) != len(wanted):
        raise EngineError(f"the loop takes {len(wanted)} arrays and numbers; got {len(given)}")
    return np.array(table, np.int64)


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, tuple):
        for part in value:
            yield from _leaves(part)
    else:
        yield value


def _are_alike(value: Any, other: Any) -> bool:
    if not isinstance(value, np.ndarray):
        return type(value) is type(other)
    return (
        isinstance(other, np.ndarray)
        and value.ndim == other.ndim
        and value.dtype == other.dtype
        and value.flags.c_contiguous
    )


def _described(value: Any) -> str:
    return str(typeof(value))


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
    from numba.np.arrayobj import populate_array

    size = _INT(context.get_abi_sizeof(context.get_data_type(kind.dtype)))
    strides = [size]
    for length in reversed(shape[1:]):
        strides.insert(0, builder.mul(strides[0], length))
    array = context.make_array(kind)(context, builder)
    populate_array(array, data, shape, strides, size, meminfo=None)
    return array._getvalue()


@compiled
def view(typingctx: Any, pointer: Any, start: Any, n: Any) -> Any:
    """Return `n` numbers from `start` on of those at a pointer, as an array."""
    kind = types.Array(pointer.dtype, 1, "C")

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        element = context.get_data_type(kind.dtype)
        data = builder.gep(args[0], [args[1]], source_etype=element)
        return _array(context, builder, kind, data, [args[2]])

    return kind(pointer, types.int64, types.int64), generate
