"""What Python hands to compiled loops: everything of a run, as one table of whole numbers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np

from apical.engines.cpu import tables
from apical.engines.cpu.crew import Crew
from apical.engines.cpu.layout import REAL
from apical.engines.cpu.tables import Run
from apical.engines.cpu.traffic import Calendar, Inputs, Places, wire
from apical.errors import EngineError
from apical.plan.discretise import Ints

_NONE, _PAIRS = np.zeros(0, np.int64), np.zeros((0, 2), np.int64)


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
    if not isinstance(value, np.ndarray):
        return type(value).__name__
    order = "" if value.flags.c_contiguous else ", not contiguous"
    return f"array({value.dtype}, {value.ndim}d{order})"


@lru_cache(maxsize=2)
def empty_run(precision: str) -> Run:
    """Return a run with nothing in it: what all of a precision are to compiled code."""
    real = REAL[precision]
    values, numbers = np.zeros(0, real), np.zeros(0, np.float64)

    def none(kind: np.dtype) -> Any:
        return np.zeros(0, kind)

    records = map(none, (tables.KIND, tables.MECHANISM, tables.CHANNELS, tables.BUNDLE, tables.RUN))
    grids = none(tables.grid_type(real))
    model = tables.Model._make([*records, _NONE, _PAIRS, values, grids, values, values])
    places = Places(_PAIRS, _PAIRS, _PAIRS, _NONE, 1)
    wiring = wire((), 0, 1.0, real)
    calendar = Calendar(wiring, places, (_PAIRS, _NONE), [_NONE], 1, 1, real)
    calendar.give(Inputs(_NONE, _NONE, _NONE, _NONE, values), 0)
    record = none(tables.RECORD)
    return Run(
        Crew(*[_NONE] * len(Crew._fields)), calendar.traffic, tables.Axis(real(1), real(1)), model,
        none(tables.GROUP), values, values, calendar.events,
        tables.Clamps(none(tables.clamp_type(real)), _NONE),
        tables.Records(record, _NONE, none(tables.SHOWN), _NONE, record, values),
        tables.Sums(none(tables.SUM), _NONE, none(tables.PIECE), _NONE, values, numbers),
        tables.Spikes(_NONE, _NONE, _NONE), np.zeros(0, np.bool_),
        tables.Outputs(none(tables.OUTPUT), none(tables.PART), _PAIRS, numbers),
        tables.Work._make([
            *[values] * 9, tables.Rows(values, np.zeros(0, np.int32), values),
            tables.Sites(values, values, values, values, _NONE),
        ]),
    )  # fmt: skip
