"""Recorded dipoles as text: what is read, and what every other file is told."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from apical.errors import FileFormatError, StorageError
from apical.io import recorded
from apical.io.recorded import read_dipole, write_dipole


@pytest.fixture
def text(tmp_path):
    def write(content: str | bytes):
        path = tmp_path / "data.txt"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.mark.parametrize(
    "content",
    [
        "0 1\n1 -2.5\n",
        "0\t1\n1\t-2.5",
        "0,1\n1, -2.5\n",
        "0; 1\n1;-2,5\n",
        "\ufeff0 1\r\n1 -2.5\r\n",
        "# made today\n\n0 1   # first\n1 -25e-1\n",
        "time,dipole\n0,1\n1,-2.5\n",
        "time (ms)\tdipole (nAm)\n0 1\n1 -2.5\n",
        "time [s]; moment [pAm]\n0;1e3\n1e-3;-2500\n",
        "time (ms),moment (S1)\n0,1\n1,-2.5\n",
    ],
)
def test_what_is_read(text, content):
    found = read_dipole(text(content))
    np.testing.assert_allclose(found["time"], [0.0, 1.0], rtol=1e-15)
    np.testing.assert_allclose(found, [1.0, -2.5], rtol=1e-15)
    assert found.dims == ("time",)
    assert found.attrs["units"] == "nAm"
    assert found["time"].attrs["units"] == "ms"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "at least 2 rows of numbers are needed; got 0"),
        ("0 1\n", "at least 2 rows of numbers are needed; got 1"),
        ("0\n1\n", "two columns needed, time and dipole; found 1"),
        ("0 1\n1 x7\n", "line 2: a number expected; found 'x7'"),
        ("0 1\n1 1_0\n", "line 2: a number expected; found '1_0'"),
        ("0 1\n1 nan\n", "line 2: a finite number expected; found 'nan'"),
        ("0 1\n-inf 2\n", "line 2: a finite number expected; found '-inf'"),
        ("0 1\n1 1e999\n", "line 2: a number is too large"),
        ("# c\n0 1\n\n1 2 3\n", "line 4: 2 columns expected as above; found 3"),
        ("0 1\n2 1\n2 1\n", "line 3: time must increase; got 2 after 2 ms"),
        ("0 1\n2 1\nend\n", "line 3: 2 columns expected as above; found 1"),
        ("a b\nc d\n0 1\n1 2\n", "line 2: a number expected; found 'c'"),
        ("time 1\n0 1\n1 2\n", "line 1: a number expected; found 'time'"),
        ("0 1 2 3\n1 1 2 3\n", "4 columns found; pick the dipole with column=2 … column=4"),
        ("0,5 1,5\n1,5 2,5\n", "3 columns found; pick the dipole with column=2 … column=3"),
        ("0,5\t1,5\n1,5\t2,5\n", "if these are decimal commas, separate the columns by semicolons"),
        ("time dipole\n0,5 1,5\n1,5 2,5\n", "found '0,5'; if these are decimal commas"),
        (b"0 1\n1 \xff\n", "line 2: this is not UTF-8 text"),
        (b"\x89HDF\0\0", "this is not a text file"),
    ],
)
def test_what_is_refused(text, content, message):
    with pytest.raises(FileFormatError) as error:
        read_dipole(text(content))
    assert message in str(error.value)
    assert str(error.value).startswith("data.txt")


def test_one_of_several_columns(text):
    path = text("time agg L2 L5\n0 1 2 3\n1 4 5 6\n")
    assert read_dipole(path, column=2).values.tolist() == [1.0, 4.0]
    assert read_dipole(path, column="4").values.tolist() == [3.0, 6.0]
    assert read_dipole(path, column="L2").values.tolist() == [2.0, 5.0]
    with pytest.raises(FileFormatError, match=r"\(time, agg, L2, L5\); pick"):
        read_dipole(path)
    with pytest.raises(FileFormatError, match=r"got 'L6'; columns are agg, L2, L5"):
        read_dipole(path, column="L6")
    for wrong in (1, 5, 0, -1, "time"):
        with pytest.raises(FileFormatError, match="column must be 2 to 4 or a name"):
            read_dipole(path, column=wrong)


def test_only_the_columns_asked_for_must_be_numbers(text):
    path = text("0 1 good\n1 2 nan\n")
    assert read_dipole(path, column=2).values.tolist() == [1.0, 2.0]


def test_files_that_are_not_there_or_too_large(text, tmp_path, monkeypatch):
    with pytest.raises(StorageError, match=r"cannot read .*missing\.txt': No such file"):
        read_dipole(tmp_path / "missing.txt")
    with pytest.raises(StorageError, match="cannot read"):
        read_dipole(tmp_path)
    path = text("0 1\n1 2\n" * 1000)
    monkeypatch.setattr(recorded, "MAX_BYTES", 100)
    with pytest.raises(FileFormatError, match="larger than"):
        read_dipole(path)


@given(
    times=st.lists(st.floats(-1e6, 1e6, allow_nan=False), min_size=2, max_size=20, unique=True).map(
        sorted
    ),
    seed=st.integers(0, 10**6),
)
def test_round_trip(tmp_path_factory, times, seed):
    values = np.random.default_rng(seed).normal(size=len(times)) * 1e-3
    data = xr.DataArray(values, dims="time", coords={"time": np.array(times)})
    path = tmp_path_factory.mktemp("dipole") / "d.txt"
    write_dipole(path, data)
    found = read_dipole(path)
    np.testing.assert_array_equal(found.values, values)
    np.testing.assert_array_equal(found["time"].values, times)


def test_writing_never_replaces_unasked(text, tmp_path):
    path = text("0 1\n1 2\n")
    data = read_dipole(path)
    with pytest.raises(StorageError, match="exists already"):
        write_dipole(path, data * 2)
    write_dipole(path, data * 2, overwrite=True)
    assert read_dipole(path).values.tolist() == [2.0, 4.0]
    assert [p.name for p in tmp_path.iterdir()] == ["data.txt"]


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("any") / "any.txt"
    path.write_bytes(content)
    try:
        found = read_dipole(path)
    except FileFormatError:
        return
    assert np.isfinite(found).all()


@pytest.mark.parametrize(
    ("name", "samples"),
    [
        ("yes_trial_S1_ERP_all_avg.txt", 103),
        ("no_trial_S1_ERP_all_avg.txt", 103),
        ("S1_SupraT.txt", 105),
        ("gamma_1_trial.txt", 701),
    ],
)
def test_recordings_of_the_field(shared, name, samples):
    path = shared / "data" / name
    found = read_dipole(path)
    assert found.size == samples
    np.testing.assert_array_equal(found, np.loadtxt(path)[:, 1])


def test_the_acceptance_waveform_of_hnn_core_needs_a_column(shared):
    path = shared / "reference" / "hnn-core" / "dpl.txt"
    with pytest.raises(FileFormatError, match="4 columns found"):
        read_dipole(path)
    np.testing.assert_array_equal(read_dipole(path, column=2), np.loadtxt(path)[:, 1])


def test_a_long_field_that_is_no_number_is_refused_at_once():
    with pytest.raises(FileFormatError):
        recorded.dipole_from_text(b"0 1\n1 " + b"9" * 200_000 + b"x\n", "long.txt")
