"""What a simulation returns: labelled arrays with units and where they came from."""

from __future__ import annotations

import copy
import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from apical.recorded import TIME, Arrays, RecordedPotentials, RecordedTraces, fixed
from apical.units import parse_quantity

if TYPE_CHECKING:
    import xarray as xr

    from apical.analysis.windows import Windows
    from apical.model import Network

_DIPOLE = {"units": "nAm", "long_name": "current dipole moment"}
#: Fields of a result that hold several arrays by name.
_MAPPINGS = ("recordings", "lfp")
#: Provenance that may differ between two runs of the same thing.
_CIRCUMSTANCES = ("created", "wall_seconds", "threads", "engine_choice")


@dataclass(frozen=True, eq=False, repr=False)
class Result:
    """Dipoles, spikes and recordings of a simulation; every method returns something new.

    Made by `apical.simulate`, `apical.load` or `Result.from_arrays`. Arrays are labelled when
    they are first asked for: xarray takes longer to load than a short simulation takes to run.

    Attributes
    ----------
    network : Network
        What was simulated.
    dipole : DataArray (trial, population, time), nAm
        Populations that contribute, with coordinates ``layer`` and ``rest`` (population): the
        dipole of the undriven steady state, which has been subtracted.
    spikes : Dataset with dim ``spike``
        Columns ``trial``, ``time`` (ms), ``source`` (name of a population or drive) and ``cell``
        (index within it), sorted by trial, time, source and cell.
    sources : mapping of str to int
        Number of cells of every population, then of every drive.
    recordings : mapping of str to DataArray (trial, cell, site, time)
        What was recorded on request.
    lfp : mapping of str to DataArray (trial, population, electrode, time), µV
        What each population adds at each array's electrodes: its sum over populations is what is
        measured there. Coordinates are ``x``, ``y`` and ``z`` (electrode, µm), ``layer``, and
        ``rest`` (population, electrode): what the undriven steady state adds, which has been
        subtracted. The attribute ``conductivity`` is that of the medium, S/m.
    provenance : mapping
        Versions, engine, seed, hash of the model and so on; plain values.
    """

    network: Network
    dipole: xr.DataArray
    spikes: xr.Dataset
    sources: Mapping[str, int]
    recordings: Mapping[str, xr.DataArray]
    lfp: Mapping[str, xr.DataArray]
    provenance: Mapping[str, Any]

    def __post_init__(self) -> None:
        for name in ("sources", "recordings", "lfp"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
        provenance = MappingProxyType(copy.deepcopy(dict(self.provenance)))
        object.__setattr__(self, "provenance", provenance)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            make = self.__dict__.get("_labelled", {}).get(name)
            if make is None:
                raise AttributeError(f"a {type(self).__name__} has no '{name}'")
            object.__setattr__(self, name, make())
            return self.__dict__[name]

    @classmethod
    def from_arrays(
        cls,
        network: Network,
        time: np.ndarray,
        dipole: np.ndarray,
        *,
        spikes: Mapping[str, np.ndarray],
        sources: Mapping[str, int],
        rest: np.ndarray | None = None,
        recordings: Mapping[str, RecordedTraces] | None = None,
        lfp: Mapping[str, RecordedPotentials] | None = None,
        provenance: Mapping[str, Any] | None = None,
    ) -> Result:
        """Build a result from plain arrays, which are not copied but shown read-only.

        Parameters
        ----------
        network : Network
            What was simulated; gives names and layers of the populations with ``dipole=True``.
        time : (n_time,) array, ms
            Sample times of the dipole.
        dipole : (trial, population, n_time) array, nAm
            Populations with ``dipole=True`` in the order of the network, `rest` subtracted.
        spikes : mapping of str to (n,) arrays
            ``trial`` (int), ``time`` (ms), ``source`` (int, position in `sources`) and ``cell``
            (int, within the source); in any order.
        sources : mapping of str to int
            Number of cells of the populations, then drives, in the order of the network.
        rest : (population,) array, nAm, optional
            Dipole of the undriven steady state; zeros if not given.
        recordings : mapping of str to RecordedTraces, optional
            By name, in the order of the network.
        lfp : mapping of str to RecordedPotentials, optional
            By name of the electrode array, in the order of the network, of all populations.
        provenance : mapping, optional
            Values that JSON can hold, or NumPy's; ``trials`` and ``duration`` are added if
            missing.

        Raises
        ------
        ValueError, TypeError
            If the shapes do not fit each other, or JSON cannot hold the provenance.
        """
        shown = [name for name, p in network.populations.items() if p.dipole]
        values, time = fixed(dipole, np.float64), fixed(time, np.float64)
        if values.ndim != 3 or values.shape[1:] != (len(shown), time.size):
            raise ValueError(
                f"dipole must have shape (trial, {len(shown)}, {time.size}); got {values.shape}"
            )
        rest = fixed(np.zeros(len(shown)) if rest is None else rest, np.float64)
        if rest.shape != (len(shown),):
            raise ValueError(f"rest must have shape ({len(shown)},); got {rest.shape}")
        columns = _sorted_spikes(spikes, len(sources))
        traces, names = dict(recordings or {}), list(sources)
        for name, recorded in traces.items():
            recorded.check(name)
        potentials = dict(lfp or {})
        for name, found in potentials.items():
            found.check(name, len(network.populations))
        arrays = Arrays(time, values, rest, columns, MappingProxyType(potentials))
        known = {"trials": values.shape[0], "duration": float(time[-1]), "history": []}
        labelled: dict[str, Callable[[], Any]] = {
            "dipole": lambda: _dipole(network, arrays),
            "spikes": lambda: _spike_table(columns, names),
            "recordings": lambda: _recordings(traces),
            "lfp": lambda: _potentials(network, potentials),
        }
        fields = {
            "network": network,
            "sources": MappingProxyType({name: int(n) for name, n in sources.items()}),
            "provenance": MappingProxyType(_plain(known | dict(provenance or {}))),
            "_arrays": arrays,
            "_labelled": labelled,
        }
        result = object.__new__(cls)
        for name, value in fields.items():
            object.__setattr__(result, name, value)
        return result

    @property
    def arrays(self) -> Arrays:
        """Dipoles, spikes and potentials without labels."""
        if "_arrays" in self.__dict__:
            return self.__dict__["_arrays"]
        position = {name: k for k, name in enumerate(self.sources)}
        columns = {str(name): self.spikes[name].values for name in self.spikes}
        columns["source"] = np.array([position[s] for s in columns["source"].tolist()], np.int64)
        time, rest = self.dipole["time"].values, self.dipole["rest"].values
        lfp = {name: RecordedPotentials.of(data) for name, data in self.lfp.items()}
        return Arrays(time, self.dipole.values, rest, columns, lfp)

    @property
    def time(self) -> np.ndarray:
        """Sample times of the dipole in ms."""
        return self.arrays.time

    @property
    def trials(self) -> int:
        """Number of trials simulated (`average` keeps it)."""
        return int(self.provenance["trials"])

    def total(self) -> xr.DataArray:
        """Return the dipole summed over populations: (trial, time), nAm."""
        return self.dipole.sum("population", keep_attrs=True)

    def layers(self) -> xr.DataArray:
        """Return the dipole summed within each layer: (trial, layer, time), nAm."""
        import xarray as xr

        layer = self.dipole["layer"].values
        names = list(dict.fromkeys(layer.tolist()))
        shape = (self.dipole.sizes["trial"], len(names), self.dipole.sizes["time"])
        values = np.zeros(shape)
        for i, name in enumerate(names):
            values[:, i] = self.dipole.values[:, layer == name].sum(axis=1)
        return xr.DataArray(
            values,
            dims=("trial", "layer", "time"),
            coords={
                "trial": self.dipole["trial"],
                "layer": np.array(names, dtype=str),
                "time": self.dipole["time"],
            },
            name="dipole",
            attrs=self.dipole.attrs,
        )

    def spike_counts(self) -> xr.DataArray:
        """Return the number of spikes of each source: (trial, source)."""
        from apical.analysis import spike_counts

        return spike_counts(self.spikes, self.sources, self.trials)

    def rates(self, windows: Windows = None) -> xr.DataArray:
        """Return spikes per second and cell of each source, mean over trials: (source), Hz.

        `windows` are as in `apical.mean_rates`, which keeps trials and cells apart.
        """
        from apical.analysis import mean_rates

        return mean_rates(self, windows).mean("trial", keep_attrs=True)

    def smooth(self, window: float | str) -> Result:
        """Return a result with its dipoles smoothed; `window` in ms (see `apical.smooth`).

        As in hnn-core, the first and the last half window are drawn towards zero; comparisons
        better leave them out: ``compare(dipole, recorded, *apical.analysis.inside(dipole))``.
        """
        from apical.analysis import smooth

        return self._changed(smooth(self.dipole, window), f"smoothed {_shown(window, 'ms')}")

    def savgol(self, cutoff: float | str) -> Result:
        """Return a result with its dipoles smoothed; `cutoff` in Hz (see `apical.savgol`)."""
        from apical.analysis import savgol

        return self._changed(savgol(self.dipole, cutoff), f"savgol {_shown(cutoff, 'Hz')}")

    def scale(self, factor: float) -> Result:
        """Return a result with its dipoles (and their rest) multiplied by `factor`."""
        from apical.analysis import scale

        dipole = scale(self.dipole, factor)
        factor = parse_quantity(factor, "1")
        rest = dipole["rest"].copy(data=dipole["rest"].values * factor)
        return self._changed(dipole.assign_coords(rest=rest), f"× {factor:g}")

    def average(self) -> Result:
        """Return a result of one trial: the mean of dipoles, recordings and potentials.

        The spikes of all trials are kept, so that rates stay what they are.
        """
        means = {
            name: {key: _mean_trial(data) for key, data in getattr(self, name).items()}
            for name in _MAPPINGS
        }
        n = self.dipole.sizes["trial"]
        return self._changed(_mean_trial(self.dipole), f"average of {n} trials", **means)

    def save(self, path: str | os.PathLike[str], overwrite: bool = False) -> None:
        """Write everything into one netCDF-4 file, which appears whole or not at all.

        Raises
        ------
        StorageError
            If the file cannot be written, or exists and `overwrite` is false.
        """
        from apical.io import results

        results.write(path, self._fields(), overwrite)

    def identical(self, other: Result) -> bool:
        """Whether all data, labels, the network and what defines the run are equal.

        Of the provenance, ``created``, ``wall_seconds``, ``threads`` and ``engine_choice`` do not
        count: they do not change what is computed.
        """
        mine, theirs = self._fields(), other._fields()
        for fields in (mine, theirs):
            kept = {k: v for k, v in fields["provenance"].items() if k not in _CIRCUMSTANCES}
            fields["provenance"] = kept
        arrays = [
            {(name, key): data for name in _MAPPINGS for key, data in fields.pop(name).items()}
            for fields in (mine, theirs)
        ]
        plain = all(
            mine[name] == theirs[name] for name in ("network", "provenance", "sources")
        ) and list(mine["sources"]) == list(theirs["sources"])
        return (
            plain
            and all(mine[name].identical(theirs[name]) for name in ("dipole", "spikes"))
            and list(arrays[0]) == list(arrays[1])
            and all(arrays[0][name].identical(arrays[1][name]) for name in arrays[0])
        )

    def digest(self) -> str:
        """Return 16 hexadecimal digits that tell dipoles apart: the SHA-256 of their bytes."""
        return hashlib.sha256(self.arrays.dipole.tobytes()).hexdigest()[:16]

    def __repr__(self) -> str:
        name = self.network.name or "network"
        return (
            f"<Result of {name}: {self.trials} trial(s), {self.time[-1]:g} ms, "
            f"{len(self.arrays.spikes['time'])} spikes>"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        # read-only mappings cannot be sent to other processes as they are
        return type(self), tuple(self._fields().values())

    def _fields(self) -> dict[str, Any]:
        return {
            "network": self.network,
            "dipole": self.dipole,
            "spikes": self.spikes,
            "sources": dict(self.sources),
            "recordings": dict(self.recordings),
            "lfp": dict(self.lfp),
            "provenance": dict(self.provenance),
        }

    def _changed(
        self, dipole: xr.DataArray, step: str, **others: Mapping[str, xr.DataArray]
    ) -> Result:
        dipole = dipole.copy(data=fixed(dipole.values, np.float64))
        fields: dict[str, Any] = {**self._fields(), "dipole": dipole, **others}
        history = [*self.provenance.get("history", ()), step]
        fields["provenance"] = {**self.provenance, "history": history}
        return Result(**fields)


def load(path: str | os.PathLike[str]) -> Result:
    """Read a result that `Result.save` wrote.

    Raises
    ------
    FileFormatError
        If the file is not a result of apical, or is damaged.
    StorageError
        If it cannot be opened.
    """
    from apical.io import results

    return Result(**results.read(path))


def _plain(provenance: Mapping[str, Any]) -> dict[str, Any]:
    """Send provenance through JSON: what cannot be saved is refused now, not after the work."""

    def convert(value: Any) -> Any:
        if isinstance(value, (np.generic, np.ndarray)):
            return value.tolist()
        raise TypeError(f"provenance cannot hold a {type(value).__name__}")

    return json.loads(json.dumps(dict(provenance), allow_nan=False, default=convert))


def _dipole(network: Network, arrays: Arrays) -> xr.DataArray:
    import xarray as xr

    shown = {name: p.layer for name, p in network.populations.items() if p.dipole}
    rest = {"units": "nAm", "long_name": "dipole of the undriven steady state"}
    return xr.DataArray(
        arrays.dipole,
        dims=("trial", "population", "time"),
        coords={
            "trial": np.arange(len(arrays.dipole)),
            "population": np.array(list(shown), dtype=str),
            "time": ("time", arrays.time, TIME),
            "layer": ("population", np.array(list(shown.values()), dtype=str)),
            "rest": ("population", arrays.rest, rest),
        },
        name="dipole",
        attrs=_DIPOLE,
    )


def _sorted_spikes(spikes: Mapping[str, np.ndarray], sources: int) -> dict[str, np.ndarray]:
    """Check the columns of spikes and put them in order."""
    trial, source, cell = (np.asarray(spikes[c], np.int64) for c in ("trial", "source", "cell"))
    time = np.asarray(spikes["time"], np.float64)
    if not trial.shape == time.shape == source.shape == cell.shape == (time.size,):
        raise ValueError("the columns of spikes must be one-dimensional and equally long")
    if source.size and not 0 <= source.min() <= source.max() < sources:
        raise ValueError("a spike of a source that is not in sources")
    order = np.lexsort((cell, source, time, trial))
    columns = {"trial": trial, "time": time, "source": source, "cell": cell}
    return {name: fixed(column[order], column.dtype) for name, column in columns.items()}


def _spike_table(columns: Mapping[str, np.ndarray], names: list[str]) -> xr.Dataset:
    import xarray as xr

    name = np.array(names, dtype=str)[columns["source"]] if names else np.array([], dtype="<U1")
    return xr.Dataset(
        {
            "trial": ("spike", columns["trial"]),
            "time": ("spike", columns["time"], TIME),
            "source": ("spike", name),
            "cell": ("spike", columns["cell"]),
        }
    )


def _recordings(traces: Mapping[str, RecordedTraces]) -> Mapping[str, xr.DataArray]:
    return MappingProxyType(
        {name: recorded.to_dataarray(name) for name, recorded in traces.items()}
    )


def _potentials(
    network: Network, found: Mapping[str, RecordedPotentials]
) -> Mapping[str, xr.DataArray]:
    layers = {name: p.layer for name, p in network.populations.items()}
    return MappingProxyType({name: f.to_dataarray(name, layers) for name, f in found.items()})


def _shown(value: float | str, unit: str) -> str:
    return f"{parse_quantity(value, unit):g} {unit}"


def _mean_trial(data: xr.DataArray) -> xr.DataArray:
    mean = data.mean("trial", keep_attrs=True).expand_dims(trial=[0])
    return mean.transpose(*data.dims)
