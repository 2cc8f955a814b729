"""The CUDA engine without a GPU: in Numba's simulator, and as PTX; and which engine is picked.

The simulator is chosen when Numba is imported, so this file also runs as a program in a process of
its own, which says what failed there.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import traceback
from types import SimpleNamespace

import numpy as np
import pytest

from apical import engines, models
from apical.engines.base import Member, run_alone
from apical.errors import EngineError
from apical.plan import compile
from apical.testing import CHECKS
from apical.testing.networks import one_cell, tree

needs_numba_cuda = pytest.mark.skipif(
    importlib.util.find_spec("numba_cuda") is None, reason="numba-cuda is not installed"
)


# --- in the simulator -------------------------------------------------------------------------


def single_precision():
    """Single precision stays near double: differences of 1e-7 per step, in a cell that spikes."""
    clamp = {"population": "cells", "section": "soma", "amplitude": 2.0, "start": 1}
    network = one_cell(tree(), celsius=37.0, biases={"c": clamp})
    found = []
    for engine, precision in (("reference", "double"), ("cuda", "single")):
        plan = compile(network, 6, precision=precision)
        member = Member(plan, plan.trial(0)[1])
        found.append(run_alone(engines.get(engine), member).recordings[0])
    error = np.abs(found[0] - found[1])
    assert found[0].max() > 0
    assert 0 < error.max() < 0.05


#: What is tried in the simulator: the suite for all engines, and what concerns this one.
SIMULATED = {name: (check, "cuda") for name, check in CHECKS.items()}
SIMULATED |= {"single_precision": (single_precision,)}


@pytest.fixture(scope="module")
def failed() -> dict[str, str]:
    """Run everything in the simulator and return what failed, with its traceback."""
    done = subprocess.run(
        [sys.executable, "-W", "error", __file__],
        env=os.environ | {"NUMBA_ENABLE_CUDASIM": "1"}, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", SIMULATED)
def test_in_the_simulator(failed, name):
    assert name not in failed, failed[name]


def run_all() -> dict[str, str]:
    """Run everything here and return what failed."""
    found = {}
    for name, (check, *arguments) in SIMULATED.items():
        try:
            check(*arguments)
        except Exception:
            found[name] = traceback.format_exc()
    return found


# --- as PTX -----------------------------------------------------------------------------------


@pytest.fixture
def launched(monkeypatch):
    """Let kernels be prepared as if there were a GPU, and return what would be launched."""
    from numba import cuda
    from numba.cuda import dispatcher

    from apical.engines.cuda import population, sampler

    kept = []
    monkeypatch.setattr(cuda, "to_device", lambda values: values)
    monkeypatch.setattr(cuda, "device_array", np.empty)
    monkeypatch.setattr(population, "check_memory", lambda needed: None)
    monkeypatch.setattr(
        population, "launch", lambda kernel, n, *given: kept.append((kernel, given))
    )
    monkeypatch.setattr(sampler, "launch", lambda *given: None)
    device = SimpleNamespace(compute_capability=(8, 0))
    monkeypatch.setattr(dispatcher, "get_current_device", lambda: device)
    return kept


@needs_numba_cuda
@pytest.mark.parametrize(
    ("cell", "precision"),
    [
        ("L2_basket", "single"), ("L2_pyramidal", "single"), ("L5_basket", "single"),
        ("L5_pyramidal", "single"), ("L5_pyramidal", "double"),
    ],
)  # fmt: skip
def test_kernels_of_the_column_become_machine_code(launched, cell, precision):
    """For A100 (8.0) and H100 or H200 (9.0): one function each, and no double where single is."""
    import numba
    from numba import cuda

    from apical.engines.cuda.population import Population

    plan = compile(models.erp(grid=(2, 2)), 5, precision=precision)
    index = [p.cell.name for p in plan.populations].index(cell)
    population = Population([Member(plan, plan.trial(0)[1])] * 2, index, plan.window)
    population.advance(0, plan.window, np.zeros((8, 2 * plan.cells), np.uint32))
    ((kernel, arguments),) = launched
    types = tuple(numba.typeof(value) for value in arguments)
    for capability in ((8, 0), (9, 0)):
        ptx, _ = cuda.compile_ptx(kernel.py_func, types, cc=capability, device=False)
        assert f".target sm_{capability[0]}{capability[1]}" in ptx
        assert "fma.rn.f64" in ptx if precision == "double" else ".f64" not in ptx
        # everything is in one function, and its numbers in registers
        assert "call" not in ptx
        assert ".local" not in ptx


# --- which engine -----------------------------------------------------------------------------


def test_the_extra_is_named(monkeypatch):
    for name in [name for name in sys.modules if name.startswith("apical.engines.cuda")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EngineError, match=r"pip install 'apical\[cuda\]'"):
        engines.get("cuda")
    assert "apical[cuda]" in engines.available()["cuda"]


@needs_numba_cuda
def test_a_missing_gpu_is_said(monkeypatch):
    from apical.engines.cuda import device

    monkeypatch.setattr(device.cuda, "is_available", lambda: False)
    with pytest.raises(EngineError, match="NVIDIA GPU"):
        engines.get("cuda")
    assert "none was found" in engines.available()["cuda"]
    engine, why = engines.pick("auto", 1000)
    assert engine.name == "cpu"
    assert "none was found" in why


@needs_numba_cuda
@pytest.mark.parametrize(
    ("members", "precision", "ratio", "name", "reason"),
    [
        (1, "single", 2, "cpu", "270 cells at once do not fill a GPU"),
        (1000, "single", 2, "cuda", "270,000 cells at once fill a GPU"),
        (1000, "double", 2, "cuda", "fill a GPU"),
        (1000, "double", 64, "cpu", "slow in double"),
    ],
)
def test_auto_says_what_it_takes(monkeypatch, members, precision, ratio, name, reason):
    from apical.engines.cuda import device

    monkeypatch.setattr(device.cuda, "is_available", lambda: True)
    gpu = SimpleNamespace(SINGLE_TO_DOUBLE_PRECISION_PERF_RATIO=ratio)
    monkeypatch.setattr(device.cuda, "get_current_device", lambda: gpu)
    engine, why = engines.pick("auto", members, precision)
    assert engine.name == name
    assert reason in why


def test_what_is_asked_for_is_taken():
    for name in ("cpu", "reference"):
        engine, why = engines.pick(name, 1000)
        assert engine.name == name
        assert "as asked" in why
    assert engines.get().name == "cpu"


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run_all()))
