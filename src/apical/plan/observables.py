"""Linear observables: weights on voltages. A new one is one function that returns weights."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from apical.plan.discretise import Floats, Ints, Tree, section_direction

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from apical.model import Cell
    from apical.plan.connect import PopulationPlan
    from apical.plan.plan import ClampPlan, Plan

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
    from scipy.sparse import csr_matrix

    child = np.flatnonzero(tree.parent >= 0)
    parent, g = tree.parent[child], tree.axial[child]
    rows = np.concatenate([child, child, parent, parent])
    columns = np.concatenate([parent, child, child, parent])
    return csr_matrix((np.concatenate([g, -g, g, -g]), (rows, columns)), (tree.nodes, tree.nodes))


@dataclass(frozen=True, eq=False)
class ObservablePlan:
    """Weighted sums over one population, sampled as it runs; engines know voltages only.

    Parameters
    ----------
    name : str
        What it is called.
    population : int
        Index of the population.
    weights : array, (outputs, cells, nodes), per mV
        What the voltages are multiplied by.
    at_nodes : array, (outputs, cells, nodes), per nA, or None
        What an injected current adds, where the sum is over membrane currents.
    every : int
        Steps from one sample to the next; the first is at t = 0.
    """

    name: str
    population: int
    weights: Floats
    at_nodes: Floats | None
    every: int

    @property
    def outputs(self) -> int:
        """Number of sums."""
        return len(self.weights)

    @cached_property
    def of_start(self) -> Floats:
        """Weights summed over cells, (outputs, nodes), which all start alike."""
        return self.weights.sum(axis=1)

    def samples(self, steps: int) -> int:
        """Return the number of samples in a run."""
        return steps // self.every + 1

    def with_injected(
        self, sums: Floats, clamps: Sequence[ClampPlan], steps: int, *, copy: bool = True
    ) -> Floats:
        """Return the sums, (outputs, samples), with what clamps add to every sample.

        Without `copy` these are the given ones where nothing is added.
        """
        at_nodes = self.at_nodes
        mine = [c for c in clamps if c.population == self.population and at_nodes is not None]
        added = sums.copy() if copy or mine else sums
        # sample k follows step k·every − 1
        step = np.arange(self.samples(steps)) * self.every - 1
        for clamp in mine:
            on = (clamp.first <= step) & (step < clamp.last)
            gain = at_nodes[:, clamp.cells, clamp.node].sum(axis=1)  # type: ignore[index]
            added += clamp.amplitude * gain[:, None] * on
        return added


def observe(
    plan: Plan, name: str, population: str, weights: Floats, *, of: str = "i_membrane",
    every: int = 1,
) -> Plan:  # fmt: skip
    """Return a plan that also computes weighted sums of voltages or membrane currents.

    Parameters
    ----------
    plan : Plan
        The network.
    name : str
        What the sums are called.
    population : str
        Which cells they go over.
    weights : array, (outputs, cells, nodes) or (outputs, nodes)
        Weights; without cells they are alike for all.
    of : {'i_membrane', 'v'}
        Membrane currents, nA, positive outward and electrodes' included, or voltages, mV.
        At t = 0 what clamps inject counts as nothing.
    every : int
        Steps from one sample to the next.

    Raises
    ------
    ValueError
        If the shape does not fit the population.
    """
    index = [p.name for p in plan.populations].index(population)
    added = observable(name, index, plan.populations[index], weights, of=of, every=every)
    return dataclasses.replace(plan, observables=(*plan.observables, added))


def observable(
    name: str, index: int, population: PopulationPlan, weights: Floats, *,
    of: str = "i_membrane", every: int = 1,
) -> ObservablePlan:  # fmt: skip
    """Return weighted sums over one population; see :func:`observe`."""
    tree, given = population.cell.tree, np.asarray(weights, float)
    given = given[:, None, :] if given.ndim == 2 else given
    n, nodes = population.n, tree.nodes
    shape = (len(given), n, nodes)
    if given.ndim != 3 or given.shape[1] not in (1, n) or given.shape[2] != nodes:
        raise ValueError(
            f"weights of '{population.name}' must be (outputs, cells, nodes), such as {shape}"
        )
    if of not in ("i_membrane", "v"):
        raise ValueError(f"of must be i_membrane or v; got '{of}'")
    at_nodes = None
    if of == "i_membrane":
        # w · (M v) = (Mᵀ w) · v
        at_nodes, matrix = np.broadcast_to(given, shape), membrane_current_matrix(tree)
        given = np.asarray(given.reshape(-1, tree.nodes) @ matrix).reshape(given.shape)
    return ObservablePlan(name, index, np.broadcast_to(given, shape), at_nodes, every)


def kept_ends(plan: Plan, population: int) -> tuple[int, ...]:
    """Return the section ends of a population that keep their weights: receptors or clamps do."""
    cell = plan.populations[population].cell
    kept = {int(k) for m in cell.mechanisms for k in m.nodes if k >= cell.tree.compartments}
    return tuple(sorted(kept | {c.node for c in plan.clamps if c.population == population}))


def nodes_on_compartments(tree: Tree, kept: tuple[int, ...]) -> int:
    """Return of how many nodes :func:`on_compartments` gives weights."""
    return _means(tree, kept)[1].shape[1]


def on_compartments(weights: Floats, tree: Tree, kept: tuple[int, ...]) -> Floats:
    """Return an observable's weights of as few nodes as have the same sums after every step.

    No current enters a section end through a membrane: a step leaves there what makes the axial
    currents cancel, which is a mean of the neighbours' voltages, and these can take the end's
    weight. At t = 0 voltages are as given, and this does not hold.

    Parameters
    ----------
    weights : array, (outputs, cells, nodes)
        All weights.
    tree : Tree
        The nodes of a cell.
    kept : tuple of int
        Section ends that keep their own; see :func:`kept_ends`.

    Returns
    -------
    array, (outputs, cells, first nodes)
        Compartments come first; after the last end that keeps its weight there is nothing.
    """
    free, means = _means(tree, kept)
    nodes = means.shape[1]
    found = weights[..., :nodes] + weights[..., free] @ means
    found[..., free[free < nodes]] = 0.0
    return found


@lru_cache(maxsize=64)
def _means(tree: Tree, taken: tuple[int, ...]) -> tuple[Ints, Floats]:
    """Return the section ends but some, and their voltages as means of the first nodes' ones."""
    from scipy.sparse.linalg import splu

    free = np.setdiff1d(np.arange(tree.compartments, tree.nodes), taken)
    rest = np.setdiff1d(np.arange(tree.nodes), free)
    means = np.zeros((len(free), rest[-1] + 1))
    if free.size:
        matrix = membrane_current_matrix(tree)[free].tocsc()
        means[:, rest] = splu(matrix[:, free]).solve(-matrix[:, rest].toarray())
    return free, means
