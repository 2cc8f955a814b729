"""Spikes and recordings of cells."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from glob import glob
from pathlib import Path
from typing import Any

import numpy as np


class CellResponse:
    """Spikes and recordings of all trials.

    Parameters
    ----------
    cell_type_names : list of str
        The cell types of the network.
    spike_times : list of list of float, ms, optional
        Times of all spikes of each trial, those of drives included.
    spike_gids : list of list of int, optional
        The cell or drive cell of each.
    spike_types : list of list of str, optional
        Its type, or the drive.
    times : array, ms, optional
        Sample times of recordings.
    """

    def __init__(
        self,
        cell_type_names: Sequence[str],
        spike_times: list[list[float]] | None = None,
        spike_gids: list[list[int]] | None = None,
        spike_types: list[list[str]] | None = None,
        times: Any = None,
    ) -> None:
        given = {"spike_times": spike_times, "spike_gids": spike_gids, "spike_types": spike_types}
        columns = {name: [] if value is None else value for name, value in given.items()}
        for name, column in columns.items():
            lists = isinstance(column, list) and all(isinstance(t, list) for t in column)
            if not lists:
                raise TypeError(f"{name}: expected a list for each trial, in a list")
        if len({len(column) for column in columns.values()}) > 1:
            counts = ", ".join(f"{name} {len(column)}" for name, column in columns.items())
            raise ValueError(f"expected as many trials of each column; got {counts}")
        if times is not None and not isinstance(times, (list, np.ndarray)):
            raise TypeError(f"times must be an array or list; got {type(times).__name__}")
        self._spike_times: list[Any] = columns["spike_times"]
        self._spike_gids: list[Any] = columns["spike_gids"]
        self._spike_types: list[Any] = columns["spike_types"]
        self._times = np.array([] if times is None else times)
        self._vsec: list[Any] = []
        self._isec: list[Any] = []
        self._ca: list[Any] = []
        self._cell_type_names = cell_type_names

    def __repr__(self) -> str:
        return f"<{type(self).__name__} | {len(self._spike_times)} simulation trials>"

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CellResponse):
            return NotImplemented
        # files keep three decimals of times
        mine, its = (
            [[round(time, 3) for time in trial] for trial in one._spike_times]
            for one in (self, other)
        )
        names = ("_spike_gids", "_spike_types", "_vsec", "_isec", "_ca")
        return mine == its and all(getattr(self, n) == getattr(other, n) for n in names)

    @property
    def spike_times(self) -> list[list[float]]:
        """Times of spikes by trial, ms."""
        return self._spike_times

    @property
    def spike_gids(self) -> list[list[int]]:
        """Cell or drive cell of each spike, by trial."""
        return self._spike_gids

    @property
    def spike_types(self) -> list[list[str]]:
        """Cell type or drive of each spike, by trial."""
        return self._spike_types

    @property
    def cell_types(self) -> list[str]:
        """Cell types and drives that have spikes."""
        return sorted({str(kind) for trial in self._spike_types for kind in trial})

    @property
    def spike_times_by_type(self) -> dict[str, list[list[float]]]:
        """Times of spikes by cell type or drive, then by trial, ms."""
        return {
            kind: [
                [time for time, own in zip(times, kinds, strict=True) if own == kind]
                for times, kinds in zip(self._spike_times, self._spike_types, strict=True)
            ]
            for kind in self.cell_types
        }

    @property
    def vsec(self) -> list[Any]:
        """Voltages by trial, cell and section, mV."""
        return self._vsec

    @property
    def isec(self) -> list[Any]:
        """Receptor currents by trial, cell, section and synapse, nA."""
        return self._isec

    @property
    def ca(self) -> list[Any]:
        """Calcium concentrations by trial, cell and section, mM."""
        return self._ca

    @property
    def times(self) -> np.ndarray:
        """Sample times, ms."""
        return self._times

    def update_types(self, gid_ranges: Mapping[str, Sequence[int]]) -> None:
        """Find the type of every spike anew, from the cells of each type."""
        owner: dict[int, str] = {}
        for kind, gids in gid_ranges.items():
            for gid in gids:
                if gid in owner:
                    raise ValueError(f"gid_ranges: cell {gid} is in both {owner[gid]} and {kind}")
                owner[gid] = kind
        self._spike_types = [[owner.get(gid, "") for gid in gids] for gids in self._spike_gids]

    def mean_rates(
        self,
        tstart: float,
        tstop: float,
        gid_ranges: Mapping[str, Sequence[int]],
        mean_type: str = "all",
    ) -> dict[str, Any]:
        """Return the mean firing rates of each cell type, Hz.

        Parameters
        ----------
        tstart, tstop : float, ms
            Only spikes in this window are counted.
        gid_ranges : mapping of str to range
            The cells of each type.
        mean_type : {'all', 'trial', 'cell'}
            Over trials and cells; of each trial; or of each cell in each trial.
        """
        if mean_type not in ("all", "trial", "cell"):
            raise ValueError(f"mean_type must be 'all', 'trial' or 'cell'; it is {mean_type!r}")
        if not all(isinstance(time, (int, float)) for time in (tstart, tstop)):
            raise ValueError(f"tstart and tstop must be numbers; got {tstart!r} and {tstop!r}")
        if tstop <= tstart:
            raise ValueError(f"tstop must come after tstart, {tstart} ms; got {tstop} ms")
        found: dict[str, Any] = {}
        for kind in self._cell_type_names:
            gids = gid_ranges[kind]
            rates = np.zeros((len(self._spike_times), len(gids)))
            place = {gid: k for k, gid in enumerate(gids)}
            for trial, (times, of) in enumerate(
                zip(self._spike_times, self._spike_gids, strict=True)
            ):
                for time, gid in zip(times, of, strict=True):
                    if gid in place and tstart <= time <= tstop:
                        rates[trial, place[gid]] += 1000.0 / (tstop - tstart)
            means = {"all": rates.mean, "trial": lambda r=rates: r.mean(axis=1).tolist()}
            found[kind] = means.get(mean_type, rates.tolist)()
        return found

    def plot_spikes_raster(
        self,
        trial_idx: Any = None,
        ax: Any = None,
        show: bool = True,
        cell_types: Any = None,
        colors: Any = None,
        show_legend: bool = True,
        marker_size: float = 5.0,
        dpl: Any = None,
        overlay_dipoles: bool = False,
    ) -> Any:
        """Plot a raster of spikes; see ``viz.plot_spikes_raster``."""
        from apical.compat.hnn_core.viz import plot_spikes_raster

        return plot_spikes_raster(
            cell_response=self, trial_idx=trial_idx, ax=ax, show=show, cell_types=cell_types,
            colors=colors, show_legend=show_legend, marker_size=marker_size, dpl=dpl,
            overlay_dipoles=overlay_dipoles,
        )  # fmt: skip

    def plot_spikes_hist(
        self,
        trial_idx: Any = None,
        ax: Any = None,
        spike_types: Any = None,
        color: Any = None,
        invert_spike_types: Any = None,
        show: bool = True,
        **kwargs_hist: Any,
    ) -> Any:
        """Plot histograms of spike times; see ``viz.plot_spikes_hist``."""
        from apical.compat.hnn_core.viz import plot_spikes_hist

        return plot_spikes_hist(
            self, trial_idx=trial_idx, ax=ax, spike_types=spike_types, color=color,
            invert_spike_types=invert_spike_types, show=show, **kwargs_hist,
        )  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values and arrays."""
        recorded = {
            name: [{str(gid): traces for gid, traces in trial.items()} for trial in of_trials]
            for name, of_trials in (("vsec", self.vsec), ("isec", self.isec), ("ca", self.ca))
        }
        names = {name: getattr(self, name) for name in ("spike_times", "spike_gids", "spike_types")}
        return {**names, **recorded, "times": self.times}

    def write(self, fname: str | Path) -> None:
        """Write a file of each trial's spikes: time, cell and type.

        Parameters
        ----------
        fname : path
            With ``%d`` or ``{0}`` where the number of the trial belongs. If there is neither, names
            of several trials end with their numbers.
        """
        pattern, plain = str(fname), Path(fname)
        if len(self._spike_times) > 1 and not ("%" in pattern or "{" in pattern):
            pattern = str(plain.with_name(f"{plain.stem}_{{0}}{plain.suffix}"))
        for trial, columns in enumerate(
            zip(self._spike_times, self._spike_gids, self._spike_types, strict=True)
        ):
            path = pattern % trial if "%" in pattern else pattern.format(trial)
            print(f"Writing file {path}")
            lines = [f"{t:.3f}\t{int(g)}\t{kind}\n" for t, g, kind in zip(*columns, strict=True)]
            Path(path).write_text("".join(lines), encoding="utf-8")


def _read_trial(path: str) -> tuple[list[float], list[int], list[str]]:
    """Return times, cells and types of the spikes in a file; types are missing in old ones."""
    rows = [line.split() for line in Path(path).read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if row]
    return (
        [float(row[0]) for row in rows],
        [int(float(row[1])) for row in rows],
        [row[2] for row in rows if len(row) > 2],
    )


def _in_order(paths: Iterable[str]) -> list[str]:
    """Return paths in the order of the numbers in their names: trial 2 before trial 10."""

    def parts(path: str) -> list[str | int]:
        # texts and numbers take turns
        return [int(p) if k % 2 else p for k, p in enumerate(re.split(r"(\d+)", path))]

    return sorted(paths, key=parts)


def read_spikes(
    fname: str | Path, gid_ranges: Mapping[str, Sequence[int]] | None = None
) -> CellResponse:
    """Read spikes from text files, one for each trial.

    Parameters
    ----------
    fname : path
        The file, or a pattern with ``*``.
    gid_ranges : mapping of str to range, optional
        The cells of each type, for files that do not tell types.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    """
    warnings.warn(
        "spikes in txt files will go: keep them in the file of the network instead",
        DeprecationWarning,
        stacklevel=2,
    )
    trials = [_read_trial(path) for path in _in_order(glob(str(fname)))]
    if not trials:
        raise FileNotFoundError(f"there is no file '{fname}'")
    if gid_ranges is None and any(times and not kinds for times, _, kinds in trials):
        raise ValueError(f"'{fname}' tells no cell types: give gid_ranges")
    kinds = [list(trial[2]) for trial in trials]
    known = ("L2_basket", "L2_pyramidal", "L5_basket", "L5_pyramidal")
    here = {kind for trial in kinds for kind in trial}
    response = CellResponse(
        [kind for kind in known if kind in here], spike_times=[list(trial[0]) for trial in trials],
        spike_gids=[list(trial[1]) for trial in trials],
        spike_types=kinds,
    )  # fmt: skip
    if gid_ranges is not None:
        response.update_types(gid_ranges)
    return response
