"""Checks of global cell indices and of names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from apical.compat.hnn_core.externals.mne import _check_option, _validate_type
from apical.compat.hnn_core.params import _long_name

#: Ranges of global cell indices by name of a cell type or drive.
Gids = Mapping[str, range]


def _gid_to_type(gid: int, gid_ranges: Gids) -> str | None:
    """Return the cell type or drive that a global index belongs to."""
    return next((name for name, gids in gid_ranges.items() if gid in gids), None)


def _check_gids(
    gids: Any, gid_ranges: Gids, valid_cells: Sequence[str], arg_name: str, same_type: bool = True
) -> Sequence[int]:
    """Return global indices given as one, several, a range, or names of cell types."""
    kinds = (int, list, range, str, None)
    _validate_type(gids, kinds, arg_name, "int list, range, str, or None")
    if gids is None:
        return []
    if isinstance(gids, str):
        _check_option(arg_name, gids, valid_cells)
        gids = gid_ranges[_long_name(gids)]
    elif isinstance(gids, int):
        gids = [gids]
    if all(isinstance(gid, str) for gid in gids):
        gids = [gid for name in gids for gid in gid_ranges[name]]
    first = _gid_to_type(gids[0], gid_ranges)
    for gid in gids:
        _validate_type(gid, int, arg_name)
        kind = _gid_to_type(gid, gid_ranges)
        if kind is None:
            raise AssertionError(f"{arg_name} {gid} not in net.gid_ranges")
        if same_type and kind != first:
            raise AssertionError(f"All {arg_name} must be of the same type")
    return gids


def _string_input_to_list(
    input_str: str | Iterable[str] | None, valid_str: Sequence[str], arg_name: str
) -> list[str]:
    """Return names given as one, several, or none, each of them known."""
    names = [] if input_str is None else [input_str] if isinstance(input_str, str) else input_str
    return [_check_option(arg_name, name, valid_str) for name in names]
