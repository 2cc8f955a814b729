"""Posteriors, with the exact one of the toy in place of a network."""

import importlib.util

import numpy as np
import pytest
import toy
from scipy.stats import multivariate_normal

import apical
from apical.errors import MissingPackageError, ModelError
from apical.infer.features import Components, Samples
from conftest import OBSERVED


def test_log_prob_is_the_density_of_the_values(posterior):
    mean, covariance = toy.exact(OBSERVED)
    rows = posterior.samples.values[:50]
    # z is (value - mean) / sd of the prior; the spread is on a log scale
    expected = multivariate_normal(mean, covariance).logpdf(toy.z_of(rows)) - np.log(2 * 0.5)
    np.testing.assert_allclose(posterior.log_prob(rows), expected, rtol=1e-6)
    assert posterior.log_prob([25, 20, 1]).tolist() == [-np.inf]
    assert posterior.log_prob([10, 20, 1]).shape == (1,)


def test_samples_intervals_and_mode_are_right(posterior):
    mean, covariance = toy.exact(OBSERVED)
    expected = {
        "early": 10 + mean[0], "late": 20 + 2 * mean[1], "spread": np.exp(0.5 * mean[2]),
    }  # fmt: skip
    assert posterior.mode == pytest.approx(expected, rel=1e-2)
    found = posterior.intervals(0.9)
    assert found["unit"].values.tolist() == ["ms", "ms", "ms"]
    half = 1.645 * np.sqrt(covariance.diagonal())
    for k, edge in (("low", mean - half), ("high", mean + half), ("median", mean)):
        # 4000 draws know a quantile to a few hundredths of a standard deviation
        np.testing.assert_allclose(toy.z_of(found[k].values), edge, atol=0.06)
    np.testing.assert_allclose(found["narrowed"], 1 / np.sqrt(covariance.diagonal()), rtol=0.07)
    assert posterior.network.get("drives.early.mu") == pytest.approx(expected["early"], rel=1e-2)
    assert "early: " in repr(posterior)
    assert " ms" in repr(posterior)


def test_other_data_give_another_posterior(posterior):
    other = posterior.given(-OBSERVED)
    z = toy.z_of(other.samples.values)
    np.testing.assert_allclose(z.mean(axis=0), toy.exact(-OBSERVED)[0], atol=0.03)
    np.testing.assert_array_equal(other.samples, posterior.given(-OBSERVED).samples)
    assert posterior.beyond == []
    assert posterior.given(50 * OBSERVED).beyond == ["x0", "x1", "x2", "x3"]
    assert "beyond all simulations: x0" in repr(posterior.given(50 * OBSERVED))


def test_it_is_calibrated_by_simulations(posterior):
    found = posterior.calibrate(toy.table(300, 78), draws=200)
    assert found.table.sizes["simulation"] == 300
    assert found.draws == 200
    assert (found.p_values > 0.01).all()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"simulations": 0}, "simulations"),
        ({"samples": 2.5}, "samples"),
        ({"scale": -1}, "scale"),
        ({"engin": "cpu"}, "did you mean 'engine'"),
        ({"estimator": {"kinds": "maf"}}, "did you mean 'kind'"),
        ({"estimator": {"kind": "flow"}}, "must be one of maf"),
        ({"estimator": {"hidden": 0}}, "estimator.hidden"),
        ({"estimator": {"rate": 2}}, "estimator.rate"),
        ({"features": [Samples((0, 9))]}, r"features\[0\]"),
        ({"features": [3]}, "must be a Feature"),
        ({"features": []}, "must be a Feature"),
    ],
)
def test_what_makes_no_sense_is_refused(more, said):
    features = more.pop("features", Components(every=0.5))
    with pytest.raises(ModelError, match=said):
        apical.infer(toy.space(), features, OBSERVED, toy.DURATION, **more)


@pytest.mark.skipif(importlib.util.find_spec("sbi") is not None, reason="sbi is installed")
def test_the_missing_extra_is_named_before_anything_is_simulated():
    with pytest.raises(MissingPackageError, match=r"apical\[sbi\]"):
        apical.infer(toy.space(), Components(every=0.5), OBSERVED, toy.DURATION)


def test_numbers_that_are_none_are_refused(posterior):
    """They were found by NumPy, or gave nothing."""
    for ask, name in [
        (lambda: posterior.sample(0), "n"), (lambda: posterior.predict(2.5), "n"),
        (lambda: posterior.calibrate(0), "simulations"),
        (lambda: posterior.calibrate(5, draws=True), "draws"),
    ]:  # fmt: skip
        with pytest.raises(ModelError, match=f"^{name}: must be a whole number"):
            ask()
