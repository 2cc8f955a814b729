"""hnn-core's names, its ways of being imported, and how scripts choose how it runs."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import textwrap

import numpy as np
import pytest

import apical.compat.hnn_core as hc
from apical.compat.hnn_core.batch_simulate import BatchSimulate
from apical.compat.hnn_core.network_models import add_erp_drives_to_jones_model

TOP = [
    "simulate_dipole",
    "read_dipole",
    "average_dipoles",
    "Dipole",
    "Params",
    "read_params",
    "convert_to_json",
    "Network",
    "pick_connection",
    "neymotin_2020_model",
    "jones_2009_model",
    "law_2021_model",
    "calcium_model",
    "Cell",
    "CellResponse",
    "read_spikes",
    "pyramidal",
    "basket",
    "MPIBackend",
    "JoblibBackend",
    "dict_to_network",
    "network_to_dict",
    "read_network_configuration",
    "write_network_configuration",
    "set_engine",
]
MODULES = [
    "batch_simulate",
    "cell",
    "cell_response",
    "cells_default",
    "check",
    "dipole",
    "drives",
    "extracellular",
    "hnn_io",
    "network",
    "network_models",
    "optimization",
    "parallel_backends",
    "params",
    "params_default",
    "utils",
    "viz",
]


def small(**given):
    net = hc.neymotin_2020_model(mesh_shape=(2, 2), **given)
    net.add_evoked_drive(
        "evprox", mu=5.0, sigma=1.0, numspikes=1, location="proximal",
        weights_ampa={"L2_pyramidal": 0.02, "L5_pyramidal": 0.02, "L2_basket": 0.1},
    )  # fmt: skip
    return net


def simulated(net, tstop=12.0, **given):
    return hc.simulate_dipole(net, tstop=tstop, verbose=False, **given)


@pytest.mark.parametrize("name", TOP)
def test_names_at_the_top(name):
    assert callable(getattr(hc, name))


@pytest.mark.parametrize("name", MODULES)
def test_modules(name):
    assert importlib.import_module(f"apical.compat.hnn_core.{name}").__doc__


def test_under_another_name_modules_are_the_same():
    script = """
        import sys
        import apical.compat.hnn_core
        sys.modules["hnn_core"] = apical.compat.hnn_core
        import hnn_core
        import hnn_core.network
        from hnn_core import jones_2009_model
        from hnn_core.network_models import add_erp_drives_to_jones_model
        from hnn_core.parallel_backends import MPIBackend
        from hnn_core.batch_simulate import BatchSimulate
        from apical.compat.hnn_core.network import Network
        assert hnn_core.network.Network is Network
        assert hnn_core.MPIBackend is MPIBackend
        assert Network.__module__ == "apical.compat.hnn_core.network"
        assert sys.modules["hnn_core.network"].__spec__.name == "apical.compat.hnn_core.network"
        try:
            import hnn_core.nothing
        except ModuleNotFoundError:
            print("fine")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=120
    )
    assert done.stdout.strip() == "fine", done.stderr


def test_backends_change_nothing():
    first = simulated(small())[0]
    for backend in (hc.MPIBackend(n_procs=2), hc.JoblibBackend(n_jobs=3), hc.JoblibBackend()):
        with backend:
            again = hc.simulate_dipole(small(), tstop=12.0, verbose=False)[0]
        np.testing.assert_array_equal(again.data["agg"], first.data["agg"])


def test_more_processes_than_cells_are_refused():
    with hc.MPIBackend(n_procs=500), pytest.raises(ValueError, match="500"):
        simulated(small())


def test_engine_is_chosen_until_it_is_chosen_again():
    table = simulated(small())[0]
    hc.set_engine(rates="exact", threads=1)
    exact = simulated(small())[0]
    hc.set_engine()
    assert not np.array_equal(table.data["L5"], exact.data["L5"])
    np.testing.assert_array_equal(simulated(small())[0].data["L5"], table.data["L5"])


@pytest.mark.parametrize(
    "wrong", [{"rates": "fast"}, {"precision": "half"}, {"threads": 0}], ids=str
)
def test_engines_that_do_not_exist(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        hc.set_engine(**wrong)


def test_progress_is_printed(capsys):
    hc.simulate_dipole(small(), tstop=25.0, n_trials=2)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("2 trial(s) start (JoblibBackend")
    assert [line for line in lines if line.startswith("Trial 2")][-1] == "Trial 2: 20.0 ms..."


def test_nothing_is_printed_otherwise(capsys):
    simulated(small())
    assert capsys.readouterr().out == ""


def test_trials_are_those_of_longer_runs():
    net = small()
    two = simulated(net, n_trials=2)
    events = net.external_drives["evprox"]["events"]
    assert len(events) == 2
    assert events[0] != events[1]
    one = simulated(net)[0]
    np.testing.assert_array_equal(one.data["agg"], two[0].data["agg"])


def test_pick_connection():
    net = small()
    assert hc.pick_connection(net, "L2_basket", "L2_pyramidal") == [4, 5]
    assert hc.pick_connection(net, receptor=["gabab"], loc="soma") == [5, 7]
    assert hc.pick_connection(net, "evprox") == [16, 17, 18]
    assert hc.pick_connection(net) == []
    with pytest.raises(ValueError, match="receptor"):
        hc.pick_connection(net, receptor="gaba")


def test_cells_are_given_by_index_or_name():
    net = small()
    found = hc.pick_connection(net, "L2_basket")
    gids = net.gid_ranges["L2_basket"]
    for cells in (["L2_basket"], gids, gids[0], np.int64(gids[0]), list(np.array(gids))):
        assert hc.pick_connection(net, cells) == found
    for empty in ([], range(0)):
        with pytest.raises(IndexError, match="src_gids: expected at least one cell; got none"):
            hc.pick_connection(net, empty)
    # a drive is no target, and True no index
    for wrong in ("nope", ["nope"], ["L2_basket", "nope"], ["evprox"]):
        with pytest.raises(ValueError, match=r"target_gids must be one of 'L2_basket', .*; got '"):
            hc.pick_connection(net, None, wrong)
    with pytest.raises(TypeError, match="got bool"):
        hc.pick_connection(net, True)


def test_batch(tmp_path):
    def set_params(values, net):
        net.add_tonic_bias(amplitude={"L2_pyramidal": values["amplitude"]}, t0=1)

    batch = BatchSimulate(
        set_params, net=small(), tstop=6.0, save_folder=tmp_path, batch_size=2, save_outputs=True,
        save_spiking=True, save_voltages=True, save_calcium=True,
        summary_func=lambda results: [r["dpl"][0].data["agg"][-1] for r in results],
    )  # fmt: skip
    found = batch.run({"amplitude": [0.5, 1.0, 1.5]}, verbose=False)
    assert [len(b) for b in found["simulated_data"]] == [2, 1]
    files = batch.load_all_results()
    assert [f["param_values"] for f in files] == [
        [{"amplitude": 0.5}, {"amplitude": 1.0}], [{"amplitude": 1.5}]
    ]  # fmt: skip
    first = found["simulated_data"][0][0]
    np.testing.assert_array_equal(files[0]["dpl"][0][0].data["L2"], first["dpl"][0].data["L2"])
    assert files[0]["spiking"][0]["spike_gids"] == first["spiking"]["spike_gids"]
    assert found["summary_statistics"][0][0] == first["dpl"][0].data["agg"][-1]
    assert first["calcium"][0][8]["soma"][0] == pytest.approx(1e-4)
    assert files[0]["calcium"][0] == first["calcium"]
    assert files[0]["voltages"][0] == first["voltages"]


def test_files_of_a_batch_come_in_order(tmp_path):
    batch = BatchSimulate(lambda values, net: None, small(), save_folder=tmp_path, save_dpl=False)
    for first in (0, 5, 10, 100):
        batch._save([{"param_values": {"first": first}}], first, first + 5)
    files = batch.load_all_results()
    assert [f["param_values"][0]["first"] for f in files] == [0, 5, 10, 100]


def test_a_batch_in_a_folder_that_is_not_there(tmp_path):
    batch = BatchSimulate(lambda values, net: None, small(), save_folder=tmp_path / "no")
    with pytest.raises(FileNotFoundError):
        batch.load_all_results()


def test_batch_of_spikes_without_dipoles():
    batch = BatchSimulate(lambda values, net: None, small(), 6.0, save_dpl=False, save_spiking=True)
    (result,) = batch.run({"nothing": [0]}, verbose=False)["simulated_data"][0]
    assert set(result) == {"net", "param_values", "spiking"}


def test_what_needs_neuron_says_so():
    with pytest.raises(NotImplementedError, match="NEURON"):
        hc.pyramidal("L5_pyramidal").build()


def test_drives_of_a_published_response():
    net = hc.neymotin_2020_model(mesh_shape=(2, 2))
    add_erp_drives_to_jones_model(net, tstart=10)
    assert list(net.external_drives) == ["evdist1", "evprox1", "evprox2"]
    assert net.external_drives["evprox1"]["dynamics"]["mu"] == 36.61


def test_old_name_of_the_column():
    with pytest.warns(DeprecationWarning, match="neymotin_2020_model"):
        assert hc.jones_2009_model(mesh_shape=(2, 2)) == hc.neymotin_2020_model(mesh_shape=(2, 2))


def test_recordings_behave_as_lists():
    """They take an array's memory, a sixth of a list's."""
    net = hc.neymotin_2020_model(mesh_shape=(1, 1))
    net.add_tonic_bias(amplitude={"L2_basket": 0.2})
    hc.simulate_dipole(net, tstop=1.0, record_vsec="all", record_isec="soma", verbose=False)
    response = net.cell_response
    trace = response.vsec[0][0]["soma"]
    plain = list(trace)
    assert type(trace[3]) is float
    assert trace[-1] == plain[-1]
    assert trace[2:5] == plain[2:5]
    assert trace == plain
    assert plain == trace
    assert trace != plain[:-1]
    assert len(trace) == len(response.times)
    assert [1.0] + trace + trace[:1] == [1.0, *plain, plain[0]]  # noqa: RUF005
    assert trace.index(plain[7]) == plain.index(plain[7])
    assert repr(trace) == repr(plain)
    np.testing.assert_array_equal(np.array(trace) + 0, plain)
    np.testing.assert_array_equal(np.mean([trace, trace], axis=0), plain)
    copied = net.copy().cell_response
    assert copied.vsec == response.vsec
    assert copied.isec == response.isec
    saved = json.dumps(response.to_dict(), default=lambda value: value.tolist())
    assert json.loads(saved)["vsec"][0]["0"]["soma"] == plain
