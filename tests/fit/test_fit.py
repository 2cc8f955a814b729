"""Fits: what is returned, kept and resumed; the faults of hnn-core's optimisers cannot happen.

Most of these fit a formula in place of a simulation; the last few simulate a tiny column.
"""

import math

import numpy as np
import pytest
import xarray as xr

import apical
from apical import models
from apical.analysis import DataError
from apical.errors import Cancelled, FileFormatError, ModelError
from apical.fit import Parameter, Space, candidates, identifiability, load_fit, run
from apical.fit.objectives import Function, Rates, Rmse
from apical.fit.run import METHODS

TIME, WEIGHT = "drives.evprox1.mu", "drives.evprox1.targets.L5_pyramidal.weights.ampa"
TRUTH = {TIME: 17.0, WEIGHT: 0.0015}
SAMPLES = np.arange(0.0, 41.0)
PARAMETERS = {
    "time": Parameter(TIME, 10, 30),
    "weight": Parameter(WEIGHT, 0.0003, 0.003, scale="log"),
}


def wave(values):
    """Return a bump at a drive's time, as high as its weight."""
    return 1e4 * values[WEIGHT] * np.exp(-(((SAMPLES - values[TIME]) / 6) ** 2))


@pytest.fixture(scope="module")
def column():
    """A column of 24 cells with one drive of one target, which does not make it fire."""
    whole = models.erp(grid=(3, 3)).remove("drives.evdist1", "drives.evprox2")
    target = {"L5_pyramidal": {"weights": {"ampa": 0.0008}, "delay": 1.0}}
    return whole.set({TIME: 20.0, "drives.evprox1.sigma": 0.5, "drives.evprox1.targets": target})


@pytest.fixture
def formula(monkeypatch, column):
    """Replace simulations by a formula; return every set of values that was asked for."""
    asked = []

    def measured(network, sets, objective, options, progress=None):
        asked.extend(sets)
        if progress:
            progress(1.0)
        defaults = {path: column.get(path) for path in TRUTH}
        means = [[wave(defaults | values)] for values in sets]
        for mean, values in zip(means, sets, strict=True):
            if values.get(TIME, 0) > 28:
                mean[0] = np.full(1, np.nan)
        return means, []

    monkeypatch.setattr(candidates, "measured", measured)
    return asked


@pytest.fixture
def target():
    return Rmse(xr.DataArray(wave(TRUTH), {"time": SAMPLES}, "time"))


def fitted(column, target, **options):
    return apical.fit(Space(column, PARAMETERS), target, 40.0, **{"budget": 120, **options})


@pytest.mark.parametrize("method", METHODS)
def test_the_truth_is_found(method, column, target, formula):
    fit = fitted(column, target, method=method, budget=250 if method == "cma" else 120)
    assert fit.values["time"] == pytest.approx(17, abs=1)
    assert fit.values["weight"] == pytest.approx(0.0015, rel=0.15)
    assert fit.network == column.set({TIME: fit.values["time"], WEIGHT: fit.values["weight"]})


@pytest.mark.parametrize("method", METHODS)
def test_every_parameter_has_its_own_bounds(method, column, target, formula):
    """hnn-core's COBYLA gave all parameters the bounds of the last."""
    fit = fitted(column, target, method=method, budget=60)
    assert all(10 <= values[TIME] <= 30 and 0.0003 <= values[WEIGHT] <= 0.003 for values in formula)
    assert np.ptp(fit.history["values"].values, axis=0) == pytest.approx([10, 0.0015], rel=0.95)


@pytest.mark.parametrize("method", METHODS)
def test_the_best_seen_is_returned_and_all_is_kept(method, column, target, formula):
    """hnn-core returned what its optimiser happened to end with, and kept half of its history."""
    fit = fitted(column, target, method=method, budget=45)
    history = fit.history
    rows = [fit.space.changes(row) for row in history["values"].values]
    assert [row for row in rows if row in formula] == rows
    losses = [target.loss_of(wave(r)) if r[TIME] <= 28 else math.nan for r in rows]
    np.testing.assert_array_equal(history["loss"], losses)
    assert fit.loss == np.nanmin(losses) == history["best"].values[-1]
    assert fit.best == int(np.nanargmin(losses))
    np.testing.assert_array_equal(history["best"], np.fmin.accumulate(losses))
    assert history["failed"].values.tolist() == np.isnan(losses).tolist()
    assert list(fit.values.values()) == history["values"].values[fit.best].tolist()


@pytest.mark.parametrize("method", METHODS)
def test_bounds_hold_where_the_truth_is_outside(method, column, target, formula):
    """hnn-core returned 0.625 with the bounds 0.5 and 0.55."""
    near = {"time": Parameter(TIME, 18.0, 19.0), "weight": Parameter(WEIGHT, 0.002, 0.003)}
    fit = apical.fit(Space(column, near), target, 40.0, method=method, budget=80)
    assert fit.values["time"] == pytest.approx(18, abs=0.1)
    assert fit.values["weight"] == pytest.approx(0.002, abs=0.0001)
    values = fit.history["values"].values
    assert (values >= fit.space.low).all()
    assert (values <= fit.space.high).all()


@pytest.mark.parametrize("method", METHODS)
def test_equal_seeds_give_equal_fits(method, column, target, formula):
    np.random.seed(1)
    first = fitted(column, target, method=method, budget=40, seed=5)
    np.random.seed(2)
    assert fitted(column, target, method=method, budget=40, seed=5).history.identical(first.history)


def test_cma_takes_any_number_of_parameters(column, formula, target):
    space = Space.of_drives(models.erp(grid=(3, 3)))
    assert len(space) == 20
    fit = apical.fit(space, target, budget=60)
    assert fit.history.sizes == {"candidate": 60, "parameter": len(space)}


@pytest.mark.parametrize("method", METHODS)
def test_an_interrupted_fit_goes_on(method, column, target, formula, tmp_path):
    whole = fitted(column, target, method=method, budget=40)
    path, done = tmp_path / "fit.journal", []

    def interrupted(report):
        done.append(report)
        if report.candidates >= 17:
            raise KeyboardInterrupt

    part = fitted(column, target, method=method, budget=40, journal=path, progress=interrupted)
    assert part.reason == "stopped"
    assert 17 <= part.history.sizes["candidate"] < 40
    del formula[:]
    resumed = fitted(column, target, method=method, budget=40, journal=path)
    assert resumed.history.identical(whole.history)
    assert resumed.reason == whole.reason
    asked = {tuple(values.values()) for values in formula}
    assert not asked & {tuple(row) for row in part.history["values"].values.tolist()}
    with pytest.raises(FileFormatError, match="other work"):
        fitted(column, target, method=method, seed=9, journal=path)


def test_a_journal_serves_a_larger_budget(column, target, formula, tmp_path):
    path = tmp_path / "fit.journal"
    small = fitted(column, target, budget=20, journal=path)
    large = fitted(column, target, budget=50, journal=path)
    assert large.history.isel(candidate=slice(20)).equals(small.history)
    assert len(formula) == 50


def test_a_journal_that_has_the_start_goes_on_where_neighbours_fail(
    column, target, formula, tmp_path
):
    """The first candidate that was not in the journal was taken for the start."""
    space = Space(column, {**PARAMETERS, "time": Parameter(TIME, 10, 30, start=27.9)})
    path = tmp_path / "fit.journal"
    apical.fit(space, target, 40.0, budget=1, journal=path)
    given = {"method": "lbfgs", "budget": 12}
    resumed = apical.fit(space, target, 40.0, journal=path, **given)
    assert resumed.history["failed"].values[:3].tolist() == [False, True, False]
    assert resumed.history.identical(apical.fit(space, target, 40.0, **given).history)


def test_a_journal_is_of_one_version(column, target, formula, tmp_path, monkeypatch):
    path = tmp_path / "fit.journal"
    fitted(column, target, budget=20, journal=path)
    monkeypatch.setattr(run, "__version__", "0.0.0")
    with pytest.raises(FileFormatError, match=r"apical was .*, now '0\.0\.0'"):
        fitted(column, target, budget=20, journal=path)


def test_a_fit_ends_at_its_goal_and_when_it_is_stopped(column, target, formula):
    reached = fitted(column, target, goal=1.0, budget=400)
    assert reached.reason == "goal reached"
    assert reached.loss <= 1.0
    reports = []

    def stop(report):
        reports.append(report)
        if report.candidates > 20:
            raise Cancelled

    stopped = fitted(column, target, progress=stop)
    assert stopped.reason == "stopped"
    assert stopped.loss == np.nanmin(stopped.history["loss"])
    assert [r.done for r in reports] == sorted(r.done for r in reports)
    assert reports[-1].loss == stopped.loss
    assert reports[-1].values == stopped.values

    def at_once(report):
        raise Cancelled

    with pytest.raises(Cancelled):
        fitted(column, target, progress=at_once)


@pytest.fixture
def noisy(monkeypatch, column):
    """Replace simulations by a formula whose trials differ; return seeds and trials asked for."""
    asked = []

    def measured(network, sets, objective, options, progress=None):
        seeds = np.broadcast_to(options["seed"], len(sets)).tolist()
        given = list(zip(seeds, sets, strict=True))
        asked.extend((seed, options["trials"], tuple(values.items())) for seed, values in given)
        if progress:
            progress(1.0)
        means = []
        for seed, values in given:
            # as when spikes come and go: the same for equal draws and values
            key = repr((seed, sorted(values.items()))).encode()
            noise = np.random.default_rng(list(key)).normal(size=SAMPLES.size)
            means.append([wave(values) + 2 * noise / math.sqrt(options["trials"])])
        return means, []

    monkeypatch.setattr(candidates, "measured", measured)
    return asked


def test_the_best_few_are_tried_with_fresh_trials(column, target, noisy):
    plain = fitted(column, target, seed=3)
    assert np.isnan(plain.history["fresh"]).all()
    assert math.isnan(plain.fresh_loss)
    fit = fitted(column, target, seed=3, confirm=25)
    assert fit.history.drop_vars("fresh").identical(plain.history.drop_vars("fresh"))
    loss, fresh = (fit.history[name].values for name in ("loss", "fresh"))
    tried = np.flatnonzero(~np.isnan(fresh))
    assert tried.size == 8
    assert loss[tried].max() <= np.sort(loss)[7]
    assert fit.best_seen == plain.best == int(np.nanargmin(loss))
    assert fit.best == int(np.nanargmin(fresh)) != fit.best_seen
    assert (fit.loss, fit.fresh_loss) == (loss[fit.best], np.nanmin(fresh))
    # seen, within bounds, and what is confirmed is not what is fitted or simulated later
    assert list(fit.values.values()) == fit.history["values"].values[fit.best].tolist()
    seeds = {(seed, trials) for seed, trials, _ in noisy}
    assert len(seeds) == 2
    (fresh_seed,) = (seed for seed, trials in seeds if trials == 25)
    assert fresh_seed not in (3, 4)
    assert f"{fit.fresh_loss:.4g} with fresh trials" in repr(fit)


def test_fresh_trials_are_kept_by_the_journal(column, target, noisy, tmp_path):
    path, reports = tmp_path / "fit.journal", []
    whole = fitted(column, target, budget=30, confirm=9)
    fitted(column, target, budget=30, journal=path)

    def interrupted(report):
        reports.append(report)
        if len([trials for _, trials, _ in noisy if trials == 9]) == 3:
            raise Cancelled

    del noisy[:]
    part = fitted(column, target, budget=30, confirm=9, journal=path, progress=interrupted)
    assert part.reason == "stopped"
    assert part.history.drop_vars("fresh").identical(whole.history.drop_vars("fresh"))
    del noisy[:]
    reports.clear()
    again = fitted(column, target, budget=30, confirm=9, journal=path, progress=reports.append)
    assert again.history.identical(whole.history)
    assert len(noisy) == 6
    assert [r.done for r in reports] == sorted(r.done for r in reports)
    assert reports[-1].done == 1
    again.save(tmp_path / "fit.nc")
    assert load_fit(tmp_path / "fit.nc").best == again.best


def test_gauss_returns_its_estimate(column, target, noisy, tmp_path):
    """Each candidate has draws of its own; the smallest loss of such is luck."""
    path = tmp_path / "fit.journal"
    fit = fitted(column, target, method="gauss", budget=30, seed=1, journal=path)
    assert len({seed for seed, *_ in noisy}) == 30
    assert fit.best == 29 != fit.best_seen
    assert fit.history["stage"].values.tolist() == [""] * 29 + ["estimate"]
    tried = fitted(column, target, method="gauss", budget=30, seed=1, confirm=9, journal=path)
    assert not np.isnan(tried.history["fresh"].values[29])
    assert tried.best == int(np.nanargmin(tried.history["fresh"]))
    fit.save(tmp_path / "fit.nc")
    assert load_fit(tmp_path / "fit.nc").best == 29


def test_fresh_trials_of_few_candidates(column, target, formula):
    """Equal candidates count once; what fails with fresh trials is not chosen."""
    fit = fitted(column, target, budget=3, confirm=5)
    assert (~np.isnan(fit.history["fresh"])).sum() == 3
    assert fit.best == fit.best_seen


def test_a_fit_that_converges_says_so(column, target, formula):
    assert fitted(column, target, method="cobyla").reason == "converged"
    assert fitted(column, target, budget=12).reason == "budget spent"


def test_what_makes_no_sense_is_refused_at_once(column, target, formula):
    with pytest.raises(ModelError) as caught:
        apical.fit(column, "rmse", method="cmaes", budget=0, tolerance=2.0, together=1, confirm=-1)
    said = [p.path for p in caught.value.problems]
    assert said == ["space", "objective", "method", "budget", "tolerance", "together", "confirm"]
    with pytest.raises(DataError, match="cannot begin"):
        apical.fit(Space(column, {"time": Parameter(TIME, 10, 30, start=29)}), target)
    assert len(formula) == 1


def test_gauss_refuses_a_loss_without_residuals(column, target, formula):
    """It looked for zeros of a loss that was smallest below 0, and ended anywhere."""
    own = Function(lambda result: 0.0, lambda mean: -float(mean.max()))
    for objective in (own, target + 0.1 * own):
        with pytest.raises(ModelError, match="method: gauss needs residuals"):
            fitted(column, objective, method="gauss")
    assert not formula
    assert fitted(column, own, method="cma", budget=20).loss < 0


def test_a_function_is_not_asked_about_candidates_that_failed(column, formula):
    """Its error ended the fit, and all that had been tried was lost."""

    def of_mean(mean):
        assert mean.shape == SAMPLES.shape
        return float(np.abs(mean - wave(TRUTH)).sum())

    found = fitted(column, Function(lambda result: 0.0, of_mean), budget=40)
    assert found.history["failed"].any()
    assert found.history.sizes["candidate"] == 40


def test_a_journal_is_of_one_order_of_names(column, target, formula, tmp_path):
    """Arrays follow the order, and sums the arrays, to the last bit."""
    path = tmp_path / "fit.journal"
    fitted(column, target, budget=2, journal=path)
    turned = column.with_(populations=dict(reversed(list(column.populations.items()))))
    assert turned.content_hash() == column.content_hash()
    with pytest.raises(FileFormatError, match="other work"):
        fitted(turned, target, budget=2, journal=path)


def test_an_option_that_is_none_is_named(column, target, formula):
    with pytest.raises(ModelError, match="precison: is no option of a fit"):
        fitted(column, target, budget=2, precison="double")


def test_a_stepwise_fit_names_a_drive_after_the_recording(target, formula):
    """Also one that ends before the simulation, or with a window."""
    late = models.erp(grid=(3, 3)).set({"drives.evprox2.mu": 5000})
    space = Space(late, {"near": Parameter(TIME, 10, 30),
                         "late": Parameter("drives.evprox2.mu", 4900, 5100)})  # fmt: skip
    said = "evprox2: arrives at 4900 to 5100 ms, after the end of what is compared, "
    for objective, duration, end in (
        (target, 170.0, 40), (target, 30.0, 30),
        (Rmse(target.recorded, window=(0, 20)) + Rates({"L5_pyramidal": 8}), 30.0, 20),
    ):  # fmt: skip
        with pytest.raises(ModelError, match=f"{said}{end} ms"):
            apical.fit(space, objective, duration, method="stepwise", budget=4, trials=1)
    assert formula == []


def test_the_engine_is_kept_by_name(column, target, formula):
    """Or a fit could begin on a GPU and go on without, and its losses would not be comparable."""
    found = fitted(column, target, budget=2)
    assert found.provenance["simulated"]["engine"] in ("cpu", "cuda")


def test_a_fit_is_written_and_read(column, target, formula, tmp_path):
    fit = fitted(column, target, budget=20)
    fit.save(tmp_path / "fit.nc")
    again = load_fit(tmp_path / "fit.nc")
    assert again.history.equals(fit.history)
    assert (again.reason, again.values, again.network) == (fit.reason, fit.values, fit.network)
    assert again.provenance == fit.provenance
    assert repr(again) == repr(fit)
    assert again.space.parameters == fit.space.parameters
    assert "20 candidates" in repr(fit)
    own = fitted(column, Function(lambda r: 1.0, lambda m: float(m.max())), budget=4)
    own.save(tmp_path / "own.nc")
    assert load_fit(tmp_path / "own.nc").objective is None
    (tmp_path / "bad.nc").write_bytes((tmp_path / "fit.nc").read_bytes()[:3000])
    with pytest.raises(FileFormatError):
        load_fit(tmp_path / "bad.nc")


# --- with simulations -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def recording(column):
    """What the column does with a known time and weight, and draws that no fit sees."""
    made = apical.simulate(column.set(TRUTH), 35.0, trials=12, seed=4242)
    return made.smooth(4).average().total().isel(time=slice(None, None, 40))


@pytest.mark.parametrize("method", ["cma", "stepwise"])
def test_time_and_weight_are_recovered(method, column, recording):
    fit = apical.fit(
        Space(column, PARAMETERS),
        Rmse(recording, smooth=4),
        35.0,
        method=method,
        budget=48,
        trials=4,
    )
    assert fit.values["time"] == pytest.approx(TRUTH[TIME], abs=1.0)
    assert fit.values["weight"] == pytest.approx(TRUTH[WEIGHT], rel=0.15)
    fresh = fit.objective.loss(fit.simulate(8))
    assert fresh < 0.5 * fit.history["loss"].values[0]


@pytest.mark.slow
def test_what_is_identifiable_is_recovered():
    """Two drives of three targets, in draws that the fit does not see."""
    whole = models.erp(grid=(3, 3)).remove("drives.evprox2")
    targets = {
        name: {n: {"weights": {"ampa": 0.0003}, "delay": 1.0} for n in cells}
        for name, cells in {"evprox1": ["L2_pyramidal", "L5_pyramidal"],
                            "evdist1": ["L5_pyramidal"]}.items()
    }  # fmt: skip
    changes = {TIME: 20.0, "drives.evdist1.mu": 45.0}
    for name, found in targets.items():
        changes |= {f"drives.{name}.sigma": 0.5, f"drives.{name}.targets": found}
    start = whole.set(changes)
    space = Space.of_drives(start, times=6, spreads=False, weights=4)
    factors = [1.6, 0.6, 1.4]
    truth = {"evprox1.mu": 17.0, "evdist1.mu": 48.5}
    weights = [name for name in space.names if not name.endswith(".mu")]
    truth |= {n: 0.0003 * factor for n, factor in zip(weights, factors, strict=True)}
    made = apical.simulate(
        space.network([truth[name] for name in space.names]), 70.0, trials=12, seed=4242,
        precision="single",
    )  # fmt: skip
    recorded = made.smooth(4).average().total().isel(time=slice(None, None, 40))
    fit = apical.fit(
        space, Rmse(recorded, smooth=4), 70.0, method="gauss", budget=41, trials=4, confirm=8
    )
    found = fit.identify()
    assert "41 candidates" in found.noise
    # the weight onto L2 can nearly be made up for by that onto L5
    assert set(found.uncertain) <= {"evprox1.L2_pyramidal.ampa"}
    for name, error in zip(space.names, found.table["deviation"].values, strict=True):
        assert fit.values[name] == pytest.approx(truth[name], abs=3 * error), name


def test_gauss_tells_errors_without_simulating(column, recording, tmp_path, monkeypatch):
    fit = apical.fit(
        Space(column, PARAMETERS), Rmse(recording, smooth=4), 20.0, method="gauss", budget=7,
        trials=1,
    )  # fmt: skip
    fit.save(tmp_path / "fit.nc")
    monkeypatch.setattr(identifiability, "by_trial", None)
    found = fit.identify()
    assert "7 candidates" in found.noise
    assert repr(apical.load_fit(tmp_path / "fit.nc").identify()) == repr(found)


def test_losses_are_those_of_results(column, recording):
    """Candidates are simulated together and reduced; alone they have the same loss to a bit."""
    objective = Rmse(recording, smooth=4) + 0.01 * Rates({"L5_pyramidal": 10.0})
    fit = apical.fit(Space(column, PARAMETERS), objective, 20.0, budget=5, trials=2)
    for row, loss in zip(fit.history["values"].values, fit.history["loss"].values, strict=True):
        result = apical.simulate(fit.space.network(row), 20.0, trials=2, precision="single")
        assert objective.loss(result) == pytest.approx(loss, rel=1e-12)


def test_an_objective_that_fails_says_why(column):
    def wrong(result):
        raise ValueError("no such thing")

    with pytest.raises(DataError, match="no such thing"):
        apical.fit(Space(column, PARAMETERS), Function(wrong), 5.0)
    late = xr.DataArray([1.0, 2.0], {"time": [50.0, 60.0]}, "time")
    with pytest.raises(DataError, match="too short"):
        apical.fit(Space(column, PARAMETERS), Rmse(late), 5.0)
