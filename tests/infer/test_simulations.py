"""Simulations to learn from: each with its own noise, resumed bit for bit, failures left out."""

import numpy as np
import pytest
import toy
import xarray as xr

import apical
from apical.analysis import DataError
from apical.errors import Cancelled, ModelError
from apical.fit import Parameter, Space, sweep
from apical.infer.features import Components, Function, Peaks, Samples
from apical.infer.origin import check_origin
from apical.infer.simulations import (
    check,
    drawn,
    learned,
    measured,
    observed,
    seeds,
    simulated,
    table,
    try_functions,
)

GIVEN = {"duration": toy.DURATION, "trials": 2, "batch": 3, **toy.OPTIONS}
MU = "drives.early.mu"


@pytest.fixture(scope="module")
def space():
    return Space(
        toy.small(), {"early": Parameter(MU, 1, 3), "late": Parameter("drives.late.mu", 3, 5)}
    )


@pytest.fixture(scope="module")
def features():
    return [Components(n=3, every=0.5).within(toy.DURATION), Peaks({"all": (1, 5)})]


def simulations(space, features, n=7, **more):
    return simulated(space, features, drawn(space, n, 1), seeds(n, 1), {**GIVEN, **more})[0]


def test_each_simulation_is_that_of_its_values_and_seed(space, features):
    data, ensemble = simulated(
        space, features, drawn(space, 4, 1), seeds(4, 1), {**GIVEN, "dipole_every": 0.5}
    )
    row, seed = data["values"].values[2], int(data["seed"][2])
    alone = apical.simulate(space.network(row), toy.DURATION, trials=2, seed=seed, **toy.OPTIONS)
    for k, feature in enumerate(features):
        np.testing.assert_array_equal(data[f"measured_{k}"][2], feature.measure(alone))
    np.testing.assert_array_equal(ensemble.rerun(5).dipole[0], alone.dipole[1])
    assert data["unit"].values.tolist() == ["ms", "ms"]


def test_equal_values_have_different_noise(space):
    """With one seed for all, a posterior would be that of one draw, far too narrow."""
    rows = np.tile(space.start, (3, 1))
    data, _ = simulated(space, [Components(every=0.5).within(6)], rows, seeds(3, 1), GIVEN)
    measured = data["measured_0"].values
    assert len(np.unique(measured, axis=0)) == 3


def test_an_interrupted_one_goes_on_bit_for_bit(space, features, tmp_path):
    path, told = tmp_path / "infer.journal", []

    def stop(done):
        told.append(done)
        if done > 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        simulations(space, features, journal=path, progress=stop)
    size = path.stat().st_size
    resumed = simulations(space, features, journal=path)
    assert path.stat().st_size > size
    assert resumed.identical(simulations(space, features))
    # fewer are the first of more
    assert simulations(space, features, n=4).identical(resumed.isel(simulation=slice(4)))


def test_failures_are_left_out_and_counted(space, features):
    def strange(result):
        total = result.total()
        return 0 if float(result.network.get(MU)) < 2 else float(total.max()) / 0

    with np.errstate(divide="ignore"):
        data = simulations(space, [*features, Function(_odd, {"odd": "1"})], n=8)
    bad = data["values"].values[:, 0] < 2
    assert bad.any()
    assert not bad.all()
    assert data["failed"].values.tolist() == bad.tolist()
    assert "too early" in data.attrs["failure"]
    found = table(learned([*features, Function(_odd, {"odd": "1"})], data), data)
    assert np.isfinite(found.values[~bad]).all()
    with pytest.raises(DataError, match="too early"):
        simulations(space, [Function(_never, {"odd": "1"})], n=2)


def _odd(result):
    if result.network.get(MU) < 2:
        raise ValueError("too early")
    return [1.0]


def _never(result):
    raise ValueError("too early")


def test_a_function_that_gives_too_much_is_told_at_once(space, features):
    """It was found when all was simulated, without saying where."""
    told = []
    strange = [*features, Function(_odd, {"odd": "1", "even": "1"}), Function(_two, {"two": "1"})]
    given = {"progress": lambda report: told.append(report), "batch": 2, **GIVEN}
    what = strange, drawn(space, 40, 1), seeds(40, 1)
    with pytest.raises(ModelError) as caught:
        try_functions(space, *what, given)
    assert [problem.path for problem in caught.value.problems] == ["features[2]", "features[3]"]
    assert "gives 1 values, but has 2 names: odd, even" in str(caught.value)
    assert len(told) < 10
    with pytest.raises(ModelError, match="gives 2 values, but has 1 names"):
        simulated(space, [strange[3]], what[1][:2], what[2][:2], GIVEN)
    own = {"values": (("simulation", "parameter"), what[1]), "failed": ("simulation", [False] * 40)}
    one = xr.Dataset({**own, "measured_0": (("simulation", "k"), np.zeros((40, 2)))})
    with pytest.raises(ModelError, match="gives 2 values"):
        check_origin(one.assign_coords(parameter=list(space.names)), space, [strange[3]], GIVEN)
    # that the first few fail is no reason to give up
    try_functions(space, [Function(_never, {"odd": "1"})], *what[1:], GIVEN)


def _two(result):
    return [1.0, 2.0]


def test_names_that_are_there_twice_are_refused():
    twice = [Peaks({"P50": (1, 3)}), Peaks({"N70": (1, 3), "P50": (3, 5)}), Samples((0, 4))]
    assert [problem.path for problem in check(twice, 6.0, 0.05)] == ["features[1]"]
    same = [Samples((0, 4)), Samples((2, 6)), Components(n=2, window=(0, 4))]
    (problem,) = check(same, 6.0, 0.05)
    assert "features[1]: has '2 ms', as features[0] has" in str(problem)


def test_an_array_of_another_number_of_features_is_refused_at_once():
    """It was when all was simulated and learned."""
    two = Function(len, {"a": "1", "b": "Hz"})
    for wrong in ([1.0], [1.0, np.nan], [[1.0, 2.0]]):
        with pytest.raises(DataError, match="2 features, finite: a, b"):
            measured([two], wrong, 1.0)
    assert measured([two], [1.0, 2.0], 1.0) is None


def test_data_are_measured_as_simulations_are(space, features):
    data = simulations(space, features)
    known = learned(features, data)
    result = apical.simulate(
        space.network(data["values"].values[0]), toy.DURATION, trials=2,
        seed=int(data["seed"][0]), **toy.OPTIONS,
    )  # fmt: skip
    found = observed(known, result, 1.0)
    np.testing.assert_allclose(found, table(known, data)[0])
    mean = 20 * result.average().total().isel(trial=0)
    np.testing.assert_allclose(observed(known, mean, 20.0), found)
    np.testing.assert_array_equal(observed(known, found, 1.0), found)
    with pytest.raises(DataError, match="as long as Components need"):
        observed(known, mean.sel(time=slice(0, 5)), 1.0)
    with pytest.raises(DataError, match="5 features"):
        observed(known, found[:2], 1.0)


def test_sets_may_have_seeds_of_their_own():
    sets = [{MU: 2.0}, {MU: 2.0}, {MU: 3.0}]
    given = {"duration": toy.DURATION, "trials": 2, **toy.OPTIONS}
    found = sweep(toy.small(), sets, seed=[5, 6, 7], batch=2, **given)
    turned = sweep(toy.small(), sets[::-1], seed=[7, 6, 5], **given)
    dipole = found.dataset["dipole"].values
    np.testing.assert_array_equal(dipole[:2], turned.dataset["dipole"].values[4:])
    assert (dipole[:2] != dipole[2:4]).any()
    assert found.dataset["seed"].values.tolist() == [5, 5, 6, 6, 7, 7]
    assert found.provenance["seed"] is None
    np.testing.assert_array_equal(found.rerun(3).dipole[0][:, ::5], dipole[3])
    many = apical.simulate_many(toy.small(), sets, seed=[5, 6, 7], **given)
    np.testing.assert_array_equal(many.dataset["dipole"], dipole)
    assert many.dataset.coords["seed"].identical(found.dataset.coords["seed"])


@pytest.mark.parametrize("seed", [[1, 2], [1, 2, -3], [1, 2, 0.5], ["a", 1, 2], [True, 1, 2], []])
@pytest.mark.parametrize("verb", [sweep, apical.simulate_many])
def test_seeds_that_are_none_are_refused(verb, seed):
    with pytest.raises(ModelError, match="seed"):
        verb(toy.small(), [{MU: 1.0 + k} for k in range(3)], 1.0, seed=seed, **toy.OPTIONS)
