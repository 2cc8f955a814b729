"""What the README shows works: its Python runs, and so does its command."""

import os
import re
import shlex
import subprocess
import sys

import pytest

from checkout import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
TOUR = re.findall(r"```python\n(.*?)```", README, re.S)
COMMANDS = re.findall(r"```bash\n(.*?)\n```", README, re.S)


#: Put before the tour: no simulation is longer than 40 ms.
SHORTENED = """import apical

simulate = apical.simulate
apical.simulate = lambda network, duration=170, **options: simulate(
    network, min(duration, 40), **options
)
"""


def run(arguments, folder):
    """Run Python in an empty folder, without a window, every warning an error."""
    quiet = {**os.environ, "MPLBACKEND": "agg", "PYTHONWARNINGS": "error"}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=quiet,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_are_one_line_each(command):
    assert "\n" not in command
    assert command.startswith("python3 -m venv .venv && .venv/bin/pip install -q ")


def test_the_tour_runs(tmp_path):
    """All blocks in order, as one script, with shorter simulations."""
    assert len(TOUR) >= 4
    script = tmp_path / "tour.py"
    script.write_text("\n".join([SHORTENED, *TOUR]), encoding="utf-8")
    run(["tour.py"], tmp_path)
    saved = re.findall(r'"([\w-]+\.(?:png|pdf|nc|json))"', script.read_text(encoding="utf-8"))
    assert saved
    assert [name for name in saved if not (tmp_path / name).stat().st_size] == []


def test_the_command_runs(tmp_path):
    """The README's command, shortened to 40 ms."""
    main = next(c for c in COMMANDS if ".venv/bin/apical run" in c)
    arguments = shlex.split(main.split(".venv/bin/apical ")[1])
    shown = run(["-m", "apical", *arguments, "--duration", "40"], tmp_path)
    assert "dipole" in shown
    assert sorted(p.name for p in tmp_path.iterdir()) == ["erp.png", "result.nc"]
