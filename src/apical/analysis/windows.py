"""Windows of time: a pair of limits, or several pairs by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import numpy as np
import xarray as xr

from apical.analysis.waveforms import DataError, number

#: First and last time (ms, or text with a unit); None is the end of the data.
Limits = tuple[float | str | None, float | str | None]
#: What functions on windows accept.
Windows = Limits | Mapping[str, Limits] | None
Measured = TypeVar("Measured", xr.DataArray, xr.Dataset)


def limits_of(windows: Windows, low: float, high: float) -> dict[str, tuple[float, float]]:
    """Return windows as numbers, by name; the name of a single one is empty.

    Parameters
    ----------
    windows : pair, or mapping of str to pairs; ms
        None is all of the data.
    low, high : float, ms
        First and last time of the data.

    Raises
    ------
    DataError
        Of all windows that are empty or reach beyond the data.
    """
    named = windows if isinstance(windows, Mapping) else {"": windows or (None, None)}
    found, problems = {}, [] if named else ["there must be at least one window"]
    slack = 1e-9 * max(abs(low), abs(high))  # sample times are multiples of dt, rounded
    for name, pair in named.items():
        what = f"window '{name}'" if name else "window"
        try:
            start, stop = _pair(pair, what, low, high)
        except DataError as error:
            problems.append(str(error))
            continue
        found[name] = start, stop
        if not (low - slack <= start < stop <= high + slack):
            problems.append(
                f"{what} must be within {low:g} and {high:g} ms and not empty; got {start:g} to "
                f"{stop:g} ms"
            )
    if problems:
        raise DataError("\n".join(problems))
    return found


def joined(found: list[Measured], limits: Mapping[str, tuple[float, float]]) -> Measured:
    """Put what was measured in each window side by side.

    Parameters
    ----------
    found : list of DataArray or Dataset
        One for each window.
    limits : mapping of str to pairs; ms
        As `limits_of` returns.

    Returns
    -------
    DataArray or Dataset
        With a last dimension ``window`` and its coordinates ``start`` and ``stop`` (ms), unless
        there is one window without a name.
    """
    if list(limits) == [""]:
        return found[0]
    starts, stops = np.array(list(limits.values())).T
    whole = xr.concat(found, "window", combine_attrs="override")  # type: ignore[arg-type]
    return whole.transpose(..., "window").assign_coords(
        window=np.array(list(limits), dtype=str),
        start=("window", starts, {"units": "ms"}),
        stop=("window", stops, {"units": "ms"}),
    )


def _pair(pair: Limits, what: str, low: float, high: float) -> tuple[float, float]:
    if isinstance(pair, str) or not np.iterable(pair) or len(tuple(pair)) != 2:
        raise DataError(f"{what} must be a pair of times; got {pair!r}")
    start, stop = pair
    return (
        low if start is None else number(start, "ms", f"start of {what}"),
        high if stop is None else number(stop, "ms", f"end of {what}"),
    )
