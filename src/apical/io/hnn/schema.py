"""What a network of hnn-core looks like in JSON, as far as a simulation depends on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field

from apical.model.fields import Fraction, Items, Label, Location, NameRule, Q, Whole, vector, wrong
from apical.model.morphology import Density, Profile
from apical.model.part import Part
from apical.model.population import Positions
from apical.model.recording import Recording

#: Space constant, in in-plane distances, of what does not change with distance.
FLAT = 1e100
_GID = Whole(0, 10_000_000)
_POINTS = Items(vector("um"), "a list of points (x, y, z) in um")


class Piece(Part):
    """A piece of the format; what else stands in a file does not change the simulation."""

    model_config = ConfigDict(extra="ignore")


def kernel_of(space_constant: float) -> dict[str, float] | None:
    """Return the fields of a kernel; None where nothing changes with distance."""
    return None if space_constant == FLAT else {"space_constant": space_constant}


def _per_segment(value: object) -> object:
    """Take the values of a list of positions and values, one for each segment."""
    if isinstance(value, (list, tuple)):
        if len(value) != 2 or not all(isinstance(v, (list, tuple)) for v in value):
            raise wrong("must be a number, or a list of positions and one of values")
        if len(value[0]) != len(value[1]):
            raise wrong(f"has {len(value[0])} positions and {len(value[1])} values")
        return value[1]
    return Q("1").read(value) if isinstance(value, str) else value


def _current(value: object) -> object:
    """Bring a cell type as older versions write it, without metadata, into the present form."""
    if isinstance(value, Mapping) and "sections" in value and "cell_object" not in value:
        return {"cell_object": value}
    return value


def _flag(value: object) -> object:
    return bool(value) if isinstance(value, int) and value in (0, 1) else value


Flag = Annotated[bool, BeforeValidator(_flag)]
Milliseconds = Annotated[float, Q("ms")]
Value = Annotated[Density, BeforeValidator(_per_segment)]


class SectionData(Piece):
    """A section: geometry, membrane, synapses.

    ``profiles`` are apical's: the expressions that lists of values were computed from.
    """

    L: Annotated[float, Q("um", gt=0)]
    diam: Annotated[float, Q("um", gt=0)]
    Ra: Annotated[float, Q("ohm cm", gt=0)]
    cm: Annotated[float, Q("uF/cm2", gt=0)]
    v0: Annotated[float, Q("mV")] = -65.0
    nseg: Annotated[int, Whole(1, 10_001)] | None = None
    end_pts: Annotated[tuple[tuple[float, float, float], ...], _POINTS] = ()
    mechs: dict[str, dict[str, Value]] = Field(default_factory=dict)
    syns: list[str] = Field(default_factory=list)
    profiles: dict[str, dict[str, Profile]] = Field(default_factory=dict)


class SynapseData(Piece):
    """An Exp2Syn."""

    model_config = ConfigDict(extra="forbid")

    tau1: Annotated[float, Q("ms", gt=0)]
    tau2: Annotated[float, Q("ms", gt=0)]
    e: Annotated[float, Q("mV")]
    mechname: Literal["Exp2Syn"] = "Exp2Syn"


class CellData(Piece):
    """A cell: sections, how they hang together, and its places."""

    sections: dict[str, SectionData]
    synapses: dict[str, SynapseData] = Field(default_factory=dict)
    cell_tree: dict[str, list[str]] | None = None
    sect_loc: dict[str, list[str]] = Field(default_factory=dict)


class MetaData(Piece):
    """What a cell type is in the column; ``doi`` and what follows are apical's."""

    morpho_type: str = ""
    electro_type: str = ""
    layer: str = ""
    measure_dipole: Flag = False
    reference: str = ""
    doi: str = ""
    cell: Annotated[str, NameRule()] | None = None
    positions: Positions | None = None


class CellTypeData(Piece):
    """A cell type with its metadata."""

    cell_object: CellData
    cell_metadata: MetaData | None = None


class RangeData(Piece):
    """The numbers of the cells of one type, or of one drive."""

    start: Annotated[int, _GID]
    stop: Annotated[int, _GID]

    @property
    def n(self) -> int:
        """How many cells."""
        return self.stop - self.start


class WeightData(Piece):
    """What the synapses of a connection are like."""

    A_weight: Annotated[float, Q("uS", ge=0)]
    A_delay: Annotated[float, Q("ms", ge=0)]
    lamtha: Annotated[float, Q("1", gt=0)]
    threshold: Annotated[float, Q("mV")] | None = None
    gain: Annotated[float, Q("1", ge=0)] = 1.0


class ConnectionData(Piece):
    """Synapses of one kind between the cells of two types, or from a drive.

    ``name`` and ``rule`` are apical's. With a rule, `probability` is still to be applied; hnn-core
    writes what is left after it was.
    """

    src_type: str
    target_type: str
    gid_pairs: dict[int, list[int]]
    loc: str
    receptor: str
    nc_dict: WeightData
    allow_autapses: Flag = True
    probability: Annotated[float, Q("1", ge=0, le=1)] = 1.0
    name: Annotated[str, NameRule(dots=True)] | None = None
    rule: Literal["all_to_all", "one_to_one", "pairs"] | None = None


class DriveData(Piece):
    """A drive; what it reaches is told by the connections.

    ``n_cells`` and ``space_constant`` are apical's.
    """

    type: Literal["evoked", "gaussian", "poisson", "bursty", "spike_train"]
    dynamics: dict[str, Any]
    location: str = "soma"
    cell_specific: Flag | None = None
    target_types: list[str] = Field(default_factory=list)
    synaptic_delays: float | dict[str, float] = 0.1
    probability: float | dict[str, float] = 1.0
    n_cells: int | None = None
    space_constant: float = 3.0


class BiasData(Piece):
    """A current into the cells of one type."""

    amplitude: Annotated[float, Q("nA")]
    t0: Milliseconds = 0.0
    tstop: Milliseconds | None = None
    section: str = "soma"
    loc: Fraction = 0.5


class ElectrodesData(Piece):
    """An array of electrodes."""

    positions: Annotated[tuple[tuple[float, float, float], ...], _POINTS]
    conductivity: Annotated[float, Q("S/m", gt=0)] = 0.3
    method: Literal["psa", "lsa"] = "psa"
    min_distance: Annotated[float, Q("um", gt=0)] = 0.5
    every: Annotated[float, Q("ms", gt=0)] = 0.025


def _positions(value: object) -> object:
    """Let one point, as the origin is written, stand for a list of one."""
    flat = isinstance(value, (list, tuple)) and len(value) == 3
    return [value] if flat and not any(isinstance(v, (list, tuple)) for v in value) else value  # type: ignore[union-attr]


class Configuration(Piece):
    """A network; ``inplane_distance``, labels and recordings are apical's."""

    name: Label = ""
    title: Label = ""
    reference: Label = ""
    doi: Label = ""
    object_type: Literal["Network"] = "Network"
    N_pyr_x: Annotated[int, Whole(1, 1_000_000)] = 10
    N_pyr_y: Annotated[int, Whole(1, 1_000_000)] = 10
    inplane_distance: Annotated[float, Q("um", gt=0)] | None = None
    celsius: Annotated[float, Q("degC")] = 37.0
    threshold: Annotated[float, Q("mV")] = 0.0
    cell_types: dict[str, Annotated[CellTypeData, BeforeValidator(_current)]]
    gid_ranges: dict[str, RangeData]
    pos_dict: dict[str, Annotated[tuple[Location, ...], _POINTS, BeforeValidator(_positions)]]
    external_drives: dict[str, DriveData] = Field(default_factory=dict)
    external_biases: dict[str, dict[str, BiasData]] = Field(default_factory=dict)
    connectivity: list[ConnectionData] = Field(default_factory=list)
    rec_arrays: dict[str, ElectrodesData] = Field(default_factory=dict)
    recordings: dict[str, Recording] = Field(default_factory=dict)
