"""Plots draw what they say, on the axes they are given, and leave pyplot alone."""

import sys
from itertools import pairwise

import matplotlib
import numpy as np
import pytest
import xarray as xr
from matplotlib.colors import same_color, to_rgb
from matplotlib.figure import Figure

from apical import plots
from apical.analysis import compare
from apical.errors import ModelError, StorageError
from apical.plots import style
from synthetic import Drive, Network, Population, make_result


@pytest.fixture
def result():
    return make_result()


@pytest.fixture
def ax():
    return Figure().add_subplot()


@pytest.fixture
def recorded():
    time = np.arange(-5.0, 30.0, 1.7)
    return xr.DataArray(np.cos(time), dims="time", coords={"time": time})


def test_dipole_draws_trials_thin_mean_bold_and_recording_black(result, recorded, ax):
    assert plots.dipole(result, recorded, ax=ax) is ax
    zero, *trials, mean, data = ax.lines
    assert set(zero.get_ydata()) == {0.0}
    assert all(line.axes is ax for line in (*trials, mean, data))
    assert len(trials) == 2
    assert all(line.get_linewidth() < mean.get_linewidth() for line in trials)
    np.testing.assert_array_equal(mean.get_ydata(), result.total().values.mean(axis=0))
    assert same_color(data.get_color(), "black")
    assert data.get_xdata().min() >= 0
    assert data.get_xdata().max() <= 20
    assert ax.get_ylabel() == "Dipole (nAm)"
    assert ax.get_xlabel() == "Time (ms)"


def test_dipole_takes_plain_waveforms(recorded, ax):
    plots.dipole(recorded, ax=ax, zero=False)
    (line,) = ax.lines
    np.testing.assert_array_equal(line.get_ydata(), recorded.values)


def test_layers_have_their_colours(result, ax):
    lines = plots.layers(result, ax=ax, total=True).lines[1:]
    assert len(lines) == 9  # two trials and a mean, for two layers and the sum
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["L2", "L5", "total"]
    colours = {line.get_color() for line in lines}
    assert len(colours) == 3


def test_any_number_of_dipoles_in_any_order(ax):
    # hnn-core crashed with a third kind of dipole and swapped L2 and L5 when L5 came first
    kinds = ("L5_ET", "L5_IT", "L6_pyramidal", "L2_pyramidal", "L5_NP")
    network = Network(
        populations={name: Population(name[:2], "excitatory", True) for name in kinds}
    )
    result = make_result(network, trials=1)
    by_population = plots.layers(result, by="population", ax=ax).lines[1:]
    assert [line.get_label() for line in by_population] == [k.replace("_", " ") for k in kinds]
    assert len({line.get_color() for line in by_population}) == len(kinds)
    for line, values in zip(by_population, result.dipole.values[0], strict=True):
        np.testing.assert_array_equal(line.get_ydata(), values)
    by_layer = plots.layers(result, ax=Figure().add_subplot()).lines[1:]
    assert [line.get_label() for line in by_layer] == ["L5", "L6", "L2"]
    l5 = result.dipole.values[0, [0, 1, 4]].sum(axis=0)
    np.testing.assert_array_equal(by_layer[0].get_ydata(), l5)
    np.testing.assert_array_equal(by_layer[2].get_ydata(), result.dipole.values[0, 3])
    plots.summary(result).canvas.draw()
    with pytest.raises(ModelError, match="did you mean 'layer'"):
        plots.layers(result, by="layers")


def test_a_network_without_dipoles_or_cells_can_be_drawn(ax):
    silent = make_result(Network(populations={"b": Population("", "", False)}))
    plots.layers(silent, ax=ax)
    assert [text.get_text() for text in ax.texts] == ["no population contributes to the dipole"]
    plots.summary(silent).canvas.draw()
    empty = make_result(Network(populations={}))
    for draw in (plots.raster, plots.histogram, plots.layers, plots.dipole):
        draw(empty).figure.canvas.draw()


def test_raster_draws_each_spike_of_the_trial(result, ax):
    plots.raster(result, trial=1, ax=ax)
    assert [text for text in ax.texts if "Hz" in text.get_text()] == []  # no room beside these axes
    ax.clear()
    drawn = plots.raster(result, trial=1, ax=ax, rates=True).collections
    counts = result.spike_counts().sel(trial=1)
    assert [len(c.get_segments()) for c in drawn] == [
        int(counts.sel(source=name)) for name in result.network.populations
    ]
    spans = [np.concatenate(c.get_segments())[:, 1] for c in drawn if c.get_segments()]
    assert len(spans) >= 3
    for upper, lower in pairwise(spans):
        assert upper.max() < lower.min()  # populations do not overlap
    assert ax.yaxis_inverted()
    texts = [text.get_text() for text in ax.texts]
    assert f"{float(result.rates().sel(source='L2_basket')):.1f} Hz" in texts
    with pytest.raises(IndexError, match="trial must be 0 to 1; got 2"):
        plots.raster(result, trial=2)


def test_raster_of_all_trials(result, ax):
    drawn = plots.raster(result, trial=None, ax=ax).collections
    assert [c.get_label() for c in drawn] == list(result.network.populations)
    counts = result.spike_counts().sum("trial").values[:4]
    assert [len(c.get_segments()) for c in drawn] == counts.tolist()
    assert ax.get_title(loc="left") == "spikes of all 2 trials"


def test_raster_with_the_dipole_of_the_same_trial(result, ax):
    plots.raster(result, trial=1, dipole=True, ax=ax)
    right = ax.figure.axes[1]
    assert right.get_ylabel() == "Dipole (nAm)"
    np.testing.assert_array_equal(right.lines[0].get_ydata(), result.total().values[1])
    right = plots.raster(result, trial=None, dipole=True).figure.axes[1]
    assert right.get_ylabel() == "Mean dipole (nAm)"
    np.testing.assert_array_equal(right.lines[0].get_ydata(), result.total().values.mean(axis=0))
    with pytest.raises(ValueError, match="choose one"):
        plots.raster(result, dipole=True, rates=True)


def test_histogram_counts_every_spike_once(result, ax):
    names = ["L5_pyramidal", "evprox1", "evdist1", "evprox2"]
    network = Network(drives={n: Drive("proximal") for n in ("evprox1", "evdist1", "evprox2")})
    result = make_result(network)
    plots.histogram(result, names, bin_width=4.0, ax=ax)
    assert [p.get_label() for p in ax.patches] == [n.replace("_", " ") for n in names]
    for name, patch in zip(names, ax.patches, strict=True):
        values, edges, _ = patch.get_data()
        spikes = (values * np.diff(edges)).sum() / 1000 * result.sources[name] * result.trials
        assert spikes == pytest.approx(int(result.spike_counts().sel(source=name).sum()), rel=1e-12)
    looks = {(p.get_edgecolor(), str(p.get_linestyle())) for p in ax.patches}
    assert len(looks) == len(names)  # drives of one colour differ in their dashes
    with pytest.raises(ModelError, match="did you mean 'evprox1'"):
        plots.histogram(result, ["evprox_1"])


def test_proximal_inputs_go_up_and_distal_ones_down(ax):
    network = Network()
    network.drives["other"] = Drive("soma")
    result = make_result(network)
    up, down, other = plots.drives(result, bin_width=2.0, ax=ax).patches
    for name, patch, sign in (("evprox1", up, 1), ("evdist1", down, -1), ("other", other, 1)):
        values = patch.get_data().values
        assert (sign * values >= 0).all()
        n = int(result.spike_counts().sel(source=name).sum())
        assert abs(values.sum()) * 2.0 * result.trials == pytest.approx(n, rel=1e-12)
    assert len({patch.get_facecolor() for patch in (up, down, other)}) == 3
    with pytest.raises(ValueError, match="bin_width must be > 0 ms"):
        plots.drives(result, bin_width=0.0)


def test_many_drives_get_a_legend(ax):
    network = Network()
    for i in range(6):
        network.drives[f"d{i}"] = Drive("proximal")
    plots.drives(make_result(network), ax=ax)
    assert len(ax.get_legend().get_texts()) == 8


def test_summary_says_how_well_it_fits(result, recorded):
    figure = plots.summary(result, recorded, smooth=2, scale=300)
    fit = compare(result.smooth(2).scale(300).average().total(), recorded, 1, 19)
    legend = figure.axes[1].get_legend()
    expected = f"RMSE {fit.rmse:.3g} nAm, r = {fit.correlation:.2f}\n(1.8 to 18.8 ms)"
    assert legend.get_title().get_text() == expected
    label = legend.get_texts()[0].get_text()
    assert label == "simulated (mean of 2 trials, smoothed 2 ms, × 300)"
    assert figure.get_suptitle() == "A tiny column"


def test_long_titles_stay_inside(result):
    figure = plots.summary(result, title="A rather long description of what was done here " * 4)
    figure.canvas.draw()
    box = next(text for text in figure.texts if text.get_text().startswith("A rather"))
    extent = box.get_window_extent()
    assert extent.x0 >= 0
    assert extent.x1 <= figure.bbox.width


@pytest.mark.parametrize("drives", [True, False])
@pytest.mark.parametrize("trials", [1, 3])
def test_summary_of_bare_networks(tmp_path, drives, trials):
    network = Network(title="", drives={"p": Drive("proximal")} if drives else {})
    result = make_result(network, trials=trials)
    empty = result.spikes.isel(spike=slice(0))
    silent = type(result)(**{**result._fields(), "spikes": empty})
    plots.save_figure(plots.summary(silent), tmp_path / "s.png")


def test_texts_do_not_overlap(result, recorded):
    figure = plots.summary(result, recorded)
    figure.canvas.draw()
    boxes = [
        text.get_window_extent()
        for ax in figure.axes
        for text in (*ax.texts, ax.xaxis.label, ax.yaxis.label, ax.title)
        if text.get_text() and text.get_visible()
    ]
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[i + 1 :])


def test_saving_a_figure(result, tmp_path):
    figure = plots.dipole(result).figure
    for kind in ("png", "pdf", "svg"):
        plots.save_figure(figure, tmp_path / f"a.{kind}")
    with pytest.raises(StorageError, match="exists already"):
        plots.save_figure(figure, tmp_path / "a.png")
    with pytest.raises(StorageError, match="must end with one of"):
        plots.save_figure(figure, tmp_path / "a.doc")
    assert len(list(tmp_path.iterdir())) == 3


def test_nothing_global_is_touched(result):
    before = dict(matplotlib.rcParams)
    had_pyplot = "matplotlib.pyplot" in sys.modules
    plots.summary(result)
    assert dict(matplotlib.rcParams) == before
    assert ("matplotlib.pyplot" in sys.modules) == had_pyplot


def _luminance(colour):
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(
    "colour",
    [style.GREY, style.TOTAL, *style.DIRECTION.values(), *(strong for strong, _ in style.LAYERS)],
)
def test_coloured_text_can_be_read_on_white(colour):
    # WCAG 2: 3:1 is the least contrast for graphics and large text
    assert 1.05 / (_luminance(colour) + 0.05) >= 3.0
