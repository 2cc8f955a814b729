"""Reading the library's data files.

A file may say only how it differs from a ``base``: tables are merged, and the addresses listed in
``without`` are left out.
"""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import Any

from apical.errors import ModelError, Problem, did_you_mean
from apical.model import Cell, Mechanism

_FOLDERS = ("mechanisms", "cells", "networks")


@lru_cache(maxsize=8)
def names(folder: str) -> tuple[str, ...]:
    """Return the names in one folder of the library.

    Parameters
    ----------
    folder : {'mechanisms', 'cells', 'networks'}
        Which.
    """
    if folder not in _FOLDERS:
        raise ModelError([Problem("", f"the library has no '{folder}'", f"it has {_FOLDERS}")])
    found = (entry.name for entry in files("apical.library").joinpath(folder).iterdir())
    return tuple(sorted(name[:-5] for name in found if name.endswith(".toml")))


@lru_cache(maxsize=256)
def mechanism(name: str) -> Mechanism:
    """Return a mechanism of the library, such as ``hh2`` or ``exp2syn``."""
    return Mechanism.model_validate(_data("mechanisms", name))


@lru_cache(maxsize=64)
def cell(name: str) -> Cell:
    """Return a cell type of the library, such as ``L5_pyramidal``."""
    return Cell.model_validate(_data("cells", name))


def network_data(name: str) -> dict[str, Any]:
    """Return the data of a network as its file and those it is based on have it."""
    return _data("networks", name)


def _data(folder: str, name: str) -> dict[str, Any]:
    known = names(folder)
    # only names of the list become paths
    if name not in known:
        hint = did_you_mean(name, known, f"{folder} are")
        raise ModelError([Problem("", f"the library has no '{name}' in its {folder}", hint)])
    text = files("apical.library").joinpath(folder, f"{name}.toml").read_text("utf-8")
    data = tomllib.loads(text)
    base, without = data.pop("base", None), data.pop("without", ())
    if base is None:
        return data
    whole = _data(folder, base)
    for path in without:
        _remove(whole, path)
    return _merged(whole, data)


def _remove(data: dict[str, Any], path: str) -> None:
    """Remove what is at an address; names may contain dots."""
    if path in data:
        del data[path]
        return
    key = next(key for key in data if path.startswith(f"{key}."))
    _remove(data[key], path.removeprefix(f"{key}."))


def _merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return `base` with changed and added values, table by table."""
    both = dict(base)
    for key, value in changes.items():
        tables = isinstance(value, dict) and isinstance(both.get(key), dict)
        both[key] = _merged(both[key], value) if tables else value
    return both
