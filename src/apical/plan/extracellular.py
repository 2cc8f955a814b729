"""Extracellular potentials: what a membrane current raises at each electrode."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from apical.errors import ModelError, Problem
from apical.plan.connect import PopulationPlan
from apical.plan.discretise import Floats, Tree
from apical.plan.earlier import Earlier
from apical.plan.observables import ObservablePlan, observable

if TYPE_CHECKING:
    from apical.model import Cell, ElectrodeArray, Network

#: nA per (S/m · µm) is 1e-3 V, hence µV
_MICROVOLT = 1e3
#: GB that the weights of an array may take.
_ROOM = 4.0
#: Where the observables of electrode arrays have their names from.
_ADDRESS = "electrodes."


def plan_electrodes(
    network: Network, populations: dict[str, PopulationPlan], dt: float, earlier: Earlier
) -> tuple[ObservablePlan, ...]:
    """Return one observable for every electrode array and population, in their orders.

    Raises
    ------
    ModelError
        If arrays see more compartments than there is room for.
    """
    _check_room(network, populations)
    found = []
    for name, array in network.electrodes.items():
        address, every = _ADDRESS + name, steps_between(array, dt)
        for index, population in enumerate(populations.values()):
            kept = earlier.potential(name, address, population)
            if kept is None or (kept.population, kept.every) != (index, every):
                cell, places = network.cells[population.cell.name], population.positions
                weights = transfer_resistances(array, cell, population.cell.tree, places)
                kept = observable(address, index, population, weights, every=every)
            found.append(kept)
    return tuple(found)


def steps_between(array: ElectrodeArray, dt: float) -> int:
    """Return the number of steps from one sample to the next."""
    return max(1, round(array.every / dt))


def _check_room(network: Network, populations: dict[str, PopulationPlan]) -> None:
    """Refuse weights that take too much memory, before any of it is asked for."""
    nodes = sum(p.n * p.cell.tree.nodes for p in populations.values())
    problems = []
    for name, array in network.electrodes.items():
        # of membrane currents, and of the voltages that they come from
        gigabytes = 2 * 8 * len(array.positions) * nodes / 1e9
        if gigabytes > _ROOM:
            what = f"weights would take {gigabytes:.3g} GB; at most {_ROOM:g} GB fit"
            problems.append(Problem(_ADDRESS + name, what, "use fewer electrodes"))
    if problems:
        raise ModelError(problems)


def array_of(observable: ObservablePlan) -> str | None:
    """Return the name of the electrode array that an observable belongs to, if there is one."""
    name = observable.name
    return name.removeprefix(_ADDRESS) if name.startswith(_ADDRESS) else None


def transfer_resistances(
    array: ElectrodeArray, cell: Cell, tree: Tree, positions: Floats
) -> Floats:
    """Return what each node's membrane current raises at each electrode.

    Parameters
    ----------
    array : ElectrodeArray
        The electrodes, and how they are reached.
    cell : Cell
        The cell type; every section has end points.
    tree : Tree
        Its nodes.
    positions : array, (cells, 3), µm
        Where the cells are.

    Returns
    -------
    array, (electrodes, cells, nodes), µV/nA
        Zero for section ends, which have no membrane.
    """
    first, last = _lines(array, cell, tree)
    # (electrodes, cells, 3): electrodes as seen from cells
    seen = np.array(array.positions)[:, None, :] - positions[None, :, :]
    weights = np.zeros((*seen.shape[:2], tree.nodes))
    reach = _inverse_distances if array.method == "point" else _inverse_distances_of_lines
    factor = _MICROVOLT / (4 * np.pi * array.conductivity)
    # one electrode after the other, so that what is computed in between stays small
    for k, points in enumerate(seen):
        found = reach(points, first, last, array.min_distance)
        weights[k, :, : tree.compartments] = factor * found
    return weights


def _lines(array: ElectrodeArray, cell: Cell, tree: Tree) -> tuple[Floats, Floats]:
    """Return both ends of every compartment relative to the cell, (compartments, 3), µm."""
    start, end = np.zeros((2, tree.compartments, 3))
    for name, section in cell.sections.items():
        rows, n = tree.compartments_of(name), tree.count[name]
        origin, whole = np.array(section.start), np.subtract(section.end, section.start)  # type: ignore[arg-type]
        half = np.full((n, 1), 0.5 / n)
        if array.method == "overlapping_line":
            half[1:-1] = 1 / n
        middle = tree.x[rows, None]
        start[rows] = origin + (middle - half) * whole
        end[rows] = origin + (middle + half) * whole
    return start, end


def _inverse_distances(points: Floats, first: Floats, last: Floats, nearest: float) -> Floats:
    """Return 1/r from the middle of each line, (points, lines), 1/µm."""
    apart = points[:, None, :] - (first + last) / 2
    return 1 / np.maximum(np.linalg.norm(apart, axis=-1), nearest)


def _inverse_distances_of_lines(
    points: Floats, first: Floats, last: Floats, nearest: float
) -> Floats:
    """Return the mean of 1/r along each line, (points, lines), 1/µm.

    The integral of 1/√(ρ² + h²) over h is asinh(h/ρ): h runs along the line, from the foot of the
    perpendicular ρ.
    """
    length = np.linalg.norm(last - first, axis=-1)
    direction = (last - first) / length[:, None]
    apart = points[:, None, :] - first
    along = np.einsum("pls,ls->pl", apart, direction)
    away = np.linalg.norm(apart - along[..., None] * direction, axis=-1)
    away = np.maximum(away, nearest)
    return (np.arcsinh(along / away) - np.arcsinh((along - length) / away)) / length
