"""The command: what it prints, what it writes, and how it fails."""

import io
import json
import re
import subprocess
import sys
import types

import numpy as np
import pytest

from apical import cli
from apical.cli import run as run_module
from apical.errors import Cancelled, ModelError, NumericalError, Problem, SteadyStateWarning
from apical.result import load
from synthetic import Network, make_result


@pytest.fixture(autouse=True)
def readable_networks(monkeypatch):
    """Let result files hold the hand-made network."""
    monkeypatch.setattr("apical.io.results._network", Network.from_json)


@pytest.fixture
def simulated(monkeypatch):
    """Replace models and engine; return the list of calls."""
    calls = []

    def simulate(network, duration, **options):
        calls.append((network, duration, options))
        return make_result(network, trials=options["trials"], stop=duration, dt=0.5)

    models = types.SimpleNamespace(
        names=lambda: ("erp", "rest"),
        exists=lambda name: name in ("erp", "rest"),
        load=lambda name: Network(),
        title=lambda name: name.upper(),
    )
    monkeypatch.setitem(sys.modules, "apical.simulate", types.SimpleNamespace(simulate=simulate))
    monkeypatch.setitem(sys.modules, "apical.models", models)
    monkeypatch.setattr("apical.models", models, raising=False)
    return calls


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


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "data.txt"
    time = np.arange(0, 30, 1.5)
    np.savetxt(path, np.c_[time, np.sin(time)])
    return path


def interrupted_compilation():
    """Return what Numba raises when a compilation is interrupted."""
    error = RuntimeError("no compiled object yet")
    error.__context__ = KeyboardInterrupt()
    return error


def failing(monkeypatch, error):
    def simulate(*_, **__):
        raise error

    monkeypatch.setitem(sys.modules, "apical.simulate", types.SimpleNamespace(simulate=simulate))


def test_options_reach_the_simulation(apical, simulated):
    code, _, err = apical(
        "run", "rest", "--trials", 3, "--duration", "20 ms", "--dt", 0.05, "--seed", 7,
        "--threads", 2, "--rates", "table", "--precision", "single", "--engine", "reference",
        "--start", "given", "--set", "mu=3.5",
    )  # fmt: skip
    assert (code, err) == (0, "")
    network, duration, options = simulated[0]
    assert network.name == "tiny, mu 3.5"
    assert duration == 20.0
    assert options.pop("progress") is None  # no terminal, no bar
    assert options == {
        "dt": 0.05, "trials": 3, "seed": 7, "threads": 2, "rates": "table",
        "precision": "single", "engine": "reference", "start": "given",
    }  # fmt: skip


def test_table(apical, simulated, data):
    code, out, err = apical(
        "run", "--duration", 20, "--trials", 2, "--compare", data, "--smooth", 2, "--scale", 300
    )
    assert (code, err) == (0, "")
    assert "tiny: 2 trials of 20 ms in 0.50 s; dipole smoothed 2 ms, × 300" in out
    for word in ("total", "L2 ", "L5 ", "L2_basket", "evprox1", "highest nAm", "Hz per cell"):
        assert word in out
    assert "against the recording, 1.5 to 18 ms: RMSE " in out


def test_json_is_the_same_as_the_library(apical, simulated, data):
    code, out, _ = apical("run", "--duration", 20, "--json", "--compare", data, "--scale", 300)
    assert code == 0
    found = json.loads(out)
    from apical import compare, peaks, read_dipole

    shown = make_result(Network(), trials=1).scale(300)
    assert found["comparison"]["rmse_nam"] == compare(shown.total(), read_dipole(data)).rmse
    best = peaks(shown.total()).maximum
    assert found["dipole"]["total"]["maximum_nam"] == best.value
    assert found["dipole"]["total"]["maximum_ms"] == best.latency
    assert found["populations"]["L2_basket"]["cells"] == 5
    assert found["provenance"]["seed"] == 0


def test_files_hold_the_result_and_a_picture(apical, simulated, tmp_path, data):
    out, figure = tmp_path / "r.nc", tmp_path / "r.png"
    code, text, _ = apical(
        "run", "--duration", 20, "--smooth", 2, "-o", out, "--figure", figure, "--compare", data
    )
    assert code == 0
    assert load(out).identical(make_result(Network(), trials=1))  # raw, not smoothed
    assert figure.read_bytes().startswith(b"\x89PNG")
    assert f"wrote {out}" in text
    again = apical("run", "--duration", 20, "-o", out, "--figure", figure)
    assert again[0] == 2
    assert "exists already; say --overwrite to replace it" in again[2]
    assert len(simulated) == 1  # said before simulating
    assert apical("run", "--duration", 20, "-o", out, "--overwrite", "-q")[:2] == (0, "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["rests"], "there is no model 'rests' (did you mean 'rest'?)"),
        (["none.json"], "cannot read 'none.json': No such file"),
        (["--set", "nu=3"], "nu: unknown (did you mean 'mu'?)"),
        (["--set", "mu"], "--set needs PATH=VALUE"),
        (["--set", "mu=1", "--set", "mu=2"], "--set mu is given twice"),
        (["--duration", "-5"], "--duration must be a finite time > 0 ms; got -5"),
        (["--duration", "nan"], "--duration must be a finite time"),
        (["--duration", "20 mV"], "--duration must be in ms; got '20 mV'"),
        (["--dt", "0"], "--dt must be a finite time > 0 ms"),
        (["--smooth", "200"], "--smooth must be 0.025 to 20 ms; got 200 ms"),
        (["--scale", "nan"], "--scale must be a finite number"),
        (["--column", "3"], "--column needs --compare"),
        (["--compare", "none.txt"], "cannot read 'none.txt': No such file"),
        (["-o", "no/where.nc"], "cannot write 'no/where.nc': there is no folder 'no'"),
        (["--figure", "a.doc"], "--figure must end with .png"),
        (["-o", "a.txt"], "--output must end with .nc or .h5; got 'a.txt'"),
        (["-o", "a" * 300 + ".nc"], "File name too long"),
        (["a" * 300], "there is no model"),
        (["-o", "a.png", "--figure", "./a.png"], "are the same file"),
        (["--trials", "0"], "--trials"),
        (["--rates", "fast"], "--rates"),
        (["--bogus"], "--bogus"),
    ],
)
def test_wrong_requests(apical, simulated, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    base = [] if "--duration" in arguments else ["--duration", 20]
    code, out, err = apical("run", *base, *arguments)
    assert code == 2
    assert message in err
    assert out == ""
    assert "Traceback" not in err
    assert simulated == []
    assert list(tmp_path.iterdir()) == []


def test_every_problem_has_its_line(apical, simulated):
    _, _, err = apical("run", "--set", "a=1", "--set", "b=2")
    assert err.splitlines() == [
        "error: a: unknown (did you mean 'mu'?)",
        "error: b: unknown (did you mean 'mu'?)",
    ]


def test_recordings_are_checked_before_simulating(apical, simulated, tmp_path):
    path = tmp_path / "late.txt"
    path.write_text("300 1\n301 2\n")
    code, _, err = apical("run", "--compare", path)
    assert code == 2
    assert "recorded 300 to 301 ms, simulated 0 to 170 ms" in err
    path.write_text("0 1\n1 oops\n")
    assert (
        "late.txt, line 2: a number expected; found 'oops'" in apical("run", "--compare", path)[2]
    )
    before = path.read_text()
    code, _, err = apical("run", "--compare", path, "-o", path, "--overwrite")
    assert "it cannot be written to" in err
    assert path.read_text() == before
    assert simulated == []


def test_model_files(apical, simulated, tmp_path, monkeypatch):
    monkeypatch.setattr("apical.model.Network", Network, raising=False)
    path = tmp_path / "mine.json"
    path.write_text(Network(name="mine").to_json())
    assert apical("run", path, "--duration", 20)[1].startswith("mine: 1 trial of 20 ms")


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"\xff\xfe", "not UTF-8"), (b"{", "not JSON"), (b"[]", ""), (b'{"a": 1}', "")],
)
def test_files_that_are_no_models(apical, simulated, tmp_path, content, message):
    path = tmp_path / "mine.json"
    path.write_bytes(content)
    code, out, err = apical("run", path)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert message in err
    assert simulated == []


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (
            NumericalError("L5", 3, "soma(0.5)", 1.0),
            1,
            "error: the simulation diverged: by 1 ms, L5[3]",
        ),
        (KeyboardInterrupt(), 130, "interrupted"),
        (interrupted_compilation(), 130, "interrupted"),
        (MemoryError("300 GB"), 1, "not enough memory: 300 GB"),
        (Cancelled("stop"), 130, "interrupted"),
    ],
)
def test_failures_on_the_way(apical, simulated, monkeypatch, tmp_path, error, code, message):
    failing(monkeypatch, error)
    found, out, err = apical("run", "-o", tmp_path / "a.nc", "--figure", tmp_path / "a.png")
    assert found == code
    assert message in err
    assert out == ""
    assert list(tmp_path.iterdir()) == []


def test_faults_of_apical_keep_their_traceback(simulated, monkeypatch):
    failing(monkeypatch, ZeroDivisionError("a fault"))
    monkeypatch.setattr(sys, "argv", ["apical", "run"])
    with pytest.raises(ZeroDivisionError):
        cli.main()


def test_control_codes_from_files_are_not_printed(apical, simulated, monkeypatch):
    failing(monkeypatch, ModelError([Problem("a\x1b[31m\nb", "bad [red]x[/red]")]))
    assert apical("run")[2] == "error: a?[31m b: bad [red]x[/red]\n"


def test_warnings_are_shown_in_a_line(apical, simulated, monkeypatch):
    def simulate(network, duration, **options):
        import warnings

        warnings.warn("does not come to rest", SteadyStateWarning, stacklevel=2)
        return make_result(network, trials=1)

    monkeypatch.setitem(sys.modules, "apical.simulate", types.SimpleNamespace(simulate=simulate))
    code, _, err = apical("run", "--duration", 20)
    assert (code, err) == (0, "warning: does not come to rest\n")


def test_the_same_warning_is_shown_once_and_seconds_are_noticed(apical, simulated, tmp_path):
    path = tmp_path / "seconds.txt"
    np.savetxt(path, np.c_[np.arange(0, 0.02, 1e-3), np.ones(20)])
    code, _, err = apical("run", "--duration", 20, "--compare", path)
    assert code == 2
    assert "fewer than 2 samples to compare; is its time in seconds?" in err
    np.savetxt(path, np.c_[np.linspace(0, 1.5, 20), np.ones(20)])
    code, _, err = apical(
        "run", "--duration", 100, "--compare", path, "--figure", tmp_path / "a.png"
    )
    assert code == 0
    assert err.count("is its time in seconds?") == err.count("warning:") == 1
    code, _, err = apical("run", "--duration", 100, "--compare", path, "--smooth", 4)
    assert code == 2
    assert "compared 2 to 98 ms" in err
    assert "is its time in seconds?" in err


def test_messages_name_options_not_arguments(apical, simulated, tmp_path):
    path = tmp_path / "three.txt"
    path.write_text("0 1 2\n1 1 2\n")
    assert "pick the dipole with --column 2 … --column 3" in apical("run", "--compare", path)[2]


def test_parts_are_removed_and_null_says_so(apical, tmp_path):
    code, out, _ = apical(
        "run", "neymotin_2020", "--remove", "projections", "--set", "populations.L2_basket=null"
    )
    assert (code, out) == (2, "")
    *_, err = apical("run", "erp", "--set", "drives.evprox1=null")
    assert err.startswith("error: drives.evprox1: cannot be nothing (use --remove drives.evprox1)")
    *_, err = apical("run", "erp", "--remove", "drives.evprox9")
    assert "there is no 'evprox9' in 'drives'" in err


def test_an_interruption_while_drawing_tells_what_was_saved(
    apical, simulated, tmp_path, monkeypatch
):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(run_module, "_draw", interrupt)
    out = tmp_path / "a.nc"
    code, _, err = apical("run", "--duration", 20, "-o", out, "--figure", tmp_path / "a.png")
    assert (code, err) == (130, f"error: interrupted; '{out}' was written before\n")
    assert out.exists()


def test_rounding_is_no_peak():
    from apical.cli.report import _peak

    assert _peak(3e-17, 12.0) == ("0", "–")
    assert _peak(-0.5, 12.0) == ("-0.5", "12.0")


def test_progress_is_drawn_on_terminals_only(monkeypatch):
    with run_module.progress_bar(True) as progress:
        assert progress is None
    monkeypatch.setenv("FORCE_COLOR", "1")
    with run_module.progress_bar(True) as progress:
        assert progress is not None
        progress(0.5)
    with run_module.progress_bar(False) as progress:
        assert progress is None


@pytest.mark.parametrize(
    ("text", "value"),
    [("mu=3", 3), ("mu=3 ms", "3 ms"), ("mu = 1e-3", 1e-3), ("mu=true", True), ("mu=a=b", "a=b")],
)
def test_values_are_numbers_where_they_can_be(text, value):
    class Recorder:
        def set(self, values):
            return values

    assert run_module.changed(Recorder(), (text,)) == {"mu": value}


def test_models_are_listed(apical, simulated):
    assert apical("models")[1] == "erp   ERP\nrest  REST\n"


def test_version_needs_no_heavy_import():
    code = (
        "import sys; sys.argv = ['apical', '--version']\n"
        "from apical.cli import main\n"
        "try: main()\n"
        "except SystemExit: print([m for m in ('numpy', 'pydantic_core', 'xarray') "
        "if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    from apical import __version__

    # typer itself may load pydantic_core in some versions; arrays never
    assert run.stdout.splitlines()[0] == f"apical {__version__}"
    assert "numpy" not in run.stdout
    assert "xarray" not in run.stdout


def test_every_engine_and_way_to_compute_rates_can_be_chosen():
    from apical import engines
    from apical.cli.options import Engine, Precision, Rates
    from apical.plan.rates import PRECISIONS, RATES

    assert {e.value for e in Engine} == {"auto", *engines.available()}
    assert {r.value for r in Rates} == set(RATES)
    assert {p.value for p in Precision} == set(PRECISIONS)


def test_terminals_and_pipes_of_few_characters(apical, simulated, monkeypatch):
    """Such as those of Windows: what they cannot show is a question mark."""
    monkeypatch.setattr(sys.modules["apical.models"], "title", lambda name: "1 µm → 2")
    written = io.BytesIO()
    with io.TextIOWrapper(written, encoding="ascii") as narrow:
        monkeypatch.setattr(sys, "stdout", narrow)
        code, _, err = apical("models")
        narrow.flush()
        assert (code, err) == (0, "")
        assert written.getvalue().splitlines()[0] == b"erp   1 ?m ? 2"


@pytest.mark.parametrize("command", ["run", "fit", "sweep"])
def test_help_shows_options_by_what_they_are_for(command, apical, monkeypatch):
    """There were up to 24 in one list."""
    monkeypatch.setenv("COLUMNS", "80")
    code, out, _ = apical(command, "--help")
    assert code == 0
    assert max(map(len, out.splitlines())) <= 80
    panels, titles = [], []
    for line in out.splitlines():
        if line.startswith("╭─"):
            titles.append(line.strip("╭─╮ "))
            panels.append(0)
        elif re.match(r"│ (\*| )? *--\w", line):
            panels[-1] += 1
    assert titles[:2] == ["Arguments", "Options"]
    assert {"How it is computed", "What is saved and printed"} <= set(titles)
    assert max(panels) <= 9
    assert sum(panels) >= 17
