"""Rates in windows and in time, intervals and how irregular they are."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from apical.analysis import DataError, instantaneous_rate, intervals, isi_cv, mean_rates
from synthetic import make_result


def spiking(spikes, sources=None, trials=1, duration=100.0):
    """Make something with spikes from rows of (trial, time, source, cell)."""
    trial, time, source, cell = zip(*spikes, strict=True) if spikes else ((), (), (), ())
    table = xr.Dataset(
        {
            "trial": ("spike", np.array(trial, int)),
            "time": ("spike", np.array(time, float)),
            "source": ("spike", np.array(source, "<U8")),
            "cell": ("spike", np.array(cell, int)),
        }
    )
    return SimpleNamespace(
        spikes=table, sources=sources or {"a": 2, "b": 1}, trials=trials,
        time=np.arange(0, duration + 1), provenance={"duration": duration},
    )  # fmt: skip


TWO = spiking([(0, 10, "a", 0), (0, 20, "a", 1), (0, 60, "a", 0), (1, 100, "b", 0)], trials=2)


def test_only_spikes_within_a_window_count():
    """hnn-core's mean rates divide all spikes by the length of the window."""
    assert mean_rates(TWO, (0, 50)).values.tolist() == [[20, 0], [0, 0]]
    assert mean_rates(TWO, ("50 ms", None)).values.tolist() == [[10, 0], [0, 20]]
    assert mean_rates(TWO).values.tolist() == [[15, 0], [0, 10]]
    assert mean_rates(TWO, (30, 50)).sum() == 0


def test_windows_by_name():
    found = mean_rates(TWO, {"early": (0, 50), "late": (50, 100), "edge": (20, 60)})
    assert found.dims == ("trial", "source", "window")
    assert found["window"].values.tolist() == ["early", "late", "edge"]
    assert (found["start"].values.tolist(), found["stop"].values.tolist()) == (
        [0, 50, 20], [50, 100, 60],
    )  # fmt: skip
    # a window begins at its start and ends before its end
    assert found.sel(trial=0, source="a").values.tolist() == [20, 10, 12.5]
    assert found.sel(trial=1, source="b").values.tolist() == [0, 20, 0]
    assert found.attrs["units"] == "Hz"


def test_cells():
    found = mean_rates(TWO, per="cell")
    assert found.dims == ("trial", "cell")
    assert found["cell"].values.tolist() == [0, 1, 0]
    assert found["source"].values.tolist() == ["a", "a", "b"]
    assert found.values.tolist() == [[20, 10, 0], [0, 0, 10]]


@given(st.integers(0, 10**6), st.lists(st.floats(0.5, 19.5), max_size=4, unique=True))
def test_neighbouring_windows_add_up_and_cells_to_sources(seed, cuts):
    result = make_result(seed=seed, recordings=False)
    edges = [0.0, *sorted(cuts), 20.0]
    windows = {f"{a}": (a, b) for a, b in itertools.pairwise(edges)}
    rates = mean_rates(result, windows)
    counts = (rates * (rates["stop"] - rates["start"]) / 1000).sum("window")
    counts = counts * np.array(list(result.sources.values()))
    np.testing.assert_allclose(counts, result.spike_counts(), rtol=1e-9, atol=1e-9)
    of_cells = mean_rates(result, windows, per="cell").groupby("source").mean()
    xr.testing.assert_allclose(of_cells.sel(source=rates["source"]), rates)


def test_the_rates_of_a_result():
    result = make_result()
    assert result.rates().identical(mean_rates(result).mean("trial", keep_attrs=True))
    assert result.rates({"late": (10, 20)}).dims == ("source", "window")
    expected = (result.spikes["time"].values >= 10).sum() / (2 * 0.010)
    total = (result.rates((10, 20)) * np.array(list(result.sources.values()))).sum()
    assert float(total) == pytest.approx(expected, rel=1e-12)


def test_all_wrong_windows_are_named():
    windows = {
        "late": (90, 110),
        "fine": (0, 10),
        "empty": (5, 5),
        "no": (1, 2, 3),
        "v": ("1 mV", 2),
    }
    with pytest.raises(DataError) as caught:
        mean_rates(TWO, windows)  # type: ignore[arg-type]
    lines = str(caught.value).splitlines()
    assert [line.split("'")[1] for line in lines] == ["late", "empty", "no", "v"]
    assert lines[0].endswith("within 0 and 100 ms and not empty; got 90 to 110 ms")
    with pytest.raises(DataError, match="pair of times; got 'all'"):
        mean_rates(TWO, "all")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="at least one window"):
        mean_rates(TWO, {})
    with pytest.raises(DataError, match="per 'source' or per 'cell'; got 'layer'"):
        mean_rates(TWO, per="layer")  # type: ignore[arg-type]


def test_sources_without_cells_and_runs_without_spikes():
    silent = spiking([], {"a": 2, "none": 0})
    assert mean_rates(silent).values.tolist() == [[0, 0]]
    assert mean_rates(silent, per="cell").shape == (1, 2)
    assert instantaneous_rate(silent).values.max() == 0
    assert np.isnan(isi_cv(silent)).all()
    assert intervals(silent).sizes == {"interval": 0}


def test_instantaneous_rate_is_a_sum_of_gaussians():
    found = instantaneous_rate(TWO, sigma=3, step="0.5 ms")
    assert found.dims == ("trial", "source", "time")
    time = found["time"].values
    assert (time[0], time[-1], time.size) == (0, 100, 201)
    bells = [np.exp(-((time - at) ** 2) / 18) for at in (10, 20, 60)]
    expected = 1000 * np.sum(bells, axis=0) / (3 * np.sqrt(2 * np.pi)) / 2
    # Gaussians end at six standard deviations, where they are 1.5e-8 of their height
    np.testing.assert_allclose(found[0, 0], expected, rtol=0, atol=1e-7 * expected.max())
    np.testing.assert_array_equal(found[0, 1], 0)
    # the trapezoid rule is exact for Gaussians; the last spike has half of its own in the run
    counts = found.integrate("time") / 1000
    np.testing.assert_allclose(counts[0, 0], 1.5, rtol=1e-3)
    np.testing.assert_allclose(counts[1, 1], 0.5, rtol=1e-6)
    of_cells = instantaneous_rate(TWO, sigma=3, step=0.5, per="cell")
    np.testing.assert_allclose(of_cells[0, :2].mean("cell"), found[0, 0], rtol=1e-12)
    for options in ({"sigma": 0}, {"step": -1}, {"sigma": "5 mV"}):
        with pytest.raises(DataError, match=r"sigma|step"):
            instantaneous_rate(TWO, **options)


def test_intervals_are_within_a_cell_and_a_trial():
    run = spiking(
        [(0, 30, "b", 0), (0, 10, "a", 0), (0, 15, "a", 1), (0, 18, "a", 0), (1, 50, "a", 0),
         (1, 80, "a", 0), (0, 20, "a", 0)],
        trials=2,
    )  # fmt: skip
    found = intervals(run)
    assert found["duration"].values.tolist() == [8, 2, 30]
    assert found["start"].values.tolist() == [10, 18, 50]
    assert found["trial"].values.tolist() == [0, 0, 1]
    assert found["source"].values.tolist() == ["a"] * 3
    assert found["cell"].values.tolist() == [0, 0, 0]
    same_cell = spiking([(0, 20, "a", 0), (1, 50, "a", 0)], {"a": 1}, trials=2)
    assert intervals(same_cell).sizes == {"interval": 0}


def test_variation_of_known_intervals():
    clock = [(0, t, "a", 0) for t in (10, 20, 30, 40)]
    uneven = [(0, t, "a", 1) for t in (10, 20, 50)]  # 10 and 30: mean 20, deviation 10
    single = [(0, t, "b", 0) for t in (5, 90)]
    run = spiking(clock + uneven + single)
    cells = isi_cv(run, per="cell")
    np.testing.assert_allclose(cells, [[0, 0.5, np.nan]], rtol=1e-12)
    np.testing.assert_allclose(isi_cv(run), [[0.25, np.nan]], rtol=1e-12)
    parts = isi_cv(run, {"all": (0, 100), "first": (0, 45)})
    assert parts.dims == ("trial", "source", "window")
    np.testing.assert_allclose(parts[0, 0], [0.25, 0.0], rtol=1e-12)


@given(st.lists(st.floats(0.01, 100), min_size=2, max_size=20), st.floats(0.1, 10))
def test_variation_does_not_depend_on_the_unit_of_time(gaps, factor):
    def cv(values):
        times = np.concatenate([[0.0], np.cumsum(values)])
        rows = [(0, t, "a", 0) for t in times]
        return float(isi_cv(spiking(rows, {"a": 1}, duration=times[-1] + 1)).values[0, 0])

    gaps = np.array(gaps)
    # times are sums of gaps, so that gaps are known to about 1e-13 of the whole time
    assert cv(gaps) == pytest.approx(np.std(gaps) / np.mean(gaps), rel=1e-6, abs=1e-9)
    assert cv(gaps * factor) == pytest.approx(cv(gaps), rel=1e-6, abs=1e-9)


def test_simultaneous_spikes_have_no_variation():
    run = spiking([(0, 10, "a", 0)] * 3)
    assert np.isnan(isi_cv(run, per="cell").values).all()


def test_a_poisson_process_varies_by_its_mean():
    gaps = np.random.default_rng(1).exponential(10.0, size=(4, 500))
    rows = [(0, t, "a", k) for k, row in enumerate(gaps) for t in np.cumsum(row)]
    run = spiking(rows, {"a": 4}, duration=float(gaps.sum(axis=1).max()))
    # the standard error of the CV of 2,000 exponential intervals is about 1 / sqrt(2000)
    assert float(isi_cv(run).values[0, 0]) == pytest.approx(1.0, abs=0.08)
