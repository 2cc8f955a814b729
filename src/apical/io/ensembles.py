"""The ensemble file: one netCDF-4 (HDF5) that grows, batch after batch.

Layout: the root holds the model and the provenance as JSON text and everything that runs along
``member``, which is unlimited; the groups ``failures`` and ``spikes`` hold a table each. Between
batches the file is closed: an interrupted ensemble leaves those that are finished.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from apical.errors import ApicalError, FileFormatError, StorageError
from apical.io.atomic import check_writable, replacing
from apical.io.hdf5 import inspect, read_group

if TYPE_CHECKING:
    from apical.model import Network

FORMAT = "apical-ensemble"
VERSION = 1
#: Number of members, written last: what is there of more was being written when it was left.
_FINISHED = "finished"
#: Tables, and along what they grow.
_TABLES = {"members": "member", "failures": "failure", "spikes": "spike"}
_MEMBERS = ("dipole", "rest", "spike_counts", "failed", "at_rest")
_COLUMNS = {
    "failures": ("member", "population", "cell", "compartment", "time", "message"),
    "spikes": ("member", "time", "source", "cell"),
}


def create(
    path: str | os.PathLike[str],
    network: Network,
    provenance: Mapping[str, Any],
    overwrite: bool = False,
) -> None:
    """Begin a file without members.

    Raises
    ------
    StorageError
        If it cannot be written, or exists and `overwrite` is false.
    """
    import h5netcdf
    import h5py

    target = check_writable(path, overwrite)
    texts = {
        "model": network.to_json(),
        "provenance": json.dumps(dict(provenance), allow_nan=False),
    }
    with _writing(path), h5netcdf.File(target, "w" if overwrite else "x") as file:
        file.attrs["format"], file.attrs["format_version"] = FORMAT, VERSION
        for name, text in texts.items():
            file.create_variable(name, (), h5py.string_dtype())[...] = text


def append(path: str | os.PathLike[str], tables: Mapping[str, xr.Dataset]) -> None:
    """Add the members of one batch.

    Parameters
    ----------
    path : path
        What `create` began.
    tables : mapping of str to Dataset
        ``members``, ``failures`` and, if they are kept, ``spikes``.

    Raises
    ------
    StorageError
        If there is no room for them; then nothing is written. If they cannot be written.
    """
    import h5netcdf

    path = Path(path)
    with _writing(path):
        # HDF5 does not survive a disk that becomes full
        needed = 2 * sum(table.nbytes for table in tables.values()) + 2**20
        free = shutil.disk_usage(path.resolve().parent).free
        if free < needed:
            raise StorageError(f"cannot write '{path}': {free:,} bytes are free, not {needed:,}")
        with h5netcdf.File(path, "r+") as file:
            for name, dim in _TABLES.items():
                if name in tables:
                    if name != "members" and name not in file.groups:
                        file.create_group(name)
                    _extend(file if name == "members" else file[name], tables[name], dim)
            # whoever is interrupted before this has added nothing
            file.attrs[_FINISHED] = file.dimensions["member"].size


def write(
    path: str | os.PathLike[str],
    network: Network,
    provenance: Mapping[str, Any],
    tables: Mapping[str, xr.Dataset],
    overwrite: bool = False,
) -> None:
    """Write a whole ensemble; the file appears whole or not at all.

    Raises
    ------
    StorageError
        If it cannot be written, or exists and `overwrite` is false.
    """
    with replacing(path, overwrite) as temporary:
        create(temporary, network, provenance)
        append(temporary, tables)


def read(
    path: str | os.PathLike[str],
) -> tuple[Network, dict[str, Any], dict[str, xr.Dataset]]:
    """Read network, provenance and tables.

    Raises
    ------
    FileFormatError
        If the file is not an ensemble of apical, is damaged, or refers to other files.
    StorageError
        If it cannot be opened.
    """
    from apical.model import Network

    path = Path(path)
    groups = inspect(path, FORMAT, VERSION, _groups)
    try:
        root = read_group(path, None)
        provenance = json.loads(str(root["provenance"].values))
        network = Network.from_json(str(root["model"].values))
        finished = int(root.attrs[_FINISHED])
        members = root.drop_vars(["model", "provenance"]).isel(member=slice(finished))
        members.attrs.clear()
        members = members.set_coords(["set", "trial", "layer", *provenance["parameters"]])
        tables = {"members": members}
        for name in groups:
            table = read_group(path, name)
            tables[name] = table.isel({_TABLES[name]: table["member"].values < finished})
        for table in tables.values():
            for variable in table.variables.values():
                variable.attrs.pop("_FillValue", None)
        _check_tables(tables)
        return network, provenance, tables
    except ApicalError as error:
        raise FileFormatError(f"{path.name}: {error}") from error
    except (KeyError, ValueError, TypeError, IndexError, OSError, RuntimeError) as error:
        raise FileFormatError(f"{path.name}: damaged ensemble file: {error}") from error


def read_tables(path: str | os.PathLike[str]) -> dict[str, xr.Dataset]:
    """Read the tables only; raises as `read` does."""
    return read(path)[2]


@contextlib.contextmanager
def _writing(path: str | os.PathLike[str]):  # noqa: ANN202
    """Turn what HDF5 and the system say into a `StorageError`."""
    try:
        yield
    except StorageError:
        raise
    except (OSError, RuntimeError, MemoryError) as error:
        raise StorageError(f"cannot write '{path}': {error or 'not enough memory'}") from error


def _extend(group: Any, table: xr.Dataset, dim: str) -> None:
    """Append the rows of a table to those of a group; what does not grow is written once."""
    for name, size in table.sizes.items():
        if name not in group.dimensions:
            group.dimensions[name] = None if name == dim else size
    before = group.dimensions[dim].size
    group.resize_dimension(dim, before + table.sizes[dim])
    for name, variable in table.variables.items():
        is_new = name not in group.variables
        stored = _variable(group, str(name), variable) if is_new else group.variables[name]
        if dim in variable.dims:
            stored[before:] = _storable(variable)
        elif is_new:
            stored[...] = _storable(variable)


def _variable(group: Any, name: str, variable: xr.Variable) -> Any:
    """Make room for a variable; rows that it lacks are NaN."""
    import h5py

    kind = variable.dtype.kind
    options: dict[str, Any] = {}
    if kind == "f":
        options["fillvalue"] = np.nan
    if variable.ndim > 1 and variable.size:
        options |= {"compression": "gzip", "compression_opts": 1, "shuffle": True}
        options["chunks"] = (min(variable.shape[0], 64), *variable.shape[1:])
    dtype = {"U": h5py.string_dtype(), "b": np.dtype("i1")}.get(kind, variable.dtype)
    stored = group.create_variable(name, variable.dims, dtype, **options)
    for key, value in variable.attrs.items():
        stored.attrs[key] = value
    if kind == "b":
        # how xarray marks truths, which netCDF does not know
        stored.attrs["dtype"] = "bool"
    return stored


def _storable(variable: xr.Variable) -> np.ndarray:
    values = variable.values
    return values.astype({"U": object, "b": np.int8}.get(values.dtype.kind, values.dtype))


def _groups(file: Any) -> list[str]:
    """Return the names of the tables besides members in an open file."""
    import h5py

    if _FINISHED not in file.attrs:
        raise FileFormatError(
            f"{Path(file.filename).name}: no member of this ensemble was finished"
        )
    return [name for name in _COLUMNS if isinstance(file.get(name), h5py.Group)]


def _check_tables(tables: Mapping[str, xr.Dataset]) -> None:
    """Raise ValueError if tables are not shaped as those of an ensemble are."""
    members = tables["members"]
    wanted = {("members", name): "member" for name in (*_MEMBERS, "set", "trial")}
    wanted |= {(t, name): _TABLES[t] for t in tables if t in _COLUMNS for name in _COLUMNS[t]}
    for (table, name), dim in wanted.items():
        if tables[table][name].dims[:1] != (dim,):
            raise ValueError(f"'{name}' should run along {dim}")
    if members["dipole"].dims != ("member", "population", "time"):
        raise ValueError("'dipole' should run along member, population, time")
    if "spikes" in tables:
        source = tables["spikes"]["source"].values
        if source.size and not 0 <= source.min() <= source.max() < members.sizes["source"]:
            raise ValueError("a spike of an unknown source")
