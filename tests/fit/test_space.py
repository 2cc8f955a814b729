"""The space of parameters: named, bounded, checked against the model."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sweeping import AMPLITUDE, LATE, MU, SIGMA, WEIGHT, small

from apical.errors import ModelError
from apical.fit import Normal, Parameter, Space
from apical.models import load
from apical.testing.networks import pair_of_populations

NETWORK = small()


def space(**more):
    parameters = {
        "time": Parameter(MU, 1, 5),
        "weight": Parameter(WEIGHT, 1e-4, 1e-1, scale="log"),
        "spread": Parameter(SIGMA, 0.5, 2.0),
    }
    return Space(NETWORK, parameters | more)


def problems(parameters):
    with pytest.raises(ModelError) as caught:
        Space(NETWORK, parameters)
    return [str(p) for p in caught.value.problems]


def test_what_is_given_as_something_else_is_said():
    for make in (
        lambda: Space("erp", {"time": Parameter(MU, 1, 5)}),
        lambda: Space.usual("erp", MU),
        lambda: Space.of_drives("erp"),
    ):
        with pytest.raises(ModelError, match=r"network: must be a Network; got 'erp' \(models"):
            make()
    with pytest.raises(ModelError, match=r"parameters: must be a mapping .*; got 'drives\.\*'"):
        Space(NETWORK, "drives.*")
    message = r"drives: must be several names, such as \['evprox1'\]; got 'early' \(write \['early'"
    with pytest.raises(ModelError, match=message):
        Space.of_drives(NETWORK, "early")
    with pytest.raises(ModelError, match="drives: must be several names"):
        Space.of_drives(NETWORK, 3)


# --- what it is -------------------------------------------------------------------------------


def test_it_starts_where_the_model_is_within_its_bounds():
    found = space(late=Parameter(LATE, 6, 9), given=Parameter(AMPLITUDE, -1, 1, start=0.5))
    assert found.names == ("time", "weight", "spread", "late", "given")
    assert found.start.tolist() == [2.0, 0.01, 1.0, 6.0, 0.5]
    assert found.low.tolist() == [1.0, 1e-4, 0.5, 6.0, -1.0]
    assert found.base is NETWORK
    assert "5 parameters: time, weight" in repr(found)
    with pytest.raises(ValueError, match="read-only"):
        found.start[0] = 9


def test_a_row_becomes_changes_and_a_network():
    found = space()
    assert found.changes([3, 0.05, 1.5]) == {MU: 3.0, WEIGHT: 0.05, SIGMA: 1.5}
    changed = found.network([3, 0.05, 1.5])
    assert [changed.get(p) for p in (MU, WEIGHT, SIGMA)] == [3.0, 0.05, 1.5]
    assert found.network(found.start) == NETWORK


def test_tied_addresses_change_together():
    tied = Parameter({MU: 1.0, LATE: 2.5}, 1, 3)
    found = Space(NETWORK, {"both": tied, "spreads": Parameter(["drives.*.sigma"], 0.1, 5)})
    assert found.start.tolist() == [2.0, 1.0]
    assert found.changes([2, 0.5]) == {
        MU: 2.0, LATE: 5.0, SIGMA: 0.5, "drives.late.sigma": 0.5,
    }  # fmt: skip


def test_a_pattern_is_one_parameter_for_each_number():
    found = Space(NETWORK, {"times": Parameter("drives.*.mu", 0, 6)})
    assert found.names == (MU, LATE)
    assert found.start.tolist() == [2.0, 5.0]


# --- usual ranges -----------------------------------------------------------------------------


def test_all_evoked_drives_in_one_call():
    network = load("erp")
    found = Space.of_drives(network)
    assert len(found) == 20
    assert found.names[:4] == ("evdist1.mu", "evdist1.sigma", "evdist1.L2_basket.ampa",
                               "evdist1.L2_basket.nmda")  # fmt: skip
    assert found.network(found.start).content_hash() == network.content_hash()
    # three spreads to both sides
    time = found.parameters["evprox1.mu"]
    assert time.low == pytest.approx(26.61 - 3 * 2.47)
    assert time.high == pytest.approx(26.61 + 3 * 2.47)
    weight = found.parameters["evprox1.L2_basket.ampa"]
    assert (weight.low, weight.high, weight.scale) == (0.08831 / 5, 0.08831 * 5, "log")
    for corner in (found.low, found.high):
        found.network(corner)


def test_what_of_drives_varies_is_chosen():
    found = Space.of_drives(NETWORK, ["early"], times=4, spreads=False, weights=2)
    assert found.names == ("early.mu", "early.cells.excitation")
    assert found.low.tolist() == [0.0, 0.005]
    assert found.high.tolist() == [6.0, 0.02]
    # a weight of 0 stays
    assert Space.of_drives(NETWORK, ["late"]).names == ("late.mu", "late.sigma")


def test_usual_ranges_of_any_numbers():
    found = Space.usual(NETWORK, "drives.*.mu", "cells.cell.sections.cable.L", "ions.ek")
    assert found.names == (MU, LATE, "cells.cell.sections.cable.L", "ions.ek")
    assert found.low.tolist() == [0.0, 0.0, 30.0, -154.0]
    assert found.high.tolist() == [7.0, 11.0, 120.0, -38.5]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Space.of_drives(NETWORK, ["earley"]), "did you mean 'early'"),
        (lambda: Space.of_drives(pair_of_populations()), "at least one evoked drive"),
        (lambda: Space.of_drives(NETWORK, weights=1), r"weights: must be .* > 1; got 1"),
        (lambda: Space.of_drives(NETWORK, times=-3), r"times: must be .* > 0; got -3"),
        (lambda: Space.usual(NETWORK, AMPLITUDE), "gives no range"),
        (lambda: Space.usual(NETWORK, "drives.*.nu"), "fits no number"),
    ],
)
def test_ranges_that_make_no_sense_are_refused(call, words):
    with pytest.raises(ModelError, match=words):
        call()


# --- checked against the model ----------------------------------------------------------------


def test_everything_wrong_is_said_at_once():
    said = problems({
        "a": Parameter("drives.early.muu", 1, 2),
        "b": Parameter("drives.early.n_spikes", 1, 2),
        "c": Parameter(SIGMA, 2, 2),
        "d": Parameter(LATE, 0, 2, scale="log", start=7),
        "e": Parameter(WEIGHT, 0, 1, scale="logs", prior="normal"),
        "f": Parameter(AMPLITUDE, 0, 1, prior=Normal(2, 1)),
        "g": Parameter({MU: 0}, 0, 1),
        "h": "drives.early.mu",
        "i": Parameter(MU, "1 ms", 2),
    })  # fmt: skip
    words = [
        "did you mean 'mu'", "must hold a real number; it holds 1", "Parameter; got 'h'",
        "c: bounds must be finite, low below high; got 2 and 2",
        "d: low must be > 0 on a log scale", "d: start must be within the bounds; got 7",
        "e: scale must be one of linear, log; got 'logs'", "e: prior must be 'uniform'",
        "f: prior must have its mean within", "g: factors must be finite and not 0",
        "i: bounds and start must be plain numbers; got '1 ms'",
    ]  # fmt: skip
    for word in words:
        assert any(word in line for line in said), word
    assert len(said) == len(words)


def test_bounds_that_the_model_refuses_are_told():
    assert problems({"s": Parameter(SIGMA, -1, 2), "w": Parameter({WEIGHT: -1.0}, 1, 2)}) == [
        f"s: at its bound -1: {SIGMA}: must be ≥ 0 ms; got -1.0",
        f"w: at its bound 1: {WEIGHT}: must be ≥ 0 uS; got -1.0",
        f"w: at its bound 2: {WEIGHT}: must be ≥ 0 uS; got -2.0",
    ]


def test_an_address_has_one_parameter():
    (said,) = problems({"a": Parameter(MU, 1, 2), "b": Parameter(["drives.*.mu"], 1, 2)})
    assert said == f"b: sets '{MU}', as 'a' does"
    assert "at least one" in problems({})[0]


def test_values_beyond_the_bounds_are_refused():
    with pytest.raises(ModelError) as caught:
        space().sets([[1, 0.01, 1], [0.9, 0.01, np.nan]])
    assert [str(p) for p in caught.value.problems] == [
        "values[1].time: must be from 1 to 5; got 0.9",
        "values[1].spread: must be from 0.5 to 2; got nan",
    ]
    with pytest.raises(ModelError, match="rows of 3 numbers"):
        space().changes([1, 2])
    with pytest.raises(ModelError, match="rows of 3 numbers; got"):
        space().sets([{MU: 1}])


# --- scales, samples, grids -------------------------------------------------------------------


@settings(max_examples=100)
@given(unit=st.lists(st.lists(st.floats(0, 1), min_size=3, max_size=3), min_size=1, max_size=4))
def test_units_go_there_and_back(unit):
    found = space()
    values = found.from_unit(unit)
    assert ((found.low <= values) & (values <= found.high)).all()
    assert found.to_unit(values) == pytest.approx(np.array(unit), abs=1e-12)


def test_ends_and_middles_of_scales():
    found = space()
    assert found.from_unit(np.zeros(3)) == pytest.approx(found.low)
    assert found.from_unit(np.ones(3)) == pytest.approx(found.high)
    assert found.from_unit(np.full(3, 0.5)) == pytest.approx([3, 10**-2.5, 1.25])


@pytest.mark.parametrize("method", ["random", "sobol", "halton", "latin"])
def test_samples_are_seeded_and_within_bounds(method):
    found = space()
    values = found.sample(37, method, seed=4)
    assert values.shape == (37, 3)
    assert ((found.low <= values) & (values <= found.high)).all()
    assert np.array_equal(values, found.sample(37, method, seed=4))
    assert not np.array_equal(values, found.sample(37, method, seed=5))
    if method != "latin":
        assert np.array_equal(values[:5], found.sample(5, method, seed=4))
    # uniform on each scale: means of 37 draws, 4 standard errors
    assert found.to_unit(values).mean(axis=0) == pytest.approx(0.5, abs=4 * 0.289 / 37**0.5)


def test_priors_are_normal_cut_at_the_bounds():
    found = space(
        time=Parameter(MU, 1, 5, prior=Normal(2, 0.25)),
        weight=Parameter(WEIGHT, 1e-4, 1e-1, scale="log", prior=Normal(0.01, 0.2)),
    )
    values = found.sample(4000, seed=1)
    time, weight = values[:, 0], np.log(values[:, 1])
    # four standard errors of mean and deviation
    assert time.mean() == pytest.approx(2, abs=4 * 0.25 / 4000**0.5)
    assert time.std() == pytest.approx(0.25, rel=4 / 8000**0.5)
    assert weight.mean() == pytest.approx(np.log(0.01), abs=4 * 0.2 / 4000**0.5)
    cut = space(time=Parameter(MU, 1, 5, prior=Normal(1, 10)))
    assert cut.quantiles(np.zeros(3))[0] == 1
    assert cut.quantiles(np.ones(3))[0] == pytest.approx(5)


def test_grids_are_combinations():
    found = space()
    rows = found.grid({"weight": 4, "time": 2})
    assert rows[:, 1] == pytest.approx(np.repeat([1e-4, 1e-3, 1e-2, 1e-1], 2))
    assert rows[:, 0].tolist() == [1.0, 5.0] * 4
    assert rows[:, 2].tolist() == [1.0] * 8
    found.sets(rows)
    with pytest.raises(ModelError, match=r"did you mean 'time'(.|\n)*points ≥ 2; got 1"):
        found.grid({"tine": 3, "weight": 1})


@pytest.mark.parametrize("given", [{"n": 0}, {"n": 3, "method": "grid"}])
def test_samples_that_make_no_sense_are_refused(given):
    with pytest.raises(ModelError, match="must be"):
        space().sample(**given)


@pytest.mark.parametrize("n", [0, 2.5, True, "ten"])
def test_a_number_of_rows_that_is_none_is_refused(n):
    with pytest.raises(ModelError, match="n: must be a whole number"):
        space().sample(n)
