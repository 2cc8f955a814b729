"""The loops that all models share, compiled or loaded by calling them with nothing to do."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from apical.engines.cpu import tables
from apical.engines.cpu.advance import advance
from apical.engines.cpu.events import Calendar, Inputs, Places, wire
from apical.engines.cpu.exchange import collect_spikes, sum_cells
from apical.engines.cpu.layout import REAL


@lru_cache(maxsize=2)
def warm(precision: str) -> None:
    """Compile what runs in a precision, once in a process."""
    real = REAL[precision]
    none, values = np.zeros(0, np.int64), np.zeros(0, real)
    two = np.zeros((0, 2), np.int64)
    groups = np.zeros(0, tables.GROUP)
    sums = tables.Sums(np.zeros(0, tables.SUM), none, values, values)
    spikes = tables.Spikes(none, none, none)
    places = Places(two, two, two, none, 1)
    calendar = Calendar(wire([], 0, 1.0, real), places, 1, 1, real)
    events = calendar.take(0, 1, 0, Inputs(none, none, none, none, values))
    calendar.send(*collect_spikes(spikes, groups, two, none, 0, 1))
    sum_cells(sums, none, none, none, 0, 1, groups, 0, np.zeros((0, 1, 1)), 0)
    model = tables.Model(
        np.zeros(0, tables.KIND), np.zeros(0, tables.MECHANISM),
        np.zeros(0, tables.CHANNELS), np.zeros(0, tables.BUNDLE),
        np.zeros(0, tables.RUN), none, two, values, values, values,
    )  # fmt: skip
    clamps = tables.Clamps(np.zeros(0, tables.clamp_type(real)), none)
    records = tables.Records(np.zeros(0, tables.RECORD), none, np.zeros(0))
    axis = tables.Axis(real(1), real(1), 1, real(1))
    advance(
        none, 0, 0, axis, model, groups, values, values, events, clamps, records, sums, spikes,
        np.zeros(0, np.bool_), _work(values, none),
    )  # fmt: skip


def _work(values: Any, none: Any) -> tables.Work:
    rows = tables.Rows(values, np.zeros(0, np.int32), values)
    sites = tables.Sites(values, values, values, values, none)
    return tables.Work(values, values, values, values, values, values, rows, sites)
