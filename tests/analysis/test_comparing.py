"""RMSE and correlation on a common time base."""

import math

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from apical.analysis import DataError, common_time, compare, correlation, rmse
from apical.errors import DataWarning
from synthetic import make_result


def line(start, stop, n, slope=1.0, offset=0.0):
    time = np.linspace(start, stop, n)
    return xr.DataArray(slope * time + offset, dims="time", coords={"time": time})


def test_the_finer_is_interpolated_onto_the_coarser_within_the_overlap():
    simulated, recorded = line(0, 10, 101), line(-2.5, 12.5, 6)  # every 3 ms
    time, a, b = common_time(simulated, recorded)
    np.testing.assert_allclose(time, [0.5, 3.5, 6.5, 9.5])
    np.testing.assert_allclose(a, time, rtol=1e-12)  # a line is interpolated exactly
    np.testing.assert_allclose(b, time, rtol=1e-12)
    again = common_time(recorded, simulated)
    np.testing.assert_array_equal(again[0], time)


def test_known_values():
    assert rmse(line(0, 10, 101), line(0, 10, 11, offset=2.0)) == pytest.approx(2.0, rel=1e-12)
    assert correlation(line(0, 10, 101), line(0, 10, 11, slope=-3.0)) == pytest.approx(-1.0)
    found = compare(line(0, 10, 101), line(0, 10, 11), tmin=2.0, tmax=5.0)
    assert (found.tmin, found.tmax, found.samples) == (2.0, 5.0, 4)
    assert found.rmse == pytest.approx(0.0, abs=1e-14)


def test_constant_waveforms_have_no_correlation():
    assert math.isnan(correlation(line(0, 10, 11, slope=0.0), line(0, 10, 11)))


@given(st.floats(1e-9, 1e9), st.floats(-1e3, 1e3), st.integers(0, 10**6))
def test_correlation_ignores_scale_and_offset(factor, offset, seed):
    y = np.random.default_rng(seed).normal(size=50)
    a = xr.DataArray(y, dims="time", coords={"time": np.arange(50.0)})
    assert correlation(a, a * factor) == pytest.approx(1.0, abs=1e-12)
    assert correlation(a, -a + offset) == pytest.approx(-1.0, abs=1e-9)


@pytest.mark.parametrize(("start", "stop"), [(20, 30), (-5, -1), (10, 20)])
def test_no_overlap(start, stop):
    with pytest.raises(DataError, match="nothing to compare: simulated 0 to 10 ms and recorded"):
        rmse(line(0, 10, 101), line(start, stop, 11))


def test_limits_that_leave_nothing_are_named():
    with pytest.raises(DataError, match="share fewer than 2 samples within 11 to … ms"):
        rmse(line(0, 10, 101), line(0, 10, 11), tmin=11)


def test_ends_that_differ_by_rounding_meet():
    ends = line(0, 170, 6801), line(0, 170 * (1 + 1e-15), 18)
    assert compare(*ends).samples == 18


def test_several_waveforms_are_refused_but_one_trial_is_fine():
    one = line(0, 10, 11)
    assert rmse(one.expand_dims(trial=[0]), one) == 0.0
    with pytest.raises(DataError, match="got 2 along 'trial': average or select first"):
        rmse(xr.concat([one, one], "trial"), one)
    with pytest.raises(DataError, match="recorded dipole must be a DataArray"):
        rmse(one, np.zeros(3))  # type: ignore[arg-type]


def test_other_units_are_suspected():
    with pytest.warns(DataWarning, match=r"covers only 0 to 0\.1 of .* is its time in seconds"):
        compare(line(0, 100, 1001), line(0, 0.1, 11))
    with pytest.warns(DataWarning, match="are the units nAm"):
        compare(line(0, 10, 101), line(0, 10, 11, slope=1e-9))


def test_results_are_told_to_give_a_waveform():
    with pytest.raises(DataError, match=r"got Result: give one .* result\.average\(\)\.total\(\)"):
        compare(make_result(), line(0, 10, 11))
