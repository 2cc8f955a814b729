"""Checks of global cell indices and of names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from apical.compat.hnn_core.externals.mne import _check_option, _is_whole, _validate_type
from apical.compat.hnn_core.params import _long_name

#: Ranges of global cell indices by name of a cell type or drive.
Gids = Mapping[str, range]


def _gid_to_type(gid: int, gid_ranges: Gids) -> str | None:
    """Return the cell type or drive that a global index belongs to."""
    return next((name for name, gids in gid_ranges.items() if gid in gids), None)


def _check_gids(
    gids: Any, gid_ranges: Gids, valid_cells: Sequence[str], arg_name: str, same_type: bool = True
) -> list[int]:
    """Return the cells meant by an index, several, a range, or names of types.

    Unless `same_type` is off, all must be of one type.
    """
    _validate_type(gids, ("int", list, range, str, None), arg_name, "an index, several, or names")
    if gids is None:
        return []
    given: Sequence[Any] = gids if isinstance(gids, (list, range)) else [gids]
    cells = given
    # several types at once can be told from cells only if there is nothing else
    if all(isinstance(one, str) for one in given):
        names = [_long_name(_check_option(arg_name, name, valid_cells)) for name in given]
        cells = [cell for name in names for cell in gid_ranges[name]]
    if not len(cells):
        raise IndexError(f"{arg_name}: expected at least one cell; got none")
    if wrong := [cell for cell in cells if not _is_whole(cell)]:
        raise TypeError(f"{arg_name}: expected whole numbers; got {wrong[0]!r}")
    owners = {cell: _gid_to_type(cell, gid_ranges) for cell in cells}
    if nobodys := [cell for cell, owner in owners.items() if owner is None]:
        raise AssertionError(f"{arg_name}: no cell has index {nobodys[0]}")
    kinds = sorted({str(owner) for owner in owners.values()})
    if same_type and len(kinds) > 1:
        raise AssertionError(f"{arg_name}: expected cells of one type; got {', '.join(kinds)}")
    return [int(cell) for cell in cells]


def _string_input_to_list(
    input_str: str | Iterable[str] | None, valid_str: Sequence[str], arg_name: str
) -> list[str]:
    """Return names given as one, several, or none, each of them known."""
    names = [] if input_str is None else [input_str] if isinstance(input_str, str) else input_str
    return [_check_option(arg_name, name, valid_str) for name in names]
