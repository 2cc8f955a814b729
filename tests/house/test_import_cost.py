"""Importing the package costs nothing, and rooms without arrays stay without."""

import subprocess
import sys

import pytest

from apical.testing.networks import ball, one_cell

#: Seconds. It takes 0.01 to 0.02; the promise is 0.3, and slow disks are not our business.
PROMISED = 0.3


def python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout.strip()


def test_import_takes_less_than_promised():
    code = "import time; t = time.perf_counter(); import apical; print(time.perf_counter() - t)"
    assert min(float(python(code)) for _ in range(5)) < PROMISED


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import apical", "numpy numba matplotlib xarray pydantic scipy h5py typer"),
        ("import apical.model", "numpy numba matplotlib xarray scipy"),
        ("import apical.models; apical.models.names()", "numpy numba matplotlib xarray scipy"),
        ("import apical.plan", "numba matplotlib xarray scipy"),
        ("import apical.start", "numba matplotlib xarray scipy"),
        ("import apical.result", "numba matplotlib xarray pandas scipy"),
        ("import apical.cli", "numba matplotlib scipy"),
    ],
)
def test_import_does_not_load(statement, absent):
    code = f"import sys; {statement}; print(*[m for m in {absent.split()} if m in sys.modules])"
    assert python(code) == ""


def test_a_run_that_only_prints_loads_neither_labels_nor_plots(tmp_path):
    """These take longer to load than a column takes to simulate."""
    model = tmp_path / "ball.json"
    model.write_text(one_cell(ball({"pas": {}})).to_json(), "utf-8")
    printed = python(
        "import sys; from apical.cli.run import Request, execute\n"
        f"execute(Request(model={str(model)!r}, duration='1', engine='reference'))\n"
        "heavy = {'xarray', 'pandas', 'scipy', 'matplotlib'}\n"
        "print('loaded', *heavy & {*sys.modules})"
    )
    assert "per trial" in printed
    assert printed.endswith("loaded")


def test_kernels_are_loaded_without_what_compiles_them():
    """Numba takes a fifth of a warm start."""
    code = (
        "import sys; from apical import simulate; from apical.testing.networks import *\n"
        "simulate(one_cell(ball({'pas': {}})), 1.0, engine='cpu', threads=1)\n"
        "print(*{'numba', 'scipy.linalg'} & {*sys.modules})"
    )
    # the first time kernels may have to be compiled
    python(code)
    assert python(code) == ""
