"""One file holds a whole result; anything else is refused."""

import os
import subprocess
import sys

import h5py
import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import synthetic
from apical.errors import FileFormatError, StorageError
from apical.io import results
from apical.result import load
from synthetic import Drive, Network, Population, make_result

NAMES = st.text("abcXYZ059_>-", min_size=1, max_size=12)
ANY_TEXT = st.text(max_size=20)
PLAIN = st.one_of(st.none(), st.booleans(), st.integers(-(2**60), 2**60), ANY_TEXT,
                  st.floats(allow_nan=False, allow_infinity=False))  # fmt: skip


@pytest.fixture(autouse=True)
def readable_networks(monkeypatch):
    """Let result files hold the hand-made network."""
    monkeypatch.setattr("apical.io.results._network", Network.from_json)


@pytest.fixture
def result():
    return make_result()


@st.composite
def some_results(draw):
    names = draw(st.lists(NAMES, min_size=1, max_size=6, unique=True))
    split = draw(st.integers(1, len(names)))
    layers = st.sampled_from(["", "L2/3", "L5"])
    populations = {n: Population(draw(layers), "", draw(st.booleans())) for n in names[:split]}
    drives = {n: Drive("proximal") for n in names[split:]}
    network = Network(draw(ANY_TEXT), draw(ANY_TEXT), populations, drives)
    result = make_result(
        network,
        trials=draw(st.integers(1, 3)),
        stop=draw(st.sampled_from([0.5, 3.0])),
        seed=draw(st.integers(0, 99)),
        recordings=draw(st.booleans()),
    )
    provenance = {**result.provenance, **draw(st.dictionaries(ANY_TEXT, PLAIN, max_size=3))}
    object.__setattr__(result, "provenance", provenance)
    return result


@given(result=some_results())
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_nothing_is_lost(tmp_path_factory, result):
    path = tmp_path_factory.mktemp("results") / "r.nc"
    result.save(path)
    again = load(path)
    assert again.identical(result)
    assert again.dipole.dtype == np.float64
    assert again.spikes["source"].dtype.kind == "U"


def test_numbers_are_kept_to_the_last_bit(tmp_path):
    result = make_result()
    values = result.dipole.values.copy()
    values[0, 0, :5] = [np.nan, np.inf, -0.0, 5e-324, 9.969209968386869e36]  # a netCDF fill value
    result = type(result)(**{**result._fields(), "dipole": result.dipole.copy(data=values)})
    result.save(tmp_path / "r.nc")
    assert load(tmp_path / "r.nc").dipole.values.tobytes() == values.tobytes()


def test_smoothed_results_too(tmp_path):
    result = make_result().smooth(2).scale(3).average()
    result.save(tmp_path / "r.nc")
    assert load(tmp_path / "r.nc").identical(result)


def test_other_programs_can_read_it(tmp_path, result):
    result.save(tmp_path / "r.nc")
    with xr.open_dataset(tmp_path / "r.nc", group="dipole", decode_timedelta=False) as found:
        np.testing.assert_array_equal(found["dipole"], result.dipole)


def test_existing_files_are_kept_unless_asked(tmp_path, result):
    path = tmp_path / "r.nc"
    path.write_text("precious")
    with pytest.raises(StorageError, match="exists already"):
        result.save(path)
    assert path.read_text() == "precious"
    result.save(path, overwrite=True)
    assert load(path).identical(result)
    assert [p.name for p in tmp_path.iterdir()] == ["r.nc"]


def test_a_failure_on_the_way_leaves_nothing(tmp_path, result, monkeypatch):
    calls = []

    def fail_late(self, *args, _real=xr.Dataset.dump_to_store, **kwargs):
        calls.append(args)
        if len(calls) == 3:
            raise RuntimeError("HDF5 failed")
        return _real(self, *args, **kwargs)

    monkeypatch.setattr(xr.Dataset, "dump_to_store", fail_late)
    with pytest.raises(StorageError, match="HDF5 failed"):
        result.save(tmp_path / "r.nc")
    assert list(tmp_path.iterdir()) == []


FULL_DISK = """
import resource
from apical.errors import StorageError
from synthetic import make_result
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    make_result(trials=20, stop=500).save("r.nc")
except StorageError as error:
    print("StorageError", error)
"""


def test_a_full_disk_is_an_error_and_no_crash(tmp_path):
    path = os.pathsep.join([os.path.dirname(synthetic.__file__), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("StorageError cannot write 'r.nc'")
    assert list(tmp_path.iterdir()) == []


def test_files_that_are_not_ours(tmp_path):
    text = tmp_path / "a.nc"
    text.write_text("0 1\n")
    with pytest.raises(
        FileFormatError, match=r"a\.nc: this is not a result of apical \(not HDF5\)"
    ):
        load(text)
    with h5py.File(tmp_path / "b.nc", "w") as file:
        file["x"] = 1
    with pytest.raises(FileFormatError, match="this HDF5 file is not a result of apical"):
        load(tmp_path / "b.nc")
    with pytest.raises(StorageError, match="cannot read"):
        load(tmp_path / "missing.nc")
    with pytest.raises((FileFormatError, StorageError)):
        load(tmp_path)


@pytest.fixture
def saved(tmp_path, result):
    path = tmp_path / "r.nc"
    result.save(path)
    return path


def edit_newer(file):
    file.attrs["format_version"] = 2


def edit_version_array(file):
    file.attrs["format_version"] = [1, 2]


def edit_no_dipole(file):
    del file["dipole"]


def edit_external_link(file):
    file["recordings"]["more"] = h5py.ExternalLink("/etc/passwd", "/")


def edit_soft_link(file):
    file["again"] = h5py.SoftLink("/dipole")


def edit_virtual(file):
    layout = h5py.VirtualLayout(shape=(4,), dtype="f8")
    layout[:] = h5py.VirtualSource("other.nc", "x", shape=(4,))
    file.create_virtual_dataset("virtual", layout)


def edit_external_storage(file):
    file.create_dataset("outside", (4,), "f8", external=[("other.bin", 0, 32)])


def edit_bomb(file):
    file.create_dataset("bomb", (2**40,), "f8", chunks=(2**20,))


def edit_deep(file):
    file.create_group("a/b/c/d/e/f/g")


def edit_bad_json(file):
    del file["provenance"]
    file["provenance"] = "{oops"


def edit_spike_source(file):
    file["spikes/source"][0] = 99


def edit_short_column(file):
    del file["spikes/cell"]


def edit_flat_dipole(file):
    del file["dipole/dipole"]
    file["dipole/dipole"] = 1.0


def edit_spike_trial(file):
    file["spikes/trial"][0] = 2


def edit_list_for_provenance(file):
    del file["provenance"]
    file["provenance"] = "[1]"


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (edit_newer, "result format 2 is not known here"),
        (edit_version_array, "is not known here"),
        (edit_no_dipole, "damaged result file"),
        (edit_external_link, "links"),
        (edit_soft_link, "links"),
        (edit_virtual, "kept in another file"),
        (edit_external_storage, "kept in another file"),
        (edit_bomb, "declares more data"),
        (edit_deep, "too many parts"),
        (edit_bad_json, "damaged result file"),
        (edit_spike_source, "a spike of an unknown source"),
        (edit_short_column, "damaged result file"),
        (edit_flat_dipole, "'dipole' should be numbers along trial, population, time"),
        (edit_spike_trial, "a spike of an unknown trial"),
        (edit_list_for_provenance, "damaged result file"),
    ],
)
def test_tampered_files_are_refused(saved, edit, message):
    with h5py.File(saved, "r+") as file:
        edit(file)
    with pytest.raises(FileFormatError, match=message):
        load(saved)


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9, 0.99])
def test_cut_files_are_refused(saved, keep):
    data = saved.read_bytes()
    saved.write_bytes(data[: int(keep * len(data))])
    with pytest.raises(FileFormatError):
        load(saved)


def test_no_pickle_is_ever_read(saved, monkeypatch):
    import pickle

    def never(*_, **__):
        raise AssertionError("pickle was used")

    for name in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, name, never)
    results.read(saved)
