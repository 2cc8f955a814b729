"""Electrodes, and what they record."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import numpy as np

from apical.compat.hnn_core.externals.mne import _check_option, _validate_type
from apical.compat.hnn_core.utils import smooth_waveform


def calculate_csd2d(lfp_data: Any, delta: float = 1) -> np.ndarray:
    """Return the current source density of evenly spaced contacts.

    Parameters
    ----------
    lfp_data : (contact, time) array
        Potentials.
    delta : float
        Distance of neighbours.

    Returns
    -------
    (contact, time) array
        Minus the second difference; at the ends, extrapolated linearly.

    Raises
    ------
    IndexError
        If there are fewer than four contacts.
    """
    inner = -np.diff(lfp_data, n=2, axis=0) / delta**2
    if len(inner) < 2:
        raise IndexError(f"a current source density takes four contacts; got {len(lfp_data)}")
    first, last = 2 * inner[:1] - inner[1:2], 2 * inner[-1:] - inner[-2:-1]
    return np.concatenate([first, inner, last])


def _get_laminar_z_coords(electrode_positions: Any) -> tuple[np.ndarray, float]:
    """Return the depths of contacts on a straight line with even spacing, and that spacing."""
    points = np.array(electrode_positions, float)
    if len(points) < 2:
        raise ValueError(f"a laminar array has at least two contacts; got {len(points)}")
    steps = np.diff(points, axis=0)
    depth = float(np.abs(steps[0, 2]))
    if not (depth > 0 and np.allclose(np.linalg.norm(steps, axis=1), np.linalg.norm(steps[0]))
            and np.allclose(np.cross(steps[:-1], steps[1:]), 0)):  # fmt: skip
        raise ValueError(
            "contacts of a laminar array must lie on one straight line, evenly spaced and at "
            "different depths (z); these do not"
        )
    return points[:, 2], depth


class ExtracellularArray:
    """Electrodes at points.

    Parameters
    ----------
    positions : list of tuple of 3 float, µm
        Where the contacts are; one point, or several.
    conductivity : float, S/m
        Of the tissue.
    method : {'psa', 'lsa'} or None
        Compartments are points, or lines. With None every contact records the sum of all membrane
        currents, in nA: what biases inject.
    min_distance : float, µm
        Contacts are no closer to a source than this.
    times : (n_times,) array, ms, optional
        Sample times of `voltages`.
    voltages : (trial, contact, time) array, µV, optional
        What was recorded.
    """

    def __init__(
        self,
        positions: Any,
        *,
        conductivity: float = 0.3,
        method: str | None = "psa",
        min_distance: float = 0.5,
        times: Any = None,
        voltages: Any = None,
    ) -> None:
        _validate_type(positions, (tuple, list), "positions")
        points = [positions] if np.shape(positions) == (3,) else positions
        for point in points:
            _validate_type(point, (tuple, list), "positions")
            if len(point) != 3:
                raise ValueError(f"positions: expected x, y and z of each contact; got {point}")
        for name, value in (("conductivity", conductivity), ("min_distance", min_distance)):
            _validate_type(value, float, name)
            if not value > 0:
                raise ValueError(f"{name} must be above 0; got {value}")
        _validate_type(method, (str, None), "method")
        _check_option("method", method, ("psa", "lsa", None))
        times = np.array([] if times is None else times, float)
        voltages = np.array([] if voltages is None else voltages, float)
        if voltages.size and voltages.shape[1] != len(points):
            raise ValueError(
                f"voltages: expected {len(points)} contacts, as positions; got {voltages.shape[1]}"
            )
        if voltages.size and voltages.shape[2] != len(times):
            raise ValueError(
                f"voltages: expected {len(times)} samples, as times; got {voltages.shape[2]}"
            )
        self.positions, self.n_contacts = points, len(points)
        self.conductivity, self.method, self.min_distance = conductivity, method, min_distance
        self._times: Any = times
        self._data: Any = voltages

    def __getitem__(self, trial_no: Any) -> ExtracellularArray:
        _validate_type(trial_no, (int, slice, list, tuple), "trial_no", "a number, slice or list")
        n = len(self)
        if isinstance(trial_no, slice):
            wanted = range(n)[trial_no]
        else:
            wanted = [trial_no] if isinstance(trial_no, int) else trial_no
        if any(not -n <= trial < n for trial in wanted):
            raise IndexError(f"there are {n} trials; got trial_no {trial_no}")
        found = [self._data[trial] for trial in wanted]
        return ExtracellularArray(
            self.positions, conductivity=self.conductivity, method=self.method,
            min_distance=self.min_distance, times=self.times, voltages=found,
        )  # fmt: skip

    def __repr__(self) -> str:
        what = f"{self.n_contacts} electrodes, conductivity={self.conductivity}"
        data = " (no data recorded yet)"
        if len(self):
            data = f" | {len(self)} trials, {len(self.times)} times"
        return f"<{type(self).__name__} | {what}, method={self.method}{data}>"

    def __len__(self) -> int:
        return len(self._data)

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ExtracellularArray):
            return NotImplemented
        same = np.array_equal(self.times, other.times)
        names = ("positions", "conductivity", "method", "min_distance")
        return (
            same
            and np.array_equal(self.voltages, other.voltages)
            and all(getattr(self, name) == getattr(other, name) for name in names)
        )

    def copy(self) -> ExtracellularArray:
        """Return a copy."""
        return deepcopy(self)

    @property
    def times(self) -> np.ndarray:
        """Sample times, ms."""
        return np.array(self._times)

    @property
    def voltages(self) -> np.ndarray:
        """Potentials (trial, contact, time), µV."""
        return np.array(self._data)

    @property
    def sfreq(self) -> float | None:
        """Sampling rate, Hz; None without samples."""
        times = self.times
        if not len(times):
            return None
        if len(times) == 1:
            raise RuntimeError("one sample has no sampling rate")
        steps = np.diff(times)
        step = np.median(steps)
        if np.abs(steps - step).max() > 1e-3:
            raise RuntimeError(
                f"times must be even to 0.001 ms; got steps {steps.min():g} to {steps.max():g}"
            )
        return 1000.0 / step

    def _reset(self) -> None:
        self._data, self._times = [], []

    def smooth(self, window_len: float) -> ExtracellularArray:
        """Smooth all potentials by a Hamming window (ms); they are changed."""
        rate = self.sfreq
        assert rate is not None or not len(self)
        for trial in self._data:
            for contact in range(self.n_contacts):
                trial[contact] = smooth_waveform(trial[contact], window_len, rate or 0.0)
        return self

    def plot_lfp(
        self,
        *,
        trial_no: Any = None,
        contact_no: Any = None,
        tmin: float | None = None,
        tmax: float | None = None,
        ax: Any = None,
        decim: Any = None,
        color: Any = "cividis",
        voltage_offset: float | None = 50,
        voltage_scalebar: float | None = 200,
        show: bool = True,
    ) -> Any:
        """Plot potentials of a laminar array, trial over trial; see ``viz.plot_laminar_lfp``."""
        from apical.compat.hnn_core.viz import plot_laminar_lfp

        shown = self.voltages
        if isinstance(trial_no, (list, tuple, int, slice)):
            shown = shown[[trial_no] if isinstance(trial_no, int) else trial_no]
        elif trial_no is not None:
            raise ValueError(f"trial_no must be a number, slice or list; got {trial_no!r}")
        labels, _ = _get_laminar_z_coords(self.positions)
        if isinstance(contact_no, (list, tuple, int, slice)):
            whole = isinstance(contact_no, slice)
            picked = contact_no if whole else np.atleast_1d(contact_no)
            shown, labels = shown[:, picked], labels[picked]
        elif contact_no is not None:
            raise ValueError(f"contact_no must be a number, slice or list; got {contact_no!r}")
        figure = None
        for trial in shown:
            figure = plot_laminar_lfp(
                self.times, trial, tmin=tmin, tmax=tmax, ax=ax, decim=decim, color=color,
                voltage_offset=voltage_offset, voltage_scalebar=voltage_scalebar,
                contact_labels=labels, show=show,
            )  # fmt: skip
        return figure

    def plot_csd(
        self,
        vmin: float | None = None,
        vmax: float | None = None,
        interpolation: str = "spline",
        sink: str = "b",
        colorbar: bool = True,
        ax: Any = None,
        show: bool = True,
    ) -> Any:
        """Plot the current source density of the first trial; see ``viz.plot_laminar_csd``."""
        from apical.compat.hnn_core.viz import plot_laminar_csd

        labels, delta = _get_laminar_z_coords(self.positions)
        return plot_laminar_csd(
            self.times, calculate_csd2d(self.voltages[0], delta), contact_labels=labels, ax=ax,
            colorbar=colorbar, vmin=vmin, vmax=vmax, interpolation=interpolation, sink=sink,
            show=show,
        )  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values and arrays."""
        names: Sequence[str] = (
            "positions", "conductivity", "method", "min_distance", "times", "voltages",
        )  # fmt: skip
        return {name: getattr(self, name) for name in names}
