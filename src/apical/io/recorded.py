"""Recorded dipoles: two columns of text, time in ms and moment in nAm."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import xarray as xr

from apical.errors import FileFormatError, StorageError, did_you_mean
from apical.io.atomic import replacing
from apical.units import parse_unit

MAX_BYTES, MAX_ROWS = 64 * 1024**2, 1_000_000
_NUMBER = re.compile(r"[-+]?(\d+(?:\.\d*)?|\.\d+)([eE][-+]?\d+)?")
_NOT_FINITE = re.compile(r"[-+]?(nan|inf(inity)?)", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"[\[(]([^\])]+)[\])]")


class Row(NamedTuple):
    """A line of a text of columns."""

    line: int
    fields: list[str]


def read_dipole(path: str | os.PathLike[str], column: int | str | None = None) -> xr.DataArray:
    """Read a recorded dipole from text.

    Columns are separated by blanks, tabs, commas or semicolons; decimal commas are read with
    semicolons only (``0,5; 1,5``).
    Empty lines and anything after ``#`` are skipped. One header line may come first; a unit in
    brackets there, such as ``time (s)``, is converted.

    Parameters
    ----------
    path : path
        The file, at most 64 MB.
    column : int or str, optional
        Which column holds the dipole: its number, counting the time column as 1, or its name in
        the header. Needed only if there are more than two columns.

    Returns
    -------
    DataArray (time)
        Dipole moment in nAm, time in ms.

    Raises
    ------
    FileFormatError
        If the contents are anything else; tells the line and what was found there.
    StorageError
        If the file cannot be read.
    """
    path = Path(path)
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise StorageError(f"cannot read '{path}': {error.strerror or error}") from error
    return dipole_from_text(data, path.name, column)


def dipole_from_text(data: bytes, name: str, column: int | str | None = None) -> xr.DataArray:
    """Read a recorded dipole as :func:`read_dipole` does, from a file's bytes and its name."""
    rows, header = table_rows(data, name)
    if len(rows) < 2:
        raise FileFormatError(f"{name}: at least 2 rows of numbers are needed; got {len(rows)}")
    index = _pick(column, rows[0].fields, header, name)
    table = np.array([_numbers(row, index, len(rows[0].fields), name) for row in rows])
    backwards = np.flatnonzero(np.diff(table[:, 0]) <= 0)
    if backwards.size:
        before, row = table[backwards[0], 0], rows[backwards[0] + 1]
        raise FileFormatError(
            f"{name}, line {row.line}: time must increase; got {row.fields[0]} after {before:g} ms"
        )
    if len(header) == len(rows[0].fields):
        table = table * [_factor(header[0], "ms"), _factor(header[index], "nAm")]
    return labelled(table[:, 0], table[:, 1], name)


def table_rows(data: bytes, name: str) -> tuple[list[Row], list[str]]:
    """Return the rows of a text of columns, and the names in its header, if it has one."""
    rows = list(islice(_rows(_text(data, name), name), MAX_ROWS + 1))
    if len(rows) > MAX_ROWS:
        raise FileFormatError(f"{name}: more than {MAX_ROWS} rows")
    if rows and not any(_is_number(field) for field in rows[0].fields):
        return rows[1:], rows[0].fields
    return rows, []


def write_dipole(
    path: str | os.PathLike[str], dipole: xr.DataArray, overwrite: bool = False
) -> None:
    """Write one waveform as two columns that `read_dipole` reads back exactly.

    Parameters
    ----------
    path : path
        File to write; it appears whole or not at all.
    dipole : DataArray with dim ``time``, nAm
        Other dimensions must have length one.
    overwrite : bool
        Whether to replace a file of that name.

    Raises
    ------
    DataError
        If `dipole` is not a single waveform.
    StorageError
        If the file cannot be written, or exists and `overwrite` is false.
    """
    from apical.analysis import waveform

    time, values = waveform(dipole)
    lines = ["time (ms)\tdipole (nAm)"]
    lines += [f"{float(t)!r}\t{float(y)!r}" for t, y in zip(time, values, strict=True)]
    with replacing(path, overwrite) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def _text(data: bytes, name: str) -> str:
    if len(data) > MAX_BYTES:
        raise FileFormatError(f"{name}: larger than {MAX_BYTES // 1024**2} MB")
    if b"\0" in data:
        raise FileFormatError(f"{name}: this is not a text file; two columns of numbers needed")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FileFormatError(f"{name}, line {line}: this is not UTF-8 text") from None


def _rows(text: str, name: str) -> Iterator[Row]:
    separator = None
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.split("#", 1)[0].strip()
        if not line:
            continue
        separator = separator or _separator(line)
        if separator == " ":
            yield Row(number, line.split())
            continue
        fields = [field.strip() for field in line.split(separator)]
        if separator == ";":
            fields = [field.replace(",", ".") for field in fields]
        # a header of names with blanks is split by tabs, the numbers below by whatever they use
        if separator == "\t" and len(fields) == 1:
            fields = line.split()
        yield Row(number, fields)


def _separator(line: str) -> str:
    return next((mark for mark in (";", ",", "\t") if mark in line), " ")


def _is_number(text: str) -> bool:
    return bool(_NUMBER.fullmatch(text) or _NOT_FINITE.fullmatch(text))


def _pick(column: int | str | None, first: list[str], header: list[str], name: str) -> int:
    """Return the 0-based index of the column that holds the dipole; `first` is the first row."""
    count, hint = len(first), _comma_hint(first)
    if count < 2:
        raise FileFormatError(f"{name}: two columns needed, time and dipole; found {count}{hint}")
    named = header if len(header) == count else []
    if column is None:
        if count == 2:
            return 1
        names = f" ({', '.join(named)})" if named else ""
        raise FileFormatError(
            f"{name}: {count} columns found{names}; pick the dipole with column=2 … column={count} "
            f"(column 1 is time){hint}"
        )
    text = str(column).strip()
    if text.isdecimal() and 2 <= int(text) <= count:
        return int(text) - 1
    bare = [_IN_BRACKETS.sub("", field).strip() for field in named]
    for names in (named, bare):
        if text in names[1:]:
            return names.index(text, 1)
    hint = f"; {did_you_mean(text, bare[1:], 'columns are')}" if named else ""
    raise FileFormatError(f"{name}: column must be 2 to {count} or a name; got {column!r}{hint}")


def _numbers(row: Row, index: int, count: int, name: str) -> tuple[float, float]:
    if len(row.fields) != count:
        raise FileFormatError(
            f"{name}, line {row.line}: {count} columns expected as above; found {len(row.fields)}"
        )
    for field in (row.fields[0], row.fields[index]):
        if not _NUMBER.fullmatch(field):
            kind = "a finite number" if _NOT_FINITE.fullmatch(field) else "a number"
            raise FileFormatError(
                f"{name}, line {row.line}: {kind} expected; found '{field[:40]}'"
                f"{_comma_hint(row.fields)}"
            )
    time, value = float(row.fields[0]), float(row.fields[index])
    if not (np.isfinite(time) and np.isfinite(value)):  # such as 1e999
        raise FileFormatError(f"{name}, line {row.line}: a number is too large")
    return time, value


def _comma_hint(fields: list[str]) -> str:
    """Ask about decimal commas if fields look like numbers torn apart, or not torn, at commas."""
    torn = any(len(f.split()) > 1 and all(map(_is_number, f.split())) for f in fields)
    if torn or any(re.fullmatch(r"[-+]?\d+,\d+", f) for f in fields):
        return "; if these are decimal commas, separate the columns by semicolons or use points"
    return ""


def _factor(title: str, unit: str) -> float:
    """Return what converts a column titled such as ``time (s)`` to `unit`; 1 if it says nothing."""
    if match := _IN_BRACKETS.search(title):
        try:
            # people write nAm for "nA m", with any prefix
            given = re.sub(r"(?<=A)m$", " m", match[1].strip())
            return parse_unit(given).factor_to(parse_unit(unit))
        except ValueError:
            return 1.0  # a remark, such as "dipole (S1)"
    return 1.0


def labelled(time: np.ndarray, values: np.ndarray, source: str) -> xr.DataArray:
    """Return a recorded dipole (nAm) at some times (ms) with its labels."""
    dipole = xr.DataArray(
        values,
        dims="time",
        coords={"time": ("time", time, {"units": "ms", "long_name": "time"})},
        name="dipole",
    )
    return dipole.assign_attrs(units="nAm", long_name="recorded current dipole", source=source)
