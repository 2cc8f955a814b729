"""From when on two runs differ."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from apical.plan.plan import Inputs, Plan

if TYPE_CHECKING:
    from apical.plan.discretise import Floats, Ints

#: What engines do not read: what drives do is in the inputs.
_UNREAD = ("network", "seed", "drives")


def first_change(
    old: Plan, new: Plan, inputs: Sequence[tuple[Sequence[Inputs], Sequence[Inputs]]]
) -> int | None:
    """Return the first step that differs between runs of two plans; None if none does.

    Parameters
    ----------
    old, new : Plan
        If they differ in more than their drives, runs differ from step 0 on.
    inputs : sequence of (old, new)
        What drives deliver to each population in each trial.
    """
    fields = [f.name for f in dataclasses.fields(Plan) if f.name not in _UNREAD]
    if not all(alike(getattr(old, name), getattr(new, name)) for name in fields):
        return 0
    steps = [
        step
        for of_old, of_new in inputs
        for a, b in zip(of_old, of_new, strict=True)
        if (step := _first_input(a, b)) is not None
    ]
    return min(steps, default=None)


def first_spike_change(
    old: Mapping[str, tuple[Floats, Ints]], new: Mapping[str, tuple[Floats, Ints]]
) -> float:
    """Return the time, ms, of the first spike of a drive that only one of two trials has.

    Parameters
    ----------
    old, new : mapping of str to (times, cells)
        When the cells of each drive fire.

    Returns
    -------
    float
        Infinite if there is none.
    """
    none = np.zeros(0), np.zeros(0, np.int64)
    times = [np.inf]
    for name in old.keys() | new.keys():
        a, b = old.get(name, none), new.get(name, none)
        row = _first_row(a, b)
        times += [float(time[row]) for time, _ in (a, b) if row < len(time)]
    return min(times)


def alike(a: Any, b: Any) -> bool:
    """Whether two parts of plans are equal to the last bit and in the same order."""
    if a is b:
        return True
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        same = a.dtype == b.dtype and a.shape == b.shape
        return same and a.tobytes() == b.tobytes()
    if isinstance(a, dict):
        return list(a) == list(b) and alike(list(a.values()), list(b.values()))
    if isinstance(a, (tuple, list)):
        return len(a) == len(b) and all(map(alike, a, b))
    if dataclasses.is_dataclass(a):
        return all(alike(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a))
    return a == b


def _first_input(a: Inputs, b: Inputs) -> int | None:
    """Return the first step whose events differ; both are sorted by step."""
    columns = [tuple(getattr(x, f.name) for f in dataclasses.fields(Inputs)) for x in (a, b)]
    row = _first_row(*columns)
    return min((int(x.step[row]) for x in (a, b) if row < len(x.step)), default=None)


def _first_row(a: Sequence[np.ndarray], b: Sequence[np.ndarray]) -> int:
    """Return the first row in which two tables differ, or how many they have."""
    n = min(len(a[0]), len(b[0]))
    other = np.zeros(n, bool)
    for x, y in zip(a, b, strict=True):
        other |= x[:n] != y[:n]
    return int(other.argmax()) if other.any() else n
