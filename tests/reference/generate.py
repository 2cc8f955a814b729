"""Small reference outputs of hnn-core 0.6.1 on NEURON 8.2.7: a 3 × 3 column, evoked response.

Run in an environment of its own (``pip install hnn-core==0.6.1``): ``python generate.py``. Writes
``column_3x3_exact.npz`` (NEURON's tables switched off) or, with ``table`` as argument,
``column_3x3_table.npz``. Keys: ``time`` (ms), ``L2`` and ``L5`` (nAm, hnn-core's baseline added
back, every 8th sample), ``spike_time`` (ms) and ``spike_cell`` (global index) of the cells, and
``events_NAME``: the event of each drive cell, in cell order.
"""

import sys
import warnings

import numpy as np

warnings.simplefilter("ignore")

from hnn_core import jones_2009_model, simulate_dipole  # noqa: E402
from hnn_core.network_builder import load_custom_mechanisms  # noqa: E402
from hnn_core.network_models import add_erp_drives_to_jones_model  # noqa: E402
from neuron import h  # noqa: E402

EVERY = 8
PAIRS = 9


def main(rates: str) -> None:
    """Simulate and write one file."""
    load_custom_mechanisms()
    for mechanism in ("hh2", "ca", "km", "cat", "ar"):
        setattr(h, f"usetable_{mechanism}", int(rates == "table"))
    net = jones_2009_model(mesh_shape=(3, 3))
    net.set_cell_positions(inplane_distance=30.0)
    add_erp_drives_to_jones_model(net)
    dipole = simulate_dipole(net, tstop=170.0, n_trials=1)[0]
    t = np.array(dipole.times)
    cells = sum(len(net.gid_ranges[name]) for name in net.cell_types)
    time = np.array(net.cell_response.spike_times[0])
    cell = np.array(net.cell_response.spike_gids[0])
    order = np.lexsort((cell, time))
    time, cell = time[order], cell[order]
    # the baseline that hnn-core subtracts from every model, fAm per pair of pyramidal cells
    late = np.where(t < 750, 3.4770508e-3 * t - 51.231085, 1.01e-4 * t - 48.412078)
    baseline = {"L2": 0.0443, "L5": np.where(t <= 37, -49.0502, late)}
    found = {
        layer: (np.array(dipole.data[layer]) + PAIRS * 1e-6 * baseline[layer])[::EVERY]
        for layer in baseline
    }
    for name, drive in net.external_drives.items():
        found[f"events_{name}"] = np.concatenate([np.array(e) for e in drive["events"][0]])
    np.savez_compressed(
        f"column_3x3_{rates}.npz",
        time=t[::EVERY],
        spike_time=time[cell < cells],
        spike_cell=cell[cell < cells],
        made_with=np.array("hnn-core 0.6.1, NEURON 8.2.7"),
        **found,
    )


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "exact")
