"""Dipoles and spikes in the text that HNN and hnn-core write: columns separated by tabs."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from apical.errors import FileFormatError, StorageError
from apical.io.atomic import replacing
from apical.model.fields import shorten

if TYPE_CHECKING:
    import xarray as xr

MAX_BYTES = 64_000_000
_LAYERS = ("agg", "L2", "L5")
_TIME = {"units": "ms", "long_name": "time"}


def read_text(path: Path) -> str:
    """Return the text of a file of at most 64 MB; raises FileFormatError, StorageError."""
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise StorageError(f"cannot read '{path}': {error.strerror or error}") from error
    if len(data) > MAX_BYTES:
        raise FileFormatError(f"{path.name}: larger than {MAX_BYTES // 10**6} MB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FileFormatError(f"{path.name}, line {line}: this is not UTF-8 text") from None


def write_text(path: str | os.PathLike[str], text: str, overwrite: bool) -> None:
    """Write text; the file appears whole or not at all."""
    with replacing(path, overwrite) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def _rows(path: Path, counts: Sequence[int], what: str) -> Iterator[tuple[int, list[str]]]:
    """Yield line number and fields of every line; raises FileFormatError if they are too few."""
    count = 0
    for number, line in enumerate(read_text(path).splitlines(), 1):
        fields = line.partition("#")[0].split()
        if not fields:
            continue
        count = count or len(fields)
        if len(fields) not in counts or len(fields) != count:
            found = f"expected {what}; found {len(fields)} columns"
            raise FileFormatError(f"{path.name}, line {number}: {found}")
        yield number, fields


def _float(text: str, path: Path, line: int) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        message = f"a finite number expected; found {shorten(text)}"
        raise FileFormatError(f"{path.name}, line {line}: {message}")
    return value


# --- dipoles -------------------------------------------------------------------------------


def read_dipoles(path: str | os.PathLike[str]) -> xr.DataArray:
    """Read the dipole that hnn-core writes as text.

    Parameters
    ----------
    path : path
        Columns of time, dipole, and the dipoles of layers 2/3 and 5, or only the first two.

    Returns
    -------
    DataArray (layer, time), nAm
        Layers are ``agg``, which is all of it, ``L2`` and ``L5``.

    Raises
    ------
    FileFormatError
        If the contents are anything else; tells the line.
    StorageError
        If the file cannot be read.
    """
    import xarray as xr

    path = Path(path)
    rows = list(_rows(path, (2, 4), "time and dipole, or time and three dipoles"))
    table = np.array([[_float(x, path, line) for x in fields] for line, fields in rows])
    if len(table) < 2:
        raise FileFormatError(f"{path.name}: at least 2 rows are needed; got {len(table)}")
    if (late := np.flatnonzero(np.diff(table[:, 0]) <= 0)).size:
        message = "time does not rise from the line above"
        raise FileFormatError(f"{path.name}, line {rows[late[0] + 1][0]}: {message}")
    layers = _LAYERS[: table.shape[1] - 1]
    return xr.DataArray(
        table[:, 1:].T.copy(),
        dims=("layer", "time"),
        coords={"layer": list(layers), "time": ("time", table[:, 0], _TIME)},
        name="dipole",
        attrs={"units": "nAm", "long_name": "current dipole", "source": path.name},
    )


def write_dipoles(
    path: str | os.PathLike[str],
    dipole: xr.DataArray,
    *,
    decimals: int | None = None,
    overwrite: bool = False,
) -> None:
    """Write a dipole as the text that hnn-core reads.

    Parameters
    ----------
    path : path
        The file.
    dipole : DataArray (layer, time), nAm
        With layers ``L2`` and ``L5``, such as ``result.layers().isel(trial=0)``, or what
        :func:`read_dipoles` returned. Other dimensions must have length one.
    decimals : int, optional
        Digits after the point; hnn-core writes 4, and 3 of times. By default all that there are.
    overwrite : bool
        Whether to replace a file of that name.

    Raises
    ------
    ValueError
        If the dipole has other layers.
    StorageError
        If the file cannot be written, or exists and `overwrite` is false.
    """
    data = dipole.squeeze([d for d in dipole.dims if d not in ("layer", "time")])
    names = [str(name) for name in data["layer"].values]
    if not {"L2", "L5"} <= {*names} <= {*_LAYERS}:
        raise ValueError(f"the layers must be L2 and L5; got {', '.join(names)}")
    values = {name: data.sel(layer=name).values for name in names}
    total = values.get("agg", values["L2"] + values["L5"])
    columns = (data["time"].values, total, values["L2"], values["L5"])
    digits = [None] * 4 if decimals is None else [max(decimals - 1, 0), *[decimals] * 3]
    lines = [
        "\t".join(_written(float(x), d) for x, d in zip(row, digits, strict=True))
        for row in zip(*columns, strict=True)
    ]
    write_text(path, "\n".join(lines) + "\n", overwrite)


def _written(value: float, decimals: int | None) -> str:
    return repr(value) if decimals is None else f"{value:.{decimals}f}"


# --- spikes --------------------------------------------------------------------------------


def read_spikes(
    path: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    sources: Mapping[str, int] | None = None,
) -> xr.Dataset:
    """Read the spikes that hnn-core writes as text.

    Parameters
    ----------
    path : path or sequence of path
        The file of each trial: columns of time, number of the cell (gid), and its type, which
        older files do not have.
    sources : mapping of str to int, optional
        Numbers of cells of populations and drives in the order of their gids, such as
        ``result.sources``. Needed for files without types. With it, cells are numbered within
        their source, else as in the file.

    Returns
    -------
    Dataset (spike)
        ``trial``, ``time`` (ms), ``source`` and ``cell``, as in a result.

    Raises
    ------
    FileFormatError
        If the contents are anything else; tells the line.
    StorageError
        If a file cannot be read.
    """
    import xarray as xr

    paths = [path] if isinstance(path, (str, os.PathLike)) else list(path)
    names = [name for name, n in (sources or {}).items() for _ in range(n)]
    first = np.cumsum([0, *(sources or {}).values()])[:-1]
    starts = dict(zip(sources or {}, first.tolist(), strict=True))
    spikes = [
        (trial, *spike)
        for trial, one in enumerate(map(Path, paths))
        for spike in _spikes(one, names, starts)
    ]
    kinds = {"trial": np.int64, "time": np.float64, "source": str, "cell": np.int64}
    columns = zip(*spikes, strict=True) if spikes else [[]] * 4
    found = {
        name: ("spike", np.array(list(values), dtype=kind))
        for (name, kind), values in zip(kinds.items(), columns, strict=True)
    }
    return xr.Dataset(found)


def _spikes(
    path: Path, names: Sequence[str], starts: Mapping[str, int]
) -> Iterator[tuple[float, str, int]]:
    """Yield time, source and cell of every spike of a file."""
    for line, fields in _rows(path, (2, 3), "time, gid and type"):
        time = _float(fields[0], path, line)
        gid = _float(fields[1], path, line)
        if gid != int(gid) or gid < 0 or (names and gid >= len(names)):
            message = f"a cell number expected; found {shorten(fields[1])}"
            raise FileFormatError(f"{path.name}, line {line}: {message}")
        own = names[int(gid)] if names else ""
        if len(fields) == 2 and not names:
            message = "there are no types of cells in this file: give sources"
            raise FileFormatError(f"{path.name}: {message}")
        if len(fields) == 3 and own not in ("", fields[2]):
            message = f"cell {int(gid)} is of '{own}' in sources, '{fields[2]}' here"
            raise FileFormatError(f"{path.name}, line {line}: {message}")
        source = own or fields[2]
        yield time, source, int(gid) - starts.get(source, 0)


def write_spikes(
    path: str | os.PathLike[str],
    spikes: xr.Dataset,
    sources: Mapping[str, int],
    *,
    trials: int | None = None,
    decimals: int | None = None,
    overwrite: bool = False,
) -> list[Path]:
    """Write spikes as the text that hnn-core reads, one file for each trial.

    Parameters
    ----------
    path : path
        The file; with several trials its name must have ``%d`` or ``{}`` where the trial stands.
    spikes : Dataset
        As in ``result.spikes``.
    sources : mapping of str to int
        Numbers of cells of populations and drives in their order, such as ``result.sources``.
    trials : int, optional
        How many there are, such as ``result.dipole.sizes["trial"]``; the file of a silent one is
        empty. Spikes alone do not tell: by default the last is the last that has any.
    decimals : int, optional
        Digits after the point of times; hnn-core writes 3. By default all that there are.
    overwrite : bool
        Whether to replace files of these names.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    ValueError
        If there are several trials and one name, or more of them than `trials`.
    StorageError
        If a file cannot be written, or exists and `overwrite` is false.
    """
    starts = dict(zip(sources, np.cumsum([0, *sources.values()])[:-1].tolist(), strict=True))
    trial = spikes["trial"].values
    shown = int(trial.max(initial=0)) + 1
    n = shown if trials is None else trials
    if n < shown:
        raise ValueError(f"trials: there are spikes of {shown}; got {n}")
    paths = [Path(re.sub(r"%d|\{0?\}", str(k), os.fspath(path))) for k in range(n)]
    if len(set(paths)) < n:
        raise ValueError(f"{n} trials need a name such as 'spk_%d.txt'; got '{path}'")
    for k, one in enumerate(paths):
        own = spikes.isel(spike=trial == k)
        rows = zip(own["time"].values, own["source"].values, own["cell"].values, strict=True)
        lines = [
            f"{_written(float(t), decimals)}\t{starts[str(s)] + int(c)}\t{s}\n" for t, s, c in rows
        ]
        write_text(one, "".join(lines), overwrite)
    return paths
