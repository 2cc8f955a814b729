"""What the data determine, against derivatives on paper."""

import numpy as np
import pytest
import xarray as xr

import apical
from apical import models
from apical.analysis import DataError
from apical.errors import ModelError
from apical.fit import Fit, Parameter, Space, identifiability, identify
from apical.fit.objectives import Rates, Rmse
from apical.fit.optimise import OPTIMISERS, Search

TIME, SPREAD = "drives.evprox1.mu", "drives.evprox1.sigma"
FIRST, SECOND = (f"drives.evprox1.targets.{n}.weights.ampa" for n in ("L2_basket", "L5_basket"))
SAMPLES = np.arange(0.0, 41.0)
WAVE = np.sin(SAMPLES / 5)


@pytest.fixture(scope="module")
def space():
    column = models.erp(grid=(3, 3))
    return Space(column, {
        "time": Parameter(TIME, 10, 30, start=20), "spread": Parameter(SPREAD, 1, 5, start=3),
        "first": Parameter(FIRST, 0, 1, start=0.4), "second": Parameter(SECOND, 0, 1, start=0.6),
    })  # fmt: skip


@pytest.fixture
def formula(monkeypatch):
    """Two weights do the same, a time something else, a spread nothing."""

    def by_trial(network, sets, objective, options, progress=None):
        given = [{FIRST: 0.4, SECOND: 0.6} | values for values in sets]
        waves = [
            2 * v[FIRST] * WAVE + 4 * v[SECOND] * WAVE + 0.1 * (v[TIME] - 20) * SAMPLES
            for v in given
        ]
        # trials differ in noise that is the same for all sets
        noise = np.random.default_rng(0).normal(size=(options["trials"], SAMPLES.size))
        noise -= noise.mean(axis=0)
        return [np.array(waves)[:, None] + noise], []

    monkeypatch.setattr(identifiability, "by_trial", by_trial)


def test_derivatives_are_those_on_paper(space, formula):
    target = Rmse(xr.DataArray(0 * SAMPLES, {"time": SAMPLES}, "time"))
    found = identify(space, target)
    size = np.sqrt(np.mean(WAVE**2))
    expected = [2.0 * np.sqrt(np.mean(SAMPLES**2)), 0, 2 * size, 4 * size]
    assert found.table["sensitivity"].values == pytest.approx(expected)
    assert found.table["value"].values.tolist() == [20, 3, 0.4, 0.6]
    fisher = found.table["strength"].values
    assert (np.diff(fisher) <= 0).all()
    assert fisher.sum() == pytest.approx(SAMPLES.size * np.sum(np.square(expected)))


def test_what_the_data_do_not_determine_is_named(space, formula):
    target = Rmse(xr.DataArray(3 * WAVE + 1, {"time": SAMPLES}, "time"))
    found = identify(space, target)
    assert {"spread", "first", "second"} == set(found.undetermined)
    ((a, b, r),) = found.together
    assert {a, b} == {"first", "second"}
    assert r == pytest.approx(-1, abs=1e-3)
    assert "only together" in repr(found)
    # the direction that changes nothing is the one in which the two weights cancel
    flat = found.table["loading"].values[-2:]
    assert np.abs(flat @ [0, 0, 2, 4]).max() == pytest.approx(0, abs=1e-6)
    without = identify(Space(space.base, {"time": space.parameters["time"]}), target)
    assert without.undetermined == without.together == []


def test_a_perfect_fit_does_not_make_everything_certain(space, formula):
    """Errors were 0: of one trial nothing tells them, of several their noise does."""
    target = Rmse(xr.DataArray(2 * WAVE * 0.4 + 4 * WAVE * 0.6, {"time": SAMPLES}, "time"))
    found = identify(space, target)
    assert np.isnan(found.table["error"].values[0])
    assert found.undetermined == ["spread", "first", "second"]
    assert "spread: 3, undetermined, sensitivity 0" in repr(found)
    assert "error unknown, as residuals are 0" in repr(found)
    only = Space(space.base, {"time": space.parameters["time"]})
    several = identify(only, target, trials=400)
    # a slope through 41 samples, of which each has a variance of 1/400; up to twice as much, as
    # of noise so small nobody knows how alike samples are
    least = np.sqrt(1 / 400 / np.sum((2 * SAMPLES) ** 2))
    assert least < several.table["error"].values[0] < 1.5 * least


@pytest.fixture
def jitter(monkeypatch):
    """Trials of all sets differ, by more than a small step changes; a spread changes nothing."""
    random = np.random.default_rng(1)

    def by_trial(network, sets, objective, options, progress=None):
        given = [{FIRST: 0.4} | values for values in sets]
        waves = [2 * v[FIRST] * WAVE + 0.1 * (v[TIME] - 20) * SAMPLES for v in given]
        loud = random.normal(size=(len(sets), options["trials"], 4))
        shapes = np.sin(np.outer([1, 2, 3, 4], SAMPLES / 10))
        return [np.array(waves)[:, None] + 0.3 * loud @ shapes], []

    monkeypatch.setattr(identifiability, "by_trial", by_trial)


def test_jitter_is_not_taken_for_an_effect(space, jitter):
    """It was: a weight looked three times as strong, and a spread of no effect well determined."""
    data = xr.DataArray(0.8 * WAVE, {"time": SAMPLES}, "time")
    chosen = {name: space.parameters[name] for name in ("time", "spread", "first")}
    found = identify(Space(space.base, chosen), Rmse(data), trials=12)
    size = 2 * np.sqrt(np.mean(WAVE**2))
    assert found.table["sensitivity"].sel(parameter="first") == pytest.approx(size, rel=0.4)
    assert found.undetermined == ["spread"]
    assert "12 trials" in found.noise
    assert "steps up to 32% of ranges" in repr(found)


#: How much of each of some shapes comes with a parameter; none with the spread.
MIXED = np.outer([12.0, 0.0, 8.0, 8.0], np.ones(12)) * np.sin(np.outer([1, 2, 3, 4], range(1, 13)))


def _fitted(space, seed):
    """Return what `gauss` makes of a waveform with noise: 60 candidates with noise of their own."""
    random = np.random.default_rng(seed)
    # a recording is of more trials than a candidate
    asked, recorded = [], random.normal(size=12) / 2

    def compare(units, stage="", /):
        amounts = (units - 0.5) @ MIXED + random.normal(size=(len(units), 12)) - recorded
        residuals = amounts @ np.sin(np.outer(np.arange(1, 13), SAMPLES / 13))
        asked.extend((unit, row, stage) for unit, row in zip(units, residuals, strict=True))
        return residuals

    OPTIMISERS["gauss"](Search(np.full(4, 0.52), lambda _: [], seed, 1e-3, 60, None, compare))
    units, residuals, stages = map(np.array, zip(*asked, strict=True))
    along = "candidate"
    history = xr.Dataset({
        "values": ((along, "parameter"), space.from_unit(units)),
        "loss": (along, np.sqrt(np.mean(residuals**2, axis=1))),
        "fresh": (along, np.full(len(units), np.nan)), "stage": (along, stages),
        "residuals": ((along, "residual"), residuals),
    })  # fmt: skip
    return Fit(space, None, history, "budget spent", {})


def test_candidates_of_gauss_tell_errors(space):
    """They were a third too small: half of the true values lay within one, four fifths in two."""
    fits = [_fitted(space, seed) for seed in range(60)]
    found = [fit.identify() for fit in fits]
    some, truth = [0, 2, 3], space.from_unit(np.full(4, 0.5))
    off = np.array([[*fit.values.values()] for fit in fits]) - truth
    z = (off / np.array([one.table["deviation"].values for one in found]))[:, some]
    # 180 values, whose shares have standard errors of 0.035 and 0.02
    assert np.mean(np.abs(z) < 1) == pytest.approx(0.7, abs=0.08)
    assert np.mean(np.abs(z) < 2) == pytest.approx(0.95, abs=0.04)
    assert np.mean(["spread" in one.undetermined for one in found]) > 0.8
    assert "60 candidates with draws of their own" in repr(found[0])
    # 1 ms of a time, whose range is 20 ms; 15 % of all others
    table = found[0].table
    assert table["deviation"].values[0] == pytest.approx(20 * table["error"].values[0])
    wanted = [1, *0.15 * table["value"].values[1:]]
    assert table["wanted"].values == pytest.approx(wanted)


def test_what_trades_off_is_named(space, formula):
    target = Rmse(xr.DataArray(3 * WAVE + 1, {"time": SAMPLES}, "time"))
    found = identify(space, target)
    assert {"spread", "first", "second"} <= set(found.uncertain)
    assert list(found.trades("first")) == ["second"]
    assert found.trades("time") == {}
    said = "first is not known within 1 ms or 15%: trades off with second (r = -1.00)"
    assert said in repr(found)


def test_at_a_bound_it_moves_inwards(space, formula):
    target = Rmse(xr.DataArray(0 * SAMPLES, {"time": SAMPLES}, "time"))
    middle, edge = identify(space, target), identify(space, target, [10, 1, 0, 1])
    assert edge.table["sensitivity"].values == pytest.approx(middle.table["sensitivity"].values)


def test_a_step_must_make_sense(space, formula):
    target = Rmse(xr.DataArray(0 * SAMPLES, {"time": SAMPLES}, "time"))
    with pytest.raises(ModelError, match="step"):
        identify(space, target, step=0.0)
    with pytest.raises(ModelError, match="rows of 4 numbers"):
        identify(space, target, [20, 3])
    # what is beyond a bound was taken for the bound
    with pytest.raises(ModelError, match="time: must be from 10 to 30; got 40"):
        identify(space, target, [40, 3, 0.4, 0.6])


def test_a_simulated_column():
    """A weight of a drive that arrives after the data is not determined; its time neither."""
    column = models.erp(grid=(3, 3)).remove("drives.evprox2").set({TIME: 8.0})
    weight = "drives.evprox1.targets.L5_pyramidal.weights.ampa"
    space = Space(column, {
        "seen": Parameter(weight, 0.0005, 0.02), "late": Parameter("drives.evdist1.mu", 60, 70),
    })  # fmt: skip
    data = apical.simulate(column, 25.0, trials=2, seed=7).average().total()
    target = Rmse(data.isel(time=slice(None, None, 40)), smooth=3) + 0.01 * Rates(
        {"L5_pyramidal": 10}
    )
    found = identify(space, target, duration=25.0, trials=2, precision="single")
    assert found.table["sensitivity"].values[0] > 0
    assert found.table["sensitivity"].values[1] == 0
    assert found.undetermined == ["late"]
    late = xr.DataArray([1.0, 2.0], {"time": [50.0, 60.0]}, "time")
    with pytest.raises(DataError, match="nothing to compare"):
        identify(space, Rmse(late), duration=5.0)
