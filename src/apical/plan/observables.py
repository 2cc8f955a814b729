"""Linear observables: weights on voltages. A new one is one function that returns weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix

from apical.plan.discretise import Floats, Tree, section_direction

if TYPE_CHECKING:
    from apical.model import Cell

# nA·µm is fAm, and 1e-6 nAm
_NANOAMPERE_METRE = 1e-6


def dipole_weights(cell: Cell, tree: Tree) -> Floats:
    """Return the weights that turn a cell's voltages into its current dipole.

    The axial current into each node from its neighbour towards the root, (v_parent − v)·g, times
    the distance between the two along the cell's axis, summed. The half compartment before each
    section end counts like all others.

    Parameters
    ----------
    cell : Cell
        The cell; sections without end points contribute nothing.
    tree : Tree
        Its nodes.

    Returns
    -------
    array, (nodes,), nAm/mV
        Positive along the axis.
    """
    weights = np.zeros(tree.nodes)
    axis = np.array(cell.axis) / np.linalg.norm(cell.axis)
    for name, section in cell.sections.items():
        direction = section_direction(section)
        if direction is None:
            continue
        cosine = float(np.dot(direction, axis))
        nodes = np.append(tree.compartments_of(name), tree.end_node[name])
        x = np.concatenate([[0.0], tree.x[nodes]])
        height = np.diff(x) * section.L * cosine
        moment = _NANOAMPERE_METRE * tree.axial[nodes] * height
        np.add.at(weights, tree.parent[nodes], moment)
        np.add.at(weights, nodes, -moment)
    return weights


def membrane_current_matrix(tree: Tree) -> csr_matrix:
    """Return the matrix that turns voltages into membrane currents, electrodes' included.

    What flows out through the membrane of a node is what flows in from its neighbours, so row i
    is Σ g (v_j − v_i) over neighbours j. Injected current must be added where there is any.

    Returns
    -------
    sparse matrix, (nodes, nodes), µS
        Times mV gives nA; positive outward; columns sum to zero.
    """
    child = np.flatnonzero(tree.parent >= 0)
    parent, g = tree.parent[child], tree.axial[child]
    rows = np.concatenate([child, child, parent, parent])
    columns = np.concatenate([parent, child, child, parent])
    return csr_matrix((np.concatenate([g, -g, g, -g]), (rows, columns)), (tree.nodes, tree.nodes))
