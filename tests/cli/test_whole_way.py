"""The command on a real model, engine and recording."""

import json
import sys

import pytest

import apical
from apical import cli


def test_from_a_model_file_to_a_figure_over_recorded_data(tmp_path, monkeypatch, capsys, shared):
    model, recording = tmp_path / "m.json", shared / "data" / "yes_trial_S1_ERP_all_avg.txt"
    network = apical.models.erp(grid=(3, 3))
    model.write_text(network.to_json(), encoding="utf-8")
    arguments = [
        "run", model, "--duration", "40 ms", "--trials", 2, "--seed", 3, "--threads", 1,
        "--set", "drives.evprox1.mu=20 ms", "--compare", recording, "--smooth", 10,
        "--scale", 30000, "-o", tmp_path / "r.nc", "--figure", tmp_path / "r.png", "--json",
    ]  # fmt: skip
    monkeypatch.setattr(sys, "argv", ["apical", *map(str, arguments)])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    captured = capsys.readouterr()
    assert (stop.value.code or 0, captured.err) == (0, "")

    found, result = json.loads(captured.out), apical.load(tmp_path / "r.nc")
    assert result.network == network.set({"drives.evprox1.mu": 20.0})
    assert result.provenance["model_hash"] == result.network.content_hash()
    shown = result.smooth(10).scale(30000).average().total()
    assert found["comparison"]["rmse_nam"] == apical.rmse(
        shown, apical.read_dipole(recording), 5, 35
    )
    inputs = result.spikes["time"].values[result.spikes["source"].values == "evprox1"]
    assert inputs.mean() == pytest.approx(20.0, abs=2.0)  # 48 draws with a deviation of 2.5 ms
    assert (tmp_path / "r.png").stat().st_size > 10_000

    again = apical.simulate(result.network, 40.0, trials=2, seed=3, threads=1)
    assert again.dipole.identical(result.dipole)
    assert again.spikes.identical(result.spikes)
