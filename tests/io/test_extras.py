"""Results in NWB files and dipoles in MNE-Python; where these packages are not, skipped."""

import sys

import numpy as np
import pytest

from apical import Network, models, simulate, watch
from apical.errors import MissingPackageError, StorageError
from apical.io import mne as io_mne
from apical.io import nwb as io_nwb


@pytest.fixture(scope="module")
def result():
    network = models.erp(grid=(2, 2)).set({"drives.evprox1.mu": 2.0}).add(
        electrodes={"shank": {"positions": [(0, 0, 0), (10, 0, 500)], "every": 0.1}},
        recordings={"v": {"population": "L2_basket", "sections": "all", "every": 0.05}},
    )  # fmt: skip
    return simulate(network, 8.0, trials=2)


@pytest.mark.parametrize(
    ("call", "package"),
    [
        (lambda r, p: io_nwb.write_nwb(p / "a.nwb", r), "pynwb"),
        (lambda r, p: io_mne.to_evoked(r.layers()), "mne"),
        (lambda r, p: io_mne.to_source_estimate(r.layers(), 3), "mne"),
    ],
)
def test_what_is_missing_is_named(result, tmp_path, monkeypatch, call, package):
    monkeypatch.setitem(sys.modules, package, None)
    extra = {"pynwb": "nwb", "mne": "mne"}[package]
    with pytest.raises(MissingPackageError, match=rf"pip install 'apical\[{extra}\]'"):
        call(result, tmp_path)
    with pytest.raises(ImportError):
        call(result, tmp_path)


@pytest.mark.filterwarnings("ignore")
def test_a_result_as_nwb(result, tmp_path):
    pynwb = pytest.importorskip("pynwb", reason="pynwb is not installed (extra nwb)")
    path = tmp_path / "result.nwb"
    io_nwb.write_nwb(path, result)
    with pytest.raises(StorageError, match="exists already"):
        io_nwb.write_nwb(path, result)
    with pynwb.NWBHDF5IO(str(path), "r") as io:
        file = io.read()
        assert not pynwb.validate(io=io)
        dipole = file.acquisition["dipole"]
        n = result.dipole.sizes["time"]
        assert (dipole.unit, dipole.conversion, dipole.rate) == ("A*m", 1e-9, 40000.0)
        np.testing.assert_array_equal(dipole.data[n:].T, result.dipole.values[1])
        starts = file.trials["start_time"][:]
        np.testing.assert_allclose(starts, [0, 8.025e-3])
        assert len(file.units) == sum(result.sources.values())
        times = np.concatenate(file.units["spike_times"][:])
        assert len(times) == result.spikes.sizes["spike"] > 0
        trial = np.searchsorted(starts, times, "right") - 1
        own = np.sort((times - starts[trial]) * 1000)
        np.testing.assert_allclose(own, np.sort(result.spikes["time"].values), atol=1e-9)
        total = result.lfp["shank"].sum("population").values
        np.testing.assert_array_equal(file.acquisition["shank 1"].data[:].T, total[1])
        assert file.electrodes["z"][:].tolist() == [0.0, 500.0]
        voltage = result.recordings["v"]
        values = voltage.values[1].reshape(-1, voltage.sizes["time"])
        np.testing.assert_array_equal(file.acquisition["v 1"].data[:].T, values)
        assert Network.from_json(str(file.scratch["network"].data)) == result.network


@pytest.mark.filterwarnings("ignore")
def test_a_single_sample_as_nwb(tmp_path):
    pynwb = pytest.importorskip("pynwb", reason="pynwb is not installed (extra nwb)")
    network = models.erp(grid=(1, 1)).add(
        electrodes={"one": {"positions": [(0, 0, 0)], "every": 5.0}},
        recordings={"v": {"population": "L2_basket", "every": 5.0}},
    )  # fmt: skip
    with watch(network, 8.0, trials=2) as watched:
        nothing_yet = watched.result()
    identifiers = set()
    for k, result in enumerate((simulate(network, 1.0, trials=2), nothing_yet, nothing_yet)):
        path = tmp_path / f"{k}.nwb"
        io_nwb.write_nwb(path, result)
        with pynwb.NWBHDF5IO(str(path), "r") as io:
            file = io.read()
            assert not pynwb.validate(io=io)
            identifiers.add(file.identifier)
            assert len(file.acquisition["v 1"].data) == 1
            assert len(file.acquisition["one 0"].data) == 1
            assert len(file.acquisition["dipole"].data) == 2 * result.dipole.sizes["time"]
            starts = file.trials["start_time"][:]
            assert file.acquisition["v 1"].starting_time == starts[1] > starts[0]
    assert len(identifiers) == 3


@pytest.mark.filterwarnings("ignore")
def test_dipoles_to_mne_and_back(result):
    pytest.importorskip("mne", reason="MNE-Python is not installed (extra mne)")
    layers = result.layers()
    evoked = io_mne.to_evoked(layers)
    assert (evoked.nave, evoked.ch_names) == (2, ["L2", "L5"])
    assert evoked.info["sfreq"] == pytest.approx(40000)
    found = io_mne.from_evoked(evoked)
    np.testing.assert_allclose(found.values, layers.mean("trial").values, rtol=1e-14, atol=1e-18)
    np.testing.assert_allclose(found["time"], layers["time"], atol=1e-9)
    assert io_mne.from_evoked(evoked, "L5").dims == ("time",)
    epochs = io_mne.to_epochs(layers)
    np.testing.assert_allclose(epochs.get_data() * 1e9, layers.values, rtol=1e-14, atol=1e-18)
    estimate = io_mne.to_source_estimate(layers, 42, "rh")
    assert estimate.vertices[1].tolist() == [42]
    total = layers.mean("trial").sum("layer").values
    for vertex in (None, 42):
        found = io_mne.from_source_estimate(estimate, vertex)
        np.testing.assert_allclose(found.values, total, rtol=1e-14, atol=1e-18)
    with pytest.raises(ValueError, match="vertex 7 stands 0 times"):
        io_mne.from_source_estimate(estimate, 7)
    with pytest.raises(ValueError, match="channels of kind dipole are L2, L5"):
        io_mne.from_evoked(evoked, "L4")


@pytest.mark.filterwarnings("ignore")
def test_dipoles_that_mne_cannot_have(result):
    pytest.importorskip("mne", reason="MNE-Python is not installed (extra mne)")
    uneven = result.dipole.isel(time=[0, 1, 5])
    with pytest.raises(ValueError, match="evenly"):
        io_mne.to_evoked(uneven)
    with pytest.raises(ValueError, match="'lh' or 'rh'"):
        io_mne.to_source_estimate(result.dipole, 1, "left")
    with pytest.raises(ValueError, match="dimensions must be"):
        io_mne.to_evoked(result.lfp["shank"])
