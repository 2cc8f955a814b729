"""``apical sweep``: what varies is read, everything is checked, interrupted it goes on."""

import sys

import pytest

from apical import cli, load_ensemble
from apical.cli import sweep as module
from apical.errors import Cancelled
from apical.testing.networks import ball, one_cell

EL, GL = (f"cells.cell.sections.soma.channels.pas.{name}" for name in ("e", "g"))


@pytest.fixture
def command(monkeypatch, capsys, tmp_path):
    """Sweep a small model; return exit code, stdout and stderr."""
    (tmp_path / "ball.json").write_text(one_cell(ball({"pas": {"e": -65, "g": 1e-4}})).to_json())
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        fixed = ["apical", "sweep", "ball.json", "--duration", "1", "--engine", "reference"]
        monkeypatch.setattr(sys, "argv", [*fixed, *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        shown = capsys.readouterr()
        return stop.value.code or 0, shown.out, shown.err

    return call


def test_a_grid(command, tmp_path):
    code, out, err = command(
        "--vary", f"{EL}=-70:-60:3", "--vary", f"{GL}=1e-5:1e-3:3:log", "-o", "a.nc"
    )
    assert (code, err) == (0, "")
    assert "9 sets × 1 trials of 1 ms" in out
    assert out.split("wrote ")[1:] == ["a.nc\n", "a.journal\n"]
    found = load_ensemble(tmp_path / "a.nc")
    assert found.dataset[EL].values.tolist() == [v for v in (-70.0, -65.0, -60.0) for _ in range(3)]
    assert found.dataset[GL].values[:3] == pytest.approx([1e-5, 1e-4, 1e-3])


def test_a_sample_in_usual_ranges(command, tmp_path):
    code, out, _ = command("--vary", "*.pas.*", "--samples", 4, "--trials", 2, "-o", "a.nc")
    assert code == 0
    assert "4 sets × 2 trials" in out
    data = load_ensemble(tmp_path / "a.nc").dataset
    assert sorted(data.parameter.values.tolist()) == [EL, GL]
    assert len({*data[EL].values.tolist()}) == 4
    assert ((data[EL] >= -130) & (data[EL] <= -32.5)).all()


def test_interrupted_the_same_command_goes_on(command, monkeypatch, tmp_path):
    grid = ("--vary", f"{EL}=-70:-60:3", "-o", "a.nc")
    sweeping = sys.modules["apical.fit.sweep"]
    real, seen = sweeping.run, []

    def run(work, sets, progress):
        seen.append(len(sets))
        return real(work, sets, progress)

    def cancel(*_):
        raise Cancelled

    monkeypatch.setattr(sweeping, "run", run)
    with monkeypatch.context() as patch:
        patch.setattr(sweeping, "run", cancel)
        code, _, err = command(*grid)
    assert code == 130
    assert "'a.journal': the same command goes on from there" in err
    assert not (tmp_path / "a.nc").exists()
    assert command(*grid)[0] == 0
    assert command(*grid, "--overwrite")[0] == 0
    assert seen == [3]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--vary", f"{EL}=-70:-60"], "has no number of points"),
        (["--vary", f"{EL}=-70:-60:3", "--samples", "3"], "leave POINTS out"),
        (["--vary", f"{EL}=low:high"], "--vary needs PATH"),
        (["--vary", f"{EL}=1:2:3:4"], "--vary needs PATH"),
        (["--vary", f"{EL}=-70:-60:1"], "points ≥ 2"),
        (["--vary", "celsius=-60:30:2"], "at its bound -60"),
        (["--vary", "*.nothing", "--samples", "3"], "fits no number"),
        (["--vary", f"{EL}=-70:-60:3", "--journal", "absent/a.journal"], "--journal: "),
        (["--vary", f"{EL}=-70:-60:3", "--journal", "a.nc"], "the same file"),
        (["--vary", f"{EL}=-70:-60:3", "--dt", "0"], "dt"),
    ],
)
def test_what_makes_no_sense_is_usage(command, tmp_path, arguments, words):
    code, _, err = command(*arguments, "-o", "a.nc")
    assert code == 2
    assert words in err
    assert [path.name for path in tmp_path.iterdir()] == ["ball.json"]


def test_an_output_is_not_replaced_unasked(command, tmp_path):
    (tmp_path / "a.nc").write_text("mine")
    code, _, err = command("--vary", f"{EL}=-70:-60:3", "-o", "a.nc")
    assert code == 2
    assert "--overwrite" in err
    assert command("--vary", f"{EL}=-70:-60:3", "-o", "a.txt")[0] == 2
    assert not (tmp_path / "a.journal").exists()


def test_requests_are_plain():
    assert module.Request(output="a.nc", vary=()).method == "sobol"
