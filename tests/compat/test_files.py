"""Networks, dipoles, spikes and parameters in files."""

from __future__ import annotations

import json
import sys
from io import StringIO
from pathlib import Path

import numpy as np
import pytest

import apical.compat.hnn_core as hc
from apical.compat.hnn_core.dipole import _settle_ends

sys.path.insert(0, str(Path(__file__).parent))
import cases
import generate


@pytest.mark.filterwarnings("ignore:Legacy mode:DeprecationWarning")
@pytest.mark.parametrize("case", cases.CASES, ids=lambda case: case.__name__)
def test_a_network_comes_back(case, tmp_path):
    """Equal, with the same pairs and events, and written again as it was."""
    net, _ = case(hc)
    path, once_more = tmp_path / "net.json", tmp_path / "again.json"
    net.write_configuration(path)
    again = hc.read_network_configuration(path)
    assert again == net
    again.write_configuration(once_more)
    assert json.loads(path.read_text()) == json.loads(once_more.read_text())
    for one in (net, again):
        _settle_ends(one, 20.0)
        one._instantiate_drives(20.0, 2)
    assert generate.digest(again) == generate.digest(net)


def test_a_network_read_gives_the_same_simulation(tmp_path):
    """In-plane distance, thinned connections and spike trains are not lost."""
    net = cases.column(hc)
    cases.evoked(net, probability=0.5)
    net.add_connection(
        "L5_pyramidal", "L2_pyramidal", "distal", "ampa", 0.1, 1.0, 3.0, probability=0.5,
        conn_seed=3,
    )  # fmt: skip
    net.add_spike_train_drive(
        "recorded", spike_data={"a": [5.0, 6.0]}, location="distal",
        weights_ampa={"L5_pyramidal": 0.1},
    )  # fmt: skip
    net.write_configuration(tmp_path / "net.json")
    again = hc.read_network_configuration(tmp_path / "net.json")
    first, second = (hc.simulate_dipole(n, tstop=20.0, verbose=False)[0] for n in (net, again))
    np.testing.assert_array_equal(first.data["agg"], second.data["agg"])
    assert again.cell_response == net.cell_response


def test_a_network_from_a_dictionary_has_parts_of_its_own():
    net = hc.neymotin_2020_model(mesh_shape=(2, 2))
    net.add_poisson_drive(
        "noise", rate_constant=20.0, location="proximal", weights_ampa={"L2_basket": 0.01}
    )
    other = hc.dict_to_network(hc.network_to_dict(net))
    _settle_ends(other, 20.0)
    assert net.external_drives["noise"]["dynamics"]["tstop"] is None
    other.cell_types["L2_basket"]["cell_object"].synapses["ampa"]["tau2"] = 9.0
    assert net.cell_types["L2_basket"]["cell_object"].synapses["ampa"]["tau2"] != 9.0


def test_reading_in_parts(tmp_path):
    net, _ = cases.bias(hc)
    with StringIO() as text:
        hc.write_network_configuration(net, text)
        data = json.loads(text.read())
    without = hc.dict_to_network(data, read_drives=False, read_external_biases=False)
    assert not without.external_drives
    assert not without.external_biases
    assert all(c["src_type"] in without.cell_types for c in without.connectivity)
    path = tmp_path / "net.json"
    path.write_text(json.dumps({"object_type": "Dipole"}))
    with pytest.raises(ValueError, match="Dipole"):
        hc.read_network_configuration(path)


def test_a_file_is_not_replaced(tmp_path):
    path = tmp_path / "net.json"
    path.touch()
    with pytest.raises(FileExistsError):
        hc.neymotin_2020_model(mesh_shape=(1, 1)).write_configuration(path, overwrite=False)


def test_parameters(tmp_path):
    default = hc.Params()
    assert default["gbar_L2Pyr*"].keys() <= default.keys()
    default["gbar_*"] = 2.0
    assert default["gbar_L5Pyr_L5Basket"] == 2.0
    default.write(tmp_path / "own.json")
    assert hc.read_params(tmp_path / "own.json") == default
    lines = "tstop: 170.\nN_trials: 3\nsim_prefix: mine\nt_evprox_1: 26.6\n"
    (tmp_path / "old.param").write_text(lines)
    old = hc.read_params(tmp_path / "old.param")
    assert (old["tstop"], old["N_trials"], old["sim_prefix"]) == (170.0, 3, "mine")
    assert "sigma_t_evprox_1" in old
    assert "sigma_t_evprox_2" not in old
    with pytest.raises(ValueError, match="extension"):
        hc.read_params("own.txt")


def test_the_text_of_a_parameter_file_needs_no_file(monkeypatch):
    """Nowhere is written: the name stands for the text."""
    monkeypatch.setattr("tempfile.tempdir", "/nowhere")
    found = hc.read_params("in/no/folder.param", "tstop: 20 # ms\n")
    assert found["tstop"] == 20
    with pytest.raises(ValueError, match=r"folder\.param, line 2: 'tstop' stands twice"):
        hc.read_params("in/no/folder.param", "tstop: 20\ntstop: 30\n")


@pytest.mark.filterwarnings("ignore:Legacy mode:DeprecationWarning")
def test_parameters_become_a_configuration(tmp_path):
    """Drives without weight or time are left out."""
    source = Path(hc.__file__).parent / "param" / "default.json"
    hc.convert_to_json(source, tmp_path / "net")
    net = hc.read_network_configuration(tmp_path / "net.json")
    assert list(net.external_drives) == ["evdist1", "evprox1", "evprox2"]


@pytest.mark.parametrize("ending", ["txt", "hdf5"])
def test_dipoles(tmp_path, ending):
    times = np.arange(40) * 0.25
    dipole = hc.Dipole(times, np.random.default_rng(1).normal(size=(40, 3)))
    dipole.scale(2.0).write(tmp_path / f"dipole.{ending}")
    again = hc.read_dipole(tmp_path / f"dipole.{ending}")
    for name, values in dipole.data.items():
        np.testing.assert_allclose(again.data[name], values, atol=5.1e-5)
    with pytest.raises(FileExistsError):
        again.write(tmp_path / f"dipole.{ending}", overwrite=False)
    with pytest.raises(NameError, match="extension"):
        dipole.write(tmp_path / "dipole.csv")


def test_spikes(tmp_path):
    response = hc.CellResponse(
        ["L2_basket", "L5_pyramidal"], [[1.5, 2.25], [3.0], []], [[0, 4], [5], []],
        [["L2_basket", "L5_pyramidal"], ["L5_pyramidal"], []],
    )  # fmt: skip
    response.write(tmp_path / "spikes_%d.txt")
    with pytest.warns(DeprecationWarning, match="txt"):
        again = hc.read_spikes(tmp_path / "spikes_*.txt")
    assert again == response
    assert again._cell_type_names == ["L2_basket", "L5_pyramidal"]


@pytest.mark.filterwarnings("ignore:spikes in txt:DeprecationWarning")
@pytest.mark.parametrize("name", ["spikes.txt", "spikes_{0}.txt", "spikes_%d.txt"])
def test_no_trial_overwrites_another(tmp_path, name):
    """In hnn-core they did without a place for the number, and trial 10 came before 2."""
    times = [[float(trial)] for trial in range(12)]
    response = hc.CellResponse(["L2_basket"], times, [[0]] * 12, [["L2_basket"]] * 12)
    response.write(tmp_path / name)
    assert hc.read_spikes(tmp_path / "spikes_*.txt") == response


@pytest.mark.filterwarnings("ignore:spikes in txt:DeprecationWarning")
def test_spikes_of_one_trial_have_the_name_that_they_were_given(tmp_path):
    response = hc.CellResponse(["L2_basket"], [[1.5]], [[0]], [["L2_basket"]])
    response.write(tmp_path / "spikes.txt")
    assert hc.read_spikes(tmp_path / "spikes.txt") == response
    with pytest.raises(FileNotFoundError, match=r"nothing\.txt"):
        hc.read_spikes(tmp_path / "nothing.txt")
