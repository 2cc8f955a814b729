"""What the studio simulates: a base model, what was changed of it, and how it is run.

It is plain data that a browser holds and sends, in a link or a session file as well; from it come
the network, the run and the Python script that does the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from apical import models
from apical.errors import ModelError, Problem, did_you_mean
from apical.model import Network, laminar

#: Fields of a network to which parts can be added.
ADDABLE = ("populations", "projections", "drives", "biases", "recordings", "electrodes")
#: Bounds of what is run live, so that no slip of the hand fills the memory.
MAX_DURATION, MAX_TRIALS, MAX_GRID, MIN_STEP = 10_000.0, 100, 30, 1e-3
#: Cells of a network, and samples of all trials of a run, that are shown live at most.
MAX_CELLS, MAX_SAMPLES = 20_000, 50_000_000
#: How keys of models that were handed over begin.
FILE = "file-"
#: Factors and shifts of waves.
_Factor = Annotated[float, Field(ge=-1e9, le=1e9)]


class Message(BaseModel):
    """Plain data on the wire: nothing unknown, nothing that is no number."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Setup(Message):
    """What is simulated, and how.

    Parameters
    ----------
    model : str
        Name of a library model, or the key of a model that was handed to this session.
    grid : (int, int), optional
        Cells of the column along x and y, if not the model's own.
    removed : tuple of str
        Addresses of parts of the model that are left out.
    added : mapping of field to mapping of name to part
        Parts that the model does not have; one that was removed may come back as another.
    values : mapping of address to value
        Single values, of the model's parts or of those added.
    duration, dt : float, ms
    trials, seed : int
    precision : {'single', 'double'}
    rates : {'exact', 'table'}
    """

    model: str = "erp"
    grid: (
        tuple[Annotated[int, Field(ge=1, le=MAX_GRID)], Annotated[int, Field(ge=1, le=MAX_GRID)]]
        | None
    ) = None
    removed: tuple[str, ...] = ()
    added: dict[str, dict[str, Any]] = Field(default_factory=dict)
    values: dict[str, Any] = Field(default_factory=dict)
    duration: Annotated[float, Field(gt=0, le=MAX_DURATION)] = 170.0
    dt: Annotated[float, Field(ge=MIN_STEP)] = 0.025
    trials: Annotated[int, Field(ge=1, le=MAX_TRIALS)] = 1
    seed: Annotated[int, Field(ge=0)] = 0
    precision: Literal["single", "double"] = "single"
    rates: Literal["exact", "table"] = "exact"

    def network(self, uploaded: Mapping[str, Network]) -> Network:
        """Return the network.

        Parameters
        ----------
        uploaded : mapping of str to Network
            Models that were handed to this session, by key.

        Raises
        ------
        ModelError
            With everything that is wrong, by address.
        """
        samples = self.trials * self.duration / self.dt
        if samples > MAX_SAMPLES:
            message = f"{samples:.3g} samples in all are too many; at most {MAX_SAMPLES:.3g}"
            raise ModelError([Problem("duration", message, "fewer trials, or a longer step")])
        network = self._changed(uploaded)
        cells = sum(p.n for p in network.populations.values())
        if cells > MAX_CELLS:
            message = f"{cells} cells are too many to be shown live; at most {MAX_CELLS}"
            raise ModelError([Problem("populations", message, "simulate it by a script")])
        return network

    def _changed(self, uploaded: Mapping[str, Network]) -> Network:
        base, parts = self._base(uploaded), (self.grid, self.removed, self.added)
        # a hand changes values many times a second, and parts seldom
        known = next((n for b, p, n in _last if b is base and p == parts), None)
        network = known or self._with_parts(base)
        _last[:] = [(base, parts, network)]
        return network.set(self.values) if self.values else network

    def _with_parts(self, network: Network) -> Network:
        if self.grid is not None:
            network = network.scale(self.grid)
        if self.removed:
            network = network.remove(*self.removed)
        if unknown := [f for f in self.added if f not in ADDABLE]:
            hint = f"parts can be added to {', '.join(ADDABLE)}"
            raise ModelError([Problem(f"added.{f}", "is no such field", hint) for f in unknown])
        if any(self.added.values()):
            network = network.add(**self.added)
        return network

    def structure(self) -> tuple[Any, ...]:
        """Return what decides which parts there are; values alone change none."""
        added = {field: sorted(parts) for field, parts in self.added.items()}
        return (self.model, self.grid, sorted(self.removed), sorted(added.items()))

    def _base(self, uploaded: Mapping[str, Network]) -> Network:
        if self.model in uploaded:
            return uploaded[self.model]
        if models.exists(self.model):
            return _library(self.model)
        hint = did_you_mean(self.model, [*models.names(), *uploaded], "models are")
        if self.model.startswith(FILE):
            hint = "it was a file: drop that on the page again, or open its session"
        raise ModelError([Problem("model", f"there is no model '{self.model}'", hint)])


#: The last network that was made: its base, parts left out and added, and itself.
_last: list[tuple[Network, Any, Network]] = []


@cache
def _library(name: str) -> Network:
    """Return a library model; networks are frozen, so that one serves all who ask."""
    return models.load(name)


class View(Message):
    """How waves are shown: nothing of it changes the simulation.

    Parameters
    ----------
    smooth : float, ms
        Length of the Hamming window that simulated dipoles are smoothed with; 0 for none.
    scale : float
        Factor on simulated dipoles, as the number of columns that act together.
    data : str, optional
        Key of the recording that the wave is compared with.
    tmin, tmax : float, ms, optional
        Where it is compared; without them, wherever both are.
    shift : float, ms
        Added to the recording's times.
    factor : float
        Factor on the recording.
    electrodes : str
        Electrode array whose potentials are shown; the first, if there is none of this name.
    field : {'lfp', 'psd', 'spectrogram'}
        What is shown beside the dipole: potentials, or power of the dipole.
    """

    smooth: Annotated[float, Field(ge=0, le=1000)] = 0.0
    scale: _Factor = 1.0
    data: str | None = None
    tmin: float | None = None
    tmax: float | None = None
    shift: _Factor = 0.0
    factor: _Factor = 1.0
    electrodes: str = ""
    field: Literal["lfp", "psd", "spectrogram"] = "lfp"


#: What evoked responses are usually shown with (Neymotin et al. 2020): a Hamming window (ms), and
#: as many columns acting together as a response of some tens of nAm takes.
_WINDOW, _COLUMNS = 30.0, 3000.0
#: How long a rhythm is shown at first, ms.
_RHYTHM = 300.0
#: Name, distances (µm) and number of the electrodes that a model without any gets. They stand aside
#: (µm), as cells are so close together in the plane that none should be within a soma.
SHANK, _SPACING, _CONTACTS, _ASIDE = "shank", 150.0, 17, 50.0
#: How often they are read (ms): ten times while a spike lasts. Every step would take a fifth more
#: time than the run without them.
_EVERY = 0.1


def opening(network: Network, key: str, **options: Any) -> tuple[Setup, View]:
    """Return what a page begins with for some model.

    Parameters
    ----------
    network : Network
        The model. If it has no electrodes, it gets a shank through its middle.
    key : str
        What the setup calls it.
    **options
        Further fields of the setup.
    """
    evoked = not network.drives or any(d.kind == "evoked" for d in network.drives.values())
    given = {"duration": Setup().duration if evoked else _RHYTHM, **options}
    if network.populations and not network.electrodes:
        x, y, _ = network.origin()
        given["added"] = {
            "electrodes": {
                SHANK: laminar(
                    x + _ASIDE, y, spacing=_SPACING, electrodes=_CONTACTS, every=_EVERY
                ).model_dump(mode="json")
            }
        }
    return Setup(model=key, **given), View(smooth=_WINDOW, scale=_COLUMNS) if evoked else View()
