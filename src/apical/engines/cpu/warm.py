"""The loops that all models share, compiled or loaded by calling them with nothing to do."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from apical.engines.cpu import tables
from apical.engines.cpu.events import Calendar, Inputs, Places, wire
from apical.engines.cpu.layout import REAL
from apical.engines.cpu.team import Team
from apical.engines.cpu.together import GONE, change_state

_NONE, _PAIRS = np.zeros(0, np.int64), np.zeros((0, 2), np.int64)


@lru_cache(maxsize=2)
def steps(precision: str) -> None:
    """Compile the loop over steps in a precision."""
    real = REAL[precision]
    values = np.zeros(0, real)
    kinds = (tables.KIND, tables.MECHANISM, tables.CHANNELS, tables.BUNDLE, tables.RUN)
    records = [np.zeros(0, kind) for kind in kinds]
    grids = np.zeros(0, tables.grid_type(real))
    model = tables.Model._make([*records, _NONE, _PAIRS, values, grids, values, values])
    places = Places(_PAIRS, _PAIRS, _PAIRS, _NONE, 1)
    calendar = Calendar(wire((), 0, 1.0, real), places, (_PAIRS, _NONE), [_NONE], 1, 1, real)
    calendar.give(Inputs(_NONE, _NONE, _NONE, _NONE, values), 0)
    clamps = tables.Clamps(np.zeros(0, tables.clamp_type(real)), _NONE)
    none = np.zeros(0, tables.RECORD)
    recorded = tables.Records(
        none, _NONE, np.zeros(0, tables.SHOWN), _NONE, none, values
    )  # fmt: skip
    arguments = (
        tables.Axis(real(1), real(1)), model,
        np.zeros(0, tables.GROUP), values, values, calendar.events, clamps, recorded, _sums(real),
        tables.Spikes(_NONE, _NONE, _NONE), np.zeros(0, np.bool_),
        tables.Outputs(
            np.zeros(0, tables.OUTPUT), np.zeros(0, tables.PART), _PAIRS, np.zeros(0)
        ),
    )  # fmt: skip
    team = Team([_NONE], [_work(values)], 1, 1)
    change_state(team.crew, 0, GONE)
    team.advance(0, 0, calendar, lambda: arguments)


def _sums(real: type) -> tables.Sums:
    sums, pieces = np.zeros(0, tables.SUM), np.zeros(0, tables.PIECE)
    return tables.Sums(sums, _NONE, pieces, _NONE, np.zeros(0, real), np.zeros(0))


def _work(values: Any) -> tables.Work:
    rows = tables.Rows(values, np.zeros(0, np.int32), values)
    sites = tables.Sites(values, values, values, values, _NONE)
    v = values
    return tables.Work(v, v, v, v, v, v, v, v, v, rows, sites)
