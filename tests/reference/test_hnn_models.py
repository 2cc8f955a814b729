"""The other models against hnn-core 0.6.1 on NEURON 8.2.7: 3 × 3 cells, 90 ms, to rounding."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from test_hnn_core import check_dipole, check_spikes, single_precision_diameters

from apical import SpikeTrainDrive, models, simulate

WITH_EVOKED = {"law_2021", "calcium"}


def with_trains(network, reference):
    """Replace each drive by the spike trains of hnn-core."""
    drives = {}
    for name, drive in network.drives.items():
        ends = np.cumsum(reference[f"count_{name}"])[:-1]
        trains = [train.tolist() for train in np.split(reference[f"events_{name}"], ends)]
        drives[name] = SpikeTrainDrive(
            trains=trains, cell_specific=drive.cell_specific, location=drive.location,
            targets=drive.targets, kernel=drive.kernel,
        )  # fmt: skip
    return network.with_drives(drives)


@pytest.mark.parametrize("name", ["law_2021", "calcium", "gamma_weak", "gamma_strong"])
def test_spikes_and_dipole(name):
    """References lie in this folder, made by generate_models.py."""
    reference = np.load(Path(__file__).parent / f"{name}_3x3.npz", allow_pickle=False)
    network = getattr(models, name)(grid=(3, 3))
    if name in WITH_EVOKED:
        network = network.add(drives=models.erp(grid=(3, 3)).drives)
    network = with_trains(single_precision_diameters(network), reference)
    result = simulate(network, 90.0, start="given")
    assert len(reference["spike_time"]) > 10
    check_spikes(network, result, reference["spike_time"], reference["spike_cell"])
    raw = {layer: reference[layer] for layer in ("L2", "L5")}
    check_dipole(result, raw, reference["spike_time"], 8)
