"""The network: everything that is simulated, in one frozen value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import model_validator

from apical.errors import ModelError, Problem
from apical.model import wiring
from apical.model.cell import Cell
from apical.model.checks import check_network, in_mechanism_units
from apical.model.drive import AnyDrive
from apical.model.electrodes import ElectrodeArray
from apical.model.fields import DottedName, Label, Name, Point, Q
from apical.model.frozendict import FrozenDict
from apical.model.mechanism import Mechanism
from apical.model.morphology import Parameter
from apical.model.part import Part
from apical.model.paths import Keys
from apical.model.population import Population
from apical.model.projection import Projection
from apical.model.recording import Recording
from apical.model.stimulus import CurrentClamp
from apical.model.wiring import Choice

_MAPPINGS = (
    "mechanisms", "cells", "populations", "projections", "drives", "biases", "recordings",
    "electrodes",
)  # fmt: skip


class Network(Part):
    """A network of cells with its inputs and what to record of it.

    Parameters
    ----------
    name, title, reference, doi : str
        What it is and where it was published.
    celsius : float, °C
        Temperature.
    ions : mapping of str to float, mV
        Values that mechanisms take and no pool gives, such as ``{"ena": 50, "ek": -77}``.
    inplane_distance : float, µm
        Distance between neighbours on the grid; unit of the space constants of kernels.
    mechanisms : mapping of str to Mechanism
        Channels, receptors and pools that cells may have.
    cells : mapping of str to Cell
        Cell types.
    populations : mapping of str to Population
        Their order is the order of cells everywhere.
    projections : mapping of str to Projection
        Synapses between populations.
    drives : mapping of str to EvokedDrive, PoissonDrive, BurstyDrive or SpikeTrainDrive
        Spikes from outside.
    biases : mapping of str to CurrentClamp
        Injected currents.
    recordings : mapping of str to Recording
        What to record of single cells.
    electrodes : mapping of str to ElectrodeArray
        Where extracellular potentials are recorded.

    Raises
    ------
    ModelError
        With every problem found: first of single fields; if there is none, of what does not
        fit together.
    """

    name: Label = ""
    title: Label = ""
    reference: Label = ""
    doi: Label = ""
    celsius: Annotated[float, Q("degC", ge=-50, le=100)] = 37.0
    ions: FrozenDict[Name, Parameter] = FrozenDict()
    inplane_distance: Annotated[float, Q("um", gt=0)] = 1.0
    mechanisms: FrozenDict[Name, Mechanism] = FrozenDict()
    cells: FrozenDict[Name, Cell] = FrozenDict()
    populations: FrozenDict[Name, Population] = FrozenDict()
    projections: FrozenDict[DottedName, Projection] = FrozenDict()
    drives: FrozenDict[Name, AnyDrive] = FrozenDict()
    biases: FrozenDict[Name, CurrentClamp] = FrozenDict()
    recordings: FrozenDict[Name, Recording] = FrozenDict()
    electrodes: FrozenDict[Name, ElectrodeArray] = FrozenDict()

    @model_validator(mode="after")
    def _check(self) -> Self:
        problems: list[Problem] = []
        # text such as "250 pS/um2" can be converted only now that mechanisms are known
        ions, cells = in_mechanism_units(self, problems)
        problems.extend(check_network(self))
        if problems:
            raise ModelError(problems)
        self._settle(ions=ions, cells=cells)
        return self

    def __repr__(self) -> str:
        cells = ", ".join(f"{name} ({p.n})" for name, p in self.populations.items())
        drives = f"drives {', '.join(self.drives)}" if self.drives else "no drives"
        n = len(self.projections)
        wires = f"{n} projection{'' if n == 1 else 's'}"
        name = f"Network {self.name}".rstrip()
        return f"<{name}: {cells or 'no populations'}; {wires}; {drives}>"

    __str__ = __repr__

    def origin(self) -> Point:
        """Return the middle of the network, µm, where drive cells stand by default.

        In the plane it is a point of the grid: the lower middle of the x and of the y that
        cells have.
        """
        points = [
            point
            for population in self.populations.values()
            for point in population.positions.points(self.inplane_distance)
        ]
        if not points:
            return (0.0, 0.0, 0.0)
        xs, ys = (sorted({p[axis] for p in points}) for axis in (0, 1))
        depths = [p[2] for p in points]
        middle = (min(depths) + max(depths)) / 2
        return (xs[(len(xs) - 1) // 2], ys[(len(ys) - 1) // 2], middle)

    def add(self, **parts: Mapping[str, Any]) -> Self:
        """Return a network with more parts, such as ``add(drives={"evprox3": drive})``.

        Raises
        ------
        ModelError
            If a name is taken already, or the parts do not fit.
        """
        problems = [
            Problem(f"{field}.{name}", "is there already; use set to replace it")
            for field, more in parts.items()
            if field in _MAPPINGS
            for name in more
            if name in getattr(self, field)
        ]
        if problems:
            raise ModelError(problems)
        merged = {f: {**getattr(self, f), **p} if f in _MAPPINGS else p for f, p in parts.items()}
        return self.with_(**merged)

    def with_drives(self, drives: Mapping[str, Any]) -> Self:
        """Return a network with some drives added, or replaced where the name is the same."""
        return self.with_(drives={**self.drives, **drives})

    def remove(self, *paths: str) -> Self:
        """Return a network without some named parts, such as ``remove("drives.evprox1")``.

        Raises
        ------
        ModelError
            If there is no such part, or others need it.
        """
        kept = {field: dict(getattr(self, field)) for field in _MAPPINGS}
        problems = []
        for path in dict.fromkeys(paths):
            field, _, name = path.partition(".")
            if field not in kept or not name:
                message = f"expected the address of a part in {', '.join(_MAPPINGS)}"
                problems.append(Problem(path, message))
            elif kept[field].pop(name, None) is None:
                try:
                    self.get(path)
                    problems.append(Problem(path, "only whole parts can be removed"))
                except ModelError as error:
                    problems.extend(error.problems)
        if problems:
            raise ModelError(problems)
        return self.with_(**kept)

    def pick(
        self,
        *,
        source: Choice = None,
        target: Choice = None,
        receptor: Choice = None,
        location: Choice = None,
    ) -> tuple[str, ...]:
        """Return the names of projections that meet all criteria; without any, all names.

        Parameters
        ----------
        source, target : str or list of str, optional
            Populations; of a list, any of them.
        receptor : str or list of str, optional
            Receptors of the target cells.
        location : str or list of str, optional
            Groups or sections of the target cells, as the projections give them.

        Raises
        ------
        ModelError
            If a name is of nothing that the network has.
        """
        criteria = {"source": source, "target": target, "receptor": receptor, "location": location}
        return wiring.pick(self, criteria)

    def connect(
        self,
        source: str,
        target: str,
        *,
        receptor: str,
        location: str,
        name: str | None = None,
        **fields: Any,
    ) -> Self:
        """Return a network with one more projection.

        Parameters
        ----------
        source, target, receptor, location : str
            As in :class:`Projection`.
        name : str, optional
            Name of the projection; by default ``source>target.receptor``, or, where there is one,
            ``source>target.location.receptor``.
        **fields
            All other fields of the projection; ``weight`` and ``delay`` are required.

        Raises
        ------
        ModelError
            If the name is taken, or the projection does not fit.
        """
        ends = {"source": source, "target": target, "receptor": receptor, "location": location}
        return wiring.connect(self, name, {**ends, **fields})

    def disconnect(
        self,
        *names: str,
        source: Choice = None,
        target: Choice = None,
        receptor: Choice = None,
        location: Choice = None,
    ) -> Self:
        """Return a network without some projections; those of no name and no criteria are none.

        Parameters
        ----------
        *names : str
            Names of projections.
        source, target, receptor, location
            Criteria, as for :meth:`pick`, in place of names.

        Raises
        ------
        ModelError
            If there is none of that name.
        """
        criteria = {"source": source, "target": target, "receptor": receptor, "location": location}
        return wiring.disconnect(self, names, criteria)

    def set_gains(
        self,
        *,
        e_e: float | None = None,
        e_i: float | None = None,
        i_e: float | None = None,
        i_i: float | None = None,
    ) -> Self:
        """Return a network with other gains on projections between roles of populations.

        Parameters
        ----------
        e_e, e_i, i_e, i_i : float, optional
            Gain from excitatory (e) or inhibitory (i) cells to excitatory or inhibitory cells.
            It replaces the projections' own; weights stay as they are. Drives have none.

        Raises
        ------
        ModelError
            If a gain is negative, or nothing is between such cells.
        """
        return wiring.set_gains(self, {"e_e": e_e, "e_i": e_i, "i_e": i_e, "i_i": i_i})

    def scale(self, grid: tuple[int, int]) -> Self:
        """Return a network with `grid` cells along x and y in every population on a grid.

        Densities and weights stay as they are. What names single cells must still fit.
        """
        return wiring.scale(self, grid)

    def _default(self, keys: Keys) -> Any:
        """Return a mechanism's default for a parameter that a cell does not give."""
        names = tuple(str(k) for k in keys)
        mechanism = ""
        if len(names) == 7 and (names[0], names[2], names[4]) == ("cells", "sections", "channels"):
            mechanism = names[5]
        elif len(names) == 6 and (names[0], names[2]) == ("cells", "receptors"):
            mechanism = self.cells[names[1]].receptors[names[3]].mechanism
        known = self.mechanisms[mechanism].program.parameters if mechanism else {}
        return known[names[-1]].default if names[-1] in known else super()._default(keys)
