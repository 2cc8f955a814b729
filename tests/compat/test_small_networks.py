"""Networks of a few cells against hnn-core 0.6.1 on NEURON 8.2.7; see ``generate.py``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

import apical
import apical.compat.hnn_core as hc
from apical import models

sys.path.insert(0, str(Path(__file__).parent))
import cases
import generate

#: Before any cell spikes, both add rounding errors; spikes amplify them. Shares of the range.
BEFORE_SPIKES, WHOLE_RUN = 1e-9, 1e-8


@pytest.fixture(params=["exact", "table"])
def rates(request):
    hc.set_engine(rates=request.param)
    yield request.param
    hc.set_engine()


def reference(rates, case):
    with np.load(Path(__file__).parent / f"cases_{rates}.npz", allow_pickle=False) as file:
        prefix = f"{case}/"
        return {k.removeprefix(prefix): file[k] for k in file.files if k.startswith(prefix)}


@pytest.mark.filterwarnings("ignore:Legacy mode:DeprecationWarning")
@pytest.mark.parametrize("case", cases.CASES, ids=lambda case: case.__name__)
def test_all_that_comes_out(case, rates):
    expected = reference(rates, case.__name__)
    found = generate.outcome(hc, case)
    assert found["wiring"].tolist() == reference("table", case.__name__)["wiring"].tolist()
    for name in ("spike_gid", "spike_trial", "spike_time"):
        assert found[name].tolist() == expected[name].tolist()
    assert found["last_time"] == expected["last_time"]
    check_dipoles(found, expected, case(hc)[1].get("dt", 0.025))
    extra = {"lfp", "vsec", "isec", "ca"} & {name.split("/")[0] for name in expected}
    for name in (name for name in expected if name.split("/")[0] in extra):
        error = np.abs(found[name] - expected[name]).max()
        assert error <= WHOLE_RUN * np.ptp(expected[name]), name


@pytest.mark.parametrize("name", ["n20", "somatosensory"])
def test_the_files_of_models_are_those_models(tmp_path, name):
    apical.write_hnn(tmp_path / "now.json", getattr(models, name)(grid=(3, 3)))
    file = cases.NETWORKS / f"{name}.json"
    assert json.loads(file.read_text()) == json.loads((tmp_path / "now.json").read_text())


def check_dipoles(found, expected, dt):
    time = np.arange(expected["dipole"].shape[-1]) * generate.EVERY * dt
    quiet = time <= expected["spike_time"].min(initial=np.inf)
    error = np.abs(found["dipole"] - expected["dipole"])
    size = np.ptp(expected["dipole"], axis=-1, keepdims=True)
    assert (error / size)[..., quiet].max() < BEFORE_SPIKES
    assert (error / size).max() < WHOLE_RUN
