"""Recordings from request to file, and that they cannot outgrow memory."""

from __future__ import annotations

import numpy as np
import pytest

import apical
from apical import Recording, simulate, watch
from apical.errors import ModelError
from apical.testing.networks import cable, one_cell, tree

REQUESTS = {
    "v": Recording(population="cells", x=0.5, precision="single"),
    "ina": Recording(population="cells", variable="hh2.ina", unit="nA", sections="soma"),
    "i": Recording(population="cells", variable="excitation.i", cells=1, every=0.1),
    "calcium": Recording(population="cells", variable="cad.cai", unit="uM"),
}


@pytest.fixture(scope="module")
def network():
    return one_cell(tree(), n=2, celsius=37.0, recordings=REQUESTS)


def test_they_are_labelled_and_survive_a_file(network, tmp_path):
    result = simulate(network, 2.0)
    units = {name: r.attrs["units"] for name, r in result.recordings.items()}
    assert units == {"v": "mV", "ina": "nA", "i": "nA", "calcium": "uM"}
    assert result.recordings["v"].dtype == np.float32
    assert result.recordings["i"].cell.values.tolist() == [1]
    # at rest there is the calcium of rest
    assert result.recordings["calcium"].values == pytest.approx(0.1, rel=0.2)
    result.save(tmp_path / "r.nc")
    again = apical.load(tmp_path / "r.nc")
    assert again.identical(result)
    assert again.recordings["v"].dtype == np.float32
    assert again.network.recordings == network.recordings


def test_too_much_is_refused_before_anything_runs(network, monkeypatch):
    def run(**given):
        return simulate(network, 2.0, **given)

    samples = {"v": 2 * 4 * 81 * 4, "i": 2 * 21 * 8}
    size = sum(r.values.nbytes for r in run().recordings.values())
    assert run().recordings["v"].nbytes == samples["v"]
    assert run().recordings["i"].nbytes == samples["i"]
    monkeypatch.setenv("APICAL_RECORDING_LIMIT", f"{1.5e-9 * size}")
    run()
    monkeypatch.setattr("apical.engines.cpu.engine.CpuEngine.start", None)
    for start in (lambda: run(trials=2), lambda: watch(network, 2.0, trials=2)):
        with pytest.raises(ModelError, match="recordings: of 2 trials would take") as caught:
            start()
    text = str(caught.value)
    assert f"{2e-9 * size:.3g} GB ('calcium' " in text
    assert "record fewer cells" in text
    monkeypatch.setenv("APICAL_RECORDING_LIMIT", "much")
    with pytest.raises(ModelError, match="APICAL_RECORDING_LIMIT: must be a number of GB"):
        run()


def test_four_gigabytes_are_too_much_by_default(network, monkeypatch):
    monkeypatch.delenv("APICAL_RECORDING_LIMIT", raising=False)
    with pytest.raises(ModelError, match=r"would take .* at most 4 GB are kept"):
        simulate(network, 1e6)


def test_results_of_a_run_that_goes_on_stay_as_they_were(network):
    with watch(network.with_(recordings={"v": Recording(population="cells")}), 4.0) as run:
        chunks = iter(run)
        next(chunks)
        before = run.result()
        kept = before.recordings["v"].values.copy()
        for _ in chunks:
            pass
        assert (before.recordings["v"].values == kept).all()


def test_what_has_no_membrane_has_no_density():
    cell = cable({"pas": {}}, 3, receptors={"excitation": 1.0})
    density = Recording(population="cells", variable="excitation.i", unit="mA/cm2")
    network = one_cell(cell, recordings={"i": density})
    with pytest.raises(ModelError, match=r"recordings\.i\.unit: .* no membrane \(record it in nA"):
        simulate(network, 1.0)
