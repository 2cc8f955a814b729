"""Objectives and parameters as plain values that JSON can hold, and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from apical.fit import objectives
from apical.fit.members import fingerprint
from apical.fit.objectives import Objective
from apical.fit.parameter import Normal, Parameter

_KINDS = {
    kind.__name__: kind
    for kind in (
        objectives.Sum, objectives.Rmse, objectives.Correlation, objectives.Peak,
        objectives.Spectrum, objectives.BandPower, objectives.Rates, Parameter, Normal,
    )
}  # fmt: skip


def plain(value: Any) -> Any:
    """Return an objective, a parameter, or what they hold, as values that JSON can hold.

    A function becomes its name and a hash of what it does, and cannot come back.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return {"kind": type(value).__name__, **fields}
    if isinstance(value, xr.DataArray):
        axes = {str(d): value[d].values.tolist() for d in value.dims if d in value.coords}
        return {"kind": "array", "dims": list(value.dims), "axes": axes,
                "values": value.values.tolist()}  # fmt: skip
    if isinstance(value, Mapping):
        # apart from its names, one of which may be "kind"
        return {"kind": "mapping", "of": {str(name): plain(item) for name, item in value.items()}}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        return value.item()
    if callable(value):
        module, name = getattr(value, "__module__", ""), getattr(value, "__qualname__", repr(value))
        return {"kind": "function", "name": f"{module}.{name}", "does": fingerprint(value)}
    return value


def restored(data: Any) -> Any:
    """Return what `plain` was given, except that tuples are lists.

    Raises
    ------
    LookupError
        If a function was part of it.
    """
    if isinstance(data, list):
        return [restored(item) for item in data]
    if not isinstance(data, dict):
        return data
    if data.get("kind") == "array":
        return xr.DataArray(np.array(data["values"]), dims=data["dims"], coords=data["axes"])
    if data["kind"] == "mapping":
        return {name: restored(item) for name, item in data["of"].items()}
    fields = {name: restored(item) for name, item in data.items() if name != "kind"}
    return _KINDS[data["kind"]](**fields)


def objective_from(data: Any) -> Objective | None:
    """Return the objective that `plain` was given; None if it was a function of the user's own."""
    try:
        return restored(data)
    except LookupError:
        return None
