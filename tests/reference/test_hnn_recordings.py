"""What is recorded of single cells against hnn-core 0.6.1 on NEURON 8.2.7, at rounding level.

NEURON samples at the end of a step, when voltages and calcium are new and receptors' currents are
those that the step was computed with.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from test_hnn_core import single_precision_diameters, with_events

from apical import Recording, models, simulate

#: Before any cell spikes, in parts of the largest value: 3e-15 is seen.
BEFORE_SPIKES = 1e-11
#: NEURON takes conductances from currents at v and v + 0.001 mV, which leaves 1e-10 of them open;
#: spikes amplify that.
WHOLE_RUN = 1e-8


@pytest.fixture(scope="module")
def reference():
    """The traces that lie in this folder, made by generate_recordings.py."""
    path = Path(__file__).parent / "recordings_3x3.npz"
    return dict(np.load(path, allow_pickle=False))


def request_of(key: str, time: np.ndarray) -> Recording:
    """Return the request for a trace that the generator names."""
    kind, population, section, *receptor = key.split(".")
    cell = {"L2_basket": 1, "L2_pyramidal": 4, "L5_basket": 1, "L5_pyramidal": 4}[population]
    variable = {"v": "v", "ca": "cad.cai", "i": f"{'.'.join(receptor)}.i"}[kind]
    return Recording(
        population=population, variable=variable, sections=section, x=0.5, cells=cell,
        every=time[1],
    )  # fmt: skip


@pytest.mark.parametrize(("engine", "duration"), [("cpu", 170.0), ("reference", 30.0)])
def test_single_cells_of_a_small_column(reference, engine, duration):
    """Voltages, receptors' currents and calcium of one cell of each population."""
    time = reference["time"]
    keys = [key for key in reference if "." in key]
    network = single_precision_diameters(models.erp(grid=(3, 3), inplane_distance=30.0))
    events = {f"ev_{name}": reference[f"events_{name}"] for name in network.drives}
    requests = {key.replace(".", "-"): request_of(key, time) for key in keys}
    network = with_events(network, events).with_(recordings=requests)
    result = simulate(network, duration, start="given", engine=engine)
    quiet = time[time <= duration] < reference["spike_time"]
    assert {key.split(".")[0] for key in keys} == {"v", "i", "ca"}
    for key in keys:
        expected = reference[key][time <= duration]
        error = np.abs(result.recordings[key.replace(".", "-")].values[0, 0, 0] - expected)
        error /= np.abs(reference[key]).max()
        assert error[quiet].max() < BEFORE_SPIKES, key
        assert error.max() < WHOLE_RUN, key
