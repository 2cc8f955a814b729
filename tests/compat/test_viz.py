"""Plots with hnn-core's names: the lines, labels and axes that scripts rely on."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest
from matplotlib.backend_bases import MouseEvent
from matplotlib.colors import to_hex

import apical.compat.hnn_core as hc
from apical.compat.hnn_core import viz
from apical.compat.hnn_core.extracellular import ExtracellularArray, calculate_csd2d

matplotlib.use("agg")
plt = pytest.importorskip("matplotlib.pyplot")

TIMES = np.arange(0.0, 200.1, 0.5)
LAYERS = ["L2", "L5", "agg"]


@pytest.fixture(autouse=True)
def no_figures_left():
    yield
    plt.close("all")


def wave(hertz, size=1.0):
    """Return a dipole of layer 2/3, half as much in layer 5, and their sum."""
    upper = size * np.sin(2e-3 * np.pi * hertz * TIMES)
    return hc.Dipole(TIMES, np.column_stack([1.5 * upper, upper, 0.5 * upper]))


@pytest.fixture
def response():
    return hc.CellResponse(
        ["L2_basket", "L5_pyramidal"],
        spike_times=[[3.0, 1.0, 2.0, 5.0, 6.0], [4.0, 7.0, 8.0]],
        spike_gids=[[0, 0, 5, 9, 12], [1, 9, 12]],
        spike_types=[
            ["L2_basket", "L2_basket", "L5_pyramidal", "evprox1", "evdist1"],
            ["L2_basket", "evprox1", "evdist1"],
        ],
        times=TIMES[:21],
    )


@pytest.fixture(scope="module")
def net():
    net = hc.neymotin_2020_model(mesh_shape=(3, 3))
    net.set_cell_positions(inplane_distance=30.0)
    net.add_evoked_drive(
        "near", mu=5.0, sigma=1.0, numspikes=1, location="proximal", cell_specific=False,
        n_drive_cells=2, weights_ampa={"L2_pyramidal": 0.01, "L5_pyramidal": 0.02},
        weights_nmda={"L2_pyramidal": 0.03}, synaptic_delays=50.0, space_constant=1e6,
    )  # fmt: skip
    net.add_electrode_array("shank", [(30.0, 30.0, z) for z in (0.0, 500.0, 1000.0, 1500.0)])
    return net


@pytest.fixture(scope="module")
def simulated():
    net = hc.neymotin_2020_model(mesh_shape=(1, 1))
    net.add_tonic_bias(amplitude={"L5_pyramidal": 1.0})
    hc.simulate_dipole(net, tstop=2.0, n_trials=2, record_vsec="all", verbose=False)
    return net


# --- dipoles ---------------------------------------------------------------------------------


def test_dipoles_are_a_pale_line_each():
    figure = viz.plot_dipole([wave(10), wave(20)], color="r", show=False)
    (ax,) = figure.axes
    assert [to_hex(line.get_color()) for line in ax.lines] == ["#ff8080", "#ff8080"]
    assert ax.get_title() == "Aggregate (L2/3 + L5)"
    assert ax.get_xlabel() == "Time (ms)"
    assert ax.get_ylabel() == "Dipole moment (nAm)"
    assert ax.get_xlim() == (0.0, 200.0)


def test_their_mean_is_a_strong_line_and_lists_stay_as_they_were():
    dipoles = [wave(10, 1.0), wave(10, 3.0)]
    (ax,) = viz.plot_dipole(dipoles, average=True, show=False).axes
    *_, mean = ax.lines
    np.testing.assert_allclose(mean.get_ydata(), wave(10, 2.0).data["agg"])
    assert [text.get_text() for text in ax.legend_.get_texts()] == ["average"]
    assert len(dipoles) == 2
    (ax,) = viz.plot_dipole(np.array(dipoles), show=False).axes
    assert len(ax.lines) == 2


def test_every_layer_has_axes():
    figure = viz.plot_dipole(wave(10), layer=LAYERS, average=True, show=False)
    assert [ax.get_title() for ax in figure.axes] == ["L2/3", "L5", "Aggregate (L2/3 + L5)"]
    _, axes = plt.subplots(3)
    assert viz.plot_dipole(wave(10), ax=list(axes), layer=LAYERS, show=False) is axes[0].figure
    with pytest.raises(AssertionError, match="expected one ax per layer"):
        viz.plot_dipole(wave(10), ax=axes, layer=["L2"], show=False)


def test_scale_and_window_are_said():
    with pytest.deprecated_call():
        (ax,) = wave(10).scale(3000).plot(tmin=20, tmax=50, show=False).axes
    assert ax.get_ylabel() == "Dipole moment\n(nAm $\\times$ 3000)"
    assert ax.get_xlim() == (20.0, 50.0)


def test_decimation_keeps_every_so_manyth_sample():
    (ax,) = viz.plot_dipole(wave(10), decim=[2, 5], show=False).axes
    np.testing.assert_allclose(ax.lines[0].get_xdata(), TIMES[::10])
    for wrong in (-1, [2, 2.0]):
        with pytest.raises(ValueError, match="decim must be whole numbers"):
            viz.plot_dipole(wave(10), decim=wrong, show=False)


def test_psd_of_several_is_their_mean():
    both = viz.plot_psd([wave(20), wave(50)], show=False, label="two").axes[0].lines[0]
    single = [viz.plot_psd(wave(f), show=False).axes[0].lines[0].get_ydata() for f in (20, 50)]
    np.testing.assert_allclose(both.get_ydata(), np.mean(single, axis=0), atol=1e-12)
    frequency, power = both.get_data()
    assert set(frequency[power > 0.5 * power.max()]) == {20.0, 50.0}


def test_psd_leaves_the_last_sample_out_and_says_units():
    (ax,) = wave(20).plot_psd(fmax=100, show=False).axes
    frequency = ax.lines[0].get_xdata()
    assert frequency[1] == pytest.approx(1000 / 200)
    assert ax.get_xlim() == (0.0, 100.0)
    assert "nAm$^2 \\ Hz^{-1}$" in ax.get_ylabel()
    (part,) = wave(20).plot_psd(tmin=50, tmax=150, show=False).axes
    assert part.lines[0].get_xdata()[1] == pytest.approx(1000 / 100)


def test_tfr_shows_the_mean_power_of_several():
    freqs = np.array([20.0, 40.0, 80.0])
    figure = viz.plot_tfr_morlet([wave(40), wave(40, 3.0)], freqs, n_cycles=3, show=False)
    ax, bar = figure.axes
    power = np.asarray(ax.collections[0].get_array())
    assert power.shape == (3, 400)
    single = viz.plot_tfr_morlet(wave(40), freqs, n_cycles=3, show=False).axes[0].collections[0]
    np.testing.assert_allclose(power, 5.0 * np.asarray(single.get_array()), rtol=1e-9)
    assert power[:, 200].argmax() == 1
    assert bar.get_ylabel() == "Power ([nAm $\\times$ 1]$^2$)"


def test_tfr_falls_with_its_frequencies():
    (ax,) = wave(40).plot_tfr_morlet([60.0, 40.0], n_cycles=3, colorbar=False, show=False).axes
    low, high = ax.get_ylim()
    assert low > high
    wave(40).plot_tfr_morlet([40.0], n_cycles=3, colorbar_inside=True, padding=None, show=False)
    with pytest.raises(ValueError, match="padding"):
        wave(40).plot_tfr_morlet([40.0], padding="what", show=False)


def test_dipoles_that_differ_are_refused():
    for plot in (viz.plot_dipole, viz.plot_psd):
        with pytest.raises(RuntimeError, match="differ in scale_applied"):
            plot([wave(10), wave(10).scale(2)], show=False)
    other = wave(10)
    other.sfreq /= 10
    with pytest.raises(RuntimeError, match="differ in sampling rate"):
        viz.plot_psd([wave(10), other], show=False)
    with pytest.raises(ValueError, match="layer"):
        viz.plot_dipole(wave(10), layer="L4", show=False)


# --- spikes ----------------------------------------------------------------------------------


def test_raster_has_a_row_for_every_cell(response):
    (ax,) = response.plot_spikes_raster(show=False).axes
    rows = {-row.get_lineoffset(): list(row.get_positions()) for row in ax.collections}
    assert rows == {0: [1.0, 3.0], 1: [4.0], 5: [2.0]}
    labels = [text.get_text() for text in ax.legend_.get_texts()]
    assert labels == ["L2_basket Spikes", "L5_pyramidal Spikes"]
    (first,) = response.plot_spikes_raster(trial_idx=[0], show=False).axes
    assert [-row.get_lineoffset() for row in first.collections] == [0, 5]


def test_raster_colors_by_list_and_name(response):
    (ax,) = response.plot_spikes_raster(colors=["r", "g"], show=False).axes
    assert [to_hex(line.get_color()) for line in ax.legend_.get_lines()] == ["#ff0000", "#008000"]
    (ax,) = response.plot_spikes_raster(colors={"L2_basket": "#123456"}, show=False).axes
    assert to_hex(ax.legend_.get_lines()[0].get_color()) == "#123456"
    with pytest.raises(ValueError, match="colors: expected"):
        response.plot_spikes_raster(colors=["r"], show=False)
    with pytest.raises(ValueError, match="expected cell types out of"):
        response.plot_spikes_raster(colors={"L9": "r"}, show=False)


def test_overlaid_dipoles_stay_within_the_raster(response):
    before = response.plot_spikes_raster(show=False).axes[0].get_ylim()
    (ax,) = response.plot_spikes_raster(
        dpl=[wave(10, 1e3), wave(10, 2e3)], overlay_dipoles=True, show=False
    ).axes
    assert ax.get_ylim() == before
    upper, lower = (line.get_ydata() for line in ax.lines)
    assert np.ptp(upper) == pytest.approx(2 * np.ptp(lower))
    assert before[0] < lower.min() < lower.max() < upper.min() < upper.max() < before[1]
    with pytest.raises(ValueError, match="overlay_dipoles needs dpl"):
        response.plot_spikes_raster(overlay_dipoles=True, show=False)


def test_histogram_counts_drives_or_else_cells(response):
    (ax,) = response.plot_spikes_hist(show=False).axes
    assert [text.get_text() for text in ax.legend_.get_texts()] == ["evdist1", "evprox1"]
    assert sum(bar.get_height() for bar in ax.patches) == 4
    (ax,) = response.plot_spikes_hist(spike_types=["L2", "L5"], bins=5, show=False).axes
    assert sum(bar.get_height() for bar in ax.patches) == 4
    assert len(ax.patches) == 10


def test_histogram_groups_and_colors(response):
    (ax,) = response.plot_spikes_hist(
        spike_types={"evoked": ["ev"]}, color={"evoked": "r"}, trial_idx=0, show=False
    ).axes
    assert [text.get_text() for text in ax.legend_.get_texts()] == ["evoked"]
    assert {to_hex(bar.get_facecolor()) for bar in ax.patches} == {"#ff0000"}
    with pytest.raises(ValueError, match="color: nothing for 'evprox1'"):
        response.plot_spikes_hist(color={"evdist1": "r"}, show=False)
    with pytest.raises(TypeError, match="must be str; got int"):
        response.plot_spikes_hist(color={"evdist1": 3, "evprox1": "r"}, show=False)
    with pytest.raises(ValueError, match="in two histograms"):
        response.plot_spikes_hist(spike_types=["ev", "evprox"], show=False)
    with pytest.raises(ValueError, match="begins with 'nix'"):
        response.plot_spikes_hist(spike_types="nix", show=False)


def test_inverted_histograms_have_the_same_scale(response):
    up, down = response.plot_spikes_hist(
        spike_types=["evprox", "evdist"], invert_spike_types="evdist", show=False
    ).axes
    assert up.get_ylim() == down.get_ylim()[::-1]
    assert [sum(bar.get_height() for bar in ax.patches) for ax in (up, down)] == [2, 2]
    with pytest.raises(ValueError, match="invert_spike_types"):
        response.plot_spikes_hist(invert_spike_types="L5", show=False)


@pytest.mark.parametrize("name", ["plot_spikes_raster", "plot_spikes_hist"])
def test_trials_that_are_not_there(response, name):
    with pytest.raises(TypeError, match="trial_idx must be"):
        getattr(response, name)(trial_idx="first", show=False)
    with pytest.raises(IndexError, match="there are 2 trials"):
        getattr(response, name)(trial_idx=[0, 2], show=False)


def test_networks_without_spikes(response):
    silent = hc.CellResponse(["L2_basket"], [[]], [[]], [[]])
    (ax,) = silent.plot_spikes_raster(show=False).axes
    assert [text.get_text() for text in ax.legend_.get_texts()] == ["L2_basket Spikes"]
    assert silent.plot_spikes_hist(show=False).axes[0].legend_ is None


# --- cells and connections -------------------------------------------------------------------


def test_cells_and_electrodes_in_space(net):
    (ax,) = net.plot_cells(show=False).axes
    assert [text.get_text() for text in ax.legend_.get_texts()] == [*net.cell_types, "shank"]
    assert [len(points.get_offsets()) for points in ax.collections] == [3, 9, 3, 9, 4]
    with pytest.raises(TypeError, match="; got Axes"):
        net.plot_cells(ax=plt.subplots()[1], show=False)


def test_morphology_stands_where_it_is_put(net):
    cell = net.cell_types["L2_pyramidal"]["cell_object"]
    ax = cell.plot_morphology(pos=(10, 20, 30), color="g", show=False)
    assert len(ax.lines) == 8
    soma = ax.lines[list(cell.sections).index("soma")]
    np.testing.assert_allclose(np.transpose(soma.get_data_3d())[0], (10, 20, 30))
    assert (ax.get_xlim(), ax.get_ylim()) == ((-240, 160), (-80, 120))
    shades = {name: f"C{k}" for k, name in enumerate(cell.sections)}
    assert cell.plot_morphology(color=shades, show=False).lines[1].get_color() == "C1"
    with pytest.raises(TypeError, match="color must be"):
        cell.plot_morphology(color=3, show=False)
    with pytest.raises(KeyError, match="basal_1"):
        cell.plot_morphology(color={"soma": "r"}, show=False)
    with pytest.raises(ValueError, match="pos must be x, y and z"):
        cell.plot_morphology(pos=(1, 2), show=False)


def test_connectivity_matrix_has_weights_with_gain(net):
    changed = net.copy()
    changed.set_global_synaptic_gains(e_e=2.0)
    shown = [
        np.asarray(viz.plot_connectivity_matrix(one, 0, show=False).axes[0].images[0].get_array())
        for one in (net, changed)
    ]
    assert shown[0].shape == (9, 9)
    assert not np.diag(shown[0]).any()
    # neighbours are a third of the space constant apart
    assert shown[0][0, 1] == pytest.approx(5e-4 * np.exp(-1 / 9))
    np.testing.assert_allclose(shown[1], 2 * shown[0])
    (ax,) = viz.plot_connectivity_matrix(net, 8, show_weight=False, colorbar=False, show=False).axes
    assert set(np.ravel(ax.images[0].get_array())) == {1.0}
    assert ax.get_title() == "L2_pyramidal -> L5_pyramidal (proximal, ampa)"
    assert ax.get_ylabel() == "L2_pyramidal source gids (3-11)"


def test_connections_are_named_by_place_in_the_network(net):
    for wrong, said in (("net", "net must be Network"), (net, "conn_idx must be")):
        with pytest.raises(TypeError, match=said):
            viz.plot_connectivity_matrix(wrong, 0 if wrong == "net" else "first", show=False)
    with pytest.raises(ValueError, match="; got -1"):
        viz.plot_cell_connectivity(net, 0, src_gid=-1, show=False)


def test_a_click_chooses_the_source(net):
    figure = viz.plot_cell_connectivity(net, 0, show=False)
    sources, targets, _ = figure.axes
    assert len(sources.collections) == 2
    assert targets.collections[1].get_offsets().tolist() == [[0.0, 0.0]]
    for place, chosen in (((58.0, 31.0), [60.0, 30.0]), ((1.0, 59.0), [0.0, 60.0])):
        x, y = sources.transData.transform(place)
        press = MouseEvent("button_press_event", figure.canvas, x, y, button=1)
        figure.canvas.callbacks.process("button_press_event", press)
        assert targets.collections[2].get_offsets().tolist() == [chosen]
    assert len(figure.axes) == 3


def test_drive_cells_are_not_drawn_as_sources(net):
    figure = viz.plot_cell_connectivity(net, len(net.connectivity) - 1, colorbar=False, show=False)
    (ax,) = figure.axes
    assert ax.collections[2].get_offsets().tolist() == [[30.0, 30.0]]


def test_drive_strength_is_weight_of_all_receptors_without_delays(net):
    (ax,) = viz.plot_drive_strength(net, normalize=False, colorbar=False, show=False).axes
    ((basket, upper, other, lower),) = np.asarray(ax.images[0].get_array())
    # 2 drive cells reach 9 cells through both receptors, or through one
    assert upper == pytest.approx(2 * 9 * (0.01 + 0.03))
    assert lower == pytest.approx(2 * 9 * 0.02)
    assert (basket, other) == (0.0, 0.0)
    assert [text.get_text() for text in ax.texts] == ["0.00", "0.72", "0.00", "0.36"]
    ax, _ = viz.plot_drive_strength(net, show=False).axes
    np.testing.assert_allclose(ax.images[0].get_array()[0], (0, 1, 0, 0.5))
    ax, _ = viz.plot_drive_strength(net, show_weight=False, color_scale="log", show=False).axes
    assert [text.get_text() for text in ax.texts] == ["0.00", "1.00", "0.00", "1.00"]


# --- potentials ------------------------------------------------------------------------------


@pytest.fixture
def shank():
    depth = np.arange(0.0, 900.0, 100.0)
    potentials = np.sin(TIMES / 10) * np.exp(-(((depth[:, None] - 400) / 150) ** 2))
    places = [(0.0, 0.0, float(z)) for z in depth]
    return ExtracellularArray(places, times=TIMES, voltages=np.array([potentials, potentials]))


def test_potentials_are_stacked_by_contact(shank):
    (ax,) = shank.plot_lfp(trial_no=0, contact_no=[1, 3], show=False).axes
    np.testing.assert_allclose(ax.lines[1].get_ydata(), 50 + shank.voltages[0, 3])
    (ax,) = shank.plot_lfp(trial_no=1, color="r", decim=2, show=False).axes
    assert [text.get_text() for text in ax.get_yticklabels()][:3] == ["0", "100", "200"]
    assert {to_hex(line.get_color()) for line in ax.lines} == {"#ff0000"}
    assert len(ax.lines[0].get_xdata()) == len(TIMES[::2])
    (ax,) = shank.plot_lfp(
        trial_no=1, color="viridis", voltage_offset=None, voltage_scalebar=None, show=False
    ).axes
    assert ax.get_ylabel() == "Electric potential ($\\mu V$)"
    with pytest.raises(ValueError, match="RGB or RGBA"):
        shank.plot_lfp(color=np.ones((2, 4)), show=False)


@pytest.mark.parametrize("contacts", [1, 2, 3])
def test_a_current_source_density_takes_four_contacts(contacts):
    with pytest.raises(IndexError, match="four contacts"):
        calculate_csd2d(np.ones((contacts, 5)))


def test_csd_is_in_ms_and_has_its_sinks_in_the_colour_asked_for(shank):
    ax, _ = shank.plot_csd(show=False).axes
    assert ax.get_xlabel() == "Time (ms)"
    low, high = ax.collections[0].get_clim()
    assert low == -high
    assert high == pytest.approx(np.abs(calculate_csd2d(shank.voltages[0], 100.0)).max(), rel=0.1)
    (ax,) = shank.plot_csd(
        interpolation=None, sink="r", vmin=-1.0, vmax=2.0, colorbar=False, show=False
    ).axes
    image = ax.collections[0]
    assert np.asarray(image.get_array()).shape == (9, 401)
    assert image.get_clim() == (-1.0, 2.0)
    red, _, blue, _ = image.get_cmap()(0.0)
    assert red > blue
    with pytest.raises(RuntimeError, match="sink must be"):
        shank.plot_csd(sink="g", show=False)


# --- all cells -------------------------------------------------------------------------------


def test_plotter_knows_no_voltages_before_a_simulation(net):
    plotter = viz.NetworkPlotter(net)
    assert plotter.vsec_array.shape == (159, 1)
    assert plotter.color_array.shape == (159, 1, 4)
    for name, value in {"time_idx": 1, "trial_idx": 0}.items():
        with pytest.raises(RuntimeError, match="record_vsec='all' first"):
            setattr(plotter, name, value)
    with pytest.raises(RuntimeError, match="record_vsec='all' first"):
        plotter.export_movie("never.gif")


def test_plotter_settings_are_checked_and_shown(net):
    plotter = viz.NetworkPlotter(net)
    for name in ("xlim", "elev", "vmin", "trial_idx", "time_idx", "colorbar", "bg_color"):
        with pytest.raises(TypeError, match=f"{name} must be"):
            setattr(plotter, name, None)
        with pytest.raises(TypeError, match=f"{name} must be"):
            viz.NetworkPlotter(net, **{name: None})
    changes = {"xlim": (-100, 100), "azim": 30, "vmin": 0, "voltage_colormap": "jet"}
    for name, value in changes.items():
        setattr(plotter, name, value)
        assert getattr(plotter, name) == value
    assert plotter.ax.get_xlim() == (-100, 100)
    assert plotter.ax.azim == 30
    assert plotter._cbar.vmin == 0
    plotter.colorbar = False
    assert plotter.fig.axes == [plotter.ax]


def test_plotter_shows_voltages_of_a_trial_and_time(simulated):
    plotter = viz.NetworkPlotter(simulated, trial_idx=1)
    assert plotter.vsec_array.shape == (19, 81)
    plotter.time_idx = 80
    soma = simulated.cell_response.vsec[1][0]["soma"]
    assert plotter.vsec_array[0, 80] == pytest.approx((soma[80] + 100) / 150)
    np.testing.assert_allclose(plotter._lines.get_colors()[0], plotter.color_array[0, 80])


def test_plotter_writes_movies(simulated, tmp_path):
    plotter = viz.NetworkPlotter(simulated)
    plotter.export_movie(tmp_path / "cells.gif", dpi=20, decim=40)
    image = pytest.importorskip("PIL.Image")
    with image.open(tmp_path / "cells.gif") as movie:
        assert movie.n_frames == 3


def test_figures_are_shown_where_there_is_a_screen(monkeypatch):
    shown = []
    monkeypatch.setattr(plt, "show", lambda **options: shown.append(options))
    viz.plt_show(True)
    monkeypatch.setattr(matplotlib, "get_backend", lambda: "QtAgg")
    viz.plt_show(False)
    viz.plt_show(True, block=False)
    assert shown == [{"block": False}]
