"""Files of our own in netCDF-4 (HDF5): nothing is read before it is known to be harmless."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from apical.errors import ApicalError, FileFormatError, StorageError

# gzip cannot shrink by more than about 1030, so nothing of ours declares more than this
_MAX_RATIO, _FREE_BYTES, _MAX_OBJECTS = 1100, 64 * 1024**2, 20_000


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
