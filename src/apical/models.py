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


def law_2021(
    grid: tuple[int, int] = (10, 10),
    inplane_distance: float | str = 1.0,
    layer_separation: float | str = 1307.4,
) -> Network:
    """Return the column of Law et al. (2021), in which beta events change evoked responses.

    It differs from :func:`neymotin_2020`: GABA-B synapses are slow, layer 5 pyramidal cells have no
    high-voltage activated calcium channels on soma and basal dendrites, and their tufts get other
    inhibition. It has no drives.

    Parameters
    ----------
    grid, inplane_distance, layer_separation
        As for :func:`neymotin_2020`.

    Returns
    -------
    Network
        270 cells in four populations, 17 projections.

    Raises
    ------
    ModelError
        If an argument makes no sense.

    References
    ----------
    doi:10.1093/cercor/bhab221
    """
    return _network("law_2021", grid, inplane_distance, layer_separation)


def kohl_2022(
    grid: tuple[int, int] = (10, 10),
    inplane_distance: float | str = 1.0,
    layer_separation: float | str = 1307.4,
) -> Network:
    """Return the column of Kohl et al. (2022), also called ``calcium``.

    It differs from :func:`neymotin_2020` in the layer 5 pyramidal cells: calcium channels grow
    denser with distance from the soma, sodium and potassium channels sparser. It has no drives.

    Parameters
    ----------
    grid, inplane_distance, layer_separation
        As for :func:`neymotin_2020`.

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
    doi:10.1007/s10548-021-00838-0
    """
    return _network("kohl_2022", grid, inplane_distance, layer_separation)


calcium = kohl_2022


def gamma_weak(
    grid: tuple[int, int] = (10, 10),
    inplane_distance: float | str = 1.0,
    layer_separation: float | str = 1307.4,
) -> Network:
    """Return a column with weak gamma rhythms (PING), fed by Poisson input.

    In each layer pyramidal cells excite basket cells, which inhibit them and each other; layers are
    not connected. Random input makes a few pyramidal cells fire in each cycle.

    Parameters
    ----------
    grid, inplane_distance, layer_separation
        As for :func:`neymotin_2020`.

    Returns
    -------
    Network
        270 cells in four populations, 6 projections and a Poisson drive.

    Raises
    ------
    ModelError
        If an argument makes no sense.

    References
    ----------
    doi:10.3389/fnhum.2013.00869, doi:10.7554/eLife.51214
    """
    return _network("gamma_weak", grid, inplane_distance, layer_separation)


def gamma_strong(
    grid: tuple[int, int] = (10, 10),
    inplane_distance: float | str = 1.0,
    layer_separation: float | str = 1307.4,
) -> Network:
    """Return the column of :func:`gamma_weak` with strong gamma rhythms.

    Constant currents into the somata of pyramidal cells, instead of random input, make them all
    fire in each cycle.

    Parameters
    ----------
    grid, inplane_distance, layer_separation
        As for :func:`neymotin_2020`.

    Returns
    -------
    Network
        270 cells in four populations, 6 projections and two injected currents.

    Raises
    ------
    ModelError
        If an argument makes no sense.

    References
    ----------
    doi:10.3389/fnhum.2013.00869, doi:10.7554/eLife.51214
    """
    return _network("gamma_strong", grid, inplane_distance, layer_separation)


def n20(
    grid: tuple[int, int] = (10, 10),
    inplane_distance: float | str = 1.0,
    layer_separation: float | str = 1307.4,
) -> Network:
    """Return a column driven as by stimulation of the median nerve (set N20 of HNN).

    Some weights differ from :func:`neymotin_2020`. A drive's one cell reaches all targets at once:
    ``evprox1``, ``evdist1`` and ``evdist2``.

    Parameters
    ----------
    grid, inplane_distance, layer_separation
        As for :func:`neymotin_2020`.

    Returns
    -------
    Network
        270 cells in four populations, 16 projections, three evoked drives.

    Raises
    ------
    ModelError
        If an argument makes no sense.

    References
    ----------
    doi:10.7554/eLife.51214, doi:10.1523/JNEUROSCI.0482-07.2007
    """
    return _network("n20", grid, inplane_distance, layer_separation)


def somatosensory(
    grid: tuple[int, int] = (10, 10),
    inplane_distance: float | str = 1.0,
    layer_separation: float | str = 1307.4,
) -> Network:
    """Return :func:`n20` with drives for 170 ms of a recorded response.

    The drives are ``evprox1``, ``evdist1``, ``evdist2`` and ``evprox2``.

    Parameters
    ----------
    grid, inplane_distance, layer_separation
        As for :func:`neymotin_2020`.

    Returns
    -------
    Network
        270 cells in four populations, 16 projections, four evoked drives.

    Raises
    ------
    ModelError
        If an argument makes no sense.

    References
    ----------
    doi:10.7554/eLife.51214, doi:10.1523/JNEUROSCI.0482-07.2007
    """
    return _network("somatosensory", grid, inplane_distance, layer_separation)


_MODELS: dict[str, Callable[..., Network]] = {
    "calcium": kohl_2022,
    "erp": erp,
    "gamma_strong": gamma_strong,
    "gamma_weak": gamma_weak,
    "kohl_2022": kohl_2022,
    "law_2021": law_2021,
    "n20": n20,
    "neymotin_2020": neymotin_2020,
    "somatosensory": somatosensory,
}


def names() -> dict[str, str]:
    """Return the names of all models, each with its description in one line."""
    return {name: title(name) for name in _MODELS}


def exists(name: str) -> bool:
    """Whether there is a model of that name."""
    return name in _MODELS


def title(name: str) -> str:
    """Return a model's description in one line."""
    _check(name)
    return str(library.network_data(_MODELS[name].__name__)["title"])


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
    if not exists(name):
        hint = did_you_mean(name, _MODELS, "models are")
        raise ModelError([Problem("", f"there is no model '{name}'", hint)])


def _network(
    name: str, grid: tuple[int, int], inplane_distance: float | str, layer_separation: float | str
) -> Network:
    """Put a network's data, its mechanisms and cells, and its geometry together."""
    data = library.network_data(name)
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
            "cells": {c: library.cell(file) for c, file in data["cells"].items()},
            "populations": populations,
        }
    )


def _length(name: str, value: object) -> float:
    try:
        return Q("um", ge=0).read(value)
    except ValueError as error:
        raise ModelError([Problem(name, str(error))]) from None
