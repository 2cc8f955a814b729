"""The optimiser of any parameters that a function can set."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from apical.compat.hnn_core.externals.mne import _check_option, _validate_type
from apical.compat.hnn_core.optimization._search import TOLERANCE, Floats, Tried
from apical.compat.hnn_core.optimization.objective_functions import (
    _anticorr_evoked,
    _maximize_psd,
    _rmse_evoked,
)
from apical.fit.optimise import Ended, Search, bayes, cma, cobyla

if TYPE_CHECKING:
    from apical.compat.hnn_core.network import Network

_OBJECTIVES: dict[str, Callable[..., Any]] = {
    "dipole_rmse": _rmse_evoked, "maximize_psd": _maximize_psd, "dipole_corr": _anticorr_evoked,
}  # fmt: skip
#: What `Optimizer.fit` must be given for each.
_NEEDED = {
    "dipole_rmse": ["target"], "dipole_corr": ["target"],
    "maximize_psd": ["f_bands", "relative_bandpower"],
}  # fmt: skip
#: What it may be given besides.
_OPTIONS = (
    "n_trials", "n_jobs", "popsize", "seed", "sigma0", "tolfun", "dt", "scale_factor",
    "smooth_window_len", "verbose",
)  # fmt: skip
_SOLVERS = ("bayesian", "cobyla", "cma")
#: Defaults of hnn-core.
_POPSIZE, _SEED, _SIGMA, _TOLFUN = 16, 123, 0.25, 0.01


class Optimizer:
    """Looks for the parameters that make an objective small.

    Parameters
    ----------
    initial_net : Network
        The network; each candidate changes a copy.
    tstop : float, ms
        End of the simulations.
    constraints : dict of str to pair of float
        Lower and upper bound of each parameter.
    set_params : function
        Called with a copy of the network, which it changes, and a dictionary of values.
    initial_params : dict of str to float, optional
        Where to begin; by default in the middle of the bounds.
    solver : {'bayesian', 'cobyla', 'cma'}
        The optimiser; the first and the last need the extra ``fit``.
    obj_fun : {'dipole_rmse', 'maximize_psd', 'dipole_corr'} or function
        The objective. A function takes what those of `objective_functions` take; with 'cma' it is
        given several candidates, and returns as many values.
    max_iter : int
        How often the objective is called at most. With 'cma' each call has `popsize` candidates;
        before these, the start is tried.

    Attributes
    ----------
    net_ : Network
        A copy of the network with the best parameters that were tried.
    opt_params_ : list of float
        These, in the order of `initial_params`.
    obj_ : list of float
        The smallest objective value up to each of `max_iter` calls; it stays if there were fewer.
    history_ : Dataset
        Every candidate, along ``candidate``: ``values`` (candidate, parameter), ``loss``, ``best``:
        the smallest so far, and ``generation``: the number of the call.
    """

    def __init__(
        self,
        initial_net: Network,
        tstop: float,
        constraints: dict[str, tuple[float, float]],
        set_params: Callable[[Network, dict[str, float]], Any],
        initial_params: dict[str, float] | None = None,
        solver: str = "bayesian",
        obj_fun: str | Callable[..., Any] = "dipole_rmse",
        max_iter: int = 200,
    ) -> None:
        self.solver = _check_option("solver", solver, _SOLVERS)
        _validate_type(max_iter, "int", "max_iter")
        if max_iter < 1:
            raise ValueError(f"max_iter must be at least 1; got {max_iter}")
        if callable(obj_fun):
            self.obj_fun, self.obj_fun_name = obj_fun, None
        else:
            self.obj_fun_name = _check_option("obj_fun", obj_fun, tuple(_OBJECTIVES))
            self.obj_fun = _OBJECTIVES[obj_fun]
        _check_bounds(constraints)
        if initial_params is None:
            initial_params = {name: (low + high) / 2 for name, (low, high) in constraints.items()}
        _check_start(initial_params, constraints)
        self._initial_net, self._set_params = initial_net, set_params
        self.tstop, self.max_iter = tstop, max_iter
        self.constraints, self.initial_params = constraints, initial_params
        self.net_: Network | None = None
        self.obj_: list[float] = []
        self.opt_params_: list[float] | None = None
        self.history_: xr.Dataset | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} | solver={self.solver}, fit={self.net_ is not None}>"

    def fit(self, **obj_fun_kwargs: Any) -> None:
        """Search. What was found is kept, even if the search is interrupted.

        Parameters
        ----------
        **obj_fun_kwargs
            Options, all of which a function of the user's is given.

            - ``target`` (Dipole): the recording; for 'dipole_rmse' and 'dipole_corr'.
            - ``n_trials`` (int): trials over which their dipoles are averaged.
            - ``f_bands`` (list of pairs of float, Hz): of 'maximize_psd', with one trial.
            - ``relative_bandpower`` (float or list of float): weight of all bands, or of each.
            - ``scale_factor`` (float): factor of simulated dipoles.
            - ``smooth_window_len`` (float, ms): window by which each of them is smoothed.
            - ``dt`` (float, ms): length of a step.
            - ``seed`` (int): of 'bayesian' and 'cma'.
            - ``popsize`` (int): candidates of each call; this and the next two are of 'cma'.
            - ``sigma0`` (float or list of float): standard deviations at the beginning: a share of
              all ranges, or one of each parameter in its unit.
            - ``tolfun`` (float): it ends when objective values differ by less.
            - ``n_jobs`` (int): not used: every simulation runs on all threads.
            - ``verbose`` (bool): whether progress is printed.
        """
        options = obj_fun_kwargs
        if self.obj_fun_name is not None:
            _check_options(options, _NEEDED[self.obj_fun_name])
            options.setdefault("n_trials", 1)
        low, high = np.array([self.constraints[name] for name in self.initial_params], float).T
        popsize = options.get("popsize", _POPSIZE) if self.solver == "cma" else 1
        started = self.solver == "cma"
        tried = Tried(low, high, started + self.max_iter * popsize)
        optimise = self._solver(options, tried)
        seed = options.get("seed")
        search = Search(
            tried.to_unit(list(self.initial_params.values())), self._evaluate(options, tried),
            _SEED if seed is None else seed, TOLERANCE, tried.budget, popsize,
        )  # fmt: skip
        try:
            optimise(search)
        except Ended:
            pass
        finally:
            if not np.isnan(tried.losses).all():
                self._keep(tried, started)

    def _solver(self, options: Mapping[str, Any], tried: Tried) -> Callable[[Search], Any]:
        """Return the optimiser, with its own options."""
        if self.solver == "cma":
            spread = _spread(options.get("sigma0", _SIGMA), tried.high - tried.low)
            return partial(cma, spread=spread, flat=options.get("tolfun", _TOLFUN))
        return {"bayesian": bayes, "cobyla": cobyla}[self.solver]

    def _evaluate(self, options: dict[str, Any], tried: Tried) -> Callable[[Floats], Floats]:
        """Return the function of candidates in the cube that the optimiser sees."""
        obj_values: list[Any] = []
        given: dict[str, Any] = {
            "initial_net": self._initial_net, "initial_params": self.initial_params,
            "set_params": self._set_params, "update_params": _update_params,
            "obj_values": obj_values, "tstop": self.tstop, "obj_fun_kwargs": options,
        }  # fmt: skip
        if self.solver == "cobyla":
            given["best"] = {"obj": math.inf, "params": None}

        def losses_of(rows: Floats) -> Sequence[float]:
            if self.solver == "cma":
                return self.obj_fun(predicted_params=list(rows), **given)
            return [self.obj_fun(predicted_params=rows[0], **given)]

        def evaluate(units: Floats) -> Floats:
            found = tried.evaluate(units, losses_of)
            if options.get("verbose", True):
                best = np.nanmin(tried.losses)
                print(f"Call {tried.calls[-1] + 1}: {found.min():.4g}; best {best:.4g}")
            return found

        return evaluate

    def _keep(self, tried: Tried, started: bool) -> None:
        """Keep what a search has found; `started` is whether its first call was an extra one."""
        self.history_ = _history(tried, list(self.initial_params))
        smallest, call = self.history_["best"].values, np.array(tried.calls) - started
        last = [np.flatnonzero(call <= k)[-1] for k in range(self.max_iter)]
        self.obj_ = smallest[last].tolist()
        best: list[float] = tried.values[np.nanargmin(tried.losses)].tolist()
        self.opt_params_, self.net_ = best, self._initial_net.copy()
        self._set_params(self.net_, _update_params(self.initial_params, best))

    def plot_convergence(self, ax: Any = None, show: bool = True) -> Any:
        """Plot the smallest objective value up to each call.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; a new figure otherwise.
        show : bool
            Whether to show the figure.

        Returns
        -------
        Figure
        """
        from apical.compat.hnn_core._viz.common import axes, plt_show

        if not self.obj_:
            raise RuntimeError("there is nothing to plot before fit has been called")
        ax = axes(ax)
        ax.plot(np.arange(1, len(self.obj_) + 1), self.obj_, color="black")
        ax.set(title="Convergence", xlabel="Number of calls", ylabel="Objective value")
        ax.grid(visible=True)
        plt_show(show)
        return ax.get_figure()


def _history(tried: Tried, names: list[str]) -> xr.Dataset:
    """Return all candidates as a table, as that of `apical.Fit`."""
    along = "candidate"
    return xr.Dataset(
        {
            "values": ((along, "parameter"), tried.values),
            "loss": (along, np.array(tried.losses)),
            "best": (along, np.fmin.accumulate(tried.losses)),
            "generation": (along, np.array(tried.calls)),
        },
        {along: np.arange(len(tried.losses)), "parameter": np.array(names, str)},
    )


def _update_params(
    initial_params: Mapping[str, float], predicted_params: Sequence[float]
) -> dict[str, float]:
    """Return values by name, in the order of the initial ones."""
    return dict(zip(initial_params, predicted_params, strict=True))


# --- checks ----------------------------------------------------------------------------------


def _check_bounds(constraints: Mapping[str, Any]) -> None:
    if not constraints:
        raise ValueError("constraints must hold at least one parameter")
    for name, bounds in constraints.items():
        if len(bounds) != 2 or not -math.inf < bounds[0] <= bounds[1] < math.inf:
            raise ValueError(f"constraints of '{name}' must be two numbers that rise; got {bounds}")


def _check_start(initial_params: Any, constraints: Mapping[str, Any]) -> None:
    _validate_type(initial_params, dict, "initial_params")
    if wrong := initial_params.keys() ^ constraints.keys():
        both = "initial_params and constraints must have the same names"
        raise ValueError(f"{both}; only one of them has {', '.join(map(repr, sorted(wrong)))}")
    for name, value in initial_params.items():
        _validate_type(value, "numeric", f"initial_params['{name}']")
        low, high = constraints[name]
        if not low <= value <= high:
            raise ValueError(f"initial_params['{name}'] must be from {low} to {high}; got {value}")


def _check_options(options: Mapping[str, Any], needed: Sequence[str]) -> None:
    if missing := [name for name in needed if name not in options]:
        raise ValueError(f"this objective needs {' and '.join(missing)}")
    known = {*_OPTIONS, *(name for names in _NEEDED.values() for name in names)}
    if strange := sorted(options.keys() - known):
        warnings.warn(f"options without effect: {', '.join(strange)}", UserWarning, stacklevel=3)


def _spread(sigma0: Any, width: Floats) -> Floats:
    """Return standard deviations as shares of the ranges."""
    _validate_type(sigma0, ("numeric", list, tuple, np.ndarray), "sigma0", "a number or several")
    sigma = np.asarray(sigma0, float)
    if sigma.ndim > 1:
        raise ValueError(f"sigma0 is an array: it must be shape ({width.size},); got {sigma.shape}")
    if sigma.ndim and sigma.size != width.size:
        raise ValueError(
            "sigma0: its length must be the same as the constraints'; "
            f"got {sigma.size} and {width.size}"
        )
    if not (sigma > 0).all():
        raise ValueError(f"sigma0 must be greater than 0; got {sigma0}")
    return sigma / np.where(width > 0, width, 1) if sigma.ndim else np.full(width.size, sigma)


# --- a report --------------------------------------------------------------------------------


def generate_opt_history_table(
    opt_results: Sequence[Mapping[str, Any]], report_timestamp: str
) -> str:
    """Return a text that tells how some searches went.

    Parameters
    ----------
    opt_results : list of dict
        For each search ``initial_params``, ``opt_params``, ``obj_values``, and if known ``solver``,
        ``obj_fun``, ``max_iter``, ``target_data``, ``n_trials``, ``psd_f_bands`` and
        ``psd_relative_bandpower``.
    report_timestamp : str
        When the text was made.
    """
    if not opt_results:
        return "There were no searches."
    parts = [f"Searches, {report_timestamp}"]
    for number, result in enumerate(opt_results, start=1):
        head = [f"Search {number}", *_settings(result)]
        losses = [f"  {k}: {value:.6f}" for k, value in enumerate(result["obj_values"])]
        change = result["obj_values"][-1] - result["obj_values"][0]
        parts.append("\n".join([
            *head, "", *_parameter_table(result), "", "Objective values by call:", *losses,
            f"Change: {change:+.6f}",
        ]))  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _settings(result: Mapping[str, Any]) -> list[str]:
    """Return a line for each setting of a search that is known."""
    names = {
        "solver": "Solver", "obj_fun": "Objective", "max_iter": "Calls at most",
        "target_data": "Target", "n_trials": "Trials",
    }  # fmt: skip
    lines = [f"{text}: {result[name]}" for name, text in names.items() if name in result]
    bands = zip(
        result.get("psd_f_bands", []), result.get("psd_relative_bandpower", []), strict=True
    )
    return lines + [f"Band: {low:g} to {high:g} Hz, weight {w:g}" for (low, high), w in bands]


def _parameter_table(result: Mapping[str, Any]) -> list[str]:
    """Return a line for each parameter: first value, best value, change."""
    first = result["initial_params"]
    width = max(map(len, first))
    rows = [f"{'parameter':<{width}} {'first':>14} {'best':>14} {'change':>14}"]
    for (name, before), after in zip(first.items(), result["opt_params"], strict=True):
        numbers = f"{before:>14.6f} {after:>14.6f} {after - before:>+14.6f}"
        rows.append(f"{name:<{width}} {numbers}")
    return rows
