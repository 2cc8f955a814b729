"""Spectra, potentials and current source densities."""

import numpy as np
import pytest
import xarray as xr
from matplotlib.figure import Figure

from apical import analysis, plots
from apical.errors import ModelError
from apical.plots import style
from synthetic import make_result

HEIGHTS = np.array([300.0, -100.0, 100.0, 900.0, 500.0])


@pytest.fixture
def ax():
    return Figure().add_subplot()


@pytest.fixture
def result():
    return make_result(stop=200.0)


@pytest.fixture
def potentials():
    """Potentials of two trials, three populations and five electrodes in no order."""
    values = np.random.default_rng(1).normal(size=(2, 3, 5, 40))
    return xr.DataArray(
        values,
        dims=("trial", "population", "electrode", "time"),
        coords={
            "population": ["a", "b", "L5_third"], "time": np.arange(40.0),
            "z": ("electrode", HEIGHTS),
        },
        attrs={"units": "uV"},
    )  # fmt: skip


def test_psd_shows_every_trial(result, ax):
    # hnn-core showed only the last of a list
    assert plots.psd(result, ax=ax) is ax
    *trials, mean = ax.lines
    expected = analysis.psd(result.total()).sel(frequency=slice(0, 100))
    assert len(trials) == result.trials == 2
    for line, values in zip(trials, expected.values, strict=True):
        np.testing.assert_array_equal(line.get_ydata(), values)
    np.testing.assert_array_equal(mean.get_ydata(), expected.values.mean(axis=0))
    assert ax.get_ylabel() == "Power (nAm²/Hz)"
    assert ax.get_xlabel() == "Frequency (Hz)"


def test_psd_takes_layers_and_finished_spectra(result, ax):
    spectrum = analysis.psd(result.layers(), average=True)
    plots.psd(spectrum, ax=ax, fmin=10, fmax=50, log=True)
    assert [line.get_label() for line in ax.lines] == ["L2", "L5"]
    assert ax.get_yscale() == "log"
    assert ax.lines[0].get_xdata().min() >= 10
    assert ax.lines[0].get_xdata().max() <= 50
    with pytest.raises(ValueError, match="at most one more dimension"):
        plots.psd(spectrum.expand_dims(run=2))


def test_tfr_shows_the_mean_power_of_trials(result, ax):
    frequencies = np.arange(30.0, 60.0, 2.0)
    assert plots.tfr(result, frequencies, ax=ax) is ax
    expected = analysis.tfr(result.total(), frequencies).mean("trial")
    shown = ax.collections[0].get_array()
    np.testing.assert_array_equal(np.ravel(shown), expected.values.ravel())
    assert ax.figure.axes[1].get_ylabel() == "Power (nAm²)"
    assert ax.get_ylabel() == "Frequency (Hz)"
    assert len(ax.lines) == 2  # what the ends reach
    again = plots.tfr(analysis.tfr(result.total(), frequencies), ends=False)
    np.testing.assert_array_equal(np.ravel(again.collections[0].get_array()), np.ravel(shown))
    with pytest.raises(ValueError, match="say which frequencies"):
        plots.tfr(result)
    with pytest.raises(ValueError, match="choose one layer to show"):
        plots.tfr(result.layers(), frequencies)


def test_lfp_puts_each_trace_at_its_electrode(potentials, ax):
    assert plots.lfp(potentials, ax=ax, separation=10.0) is ax
    *traces, bar = ax.lines
    summed = potentials.sum("population").mean("trial").values
    for trace, height, values in zip(traces, HEIGHTS, summed, strict=True):
        # neighbours are 200 µm apart, which is 10 µV
        expected = height + 20.0 * (values - values.mean())
        np.testing.assert_allclose(trace.get_ydata(), expected, rtol=1e-12)
    assert np.ptp(bar.get_ydata()) == 200.0
    assert ax.texts[0].get_text() == "10 µV"
    assert ax.get_ylabel() == "z (µm)"
    assert [t.get_text() for t in ax.get_yticklabels()] == ["−100", "100", "300", "500", "900"]
    assert ax.get_title(loc="left") == "mean of 2 trials"


def test_lfp_of_one_trial_and_population(potentials, ax):
    plots.lfp(potentials.drop_vars("z"), trial=1, population="L5_third", ax=ax, separation=1.0)
    values = potentials.values[1, 2]
    expected = 4.0 + values[0] - values[0].mean()  # the first electrode is on top
    np.testing.assert_allclose(ax.lines[0].get_ydata(), expected, rtol=1e-12)
    assert ax.get_ylabel() == "Electrode"
    assert ax.get_title(loc="left") == "L5 third, trial 2 of 2"
    with pytest.raises(ModelError, match="there is no 'c'"):
        plots.lfp(potentials, population="c")
    with pytest.raises(IndexError, match="trial must be 0 to 1"):
        plots.lfp(potentials, trial=2)
    with pytest.raises(ValueError, match="separation must be > 0 µV"):
        plots.lfp(potentials, separation=0.0)


@pytest.mark.parametrize("electrodes", [1, 2, 40])
def test_lfp_of_any_array(electrodes):
    flat = xr.DataArray(
        np.zeros((electrodes, 3)), dims=("electrode", "time"), coords={"time": np.arange(3.0)}
    )
    ax = plots.lfp(flat)
    ax.figure.canvas.draw()
    assert len(ax.get_yticks()) <= 14


def test_csd_is_drawn_from_the_bottom_up_with_its_unit(potentials, ax):
    density = potentials.assign_attrs(units="uA/mm3")
    assert plots.csd(density, ax=ax) is ax
    order = np.argsort(HEIGHTS)
    image = ax.collections[0]
    expected = density.sum("population").mean("trial").values[order]
    np.testing.assert_array_equal(np.ravel(image.get_array()), expected.ravel())
    low, high = image.get_clim()
    assert low == -high == -np.abs(expected).max()
    bar = ax.figure.axes[1]
    assert bar.get_ylabel() == "CSD (µA/mm³)"
    assert {"sink", "source"} <= {text.get_text() for text in bar.texts}
    assert ax.get_ylabel() == "z (µm)"


def test_sinks_have_the_colour_asked_for(potentials):
    density = potentials.sum("population")
    for name, channel in (("blue", 2), ("red", 0)):
        image = plots.csd(density, sinks=name, trial=0, limit=1.0).collections[0]
        assert np.argmax(image.cmap(0.1)[:3]) == channel
    with pytest.raises(ModelError, match="there is no 'green'"):
        plots.csd(density, sinks="green")


def test_smooth_csd_goes_through_its_values(potentials):
    density = potentials.sum("population").isel(trial=0)
    even = density.isel(electrode=np.argsort(HEIGHTS)).assign_coords(
        z=("electrode", np.linspace(0.0, 400.0, 5))
    )
    image = plots.csd(even, smooth=True).collections[0]
    shown = np.asarray(image.get_array()).reshape(-1, 40)
    assert len(shown) > 100
    np.testing.assert_allclose(shown[[0, -1]], even.values[[0, -1]], rtol=1e-9)


def test_units_are_written_as_people_do():
    assert style.unit("uA/mm3") == "µA/mm³"
    assert style.unit("nAm2/Hz") == "nAm²/Hz"
    assert style.unit("uV") == "µV"
    assert [style.round_up(v) for v in (0.9, 1.0, 1.1, 30.0, 0.0021)] == [1, 1, 2, 50, 0.005]
