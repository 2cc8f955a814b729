"""Importing the package costs nothing, and rooms without arrays stay without."""

import subprocess
import sys

import pytest

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
        ("import apical.plan", "numba matplotlib xarray"),
        ("import apical.result", "numba matplotlib"),
        ("import apical.cli", "numba matplotlib scipy"),
    ],
)
def test_import_does_not_load(statement, absent):
    code = f"import sys; {statement}; print(*[m for m in {absent.split()} if m in sys.modules])"
    assert python(code) == ""
