"""Peaks and counts."""

import numpy as np
import pytest
import xarray as xr

from apical.analysis import DataError, Peak, peaks, spike_counts


def test_peaks_and_their_latencies():
    time = np.arange(0, 100, 0.5)
    data = xr.DataArray(np.sin(2 * np.pi * time / 100), dims="time", coords={"time": time})
    found = peaks(data)
    assert found.maximum == Peak(1.0, 25.0)
    assert found.minimum == Peak(-1.0, 75.0)
    assert peaks(data, tmin=40, tmax=60).maximum.latency == 40.0
    with pytest.raises(DataError, match="no samples between 200 and None ms"):
        peaks(data, tmin=200)


def test_the_first_of_equal_peaks_is_taken():
    data = xr.DataArray([0.0, 1, 0, 1], dims="time", coords={"time": np.arange(4.0)})
    assert peaks(data).maximum.latency == 1.0


def test_counts():
    spikes = xr.Dataset(
        {"trial": ("spike", [0, 0, 2]), "source": ("spike", np.array(["a", "a", "b"]))}
    )
    sources = {"a": 2, "b": 1, "none": 0}
    counts = spike_counts(spikes, sources, trials=3)
    assert counts.values.tolist() == [[2, 0, 0], [0, 0, 0], [0, 1, 0]]
