"""How often cells fire: in windows, and as a function of time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
import xarray as xr

from apical.analysis.waveforms import DataError, number
from apical.analysis.windows import Windows, joined, limits_of

Per = Literal["source", "cell"]
_SPIKES = "spikes per second and cell"
#: A Gaussian is nothing beyond this many standard deviations.
_REACH = 6


class Spiking(Protocol):
    """What functions on spikes need of a result; `Result` is one."""

    @property
    def spikes(self) -> xr.Dataset:
        """Columns ``trial``, ``time`` (ms), ``source`` and ``cell`` along ``spike``."""
        ...

    @property
    def sources(self) -> Mapping[str, int]:
        """Number of cells of every population and drive."""
        ...

    @property
    def trials(self) -> int:
        """Number of trials."""
        ...

    @property
    def time(self) -> np.ndarray:
        """Sample times in ms; the first is where the run begins."""
        ...

    @property
    def provenance(self) -> Mapping[str, Any]:
        """Has the ``duration`` in ms: where the run ends."""
        ...


def mean_rates(run: Spiking, windows: Windows = None, per: Per = "source") -> xr.DataArray:
    """Return how often cells fire within windows.

    A spike belongs to a window that begins at or before it and ends after it, so that spikes of
    neighbouring windows add up; windows that end with the run include its end.

    Parameters
    ----------
    run : Result
        What was simulated.
    windows : pair, or mapping of str to pairs; ms, optional
        Such as ``(50, 100)`` or ``{"early": (0, 50), "late": (50, None)}``; by default all
        of the run.
    per : "source" or "cell"
        The mean over all cells of each population and drive, or each cell.

    Returns
    -------
    DataArray (trial, source or cell, window), Hz
        Without the dimension ``window`` unless windows have names. Cells have the coordinates
        ``source`` and ``cell``: index within that source.

    Raises
    ------
    DataError
        Of all windows that are empty or reach beyond the run.
    """
    rows = Rows.of(run, per)
    limits = limits_of(windows, rows.start, rows.stop)
    return joined([_rates(rows, *pair) for pair in limits.values()], limits)


def instantaneous_rate(
    run: Spiking, sigma: float | str = "5 ms", step: float | str = "1 ms", per: Per = "source"
) -> xr.DataArray:
    """Return how often cells fire as a function of time: spikes smoothed by a Gaussian.

    The integral over time is the number of spikes per cell, but for what the Gaussians of the first
    and last spikes have outside the run.

    Parameters
    ----------
    run : Result
        What was simulated.
    sigma : float or str, ms
        Standard deviation of the Gaussian.
    step : float or str, ms
        Distance of the times at which the rate is computed.
    per : "source" or "cell"
        The mean over all cells of each population and drive, or each cell.

    Returns
    -------
    DataArray (trial, source or cell, time), Hz

    Raises
    ------
    DataError
        If `sigma` or `step` is not above 0 ms.
    """
    width, step = number(sigma, "ms", "width sigma"), number(step, "ms", "time step")
    if not (width > 0 and step > 0):
        raise DataError(f"sigma and step must be above 0 ms; got {width:g} and {step:g} ms")
    rows = Rows.of(run, per)
    time = rows.start + np.arange(int((rows.stop - rows.start) / step + 1e-9) + 1) * step
    values = np.zeros((rows.trials, rows.n, time.size))
    reach = _REACH * width
    first = np.searchsorted(time, rows.time - reach)
    last = np.searchsorted(time, rows.time + reach, side="right")
    for trial, row, at, a, b in zip(rows.trial, rows.row, rows.time, first, last, strict=True):
        values[trial, row, a:b] += np.exp(-0.5 * ((time[a:b] - at) / width) ** 2)
    values *= 1000.0 / (width * np.sqrt(2 * np.pi)) / rows.cells[:, None]
    found = rows.labelled(values, "time", name="rate", units="Hz", long_name=_SPIKES)
    return found.assign_coords(time=("time", time, {"units": "ms", "long_name": "time"}))


@dataclass(frozen=True)
class Rows:
    """Spikes by trial and row of a table: one row for every source, or for every cell.

    Parameters
    ----------
    trial, row : (n_spike,) arrays of int
    time : (n_spike,) array, ms
    trials, n : int
        Number of trials, and of rows.
    cells : (n,) array
        Number of cells of each row, at least 1.
    start, stop : float, ms
        First and last time of the run.
    coords : dict
        Labels of the rows.
    per : str
        Name of the rows' dimension.
    """

    trial: np.ndarray
    row: np.ndarray
    time: np.ndarray
    trials: int
    n: int
    cells: np.ndarray
    start: float
    stop: float
    coords: dict[str, Any]
    per: str

    @classmethod
    def of(cls, run: Spiking, per: str) -> Rows:
        """Look up the row of every spike."""
        names, sizes = (
            np.array(list(run.sources), dtype=str),
            np.array([*run.sources.values()], int),
        )
        position = {name: k for k, name in enumerate(names.tolist())}
        source = np.array([position[s] for s in run.spikes["source"].values.tolist()], dtype=int)
        if per == "source":
            # a source without cells has no spikes either: call its rate 0, not 0/0
            row, n, cells = source, len(names), np.maximum(sizes, 1)
            coords: dict[str, Any] = {"source": names}
        elif per == "cell":
            first = np.concatenate([[0], np.cumsum(sizes)]).astype(int)
            row = first[source] + run.spikes["cell"].values
            n, cells = int(first[-1]), np.ones(int(first[-1]))
            index = np.arange(n) - np.repeat(first[:-1], sizes)
            coords = {"cell": index, "source": ("cell", np.repeat(names, sizes))}
        else:
            raise DataError(f"rates are per 'source' or per 'cell'; got {per!r}")
        trial, time = run.spikes["trial"].values, run.spikes["time"].values
        start, stop = float(run.time[0]), float(run.provenance["duration"])
        return cls(trial, row, time, run.trials, n, cells, start, stop, coords, per)

    def between(self, start: float, stop: float) -> np.ndarray:
        """Return which spikes are in a window; the end of the run is part of the last one."""
        last = stop >= self.stop - 1e-9 * abs(self.stop)
        return (self.time >= start) & ((self.time < stop) | last)

    def labelled(self, values: np.ndarray, *more: str, name: str, **attrs: str) -> xr.DataArray:
        """Label values of dims (trial, row, ...)."""
        coords = {"trial": np.arange(self.trials), **self.coords}
        return xr.DataArray(
            values, dims=("trial", self.per, *more), coords=coords, name=name, attrs=attrs
        )


def _rates(rows: Rows, start: float, stop: float) -> xr.DataArray:
    """Return the rates (trial, row) within one window."""
    inside = rows.between(start, stop)
    places = rows.trial[inside] * rows.n + rows.row[inside]
    counts = np.bincount(places, minlength=rows.trials * rows.n)
    values = counts.reshape(rows.trials, rows.n) / rows.cells * (1000.0 / (stop - start))
    return rows.labelled(values, name="rate", units="Hz", long_name=_SPIKES)
