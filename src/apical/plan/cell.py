"""One cell type as arrays: its tree, its mechanisms with their parameters, and its start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from apical.equations.analyse import parse_profile
from apical.equations.evaluate import Array, evaluate
from apical.equations.program import Program
from apical.errors import ModelError, Problem
from apical.plan.discretise import Floats, Ints, Tree, discretise

if TYPE_CHECKING:
    from apical.model import Cell, Network


@dataclass(frozen=True)
class MechanismPlan:
    """One mechanism wherever a cell type has it.

    Parameters
    ----------
    name : str
        Name of the mechanism.
    program : Program
        Its checked equations.
    nodes : array of int, (n,)
        Node of each instance; a receptor may have several on one node.
    labels : tuple of str
        Place of each instance: ``soma(0.5)``, for receptors ``ampa:apical_tuft(0.5)``.
    parameters : dict of str to array, (n,)
        Parameters, constants and fixed inputs such as reversal potentials, by name.
    """

    name: str
    program: Program
    nodes: Ints
    labels: tuple[str, ...]
    parameters: dict[str, Floats]

    @property
    def n(self) -> int:
        """Number of instances."""
        return len(self.nodes)

    @property
    def lasting(self) -> tuple[float, ...]:
        """How long an event lasts at each instance, ms; empty if events are momentary."""
        pulse = self.program.pulse
        return tuple(self.parameters[pulse].tolist()) if pulse else ()


@dataclass(frozen=True)
class CellState:
    """Voltage and states of one cell: where a simulation of it starts.

    Parameters
    ----------
    v : array, (nodes,), mV
        Voltages.
    states : tuple of array, each (states, n)
        States of each mechanism, in the order of :attr:`CellPlan.mechanisms`.
    """

    v: Floats
    states: tuple[Floats, ...]


@dataclass(frozen=True, eq=False)
class CellPlan:
    """One cell type, ready for an engine.

    Parameters
    ----------
    name : str
        Name of the cell type.
    tree : Tree
        Its nodes.
    mechanisms : tuple of MechanismPlan
        Pools first, then channels, then receptors: the order in which states advance.
    receptor_of : dict of (str, str) to (int, int)
        Index of mechanism and instance, by receptor and section.
    spike_node : int
        Where spikes are detected.
    threshold : float, mV
        The voltage whose upward crossing is a spike.
    celsius : float, °C
        Temperature.
    ions : dict of str to float
        Values, such as reversal potentials, where no pool gives them.
    dipole : array, (nodes,), nAm/mV
        The cell's current dipole along its axis is this weight times voltage.
    """

    name: str
    tree: Tree
    mechanisms: tuple[MechanismPlan, ...]
    receptor_of: dict[tuple[str, str], tuple[int, int]]
    spike_node: int
    threshold: float
    celsius: float
    ions: dict[str, float]
    dipole: Floats


def plan_cell(network: Network, name: str) -> CellPlan:
    """Lay out one cell type of a network."""
    from apical.plan.observables import dipole_weights

    cell = network.cells[name]
    tree = discretise(cell)
    mechanisms = [*_channels(network, cell, tree), *_receptors(network, cell, tree)]
    receptor_of = {}
    for index, mechanism in enumerate(mechanisms):
        if mechanism.program.kind == "receptor":
            for instance, label in enumerate(mechanism.labels):
                receptor, place = label.split(":", 1)
                receptor_of[receptor, place.rsplit("(", 1)[0]] = (index, instance)
    site = cell.spike_site
    return CellPlan(
        name=name, tree=tree, mechanisms=tuple(mechanisms), receptor_of=receptor_of,
        spike_node=tree.node(site.section, site.x), threshold=cell.threshold,
        celsius=network.celsius, ions={n: float(e) for n, e in network.ions.items()},
        dipole=dipole_weights(cell, tree),
    )  # fmt: skip


def _channels(network: Network, cell: Cell, tree: Tree) -> list[MechanismPlan]:
    used = dict.fromkeys(c for s in cell.sections.values() for c in s.channels)
    programs = {name: network.mechanisms[name].program for name in used}
    ordered = sorted(used, key=lambda name: programs[name].kind != "pool")
    plans = []
    for name in ordered:
        program = programs[name]
        sections = [s for s in cell.sections if name in cell.sections[s].channels]
        rows = [tree.compartments_of(s) for s in sections]
        nodes = np.concatenate(rows)
        values = {}
        for parameter, declared in program.parameters.items():
            parts = []
            for section, row in zip(sections, rows, strict=True):
                given = cell.sections[section].channels[name].get(parameter, declared.default)
                parts.append(_density(given, declared.unit, tree.distance[row]))
            values[parameter] = np.concatenate(parts)
        labels = tuple(tree.label(int(node)) for node in nodes)
        plans.append(_mechanism(network, program, name, nodes, labels, values))
    return plans


def _density(given: object, unit: str, distance: Floats) -> Floats:
    """Return a parameter on each compartment: constant, a list, or a profile over distance."""
    if isinstance(given, (int, float)):
        return np.full(len(distance), float(given))
    if isinstance(given, tuple):
        return np.array(given, float)
    value = evaluate(parse_profile(given.expression, unit), {"distance": distance})  # type: ignore[attr-defined]
    return np.broadcast_to(np.asarray(value, float), distance.shape).copy()


def _receptors(network: Network, cell: Cell, tree: Tree) -> list[MechanismPlan]:
    """Put all receptors of one mechanism together, in section order."""
    places: dict[str, list[tuple[str, str, float]]] = {}
    for section_name, section in cell.sections.items():
        for receptor, x in section.receptors.items():
            mechanism = cell.receptors[receptor].mechanism
            places.setdefault(mechanism, []).append((receptor, section_name, x))
    plans = []
    for name, found in places.items():
        program = network.mechanisms[name].program
        nodes = np.array([tree.node(section, x) for _, section, x in found])
        labels = tuple(f"{receptor}:{section}({x:.4g})" for receptor, section, x in found)
        values = {
            parameter: np.array(
                [
                    float(cell.receptors[r].parameters.get(parameter, declared.default))
                    for r, *_ in found
                ]
            )
            for parameter, declared in program.parameters.items()
        }
        plans.append(_mechanism(network, program, name, nodes, labels, values))
    return plans


def _mechanism(
    network: Network,
    program: Program,
    name: str,
    nodes: Ints,
    labels: tuple[str, ...],
    values: dict[str, Floats],
) -> MechanismPlan:
    known: dict[str, Array] = {**values, "celsius": network.celsius}
    n = len(nodes)
    for constant in program.constants:
        with np.errstate(all="ignore"):
            value = np.broadcast_to(np.asarray(evaluate(constant.value, known), float), (n,)).copy()
        if not np.isfinite(value).all():
            place = f"mechanisms.{name}.equations"
            raise ModelError([Problem(place, f"'{constant.name}' is not finite at {labels[0]}")])
        known[constant.name] = values[constant.name] = value
    for given in program.inputs:
        if given in network.ions:
            values[given] = np.full(n, float(network.ions[given]))
    return MechanismPlan(name, program, nodes, labels, values)


def column(values: Floats, like: Floats) -> Floats:
    """Shape per-instance values so that they broadcast over the axes after the first."""
    return values.reshape(-1, *(1,) * (like.ndim - 1))


def environment(
    mechanism: MechanismPlan, v: Floats, outputs: dict[str, Array], celsius: float
) -> dict[str, Array]:
    """Return everything a mechanism's equations may name, except states and event weights.

    Parameters
    ----------
    mechanism : MechanismPlan
        The mechanism.
    v : array, (nodes, …), mV
        Voltages of the cell.
    outputs : dict of str to array, (nodes, …)
        What pools have given so far; NaN where a pool is absent.
    celsius : float, °C
        Temperature.
    """
    here = v[mechanism.nodes]
    values: dict[str, Array] = {n: column(p, here) for n, p in mechanism.parameters.items()}
    for name in mechanism.program.inputs:
        if name in outputs:
            values[name] = np.asarray(outputs[name])[mechanism.nodes]
    return {**values, "v": here, "celsius": celsius}


def pool_outputs(
    cell: CellPlan, mechanism: MechanismPlan, states: Floats, v: Floats, outputs: dict[str, Array]
) -> dict[str, Array]:
    """Return what a pool gives to others, spread over the cell's nodes."""
    program = mechanism.program
    if not program.outputs:
        return {}
    values = environment(mechanism, v, outputs, cell.celsius)
    values.update(zip(program.states, states, strict=True))
    names = [n for n in program.outputs if n not in program.states]
    targets = [a.value for a in program.assignments if a.name in names]
    chosen = {a.name for a in program.needed(targets)} | set(names)
    for assignment in program.assignments:
        if assignment.name in chosen:
            values[assignment.name] = evaluate(assignment.value, values)
    given: dict[str, Array] = {}
    for name in program.outputs:
        # another pool may give the same in other sections
        before = outputs.get(name)
        absent = np.full(v.shape, cell.ions.get(name, np.nan))
        spread = absent if before is None else np.array(before)
        spread[mechanism.nodes] = values[name]
        given[name] = spread
    return given


def ion_currents(cell: CellPlan) -> list[str]:
    """Return the ion currents that some pool reads, such as ``ica``."""
    return list(dict.fromkeys(n for m in cell.mechanisms for n in m.program.ion_inputs))
