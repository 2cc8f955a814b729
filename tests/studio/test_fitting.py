"""A fit in the background is what `apical.fit` gives, and can be stopped."""

import threading
import time

import numpy as np
import pytest
import xarray as xr

from apical import simulate
from apical.errors import ModelError
from apical.fit.objectives import Rmse
from apical.studio.fitting import parameters
from apical.studio.messages import FitParameter
from apical.studio.setup import Setup, View
from apical.studio.waves import shown
from pages import DT, page, setup_of, small

MU = {"name": "time", "paths": ["drives.early.mu"], "low": 1, "high": 8}
STRENGTH = {
    "name": "strength", "low": 0.5, "high": 2.0, "scale": "log", "relative": True,
    "paths": ["drives.early.targets.cells.weights.excitation",
              "drives.late.targets.cells.weights.excitation"],
}  # fmt: skip
VIEW = View(smooth=1.0, scale=4.0, data="d", tmin=1.0, tmax=14.0)


def recorded():
    network = small().set({"drives.early.mu": 5.0})
    result = simulate(network, 16.0, dt=DT, trials=2, precision="single")
    return shown(result, VIEW).average().total().squeeze("trial", drop=True)


@pytest.fixture
def data():
    return {"d": ("recorded.txt", recorded())}


def fitted(p, **given):
    given = {"parameters": [MU, STRENGTH], "method": "cobyla", "budget": 12, "trials": 2, **given}
    return p.fit(setup_of(), VIEW, **given)


def test_a_fit_gives_the_best_that_it_has_seen(data):
    with page(data=data) as p:
        id = fitted(p)
        done, _ = p.wait("fit_done", id)
        assert done["why"] in ("budget spent", "converged")
        assert 1 < done["candidates"] <= 12
        setup = Setup(**done["setup"])
        first, second = STRENGTH["paths"]
        factor = done["values"]["strength"]
        assert setup.values == {
            "drives.early.mu": done["values"]["time"],
            first: 0.01 * factor, second: 0.01 * factor,
        }  # fmt: skip
        result = simulate(
            setup.network({"small": small()}), 16.0, dt=DT, trials=2, precision="single"
        )
        objective = Rmse(data["d"][1], window=(1.0, 14.0), smooth=1.0, scale=4.0)
        assert done["loss"] == pytest.approx(objective.loss(result), rel=1e-12)
        progress, _ = p.of("fit_progress", id)[-1]
        assert progress["budget"] == 12
        assert done["scale"] == 4.0


def test_the_wave_that_is_sent_has_the_loss_that_is_told(data):
    with page(data=data) as p:
        id = fitted(p, budget=100, solve_scale=True, method="cma")
        p.wait("fit_progress", id, n=3)
        while not (waves := [(h, a["dipole"]) for h, a in p.of("fit_progress", id) if a]):
            time.sleep(0.01)
        p.send(type="stop_fit")
        done, _ = p.wait("fit_done", id)
        assert done["why"] in ("stopped", "converged", "budget spent")
        header, wave = waves[-1]
        time_ = np.arange(wave.size) * DT
        inside = (time_ >= 1.0 - 1e-9) & (time_ <= 14.0 + 1e-9)
        error = wave[inside] - data["d"][1].values[inside]
        assert np.sqrt(np.mean(error**2)) == pytest.approx(header["loss"], rel=1e-4)
        assert list(header["losses"]) == sorted(header["losses"], reverse=True)
        assert header["losses"][-1] == header["loss"]


def test_a_fit_is_stopped_while_runs_go_on(data):
    with page(data=data) as p:
        id = fitted(p, budget=100_000, method="cma")
        p.wait("fit_progress", id)
        other = fitted(p)
        assert "running already" in p.wait("wrong", other)[0]["problems"][0]["message"]
        p.wait("done", p.simulate())
        p.send(type="stop_fit")
        done, _ = p.wait("fit_done", id)
        assert done["why"] == "stopped"
        p.wait("fit_done", fitted(p, budget=2))


def test_a_session_ends_with_its_fit(data):
    with page(data=data) as p:
        p.wait("fit_progress", fitted(p, budget=100_000, method="cma"))
    assert "apical studio fit" not in [t.name for t in threading.enumerate()]


@pytest.mark.parametrize(
    ("given", "view", "path"),
    [
        ({}, View(), "view.data"),
        ({}, View(data="gone"), "view.data"),
        ({}, View(data="d", smooth=100.0), "view.smooth"),
        ({"parameters": [{**MU, "paths": ["drives.early.mi"]}]}, VIEW, "drives.early.mi"),
        ({"parameters": [MU, {**MU, "low": 2.0}]}, VIEW, "time"),
        ({"parameters": [{**MU, "low": 9.0}]}, VIEW, "time"),
    ],
)
def test_what_is_wrong_is_told(data, given, view, path):
    given = {"parameters": [MU], "method": "cobyla", "budget": 2, "trials": 1, **given}
    with page(data=data) as p:
        id = p.fit(setup_of(), view, **given)
        assert path in [x["path"] for x in p.wait("wrong", id)[0]["problems"]]


def test_recordings_that_nothing_can_be_compared_with_are_told():
    far = xr.DataArray([1.0, 2.0], dims="time", coords={"time": [100.0, 101.0]})
    with page(data={"d": ("far", far)}) as p:
        id = p.fit(setup_of(), View(data="d"), parameters=[MU], budget=2, trials=1)
        assert p.wait("wrong", id)[0]["problems"]


def test_factors_leave_zeros_out():
    network = small().set({STRENGTH["paths"][1]: 0.0})
    one = FitParameter(**STRENGTH)
    assert parameters(network, (one,))["strength"].paths == {STRENGTH["paths"][0]: 0.01}
    nothing = one.model_copy(update={"paths": (STRENGTH["paths"][1],)})
    with pytest.raises(ModelError, match="all 0"):
        parameters(network, (nothing,))
