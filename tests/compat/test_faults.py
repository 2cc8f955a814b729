"""Faults of hnn-core 0.6.1 that cannot happen here, and what they must not break."""

from __future__ import annotations

import numpy as np
import pytest

import apical.compat.hnn_core as hc

WEIGHTS = {"L2_pyramidal": 0.02, "L5_pyramidal": 0.02, "L2_basket": 0.1}


def column():
    net = hc.neymotin_2020_model(mesh_shape=(2, 2))
    net.add_evoked_drive(
        "evprox", mu=4.0, sigma=1.0, numspikes=1, location="proximal", weights_ampa=WEIGHTS
    )
    return net


def run(net):
    return hc.simulate_dipole(net, tstop=12.0, verbose=False)[0]


def test_whole_numbers_are_delays_and_probabilities():
    net = hc.neymotin_2020_model(mesh_shape=(2, 2))
    for name, one in (("whole", 1), ("float", 1.0)):
        net.add_evoked_drive(
            name, mu=4, sigma=1, numspikes=1, location="proximal", weights_ampa=WEIGHTS,
            synaptic_delays=one, probability=one,
        )  # fmt: skip
    whole, fraction = (net.connectivity[k]["nc_dict"] for k in (16, 19))
    assert whole == fraction


def test_rates_count_spikes_in_the_window_only():
    response = hc.CellResponse(["one"], [[5.0, 50.0, 95.0]], [[0, 0, 0]], [["one"] * 3])
    rates = response.mean_rates(40, 60, {"one": range(1)})
    assert rates == {"one": 50.0}
    assert response.mean_rates(0, 100, {"one": range(1)}, "cell") == {"one": [[30.0]]}


def test_layers_do_not_depend_on_the_order_of_cell_types():
    """Columns of the dipole were taken for L2 and L5 in whatever order they came."""
    first = column()
    swapped = {name: first.cell_types[name] for name in reversed(first.cell_types)}
    net = hc.Network(first._params, mesh_shape=(2, 2), pos_dict=first.pos_dict, cell_types=swapped)
    plain = hc.Network(
        first._params, mesh_shape=(2, 2), pos_dict=first.pos_dict, cell_types=first.cell_types
    )
    for one in (net, plain):
        one.add_tonic_bias(amplitude={"L5_pyramidal": 1.0}, t0=1, tstop=9)
    with pytest.warns(UserWarning, match="No connections"):
        a, b = run(net), run(plain)
    for layer in ("L2", "L5"):
        np.testing.assert_allclose(a.data[layer], b.data[layer], rtol=0, atol=1e-12)


def test_a_third_population_with_a_dipole():
    net = column()
    template = {
        "cell_object": hc.pyramidal("L5_pyramidal"),
        "cell_metadata": {
            "morpho_type": "pyramidal", "electro_type": "excitatory", "layer": "4",
            "measure_dipole": True,
        },
    }  # fmt: skip
    net = hc.neymotin_2020_model(mesh_shape=(2, 2))
    net._add_cell_type("L4_pyramidal", [(0, 0, 600), (1, 0, 600)], template)
    net.add_tonic_bias(amplitude={"L4_pyramidal": 1.0}, t0=1, tstop=9)
    dipole = run(net)
    assert list(dipole.data) == ["agg", "L2", "L5", "L4"]
    assert np.ptp(dipole.data["L4"]) > 1e-6
    total = sum(dipole.data[layer] for layer in ("L2", "L5", "L4"))
    np.testing.assert_allclose(dipole.data["agg"], total)


def test_no_population_with_a_dipole():
    net = column()
    for template in net.cell_types.values():
        template["cell_metadata"]["measure_dipole"] = False
    dipole = run(net)
    assert list(dipole.data) == ["agg"]
    assert not dipole.data["agg"].any()


def test_a_spike_train_drive_needs_no_seed():
    net = hc.neymotin_2020_model(mesh_shape=(2, 2))
    net.add_spike_train_drive(
        "train", spike_data={0: [3.0]}, location="proximal", weights_ampa=WEIGHTS
    )
    run(net)
    assert net.cell_response.spike_types[0].count("train") == 1


def test_reading_one_spike(tmp_path):
    (tmp_path / "spikes_0.txt").write_text("2.500\t3\tL2_basket\n")
    with pytest.warns(DeprecationWarning, match="txt"):
        response = hc.read_spikes(tmp_path / "spikes_0.txt")
    assert response.spike_times == [[2.5]]


def test_gains_of_a_network_without_connections():
    net = column()
    net.clear_connectivity()
    assert net.get_global_synaptic_gains() == {}


def test_a_simulation_leaves_connections_as_they_were():
    net = column()
    before = [dict(conn["gid_pairs"]) for conn in net.connectivity]
    run(net)
    assert [conn["gid_pairs"] for conn in net.connectivity] == before
