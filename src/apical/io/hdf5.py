"""Files of our own in netCDF-4 (HDF5): nothing is read before it is known to be harmless."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from apical.errors import ApicalError, FileFormatError, StorageError
from apical.io.atomic import check_writable, replacing

# gzip cannot shrink by more than about 1030, so nothing of ours declares more than this
_MAX_RATIO, _FREE_BYTES, _MAX_OBJECTS = 1100, 64 * 1024**2, 20_000


def write_groups(
    path: str | os.PathLike[str], groups: Mapping[str | None, xr.Dataset], overwrite: bool
) -> None:
    """Write datasets into one file, each in its group; None is the root.

    Raises
    ------
    StorageError
        If the file cannot be written, or exists and `overwrite` is false.
    """
    check_writable(path, overwrite)
    image = _image(groups, path)
    # views are closed even if writing fails: one kept by a traceback would outlive its buffer
    with (
        replacing(path, overwrite) as temporary,
        open(temporary, "wb") as file,
        image.getbuffer() as view,
    ):
        file.write(view)


def _image(groups: Mapping[str | None, xr.Dataset], path: str | os.PathLike[str]) -> io.BytesIO:
    """Return the bytes of the file.

    It is made in memory because HDF5 does not survive a disk that becomes full; numbers are
    compressed there, so that it is no larger than the data.
    """
    import h5netcdf
    from xarray.backends import H5NetCDFStore

    image = io.BytesIO()
    try:
        with h5netcdf.File(image, "w") as file:
            for group, dataset in groups.items():
                encoding = {str(name): _encoding(v) for name, v in dataset.variables.items()}
                store = H5NetCDFStore(file, group=group, mode="a")
                dataset.dump_to_store(store, encoding=encoding)
    except (OSError, RuntimeError, MemoryError) as error:
        raise StorageError(f"cannot write '{path}': {error or 'not enough memory'}") from error
    return image


def _encoding(variable: xr.Variable) -> dict[str, Any]:
    if variable.dtype.kind not in "fiu":
        return {}
    # without a fill value every number, NaN too, is kept as it is
    encoding: dict[str, Any] = {"_FillValue": None}
    if variable.size > 1000:
        encoding |= {"zlib": True, "complevel": 1, "shuffle": True}
    return encoding


def read_group(path: Path, group: str | None) -> xr.Dataset:
    """Return one group as a dataset in memory; None is the root."""
    # "ms" as unit of time must stay a number, not become a timedelta
    with xr.open_dataset(
        path,
        engine="h5netcdf",
        group=group,
        mask_and_scale=False,
        decode_times=False,
        decode_timedelta=False,
        cache=False,
    ) as dataset:
        loaded = dataset.load()
    loaded.encoding = {}
    for variable in loaded.variables.values():
        variable.encoding = {}
    return loaded


def inspect(path: Path, format: str, version: int, look: Callable[[Any], list[str]]) -> list[str]:
    """Refuse what is not ours before any of it is read.

    Parameters
    ----------
    path : Path
        The file.
    format, version : str and int
        What must be written in it: ``apical-`` and what it holds, and the only version known.
    look : callable
        Gets the open file, and returns the names that the caller asks for.

    Raises
    ------
    FileFormatError
        If it is something else, or damaged.
    StorageError
        If it cannot be read.
    """
    import h5py

    what = format.removeprefix("apical-")
    article = "an" if what[0] in "aeiou" else "a"
    try:
        size = path.stat().st_size
        with open(path, "rb"):
            pass
    except OSError as error:
        raise StorageError(f"cannot read '{path}': {error.strerror or error}") from error
    if not path.is_file() or not h5py.is_hdf5(path):
        raise FileFormatError(f"{path.name}: this is not {article} {what} of apical (not HDF5)")
    try:
        with h5py.File(path, "r") as file:
            mark, found = file.attrs.get("format"), file.attrs.get("format_version")
            if mark != format:
                raise FileFormatError(
                    f"{path.name}: this HDF5 file is not {article} {what} of apical"
                )
            if np.atleast_1d(found).tolist() != [version]:  # type: ignore[arg-type]
                raise FileFormatError(
                    f"{path.name}: {what} format {found} is not known here (only {version})"
                )
            check_tree(file, path.name, size_limit(size))
            return look(file)
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        if isinstance(error, ApicalError):
            raise
        raise FileFormatError(f"{path.name}: damaged {what} file: {error}") from error


def size_limit(size: int) -> int:
    """Return how many bytes a file of some size (bytes) may declare."""
    return _FREE_BYTES + _MAX_RATIO * size


def check_tree(root: Any, name: str, limit: int) -> None:
    """Refuse links, data kept in other files, and sizes that no file of this length can hold."""
    import h5py

    waiting, seen, total = [(root, 0)], 0, 0
    while waiting:
        group, depth = waiting.pop()
        for key in group:
            seen += 1
            link = group.get(key, getlink=True)
            if seen > _MAX_OBJECTS or depth > 4 or not isinstance(link, h5py.HardLink):
                raise FileFormatError(f"{name}: links, or too many parts, in a file of apical")
            item = group[key]
            if isinstance(item, h5py.Group):
                waiting.append((item, depth + 1))
            elif isinstance(item, h5py.Dataset):
                if item.is_virtual or item.external:
                    raise FileFormatError(f"{name}: '{item.name}' is kept in another file")
                total += int(np.prod(item.shape or (1,), dtype=object)) * item.dtype.itemsize
                if total > limit:
                    raise FileFormatError(f"{name}: declares more data than it can hold")
