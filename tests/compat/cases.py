"""Small networks that are simulated by hnn-core and by apical.compat.hnn_core alike.

Every case takes the package, `hc`, and returns a network and the arguments of `simulate_dipole`.
They use hnn-core's public names only. Files in ``networks`` are models of apical as
``apical.write_hnn`` writes them; ``python cases.py``, where apical is, writes them anew.
"""

from __future__ import annotations

from pathlib import Path

NETWORKS = Path(__file__).parent / "networks"
ALL = ("L2_basket", "L2_pyramidal", "L5_basket", "L5_pyramidal")
DELAYS = {"L2_basket": 0.1, "L2_pyramidal": 0.1, "L5_basket": 1.0, "L5_pyramidal": 1.0}
WEIGHTS = {
    "L2_basket": 0.09, "L2_pyramidal": 0.02, "L5_basket": 0.2, "L5_pyramidal": 0.01,
}  # fmt: skip
PYRAMIDS = {"L2_pyramidal": 0.0008, "L5_pyramidal": 0.0075}


def column(hc, shape=(3, 3), distance=30.0, model="neymotin_2020_model", **given):
    net = getattr(hc, model)(mesh_shape=shape, **given)
    net.set_cell_positions(inplane_distance=distance)
    return net


def evoked(net, name="evprox", mu=15.0, **given):
    values = {
        "sigma": 2.5, "numspikes": 1, "location": "proximal", "weights_ampa": WEIGHTS,
        "synaptic_delays": DELAYS, "event_seed": 4, **given,
    }  # fmt: skip
    net.add_evoked_drive(name, mu=mu, **values)


def erp(hc):
    net = column(hc)
    hc.network_models.add_erp_drives_to_jones_model(net, tstart=-10.0)
    return net, {"tstop": 75.0, "n_trials": 2}


def poisson(hc):
    net = column(hc)
    net.add_poisson_drive(
        "each", rate_constant={"L2_pyramidal": 140.0, "L5_pyramidal": 40.0}, event_seed=1349,
        weights_ampa=PYRAMIDS, location="proximal",
        synaptic_delays={"L2_pyramidal": 0.1, "L5_pyramidal": 1.0},
    )  # fmt: skip
    net.add_poisson_drive(
        "shared", tstart=5.0, tstop=35.0, rate_constant=60.0, n_drive_cells=4,
        cell_specific=False, weights_ampa={"L2_basket": 0.01, "L5_basket": 0.02},
        weights_nmda={"L5_pyramidal": 0.001}, location="proximal", space_constant=10.0,
        synaptic_delays=0.3, event_seed=5,
    )  # fmt: skip
    return net, {"tstop": 45.0, "n_trials": 2}


def bursty(hc):
    net = column(hc)
    weights = {"L2_pyramidal": 0.003, "L5_pyramidal": 0.004}
    net.add_bursty_drive(
        "shared", tstart=8.0, tstart_std=4.0, burst_rate=30.0, burst_std=3.0, numspikes=3,
        spike_isi=5.0, n_drive_cells=5, location="distal", weights_ampa=weights, event_seed=14,
    )  # fmt: skip
    net.add_bursty_drive(
        "each", tstart=3.0, tstop=40.0, burst_rate=40.0, burst_std=2.0, numspikes=2,
        n_drive_cells="n_cells", cell_specific=True, location="proximal",
        weights_ampa=weights, weights_nmda=weights, synaptic_delays=0.5, event_seed=3,
    )  # fmt: skip
    return net, {"tstop": 50.0, "n_trials": 2}


def probability(hc):
    net = column(hc)
    evoked(net, probability=0.3, conn_seed=7, numspikes=2)
    shares = {"L2_basket": 0.5, "L2_pyramidal": 0.7, "L5_pyramidal": 0.25}
    net.add_evoked_drive(
        "evdist", mu=22.0, sigma=3.0, numspikes=1, location="distal", n_drive_cells=6,
        cell_specific=False, weights_ampa={"L2_basket": 0.01, "L5_pyramidal": 0.02},
        weights_nmda={"L2_pyramidal": 0.004, "L5_pyramidal": 0.02}, probability=shares,
        synaptic_delays=dict.fromkeys(shares, 0.1), event_seed=9, conn_seed=1,
    )  # fmt: skip
    return net, {"tstop": 45.0, "n_trials": 2}


def together(hc):
    net = column(hc)
    evoked(net, n_drive_cells=1, cell_specific=False)
    evoked(net, "late", 28.0, n_drive_cells=3, cell_specific=False, numspikes=2)
    return net, {"tstop": 45.0}


def bias(hc):
    net = column(hc)
    evoked(net, mu=20.0)
    net.add_tonic_bias(amplitude={"L2_pyramidal": 1.5, "L5_basket": 0.3}, t0=5.0, tstop=25.0)
    net.add_tonic_bias(
        amplitude={"L5_pyramidal": -0.4}, section="apical_tuft", bias_name="tuft", t0=10
    )
    return net, {"tstop": 40.0}


def connections(hc):
    net = column(hc)
    l2, l5 = (list(net.gid_ranges[name]) for name in ("L2_pyramidal", "L5_pyramidal"))
    net.add_connection("L5_pyramidal", "L2_basket", "soma", "nmda", 0.002, 1.5, 4.0)
    net.add_connection(l2[:4], l5[2:7], "apical_tuft", "ampa", 0.01, 2.0, 5.0, gain=1.5)
    net.add_connection(
        l5, "L2_pyramidal", "distal", "nmda", 0.001, 1.0, 3.0, probability=0.4, conn_seed=11
    )
    net.add_connection(l2[0], [l5[1:3]], "proximal", "gabaa", 0.02, 1.0, 20.0)
    net.add_connection(range(l2[0], l2[3]), l2[5], "soma", "gabab", 0.02, 1.0, 20.0)
    for index in hc.pick_connection(net, "L2_basket", "L2_pyramidal", "soma", "gabab"):
        net.connectivity[index]["nc_dict"]["A_weight"] = 0.07
    evoked(net)
    return net, {"tstop": 40.0}


def cleared(hc):
    net = column(hc)
    evoked(net, numspikes=2)
    net.clear_connectivity()
    net.add_connection("L2_pyramidal", "L5_pyramidal", "proximal", "ampa", 0.01, 1.0, 3.0)
    net.clear_drives()
    evoked(net, "again", 12.0)
    evoked(net, "twice", 18.0)
    return net, {"tstop": 35.0, "n_trials": 2}


def positions(hc):
    net = hc.neymotin_2020_model(mesh_shape=(4, 3))
    evoked(net, space_constant=2.0)
    net.set_cell_positions(inplane_distance=20.0, layer_separation=1000.0)
    evoked(net, "late", 25.0, space_constant=100.0)
    return net, {"tstop": 40.0}


def law(hc):
    net = column(hc, model="law_2021_model")
    evoked(net)
    evoked(net, "late", 30.0, weights_nmda=WEIGHTS)
    return net, {"tstop": 60.0}


def calcium(hc):
    net = column(hc, model="calcium_model")
    evoked(net)
    net.add_evoked_drive(
        "evdist", mu=25.0, sigma=2.0, numspikes=1, location="distal",
        weights_ampa={"L2_basket": 0.006, "L5_pyramidal": 0.1423}, event_seed=2,
    )  # fmt: skip
    return net, {"tstop": 50.0}


def gains(hc):
    net = column(hc)
    net.set_global_synaptic_gains(e_e=1.5, e_i=0.5, i_e=0.75, i_i=2.0)
    evoked(net, numspikes=3)
    return net, {"tstop": 40.0}


def spike_train(hc):
    net = column(hc)
    net.add_spike_train_drive(
        "recorded", spike_data={"a": [5.0, 12.3, 20.0], "b": [7.7], "c": []},
        location="proximal", weights_ampa=WEIGHTS, synaptic_delays=DELAYS, conn_seed=1,
    )  # fmt: skip
    net.add_spike_train_drive(
        "pairs", spike_data=[(9.0, 30), (11.0, 12), (30.0, 30)], location="distal",
        weights_nmda={"L2_pyramidal": 0.01, "L5_pyramidal": 0.02}, space_constant=8.0,
        conn_seed=5,
    )  # fmt: skip
    return net, {"tstop": 40.0, "n_trials": 2}


def electrodes(hc):
    net = column(hc)
    evoked(net)
    shank = [(30, 35, z) for z in range(-200, 2000, 275)]
    net.add_electrode_array("points", shank)
    net.add_electrode_array(
        "lines", [(0.0, 10.0, 500.0), (60.0, 0.0, 1200.0)], method="lsa", conductivity=0.45,
        min_distance=2.0,
    )  # fmt: skip
    return net, {"tstop": 30.0, "n_trials": 2}


def currents(hc):
    net = column(hc, shape=(2, 2))
    evoked(net, mu=8.0)
    net.add_tonic_bias(amplitude={"L2_pyramidal": 1.5, "L5_pyramidal": 0.3}, t0=3.0, tstop=12.0)
    places = [(1.0, 2.0, 3.0), (4.0, 5.0, 600.0)]
    net.add_electrode_array("sums", places, method=None)
    net.add_electrode_array("potentials", places)
    return net, {"tstop": 20.0}


def recorded(hc):
    net = column(hc, shape=(2, 2))
    evoked(net)
    every = {f"record_{name}": "all" for name in ("vsec", "isec", "ca")}
    return net, {"tstop": 25.0, **every}


def soma(hc):
    net = column(hc, shape=(2, 2))
    evoked(net)
    every = {f"record_{name}": "soma" for name in ("vsec", "isec", "ca")}
    return net, {"tstop": 20.0, "dt": 0.05, **every}


def legacy(hc):
    return legacy_column(hc, "default.json", True), {"tstop": 40.0}


def gamma(hc):
    return legacy_column(hc, "gamma_L5weak_L2weak.json", False), {"tstop": 40.0}


def n20(hc):
    return legacy_column(hc, "N20.json", False), {"tstop": 40.0, "n_trials": 2}


def legacy_column(hc, name, legacy_mode):
    params = hc.read_params(str(Path(hc.__file__).parent / "param" / name))
    return hc.neymotin_2020_model(
        params, add_drives_from_params=True, legacy_mode=legacy_mode, mesh_shape=(3, 3)
    )


def changed_cells(hc):
    net = column(hc)
    cell = net.cell_types["L5_pyramidal"]["cell_object"]
    cell.modify_section("apical_1", L=500.0, diam=6.0, Ra=150.0, cm=1.0, v0=-70.0)
    cell.modify_section("soma", diam=25.0)
    cell.sections["soma"].mechs["hh2"]["gnabar_hh2"] = 0.2
    cell.synapses["ampa"]["tau2"] = 3.0
    net.cell_types["L2_basket"]["cell_object"].synapses["gabaa"]["e"] = -75.0
    evoked(net)
    return net, {"tstop": 40.0}


def at_the_end(hc):
    net = column(hc, shape=(2, 2))
    trains = {"a": [6.0, 14.9875, 15.0], "b": [14.98, 14.99, 15.0], "c": [15.0]}
    net.add_spike_train_drive(
        "late", spike_data=trains, location="proximal", weights_ampa=WEIGHTS, conn_seed=1
    )
    net.add_bursty_drive(
        "bursts", tstart=5.0, burst_rate=100.0, spike_isi=1.0, location="distal",
        weights_ampa={"L2_pyramidal": 0.01, "L5_pyramidal": 0.01},
    )  # fmt: skip
    return net, {"tstop": 15.0}


def at_once(hc):
    """Drive cells fire together; what comes between decides their order."""
    net = column(hc, shape=(2, 2), distance=1.0)
    evoked(net, "all", 5.0, sigma=0.0, numspikes=2)
    trains = {
        "a": [3.0, 7.5, 9.0], "b": [5.0, 9.0], "c": [7.0, 7.5, 9.0], "d": [3.0, 5.0, 5.0, 9.0],
    }  # fmt: skip
    net.add_spike_train_drive(
        "trains", spike_data=trains, location="distal", weights_ampa=PYRAMIDS, conn_seed=1
    )
    net.add_bursty_drive(
        "bursts", tstart=4.0, burst_rate=100.0, numspikes=3, spike_isi=2.0, location="proximal",
        weights_ampa={"L2_basket": 0.02}, n_drive_cells=4, probability=0.5,
    )  # fmt: skip
    return net, {"tstop": 21.0}


def other_segments(hc):
    """Lists of values stay as they are: some are not used, or the last segments get none."""
    net = column(hc, shape=(2, 2))
    sections = net.cell_types["L5_pyramidal"]["cell_object"].sections
    sections["apical_1"].nseg, sections["apical_2"].nseg = 7, 15
    net.cell_types["L2_pyramidal"]["cell_object"].sections["apical_1"].nseg = 2
    evoked(net, mu=8.0)
    return net, {"tstop": 20.0}


def several_thresholds(hc):
    net = column(hc, shape=(2, 2))
    for source, threshold in (("L2_pyramidal", -30.0), ("L5_pyramidal", 10.0)):
        net.add_connection(source, "L2_basket", "soma", "ampa", 0.02, 1.0, 3.0, threshold=threshold)
    evoked(net)
    return net, {"tstop": 30.0}


def silent_cells(hc):
    """They spike at the threshold of the parameters, whatever connections have later."""
    net = column(hc, shape=(2, 2))
    net.clear_connectivity()
    net.threshold = -40.0
    net.add_connection("L2_pyramidal", "L2_basket", "soma", "ampa", 0.02, 1.0, 3.0)
    evoked(net)
    return net, {"tstop": 25.0}


def above_threshold(hc):
    """Some cells begin above their threshold, which is a spike."""
    net = column(hc, shape=(2, 2))
    net.cell_types["L2_pyramidal"]["cell_object"].modify_section("soma", v0=20.0)
    net.cell_types["L5_basket"]["cell_object"].modify_section("soma", v0=0.0)
    evoked(net, mu=8.0, n_drive_cells=2, cell_specific=False)
    return net, {"tstop": 15.0, "n_trials": 2}


def written(hc, name):
    return hc.read_network_configuration(NETWORKS / f"{name}.json"), {"tstop": 60.0}


def written_n20(hc):
    return written(hc, "n20")


def written_somatosensory(hc):
    return written(hc, "somatosensory")


CASES = (
    erp, poisson, bursty, probability, together, bias, connections, cleared, positions, law,
    calcium, gains, spike_train, electrodes, recorded, soma, legacy, gamma, n20, changed_cells,
    currents, at_the_end, at_once, other_segments, several_thresholds, silent_cells,
    above_threshold, written_n20, written_somatosensory,
)  # fmt: skip


if __name__ == "__main__":
    import apical

    for name in ("n20", "somatosensory"):
        network = getattr(apical.models, name)(grid=(3, 3))
        apical.write_hnn(NETWORKS / f"{name}.json", network, overwrite=True)
