"""Many simulations of one network, with parameters from a grid.

Files are those of NumPy, but each entry is JSON text: reading one cannot execute code.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from apical.compat.hnn_core._trace import Trace
from apical.compat.hnn_core.dipole import Dipole, simulate_dipole
from apical.compat.hnn_core.externals.mne import _check_option, _validate_type
from apical.compat.hnn_core.extracellular import ExtracellularArray
from apical.compat.hnn_core.network import Network

#: What may be kept of a simulation.
_KEPT = ("dpl", "spiking", "lfp", "voltages", "currents", "calcium")
#: What of it is told by global index, which is text in JSON.
_BY_CELL = ("voltages", "currents", "calcium")
_BACKENDS = ("loky", "threading", "multiprocessing", "dask")


class BatchSimulate:
    """Simulations of copies of a network, each with other parameters.

    Parameters
    ----------
    set_params : callable
        Called with a dictionary of values and a copy of the network, which it changes.
    net : Network, optional
        The network; by default `neymotin_2020_model`.
    tstop, dt : float, ms
        Length of each simulation and of a step.
    n_trials : int
        Trials of each.
    save_folder : path
        Where results are saved.
    batch_size : int
        How many simulations are saved in one file.
    overwrite : bool
        Whether files may replace others.
    save_outputs : bool
        Whether results are saved.
    save_dpl, save_spiking, save_lfp, save_voltages, save_currents, save_calcium : bool
        What is kept.
    record_vsec, record_isec : {'all', 'soma', False}
        Of which sections voltages and receptor currents are recorded.
    postproc : bool
        As `simulate_dipole` takes it.
    clear_cache : bool
        Whether only summaries are returned.
    summary_func : callable, optional
        Called with the results of each batch; what it returns is kept.
    """

    def __init__(
        self,
        set_params: Callable[[dict[str, Any], Network], Any],
        net: Network | None = None,
        tstop: float = 170,
        dt: float = 0.025,
        n_trials: int = 1,
        save_folder: str | Path = "./sim_results",
        batch_size: int = 100,
        overwrite: bool = True,
        save_outputs: bool = False,
        save_dpl: bool = True,
        save_spiking: bool = False,
        save_lfp: bool = False,
        save_voltages: bool = False,
        save_currents: bool = False,
        save_calcium: bool = False,
        record_vsec: str | bool = False,
        record_isec: str | bool = False,
        postproc: bool = False,
        clear_cache: bool = False,
        summary_func: Callable[[list[Any]], Any] | None = None,
    ) -> None:
        from apical.compat.hnn_core.network_models import neymotin_2020_model

        self.net = neymotin_2020_model() if net is None else net
        self.set_params, self.summary_func = set_params, summary_func
        self.tstop, self.dt, self.n_trials = tstop, dt, n_trials
        self.save_folder, self.batch_size, self.overwrite = save_folder, batch_size, overwrite
        self.save_outputs, self.save_dpl, self.save_spiking = save_outputs, save_dpl, save_spiking
        self.save_lfp, self.save_voltages = save_lfp, save_voltages
        self.save_currents, self.save_calcium = save_currents, save_calcium
        self.record_vsec, self.record_isec = record_vsec, record_isec
        self.postproc, self.clear_cache = postproc, clear_cache
        self._verbose = True
        self._check()

    def _check(self) -> None:
        _validate_type(self.net, Network, "net", "Network")
        for name in ("tstop", "dt"):
            _validate_type(getattr(self, name), "numeric", name)
        for name in ("n_trials", "batch_size"):
            _validate_type(getattr(self, name), "int", name)
        _validate_type(self.save_folder, "path-like", "save_folder")
        for name in ("save_outputs", "clear_cache", *(f"save_{what}" for what in _KEPT)):
            _validate_type(getattr(self, name), bool, name)
        for name in ("record_vsec", "record_isec"):
            _check_option(name, getattr(self, name), ["all", "soma", False])
        if not callable(self.set_params):
            raise TypeError(f"set_params must be a function; got {type(self.set_params).__name__}")
        if self.summary_func is not None and not callable(self.summary_func):
            raise TypeError(
                f"summary_func must be a function; got {type(self.summary_func).__name__}"
            )

    def run(
        self,
        param_grid: dict[str, Sequence[Any]],
        return_output: bool = True,
        combinations: bool = True,
        n_jobs: int = 1,
        backend: str = "loky",
        verbose: bool = True,
    ) -> dict[str, Any] | None:
        """Simulate every set of parameters.

        Parameters
        ----------
        param_grid : dict of str to sequence
            Values of each parameter.
        return_output : bool
            Whether results are returned.
        combinations : bool
            Every combination of values, or the first of each, the second of each, and so on.
        n_jobs, backend
            Not used: every simulation runs on all threads.
        verbose : bool
            Whether progress is printed.
        """
        _validate_type(param_grid, dict, "param_grid")
        _validate_type(verbose, bool, "verbose")
        self._verbose = verbose
        sets = self._generate_param_combinations(param_grid, combinations)
        summaries: list[Any] = []
        simulated: list[Any] = []
        for first in range(0, len(sets), self.batch_size):
            chosen = sets[first : first + self.batch_size]
            results = self.simulate_batch(chosen, n_jobs=n_jobs, backend=backend)
            if self.save_outputs:
                self._save(results, first, first + len(chosen))
            if self.summary_func is not None:
                summaries.append(self.summary_func(results))
            if return_output and not self.clear_cache:
                simulated.append(results)
        if not return_output:
            return None
        found = {"summary_statistics": summaries}
        return found if self.clear_cache else {**found, "simulated_data": simulated}

    def simulate_batch(
        self, param_combinations: list[dict[str, Any]], n_jobs: int = 1, backend: str = "loky"
    ) -> list[dict[str, Any]]:
        """Simulate some sets of parameters, one after the other."""
        _validate_type(param_combinations, list, "param_combinations")
        _validate_type(n_jobs, "int", "n_jobs")
        _check_option("backend", backend, _BACKENDS)
        return [self._run_single_sim(values) for values in param_combinations]

    def _run_single_sim(self, param_values: dict[str, Any]) -> dict[str, Any]:
        net = self.net.copy()
        self.set_params(param_values, net)
        dipoles = simulate_dipole(
            net, tstop=self.tstop, dt=self.dt, n_trials=self.n_trials,
            record_vsec=self.record_vsec or ("soma" if self.save_voltages else False),
            record_isec=self.record_isec or ("soma" if self.save_currents else False),
            record_ca="soma" if self.save_calcium else False, postproc=self.postproc,
            verbose=self._verbose,
        )  # fmt: skip
        response = net.cell_response
        names = ("spike_times", "spike_types", "spike_gids")
        every = {
            "dpl": dipoles, "spiking": {name: getattr(response, name) for name in names},
            "lfp": net.rec_arrays, "voltages": response.vsec, "currents": response.isec,
            "calcium": response.ca,
        }  # fmt: skip
        kept = {what: value for what, value in every.items() if getattr(self, f"save_{what}")}
        return {"net": net, "param_values": param_values, **kept}

    def _generate_param_combinations(
        self, param_grid: Mapping[str, Sequence[Any]], combinations: bool = True
    ) -> list[dict[str, Any]]:
        values = param_grid.values()
        rows = itertools.product(*values) if combinations else zip(*values, strict=False)
        return [dict(zip(param_grid, row, strict=True)) for row in rows]

    # --- files -------------------------------------------------------------------------------

    def _save(self, results: list[dict[str, Any]], start_idx: int, end_idx: int) -> None:
        """Write the results of one batch into a file of its own."""
        _validate_type(results, list, "results")
        path = Path(self.save_folder) / f"sim_run_{start_idx}-{end_idx}.npz"
        if path.exists() and not self.overwrite:
            raise FileExistsError(f"'{path}' exists; overwrite=True replaces it")
        path.parent.mkdir(parents=True, exist_ok=True)
        columns = {"param_values": [result["param_values"] for result in results]}
        for what in _KEPT:
            if results and what in results[0]:
                columns[what] = [result[what] for result in results]
        names = ("batch_size", "n_trials", "tstop", "dt")
        columns["metadata"] = {name: getattr(self, name) for name in names}  # type: ignore[assignment]
        texts = {name: json.dumps(value, default=_plain) for name, value in columns.items()}
        np.savez_compressed(path, **{name: np.array(text) for name, text in texts.items()})  # type: ignore[arg-type]

    def load_results(
        self, file_path: str | Path, return_data: Sequence[str] | None = None
    ) -> dict[str, Any]:
        """Return parameters and results of one file.

        Parameters
        ----------
        file_path : path
            The file.
        return_data : sequence of str, optional
            Which results, such as ``dpl``; by default those that this batch keeps.
        """
        if return_data is None:
            return_data = [what for what in _KEPT if getattr(self, f"save_{what}")]
        wanted = {"param_values", *return_data}
        with np.load(file_path) as file:
            found = {
                name: json.loads(str(file[name]), object_hook=_objects)
                for name in file.files
                if name in wanted
            }
        for name in found.keys() & _BY_CELL:
            found[name] = [
                [{int(gid): traces for gid, traces in trial.items()} for trial in trials]
                for trials in found[name]
            ]
        return found

    def load_all_results(self) -> list[dict[str, Any]]:
        """Return the contents of all files in the folder, in the order of simulations."""
        paths = [p for p in Path(self.save_folder).iterdir() if p.match("sim_run_*.npz")]
        # of two numbers the longer one is larger
        ordered = sorted(paths, key=lambda path: (path.name.index("-"), path.name))
        return [self.load_results(path) for path in ordered]


def _plain(value: Any) -> Any:
    """Return something that JSON can hold."""
    if isinstance(value, (np.ndarray, np.generic, Trace)):
        return value.tolist()
    if isinstance(value, Dipole):
        kept = {"times": value.times, "data": value.data, "nave": value.nave}
        return {"object_type": "Dipole", "scale_applied": value.scale_applied, **kept}
    if isinstance(value, ExtracellularArray):
        return {"object_type": "ExtracellularArray", **value.to_dict()}
    raise TypeError(f"a {type(value).__name__} cannot be saved")


def _objects(value: dict[str, Any]) -> Any:
    """Return what `_plain` was given."""
    kind = value.pop("object_type", None)
    if kind == "Dipole":
        data = {name: np.array(values) for name, values in value["data"].items()}
        dipole = Dipole(value["times"], data, value["nave"])
        dipole.scale_applied = value["scale_applied"]
        return dipole
    if kind == "ExtracellularArray":
        return ExtracellularArray(value.pop("positions"), **value)
    return value
