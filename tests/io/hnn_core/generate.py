"""A small network of hnn-core 0.6.1 with a bit of everything, and what it does.

Run in an environment of its own (``pip install hnn-core==0.6.1``): ``python generate.py``. Writes
``mixed.json.gz``, the configuration as hnn-core writes it, and ``mixed.npz``: ``time`` (ms), ``L2``
and ``L5`` (nAm, hnn-core's baseline added back) and ``lfp_NAME`` (electrode, time; µV), every 8th
sample; ``spike_time`` (ms) and ``spike_cell`` (gid) of all cells; ``events``: the events of every
drive cell as JSON. NEURON's tables are off.
"""

import gzip
import json
import os
import warnings

import numpy as np

warnings.simplefilter("ignore")

from hnn_core import calcium_model, simulate_dipole  # noqa: E402
from hnn_core.network_builder import load_custom_mechanisms  # noqa: E402
from neuron import h  # noqa: E402

EVERY = 8


def network():
    """Return the network."""
    net = calcium_model(mesh_shape=(3, 2))
    net.set_cell_positions(inplane_distance=20.0)
    net.add_evoked_drive(
        "early", mu=12.0, sigma=2.5, numspikes=1, location="proximal", event_seed=5,
        weights_ampa={"L2_basket": 0.09, "L2_pyramidal": 0.06, "L5_basket": 0.2,
                      "L5_pyramidal": 0.03},
        weights_nmda={"L5_pyramidal": 0.01},
        synaptic_delays={"L2_basket": 0.1, "L2_pyramidal": 0.1, "L5_basket": 1.0,
                         "L5_pyramidal": 1.0},
        probability=0.6,
    )  # fmt: skip
    net.add_poisson_drive(
        "noise", rate_constant={"L2_pyramidal": 140.0, "L5_pyramidal": 40.0}, event_seed=1349,
        weights_ampa={"L2_pyramidal": 0.0008, "L5_pyramidal": 0.0075},
        weights_nmda={"L5_pyramidal": 0.001}, location="apical_tuft",
        synaptic_delays={"L2_pyramidal": 0.1, "L5_pyramidal": 1.0},
        probability={"L2_pyramidal": 0.5, "L5_pyramidal": 1.0},
    )  # fmt: skip
    net.add_bursty_drive(
        "rhythm", tstart=10.0, burst_rate=20, burst_std=3, numspikes=2, spike_isi=10,
        n_drive_cells=4, location="distal", event_seed=284, probability=0.3,
        weights_ampa={"L2_pyramidal": 5.4e-4, "L5_pyramidal": 5.4e-4},
        synaptic_delays={"L2_pyramidal": 0.1, "L5_pyramidal": 1.0},
    )  # fmt: skip
    net.add_spike_train_drive(
        "replayed", spike_data={5: [11.0, 12.0], 7: [14.0]}, conn_seed=3, location="distal",
        weights_ampa={"L2_pyramidal": 5.4e-3},
    )  # fmt: skip
    net.add_tonic_bias(amplitude={"L2_pyramidal": 0.3, "L5_basket": -0.2}, t0=5.0, tstop=20.0)
    net.add_tonic_bias(
        amplitude={"L5_pyramidal": 0.5}, t0=3.01, bias_name="tuft", section="apical_tuft"
    )
    net.add_connection("L2_basket", "L5_basket", "soma", "gabaa", 0.01, 1.0, 20, probability=0.4)
    net.set_global_synaptic_gains(e_e=1.5, i_e=0.5)
    pyramidal = net.cell_types["L5_pyramidal"]["cell_object"]
    pyramidal.synapses["gabab"].update(tau1=45.0, tau2=200.0)
    pyramidal.modify_section("basal_3", L=180.0, diam=6.1)
    pyramidal._update_end_pts()
    where = [(60.0, 80.0, 400.0), (10.0, 0.0, 1200.0)]
    net.add_electrode_array("points", where, conductivity=0.45)
    net.add_electrode_array("lines", where, method="lsa")
    return net


def main():
    """Write both files."""
    load_custom_mechanisms()
    for mechanism in ("hh2", "ca", "km", "cat", "ar"):
        setattr(h, f"usetable_{mechanism}", 0)
    net = network()
    net.write_configuration("mixed.json")
    with open("mixed.json", "rb") as file, gzip.GzipFile("mixed.json.gz", "wb", mtime=0) as packed:
        packed.write(json.dumps(json.load(file)).encode())
    os.remove("mixed.json")
    dipole = simulate_dipole(net, tstop=45.0, n_trials=1)[0]
    t, pairs = np.array(dipole.times), 6
    late = np.where(t < 750, 3.4770508e-3 * t - 51.231085, 1.01e-4 * t - 48.412078)
    baseline = {"L2": 0.0443, "L5": np.where(t <= 37, -49.0502, late)}
    found = {
        layer: (np.array(dipole.data[layer]) + pairs * 1e-6 * baseline[layer])[::EVERY]
        for layer in baseline
    }
    found |= {
        f"lfp_{name}": array.voltages[0][:, ::EVERY] for name, array in net.rec_arrays.items()
    }
    events = {
        name: [list(map(float, cell)) for cell in drive["events"][0]]
        for name, drive in net.external_drives.items()
    }
    np.savez_compressed(
        "mixed.npz",
        time=t[::EVERY],
        spike_time=np.array(net.cell_response.spike_times[0]),
        spike_cell=np.array(net.cell_response.spike_gids[0]),
        events=np.array(json.dumps(events)),
        made_with=np.array("hnn-core 0.6.1, NEURON 8.2.7"),
        **found,
    )


if __name__ == "__main__":
    main()
