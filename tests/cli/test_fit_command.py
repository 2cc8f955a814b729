"""``apical fit``: from a recording to parameters, a file and a figure; and how it fails."""

import json
import sys

import numpy as np
import pytest

import apical as package
from apical import cli, models
from apical.fit import Fit, load_fit

TIME = "drives.evprox1.mu"


@pytest.fixture
def apical(monkeypatch, capsys):
    """Run the command; return exit code, stdout and stderr."""

    def command(*arguments):
        monkeypatch.setattr(sys, "argv", ["apical", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        captured = capsys.readouterr()
        code = stop.value.code
        return (0 if code is None else code), captured.out, captured.err

    return command


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A small model, and what it does with its drive at 8 ms."""
    place = tmp_path_factory.mktemp("fit")
    column = models.erp(grid=(3, 3)).remove("drives.evdist1", "drives.evprox2").set({TIME: 8.0})
    (place / "model.json").write_text(column.to_json(), "utf-8")
    dipole = package.simulate(column, 20.0, seed=3, precision="single").smooth(3).scale(100).total()
    np.savetxt(place / "data.txt", np.c_[dipole["time"].values, dipole.values[0]][::20])
    return place


def given(folder, *more):
    fixed = ("--model", folder / "model.json", "--duration", 20, "--smooth", 3, "--trials", 1)
    return ("fit", folder / "data.txt", *fixed, "--fresh", 2, *more)


def test_a_fit_from_end_to_end(apical, folder, tmp_path):
    output, figure, journal = (tmp_path / name for name in ("fit.nc", "fit.png", "fit.journal"))
    vary = ("--vary", f"{TIME}=5:15", "--vary", "drives.evprox1.sigma", "--set", f"{TIME}=11")
    code, out, err = apical(
        *given(folder, *vary, "--budget", 9, "-o", output, "--figure", figure, "--journal", journal)
    )
    assert (code, err) == (0, "")
    assert "9 candidates" in out
    assert "with 2 fresh ones" in out
    assert f"wrote {output}" in out
    fit = load_fit(output)
    assert fit.space.names == (TIME, "drives.evprox1.sigma")
    assert (fit.space.low[0], fit.space.start[0], fit.space.high[0]) == (5, 11, 15)
    assert figure.stat().st_size > 10_000
    # what is in the journal is not simulated again
    code, out, _ = apical(*given(folder, *vary, "--budget", 9, "--journal", journal, "--json"))
    found = json.loads(out)
    assert code == 0
    assert found["rmse_nam"]["best"] == fit.loss < found["rmse_nam"]["start"]
    assert found["parameters"][TIME]["best"] == fit.values[TIME]
    assert found["scale"] > 0


def test_without_vary_all_evoked_drives_do(apical, folder):
    code, out, _ = apical(*given(folder, "--method", "cobyla", "--budget", 1, "--json"))
    assert code == 0
    assert {"evprox1.mu", "evprox1.sigma"} < json.loads(out)["parameters"].keys()


def test_what_is_left_of_an_interrupted_fit_is_said(apical, folder, tmp_path, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(Fit, "simulate", interrupted)
    output, journal = tmp_path / "fit.nc", tmp_path / "fit.journal"
    small = given(folder, "--vary", f"{TIME}=5:15", "--budget", 1)
    code, _, err = apical(*small, "-o", output, "--journal", journal)
    assert code == 130
    assert f"interrupted; '{output}' was written before" in err.replace("\n", " ")
    assert f"is in '{journal}'" in err.replace("\n", " ")
    assert load_fit(output).history.sizes["candidate"] == 1
    code, _, err = apical(*small)
    assert code == 130
    assert "nothing half-written" in err


def test_the_best_can_be_chosen_by_fresh_trials(apical, folder, tmp_path):
    output = tmp_path / "fit.nc"
    vary = ("--vary", f"{TIME}=5:15", "--method", "cobyla", "--budget", 3)
    code, _, _ = apical(*given(folder, *vary, "--confirm", 2, "-o", output))
    assert code == 0
    assert load_fit(output).history["fresh"].notnull().sum() == 3


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--vary", "drives.evprox1.muh"), "muh"),
        (("--vary", f"{TIME}=5"), "PATH=LOW:HIGH"),
        (("--vary", f"{TIME}=15:5"), "low below high"),
        (("--scale", "much"), "number or solve"),
        (("--window", "5"), "START:STOP"),
        (("--smooth", "-3"), "smooth"),
        (("--output", "fit.csv"), ".nc"),
        (("--figure", "fit.doc"), ".png"),
        (("--window", "500:600"), "fewer than 2 samples"),
    ],
)
def test_what_makes_no_sense_is_said_before_anything_runs(apical, folder, options, said):
    code, out, err = apical(*given(folder, *options))
    assert (code, out) == (2, "")
    assert said in err
    assert err.startswith("error: ")


def test_results_are_not_replaced(apical, folder):
    code, _, err = apical(*given(folder, "-o", folder / "model.json"))
    assert code == 2
    assert "exists already; say --overwrite" in err


@pytest.mark.parametrize("other", ["output", "data"])
def test_a_journal_is_no_other_file(apical, folder, tmp_path, other):
    same = tmp_path / "fit.nc" if other == "output" else folder / "data.txt"
    before = (folder / "data.txt").read_bytes()
    code, _, err = apical(*given(folder, "--journal", same, "-o", tmp_path / "fit.nc"))
    assert code == 2
    assert "are the same file" in err.replace("\n", " ")
    assert (folder / "data.txt").read_bytes() == before
    assert list(tmp_path.iterdir()) == []


def test_ranges_are_those_of_a_sweep(apical, folder, tmp_path):
    output, place = tmp_path / "fit.nc", "drives.evprox1.targets.L5_pyramidal.weights.ampa"
    code, _, _ = apical(
        *given(folder, "--vary", f"{place}=1e-4:1:log", "--budget", 2, "-o", output)
    )
    assert code == 0
    assert load_fit(output).space.parameters[place].scale == "log"
    code, _, err = apical(*given(folder, "--vary", f"{TIME}=5:15:3"))
    assert code == 2
    assert "no number of points" in err
