"""Dictionaries in the HDF5 files of hnn-core, which have the layout of the package h5io."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from apical.errors import ApicalError, FileFormatError, StorageError
from apical.io.atomic import replacing
from apical.io.hdf5 import check_tree, size_limit

_ROOT, _KEY = "h5io", "key_"


def write_dictionary(
    path: str | os.PathLike[str], values: Mapping[str, Any], overwrite: bool = False
) -> None:
    """Write text, numbers, arrays and dictionaries of these, by name."""
    import h5py

    with replacing(path, overwrite) as temporary, h5py.File(temporary, "w") as file:
        _put(file, _ROOT, values)


def read_dictionary(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return what a file holds.

    Raises
    ------
    FileFormatError
        If it is something else, or damaged.
    StorageError
        If it cannot be read.
    """
    import h5py

    path = Path(path)
    try:
        limit = size_limit(path.stat().st_size)
    except OSError as error:
        raise StorageError(f"cannot read '{path}': {error.strerror or error}") from error
    try:
        with h5py.File(path, "r") as file:
            check_tree(file, path.name, limit)
            root = file.get(_ROOT)
            if not isinstance(root, h5py.Group):
                raise FileFormatError(f"{path.name}: this HDF5 file is not one of hnn-core")
            return _get(root)
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        if isinstance(error, ApicalError):
            raise
        raise FileFormatError(f"{path.name}: damaged HDF5 file: {error}") from error


def _put(group: Any, name: str, value: Any) -> None:
    if isinstance(value, Mapping):
        kind, item = "dict", group.create_group(name)
        for key, part in value.items():
            _put(item, f"{_KEY}{key}", part)
    elif isinstance(value, str):
        text = np.frombuffer(value.encode("utf-8"), np.uint8)
        kind, item = "unicode", group.create_dataset(name, data=text)
    elif isinstance(value, (int, float, np.integer)):
        kind = "float" if isinstance(value, float) else "int"
        item = group.create_dataset(name, data=[value])
    else:
        kind, item = "ndarray", group.create_dataset(name, data=value)
    item.attrs["TITLE"] = kind


def _get(item: Any) -> Any:
    kind = item.attrs.get("TITLE")
    if kind == "dict":
        return {name.removeprefix(_KEY): _get(part) for name, part in item.items()}
    value = item[()]
    if kind == "unicode":
        return value.tobytes().decode("utf-8")
    return value[0].item() if kind in ("int", "float") else value
