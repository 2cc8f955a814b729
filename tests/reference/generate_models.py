"""Small reference outputs of hnn-core 0.6.1 on NEURON 8.2.7: 3 × 3 columns of its other models.

Run in an environment of its own (``pip install hnn-core==0.6.1``): ``python generate_models.py
NAME``. Writes ``NAME_3x3.npz``, with NEURON's tables switched off, for the models in ``MODELS``.
Keys: ``time`` (ms); ``L2`` and ``L5`` (nAm, hnn-core's baseline added back, every 8th sample);
``spike_time`` (ms) and ``spike_cell`` (global index) of the cells; ``events_NAME`` and
``count_NAME``: the events of each drive, one drive cell after the other, and how many each has.
"""

import os.path
import sys
import warnings

import numpy as np

warnings.simplefilter("ignore")

import hnn_core  # noqa: E402
from hnn_core import (  # noqa: E402
    calcium_model,
    jones_2009_model,
    law_2021_model,
    read_params,
    simulate_dipole,
)
from hnn_core.network_builder import load_custom_mechanisms  # noqa: E402
from hnn_core.network_models import add_erp_drives_to_jones_model  # noqa: E402
from neuron import h  # noqa: E402

DURATION = 90.0
EVERY = 8
PAIRS = 9
SHAPE = {"mesh_shape": (3, 3)}


def _with_evoked(net):
    add_erp_drives_to_jones_model(net)
    return net


def _of_parameters(name: str):
    folder = os.path.join(os.path.dirname(hnn_core.__file__), "param")
    return jones_2009_model(read_params(os.path.join(folder, name)), **SHAPE)


def _gamma():
    net = _of_parameters("gamma_L5weak_L2weak.json")
    net.add_poisson_drive(
        "poisson",
        rate_constant={"L2_pyramidal": 140.0, "L5_pyramidal": 40.0},
        weights_ampa={"L2_pyramidal": 0.0008, "L5_pyramidal": 0.0075},
        location="proximal",
        synaptic_delays={"L2_pyramidal": 0.1, "L5_pyramidal": 1.0},
        event_seed=1349,
    )
    return net


def _strong_gamma():
    net = _of_parameters("gamma_L5weak_L2weak.json")
    net.add_tonic_bias(amplitude={"L2_pyramidal": 4.0, "L5_pyramidal": 6.0})
    return net


MODELS = {
    "law_2021": lambda: _with_evoked(law_2021_model(**SHAPE)),
    "calcium": lambda: _with_evoked(calcium_model(**SHAPE)),
    "gamma_weak": _gamma,
    "gamma_strong": _strong_gamma,
}


def main(name: str) -> None:
    """Simulate and write one file."""
    load_custom_mechanisms()
    for mechanism in ("hh2", "ca", "km", "cat", "ar"):
        setattr(h, f"usetable_{mechanism}", 0)
    net = MODELS[name]()
    dipole = simulate_dipole(net, tstop=DURATION, n_trials=1)[0]
    t = np.array(dipole.times)
    cells = sum(len(net.gid_ranges[name]) for name in net.cell_types)
    time = np.array(net.cell_response.spike_times[0])
    cell = np.array(net.cell_response.spike_gids[0], int)
    order = np.lexsort((cell, time))
    time, cell = time[order], cell[order]
    # the baseline that hnn-core subtracts from every model, fAm per pair of pyramidal cells
    baseline = {"L2": 0.0443, "L5": np.where(t <= 37, -49.0502, 3.4770508e-3 * t - 51.231085)}
    found = {
        layer: (np.array(dipole.data[layer]) + PAIRS * 1e-6 * baseline[layer])[::EVERY]
        for layer in baseline
    }
    for drive, what in net.external_drives.items():
        events = what["events"][0]
        found[f"events_{drive}"] = np.array([t for train in events for t in train])
        found[f"count_{drive}"] = np.array([len(train) for train in events])
    np.savez_compressed(
        f"{name}_3x3.npz",
        time=t[::EVERY],
        spike_time=time[cell < cells],
        spike_cell=cell[cell < cells],
        made_with=np.array("hnn-core 0.6.1, NEURON 8.2.7"),
        **found,
    )


if __name__ == "__main__":
    main(sys.argv[1])
