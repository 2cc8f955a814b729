"""Models that come with apical.

>>> from apical import models
>>> models.erp().get("drives.evprox1.mu")
26.61
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apical import library
from apical.errors import ModelError, Problem, did_you_mean
from apical.model import Network
from apical.model.fields import Q


def neymotin_2020(
    grid: tuple[int, int] = (10, 10),
    inplane_distance: float | str = 1.0,
    layer_separation: float | str = 1307.4,
) -> Network:
    """Return the column of Jones et al. (2009) in the form of Neymotin et al. (2020).

    It has no drives.

    Parameters
    ----------
    grid : tuple of 2 int
        Pyramidal cells of each layer along x and y; basket cells are on every third point.
    inplane_distance : float, µm
        Distance between neighbours on the grid; space constants are in this unit.
    layer_separation : float, µm
        Depth of the somata of layer 5 below those of layer 2/3.

    Returns
    -------
    Network
        270 cells in four populations, 16 projections.

    Raises
    ------
    ModelError
        If an argument makes no sense.

    References
    ----------
    doi:10.1152/jn.00535.2009, doi:10.7554/eLife.51214
    """
    return _network("neymotin_2020", grid, inplane_distance, layer_separation)


def erp(
    grid: tuple[int, int] = (10, 10),
    inplane_distance: float | str = 1.0,
    layer_separation: float | str = 1307.4,
) -> Network:
    """Return :func:`neymotin_2020` with the drives of a tactile evoked response at threshold.

    The drives are ``evprox1``, ``evdist1`` and ``evprox2``: feed-forward, feedback, and late
    feed-forward input.

    Parameters
    ----------
    grid, inplane_distance, layer_separation
        As for :func:`neymotin_2020`.

    Returns
    -------
    Network
        The column with three evoked drives.

    Raises
    ------
    ModelError
        If an argument makes no sense.

    References
    ----------
    doi:10.1152/jn.00535.2009, doi:10.7554/eLife.51214
    """
    return _network("erp", grid, inplane_distance, layer_separation)


_MODELS: dict[str, Callable[..., Network]] = {"erp": erp, "neymotin_2020": neymotin_2020}


def names() -> dict[str, str]:
    """Return the names of all models, each with its description in one line."""
    return {name: title(name) for name in _MODELS}


def title(name: str) -> str:
    """Return a model's description in one line."""
    _check(name)
    return str(library.network_data(name)["title"])


def load(name: str) -> Network:
    """Return a model by name.

    Raises
    ------
    ModelError
        If there is none of that name.
    """
    _check(name)
    return _MODELS[name]()


def _check(name: str) -> None:
    if name not in _MODELS:
        hint = did_you_mean(name, _MODELS, "models are")
        raise ModelError([Problem("", f"there is no model '{name}'", hint)])


def _network(
    name: str, grid: tuple[int, int], inplane_distance: float | str, layer_separation: float | str
) -> Network:
    """Put a network's data, its mechanisms and cells, and its geometry together."""
    data = library.network_data(name)
    if base := data.pop("base", None):
        data = {**library.network_data(base), **data}
    separation = _length("layer_separation", layer_separation)
    populations: dict[str, Any] = {}
    for key, population in data["populations"].items():
        positions = dict(population["positions"])
        positions.update(shape=grid, z=positions.pop("depth") * separation)
        populations[key] = {**population, "positions": positions}
    return Network.model_validate(
        {
            **data,
            "inplane_distance": inplane_distance,
            "mechanisms": {m: library.mechanism(m) for m in data["mechanisms"]},
            "cells": {c: library.cell(c) for c in data["cells"]},
            "populations": populations,
        }
    )


def _length(name: str, value: object) -> float:
    try:
        return Q("um", ge=0).read(value)
    except ValueError as error:
        raise ModelError([Problem(name, str(error))]) from None
