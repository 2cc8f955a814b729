"""Power spectra and power in bands."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy import signal

from apical.analysis import DataError, band_power, psd
from apical.analysis.spectra import squared
from apical.units import parse_unit
from synthetic import make_result

DT = 0.25


def noise(shape=(3, 2, 400), dims=("trial", "layer", "time"), seed=0):
    values = np.random.default_rng(seed).normal(size=shape).cumsum(axis=-1)
    return xr.DataArray(
        values,
        dims=dims,
        coords={"time": np.arange(shape[-1]) * DT, "trial": np.arange(shape[0])},
        attrs={"units": "nAm"},
    )


def test_by_default_the_periodogram_of_scipy_and_hnn_core():
    data = noise()
    found = psd(data)
    frequency, power = signal.periodogram(data.values, 1000 / DT, "hamming")
    assert found.dims == ("trial", "layer", "frequency")
    assert found.attrs["units"] == "nAm2/Hz"
    assert found["frequency"].attrs["units"] == "Hz"
    np.testing.assert_array_equal(found["frequency"], frequency)
    # both transform the same windowed samples; rounding of 400 of them
    np.testing.assert_allclose(found, power, rtol=1e-10, atol=1e-14 * power.max())


@pytest.mark.parametrize(("segment", "samples"), [(25, 100), ("0.02 s", 80)])
def test_segments_are_those_of_welch(segment, samples):
    data = noise()
    found = psd(data, segment, window="hann", overlap=0.25)
    frequency, power = signal.welch(
        data.values, 1000 / DT, "hann", nperseg=samples, noverlap=samples // 4
    )
    np.testing.assert_array_equal(found["frequency"], frequency)
    np.testing.assert_allclose(found, power, rtol=1e-12)


def test_every_trial_counts():
    """hnn-core's plot of the mean of several spectra shows only the last of them."""
    data = noise()
    found, mean = psd(data), psd(data, average=True)
    for k in range(3):
        np.testing.assert_array_equal(found[k], psd(data[k]))
    assert mean.dims == ("layer", "frequency")
    assert mean.attrs == found.attrs
    np.testing.assert_allclose(mean, (found[0] + found[1] + found[2]) / 3, rtol=1e-12)
    assert not np.allclose(mean, found[-1])
    changed = psd(xr.concat([5 * data[:1], data[1:]], "trial"), average=True)
    assert not np.allclose(mean, changed)


def test_any_order_of_dimensions_and_dipoles_of_a_result():
    data = noise()
    flipped = psd(data.transpose("time", "layer", "trial")).transpose("trial", "layer", "frequency")
    np.testing.assert_array_equal(flipped, psd(data))
    result = make_result(trials=2)
    found = psd(result.dipole)
    assert found.dims == ("trial", "population", "frequency")
    assert found["layer"].identical(result.dipole["layer"])
    assert psd(result.layers(), average=True).dims == ("layer", "frequency")


@given(st.integers(20, 200), st.integers(0, 10**6))
def test_the_power_of_all_frequencies_is_the_mean_square(n, seed):
    data = noise((1, n), ("trial", "time"), seed)
    spectrum = psd(data, window="boxcar")
    total = band_power(spectrum, {"all": (0, float(spectrum["frequency"][-1]) + 0.1)})
    assert total.attrs["units"] == "nAm2"
    # Parseval: rounding of sums of up to 200 terms
    assert float(total[0, 0]) == pytest.approx(float(data.var()), rel=1e-10)


def test_a_sine_in_its_band_and_bands_that_add_up():
    time = np.arange(4000) * DT
    data = xr.DataArray(
        3 * np.sin(2 * np.pi * 0.010 * time), dims="time", coords={"time": time},
        attrs={"units": "nAm"},
    )  # fmt: skip
    bands = {"alpha": (8, 13), "beta": (13, 30), "both": (8, 30)}
    power = band_power(psd(data), bands)
    assert power["band"].values.tolist() == list(bands)
    assert (power["low"].values.tolist(), power["high"].values.tolist()) == (
        [8, 13, 8],
        [13, 30, 30],
    )
    # a sine of amplitude 3 nAm has a mean square of 4.5; 10 whole periods, so nothing leaks far
    np.testing.assert_allclose(power[0], 4.5, rtol=1e-3)
    edges = band_power(psd(noise()), {"low": (0, 50), "high": (50, 90), "both": (0, 90)})
    np.testing.assert_allclose(edges[..., 0] + edges[..., 1], edges[..., 2], rtol=1e-12)


def test_units_of_squares_can_be_read_again():
    assert [squared(u) for u in ("nAm", "µV", "uA/mm3", "1")] == ["nAm2", "µV2", "uA2/mm6", "1"]
    assert parse_unit(squared("mV/mm2")) == parse_unit("mV/mm2") ** 2
    assert psd(noise().drop_attrs()).attrs["units"] == "1/Hz"


def test_what_cannot_be():
    data = noise()
    for segment in (0.25, 101, -1, "5 mV"):
        with pytest.raises(DataError, match="segment"):
            psd(data, segment)
    with pytest.raises(DataError, match="share from 0"):
        psd(data, 10, overlap=1.0)
    with pytest.raises(DataError, match="with the window 'hammer'"):
        psd(data, window="hammer")
    with pytest.raises(DataError, match="average needs trials"):
        psd(data[0], average=True)
    with pytest.raises(DataError, match=r"got Result: .* result\.total\(\)"):
        psd(make_result())  # type: ignore[arg-type]
    with pytest.raises(DataError, match=r"as psd returns; got dimensions .* in 'nAm'"):
        band_power(data, {"alpha": (8, 13)})


def test_all_bands_that_hold_nothing_are_named():
    bands = {"alpha": (8, 9), "far": (100, 3000), "fine": (10, 100), "back": (40, 20)}
    with pytest.raises(DataError) as caught:
        band_power(psd(noise()), bands)
    lines = str(caught.value).splitlines()
    assert [line.split("'")[1] for line in lines] == ["alpha", "far", "back"]
    assert "in steps of 10 Hz" in lines[0]
    with pytest.raises(DataError, match="at least one band"):
        band_power(psd(noise()), {})
