"""The prior as a standard normal: coordinates in which no bound is in the way.

A value's share is that of its prior below it; its coordinate is the standard normal value below
which the same share lies. A network that learns densities of coordinates so never puts any beyond
the bounds, and the prior of all coordinates is one and the same.
"""

from __future__ import annotations

import typing
from typing import TYPE_CHECKING, Any

import numpy as np

from apical.fit import Normal, Space
from apical.fit.parameter import Parameter
from apical.model.paths import resolve

if TYPE_CHECKING:
    from apical.model import Network

Floats = np.ndarray
#: Shares closer to 0 and 1 than this are not told apart: coordinates are within ±6.
_EDGE = 1e-9


def coordinates(space: Space, values: Floats) -> Floats:
    """Return values, (…, parameters), as coordinates whose prior is standard normal."""
    from scipy.special import ndtr, ndtri

    share = space.to_unit(values)
    for k, parameter in enumerate(space.parameters.values()):
        if isinstance(parameter.prior, Normal):
            mean, sd, low, high = _normal(parameter)
            below, above = ndtr((low - mean) / sd), ndtr((high - mean) / sd)
            here = ndtr((_on_scale(parameter, values[..., k]) - mean) / sd)
            share[..., k] = (here - below) / (above - below)
    return ndtri(np.clip(share, _EDGE, 1 - _EDGE))


def values_at(space: Space, coordinate: Floats) -> Floats:
    """Return the values, (…, parameters), at coordinates; within the bounds."""
    from scipy.special import ndtr

    return space.quantiles(ndtr(coordinate))


def log_prior(space: Space, values: Floats) -> Floats:
    """Return the logarithm of the prior density of values, (…, parameters).

    The density is that of the values; for those on a log scale, of their natural logarithms.
    """
    from scipy.special import ndtr

    inside = ((space.low <= values) & (values <= space.high)).all(axis=-1)
    total = np.where(inside, 0.0, -np.inf)
    for k, parameter in enumerate(space.parameters.values()):
        mean, sd, low, high = _normal(parameter)
        if not isinstance(parameter.prior, Normal):
            total -= np.log(high - low)
            continue
        share = ndtr((high - mean) / sd) - ndtr((low - mean) / sd)
        here = (
            _on_scale(parameter, np.clip(values[..., k], space.low[k], space.high[k])) - mean
        ) / sd
        total -= here**2 / 2 + np.log(sd * np.sqrt(2 * np.pi) * share)
    return total


def _on_scale(parameter: Parameter, values: Any) -> Any:
    return np.log(values) if parameter.scale == "log" else values


def _normal(parameter: Parameter) -> tuple[float, float, float, float]:
    """Return mean, sd and bounds on the parameter's scale; of a uniform prior, bounds matter."""
    low, high = _on_scale(parameter, parameter.low), _on_scale(parameter, parameter.high)
    if isinstance(parameter.prior, Normal):
        return _on_scale(parameter, parameter.prior.mean), parameter.prior.sd, low, high
    return low, high - low, low, high


# --- units ----------------------------------------------------------------------------------------


def units_of_parameters(space: Space) -> list[str]:
    """Return the unit of each parameter; empty for pure numbers and where none is declared."""
    return [_unit(space.base, next(iter(p.factors))) for p in space.parameters.values()]


def _unit(network: Network, path: str) -> str:
    keys, _, _ = resolve(network, path)
    here: Any = network
    declared: Any = None
    for key in keys:
        fields = getattr(type(here), "model_fields", None)
        if fields is None:
            here = here[key]
        else:
            declared = fields[key].annotation, *fields[key].metadata
            here = getattr(here, str(key))
    return next((unit for unit in _units(declared) if unit != "1"), "")


def _units(declared: Any) -> typing.Iterator[str]:
    """Yield the units among type annotations."""
    parts = declared if isinstance(declared, tuple) else typing.get_args(declared)
    for part in parts:
        if isinstance(unit := getattr(part, "unit", None), str):
            yield unit
        else:
            yield from _units(part)
