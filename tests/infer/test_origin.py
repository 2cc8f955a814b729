"""Simulations that were made otherwise than is wanted are refused, with all that differs."""

import dataclasses
import re

import numpy as np
import pytest
import toy
import xarray as xr

import apical
from apical.analysis import DataError
from apical.errors import ModelError
from apical.fit import Normal, Parameter, Space
from apical.infer.features import Components, Peaks
from apical.infer.origin import MADE_WITH, check_origin
from apical.infer.simulations import drawn, learned, seeds, simulated

GIVEN = {"duration": toy.DURATION, "trials": 2, **toy.OPTIONS}
PEAKS = Peaks({"all": (1, 5)})


def space(network=None, high=3.0, **more):
    parameters = {
        "early": Parameter("drives.early.mu", 1, high),
        "late": Parameter("drives.late.mu", 3, 5, **more),
    }
    return Space(network or toy.small(), parameters)


def features(**more):
    return [Components(n=3, **{"every": 0.5, **more}).within(toy.DURATION), PEAKS]


@pytest.fixture(scope="module")
def data():
    known = space()
    return simulated(known, features(), drawn(known, 5, 1), seeds(5, 1), GIVEN)[0]


def refused(*given):
    with pytest.raises(ModelError) as caught:
        check_origin(*given)
    return [problem.path for problem in caught.value.problems]


def test_those_that_are_wanted_are_taken(data):
    check_origin(data, space(), features(), GIVEN)
    # what the start of a fit, rounding and threads are is of no consequence
    check_origin(data, space(start=4.0), features(), {**GIVEN, "precision": "single", "threads": 2})
    # what was learned from them is not what is measured
    check_origin(data, space(), learned(features(), data), GIVEN)
    check_origin(data.isel(simulation=slice(2)), space(), features(), GIVEN)


@pytest.mark.parametrize(
    ("option", "value"), [("duration", 7.0), ("trials", 1), ("dt", 0.025), ("start", "steady")]
)
def test_other_options_are_told(data, option, value):
    found = refused(data, space(), features(), {**GIVEN, option: value})
    assert found == [f"simulations.{option}"]


def test_everything_that_differs_is_told_at_once(data):
    other = space(toy.small().set({"celsius": 7.0}), high=4.0, prior=Normal(4, 1))
    found = refused(data, other, features(every=0.25), {**GIVEN, "duration": 8.0, "trials": 3})
    assert found == [
        "simulations.duration", "simulations.trials", "simulations.model",
        "simulations.parameters.early.high", "simulations.parameters.late.prior",
        "simulations.measured_0",
    ]  # fmt: skip


def test_an_inference_refuses_them_before_all_else(data):
    """Also before it says that sbi is missing."""
    given = {"simulations": data, **toy.OPTIONS}
    with pytest.raises(ModelError) as caught:
        apical.infer(
            space(), [Components(n=3, every=0.5), PEAKS], np.zeros(5), 8.0, trials=3, **given
        )
    assert [problem.path for problem in caught.value.problems] == [
        "simulations.duration", "simulations.trials", "simulations.measured_0",
    ]  # fmt: skip


def test_what_is_missing_is_told(data):
    assert refused(data.drop_vars("measured_1"), space(), features(), GIVEN) == ["simulations"]
    assert refused(data, space(), features()[:1], GIVEN) == ["simulations"]
    one = Space(toy.small(), {"early": Parameter("drives.early.mu", 1, 3)})
    assert refused(data, one, features(), GIVEN) == ["simulations"]
    assert refused(xr.Dataset(), space(), features(), GIVEN) == ["simulations"]
    found = refused(data, space(high=1.0001), features(), GIVEN)
    assert found == ["simulations.values.early"]


def test_a_table_of_the_users_own_is_asked_for_what_it_must_have(data):
    own = data.drop_attrs()
    check_origin(own, space(), features(), {**GIVEN, "duration": 8.0})
    assert refused(own, space(high=1.0001), features(), GIVEN) == ["simulations.values.early"]


def test_a_posterior_is_not_calibrated_with_others(posterior, data):
    known = dataclasses.replace(
        posterior, space=space(), features=tuple(features()), simulations=data,
        provenance={"seed": 0, "simulated": GIVEN},
    )  # fmt: skip
    new = space()
    rows = drawn(new, 3, 2)
    longer = {**GIVEN, "duration": 7.0}
    others = simulated(new, features(), rows, seeds(3, 2), longer)[0]
    with pytest.raises(ModelError, match=re.escape("simulations.duration: was 7.0; here it is")):
        known.calibrate(others)
    with pytest.raises(ModelError, match="5 of them are among those that"):
        known.calibrate(data)
    lost = others.assign(failed=("simulation", np.ones(3, bool)))
    lost.attrs[MADE_WITH] = data.attrs[MADE_WITH]
    with pytest.raises(DataError, match="no simulation is left"):
        dataclasses.replace(known, features=learned(features(), data)).calibrate(lost)
