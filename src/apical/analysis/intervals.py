"""Intervals between the spikes of a cell, and how irregular they are."""

from __future__ import annotations

import numpy as np
import xarray as xr

from apical.analysis.rates import Per, Rows, Spiking
from apical.analysis.windows import Windows, joined, limits_of


def intervals(run: Spiking) -> xr.Dataset:
    """Return the intervals between consecutive spikes of every cell in every trial.

    Parameters
    ----------
    run : Result
        What was simulated.

    Returns
    -------
    Dataset with dim ``interval``
        Columns ``trial``, ``source`` (name of a population or drive), ``cell`` (index within it),
        ``start``: time of the first of both spikes, and ``duration``; both in ms. Sorted by trial,
        source, cell and start.
    """
    rows = Rows.of(run, "cell")
    trial, row, start, duration = _consecutive(rows, np.ones(rows.time.size, bool))
    ms = {"units": "ms"}
    return xr.Dataset(
        {
            "trial": ("interval", trial),
            "source": ("interval", rows.coords["source"][1][row]),
            "cell": ("interval", rows.coords["cell"][row]),
            "start": ("interval", start, ms),
            "duration": ("interval", duration, ms),
        }
    )


def isi_cv(run: Spiking, windows: Windows = None, per: Per = "source") -> xr.DataArray:
    """Return the coefficient of variation of intervals between spikes.

    It is the standard deviation of a cell's intervals in a trial, divided by their mean: 0 for a
    clock, 1 for a Poisson process. Cells with fewer than two intervals have none (NaN).

    Parameters
    ----------
    run : Result
        What was simulated.
    windows : pair, or mapping of str to pairs; ms, optional
        Use the spikes within, as in `mean_rates`; by default all.
    per : "source" or "cell"
        The mean over those cells of each population and drive that have one, or each cell.

    Returns
    -------
    DataArray (trial, source or cell, window)
        Without the dimension ``window`` unless windows have names.

    Raises
    ------
    DataError
        Of all windows that are empty or reach beyond the run.
    """
    rows = Rows.of(run, "cell")
    table = Rows.of(run, per)
    sizes = list(run.sources.values())
    group = np.repeat(np.arange(len(sizes)), sizes)
    limits = limits_of(windows, rows.start, rows.stop)
    found = []
    for pair in limits.values():
        values = _variation(rows, rows.between(*pair))
        if per == "source":
            values = _mean_of_groups(values, group, len(sizes))
        attrs = {"units": "1", "long_name": "coefficient of variation of intervals"}
        found.append(table.labelled(values, name="isi_cv", **attrs))
    return joined(found, limits)


def _consecutive(rows: Rows, used: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return trial, row, start and duration of all intervals between the spikes used."""
    trial, row, time = rows.trial[used], rows.row[used], rows.time[used]
    order = np.lexsort((time, row, trial))
    trial, row, time = trial[order], row[order], time[order]
    same = (trial[1:] == trial[:-1]) & (row[1:] == row[:-1])
    return trial[:-1][same], row[:-1][same], time[:-1][same], np.diff(time)[same]


def _variation(rows: Rows, used: np.ndarray) -> np.ndarray:
    """Return the coefficient of variation of every trial and cell; NaN where there is none."""
    trial, row, _, duration = _consecutive(rows, used)
    place, size = trial * rows.n + row, rows.trials * rows.n
    count = np.bincount(place, minlength=size)
    total = np.bincount(place, duration, minlength=size)
    mean = total / np.maximum(count, 1)
    squares = np.bincount(place, (duration - mean[place]) ** 2, minlength=size)
    found = np.full(size, np.nan)
    # two spikes at the same time, which drives may have, make no interval to compare with
    there = (count > 1) & (mean > 0)
    found[there] = np.sqrt(squares[there] / count[there]) / mean[there]
    return found.reshape(rows.trials, rows.n)


def _mean_of_groups(values: np.ndarray, group: np.ndarray, groups: int) -> np.ndarray:
    """Return the mean of the columns of each group that are numbers; NaN where none is."""
    member = (group[:, None] == np.arange(groups)).astype(float)
    there = np.isfinite(values)
    count = there.astype(float) @ member
    total = np.where(there, values, 0.0) @ member
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
