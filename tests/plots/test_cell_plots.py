"""Cells, columns, their wiring and movies of them."""

import numpy as np
import pytest
from matplotlib.colors import same_color
from matplotlib.figure import Figure

import apical
from apical import models, plots
from apical.errors import Cancelled, ModelError, StorageError
from apical.model import Grid, Points, Population, Projection, Recording
from apical.plan import geometry
from apical.result import RecordedTraces, Result
from apical.testing.networks import ball, one_cell, pair_of_populations, tree


@pytest.fixture(scope="module")
def pair():
    return pair_of_populations()


@pytest.fixture(scope="module")
def recorded():
    """Two cells whose voltages are known: cell k, site j, at time t: -80 + 10 k + j + t."""
    network = one_cell(tree(), n=2)
    tree_sites = [
        f"{name}({(i + 0.5) / n:.4g})"
        for name, section in network.cells["cell"].sections.items()
        for n in [apical.plan.discretise.segments_of(section, network.cells["cell"])]
        for i in range(n)
    ]
    time = np.arange(5.0)
    parts = np.arange(2.0)[:, None, None] * 10, np.arange(float(len(tree_sites)))[:, None], time
    values = (-80 + parts[0] + parts[1] + parts[2])[None]
    traces = RecordedTraces(time, values, (0, 1), tree_sites, "mV")
    nothing = {name: np.zeros(0) for name in ("trial", "time", "source", "cell")}
    return Result.from_arrays(
        network, time, np.zeros((1, 1, 5)), spikes=nothing, sources={"cells": 2},
        recordings={"v": traces},
    )  # fmt: skip


def axes3d():
    return Figure().add_subplot(projection="3d")


def draw(ax):
    ax.figure.canvas.draw()
    return ax


def test_morphology_draws_sections_where_they_are():
    cell = models.neymotin_2020().cells["L5_pyramidal"]
    ax = axes3d()
    assert plots.morphology(cell, ax=ax) is ax
    draw(ax)
    assert [line.get_label() for line in ax.lines] == list(cell.sections)
    for line, section in zip(ax.lines, cell.sections.values(), strict=True):
        np.testing.assert_array_equal(
            np.transpose(line.get_data_3d()), [section.start, section.end]
        )
    assert len({line.get_linewidth() for line in ax.lines}) > 2
    assert [ax.get_xlabel(), ax.get_ylabel(), ax.get_zlabel()] == ["x (µm)", "y (µm)", "z (µm)"]
    assert len(ax.texts) == len(cell.sections)


def test_morphology_colours_sections_by_name():
    ax = plots.morphology(tree(), colour={"soma": "red"}, names=False)
    assert [same_color(line.get_color(), "red") for line in ax.lines] == [True, False, False, False]
    assert not ax.texts
    with pytest.raises(ModelError, match="did you mean 'soma'"):
        plots.morphology(tree(), colour={"some": "red"})
    with pytest.raises(ValueError, match="ax must be 3-D"):
        plots.morphology(tree(), ax=Figure().add_subplot())


def test_sections_without_end_points_are_fanned_out():
    cell = tree()
    bare = cell.with_(sections={n: s.with_(start=None, end=None) for n, s in cell.sections.items()})
    ends = geometry.section_ends(bare)
    for name, section in bare.sections.items():
        assert np.linalg.norm(ends[name][1] - ends[name][0]) == pytest.approx(section.L)
    np.testing.assert_allclose(ends["trunk"], [[0, 0, 39], [0, 0, 339]], atol=1e-12)
    np.testing.assert_allclose(ends["basal"], [[0, 0, 0], [0, 0, -80]], atol=1e-12)
    np.testing.assert_allclose(np.abs(ends["oblique"][1]), [150, 0, 189], atol=1e-9)
    draw(plots.morphology(bare))


def test_sites_are_compartments():
    ends = geometry.site_ends(tree(), ["soma(0.5)", "trunk(0.07143)", "ampa:basal(0.5)"])
    np.testing.assert_allclose(ends[0], [[0, 0, 0], [0, 0, 39]])
    np.testing.assert_allclose(ends[1], [[0, 0, 39], [0, 0, 39 + 300 / 7]], rtol=1e-4)
    np.testing.assert_allclose(ends[2], [[0, 0, 0], [0, 0, -80]])
    with pytest.raises(ValueError, match=r"'axon\(0\.5\)' is no place"):
        geometry.site_ends(tree(), ["axon(0.5)"])


def test_column_has_every_cell_at_its_place():
    network = models.neymotin_2020(grid=(3, 3), inplane_distance=20.0)
    network = network.add(electrodes={"shank": apical.laminar(0, 0, electrodes=4)})
    ax = axes3d()
    assert plots.column(network, ax=ax) is ax
    labels = [c.get_label() for c in ax.collections]
    assert labels == [n.replace("_", " ") for n in network.populations]
    for drawn, population in zip(ax.collections, network.populations.values(), strict=True):
        points = np.transpose(drawn._offsets3d)
        np.testing.assert_array_equal(points, population.positions.points(20.0))
    np.testing.assert_array_equal(ax.lines[0].get_data_3d()[2], [-325, -225, -125, -25])
    wide = plots.column(network, spacing=500.0, electrodes=False, dendrites=True)
    assert np.ptp(wide.get_xlim()) > 1000
    draw(wide)


def test_a_column_of_other_names_and_of_three_pyramidal_types():
    network = models.neymotin_2020(grid=(3, 3))
    kind = network.populations["L5_pyramidal"]
    more = {f"L5_{k}": kind.with_(positions=Grid(shape=(2, 2), z=-100.0)) for k in ("ET", "IT")}
    network = network.with_(populations={**network.populations, **more})
    colours = {tuple(c.get_facecolor()[0]) for c in plots.column(network).collections}
    assert len(colours) == 6
    draw(plots.drive_strengths(network))
    draw(plots.column(network.with_(populations={}, projections={}, drives={})))


def test_connectivity_counts_synapses_and_sums_weights(pair):
    ax = plots.connectivity(pair)
    # trees>trees without autapses, two dendrites; one soma per ball; 70 % of balls>trees
    found = {text.get_text(): text.get_position()[::-1] for text in ax.texts}
    assert found == {"684": (0, 0), "133": (0, 1), "93": (1, 0)}
    assert ax.figure.axes[1].get_ylabel() == "Synapses"
    only = plots.connectivity(pair, "number", receptor="inhibition")
    assert [text.get_text() for text in only.texts] == ["93"]
    share = plots.connectivity(pair, "probability", receptor="inhibition")
    assert [text.get_text() for text in share.texts] == ["0.7"]
    weight = plots.connectivity(pair, "weight", receptor="inhibition")
    matrix = plots.connections(pair, "balls>trees").images[0].get_array().filled(0.0)
    assert [text.get_text() for text in weight.texts] == [f"{matrix.sum() / 19:.2g}"]
    with pytest.raises(ModelError, match="did you mean 'inhibition'"):
        plots.connectivity(pair, receptor="inhibitory")
    with pytest.raises(ModelError, match="there is no 'weights'"):
        plots.connectivity(pair, "weights")


def test_connections_are_those_of_the_seed(pair):
    plan = apical.plan.compile(pair, 100.0, seed=3)
    onto = plan.connections[0]
    image = plots.connections(pair, "balls>trees", seed=3).images[0].get_array()
    mine = onto.source >= 19
    np.testing.assert_array_equal(image[onto.source[mine] - 19, onto.cell[mine]], onto.weight[mine])
    assert image.count() == mine.sum() == 93
    delays = plots.connections(pair, "balls>trees", "delay", seed=3).images[0].get_array()
    np.testing.assert_array_equal(delays[onto.source[mine] - 19, onto.cell[mine]], onto.delay[mine])
    other = plots.connections(pair, "balls>trees", seed=4).images[0].get_array()
    assert (other.mask != image.mask).any()


def test_neighbours_of_one_cell(pair):
    row = plots.connections(pair, "balls>trees").images[0].get_array()[2]
    ax = plots.neighbours(pair, "balls>trees", 2)
    missed, reached, itself = ax.collections
    assert len(missed.get_offsets()) == row.mask.sum()
    np.testing.assert_array_equal(reached.get_array(), row.compressed())
    np.testing.assert_array_equal(itself.get_offsets(), [[20.0, 5.0]])
    n = row.count()
    assert ax.get_title(loc="left") == f"balls 2 reaches {n} of 19 trees (inhibition)"
    assert ax.get_xlabel() == "x (µm)"
    with pytest.raises(ModelError, match="there is no 'balls'"):
        plots.neighbours(pair, "balls")
    with pytest.raises(IndexError, match="cell must be 0 to 6; got 7"):
        plots.neighbours(pair, "balls>trees", 7)


def test_a_network_without_projections_has_an_empty_table():
    network = one_cell(ball({"pas": {}}))
    ax = draw(plots.connectivity(network))
    assert not ax.texts
    draw(plots.drive_strengths(network))
    lonely = network.with_(
        cells={"cell": ball({"pas": {}}, receptors=["r"])},
        populations={"a": Population(cell="cell", positions=Points(coordinates=[(0, 0, 0)]))},
        mechanisms={**network.mechanisms, "exp2syn": apical.library.mechanism("exp2syn")},
        projections={
            "a>a": Projection(
                source="a", target="a", location="soma", receptor="r", weight=1, delay=1,
                autapses=False,
            )
        },
        recordings={},
    )  # fmt: skip
    assert [t.get_text() for t in draw(plots.connectivity(lonely)).texts] == ["0"]
    draw(plots.neighbours(lonely, "a>a"))
    draw(plots.connections(lonely, "a>a"))


def test_drive_strengths_are_weights_alone():
    # hnn-core added the delay to the weight, and NMDA replaced AMPA
    network = models.erp(grid=(3, 3))
    shown = {}
    for delay in (0.1, 50.0):
        ax = plots.drive_strengths(
            network.set({f"drives.evdist1.targets.{n}.delay": delay
                         for n in network.drives["evdist1"].targets})
        )  # fmt: skip
        names = [t.get_text() for t in ax.get_yticklabels()]
        columns = [t.get_text() for t in ax.get_xticklabels()]
        image = ax.images[0].get_array()
        shown[delay] = {
            (row, column): image[i, j]
            for i, row in enumerate(names)
            for j, column in enumerate(columns)
            if not np.ma.getmaskarray(image)[i, j]
        }
    assert shown[0.1] == shown[50.0]
    expected = {
        (f"{name} {receptor}", population.replace("_", " ")): weight
        for name, drive in network.drives.items()
        for population, target in drive.targets.items()
        for receptor, weight in target.weights.items()
    }
    assert shown[0.1] == expected
    assert ax.figure.axes[1].get_ylabel() == "Conductance per synapse (µS)"


def test_voltages_colour_every_compartment(recorded):
    ax = axes3d()
    assert plots.voltages(recorded, 2.2, ax=ax) is ax
    (drawn,) = ax.collections
    expected = recorded.recordings["v"].sel(trial=0, time=2.0).values.ravel()
    np.testing.assert_array_equal(drawn.get_array(), expected)
    assert ax.get_title() == "2.2 ms"
    assert ax.figure.axes[1].get_ylabel() == "Voltage (mV)"
    draw(ax)
    with pytest.raises(ModelError, match="there is no 'volts'"):
        plots.voltages(recorded, 2.0, ["volts"])
    with pytest.raises(IndexError, match="trial must be 0 to 0; got 1"):
        plots.voltages(recorded, 2.0, trial=1)
    none = recorded.network.with_(recordings={})
    with pytest.raises(ModelError, match=r"holds no voltages; add apical\.Recording"):
        plots.voltages(Result(**{**recorded._fields(), "network": none}), 2.0)


def test_only_voltages_are_drawn(recorded):
    current = Recording(population="cells", variable="i_membrane")
    network = recorded.network.with_(recordings={"i": current, **recorded.network.recordings})
    traces = {"i": recorded.recordings["v"], **recorded.recordings}
    both = Result(**{**recorded._fields(), "network": network, "recordings": traces})
    assert [c.get_label() for c in plots.voltages(both, 0.0).collections] == ["v"]


def test_movie_is_written_with_progress(recorded, tmp_path):
    from PIL import Image

    animation = plots.movie(recorded, start=1.0, stop=4.0, every=1.0, turn=5.0)
    done = []
    plots.save_movie(animation, tmp_path / "m.gif", dpi=30, progress=done.append)
    assert done == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert [p.name for p in tmp_path.iterdir()] == ["m.gif"]
    with Image.open(tmp_path / "m.gif") as written:
        assert written.n_frames == 4
    with pytest.raises(StorageError, match="exists already"):
        plots.save_movie(animation, tmp_path / "m.gif")
    with pytest.raises(StorageError, match=r"must end with one of \.gif, \.mp4"):
        plots.save_movie(animation, tmp_path / "m.doc")


def test_a_stopped_movie_leaves_no_file(recorded, tmp_path):
    def stop(fraction):
        raise Cancelled("enough")

    animation = plots.movie(recorded)
    with pytest.raises(Cancelled):
        plots.save_movie(animation, tmp_path / "m.gif", dpi=30, progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_mp4_without_ffmpeg_says_so(recorded, tmp_path, monkeypatch):
    from matplotlib.animation import FFMpegWriter

    monkeypatch.setattr(FFMpegWriter, "isAvailable", lambda: False)
    animation = plots.movie(recorded, stop=1.0)
    with pytest.raises(StorageError, match=r"\.mp4 needs the program ffmpeg"):
        plots.save_movie(animation, tmp_path / "m.mp4")
    plots.save_movie(animation, tmp_path / "m.gif", dpi=30)


def test_a_movie_needs_frames(recorded):
    with pytest.raises(ModelError, match=r"every: must be > 0 ms"):
        plots.movie(recorded, every=0.0)
    with pytest.raises(ModelError, match=r"stop: must be ≥ 3 ms; got 2 ms"):
        plots.movie(recorded, start=3.0, stop=2.0)


def test_traces_have_units(recorded):
    data = recorded.recordings["v"].isel(site=[0, 3])
    ax = Figure().add_subplot()
    assert plots.traces(data, ax=ax) is ax
    assert len(ax.lines) == 4
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), data.values[0, 0, 0])
    assert ax.get_ylabel() == "Voltage (mV)"
    current = data.rename("gabaa_current").assign_attrs(units="nA")
    assert plots.traces(current).get_ylabel() == "gabaa current (nA)"
    assert [t.get_text() for t in ax.get_legend().get_texts()] == data["site"].values.tolist()
    with pytest.raises(IndexError, match="trial must be 0 to 0; got 3"):
        plots.traces(data, trial=3)
