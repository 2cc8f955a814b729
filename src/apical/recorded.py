"""What a result is made of before it has labels: plain arrays of all that is sampled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

#: What a time axis says of itself.
TIME = {"units": "ms", "long_name": "time"}
_POTENTIAL = {"units": "uV", "long_name": "extracellular potential"}


@dataclass(frozen=True)
class RecordedTraces:
    """The samples of one recording, as an engine hands them over.

    Parameters
    ----------
    time : (n_time,) array, ms
    values : (trial, cell, site, time) array
    cells : sequence of int
        Index of each recorded cell in its population.
    sites : sequence of str
        Where on the cell, as ``section(x)``.
    units : str
        Unit of `values`.
    """

    time: np.ndarray
    values: np.ndarray
    cells: Sequence[int]
    sites: Sequence[str]
    units: str

    def check(self, name: str) -> None:
        """Refuse samples that are not one for every trial, cell, site and time."""
        shape, sizes = np.shape(self.values), (len(self.cells), len(self.sites), len(self.time))
        if len(shape) != 4 or shape[1:] != sizes:
            wanted = ", ".join(map(str, sizes))
            raise ValueError(f"recording '{name}' must have shape (trial, {wanted}); got {shape}")

    def to_dataarray(self, name: str) -> xr.DataArray:
        """Label the samples; dims (trial, cell, site, time)."""
        import xarray as xr

        return xr.DataArray(
            fixed(self.values, np.result_type(np.asarray(self.values), np.float32)),
            dims=("trial", "cell", "site", "time"),
            coords={
                "trial": np.arange(np.shape(self.values)[0]),
                "cell": np.asarray(self.cells, dtype=np.int64),
                "site": np.asarray(list(self.sites), dtype=str),
                "time": ("time", fixed(self.time, np.float64), TIME),
            },
            name=name,
            attrs={"units": self.units},
        )


@dataclass(frozen=True)
class RecordedPotentials:
    """The samples of one electrode array.

    Parameters
    ----------
    time : (n_time,) array, ms
    values : (trial, population, electrode, time) array, µV
        What each population adds, `rest` subtracted.
    rest : (population, electrode) array, µV
        What the undriven steady state adds.
    positions : (electrode, 3) array, µm
    conductivity : float, S/m
        Of the medium.
    """

    time: np.ndarray
    values: np.ndarray
    rest: np.ndarray
    positions: np.ndarray
    conductivity: float

    @classmethod
    def of(cls, data: xr.DataArray) -> RecordedPotentials:
        """Return what was labelled by `to_dataarray`."""
        positions = np.stack([data[axis].values for axis in "xyz"], axis=-1)
        return cls(
            data["time"].values, data.values, data["rest"].values, positions,
            float(data.attrs["conductivity"]),
        )  # fmt: skip

    def check(self, name: str, populations: int) -> None:
        """Refuse samples that are not one for every trial, population, electrode and time."""
        shape, sizes = np.shape(self.values), (populations, len(self.positions), len(self.time))
        if len(shape) != 4 or shape[1:] != sizes or np.shape(self.rest) != sizes[:2]:
            wanted = ", ".join(map(str, sizes))
            raise ValueError(f"potentials '{name}' must have shape (trial, {wanted}); got {shape}")

    def to_dataarray(self, name: str, layers: Mapping[str, str]) -> xr.DataArray:
        """Label the samples; `layers` are those of the populations, by name."""
        import xarray as xr

        rest = {"units": "uV", "long_name": "potential of the undriven steady state"}
        axes = zip("xyz", fixed(self.positions, np.float64).T, strict=True)
        return xr.DataArray(
            fixed(self.values, np.float64),
            dims=("trial", "population", "electrode", "time"),
            coords={
                "trial": np.arange(np.shape(self.values)[0]),
                "population": np.array(list(layers), dtype=str),
                "electrode": np.arange(len(self.positions)),
                "time": ("time", fixed(self.time, np.float64), TIME),
                "layer": ("population", np.array(list(layers.values()), dtype=str)),
                "rest": (("population", "electrode"), fixed(self.rest, np.float64), rest),
                **{axis: ("electrode", values, {"units": "um"}) for axis, values in axes},
            },
            name=name,
            attrs={**_POTENTIAL, "conductivity": float(self.conductivity)},
        )


@dataclass(frozen=True)
class Arrays:
    """Dipoles, spikes and potentials without labels: plain arrays, to be read only.

    Parameters
    ----------
    time : (n_time,) array, ms
    dipole : (trial, population, n_time) array, nAm
    rest : (population,) array, nAm
    spikes : mapping of str to (n,) arrays
        ``trial``, ``time`` (ms), ``source`` (position in `Result.sources`) and ``cell``; sorted.
    lfp : mapping of str to RecordedPotentials
        By name of the electrode array.
    """

    time: np.ndarray
    dipole: np.ndarray
    rest: np.ndarray
    spikes: Mapping[str, np.ndarray]
    lfp: Mapping[str, RecordedPotentials]


def fixed(values: Any, dtype: Any) -> np.ndarray:
    """Return an array of some type that cannot be written to."""
    view = np.asarray(values, dtype=dtype).view()
    view.flags.writeable = False
    return view
