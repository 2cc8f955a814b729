"""Objectives: what they measure, and that trials are averaged before they are compared."""

import dataclasses
import json

import numpy as np
import pytest
import xarray as xr

from apical import compare, rmse
from apical.analysis import DataError
from apical.fit import Parameter
from apical.fit.objectives import (
    BandPower,
    Correlation,
    Function,
    Peak,
    Rates,
    Rmse,
    Spectrum,
    Sum,
)
from apical.fit.texts import objective_from, plain, restored
from apical.result import Result
from synthetic import Network, Population, make_result

ONE = Network(populations={"cells": Population("L5", "excitatory", True)}, drives={})


def waves(*trials, stop=200.0, dt=0.5, spikes=()):
    """Return a result whose trials have these functions of time as dipoles."""
    time = np.arange(round(stop / dt) + 1) * dt
    columns = {"trial": [], "time": [], "source": [], "cell": []}
    for trial, at in spikes:
        for name, value in zip(columns, (trial, at, 0, 0), strict=True):
            columns[name].append(value)
    return Result.from_arrays(
        ONE,
        time,
        np.array([[f(time)] for f in trials]),
        spikes={name: np.array(c, float if name == "time" else int) for name, c in columns.items()},
        sources={"cells": 2},
        provenance={"duration": stop},
    )


def recorded(f, step=2.0, stop=150.0):
    time = np.arange(0, stop + step / 2, step)
    return xr.DataArray(f(time), {"time": time}, "time")


def sine(hertz, size=1.0):
    return lambda t: size * np.sin(2e-3 * np.pi * hertz * t)


def test_rmse_is_that_of_the_smoothed_and_scaled_mean():
    result = make_result(trials=3, stop=50.0)
    data = recorded(sine(30), step=1.7, stop=60.0)
    shown = result.smooth(5).scale(3000).average().total()
    assert Rmse(data, smooth=5, scale=3000).loss(result) == pytest.approx(rmse(shown, data))
    window = Rmse(data, (10, 40), smooth=5, scale=3000).loss(result)
    assert window == pytest.approx(rmse(shown, data, 10, 40))


def test_trials_are_averaged_before_they_are_compared():
    noisy = waves(lambda t: 2 + 5 * (t % 3), lambda t: 2 - 5 * (t % 3))
    assert Rmse(recorded(lambda t: 2 + 0 * t)).loss(noisy) == pytest.approx(0, abs=1e-12)


def test_weights_count():
    result, data = waves(lambda t: t), recorded(lambda t: np.where(t < 100, t, 0))
    first = xr.DataArray([1.0, 1.0, 0.0, 0.0], {"time": [0, 99, 99.5, 150]}, "time")
    assert Rmse(data, weights=first).loss(result) == 0
    assert Rmse(data).weighted(first).loss(result) == 0
    assert Rmse(data, weights=5 * (1 - first)).loss(result) == pytest.approx(
        Rmse(data, (100, None)).loss(result)
    )


def test_the_scale_is_solved():
    result, data = waves(sine(12)), recorded(sine(12, 7.0))
    objective = Rmse(data, scale="solve")
    assert objective.loss(result) == pytest.approx(0, abs=1e-12)
    assert objective.scale_of(objective.measure(result)[0]) == pytest.approx(7)
    # a column does not count less than nothing
    assert Rmse(-data, scale="solve").loss(result) == pytest.approx(float((data**2).mean()) ** 0.5)
    best = min(Rmse(data + 1, scale=s).loss(result) for s in np.linspace(5, 9, 401))
    assert 0.9999 * best < Rmse(data + 1, scale="solve").loss(result) <= best


def test_correlation_is_one_minus_pearson():
    result, data = waves(sine(12), sine(5)), recorded(sine(11))
    expected = 1 - compare(result.average().total(), data).correlation
    assert Correlation(data).loss(result) == pytest.approx(expected)
    assert Correlation(data).loss(waves(lambda t: 0 * t)) == 1


def test_what_is_beyond_the_run_is_left_out():
    result = waves(lambda t: t, stop=60.0)
    assert Rmse(recorded(lambda t: t + np.where(t > 60, 99, 1))).loss(result) == pytest.approx(1)
    assert np.isnan(Rmse(recorded(lambda t: t), (70, 150)).loss(result))


def test_a_peak_has_a_time_and_a_size():
    def bump(at, size):
        return lambda t: size * np.exp(-(((t - at) / 8) ** 2))

    result = waves(bump(60, 3.0), bump(60, 5.0))
    assert Peak((40, 90), latency=60, amplitude=8, scale=2).loss(result) == pytest.approx(0)
    wrong = Peak((40, 90), latency=57, amplitude=4, latency_weight=2)
    assert wrong.residuals(wrong.measure(result).mean(axis=0)) == pytest.approx([6, 0], abs=1e-6)
    assert np.isnan(Peak((40, 300), latency=60).loss(result))


def test_a_spectrum_is_compared_in_decibels():
    result = make_result(trials=4, stop=300.0)
    data = 10 * result.total()
    assert Spectrum(data, scale=1.0).loss(result) == pytest.approx(20)
    assert Spectrum(data, scale=10.0).loss(result) == pytest.approx(0, abs=1e-9)
    assert Spectrum(data).loss(result) == pytest.approx(0, abs=1e-9)


def test_shares_of_power_in_bands():
    both = waves(lambda t: sine(20)(t) + sine(60)(t), stop=1000.0)
    bands = {"beta": (15, 30), "gamma": (40, 80)}
    assert BandPower(bands).loss(both) == pytest.approx(0, abs=1e-3)
    assert BandPower({"beta": (15, 30)}).loss(both) == pytest.approx(0.5, abs=1e-2)
    assert BandPower(bands, {"beta": 0.5, "gamma": 0.5}).loss(both) == pytest.approx(0, abs=1e-2)
    assert BandPower({"beta": (15, 30)}).loss(waves(lambda t: 0 * t)) == 1


def test_rates_of_cells():
    result = waves(sine(1), sine(1), spikes=[(0, 10.0), (0, 20.0), (1, 30.0), (1, 199.0)])
    # 2 cells and 0.2 s
    assert Rates({"cells": 5}).loss(result) == pytest.approx(0)
    assert Rates({"cells": 5}, (0, 100)).loss(result) == pytest.approx(2.5)
    with pytest.raises(DataError, match="no population 'L9'"):
        Rates({"L9": 5}).loss(result)


def test_a_function_gets_trials_one_by_one():
    result = make_result(trials=3)
    seen = []

    def spikes_of(trial):
        seen.append(trial.trials)
        return trial.spikes.sizes["spike"]

    assert Function(spikes_of).loss(result) == pytest.approx(result.spikes.sizes["spike"] / 3)
    assert seen == [1, 1, 1]
    squared = Function(lambda r: r.total().values[0], lambda mean: -float((mean**2).sum()))
    assert squared.loss(result) == pytest.approx(-float((result.total().mean("trial") ** 2).sum()))


def test_objectives_add_up():
    result, data = make_result(trials=2, stop=60.0), recorded(sine(30), stop=60.0)
    a, b = Rmse(data), Rates({"L5_pyramidal": 8})
    both = a + 0.5 * b
    assert both.loss(result) == pytest.approx(a.loss(result) + 0.5 * b.loss(result))
    assert [weight for _, weight in (2 * both + a).parts] == [2, 1, 1]
    with pytest.raises(DataError):
        Sum(((a, -1.0),))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda d: Rmse(d, scale=0.0), "scale"),
        (lambda d: Rmse(d, scale="solved"), "scale"),
        (lambda d: Rmse(d, (500, 600)), "fewer than 2 samples"),
        (lambda d: Rmse(d, weights=0 * d), "weights"),
        (lambda d: Correlation(d.where(d["time"] > 50)), "finite"),
        (lambda d: Peak((40, 90)), "latency"),
        (lambda d: Peak((40, None), latency=50), "two times"),
        (lambda d: Peak((90, 40), latency=50), "two times"),
        (lambda d: Spectrum(d, (3000, 4000)), "fewer than 2 frequencies"),
        (lambda d: BandPower({"a": (1, 2)}, {"b": 1}), "share"),
        (lambda d: Rates({}), "rates"),
        (lambda d: Rates({"cells": 1.0}).weighted(d), "weighted in time"),
    ],
)
def test_what_makes_no_sense_is_refused(make, said):
    with pytest.raises(DataError, match=said):
        make(recorded(sine(3)))


@pytest.mark.parametrize(
    "make",
    [
        lambda d: Rmse(d, (5, 40), weights=abs(d) + 1, smooth=4.0, scale="solve"),
        lambda d: Correlation(d, ("5 ms", None)),
        lambda d: Peak((10, 40), latency=20.0, polarity="negative"),
        lambda d: Spectrum(d, (5, 90)),
        lambda d: BandPower({"beta": (15, 90)}, {"beta": 0.3}),
        lambda d: BandPower({"kind": (15, 90)}, {"kind": 0.3}),
        lambda d: Rmse(d) + 0.1 * Rates({"L5_pyramidal": 8}),
    ],
)
def test_objectives_are_written_and_read(make):
    result, objective = make_result(stop=60.0), make(recorded(sine(30), stop=60.0))
    again = objective_from(plain(objective))
    assert again.loss(result) == objective.loss(result)


def test_a_parameter_may_have_any_name():
    given = {"kind": Parameter("celsius", 20, 40), "of": Parameter("threshold", 0, 1)}
    assert restored(json.loads(json.dumps(plain(given)))) == given


def test_functions_cannot_be_read_back():
    assert objective_from(plain(Function(np.mean))) is None
    first, second = (plain(Function(f))["of_trial"] for f in (lambda r: 1.0, lambda r: 2.0))
    assert first["name"] == second["name"]
    assert first["does"] != second["does"]


def test_objectives_do_not_change():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Rates({"cells": 1.0}).rates = {}  # type: ignore[misc]
