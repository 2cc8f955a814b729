"""What of an earlier plan is still right: the very same objects, which engines store once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apical.plan.cell import CellPlan
from apical.plan.connect import Connections, PopulationPlan
from apical.plan.discretise import Floats
from apical.plan.drives import DrivePlan, wiring
from apical.plan.observables import ObservablePlan

if TYPE_CHECKING:
    from apical.model import Cell, Mechanism, Network
    from apical.plan.plan import Plan


class Earlier:
    """An earlier plan, asked for parts that are to the last bit what would be made anew.

    Parameters
    ----------
    plan : Plan, optional
        The earlier plan; without one nothing is found.
    network : Network
        What is planned now.
    seed, duration
        Of the new plan.
    """

    def __init__(self, plan: Plan | None, network: Network, seed: int, duration: float) -> None:
        self._new, self._old = network, network if plan is None else plan.network
        self._populations = {} if plan is None else {p.name: p for p in plan.populations}
        self._cells = {p.cell.name: p.cell for p in self._populations.values()}
        self._same_seed = plan is not None and plan.seed == seed
        # connections that outlast the run are not in a plan
        found = plan if plan is not None and plan.duration == duration else None
        names = self._populations.keys()
        self._connections = dict(zip(names, found.connections, strict=True)) if found else {}
        self._drives = {d.name: d for d in found.drives} if found else {}
        self._observables = (
            {(o.name, plan.populations[o.population].name): o for o in plan.observables}
            if plan
            else {}
        )
        self._placed: set[str] = set()

    def cell(self, name: str) -> CellPlan | None:
        """Return the plan of a cell type if the type, its mechanisms and surroundings are alike."""
        old, new, found = self._old, self._new, self._cells.get(name)
        if found is None or (old.celsius, old.ions) != (new.celsius, new.ions):
            return None
        used = [m.name for m in found.mechanisms]
        alike = _alike(old.cells[name], new.cells[name]) and all(
            _alike(old.mechanisms[m], new.mechanisms.get(m)) for m in used
        )
        return found if alike else None

    def positions(self, name: str) -> Floats | None:
        """Return where the cells of a population are if that is alike."""
        old, new, found = self._old, self._new, self._populations.get(name)
        if found is None or old.inplane_distance != new.inplane_distance:
            return None
        alike = old.populations[name].positions == new.populations[name].positions
        return found.positions if alike else None

    def keep(self, populations: dict[str, PopulationPlan]) -> dict[str, PopulationPlan]:
        """Return populations, those that are alike as they were; later questions are about them."""
        kept = dict(populations)
        for name, new in populations.items():
            old = self._populations.get(name)
            if old is None or old.positions is not new.positions or old.first != new.first:
                continue
            groups = (self._old.cells[old.cell.name].groups, self._new.cells[new.cell.name].groups)
            receptors = [
                (cell.receptor_of, [m.lasting for m in cell.mechanisms])
                for cell in (old.cell, new.cell)
            ]
            if groups[0] == groups[1] and receptors[0] == receptors[1]:
                self._placed.add(name)
            if (old.cell, old.layer, old.dipole) == (new.cell, new.layer, new.dipole):
                kept[name] = old
        return kept

    def connections(self, onto: str) -> Connections | None:
        """Return the connections onto a population if no projection to it has changed."""
        found = self._connections.get(onto)
        # in their order, too: events that arrive together are added in the order of connections
        old, new = (
            [(name, p) for name, p in network.projections.items() if p.target == onto]
            for network in (self._old, self._new)
        )
        ends = {end for _, p in new for end in (p.source, p.target)}
        drawn = all(self._drawn_alike(p.probability) for _, p in new)
        return found if old == new and drawn and ends <= self._placed else None

    def drive(self, name: str) -> DrivePlan | None:
        """Return a drive's plan if what it reaches is alike; when it does may have changed."""
        found = self._drives.get(name)
        everywhere = [list(n.populations) for n in (self._old, self._new)]
        # drive cells stand in the middle of all populations
        if found is None or everywhere[0] != everywhere[1] or self._placed != {*everywhere[0]}:
            return None
        old, new = self._old.drives[name], self._new.drives[name]
        drawn = all(self._drawn_alike(new.share(name)) for name in new.targets)
        return found if wiring(old) == wiring(new) and drawn else None

    def potential(self, array: str, name: str, now: PopulationPlan) -> ObservablePlan | None:
        """Return an array's observable of that name if the array and the population are alike."""
        alike = self._old.electrodes.get(array) == self._new.electrodes[array]
        same = self._populations.get(now.name) is now
        return self._observables.get((name, now.name)) if alike and same else None

    def _drawn_alike(self, probability: float) -> bool:
        return self._same_seed or probability >= 1


def _alike(a: Cell | Mechanism, b: Cell | Mechanism | None) -> bool:
    # equality is blind to the order of names, which arrays follow
    return a is b or (b is not None and a.fingerprint == b.fingerprint)
