"""What is made small, by hnn-core's definitions: scaled, smoothed, averaged, resampled by FFT."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from apical.compat.hnn_core.dipole import (
    Dipole,
    _anticorr,
    _rmse,
    _simulate_together,
    average_dipoles,
    simulate_dipole,
)
from apical.errors import NumericalError

if TYPE_CHECKING:
    from apical.compat.hnn_core.network import Network

Options = Mapping[str, Any]


def _dipoles(net: Network, tstop: float, n_trials: int, options: Options) -> list[Dipole]:
    """Simulate a network; return its dipoles, scaled and smoothed."""
    dipoles = simulate_dipole(
        net, tstop=tstop, dt=options.get("dt", 0.025), n_trials=n_trials,
        verbose=options.get("verbose", True),
    )  # fmt: skip
    _change(dipoles, options)
    return dipoles


def _change(dipoles: Sequence[Dipole], options: Options) -> None:
    """Scale and smooth dipoles as the options say."""
    for dipole in dipoles:
        if (factor := options.get("scale_factor")) is not None:
            dipole.scale(factor)
        if (window := options.get("smooth_window_len")) is not None:
            dipole.smooth(window)


def _dipoles_of_all(
    nets: Sequence[Network], tstop: float, n_trials: int, options: Options
) -> list[list[Dipole] | NumericalError]:
    """Do as `_dipoles` for several networks, together; or say why one has none."""
    if len(nets) == 1:
        try:
            return [_dipoles(nets[0], tstop, n_trials, options)]
        except NumericalError as error:
            return [error]
    found = _simulate_together(nets, tstop, options.get("dt", 0.025), n_trials)
    for dipoles in found:
        if not isinstance(dipoles, NumericalError):
            _change(dipoles, options)
    return found


def _distance(measure: Callable[..., float], dipoles: list[Dipole], tstop: float,
              options: Options) -> float:  # fmt: skip
    """Return how far the mean of dipoles is from the target."""
    return measure(average_dipoles(dipoles), options["target"], tstop=tstop)


def _missing_power(dipoles: list[Dipole], tstop: float, options: Options) -> float:
    """Return minus the share of power that lies in bands, each with its weight."""
    from scipy.signal import periodogram

    bands, weights = options["f_bands"], _band_weights(options)
    (dipole,) = dipoles
    frequencies, power = periodogram(dipole.data["agg"], dipole.sfreq, window="hamming")
    inside = [power[(low <= frequencies) & (frequencies <= high)].sum() for low, high in bands]
    everything = float(power.sum())
    # a dipole that never moves has no share anywhere
    return -float(np.dot(weights, inside)) / everything if everything > 0 else math.nan


def _band_weights(options: Options) -> Sequence[float]:
    """Return the weight of each band, which may be one number for all."""
    bands, weights = options["f_bands"], options["relative_bandpower"]
    if np.ndim(weights) == 0:
        return [float(weights)] * len(bands)
    if len(weights) != len(bands):
        raise ValueError(
            f"Length of relative_bandpower, {len(weights)}, is not that of f_bands, {len(bands)}"
        )
    return weights


def _objective(
    loss: Callable[[list[Dipole], float, Options], float],
    trials: Callable[[Options], int],
    initial_net: Network,
    initial_params: dict[str, float],
    set_params: Callable[[Network, dict[str, float]], Any],
    predicted_params: Any,
    update_params: Callable[[dict[str, float], Any], dict[str, float]],
    obj_values: list[Any],
    tstop: float,
    obj_fun_kwargs: Options,
    best: dict[str, Any] | None = None,
) -> Any:
    """Return the objective value of one candidate, or of several, simulated together, their list.

    Parameters
    ----------
    loss : function
        Of dipoles, the end of the simulation (ms) and the options of the fit.
    trials : function
        Of these options: how many trials are simulated.
    initial_net : Network
        What the parameters are set in; it is copied.
    initial_params : dict of str to float
        Gives their names.
    set_params : function
        Called with a copy of the network and a dictionary of values.
    predicted_params : (k,) or (n, k) array
        One candidate, or several.
    update_params : function
        Makes a dictionary of one.
    obj_values : list
        What is returned is appended.
    tstop : float, ms
        End of the simulation.
    obj_fun_kwargs : dict
        Options of the fit.
    best : dict, optional
        ``obj`` and ``params`` of the best so far; these are replaced by better ones.
    """
    rows, nets = np.atleast_2d(np.asarray(predicted_params, float)), []
    for row in rows:
        nets.append(initial_net.copy())
        set_params(nets[-1], update_params(initial_params, row.tolist()))
    n, values = trials(obj_fun_kwargs), []
    for row, dipoles in zip(rows, _dipoles_of_all(nets, tstop, n, obj_fun_kwargs), strict=True):
        if isinstance(dipoles, NumericalError):
            print(f"This candidate counts as the worst: {dipoles}")
            value = math.nan
        else:
            value = loss(dipoles, tstop, obj_fun_kwargs)
        if best is not None and value < best["obj"]:
            best.update(obj=value, params=row)
        values.append(value)
    found = values if np.ndim(predicted_params) == 2 else values[0]
    obj_values.append(found)
    return found


def _as_asked(options: Options) -> int:
    return options.get("n_trials", 1)


def _one(options: Options) -> int:
    return 1


_rmse_evoked = partial(_objective, partial(_distance, _rmse), _as_asked)
_anticorr_evoked = partial(_objective, partial(_distance, _anticorr), _as_asked)
_maximize_psd = partial(_objective, _missing_power, _one)
