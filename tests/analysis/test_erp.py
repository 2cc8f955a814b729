"""Amplitudes and latencies of evoked responses."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from apical.analysis import DataError, erp_peaks, peaks
from synthetic import make_result


def bumps():
    """Two layers with a positive bump at 50 ms and a negative, larger one at 100 ms."""
    time = np.arange(0, 170.01, 0.5)
    wave = 2 * np.exp(-(((time - 50) / 8) ** 2)) - 3 * np.exp(-(((time - 100) / 8) ** 2))
    return xr.DataArray(
        np.stack([wave, -10 * wave]), dims=("layer", "time"),
        coords={"layer": ["L2", "L5"], "time": time}, attrs={"units": "nAm"},
    )  # fmt: skip


def test_latency_and_amplitude_in_every_window_and_layer():
    found = erp_peaks(bumps(), {"P50": (35, 65), "N100": ("80 ms", "0.12 s")})
    assert found["amplitude"].dims == ("layer", "window")
    assert found["latency"].values.tolist() == [[50, 100], [50, 100]]
    np.testing.assert_allclose(found["amplitude"], [[2, -3], [-20, 30]], rtol=1e-12)
    assert not found["at_edge"].any()
    units = {name: found[name].attrs.get("units") for name in ("amplitude", "latency", "mean")}
    assert units == {"amplitude": "nAm", "latency": "ms", "mean": "nAm"}
    mean = bumps().sel(time=slice(35, 65)).mean("time")
    np.testing.assert_allclose(found["mean"].sel(window="P50"), mean, rtol=1e-12)


def test_polarity():
    data, windows = bumps(), {"a": (0, 170), "b": (0, 170)}
    assert erp_peaks(data, polarity="positive")["latency"].values.tolist() == [50, 100]
    assert erp_peaks(data, polarity="negative")["latency"].values.tolist() == [100, 50]
    assert erp_peaks(data)["latency"].values.tolist() == [100, 100]
    found = erp_peaks(data, windows, {"a": "positive", "b": "negative"})
    assert found["latency"].values.tolist() == [[50, 100], [100, 50]]


def test_a_slope_is_no_peak():
    found = erp_peaks(bumps(), (55, 70), "positive").sel(layer="L2")
    assert found["latency"] == 55
    assert found["at_edge"]
    assert "window" not in found.dims


@given(st.integers(0, 10**6), st.integers(0, 36), st.integers(44, 80))
def test_agrees_with_peaks_of_single_waveforms(seed, start, stop):
    result, start, stop = make_result(seed=seed, recordings=False), start / 4, stop / 4
    for polarity, name in (("positive", "maximum"), ("negative", "minimum")):
        found = erp_peaks(result.dipole, (start, stop), polarity)
        for trial in range(2):
            for k in range(2):
                one = getattr(peaks(result.dipole[trial, k], start, stop), name)
                assert float(found["amplitude"][trial, k]) == one.value
                assert float(found["latency"][trial, k]) == one.latency


def test_what_cannot_be():
    data = bumps()
    with pytest.raises(DataError, match="window 'late' must be within 0 and 170 ms"):
        erp_peaks(data, {"late": (150, 200)})
    with pytest.raises(DataError, match=r"no sample from 50\.1 to 50\.2 ms\nno sample from 60\.1"):
        erp_peaks(data, {"a": (50.1, 50.2), "b": (60.1, 60.4)})
    with pytest.raises(DataError, match="for the windows P50; got N100"):
        erp_peaks(data, {"P50": (35, 65)}, {"N100": "negative"})
    with pytest.raises(DataError, match="must be one of positive, negative, either; got 'up'"):
        erp_peaks(data, polarity="up")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="dimension 'time'"):
        erp_peaks(make_result())  # type: ignore[arg-type]
