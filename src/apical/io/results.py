"""The result file: one netCDF-4 (HDF5) with all data, the model and the provenance.

Layout: the root holds the model and the provenance as JSON text and the table of sources; the
groups ``dipole``, ``spikes``, ``recordings/<name>`` and ``lfp/<name>`` hold one xarray dataset
each.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from apical.errors import ApicalError, FileFormatError
from apical.io.hdf5 import inspect, read_group, write_groups

if TYPE_CHECKING:
    from apical.model import Network

FORMAT = "apical-result"
VERSION = 1
_SPIKE_COLUMNS = ("trial", "time", "source", "cell")
#: Groups of several datasets, and the name of the variable in each.
_GROUPS = {"recordings": "recording", "lfp": "potential"}
_DIMS = {
    "recordings": ("trial", "cell", "site", "time"),
    "lfp": ("trial", "population", "electrode", "time"),
}


def write(path: str | os.PathLike[str], parts: Mapping[str, Any], overwrite: bool = False) -> None:
    """Write the parts of a result (the fields of `apical.Result`) into one file.

    Raises
    ------
    StorageError
        If the file cannot be written, or exists and `overwrite` is false.
    """
    groups: dict[str | None, xr.Dataset] = {
        None: _root(parts["network"], parts["provenance"], parts["sources"]),
        "dipole": parts["dipole"].to_dataset(name="dipole"),
        "spikes": _spike_columns(parts["spikes"], list(parts["sources"])),
    }
    for group, variable in _GROUPS.items():
        for position, (name, data) in enumerate(parts[group].items()):
            dataset = data.to_dataset(name=variable).assign_attrs(position=position)
            groups[f"{group}/{name}"] = dataset
    write_groups(path, groups, overwrite)


def read(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read the parts of a result: the fields of `apical.Result` by name.

    Raises
    ------
    FileFormatError
        If the file is not a result of apical, is damaged, or refers to other files.
    StorageError
        If it cannot be opened.
    """
    path = Path(path)
    names = inspect(path, FORMAT, VERSION, _names)
    try:
        root = read_group(path, None)
        sources = {
            str(name): int(n)
            for name, n in zip(root["source"].values, root["n_cells"].values, strict=True)
        }
        parts = {
            "network": _network(str(root["model"].values)),
            "dipole": read_group(path, "dipole")["dipole"],
            "spikes": _spikes(read_group(path, "spikes"), list(sources)),
            "sources": sources,
            **_arrays(path, names),
            "provenance": json.loads(str(root["provenance"].values)),
        }
        _check_parts(parts)
        return parts
    except ApicalError as error:
        raise FileFormatError(f"{path.name}: {error}") from error
    except (KeyError, ValueError, TypeError, IndexError, OSError, RuntimeError) as error:
        raise FileFormatError(f"{path.name}: damaged result file: {error}") from error


def _root(
    network: Network, provenance: Mapping[str, Any], sources: Mapping[str, int]
) -> xr.Dataset:
    return xr.Dataset(
        {
            # text of any length fits a variable; an HDF5 attribute ends at 64 kB
            "model": ((), network.to_json()),
            "provenance": ((), json.dumps(dict(provenance), allow_nan=False)),
            "n_cells": ("source", np.array(list(sources.values()), dtype=np.int64)),
        },
        coords={"source": np.array(list(sources), dtype=str)},
        attrs={"format": FORMAT, "format_version": VERSION},
    )


def _network(text: str) -> Network:
    from apical.model import Network

    return Network.from_json(text)


def _spike_columns(spikes: xr.Dataset, names: list[str]) -> xr.Dataset:
    """Replace the names of the sources by their index in the table of sources."""
    index = np.zeros(spikes.sizes["spike"], dtype=np.int32)
    for i, name in enumerate(names):
        index[spikes["source"].values == name] = i
    attrs = {"long_name": "index into the variable 'source' of the file's root"}
    return spikes.drop_vars("source").assign(source=("spike", index, attrs))


def _spikes(columns: xr.Dataset, names: list[str]) -> xr.Dataset:
    index = columns["source"].values
    if index.size and not (index.min() >= 0 and index.max() < len(names)):
        raise ValueError("a spike of an unknown source")
    source = np.array(names, dtype=str)[index] if index.size else np.array([], dtype="<U1")
    return columns.assign(source=("spike", source))[list(_SPIKE_COLUMNS)]


def _check_parts(parts: Mapping[str, Any]) -> None:
    """Raise ValueError if the parts are not shaped as the parts of a result are."""
    wanted = {"dipole": (parts["dipole"], ("trial", "population", "time"))}
    wanted |= {n: (parts["spikes"][n], ("spike",)) for n in _SPIKE_COLUMNS}
    wanted |= {
        f"{group}.{name}": (array, dims)
        for group, dims in _DIMS.items()
        for name, array in parts[group].items()
    }
    for name, (array, dims) in wanted.items():
        text = name == "source"
        if array.dims != dims or (array.dtype.kind not in "fiu" and not text):
            raise ValueError(f"'{name}' should be numbers along {', '.join(dims)}")
    for coordinate in ("trial", "population", "time", "layer", "rest"):
        parts["dipole"].coords[coordinate]
    for array in parts["lfp"].values():
        for coordinate in ("population", "time", "rest", "x", "y", "z"):
            array.coords[coordinate]
    trials, trial = parts["provenance"]["trials"], parts["spikes"]["trial"].values
    float(parts["provenance"]["duration"])
    if trial.size and not (trial.min() >= 0 and trial.max() < int(trials)):
        raise ValueError("a spike of an unknown trial")


def _names(file: Any) -> list[str]:
    """Return the names of recordings and potentials in an open file, such as ``lfp/shank``."""
    import h5py

    groups = {name: file.get(name) for name in _GROUPS}
    found = {name: group for name, group in groups.items() if isinstance(group, h5py.Group)}
    return [f"{name}/{member}" for name, group in found.items() for member in group]


def _arrays(path: Path, names: Sequence[str]) -> dict[str, dict[str, xr.DataArray]]:
    """Return recordings and potentials by name, in the order in which they were written."""
    found = {name: read_group(path, name) for name in names}
    arrays: dict[str, dict[str, xr.DataArray]] = {group: {} for group in _GROUPS}
    for address in sorted(found, key=lambda address: int(found[address].attrs["position"])):
        group, name = address.split("/", 1)
        arrays[group][name] = found[address][_GROUPS[group]].rename(name)
    return arrays
