"""What the browser and the server say to each other; the front end's types are made from it.

The browser sends JSON text (:data:`FromBrowser`). The server sends binary frames: four bytes with
the length of a header (little endian), the header as JSON (:data:`ToBrowser`), zeros up to a
multiple of eight bytes, and then the arrays that the header names, each at its offset from there.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from apical.studio.setup import Message, Setup, View

# --- from the browser -------------------------------------------------------------------------


class Simulate(Message):
    """Show this; a newer one takes its place."""

    type: Literal["simulate"] = "simulate"
    id: int
    setup: Setup
    view: View = View()


class Look(Message):
    """Show what was computed last in another way."""

    type: Literal["look"] = "look"
    id: int
    view: View


class Drawn(Message):
    """A frame is on the screen: the next one may come."""

    type: Literal["drawn"] = "drawn"
    seq: int


class FitParameter(Message):
    """What a fit may vary: one address, or several with a common factor on their values."""

    name: str
    paths: Annotated[tuple[str, ...], Field(min_length=1)]
    low: float
    high: float
    scale: Literal["linear", "log"] = "linear"
    relative: bool = False


class StartFit(Message):
    """Fit the dipole to a recording; what is on the screen is where it begins."""

    type: Literal["fit"] = "fit"
    id: int
    setup: Setup
    view: View
    parameters: Annotated[tuple[FitParameter, ...], Field(min_length=1)]
    method: Literal["cma", "bayes", "cobyla", "lbfgs"] = "cma"
    budget: Annotated[int, Field(ge=1, le=100_000)] = 200
    trials: Annotated[int, Field(ge=1, le=100)] = 3
    solve_scale: bool = False


class StopFit(Message):
    """End the fit; the best that it has seen is kept."""

    type: Literal["stop_fit"] = "stop_fit"


class StopExport(Message):
    """Give up what is computed for exports."""

    type: Literal["stop_export"] = "stop_export"


FromBrowser = Annotated[
    Simulate | Look | Drawn | StartFit | StopFit | StopExport, Field(discriminator="type")
]

# --- from the server --------------------------------------------------------------------------


class ArrayInfo(Message):
    """An array after the header; `offset` counts bytes from the first multiple of 8 after it."""

    name: str
    dtype: Literal["<f4", "<f8", "<u2", "<i4", "|u1"]
    shape: tuple[int, ...]
    offset: int


class Frame(Message):
    """What every frame has."""

    seq: int = 0
    arrays: tuple[ArrayInfo, ...] = ()


class ModelInfo(Message):
    """A model that can be chosen; `code` is the Python that loads one that was handed over."""

    key: str
    title: str
    uploaded: bool = False
    code: str = ""


class DataInfo(Message):
    """A recording; its samples are `time` (ms) and `values` (nAm) of a `data` frame."""

    key: str
    name: str
    samples: int
    tmin: float
    tmax: float
    note: str = ""


class Hello(Frame):
    """The first frame: what there is, and what to begin with."""

    type: Literal["hello"] = "hello"
    version: str
    cores: int
    models: tuple[ModelInfo, ...]
    setup: Setup
    view: View
    #: JSON schema of a network, with units, bounds and a text for every field
    schema_: Annotated[dict[str, Any], Field(alias="schema", serialization_alias="schema")]
    data: tuple[DataInfo, ...] = ()


class Data(Frame):
    """A recording; arrays `time` (f8, ms) and `values` (f8, nAm)."""

    type: Literal["data"] = "data"
    info: DataInfo


class Structure(Frame):
    """The network that is shown, whole, whenever its parts have changed.

    Arrays: `segments` (n, 6) f4 ends of sections in µm; `segment_cell` (n) i4; `somata`
    (cells, 3) f4; `population` (cells) u1, index into `populations`.
    """

    type: Literal["structure"] = "structure"
    id: int
    #: the network as its file has it, with the setup's values in place
    network: dict[str, Any]
    #: the same without the setup's values and additions: defaults of sliders
    base: dict[str, Any]
    populations: tuple[PopulationInfo, ...]
    drives: tuple[str, ...]


class PopulationInfo(Message):
    """A population as the screen needs it."""

    name: str
    n: int
    layer: str
    role: str
    dipole: bool


class Begin(Frame):
    """A run begins, or goes on from `since` with something changed."""

    type: Literal["begin"] = "begin"
    id: int
    since: float
    duration: float
    dt: float
    #: whether all of it comes from memory
    known: bool = False
    #: what makes the run doubtful, in words
    warnings: tuple[str, ...] = ()


class Chunk(Frame):
    """A stretch of the run.

    Arrays: `dipole` (1 + contributing populations, n) f4, nAm, smoothed and scaled as the view
    says, the total first; its first sample is number `first`. `spike_time` f4 (ms),
    `spike_source` u2 (populations, then drives), `spike_cell` i4: all spikes after `since`.
    `lfp`, `csd` and `depth` as in `Done`, of those columns of time that are whole and new, the
    first of which is number `column` of `columns`.
    """

    type: Literal["chunk"] = "chunk"
    id: int
    first: int
    since: float
    time: float
    fraction: float
    names: tuple[str, ...]
    electrodes: str = ""
    column: int = 0
    columns: int = 0


class Scores(Message):
    """How close the wave is to the recording."""

    rmse: float
    #: none of a constant
    correlation: float | None
    r2: float | None
    tmin: float
    tmax: float
    samples: int


class Done(Frame):
    """A run is complete.

    Arrays: `dipole` as in a chunk, whole; `rates` (sources, bins) f4, Hz, in bins of `bin` ms;
    `lfp` (electrodes, 2 * columns) f4, µV, smallest and largest of each column of time; `csd`
    (electrodes, columns) f4, µA/mm³; `depth` (electrodes) f4, µm; `psd_frequency`, `psd` f4
    (Hz, nAm²/Hz); `tfr` (frequencies, columns), `tfr_frequency` f4 (nAm²/Hz, Hz), if the view asks
    for a spectrogram; `band` (3, n) f4, mean, lowest and highest over trials, if there are several.
    """

    type: Literal["done"] = "done"
    id: int
    trials: int
    names: tuple[str, ...]
    bin: float
    spikes: int
    seconds: float
    scores: Scores | None = None
    #: hash of the result, to compare with that of the script; empty until all trials are done
    hash: str = ""
    #: name of the electrode array that `lfp`, `csd` and `depth` are of
    electrodes: str = ""


class TrialsDone(Frame):
    """How many trials of several have been computed, of which the first was shown."""

    type: Literal["trials"] = "trials"
    id: int
    done: int
    trials: int


class Sensitivity(Frame):
    """How the dipole changes with a value: array `slope` (n) f4, nAm per unit of the value."""

    type: Literal["sensitivity"] = "sensitivity"
    id: int
    path: str
    at: float


class ProblemInfo(Message):
    """Something wrong, with its address."""

    path: str
    message: str
    hint: str = ""


class Wrong(Frame):
    """What was asked for cannot be done; what was there before stays."""

    type: Literal["wrong"] = "wrong"
    id: int
    problems: tuple[ProblemInfo, ...]


class Saying(Frame):
    """What the engine does where it takes long, such as compiling."""

    type: Literal["saying"] = "saying"
    text: str


class FitProgress(Frame):
    """How far a fit is; array `dipole` (n) f4: the best wave, if there is a new one."""

    type: Literal["fit_progress"] = "fit_progress"
    id: int
    candidates: int
    budget: int
    loss: float | None
    values: dict[str, float]
    left: float | None
    losses: tuple[float, ...] = ()


class FitDone(Frame):
    """A fit has ended; `setup` has the best values in place."""

    type: Literal["fit_done"] = "fit_done"
    id: int
    why: str
    candidates: int
    loss: float | None
    values: dict[str, float]
    setup: Setup
    scale: float | None = None


ToBrowser = Annotated[
    Hello
    | Data
    | Structure
    | Begin
    | Chunk
    | Done
    | TrialsDone
    | Sensitivity
    | Wrong
    | Saying
    | FitProgress
    | FitDone,
    Field(discriminator="type"),
]

from_browser: TypeAdapter[FromBrowser] = TypeAdapter(FromBrowser)


def schema() -> str:
    """Return the JSON schema of all messages, from which the front end's types are made."""
    sent: TypeAdapter[ToBrowser] = TypeAdapter(ToBrowser)
    template = "#/definitions/{model}"
    both = {
        "FromBrowser": from_browser.json_schema(mode="validation", ref_template=template),
        "ToBrowser": sent.json_schema(mode="serialization", ref_template=template),
    }
    definitions: dict[str, Any] = {}
    for name, found in both.items():
        definitions |= found.pop("$defs")
        definitions[name] = found
    whole = {"$schema": "http://json-schema.org/draft-07/schema#", "title": "Messages",
             "definitions": dict(sorted(definitions.items()))}  # fmt: skip
    return json.dumps(whole, indent=2) + "\n"
