"""Extracellular potentials of hnn-core 0.6.1 on NEURON 8.2.7: a 3 × 3 column, both methods.

Run in an environment of its own (``pip install hnn-core==0.6.1``): ``python
generate_potentials.py``. Writes ``potentials_3x3.npz`` (NEURON's tables switched off): the evoked
response, with a current of 1 nA into the somata of layer 5 besides. Keys: ``time`` (ms),
``point`` and ``line`` (electrode, time; µV; every 8th sample) at ``positions`` (µm), some of which
lie on an axis of a cell, and ``events_NAME``: the event of each drive cell, in cell order.
"""

import warnings

import numpy as np

warnings.simplefilter("ignore")

from hnn_core import jones_2009_model, simulate_dipole  # noqa: E402
from hnn_core.network_builder import load_custom_mechanisms  # noqa: E402
from hnn_core.network_models import add_erp_drives_to_jones_model  # noqa: E402
from neuron import h  # noqa: E402

EVERY = 8
POSITIONS = [
    (30.0, 30.0, 10.0), (30.0, 30.0, 700.0), (41.0, 17.0, 1320.0), (75.0, 60.0, 1500.0),
    (-20.0, 45.0, -150.0), (30.0, 30.0, 2600.0),
]  # fmt: skip


def main() -> None:
    """Simulate and write the file."""
    load_custom_mechanisms()
    for mechanism in ("hh2", "ca", "km", "cat", "ar"):
        setattr(h, f"usetable_{mechanism}", 0)
    net = jones_2009_model(mesh_shape=(3, 3))
    net.set_cell_positions(inplane_distance=30.0)
    add_erp_drives_to_jones_model(net)
    net.add_tonic_bias(cell_type="L5_pyramidal", amplitude=1.0, t0=5.0, tstop=30.0)
    net.add_electrode_array("point", POSITIONS, method="psa", conductivity=0.45)
    net.add_electrode_array("line", POSITIONS, method="lsa", conductivity=0.3, min_distance=2.0)
    dipole = simulate_dipole(net, tstop=50.0, n_trials=1)[0]
    found = {n: np.array(a.voltages[0])[:, ::EVERY] for n, a in net.rec_arrays.items()}
    for name, drive in net.external_drives.items():
        found[f"events_{name}"] = np.concatenate([np.array(e) for e in drive["events"][0]])
    np.savez_compressed(
        "potentials_3x3.npz",
        time=np.array(dipole.times)[::EVERY],
        positions=np.array(POSITIONS),
        made_with=np.array("hnn-core 0.6.1, NEURON 8.2.7"),
        **found,
    )


if __name__ == "__main__":
    main()
