"""Files that are dropped on the page: recordings and models, parsed in memory.

A recording whose columns, units or time are not clear is not guessed at: the page shows its first
rows and asks.
"""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from apical.errors import FileFormatError
from apical.io.recorded import Row, dipole_from_text, labelled, table_rows
from apical.studio.setup import FILE, Message

if TYPE_CHECKING:
    import xarray as xr

    from apical.model import Network

#: A recording of evoked activity is longer than this, ms; a shorter one is probably in seconds.
_SHORTEST = 10.0
#: Moments of the cortex, nAm; others are probably in another unit.
_SMALLEST, _LARGEST = 1e-4, 1e6
_ROWS_SHOWN, _LONGEST_NAME = 8, 200
_TIME = {"ms": 1.0, "s": 1000.0, "us": 1e-3}
_MOMENT = {"nAm": 1.0, "Am": 1e9, "uAm": 1e3, "pAm": 1e-3, "fAm": 1e-6}
_OF_MNE = (".fif", ".fif.gz", ".stc")


class How(Message):
    """How a text is to be read, as far as it was said.

    Parameters
    ----------
    column : int, optional
        Number of the dipole's column, counting from 1.
    time_unit, value_unit : str, optional
    start : float, ms, optional
        Time of the first sample, if not as the file says.
    rate : float, Hz, optional
        Of a file without times.
    """

    column: int | None = None
    time_unit: Literal["ms", "s", "us"] | None = None
    value_unit: Literal["nAm", "Am", "uAm", "pAm", "fAm"] | None = None
    start: float | None = None
    rate: float | None = None


class Choice(Message):
    """What is not clear about a text: the page asks, beginning with a guess."""

    reason: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    guess: How


def read_data(data: bytes, name: str, how: How) -> xr.DataArray | Choice:
    """Read a recorded dipole, or say what is not clear.

    Parameters
    ----------
    data : bytes
        The file.
    name : str
        What it is called.
    how : How
        What was said about it.

    Raises
    ------
    FileFormatError, MissingPackageError
        If it is no recording, or the package that reads it is not installed.
    """
    name = _short(name)
    if name.lower().endswith(_OF_MNE):
        return _from_mne(data, name)
    rows, header = table_rows(data, name)
    if not any(_is_number(field) for row in rows[:2] for field in row.fields):
        raise FileFormatError(f"{name}: there are no rows of numbers in it")
    width = len(rows[0].fields)
    if width == 1 and how.rate is None:
        guess = how.model_copy(update={"column": 1, "rate": 1000.0, "start": 0.0})
        return _choice("it has no column of times: how many samples a second?", rows, header, guess)
    if width > 2 and how.column is None:
        reason = f"it has {width} columns: which of them holds the dipole?"
        try:
            _, guess = _doubts(dipole_from_text(data, name, 2), how)
        except FileFormatError:  # another column holds it
            guess = {}
        return _choice(reason, rows, header, how.model_copy(update={**guess, "column": 2}))
    one = width == 1
    array = _without_times(rows, how, name) if one else dipole_from_text(data, name, how.column)
    reasons, guess = _doubts(array, how)
    if reasons:
        return _choice(" ".join(reasons), rows, header, how.model_copy(update=guess))
    return _in_units(array, how).assign_attrs(code=_code(name, how, one))


def read_model(data: bytes, name: str) -> tuple[Network, str]:
    """Read a model of apical or of hnn-core, or that of a result.

    Returns
    -------
    Network
    str
        The Python that reads the same file.

    Raises
    ------
    FileFormatError, ModelError
        If there is none in it, or it is not valid.
    """
    from apical.io.hnn import is_of_hnn, network_from_data
    from apical.model import Network
    from apical.model.jsonio import read_json

    name = _short(name)
    ending = PurePosixPath(name).suffix.lower()
    if ending in (".nc", ".h5"):
        network = _through_file(data, ending, _network_of_result)
        return network, f"network = apical.load({name!r}).network"
    hnn = f"network = apical.read_hnn({name!r})"
    if ending == ".param":
        return _through_file(data, ending, _hnn), hnn
    parsed: Any = read_json(data)
    if is_of_hnn(parsed):
        return network_from_data(parsed, name), hnn
    code = (
        f'with open({name!r}, "rb") as file:\n    network = apical.Network.from_json(file.read())'
    )
    return Network.from_json(data), code


def key_of(array: xr.DataArray) -> str:
    """Return a key of a recording by its samples."""
    digest = hashlib.sha256(np.ascontiguousarray(array["time"].values).tobytes())
    digest.update(np.ascontiguousarray(array.values).tobytes())
    return f"data-{digest.hexdigest()[:16]}"


def model_key(network: Network) -> str:
    """Return a key of a model by its contents."""
    return f"{FILE}{network.content_hash()[:16]}"


def _code(name: str, how: How, without_times: bool) -> str:
    """Return the lines of Python that read the same file in the same way."""
    if without_times:
        lines = [
            f"values = np.loadtxt({name!r})",
            f"times = {how.start or 0.0!r} + np.arange(values.size) * 1000.0 / {how.rate!r}",
            'recorded = xr.DataArray(values, {"time": times}, ("time",), attrs={"units": "nAm"})',
        ]
    else:
        column = "" if how.column is None else f", column={how.column}"
        lines = [f"recorded = apical.read_dipole({name!r}{column})"]
    if (factor := _TIME[how.time_unit or "ms"]) != 1:
        lines.append(f'recorded = recorded.assign_coords(time=recorded["time"] * {factor!r})')
    if how.start is not None and not without_times:
        begin = f'recorded["time"] - recorded["time"][0] + {how.start!r}'
        lines.append(f"recorded = recorded.assign_coords(time={begin})")
    if (factor := _MOMENT[how.value_unit or "nAm"]) != 1:
        lines.append(f"recorded = recorded * {factor!r}")
    return "\n".join(lines)


def _without_times(rows: list[Row], how: How, name: str) -> xr.DataArray:
    """Read a single column, sampled evenly."""
    rate = how.rate or 0.0
    if not (np.isfinite(rate) and rate > 0):
        raise FileFormatError(f"{name}: the sampling rate must be > 0 Hz; got {rate:g} Hz")
    try:
        values = np.array([float(row.fields[0]) for row in rows])
    except ValueError:
        raise FileFormatError(f"{name}: numbers expected in every row") from None
    if len(values) < 2 or not np.isfinite(values).all():
        raise FileFormatError(f"{name}: at least 2 rows of finite numbers are needed")
    return labelled((how.start or 0.0) + np.arange(len(values)) * 1000.0 / rate, values, name)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _doubts(array: xr.DataArray, how: How) -> tuple[list[str], dict[str, Any]]:
    """Return what is not clear about the units, and a guess."""
    time, largest = array["time"].values, float(np.abs(array.values).max())
    span = float(time[-1] - time[0])
    reasons: list[str] = []
    guess: dict[str, Any] = {}
    if how.time_unit is None and how.rate is None and span < _SHORTEST:
        reasons.append(f"it lasts only {span:g} ms: are its times in seconds?")
        guess["time_unit"] = "s"
    if how.value_unit is None and largest > 0 and not _SMALLEST <= largest <= _LARGEST:
        reasons.append(f"its largest value is {largest:.3g}: are these nAm?")
        guess["value_unit"] = "Am" if largest < _SMALLEST else "fAm"
    return reasons, guess


def _in_units(array: xr.DataArray, how: How) -> xr.DataArray:
    """Convert what was said to be in other units, and begin where it was said."""
    time = array["time"].values * _TIME[how.time_unit or "ms"]
    if how.start is not None:
        time = time - time[0] + how.start
    values = array.values * _MOMENT[how.value_unit or "nAm"]
    return labelled(time, values, str(array.attrs["source"]))


def _choice(reason: str, rows: list[Row], header: list[str], guess: How) -> Choice:
    width = len(rows[0].fields)
    names = header if len(header) == width else [f"column {k + 1}" for k in range(width)]
    shown = tuple(tuple(f[:40] for f in row.fields) for row in rows[:_ROWS_SHOWN])
    return Choice(reason=reason, columns=tuple(n[:60] for n in names), rows=shown, guess=guess)


def _from_mne(data: bytes, name: str) -> xr.DataArray:
    """Read an evoked response or a source estimate of MNE-Python."""
    from apical.io import mne as own
    from apical.io.extras import extra

    package = extra("mne", "mne", "evoked responses and source estimates")
    lower = name.lower()
    ending = next(e for e in _OF_MNE if lower.endswith(e))
    if ending == ".stc":
        estimate = _through_file(data, "-lh.stc", package.read_source_estimate)
        found, reader = own.from_source_estimate(estimate), "read_source_estimate"
    else:
        evoked = _through_file(
            data, f"-ave{ending}", lambda path: package.read_evokeds(path, 0, verbose=False)
        )
        found, reader = own.from_evoked(evoked), "read_evokeds"
    # channels of layers add up to the dipole
    found = found.sum("layer") if "layer" in found.dims else found
    whole = labelled(found["time"].values, found.values, name)
    own_reader = "from_source_estimate" if ending == ".stc" else "from_evoked"
    which = "" if ending == ".stc" else ", 0"
    lines = [f"recorded = apical.io.mne.{own_reader}(mne.{reader}({name!r}{which}))"]
    if ending != ".stc":
        lines.append('recorded = recorded.sum("layer")')
    return whole.assign_attrs(code="\n".join(lines))


def _through_file(data: bytes, ending: str, read: Any) -> Any:
    """Read by a package that only opens files: one of our own naming, gone at once."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"upload{ending}"
        path.write_bytes(data)
        return read(path)


def _network_of_result(path: Path) -> Network:
    from apical.result import load

    return load(path).network


def _hnn(path: Path) -> Network:
    from apical.io.hnn import read_hnn

    return read_hnn(path)


def _short(name: str) -> str:
    """Return the last part of a name, for messages only: nothing is opened by it."""
    return name.replace("\\", "/").rsplit("/", 1)[-1][:_LONGEST_NAME] or "file"
