"""Extracellular potentials: no current is lost, and far away theory tells them."""

from __future__ import annotations

import numpy as np
import pytest

import apical
from apical import CurrentClamp, DriveTarget, ElectrodeArray, Recording, SpikeTrainDrive, laminar
from apical.engines.cpu.engine import CpuEngine
from apical.errors import ModelError
from apical.plan import compile
from apical.plan.extracellular import transfer_resistances
from apical.running import batch_size
from apical.testing.networks import cable, one_cell, tree

SIGMA = 0.3
NEAR = ElectrodeArray(positions=[(5, 3, 20), (-60, 8, 180), (30, 0, -60)], method="line")


def drive(location, times=((1.0,),), weight=0.02):
    return SpikeTrainDrive(
        trains=times, location=location, kernel=None,
        targets={"cells": DriveTarget(weights={"excitation": weight}, delay=0.1)},
    )  # fmt: skip


def trees(n=2, **given):
    """Return trees that are excited, and of which the second has a current clamp."""
    clamp = CurrentClamp(population="cells", section="trunk", amplitude=0.3, start=2, stop=4)
    return one_cell(
        tree(), n=n, celsius=37.0, drives={"input": drive("trunk")},
        biases={"clamp": clamp.with_(cells=[1])} if n > 1 else {},
        recordings={"i": Recording(population="cells", variable="i_membrane")}, **given,
    )  # fmt: skip


def test_what_leaves_cells_is_what_electrodes_inject():
    result = apical.simulate(trees(), 6)
    current = result.recordings["i"].values[0]
    step = np.arange(current.shape[-1]) * 0.025
    injected = np.where((step > 2) & (step <= 4), 0.3, 0)
    total = current[:, :, 1:].sum(axis=1)
    # rounding of differences of voltages near 65 mV over an axial conductance near 1 µS
    assert np.abs(total - [np.zeros(len(step) - 1), injected[1:]]).max() < 1e-10
    assert np.abs(current).max() > 0.3


@pytest.mark.parametrize("start", ["given", "steady"])
def test_potentials_are_currents_times_transfer_resistances(start):
    network = trees(electrodes={"near": NEAR})
    result = apical.simulate(network, 6, start=start)
    population = compile(network, 6).populations[0]
    weights = transfer_resistances(NEAR, network.cells["cell"], population.cell.tree,
                                   population.positions)  # fmt: skip
    compartments = weights[:, :, : population.cell.tree.compartments]
    expected = np.einsum("ecn,cnt->et", compartments, result.recordings["i"].values[0])
    lfp = result.lfp["near"]
    assert lfp.dims == ("trial", "population", "electrode", "time")
    assert (lfp.attrs["units"], lfp.attrs["conductivity"]) == ("uV", 0.3)
    np.testing.assert_array_equal(
        np.stack([lfp[a] for a in "xyz"], axis=1), np.array(NEAR.positions)
    )
    found = (lfp + lfp["rest"]).values[0, 0]
    # before the first step there are no currents to record
    error = np.abs(found - expected)[:, 1:].max()
    assert error < 1e-9 * np.ptp(expected)
    assert (lfp["rest"].values != 0).any() == (start == "steady")


def test_at_rest_nothing_is_seen():
    network = trees(electrodes={"near": NEAR}).remove("drives.input", "biases.clamp")
    lfp = apical.simulate(network, 5).lfp["near"]
    assert np.abs(lfp).max() < 1e-6 * np.abs(lfp["rest"]).max()


def pairs(distance):
    """Return opposite points, so that what is even, as a quadrupole is, can be taken out."""
    angles = np.radians([0, 30, 60])
    towards = np.stack([np.sin(angles), 0 * angles, np.cos(angles)], axis=1)
    return np.concatenate([towards, -towards]) * distance + [0, 0, 500], np.cos(angles)


def test_far_away_there_is_a_dipole():
    """φ = p cos θ / (4π σ r²), where p is the current dipole that the result tells."""
    cell = cable({"pas": {}}, 11, receptors={"excitation": 0.9})
    points, cosine = pairs(1e5)
    arrays = {
        f"{method}_{k}": ElectrodeArray(positions=k * (points - [0, 0, 500]) + [0, 0, 500],
                                        method=method)
        for method in ("point", "line") for k in (1, 2)
    }  # fmt: skip
    network = one_cell(cell, drives={"input": drive("cable")}, electrodes=arrays)
    result = apical.simulate(network, 10)
    p = 1e-9 * result.dipole.values[0, 0]
    assert np.abs(p).max() > 0
    theory = 1e6 * p * cosine[:, None] / (4 * np.pi * SIGMA * 0.1**2)
    seen = {name: lfp.values[0, 0] for name, lfp in result.lfp.items()}
    odd = {name: (v[:3] - v[3:]) / 2 for name, v in seen.items()}
    # the next odd term is of the order of (length/distance)², 1e-4 here
    assert np.abs(odd["point_1"] - theory).max() < 1e-3 * np.ptp(theory)
    assert np.abs(odd["point_2"] - theory / 4).max() < 1e-3 * np.ptp(theory / 4)
    for k in (1, 2):
        apart = np.abs(seen[f"line_{k}"] - seen[f"point_{k}"]).max()
        assert 0 < apart < 1e-3 * np.ptp(seen[f"point_{k}"])


def test_far_away_an_injected_current_is_a_monopole():
    """What is injected leaves through the membrane: φ = I / (4π σ r)."""
    far = ElectrodeArray(positions=[(1e6, 0, 0), (0, 0, 2e6)])
    result = apical.simulate(trees(electrodes={"far": far}), 6)
    lfp = result.lfp["far"].values[0, 0]
    theory = 1e6 * 0.3e-9 / (4 * np.pi * SIGMA * np.array([1.0, 2.0]))
    # the dipole adds of the order of length/distance
    np.testing.assert_allclose(lfp[:, 121], theory, rtol=1e-2)
    assert np.abs(lfp[:, 40]).max() < 1e-2 * theory[1]


def test_sampled_now_and_then():
    often = trees(electrodes={"near": NEAR, "rarely": NEAR.with_(every=0.5)})
    lfp = apical.simulate(often, 6).lfp
    np.testing.assert_array_equal(lfp["rarely"]["time"], np.arange(13) * 0.5)
    np.testing.assert_allclose(lfp["rarely"], lfp["near"][..., ::20], rtol=0, atol=1e-12)


def test_single_precision_is_near():
    network = trees(electrodes={"near": NEAR})
    double, single = (
        apical.simulate(network, 6, precision=p).lfp["near"].values for p in ("double", "single")
    )
    assert np.abs(double - single).max() < 2e-3 * np.ptp(double)


def test_saved_averaged_and_replayed(tmp_path):
    network = trees(electrodes={"near": NEAR, "a-shank": laminar(9, 9, electrodes=3)})
    result = apical.simulate(network, 3, trials=2)
    result.save(tmp_path / "r.nc")
    again = apical.load(tmp_path / "r.nc")
    assert again.identical(result)
    assert list(again.lfp) == ["near", "a-shank"]
    mean = result.average().lfp["near"]
    np.testing.assert_allclose(mean.values[0], result.lfp["near"].values.mean(axis=0))
    assert mean.attrs == result.lfp["near"].attrs
    other = apical.simulate(network.set({"electrodes.near.conductivity": 0.6}), 3, trials=2)
    np.testing.assert_allclose(2 * other.lfp["near"], result.lfp["near"], rtol=1e-9, atol=1e-9)
    assert not other.identical(result)


def test_watched_changed_and_in_ensembles():
    network = trees(electrodes={"near": NEAR})
    changed = network.with_drives({"input": drive("trunk", [[1.0, 4.5]])})
    with apical.watch(network, 6, pace=0, snapshot_every=1) as run:
        chunk = next(iter(run))
        partial = run.result().lfp["near"]
        assert partial["time"][-1] == chunk.time
        for _ in run:
            pass
        run.change(changed)
        for _ in run:
            pass
        found = run.result()
    expected = apical.simulate(changed, 6)
    assert found.identical(expected)
    before = apical.simulate(network, 6).lfp["near"]
    np.testing.assert_array_equal(partial, before.isel(time=slice(partial.sizes["time"])))
    many = apical.simulate_many(
        changed, duration=6, summaries={"lowest": lambda r: r.lfp["near"].values.min()}
    )
    assert many.dataset["lowest"].values == expected.lfp["near"].values.min()


def test_more_potentials_than_may_be_kept_are_refused(monkeypatch):
    network = trees(electrodes={"near": NEAR}).remove("recordings.i")
    monkeypatch.setenv("APICAL_RECORDING_LIMIT", "1e-5")
    # 3 electrodes × 241 samples × 8 bytes
    with pytest.raises(ModelError, match=r"of 4 trials would take 2\.31e-05 GB \('electrodes\.n"):
        apical.simulate(network, 6, trials=4)


def test_weights_count_where_memory_is_bounded():
    """Every member of a batch has its own: electrodes × cells × nodes."""
    shank = laminar(0, 0, spacing=0.1, electrodes=5000, every=1)
    plan = compile(trees(50, electrodes={"near": shank}), 1.0)
    assert plan.observables[0].weights.nbytes > 2**24
    assert batch_size(plan, CpuEngine()) < 64
