"""Current dipoles: simulating, reading, writing and changing them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from copy import deepcopy
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from apical.compat.hnn_core.externals.mne import _check_option
from apical.compat.hnn_core.utils import _savgol_filter, smooth_waveform
from apical.io.hnn.hdf5 import read_dictionary, write_dictionary

if TYPE_CHECKING:
    from apical.compat.hnn_core.network import Network
    from apical.errors import NumericalError

#: What hnn-core subtracts from every dipole, for each pair of pyramidal cells, fAm.
_BASELINE_L2, _BASELINE_L5 = 0.0443, -49.0502
#: For layer 5, slope (fAm/ms) and value from 37 ms, and from 750 ms on.
_DRIFT, _LATE_DRIFT = (3.4770508e-3, -51.231085), (1.01e-4, -48.412078)


def simulate_dipole(
    net: Network,
    tstop: float,
    dt: float = 0.025,
    n_trials: int | None = None,
    record_vsec: str | bool = False,
    record_isec: str | bool = False,
    record_ca: str | bool = False,
    postproc: bool = False,
    verbose: bool = True,
) -> list[Dipole]:
    """Simulate a network.

    Spikes and recordings are put into the network. As in hnn-core, drives and biases without end
    get the end of this simulation for good.

    Parameters
    ----------
    net : Network
        The network; it is changed.
    tstop, dt : float, ms
        Length of the simulation and of a step.
    n_trials : int, optional
        How many trials; by default what the parameters say.
    record_vsec, record_isec, record_ca : {'all', 'soma', False}
        Of which sections voltages, receptor currents and calcium are recorded.
    postproc : bool
        Deprecated: smooth and scale as the parameters say.
    verbose : bool
        Whether progress is printed.

    Returns
    -------
    list of Dipole
        One for each trial, nAm.
    """
    if n_trials is None:
        n_trials = net._params["N_trials"] = net._params.get("N_trials", 1)
    wanted = {"record_vsec": record_vsec, "record_isec": record_isec, "record_ca": record_ca}
    _make_ready(net, tstop, dt, n_trials, wanted, verbose)
    if postproc:
        warnings.warn(
            "postproc is deprecated: use the methods smooth and scale of Dipole",
            DeprecationWarning,
            stacklevel=2,
        )
    n: Any = n_trials
    return _backend().simulate(net, tstop, dt, n, postproc)


def _simulate_together(
    nets: Sequence[Network], tstop: float, dt: float, n_trials: int
) -> list[list[Dipole] | NumericalError]:
    """Simulate several networks as `simulate_dipole` does each, but together, and quietly.

    Returns
    -------
    list of list of Dipole, or NumericalError
        Of each network, one for each trial; or why there are none.
    """
    nothing = {"record_vsec": False, "record_isec": False, "record_ca": False}
    for net in nets:
        _make_ready(net, tstop, dt, n_trials, nothing, False)
    return _backend().simulate_together(nets, tstop, dt, n_trials)


def _backend() -> Any:
    from apical.compat.hnn_core import parallel_backends

    return parallel_backends._BACKEND or parallel_backends.JoblibBackend(n_jobs=1)


def _make_ready(
    net: Network, tstop: float, dt: float, n: Any, wanted: Mapping[str, Any], verbose: bool
) -> None:
    """Draw the events of a network's drives, and note how it runs and what is recorded."""
    if n < 1:
        raise ValueError(f"n_trials must be at least 1; got {n}")
    _warn_of_nothing(net)
    _settle_ends(net, tstop)
    net._instantiate_drives(n_trials=n, tstop=tstop)
    net._reset_rec_arrays()
    for name, what in wanted.items():
        net._params[name] = _check_option(name, what, ["all", "soma", False])
    net._tstop, net._dt, net._verbose = tstop, dt, verbose


def _warn_of_nothing(net: Network) -> None:
    if not net.connectivity:
        warnings.warn(
            "No connections: cells get input from drives only. Published models, such as "
            "neymotin_2020_model(), come with theirs.",
            UserWarning,
            stacklevel=4,
        )
    if not net.external_drives and not net.external_biases:
        warnings.warn(
            "the network has neither drives nor biases: nothing excites it",
            UserWarning,
            stacklevel=4,
        )


def _settle_ends(net: Network, tstop: float) -> None:
    """Give drives and biases without end the end of this simulation."""
    for drive in net.external_drives.values():
        if "tstop" in drive["dynamics"] and drive["dynamics"]["tstop"] is None:
            drive["dynamics"]["tstop"] = tstop
    for bias in (b for by_type in net.external_biases.values() for b in by_type.values()):
        if bias["tstop"] is None:
            bias["tstop"] = tstop
        if bias["tstop"] < 0:
            raise ValueError(f"a bias must end at 0 ms or later; got {bias['tstop']} ms")
        if bias["tstop"] < bias["t0"]:
            raise ValueError(
                f"a bias must end after it starts, at {bias['t0']} ms; got {bias['tstop']} ms"
            )


class Dipole:
    """A current dipole over time.

    Parameters
    ----------
    times : (n_times,) array, ms
        Sample times.
    data : array (n_times, n_layers) or dict of str to array, nAm
        One column (all), three (all, L2, L5), or columns by name.
    nave : int
        How many trials this is the mean of.

    Attributes
    ----------
    sfreq : float, Hz
        Sampling rate.
    scale_applied : float
        By what the data have been multiplied.
    """

    def __init__(self, times: Any, data: Any, nave: int = 1) -> None:
        self.times = np.array(times)
        if not isinstance(data, dict):
            columns = data[:, None] if data.ndim == 1 else data
            names = {1: ["agg"], 3: ["agg", "L2", "L5"]}.get(columns.shape[1])
            if names is None:
                raise ValueError(
                    f"data must have 1 or 3 columns, or be a dictionary; got {columns.shape[1]}"
                )
            data = {name: columns[:, k] for k, name in enumerate(names)}
        self.data: dict[str, np.ndarray] = data
        self.nave = nave
        self.sfreq = 1000.0 / (times[1] - times[0])
        self.scale_applied: float = 1

    def copy(self) -> Dipole:
        """Return a copy."""
        return deepcopy(self)

    def scale(self, factor: float) -> Dipole:
        """Multiply the data in place."""
        for name in self.data:
            self.data[name] = self.data[name] * factor
        self.scale_applied *= factor
        return self

    def smooth(self, window_len: float) -> Dipole:
        """Smooth the data by a Hamming window of some length (ms); they are changed."""
        for name in self.data:
            self.data[name] = smooth_waveform(self.data[name], window_len, self.sfreq)
        return self

    def savgol_filter(self, h_freq: float) -> Dipole:
        """Smooth the data by a Savitzky–Golay filter of some cut-off (Hz); they are changed."""
        if h_freq < 0:
            raise ValueError(f"h_freq must be positive; got {h_freq}")
        if h_freq > 0.5 * self.sfreq:
            raise ValueError(
                f"h_freq must be below {self.sfreq / 2:g} Hz, half the sampling rate; got {h_freq}"
            )
        for name in self.data:
            self.data[name] = _savgol_filter(self.data[name], h_freq, self.sfreq)
        return self

    def plot(
        self,
        tmin: float | None = None,
        tmax: float | None = None,
        layer: Any = "agg",
        decim: Any = None,
        ax: Any = None,
        color: Any = "k",
        show: bool = True,
    ) -> Any:
        """Plot over time; see ``viz.plot_dipole``."""
        from apical.compat.hnn_core.viz import plot_dipole

        return plot_dipole(
            self, tmin=tmin, tmax=tmax, ax=ax, layer=layer, decim=decim, color=color, show=show
        )

    def plot_psd(
        self,
        fmin: float = 0,
        fmax: float | None = None,
        tmin: float | None = None,
        tmax: float | None = None,
        layer: str = "agg",
        color: Any = None,
        label: str | None = None,
        ax: Any = None,
        show: bool = True,
    ) -> Any:
        """Plot the power spectral density; see ``viz.plot_psd``."""
        from apical.compat.hnn_core.viz import plot_psd

        return plot_psd(
            self, fmin=fmin, fmax=fmax, tmin=tmin, tmax=tmax, layer=layer, color=color,
            label=label, ax=ax, show=show,
        )  # fmt: skip

    def plot_tfr_morlet(
        self,
        freqs: Any,
        n_cycles: Any = 7.0,
        tmin: float | None = None,
        tmax: float | None = None,
        layer: str = "agg",
        decim: Any = None,
        padding: str | None = "zeros",
        ax: Any = None,
        colormap: Any = "inferno",
        colorbar: bool = True,
        colorbar_inside: bool = False,
        show: bool = True,
    ) -> Any:
        """Plot power over time and frequency; see ``viz.plot_tfr_morlet``."""
        from apical.compat.hnn_core.viz import plot_tfr_morlet

        return plot_tfr_morlet(
            self, freqs, n_cycles=n_cycles, tmin=tmin, tmax=tmax, layer=layer, decim=decim,
            padding=padding, ax=ax, colormap=colormap, colorbar=colorbar,
            colorbar_inside=colorbar_inside, show=show,
        )  # fmt: skip

    def write(self, fname: Any, overwrite: bool = True) -> None:
        """Write into a ``.txt`` or ``.hdf5`` file, or as text into an open `StringIO`."""
        if isinstance(fname, StringIO):
            self._write_txt(fname)
            return
        path = Path(fname)
        if not overwrite and path.exists():
            raise FileExistsError(f"'{path}' exists; overwrite=True replaces it")
        if path.suffix == ".txt":
            self._write_txt(path)
        elif path.suffix == ".hdf5":
            self._write_hdf5(path)
        else:
            raise NameError(f"expected a name with extension .txt or .hdf5; got '{path.name}'")

    def _write_txt(self, target: Any) -> None:
        if self.nave > 1:
            text = f"the file will not tell that the dipole is the mean of {self.nave} trials"
            warnings.warn(text, stacklevel=3)
        columns = np.column_stack([self.times, *self.data.values()])
        np.savetxt(target, columns, fmt=["%3.3f"] + ["%5.4f"] * len(self.data), delimiter="\t")

    def _write_hdf5(self, path: Path) -> None:
        print(f"Writing file {path}")
        names = ("times", "sfreq", "nave", "data", "scale_applied")
        values = {"object_type": "Dipole", **{name: getattr(self, name) for name in names}}
        write_dictionary(path, values, overwrite=True)

    def _convert_fAm_to_nAm(self) -> None:
        for name in self.data:
            self.data[name] = self.data[name] * 1e-6

    def _baseline_renormalize(self, N_pyr_x: int, N_pyr_y: int) -> None:
        """Subtract the baseline of the default column from data in fAm."""
        pairs, t = N_pyr_x * N_pyr_y, self.times
        if "L2" in self.data:
            self.data["L2"] = self.data["L2"] - pairs * _BASELINE_L2
        if "L5" in self.data:
            (slope, value), (late_slope, late_value) = _DRIFT, _LATE_DRIFT
            later = np.where(t < 750.0, slope * t + value, late_slope * t + late_value)
            baseline = np.where(t <= 37.0, _BASELINE_L5, later)
            self.data["L5"] = self.data["L5"] - pairs * baseline
        layers = [values for name, values in self.data.items() if name != "agg"]
        if layers:
            self.data["agg"] = np.sum(layers, axis=0)


def average_dipoles(dpls: Sequence[Dipole]) -> Dipole:
    """Return the mean of dipoles that are scaled alike and are no averages themselves."""
    for k, dpl in enumerate(dpls):
        if not isinstance(dpl, Dipole):
            raise ValueError(f"dipole {k}: expected a Dipole; got {type(dpl).__name__}")
        if dpl.scale_applied != dpls[0].scale_applied:
            raise RuntimeError(
                f"dipole {k} has scale {dpl.scale_applied}, the first has {dpls[0].scale_applied}"
            )
        if dpl.nave > 1:
            raise ValueError(f"dipole {k}: expected one trial; got the mean of {dpl.nave}")
    data = {name: np.mean([dpl.data[name] for dpl in dpls], axis=0) for name in dpls[0].data}
    average = Dipole(dpls[0].times, data, nave=len(dpls))
    average.scale_applied = dpls[0].scale_applied
    return average


def _rmse(
    dpl: Dipole, exp_dpl: Dipole, tstart: float = 0.0, tstop: float = 0.0, weights: Any = None
) -> float:
    """Return the root mean square difference of two dipoles from one time to another.

    Parameters
    ----------
    dpl, exp_dpl : Dipole
        A simulated and a recorded one.
    tstart, tstop : float, ms
        Window; where one of them is shorter, what they have in common.
    weights : (n_times,) array, optional
        How much each sample of the simulation counts.
    """
    simulated, recorded, weight = _compared(dpl, exp_dpl, tstart, tstop, weights)
    return float(np.sqrt(np.average((simulated - recorded) ** 2, weights=weight)))


def _anticorr(
    dpl: Dipole, exp_dpl: Dipole, tstart: float = 0.0, tstop: float = 0.0, weights: Any = None
) -> float:
    """Return one minus the correlation of two dipoles; parameters as of `_rmse`."""
    simulated, recorded, weight = _compared(dpl, exp_dpl, tstart, tstop, weights)
    simulated, recorded = simulated * weight, recorded * weight
    if not (np.ptp(simulated) and np.ptp(recorded)):
        return 1.0
    return float(1 - np.corrcoef(simulated, recorded)[0, 1])


def _compared(
    dpl: Dipole, exp_dpl: Dipole, tstart: float, tstop: float, weights: Any
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return simulated, recorded and weights in a window, all at the lower of both rates.

    Resampled by FFT, and without the last sample, as in hnn-core.
    """
    from scipy.signal import resample

    both = (dpl, exp_dpl)
    first = max(tstart, *(one.times[0] for one in both))
    last = min(tstop, *(one.times[-1] for one in both))
    parts = [
        slice(*(int(np.abs(one.times - time).argmin()) for time in (first, last))) for one in both
    ]
    simulated, recorded = (one.data["agg"][part] for one, part in zip(both, parts, strict=True))
    weight = np.ones(simulated.size) if weights is None else np.array(weights)[parts[0]]
    n = min(simulated.size, recorded.size)
    if n < 1:
        raise ValueError(f"the dipoles have no samples in common from {tstart} to {tstop} ms")
    if simulated.size > n:
        simulated, weight = (np.asarray(resample(values, n)) for values in (simulated, weight))
        weight[weight < 1e-4] = 0
    elif recorded.size > n:
        recorded = np.asarray(resample(recorded, n))
    return simulated, recorded, weight


def read_dipole(fname: Any) -> Dipole:
    """Read a dipole from a ``.txt`` or ``.hdf5`` file."""
    path = Path(fname)
    if not path.exists():
        raise FileNotFoundError(f"there is no file '{path}'")
    if path.suffix == ".txt":
        return _read_dipole_txt(path)
    if path.suffix == ".hdf5":
        return _read_dipole_hdf5(path)
    raise NameError(f"expected a name with extension .txt or .hdf5; got '{path.name}'")


def _read_dipole_txt(fname: Any, extension: str = ".txt") -> Dipole:
    """Read a dipole from text: time and one or three columns."""
    layout: Any = {"delimiter": ",", "skiprows": 1} if extension == ".csv" else {}
    data = np.loadtxt(fname, ndmin=2, **layout)
    if data.shape[1] not in (2, 4):
        raise ValueError(
            f"expected 2 columns (time, agg) or 4 (L2 and L5, too); got {data.shape[1]}"
        )
    times, values = np.split(data, [1], axis=1)
    return Dipole(times[:, 0], values)


def _read_dipole_hdf5(path: Path) -> Dipole:
    values = read_dictionary(path)
    kind = values.get("object_type")
    if kind is None:
        raise NameError(f"'{path}' does not tell what it holds (no object_type)")
    if kind != "Dipole":
        raise ValueError(f"'{path}': expected a Dipole; got {kind}")
    dipole = Dipole(values["times"], values["data"], nave=values["nave"])
    dipole.scale_applied = values["scale_applied"]
    return dipole
