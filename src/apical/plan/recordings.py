"""Recording requests, resolved to nodes, variables and samples."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from apical.errors import ModelError, Problem, did_you_mean
from apical.plan.discretise import Floats, Ints
from apical.units import conversion

if TYPE_CHECKING:
    from apical.model import Recording
    from apical.plan.cell import CellPlan, MechanismPlan
    from apical.plan.connect import PopulationPlan


@dataclass(frozen=True)
class RecordingPlan:
    """What to sample of one population.

    Parameters
    ----------
    name : str
        Name of the request.
    population : int
        Index of the population.
    cells : array of int
        Its cells.
    variable : str
        ``v``, ``i_membrane``, ``state`` or ``assigned``: what equations compute on the way.
    mechanism, state : int
        Whose variable, and which state, if it is one.
    sites : array of int
        Nodes, or instances of the mechanism.
    labels : tuple of str
        Name of each site.
    unit : str
        Unit of the samples.
    every : int
        Steps from one sample to the next; the first is at t = 0.
    assigned : str
        Name of what is computed on the way.
    early : bool
        Whether it is computed with the currents of a step, when its events have been delivered;
        otherwise from what is there at its end.
    factor : array, (sites,), optional
        What turns the variable's own unit into that of the samples.
    precision : {'double', 'single'}
        In which samples are kept.
    """

    name: str
    population: int
    cells: Ints
    variable: str
    mechanism: int
    state: int
    sites: Ints
    labels: tuple[str, ...]
    unit: str
    every: int
    assigned: str = ""
    early: bool = False
    factor: Floats | None = None
    precision: str = "double"

    def samples(self, steps: int) -> int:
        """Return the number of samples in a run."""
        return steps // self.every + 1

    def size(self, steps: int) -> int:
        """Return how many bytes the samples of a run take."""
        numbers = len(self.cells) * len(self.sites) * self.samples(steps)
        return numbers * (4 if self.precision == "single" else 8)

    def room(self, steps: int) -> Floats:
        """Return room for the samples of a run, (cells, sites, samples)."""
        real = np.float32 if self.precision == "single" else np.float64
        return np.zeros((len(self.cells), len(self.sites), self.samples(steps)), real)

    def given(self, kept: Floats, steps: int, *, copy: bool = True) -> Floats:
        """Return the samples of the first steps of a run, in the unit wanted.

        Parameters
        ----------
        kept : array, (cells, sites, samples)
            In the variable's own unit.
        steps : int
            Number of steps.
        copy : bool
            Whether these must be others than those kept.
        """
        values = kept[:, :, : self.samples(steps)]
        if self.factor is not None:
            return values * self.factor[:, None].astype(values.dtype)
        return values.copy() if copy else values


def plan_recording(
    name: str,
    recording: Recording,
    index: int,
    population: PopulationPlan,
    dt: float,
    precision: str,
) -> RecordingPlan:
    """Resolve one request to population `index`, in a run of some step and precision."""
    cell = population.cell
    all_cells = recording.cells == "all"
    nodes = _compartments(recording, cell)
    found = RecordingPlan(
        name=name, population=index,
        cells=np.arange(population.n) if all_cells else np.array(recording.cells, np.int64),
        variable=recording.variable, mechanism=-1, state=-1, sites=nodes,
        labels=tuple(cell.tree.label(int(node)) for node in nodes), unit="",
        every=max(1, round(recording.every / dt)),
        precision="single" if "single" in (precision, recording.precision) else "double",
    )  # fmt: skip
    if recording.variable in ("v", "i_membrane"):
        own = "mV" if recording.variable == "v" else "nA"
        return replace(found, **_unit(name, recording, own, cell.tree.area[nodes]))
    number, variable, sites = _find(name, recording, cell, nodes)
    plan = cell.mechanisms[number]
    program, states = plan.program, list(plan.program.states)
    is_state = variable in states
    return replace(
        found, variable="state" if is_state else "assigned", mechanism=number,
        state=states.index(variable) if is_state else -1, sites=sites,
        labels=tuple(plan.labels[i].split(":")[-1] for i in sites),
        assigned="" if is_state else variable, early=variable in program.behind_currents,
        **_unit(name, recording, program.variables[variable], cell.tree.area[plan.nodes[sites]]),
    )  # fmt: skip


def _compartments(recording: Recording, cell: CellPlan) -> Ints:
    """Return the compartments that are wanted, in the order of the cell's sections."""
    tree, x = cell.tree, recording.x
    wanted = set(tree.sections if recording.sections == "all" else recording.sections)
    nodes = [tree.compartments_of(s) for s in tree.sections if s in wanted]
    if x is not None:
        nodes = [n[[min(int(x * len(n)), len(n) - 1)]] for n in nodes]
    return np.concatenate(nodes)


def _unit(name: str, recording: Recording, own: str, area: Floats) -> dict[str, Any]:
    """Return the unit of samples, and what converts to it from the variable's own."""
    if not recording.unit:
        return {"unit": own}
    factor, power = conversion(own, recording.unit)
    if power < 0 and not area.all():
        message = f"'{recording.variable}' is at the end of a section, which has no membrane"
        raise ModelError([Problem(f"recordings.{name}.unit", message, f"record it in {own}")])
    return {
        "unit": recording.unit,
        "factor": None if (factor, power) == (1.0, 0) else factor * area**power,
    }


def _find(name: str, recording: Recording, cell: CellPlan, nodes: Ints) -> tuple[int, str, Ints]:
    """Find ``mechanism.variable`` or ``receptor.variable``, and where it is wanted."""
    owner, _, variable = recording.variable.partition(".")
    known = []
    for index, mechanism in enumerate(cell.mechanisms):
        owners, variables = _owners(mechanism), mechanism.program.variables
        known += [f"{o}.{v}" for o in dict.fromkeys(owners) for v in variables]
        if owner in owners and variable in variables:
            here = np.isin(mechanism.nodes, nodes)
            if mechanism.program.kind == "receptor":
                # where a section begins, a receptor is on a node of the parent
                sections = {cell.tree.sections[k] for k in cell.tree.section[nodes]}
                places = (label.split(":")[-1].rsplit("(", 1)[0] for label in mechanism.labels)
                here = np.array([place in sections for place in places])
            return index, variable, np.flatnonzero(here & (np.array(owners) == owner))
    hint = did_you_mean(recording.variable, ["v", "i_membrane", *known])
    message = f"{cell.name} has no '{recording.variable}'"
    raise ModelError([Problem(f"recordings.{name}.variable", message, hint)])


def _owners(mechanism: MechanismPlan) -> list[str]:
    """Return the name by which each instance is known: the mechanism's, or a receptor's."""
    if mechanism.program.kind != "receptor":
        return [mechanism.name] * mechanism.n
    return [label.split(":")[0] for label in mechanism.labels]
