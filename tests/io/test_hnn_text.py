"""Parameter sets, dipoles and spikes in hnn-core's text."""

import json
import re

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from apical import models, read_hnn, simulate, write_hnn
from apical.cli.app import app
from apical.errors import DataWarning, FileFormatError, ModelError
from apical.io import hnn

# --- parameter sets ------------------------------------------------------------------------

ERP = {
    "tstop": 170.0, "N_pyr_x": 3, "N_pyr_y": 3, "celsius": 37.0, "threshold": 0.0,
    "sync_evinput": False, "sim_prefix": "default", "prng_seedcore_evprox_1": 4,
    "gbar_L2Pyr_L2Pyr_ampa": 5e-4, "gbar_L2Pyr_L2Pyr_nmda": 5e-4, "gbar_L2Pyr_L5Pyr": 2.5e-4,
    "gbar_L2Basket_L2Pyr_gabaa": 0.05, "gbar_L5Basket_L5Pyr_gabaa": 0.025,
    "t_evprox_1": 26.61, "sigma_t_evprox_1": 2.47, "numspikes_evprox_1": 2,
    "gbar_evprox_1_L2Pyr_ampa": 0.01525, "gbar_evprox_1_L2Pyr_nmda": 0.0,
    "gbar_evprox_1_L2Basket": 0.08831,
    "t_evdist_1": 60.0, "sigma_t_evdist_1": 3.0, "numspikes_evdist_1": 1,
    "t0_input_prox": 50.0, "tstop_input_prox": 250.0, "f_input_prox": 12.0, "f_stdev_prox": 20.0,
    "events_per_cycle_prox": 2, "repeats_prox": 7, "t0_input_stdev_prox": 1.5,
    "input_prox_A_weight_L5Pyr_ampa": 5e-5, "input_prox_A_delay_L5": 2.0,
    "t0_pois": -1.0, "T_pois": 100.0, "L2Pyr_Pois_A_weight_ampa": 8e-4, "L2Pyr_Pois_lamtha": 140.0,
    "Itonic_A_L5Pyr_soma": 0.25, "Itonic_t0_L5Pyr_soma": 0.0, "Itonic_T_L5Pyr_soma": 40.0,
}  # fmt: skip


def test_a_set_becomes_a_network():
    network = hnn.network_from_parameters(ERP)
    assert network.populations["L5_pyramidal"].n == 9
    assert network.get("projections.L2_pyramidal>L5_pyramidal.distal.ampa.weight") == 2.5e-4
    # what a set does not have is 0
    assert network.get("projections.L5_basket>L5_pyramidal.gabab.weight") == 0.0
    assert list(network.drives) == ["bursty1", "evprox1", "extpois"]
    evoked, rhythm, noise = (network.drives[n] for n in ("evprox1", "bursty1", "extpois"))
    assert (evoked.mu, evoked.sigma, evoked.n_spikes) == (26.61, 2.47, 2)
    assert evoked.targets["L2_pyramidal"].weights == {"ampa": 0.01525, "nmda": 0.0}
    # older sets have one weight for both receptors
    assert evoked.targets["L2_basket"].weights == {"ampa": 0.08831, "nmda": 0.08831}
    assert (evoked.location, evoked.cell_specific) == ("proximal", True)
    assert (rhythm.start, rhythm.stop, rhythm.rate, rhythm.sigma) == (50.0, 170.0, 12.0, 20.0)
    assert (rhythm.n_cells, rhythm.start_sigma, rhythm.interval) == (7, 1.5, 10.0)
    assert rhythm.targets["L5_pyramidal"].delay == 2.0
    assert (noise.start, noise.stop, noise.rate["L2_pyramidal"]) == (0.0, 100.0, 140.0)
    assert noise.kernel.space_constant == 100.0
    clamp = network.biases["tonic-L5_pyramidal"]
    assert (clamp.amplitude, clamp.start, clamp.stop) == (0.25, 0.0, 40.0)
    assert not hnn.network_from_parameters(ERP, drives=False).drives


def test_weights_that_belong_to_the_model():
    law = hnn.network_from_parameters(ERP, "law_2021")
    assert law.get("projections.L5_basket>L5_pyramidal.gabaa.weight") == 0.02
    assert law.get("projections.L5_basket>L5_pyramidal.distal.gabaa.weight") == 0.025
    with pytest.raises(ModelError, match="law_2021"):
        hnn.network_from_parameters(ERP, "law_2020")


def test_the_configuration_of_a_set_has_its_seeds():
    found = hnn.parameters_to_configuration(ERP)
    start = found["gid_ranges"]["evprox1"]["start"]
    assert found["external_drives"]["evprox1"]["event_seed"] == 4 + start
    assert hnn.network_from_configuration(found) == hnn.network_from_parameters(ERP)


def test_all_forms_of_a_set_are_alike(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps(ERP))
    lines = [f"{name}: {value}" for name, value in ERP.items()]
    (tmp_path / "a.param").write_text("\n".join(["# a set", "", *lines]) + "  # end\n")
    assert hnn.read_parameters(tmp_path / "a.json") == ERP
    assert hnn.read_parameters(tmp_path / "a.param") == ERP
    assert read_hnn(tmp_path / "a.json") == read_hnn(tmp_path / "a.param").with_(
        title="From a.json"
    )


def test_cells_that_differ_are_told():
    with pytest.warns(DataWarning, match="not used: L2Pyr_gabab_tau1, L5Pyr_apicaltuft_L"):
        hnn.network_from_parameters({**ERP, "L5Pyr_apicaltuft_L": 400, "L2Pyr_gabab_tau1": 45})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("gbar_x 3", r"a\.param, line 1: expected 'name: value'"),
        ("a: 1\nb: 2\na: 3", r"a\.param, line 3: 'a' stands twice"),
        ("\n# nothing\n", r"a\.param: no parameters"),
    ],
)
def test_sets_that_are_none(tmp_path, text, message):
    (tmp_path / "a.param").write_text(text)
    with pytest.raises(FileFormatError, match=message):
        read_hnn(tmp_path / "a.param")


def test_values_that_are_no_numbers_are_all_told():
    wrong = {**ERP, "t_evprox_1": "soon", "gbar_L2Pyr_L5Pyr": "much"}
    with pytest.raises(ModelError) as error:
        hnn.network_from_parameters(wrong)
    assert [p.path for p in error.value.problems] == ["gbar_L2Pyr_L5Pyr", "t_evprox_1"]


def test_published_sets(shared):
    folder = shared / "reference" / "hnn-core" / "param"
    if not folder.exists():
        pytest.skip("no published parameter sets here")
    network = read_hnn(folder / "default.json")
    template = models.erp()
    assert network.projections == template.projections
    for name, drive in template.drives.items():
        assert (network.drives[name].mu, network.drives[name].sigma) == (drive.mu, drive.sigma)
    assert list(read_hnn(folder / "N20.json").drives) == ["evdist1", "evdist2", "evprox1"]
    assert list(read_hnn(folder / "gamma_L5weak_L2weak.json").drives) == ["extpois"]
    base = read_hnn(folder / "neymotin2020_base.json")
    assert base.populations == template.populations
    assert base.projections == template.projections
    assert base.drives == read_hnn(folder / "default.json").drives


@pytest.mark.parametrize("suffix", ["json", "param"])
def test_the_command_runs_them(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    flat = "\n".join(f"{name}: {value}" for name, value in ERP.items())
    path.write_text(json.dumps(ERP) if suffix == "json" else flat)
    found = CliRunner().invoke(app, ["run", str(path), "--duration", "1", "--quiet"])
    assert found.exit_code == 0, found.output


def test_the_command_runs_networks_and_tells_what_is_wrong(tmp_path):
    path = tmp_path / "a.json"
    write_hnn(path, models.erp(grid=(2, 2)))
    found = CliRunner().invoke(app, ["run", str(path), "--duration", "1", "--quiet"])
    assert found.exit_code == 0, found.output
    path.write_text(path.read_text().replace('"L": 39.0', '"L": -39.0'))
    found = CliRunner().invoke(app, ["run", str(path), "--duration", "1"])
    assert found.exit_code == 2
    assert "cell_object.sections.soma.L" in re.sub(r"\s+", "", found.output)


# --- dipoles and spikes --------------------------------------------------------------------

VALUES = st.floats(-1e6, 1e6)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(VALUES, VALUES), min_size=2, max_size=20), st.floats(0.001, 5))
def test_dipoles_come_back_to_the_last_bit(tmp_path_factory, rows, step):
    path = tmp_path_factory.mktemp("d") / "dpl.txt"
    dipole = xr.DataArray(
        np.array(rows).T,
        dims=("layer", "time"),
        coords={"layer": ["L2", "L5"], "time": np.arange(len(rows)) * step},
    )
    hnn.write_dipoles(path, dipole)
    found = hnn.read_dipoles(path)
    np.testing.assert_array_equal(found.sel(layer=["L2", "L5"]).values, dipole.values)
    np.testing.assert_array_equal(found["time"], dipole["time"])
    np.testing.assert_array_equal(found.sel(layer="agg"), dipole.sum("layer"))
    hnn.write_dipoles(path, found, overwrite=True)
    np.testing.assert_array_equal(hnn.read_dipoles(path), found)


def test_dipoles_in_hnn_cores_own_digits(tmp_path, shared):
    result = simulate(models.erp(grid=(2, 2)), 2.0)
    path = tmp_path / "dpl.txt"
    hnn.write_dipoles(path, result.layers(), decimals=4)
    assert re.fullmatch(r"(\d+\.\d{3}(\t-?\d+\.\d{4}){3}\n)+", path.read_text())
    published = shared / "reference" / "hnn-core" / "dpl.txt"
    if not published.exists():
        pytest.skip("no published dipole here")
    found = hnn.read_dipoles(published)
    assert found.sizes == {"layer": 3, "time": 6801}
    hnn.write_dipoles(path, found, decimals=4, overwrite=True)
    assert path.read_text() == published.read_text()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0 1 2 3\n1 1 2", "line 2: expected time and dipole, or time and three"),
        ("0 1\n1 x", "line 2: a finite number expected; found 'x'"),
        ("0 1\n1 nan", "line 2: a finite number"),
        ("0 1\n0 1", "line 2: time does not rise"),
        ("0 1", "at least 2 rows"),
    ],
)
def test_dipoles_that_are_none(tmp_path, text, message):
    (tmp_path / "a.txt").write_text(text)
    with pytest.raises(FileFormatError, match=rf"a\.txt.*{message}"):
        hnn.read_dipoles(tmp_path / "a.txt")


SOURCES = {"L2_basket": 3, "L2_pyramidal": 4, "evprox1": 7}


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 2), st.floats(0, 1e4), st.sampled_from(list(SOURCES)),
            st.integers(0, 2),
        ),
        max_size=12,
    )
)  # fmt: skip
def test_spikes_come_back_to_the_last_bit(tmp_path_factory, rows):
    rows = sorted(rows)
    folder = tmp_path_factory.mktemp("s")
    names = ("trial", "time", "source", "cell")
    columns = list(zip(*rows, strict=True)) or [[], [], [], []]
    kinds = (np.int64, float, str, np.int64)
    spikes = xr.Dataset(
        {n: ("spike", np.array(c, dtype=k)) for n, c, k in zip(names, columns, kinds, strict=True)}
    )
    paths = hnn.write_spikes(folder / "spk_%d.txt", spikes, SOURCES)
    for sources in (SOURCES, None):
        found = hnn.read_spikes(paths, sources)
        cells = found["cell"].values
        if sources is None:
            first = {"L2_basket": 0, "L2_pyramidal": 3, "evprox1": 7}
            cells = [c - first[s] for c, s in zip(cells, found["source"].values, strict=True)]
        assert list(cells) == [r[3] for r in rows]
        for name, column in zip(names[:3], columns[:3], strict=True):
            assert found[name].values.tolist() == list(column)


def test_older_spikes_have_no_types(tmp_path):
    (tmp_path / "a.txt").write_text("1.5\t4\n2.5\t0\n")
    found = hnn.read_spikes(tmp_path / "a.txt", SOURCES)
    assert found["source"].values.tolist() == ["L2_pyramidal", "L2_basket"]
    assert found["cell"].values.tolist() == [1, 0]
    with pytest.raises(FileFormatError, match="give sources"):
        hnn.read_spikes(tmp_path / "a.txt")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 1 L2_basket\n1 99 L2_basket", "line 2: a cell number expected; found '99'"),
        ("1 1.5 L2_basket", "line 1: a cell number expected"),
        ("1 4 L2_basket", "line 1: cell 4 is of 'L2_pyramidal' in sources"),
        ("1", "line 1: expected time, gid and type"),
    ],
)
def test_spikes_that_are_none(tmp_path, text, message):
    (tmp_path / "a.txt").write_text(text)
    with pytest.raises(FileFormatError, match=message):
        hnn.read_spikes(tmp_path / "a.txt", SOURCES)


def test_silent_trials_have_files(tmp_path):
    """Spikes do not tell how many trials there were after the last that had any."""
    columns = {"trial": [1], "time": [2.0], "source": ["L2_basket"], "cell": [0]}
    spikes = xr.Dataset({name: ("spike", values) for name, values in columns.items()})
    paths = hnn.write_spikes(tmp_path / "spk_%d.txt", spikes, SOURCES, trials=4)
    assert [p.read_text(encoding="utf-8").count("\n") for p in paths] == [0, 1, 0, 0]
    assert hnn.read_spikes(paths, SOURCES)["trial"].values.tolist() == [1]
    assert len(hnn.write_spikes(tmp_path / "of_%d.txt", spikes, SOURCES)) == 2
    with pytest.raises(ValueError, match="there are spikes of 2; got 1"):
        hnn.write_spikes(tmp_path / "a.txt", spikes, SOURCES, trials=1)


def test_several_trials_need_several_names(tmp_path):
    spikes = xr.Dataset(
        {
            "trial": ("spike", [0, 1]),
            "time": ("spike", [1.0, 2.0]),
            "source": ("spike", ["L2_basket"] * 2),
            "cell": ("spike", [0, 1]),
        }
    )
    with pytest.raises(ValueError, match="2 trials need a name"):
        hnn.write_spikes(tmp_path / "a.txt", spikes, SOURCES)
