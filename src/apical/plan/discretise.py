"""From a cell's sections to nodes: NEURON's compartments and zero-area section ends.

A section has `nseg` compartments, each a node at its centre, and a node without area at its
1 end. The 0 end of the root has one too. Compartments come first in a cell's arrays, in section
order, then the ends, so that a channel on whole sections occupies contiguous rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from apical.errors import ModelError, Problem

if TYPE_CHECKING:
    from apical.model import Cell, Section

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.integer]

# ohm·cm·µm/µm² is 1e4 ohm, hence 1e-2 megohm
_MEGOHM = 1e-2
# µF/cm² · µm² is 1e-8 µF, hence 1e-5 nF
_NANOFARAD = 1e-5
#: S/cm² · µm² is 1e-8 S, hence 1e-2 µS; likewise mA/cm² to nA.
PER_AREA = 1e-2


@dataclass(frozen=True, eq=False)
class Tree:
    """The nodes of one cell type.

    Parameters
    ----------
    sections : tuple of str
        Section names, in the model's order.
    compartments : int
        Number of nodes with area; they come first.
    section : array of int, (nodes,)
        Index of each node's section.
    x : array, (nodes,)
        Position along the section, 0 to 1.
    parent : array of int, (nodes,)
        Neighbour towards the root; −1 for the root.
    axial : array, (nodes,), µS
        Conductance to the parent; 0 for the root.
    order : array of int, (nodes,)
        Every node after its parent; the tree is solved in this order backwards, then forwards.
    area : array, (nodes,), µm²
        Membrane area; 0 at section ends.
    capacitance : array, (nodes,), nF
        Membrane capacitance.
    distance : array, (nodes,), µm
        Path length from the root's 0 end.
    v0 : array, (nodes,), mV
        The given initial voltage.
    first, count : dict of str to int
        First compartment and number of compartments of a section.
    start_node, end_node : dict of str to int
        Node at a section's 0 end (its neighbour's, if attached) and at its 1 end.
    """

    sections: tuple[str, ...]
    compartments: int
    section: Ints
    x: Floats
    parent: Ints
    axial: Floats
    order: Ints
    area: Floats
    capacitance: Floats
    distance: Floats
    v0: Floats
    first: dict[str, int]
    count: dict[str, int]
    start_node: dict[str, int]
    end_node: dict[str, int]

    @property
    def nodes(self) -> int:
        """Number of nodes, section ends included."""
        return len(self.parent)

    def node(self, section: str, x: float) -> int:
        """Return the node at a place, as NEURON rounds it."""
        if x <= 0:
            return self.start_node[section]
        if x >= 1:
            return self.end_node[section]
        n = self.count[section]
        return self.first[section] + min(int(x * n), n - 1)

    def compartments_of(self, section: str) -> Ints:
        """Return the compartments of a section."""
        first = self.first[section]
        return np.arange(first, first + self.count[section])

    def label(self, node: int) -> str:
        """Return a node's name, such as ``soma(0.5)``."""
        return f"{self.sections[self.section[node]]}({self.x[node]:.4g})"


def discretise(cell: Cell) -> Tree:
    """Cut a cell into nodes.

    Parameters
    ----------
    cell : Cell
        The cell; its section tree has been validated.
    """
    names = parents_first(cell)
    count = {name: segments_of(cell.sections[name], cell) for name in cell.sections}
    if sum(count.values()) > 1_000_000:
        raise ModelError([Problem("sections", "more than a million compartments in one cell")])
    builder = _Builder(cell, count)
    for name in names:
        builder.attach(name)
    return builder.tree(names)


def parents_first(cell: Cell) -> list[str]:
    """Return section names so that each comes after its parent, otherwise in model order."""
    done: dict[str, None] = {}
    waiting = list(cell.sections)
    while waiting:
        ready = [n for n in waiting if (p := cell.sections[n].parent) is None or p in done]
        done.update(dict.fromkeys(ready))
        waiting = [n for n in waiting if n not in done]
    return list(done)


def segments_of(section: Section, cell: Cell) -> int:
    """Return the number of compartments of a section."""
    if section.nseg is not None:
        return section.nseg
    rule = cell.segments
    if rule.kind == "fixed":
        return rule.nseg
    if rule.kind == "length":
        return 1 if rule.single_below >= section.L else _odd(section.L / rule.length)
    # Carnevale & Hines (2006) The NEURON Book: compartments below a fraction of the AC length
    # constant lambda_f; 1e5 combines µm, ohm·cm, µF/cm² and Hz
    root = math.sqrt(section.diam / (4 * math.pi * rule.frequency * section.Ra * section.cm))
    length_constant = 1e5 * root
    return int((section.L / (rule.fraction * length_constant) + 0.9) / 2) * 2 + 1


def _odd(ratio: float) -> int:
    n = int(ratio)
    return n if n % 2 else n + 1


class _Builder:
    """Fills node arrays section by section, parents first."""

    def __init__(self, cell: Cell, count: dict[str, int]) -> None:
        self.cell, self.count = cell, count
        self.names = tuple(cell.sections)
        first = np.cumsum([0, *(count[n] for n in self.names)])
        self.compartments = int(first[-1])
        self.first = {n: int(i) for n, i in zip(self.names, first, strict=False)}
        self.root_node = self.compartments
        self.end_node = {n: self.compartments + 1 + i for i, n in enumerate(self.names)}
        self.start_node: dict[str, int] = {}
        nodes = self.compartments + 1 + len(self.names)
        self.section, self.parent = np.zeros(nodes, np.int64), np.full(nodes, -1, np.int64)
        self.x, self.axial, self.area = np.zeros(nodes), np.zeros(nodes), np.zeros(nodes)
        self.capacitance, self.distance, self.v0 = np.zeros(nodes), np.zeros(nodes), np.zeros(nodes)
        self.order = [self.root_node]

    def attach(self, name: str) -> None:
        """Add one section whose parent is already there."""
        section, n = self.cell.sections[name], self.count[name]
        start = self._start(name, section)
        self.start_node[name] = start
        nodes = [*range(self.first[name], self.first[name] + n), self.end_node[name]]
        step = section.L / n
        area = math.pi * section.diam * step
        half = _MEGOHM * section.Ra * (step / 2) / (math.pi * section.diam**2 / 4)
        for i, node in enumerate(nodes):
            is_end = i == n
            self.section[node] = self.names.index(name)
            self.parent[node] = start if i == 0 else nodes[i - 1]
            self.axial[node] = 1 / half if i == 0 or is_end else 1 / (2 * half)
            self.x[node] = 1.0 if is_end else (i + 0.5) / n
            self.distance[node] = self.distance[start] + self.x[node] * section.L
            self.v0[node] = section.v0
            if not is_end:
                self.area[node] = area
                self.capacitance[node] = _NANOFARAD * section.cm * area
        self.order.extend(nodes)

    def _start(self, name: str, section: Section) -> int:
        if section.parent is None:
            self.section[self.root_node] = self.names.index(name)
            self.v0[self.root_node] = section.v0
            return self.root_node
        parent, x = section.parent, section.parent_x
        if x <= 0:
            return self.start_node[parent]
        if x >= 1:
            return self.end_node[parent]
        n = self.count[parent]
        return self.first[parent] + min(int(x * n), n - 1)

    def tree(self, names: list[str]) -> Tree:
        """Freeze the arrays."""
        arrays = {
            "section": self.section, "x": self.x, "parent": self.parent, "axial": self.axial,
            "order": np.array(self.order, np.int64), "area": self.area,
            "capacitance": self.capacitance, "distance": self.distance, "v0": self.v0,
        }  # fmt: skip
        for array in arrays.values():
            array.setflags(write=False)
        return Tree(
            sections=self.names, compartments=self.compartments, first=self.first,
            count=self.count, start_node=self.start_node, end_node=self.end_node, **arrays,
        )  # fmt: skip


def section_direction(section: Section) -> tuple[float, float, float] | None:
    """Return a section's unit vector from its 0 to its 1 end, or None without end points."""
    if section.start is None or section.end is None:
        return None
    delta = [b - a for a, b in zip(section.start, section.end, strict=True)]
    length = math.sqrt(sum(d * d for d in delta))
    return (delta[0] / length, delta[1] / length, delta[2] / length) if length > 0 else None
