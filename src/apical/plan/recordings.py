"""Recording requests, resolved to nodes, states and samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from apical.errors import ModelError, Problem, did_you_mean
from apical.plan.discretise import Ints

if TYPE_CHECKING:
    from apical.model import Recording
    from apical.plan.cell import CellPlan
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
        ``v``, ``i_membrane`` or ``state``.
    mechanism, state : int
        Which state, if it is one.
    sites : array of int
        Nodes, or instances of the mechanism.
    labels : tuple of str
        Name of each site.
    unit : str
        Unit of the samples.
    every : int
        Steps from one sample to the next; the first is at t = 0.
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

    def samples(self, steps: int) -> int:
        """Return the number of samples in a run."""
        return steps // self.every + 1


def plan_recording(
    name: str, recording: Recording, index: int, population: PopulationPlan, dt: float
) -> RecordingPlan:
    """Resolve one request."""
    cell = population.cell
    all_cells = recording.cells == "all"
    cells = np.arange(population.n) if all_cells else np.array(recording.cells, np.int64)
    wanted = set(cell.tree.sections if recording.sections == "all" else recording.sections)
    every = max(1, round(recording.every / dt))
    if recording.variable in ("v", "i_membrane"):
        nodes = np.concatenate(
            [cell.tree.compartments_of(s) for s in cell.tree.sections if s in wanted]
        )
        labels = tuple(cell.tree.label(int(node)) for node in nodes)
        unit = "mV" if recording.variable == "v" else "nA"
        return RecordingPlan(
            name, index, cells, recording.variable, -1, -1, nodes, labels, unit, every
        )
    mechanism, state, sites = _state(name, recording.variable, cell, wanted)
    plan = cell.mechanisms[mechanism]
    labels = tuple(plan.labels[i].split(":")[-1] for i in sites)
    unit = list(plan.program.states.values())[state]
    return RecordingPlan(name, index, cells, "state", mechanism, state, sites, labels, unit, every)


def _state(name: str, variable: str, cell: CellPlan, sections: set[str]) -> tuple[int, int, Ints]:
    """Find ``mechanism.state`` or ``receptor.state``."""
    owner, _, state = variable.partition(".")
    known = []
    for index, mechanism in enumerate(cell.mechanisms):
        is_receptor = mechanism.program.kind == "receptor"
        owners = [
            label.split(":")[0] if is_receptor else mechanism.name for label in mechanism.labels
        ]
        states = list(mechanism.program.states)
        known += [f"{o}.{s}" for o in dict.fromkeys(owners) for s in states]
        if owner in owners and state in states:
            places = [label.split(":")[-1].rsplit("(", 1)[0] for label in mechanism.labels]
            inside = [place in sections for place in places]
            sites = [i for i, o in enumerate(owners) if o == owner and inside[i]]
            return index, states.index(state), np.array(sites, np.int64)
    hint = did_you_mean(variable, ["v", "i_membrane", *known])
    raise ModelError(
        [Problem(f"recordings.{name}.variable", f"{cell.name} has no '{variable}'", hint)]
    )
