"""Morlet wavelets and power by time and frequency."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from apical.analysis import DataError, morlet, psd, tfr
from synthetic import make_result

# 80 samples at 1 kHz, and mne.time_frequency.tfr_array_morlet(..., [60, 110.5], [3, 4.5],
# output="power") of MNE-Python 1.13.2 on them, every 20th sample
SAMPLES = [
    2.04, -2.56, 0.42, -0.57, -0.45, -0.22, -2.02, -0.23, -0.87, 3.32, 0.23, -0.35, -0.28, -0.67,
    -1.06, -0.39, 0.48, -0.24, 0.96, -0.2, 0.02, 1.55, 0.55, -0.51, -0.18, 0.54, 1.94, -0.27, -0.24,
    1.0, -0.89, -0.29, 0.88, 0.58, 0.09, 0.67, -2.83, 1.02, -0.96, -1.67, 0.28, 0.7, -0.44, -1.08,
    0.03, -0.05, 1.41, 0.75, 0.19, 1.11, -0.21, -0.93, 0.58, 0.58, -0.21, -0.78, 0.23, -2.49, 0.69,
    0.49, -1.64, 0.06, -0.96, 0.76, -2.03, -0.91, 0.71, 1.16, -2.16, -0.5, 0.33, -0.61, 1.59, -1.19,
    0.35, -1.05, 1.41, -0.02, -0.37, -1.72,
]  # fmt: skip
OF_MNE = {
    True: [
        [1.176456939493925, 0.8659845876076143, 3.114678546057038, 0.3373283826375549],
        [1.4028152329478805, 1.3550394534606671, 0.21246175956123525, 0.09891060073589616],
    ],
    False: [
        [1.1764479533421128, 0.8728150933830198, 3.1216785266534606, 0.3611651190918455],
        [1.4027374495590799, 1.3550789494922082, 0.21244399362077526, 0.09885691693292413],
    ],
}


def wave(values, dt=1.0, dims=("time",)):
    values = np.asarray(values, dtype=float)
    time = np.arange(values.shape[-1]) * dt
    return xr.DataArray(values, dims=dims, coords={"time": time}, attrs={"units": "nAm"})


def noise(*shape, dt=1.0, seed=0):
    values = np.random.default_rng(seed).normal(size=shape)
    return wave(values, dt, ("trial", "layer", "time")[-len(shape) :])


@pytest.mark.parametrize("zero_mean", [True, False])
def test_equals_mne(zero_mean):
    found = tfr(wave(SAMPLES), [60, 110.5], [3, 4.5], zero_mean=zero_mean, every=20)
    # rounding of another order of the same sums
    np.testing.assert_allclose(found, OF_MNE[zero_mean], rtol=1e-12)


@given(st.floats(5, 100), st.floats(0.5, 20), st.floats(500, 5000))
def test_wavelets(frequency, cycles, rate):
    found = morlet(frequency, cycles, rate)
    assert found.size % 2 == 1
    assert np.vdot(found, found).real == pytest.approx(2.0, rel=1e-12)
    np.testing.assert_allclose(found, found[::-1].conj(), rtol=0, atol=1e-12)
    # the sum is zero but for what is cut at 5 standard deviations, of size exp(-12.5)
    width = rate * cycles / (2 * np.pi * frequency)
    if width > 3:  # samples: fewer do not see the Gaussian
        assert abs(found.sum()) < 1e-5 * np.abs(found).sum()
    if cycles > 3:  # below, what makes the sum zero shows
        assert abs(found[found.size // 2]) == np.abs(found).max()


def test_labels():
    result = make_result(trials=3, stop=100.0)
    found = tfr(result.dipole, [60, 40, 80], 2, every=4)
    assert found.dims == ("trial", "population", "frequency", "time")
    assert found.sizes == {"trial": 3, "population": 2, "frequency": 3, "time": 51}
    assert found["frequency"].values.tolist() == [60, 40, 80]
    assert found["time"].values.tolist() == result.time[::4].tolist()
    assert found["layer"].identical(result.dipole["layer"])
    assert found.attrs["units"] == "nAm2"
    np.testing.assert_allclose(found["sigma"], 2000 / (2 * np.pi * np.array([60, 40, 80])))
    assert tfr(result.total()[0], [60], 2).dims == ("frequency", "time")


def test_the_average_is_that_of_every_trial():
    data = noise(3, 2, 120)
    found, mean = tfr(data, [50, 80], 3), tfr(data, [50, 80], 3, average=True)
    assert mean.dims == ("layer", "frequency", "time")
    np.testing.assert_allclose(mean, found.mean("trial"), rtol=1e-12)
    for k in range(3):
        np.testing.assert_allclose(found[k], tfr(data[k], [50, 80], 3), rtol=1e-10)
    late = data.transpose("time", "layer", "trial")
    np.testing.assert_array_equal(tfr(late, [50, 80], 3, average=True), mean)


@given(st.integers(0, 119))
def test_a_pulse_shows_the_wavelet(at):
    values = np.zeros(120)
    values[at] = 1.0
    found = tfr(wave(values), [50], 3)[0]
    wavelet = np.abs(morlet(50, 3, 1000.0)) ** 2
    offset = np.arange(120) - at + wavelet.size // 2
    expected = np.where(
        (offset >= 0) & (offset < wavelet.size), wavelet.take(offset, mode="clip"), 0
    )
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-15)


def test_mirrored_ends():
    data = noise(60)
    mirrored = np.concatenate([data[:0:-1], data, data[-2::-1]])
    expected = tfr(wave(mirrored), [70], 4)[0, 59:119]
    np.testing.assert_allclose(tfr(data, [70], 4, padding="mirror")[0], expected, rtol=1e-10)


def test_a_sine_is_found_at_its_time_and_frequency():
    time = np.arange(2000) * 0.5
    values = np.where(time > 500, np.sin(2 * np.pi * 0.04 * time), 0.0)
    found = tfr(wave(values, 0.5), np.arange(20.0, 80, 5))
    frequency, at = np.unravel_index(found.values.argmax(), found.shape)
    assert found["frequency"][frequency] == 40
    assert found["time"][at] > 500
    assert found.sel(frequency=40, time=250) < 1e-6 * found.max()


@pytest.mark.parametrize("dt", [1.0, 0.25])
def test_over_the_sampling_rate_it_is_a_density(dt):
    data = noise(20, round(2000 / dt), dt=dt).rename(layer="trial")
    density = tfr(data, [50.0], average=True).mean() / (1000 / dt)
    expected = psd(data, average=True).mean()
    # 20 trials of 2 s and a band of 7 Hz: some hundreds of independent samples
    assert float(density) == pytest.approx(float(expected), rel=0.15)


def test_all_that_is_wrong_is_named():
    with pytest.raises(DataError) as caught:
        tfr(noise(100), [0, 10, 50, 500, 80], [7, 7, 7, 7, -1])
    lines = str(caught.value).splitlines()
    assert len(lines) == 4
    assert "above 0 and below 500 Hz; got 0 Hz" in lines[0]
    assert lines[1].startswith("the wavelet of 7 cycles at 10 Hz is 1114 ms long")
    assert "got 500 Hz" in lines[2]
    assert "got -1 at 80 Hz" in lines[3]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"frequencies": []}, "list of frequencies"),
        ({"n_cycles": [3, 4, 5]}, r"shapes \(2,\) and \(3,\)"),
        ({"padding": "wrap"}, "'zeros' or 'mirror'; got 'wrap'"),
        ({"every": 0}, "every must be"),
        ({"average": True}, "average needs trials"),
    ],
)
def test_impossible_options(options, message):
    with pytest.raises(DataError, match=message):
        tfr(noise(100), **{"frequencies": [50, 60], "n_cycles": 3} | options)
