"""Features: what they measure, what they make of it, and what they learn."""

import numpy as np
import pytest
import xarray as xr

import apical
from apical.analysis import DataError
from apical.fit.members import fingerprint
from apical.infer.features import Bands, Components, Function, Peaks, Samples, names_of, units_of
from apical.infer.simulations import check
from synthetic import make_result

TIME = np.arange(0.0, 100.05, 0.1)


def wave(values):
    return xr.DataArray(values, {"time": TIME}, ("time",), attrs={"units": "nAm"})


@pytest.fixture(scope="module")
def bumps():
    """Many dipoles, each of two bumps of random sizes."""
    random = np.random.default_rng(3)
    shapes = np.stack([np.exp(-(((TIME - at) / 8) ** 2)) for at in (30, 70)])
    return [wave(a * shapes[0] + b * shapes[1]) for a, b in random.normal(size=(40, 2))]


def test_samples_are_those_of_the_dipole():
    feature = Samples(every=5.0).within(100.0)
    found = feature.measure(wave(np.sin(TIME / 20)))
    np.testing.assert_allclose(found, np.sin(np.arange(0, 101, 5) / 20), atol=1e-5)
    assert feature.names[:2] == ("0 ms", "5 ms")
    assert set(feature.units) == {"nAm"}


def test_trials_are_measured_one_by_one_and_averaged():
    result = make_result()
    end = float(result.time[-1])
    feature = Samples((0, end), every=end / 4, smooth=end / 10)
    total = result.total()
    each = [feature.measure(total.isel(trial=k)) for k in range(total.sizes["trial"])]
    np.testing.assert_allclose(feature.measure(result), np.mean(each, axis=0))
    np.testing.assert_allclose(feature.summary(result), each[0])


def test_two_components_say_all_of_two_bumps(bumps):
    feature = Components(n=5, every=1.0).within(100.0)
    measured = np.stack([feature.measure(bump) for bump in bumps])
    learned = feature.learned(measured)
    numbers = learned.of(measured)
    assert numbers.shape == (40, 5)
    assert numbers[:, :2].std(axis=0).min() > 0.5
    assert abs(numbers[:, 2:]).max() < 1e-9
    back = learned.mean.values + numbers @ learned.axes.values
    np.testing.assert_allclose(back, measured, atol=1e-9)
    # in whatever order simulations come
    again = feature.learned(measured[::-1])
    np.testing.assert_allclose(again.axes[:2], learned.axes[:2], atol=1e-9)
    with pytest.raises(DataError, match="learned"):
        feature.of(measured)


def test_peaks_have_latency_and_amplitude(bumps):
    feature = Peaks({"first": (10, 50), "second": (50, 90)})
    two = 2 * np.exp(-(((TIME - 30) / 8) ** 2)) - 3 * np.exp(-(((TIME - 70) / 8) ** 2))
    found = feature.of(feature.measure(wave(two))[None])
    np.testing.assert_allclose(found, [[30, 2, 70, -3]], atol=0.01)
    assert feature.names == (
        "first latency", "first amplitude", "second latency", "second amplitude",
    )  # fmt: skip
    assert feature.units == ("ms", "nAm", "ms", "nAm")
    assert np.isnan(feature.of(np.full((1, 321), np.nan))).all()


def test_bands_are_logarithms_of_their_power():
    feature = Bands({"alpha": (8, 13), "beta": (13, 40)}).within(100.0)
    data = wave(np.sin(2 * np.pi * 0.02 * TIME))
    found = feature.of(feature.measure(data)[None])[0]
    power = apical.band_power(apical.psd(data), feature.bands)
    np.testing.assert_allclose(found, np.log10(power))
    assert found[1] > found[0] + 0.7
    # a silent dipole has no logarithm
    assert np.isnan(feature.of(feature.measure(wave(0 * TIME))[None])).all()


def test_a_journal_tells_one_measure_from_another():
    def told(feature):
        return fingerprint(feature.summary)

    samples = Components(window=(0, 100), every=1.0)
    assert told(samples) == told(Components(window=(0, 100), every=1.0, n=3))
    others = [
        Components(window=(0, 100), every=2.0),
        Components(window=(0, 90), every=1.0),
        Components(window=(0, 100), every=1.0, smooth=5.0),
        Peaks({"first": (0, 100)}),
        Bands({"alpha": (8, 13)}, (0, 100)),
        Bands({"alpha": (8, 12)}, (0, 100)),
    ]
    assert len({told(samples), *map(told, others)}) == 7


def test_what_a_run_cannot_have_is_told_at_once():
    features = [
        Samples((0, 120)), Peaks({"late": (90, 110)}), Bands({"slow": (0.01, 1)}, (0, 100)),
        Bands({"alpha": (8, 13)}, (0, 150)), Samples((0, 100)), Function(len, {"n": "1"}),
    ]  # fmt: skip
    assert [problem.path for problem in check(features, 100.0, 0.1)] == [
        "features[0]", "features[1]", "features[2]", "features[3]",
    ]  # fmt: skip


def test_features_stand_side_by_side():
    features = [Peaks({"P50": (30, 60)}), Function(len, {"rate": "Hz"})]
    assert names_of(features) == ["P50 latency", "P50 amplitude", "rate"]
    assert units_of(features) == ["ms", "nAm", "Hz"]
    with pytest.raises(DataError, match="array"):
        features[1].measure(wave(TIME))


@pytest.mark.parametrize(
    "make",
    [
        lambda: Components(n=0),
        lambda: Peaks({}),
        lambda: Peaks({"P50": (60, 30)}),
        lambda: Samples((0, 10), every=20).measure(wave(TIME)),
    ],
)
def test_what_makes_no_sense_is_refused(make):
    with pytest.raises(DataError):
        make()
