"""Smoothing and scaling."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from apical.analysis import DataError, inside, savgol, scale, smooth, time_step
from synthetic import make_result


def wave(values, dt=0.5):
    values = np.asarray(values, dtype=float)
    return xr.DataArray(values, dims="time", coords={"time": np.arange(values.size) * dt})


def test_equals_hnn_core():
    # Dipole.smooth(2.0) of hnn-core 0.6.1 on these samples at 0.5 ms
    expected = [
        0.04705882352941177, 0.35882352941176476, -0.31176470588235294, 0.7352941176470589,
        3.905882352941177, 5.9823529411764715, 3.405882352941177, 0.11176470588235296,
        1.7647058823529413,
    ]  # fmt: skip
    found = smooth(wave([0, 1, -2, 3, 5, 8, -1, 0, 4]), 2.0)
    np.testing.assert_array_equal(found.values, expected)


@given(st.integers(1, 40), st.floats(-5, 5))
def test_a_constant_stays_inside_and_falls_at_the_ends(samples, level):
    found = smooth(wave(np.full(101, level), 0.25), samples * 0.25).values
    inside = found[samples : 101 - samples]
    # rounding of a sum of up to 40 terms; denormal numbers keep no relative precision
    np.testing.assert_allclose(inside, level, rtol=1e-12, atol=1e-300)
    assert (np.abs(found) <= abs(level) * (1 + 1e-12) + 1e-300).all()


def test_every_row_is_smoothed_alone_and_labels_are_kept():
    rng = np.random.default_rng(0)
    data = xr.DataArray(
        rng.normal(size=(2, 3, 50)),
        dims=("trial", "population", "time"),
        coords={"time": np.arange(50) * 0.1, "layer": ("population", ["a", "b", "c"])},
        attrs={"units": "nAm"},
    )
    found = smooth(data, "1 ms")
    assert found.attrs == {**data.attrs, "smoothed": 1.0}
    assert found["layer"].identical(data["layer"])
    assert inside(data) == (0.0, 4.9)
    assert inside(smooth(found, 2.0)) == pytest.approx((1.5, 3.4))
    np.testing.assert_array_equal(found[1, 2], smooth(wave(data[1, 2].values, 0.1), 1.0))
    flipped = smooth(data.transpose("time", "trial", "population"), 1.0)
    np.testing.assert_array_equal(flipped.transpose(*data.dims), found)


@pytest.mark.parametrize("window", [0, -1, 0.1, 100, float("nan"), "2 mV", "long", None])
def test_impossible_windows(window):
    with pytest.raises(DataError, match="smoothing window"):
        smooth(wave(np.zeros(20)), window)


def test_savgol_equals_hnn_core():
    # Dipole.savgol_filter(250) of hnn-core 0.6.1 on these samples at 0.5 ms
    expected = [
        0.28904428904439555, -0.2377622377622704, -0.2470862470862652, 2.2890442890443072,
        5.349650349650362, 4.655011655011656, 1.9137529137529157, 1.5268065268065365,
        2.569347319348227, 1.2668997669010715, -1.9329836829822642, 0.7039627039633687,
    ]  # fmt: skip
    data = wave([0, 1, -2, 3, 5, 8, -1, 0, 4, 2, -3, 1])
    # rounding of the fit at the ends, whose matrix depends on the linear algebra library
    np.testing.assert_allclose(savgol(data, 250), expected, rtol=1e-9)
    assert savgol(data, "0.25 kHz").identical(savgol(data, 250))
    assert savgol(savgol(data, 250), 270).attrs["cutoff"] == 250


@given(st.lists(st.floats(-1, 1), min_size=6, max_size=6), st.integers(3, 20))
def test_savgol_keeps_polynomials_of_fifth_order_up_to_the_ends(coefficients, half):
    time = np.linspace(-1, 1, 101)
    data = wave(np.polyval(coefficients, time))
    found = savgol(data.expand_dims(trial=2), 2000 / (2 * half + 1))
    # least squares with powers of up to 20 to the fifth: ten digits are left
    np.testing.assert_allclose(found[1], data, rtol=0, atol=1e-9)


@pytest.mark.parametrize("cutoff", [0, -1, 1000, 400, 10, float("nan"), "2 ms"])
def test_impossible_cutoffs(cutoff):
    with pytest.raises(DataError, match="cutoff frequency"):
        savgol(wave(np.zeros(100)), cutoff)


def test_results_are_told_to_give_a_waveform():
    with pytest.raises(DataError, match=r"got Result: give its waveforms, such as result\.total"):
        savgol(make_result(), 40)  # type: ignore[arg-type]


def test_uneven_times_are_refused():
    data = wave(np.zeros(4)).assign_coords(time=[0.0, 1.0, 2.0, 4.0])
    with pytest.raises(DataError, match="steps range from 1 to 2 ms"):
        smooth(data, 1.0)
    with pytest.raises(DataError, match="at least 2 samples"):
        time_step(np.zeros(1))


def test_scale_keeps_the_original():
    data = wave([1.0, 2.0]).assign_attrs(units="nAm")
    assert scale(data, 3000).values.tolist() == [3000.0, 6000.0]
    assert scale(data, 3000).attrs == {"units": "nAm"}
    assert data.values.tolist() == [1.0, 2.0]
    with pytest.raises(DataError, match="scaling factor must be finite"):
        scale(data, float("inf"))
