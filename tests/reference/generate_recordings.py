"""Recordings of hnn-core 0.6.1 on NEURON 8.2.7: single cells of a 3 × 3 column, evoked response.

Run in an environment of its own (``pip install hnn-core==0.6.1``): ``python
generate_recordings.py``. Writes ``recordings_3x3.npz`` (NEURON's tables switched off), every 20th
sample. Keys: ``time`` (ms), ``events_NAME`` (the event of each drive cell, in cell order),
``spike_time`` (ms) of the first spike of any cell, and traces of one cell of each population:
``v.POPULATION.SECTION`` (mV, in the middle of the section), ``i.POPULATION.SECTION.RECEPTOR``
(nA; those that are not 0 throughout), ``ca.POPULATION.SECTION`` (mM).
"""

import warnings
from typing import Any

import numpy as np

warnings.simplefilter("ignore")

from hnn_core import jones_2009_model, simulate_dipole  # noqa: E402
from hnn_core.network_builder import load_custom_mechanisms  # noqa: E402
from hnn_core.network_models import add_erp_drives_to_jones_model  # noqa: E402
from neuron import h  # noqa: E402

EVERY = 20
#: Which cell of each population, and which of its sections.
CELLS = {"L2_basket": 1, "L2_pyramidal": 4, "L5_basket": 1, "L5_pyramidal": 4}
SECTIONS = ("soma", "apical_trunk", "apical_tuft", "basal_2")


def main() -> None:
    """Simulate and write the file."""
    load_custom_mechanisms()
    for mechanism in ("hh2", "ca", "km", "cat", "ar"):
        setattr(h, f"usetable_{mechanism}", 0)
    net = jones_2009_model(mesh_shape=(3, 3))
    net.set_cell_positions(inplane_distance=30.0)
    add_erp_drives_to_jones_model(net)
    dipole = simulate_dipole(
        net, tstop=170.0, n_trials=1, record_vsec="all", record_isec="all", record_ca="all"
    )[0]
    response = net.cell_response
    found: dict[str, Any] = {}
    for population, cell in CELLS.items():
        gid = net.gid_ranges[population][cell]
        for section in SECTIONS:
            for kind, given in (("v", response.vsec), ("ca", response.ca)):
                if section in given[0][gid]:
                    found[f"{kind}.{population}.{section}"] = given[0][gid][section]
            for name, current in response.isec[0][gid].get(section, {}).items():
                if np.any(current):
                    receptor = name.removeprefix(f"{section}_")
                    found[f"i.{population}.{section}.{receptor}"] = current
    for name, drive in net.external_drives.items():
        found[f"events_{name}"] = np.concatenate([np.array(e) for e in drive["events"][0]])
    cells = sum(len(net.gid_ranges[name]) for name in net.cell_types)
    time, gid = np.array(response.spike_times[0]), np.array(response.spike_gids[0])
    found |= {k: np.array(x)[::EVERY] for k, x in found.items() if not k.startswith("events_")}
    found["time"] = np.array(dipole.times)[::EVERY]
    found["spike_time"] = time[gid < cells].min()
    found["made_with"] = np.array("hnn-core 0.6.1, NEURON 8.2.7")
    np.savez_compressed("recordings_3x3.npz", **found)


if __name__ == "__main__":
    main()
