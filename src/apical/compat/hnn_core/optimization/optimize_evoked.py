"""HNN's scheme for evoked responses: one evoked drive after the other, then all together."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from apical.compat.hnn_core.dipole import Dipole, _rmse, average_dipoles
from apical.compat.hnn_core.optimization._search import TOLERANCE, Floats, Tried
from apical.compat.hnn_core.optimization.objective_functions import _dipoles
from apical.errors import NumericalError
from apical.fit.optimise import Arrival, Ended, Search, Stage, stages_of_drives, stepwise

if TYPE_CHECKING:
    from apical.compat.hnn_core.network import Network

#: Simulations of a step at least; a standard deviation (ms) that can grow; and a weight of times
#: that counts.
_LEAST, _NARROW, _FAINT = 12, 0.01, 0.01


@dataclass(frozen=True)
class _Parameter:
    """A number of an evoked drive: ``mu``, ``sigma``, or a weight by receptor and cell type."""

    drive: str
    name: str | tuple[str, str]
    start: float
    low: float
    high: float

    def put(self, net: Network, value: float) -> None:
        """Set it in a network, which is changed."""
        drive = net.external_drives[self.drive]
        if isinstance(self.name, str):
            drive["dynamics"][self.name] = value
            return
        receptor, target = self.name
        for connection in _connections(net, self.drive):
            if (connection["receptor"], connection["target_type"]) == self.name:
                connection["nc_dict"]["A_weight"] = value
        if target in (of_receptor := drive.get(f"weights_{receptor}") or {}):
            of_receptor[target] = value


def optimize_evoked(
    net: Network,
    tstop: float,
    n_trials: int,
    target_dpl: Dipole,
    initial_dpl: Dipole,
    maxiter: int = 50,
    timing_range_multiplier: float = 3.0,
    sigma_range_multiplier: float = 50.0,
    synweight_range_multiplier: float = 500.0,
    decay_multiplier: float = 1.6,
    scale_factor: float = 1.0,
    smooth_window_len: float | None = None,
    dt: float = 0.025,
    which_drives: str | Sequence[str] = "all",
    return_rmse: bool = False,
) -> Any:
    """Find times, spreads and weights of evoked drives that explain a recorded dipole.

    Parameters
    ----------
    net : Network
        Where to begin; it is copied.
    tstop, dt : float, ms
        End of the simulations, and length of a step.
    n_trials : int
        Trials over which dipoles are averaged.
    target_dpl, initial_dpl : Dipole
        The recording; and a dipole of `net`, whose error is printed.
    maxiter : int
        How many simulations a step has on average, at least 12; or none.
    timing_range_multiplier : float
        How far a mean time may move to both sides, in standard deviations.
    sigma_range_multiplier, synweight_range_multiplier : float, percent
        How far standard deviations and weights may move to both sides; none falls below 0. A
        weight that is 0 may become 1 µS.
    decay_multiplier : float
        How fast times count less for a drive when later ones arrive.
    scale_factor : float
        Factor of simulated dipoles.
    smooth_window_len : float, ms, optional
        Window by which each of them is smoothed.
    which_drives : 'all' or list of str
        Evoked drives that vary.
    return_rmse : bool
        Whether to return errors, too.

    Returns
    -------
    net : Network
        A copy with the best parameters that were tried.
    rmse : list of float
        The root mean square error over the whole time of every simulation; with `return_rmse`.
    """
    net = net.copy()
    parameters = [
        parameter
        for name in _chosen(net, which_drives)
        for parameter in _parameters(
            net, name, tstop, timing_range_multiplier, sigma_range_multiplier / 100,
            synweight_range_multiplier / 100,
        )
    ]  # fmt: skip
    print(f"At the beginning: RMSE {_rmse(initial_dpl, target_dpl, tstop=tstop):.3g}")
    rmse: list[float] = []
    if maxiter > 0:
        options = {
            "dt": dt, "scale_factor": scale_factor, "smooth_window_len": smooth_window_len,
            "verbose": False, "n_trials": n_trials,
        }  # fmt: skip
        fit = _Evoked(net.copy(), parameters, target_dpl, tstop, options, rmse)
        plan = _plan(parameters, tstop, decay_multiplier)
        for parameter, value in zip(parameters, fit.best(plan, maxiter), strict=True):
            parameter.put(net, value)
        print(f"At the end: RMSE {np.nanmin(rmse):.3g}")
    return (net, rmse) if return_rmse else net


@dataclass
class _Evoked:
    """Simulations of a network with changing drives.

    Parameters
    ----------
    net : Network
        It is changed.
    parameters : sequence of _Parameter
        What varies.
    target : Dipole
        The recording.
    tstop : float, ms
        End of the simulations.
    options : dict
        How they run, and how dipoles are changed.
    rmse : list of float
        Errors of all simulations over the whole time; grows.
    """

    net: Network
    parameters: Sequence[_Parameter]
    target: Dipole
    tstop: float
    options: dict[str, Any]
    rmse: list[float]

    def best(self, plan: Sequence[Stage], maxiter: int) -> list[float]:
        """Search step by step; return the values with the smallest error over the whole time."""
        low, high = np.array([(p.low, p.high) for p in self.parameters]).T
        tried = Tried(low, high, max(maxiter, _LEAST) * len(plan))

        def staged(units: Floats, stage: Stage) -> Floats:
            return tried.evaluate(units, lambda rows: [self._error(row, stage) for row in rows])

        start = tried.to_unit([p.start for p in self.parameters])
        search = Search(start, lambda units: staged(units, plan[-1]), 0, TOLERANCE, tried.budget)
        with suppress(Ended):
            stepwise(search, plan, staged, lambda: tried.units[int(np.nanargmin(self.rmse))])
        return tried.values[np.nanargmin(self.rmse)].tolist()

    def _error(self, values: Floats, stage: Stage) -> float:
        """Simulate, note the error over the whole time, and return it as a step weights it."""
        for parameter, value in zip(self.parameters, values.tolist(), strict=True):
            parameter.put(self.net, value)
        try:
            dipoles = _dipoles(self.net, self.tstop, self.options["n_trials"], self.options)
        except NumericalError as error:
            print(f"Drives {stage.name}: counts as the worst: {error}")
            self.rmse.append(math.nan)
            return math.nan
        mean = average_dipoles(dipoles)
        self.rmse.append(_rmse(mean, self.target, tstop=self.tstop))
        print(f"Drives {stage.name}: RMSE {self.rmse[-1]:.3g}; best {np.nanmin(self.rmse):.3g}")
        if stage.weights is None:
            return self.rmse[-1]
        weights = np.interp(mean.times, stage.weights["time"].values, stage.weights.values)
        first, last = mean.times[np.flatnonzero(weights > _FAINT)[[0, -1]]]
        return _rmse(mean, self.target, tstart=first, tstop=last, weights=weights)


def _chosen(net: Network, which_drives: str | Sequence[str]) -> list[str]:
    """Return the names of the evoked drives that vary."""
    evoked = [name for name, drive in net.external_drives.items() if drive["type"] == "evoked"]
    if not evoked:
        raise ValueError("the network has no evoked drives: add_evoked_drive adds one")
    chosen = [name for name in evoked if which_drives == "all" or name in which_drives]
    if not chosen:
        raise ValueError(f"which_drives must be out of {', '.join(evoked)}; got {which_drives}")
    return chosen


def _parameters(
    net: Network, name: str, tstop: float, timing: float, sigma: float, weight: float
) -> Iterator[_Parameter]:
    """Give the numbers of one drive that vary, each with its own range."""
    dynamics = net.external_drives[name]["dynamics"]
    mu, spread = dynamics["mu"], dynamics["sigma"] or _NARROW
    low, high = max(0.0, mu - spread * timing), min(tstop, mu + spread * timing)
    yield _Parameter(name, "mu", mu, min(mu, low), max(mu, high))
    yield _Parameter(name, "sigma", spread, *_around(spread, sigma))
    found: dict[tuple[str, str], float] = {}
    for connection in _connections(net, name):
        place = connection["receptor"], connection["target_type"]
        found[place] = connection["nc_dict"]["A_weight"]
    for place, value in found.items():
        yield _Parameter(name, place, value, *(_around(value, weight) if value else (0.0, 1.0)))


def _connections(net: Network, name: str) -> list[Any]:
    """Return the connections of a drive, but those without effect that old networks have."""
    at_tuft = net.external_drives[name]["location"] == "distal"
    return [
        connection
        for connection in net.connectivity
        if connection["src_type"] == name
        and not (net._legacy_mode and at_tuft and connection["target_type"] == "L5_basket")
    ]


def _around(value: float, share: float) -> tuple[float, float]:
    """Return a range to both sides of a positive number."""
    return max(0.0, value * (1 - share)), value * (1 + share)


def _plan(parameters: Sequence[_Parameter], tstop: float, decay: float) -> list[Stage]:
    """Return the steps; one whose times hardly count is left out."""
    of_name = {(p.drive, p.name): p for p in parameters}
    arrivals = {
        drive: Arrival(p.start, of_name[drive, "sigma"].start, p.low, p.high)
        for (drive, name), p in of_name.items()
        if name == "mu"
    }
    plan = stages_of_drives([p.drive for p in parameters], arrivals, tstop, decay)
    return [s for s in plan if s.weights is None or float(s.weights.max()) > _FAINT]
