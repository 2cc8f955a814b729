"""Cells as templates: sections, what sits on them, and how they hang together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any, NoReturn

import numpy as np

from apical.compat.hnn_core.externals.mne import _check_option, _validate_type

#: An end of a section: its name, and 0 or 1.
Node = tuple[str, int]


def _get_nseg(L: float) -> int:
    """Return the number of compartments of a section: odd, of about 50 µm."""
    if L <= 100:
        return 1
    return int(L / 50) + 1 - int(L / 50) % 2


def node_to_str(node: Node) -> str:
    """Return an end of a section as files have it."""
    return f"{node[0]},{node[1]}"


def _get_gaussian_connection(
    src_pos: Sequence[float],
    target_pos: Sequence[float],
    nc_dict: Mapping[str, float],
    inplane_distance: float = 1.0,
) -> tuple[float, float]:
    """Return weight and delay of a connection, which depend on the distance in the plane."""
    x, y = target_pos[0] - src_pos[0], target_pos[1] - src_pos[1]
    factor = np.exp(-(x**2 + y**2) / (nc_dict["lamtha"] * inplane_distance) ** 2)
    return nc_dict["A_weight"] * factor, nc_dict["A_delay"] / factor


class Section:
    """An unbranched part of a cell.

    Parameters
    ----------
    L, diam : float, µm
        Length and diameter.
    Ra : float, Ω·cm
        Axial resistivity.
    cm : float, µF/cm²
        Membrane capacitance.
    v0 : float, mV
        Initial voltage.
    end_pts : list of 2 lists of 3 float, µm, optional
        Start and end.

    Attributes
    ----------
    mechs : dict
        Channels: parameters by name of the mechanism. Before the section becomes part of a cell, a
        value may be a function of how far (µm) it is from the soma.
    syns : list of str
        Receptors.
    nseg : int
        Number of compartments.
    """

    def __init__(
        self,
        L: float,
        diam: float,
        Ra: float,
        cm: float,
        v0: float = -65,
        end_pts: list[list[float]] | None = None,
    ) -> None:
        self._L, self._diam, self._Ra, self._cm, self._v0 = L, diam, Ra, cm, v0
        self._end_pts = [] if end_pts is None else end_pts
        self.mechs: dict[str, dict[str, Any]] = {}
        self.syns: list[str] = []
        self.nseg = _get_nseg(L)

    def __repr__(self) -> str:
        return f"L={self.L}, diam={self.diam}, cm={self.cm}, Ra={self.Ra}, v0={self.v0}"

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Section):
            return NotImplemented
        mine, its = self.to_dict(), other.to_dict()
        here, there = np.array(mine.pop("end_pts")), np.array(its.pop("end_pts"))
        # moving a section there and back leaves rounding errors
        return mine == its and here.shape == there.shape and np.allclose(here, there, 0, 1.5e-5)

    @property
    def L(self) -> float:
        """Length, µm."""
        return self._L

    @property
    def diam(self) -> float:
        """Diameter, µm."""
        return self._diam

    @property
    def cm(self) -> float:
        """Membrane capacitance, µF/cm²."""
        return self._cm

    @property
    def Ra(self) -> float:
        """Axial resistivity, Ω·cm."""
        return self._Ra

    @property
    def v0(self) -> float:
        """Initial voltage, mV."""
        return self._v0

    @property
    def end_pts(self) -> list[list[float]]:
        """Start and end, µm."""
        return self._end_pts

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values."""
        names = ("L", "diam", "cm", "Ra", "end_pts", "nseg", "v0", "mechs", "syns")
        return {name: getattr(self, name) for name in names}


class Cell:
    """A template of cells.

    Parameters
    ----------
    name : str
        Its name.
    pos : tuple of 3 float, µm
        Where it is.
    sections : dict of str to Section
        Its parts; one is ``soma``.
    synapses : dict of str to dict
        Parameters of its receptors.
    sect_loc : dict of str to list of str
        Groups of sections.
    cell_tree : dict of tuple to list of tuple, or None
        What hangs on each end of a section; None if there is only one section.
    gid : int, optional
        Global index.
    """

    def __init__(
        self,
        name: str,
        pos: Sequence[float],
        sections: dict[str, Section],
        synapses: dict[str, dict[str, float]],
        sect_loc: dict[str, list[str]],
        cell_tree: dict[Node, list[Node]] | None,
        gid: int | None = None,
    ) -> None:
        if odd := [key for key, value in sections.items() if not isinstance(value, Section)]:
            raise ValueError(f"sections: expected Section objects; {', '.join(odd)} are none")
        if "soma" not in sections:
            raise KeyError(f"cell '{name}' has no section 'soma'")
        self.name, self.pos = name, pos
        self.sections, self.synapses, self.sect_loc = sections, synapses, sect_loc
        self.cell_tree = cell_tree
        # files have these; they stay empty, as nothing is built in place
        self.dipole_pp: list[Any] = []
        self.vsec: dict[str, Any] = {}
        self.isec: dict[str, Any] = {}
        self.ca: dict[str, Any] = {}
        self.tonic_biases: list[Any] = []
        self._gid: int | None = None
        if gid is not None:
            self.gid = gid
        self._update_end_pts()
        self._compute_section_mechs()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} | gid={self._gid}>"

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Cell):
            return NotImplemented
        mine, its = self.to_dict(), other.to_dict()
        for found in (mine, its):
            del found["sections"], found["gid"]
        return mine == its and self.sections == other.sections

    @property
    def gid(self) -> int | None:
        """Global index; it can be given once."""
        return self._gid

    @gid.setter
    def gid(self, gid: int) -> None:
        """Give the global index, once."""
        if not isinstance(gid, int):
            raise ValueError(f"gid must be a whole number; got {gid!r}")
        if self._gid is not None:
            raise RuntimeError(f"the cell has gid {self._gid}, which stays; got {gid}")
        self._gid = gid

    def copy(self) -> Cell:
        """Return a copy."""
        return deepcopy(self)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values."""
        tree = self.cell_tree
        if tree is not None:
            tree = {node_to_str(n): [node_to_str(c) for c in tree[n]] for n in tree}
        return {
            "name": self.name, "pos": self.pos,
            "sections": {name: s.to_dict() for name, s in self.sections.items()},
            "synapses": self.synapses, "cell_tree": tree, "sect_loc": self.sect_loc,
            "gid": self.gid, "dipole_pp": self.dipole_pp, "vsec": self.vsec, "isec": self.isec,
            "ca": self.ca, "tonic_biases": self.tonic_biases,
        }  # fmt: skip

    def modify_section(
        self,
        sec_name: str,
        L: float | None = None,
        diam: float | None = None,
        cm: float | None = None,
        Ra: float | None = None,
        v0: float | None = None,
    ) -> None:
        """Change properties of a section; what hangs on it moves with its end.

        Parameters
        ----------
        sec_name : str
            The section.
        L, diam, cm, Ra, v0 : float, optional
            New values, as of a `Section`.
        """
        _check_option("sec_name", sec_name, list(self.sections))
        for name, value in {"L": L, "diam": diam, "cm": cm, "Ra": Ra, "v0": v0}.items():
            if value is not None:
                _validate_type(value, (float, int), name)
                setattr(self.sections[sec_name], f"_{name}", value)
        self._update_end_pts()

    def distance_section(self, target_sec_name: str, curr_node: Node) -> float:
        """Return the distance from an end of a section along the cell to a section's middle, µm.

        It is NaN where the way leads only back.
        """
        if self.cell_tree is None:
            raise TypeError("distance_section needs a cell_tree; this cell has none")
        children = self.cell_tree.get(curr_node, [])
        if any(name == target_sec_name for name, _ in children):
            return self.sections[target_sec_name].L / 2
        found = []
        for node in children:
            way = self.sections[node[0]].L if node[0] == curr_node[0] else 0.0
            found.append(self.distance_section(target_sec_name, node) + way)
        return min((d for d in found if not np.isnan(d)), default=np.nan)

    def define_shape(self, node: Node) -> None:
        """Stretch the section of an end to its length, and all that hang on it."""
        if self.cell_tree is None:
            return
        section, end = self.sections[node[0]], node[1]
        way = np.subtract(section.end_pts[1 - end], section.end_pts[end])
        stretch = section.L / np.linalg.norm(way) - 1
        # what has its length already stays where it is, to the last digit
        if abs(stretch) > 1e-12:
            self._shift((node[0], 1 - end), stretch * way)
        for child in self.cell_tree.get(node, []):
            self.define_shape(child)

    def plot_morphology(
        self,
        ax: Any = None,
        color: Any = None,
        pos: Sequence[float] = (0, 0, 0),
        xlim: Sequence[float] = (-250, 150),
        ylim: Sequence[float] = (-100, 100),
        zlim: Sequence[float] = (-100, 1200),
        show: bool = True,
    ) -> Any:
        """Plot the cell in 3-D; see ``viz.plot_cell_morphology``."""
        from apical.compat.hnn_core.viz import plot_cell_morphology

        return plot_cell_morphology(
            self, ax=ax, color=color, pos=pos, xlim=xlim, ylim=ylim, zlim=zlim, show=show
        )

    def build(self, sec_name_apical: str | None = None) -> NoReturn:
        """Refuse: there is no NEURON to build the cell in."""
        _no_neuron("build", "networks are built when they are simulated")

    def create_tonic_bias(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse: there is no NEURON to inject a current in."""
        _no_neuron("create_tonic_bias", "use Network.add_tonic_bias")

    def record(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse: there is no NEURON to record from."""
        _no_neuron("record", "use record_vsec, record_isec and record_ca of simulate_dipole")

    def syn_create(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse: there is no NEURON to create a synapse in."""
        _no_neuron("syn_create", "describe receptors in Cell.synapses")

    def setup_source_netcon(self, threshold: float) -> NoReturn:
        """Refuse: there is no NEURON to detect spikes in."""
        _no_neuron("setup_source_netcon", "set the threshold of Network.add_connection")

    def parconnect_from_src(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse: there is no NEURON to connect cells in."""
        _no_neuron("parconnect_from_src", "use Network.add_connection")

    def _shift(self, node: Node, way: np.ndarray) -> None:
        """Move an end of a section and all that hang on it."""
        points = self.sections[node[0]].end_pts
        points[node[1]] = [float(a + b) for a, b in zip(points[node[1]], way, strict=True)]
        for child in (self.cell_tree or {}).get(node, []):
            self._shift(child, way)

    def _update_end_pts(self) -> None:
        """Put the soma where the cell is, and give every section its length."""
        if self.cell_tree is None:
            return
        way = np.subtract(self.pos, self.sections["soma"].end_pts[0])
        for section in self.sections.values():
            section._end_pts = [[float(x) for x in np.add(p, way)] for p in section.end_pts]
        self.define_shape(("soma", 0))

    def _compute_section_mechs(self) -> dict[str, Section]:
        """Turn functions of the distance into values at the middles of compartments."""
        for name, section in self.sections.items():
            for parameters in section.mechs.values():
                for key, value in parameters.items():
                    if callable(value):
                        parameters[key] = self._along(name, section, value)
        return self.sections

    def _along(self, name: str, section: Section, density: Callable[..., Any]) -> list[list[float]]:
        begin = self.distance_section(name, ("soma", 0)) - section.L / 2
        middles = [float(x) for x in np.linspace(0, 1, section.nseg * 2 + 1)[1::2]]
        return [middles, [density(begin + x * section.L) for x in middles]]


def _no_neuron(what: str, instead: str) -> NoReturn:
    raise NotImplementedError(f"Cell.{what} needs NEURON, which apical does without: {instead}")
