"""Where the sections and compartments of cells are, for pictures in three dimensions."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from apical.plan.discretise import parents_first, segments_of

if TYPE_CHECKING:
    from apical.model import Cell, Network

Floats = npt.NDArray[np.floating]
# widest angle between branches that have no place of their own
_SPREAD = math.radians(50)
_SITE = re.compile(r"(?:.*:)?(?P<section>[^:]+)\((?P<x>[^()]+)\)")


def positions(network: Network, population: str, spacing: float | None = None) -> Floats:
    """Return where the cells of a population are, (n, 3), µm.

    Parameters
    ----------
    network : Network
        The network.
    population : str
        One of its populations.
    spacing : float, µm, optional
        Draw cells on grids this far apart instead of at the in-plane distance.
    """
    distance = network.inplane_distance if spacing is None else spacing
    points = network.populations[population].positions.points(distance)
    return np.array(points, float).reshape(-1, 3)


def section_ends(cell: Cell) -> dict[str, Floats]:
    """Return the end points of every section, (2, 3), µm, relative to the cell.

    Sections without end points in the model are drawn as long as they are, root along the cell's
    axis, branches fanned out in the plane of x and z.
    """
    ends: dict[str, Floats] = {}
    for name in parents_first(cell):
        section = cell.sections[name]
        if section.start is not None and section.end is not None:
            ends[name] = np.array([section.start, section.end], float)
            continue
        start, direction = np.zeros(3), np.array(cell.axis, float)
        if section.parent is not None:
            low, high = ends[section.parent]
            start = low + section.parent_x * (high - low)
            direction = _turned(high - low, _angle(cell, name))
        ends[name] = np.array([start, start + section.L * direction / np.linalg.norm(direction)])
    return {name: ends[name] for name in cell.sections}


def _angle(cell: Cell, name: str) -> float:
    """Return how far a branch turns from its parent's direction, radian."""
    section = cell.sections[name]
    kin = [
        other
        for other, s in cell.sections.items()
        if s.start is None and (s.parent, s.parent_x) == (section.parent, section.parent_x)
    ]
    back = math.pi if section.parent_x == 0 else 0.0
    if 0 < section.parent_x < 1:
        return math.pi / 2 if kin.index(name) % 2 else -math.pi / 2
    if len(kin) == 1:
        return back
    return back + _SPREAD * (2 * kin.index(name) / (len(kin) - 1) - 1)


def _turned(direction: Floats, angle: float) -> Floats:
    """Turn a direction in the plane of x and z; what has no part in it first rises along z."""
    x, _, z = direction if direction[0] or direction[2] else (0.0, 0.0, 1.0)
    cosine, sine = math.cos(angle), math.sin(angle)
    return np.array([x * cosine + z * sine, direction[1], z * cosine - x * sine])


def site_ends(cell: Cell, sites: Iterable[str]) -> Floats:
    """Return the end points of the compartments that sites such as ``soma(0.5)`` are in.

    Returns
    -------
    array, (sites, 2, 3), µm
        Relative to the cell.
    """
    ends = section_ends(cell)
    found = []
    for site in sites:
        match = _SITE.fullmatch(site)
        if match is None or match["section"] not in ends:
            raise ValueError(f"'{site}' is no place on the cell")
        name, x = match["section"], float(match["x"])
        half = 0.5 / segments_of(cell.sections[name], cell)
        low, high = ends[name]
        along = np.clip([x - half, x + half], 0.0, 1.0)[:, None]
        found.append(low + along * (high - low))
    return np.array(found).reshape(-1, 2, 3)
