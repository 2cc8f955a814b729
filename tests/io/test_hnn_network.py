"""Networks in files of hnn-core: they simulate as there, and nothing is lost on the way."""

import contextlib
import copy
import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apical import (
    BurstyDrive,
    CurrentClamp,
    EvokedDrive,
    Network,
    Points,
    PoissonDrive,
    Projection,
    SpikeTrainDrive,
    library,
    models,
    read_hnn,
    simulate,
    write_hnn,
)
from apical.errors import FileFormatError, ModelError, StorageError
from apical.io import hnn
from apical.plan import compile as plan_of

DATA = Path(__file__).parent / "hnn_core"


@pytest.fixture(scope="module")
def mixed():
    with gzip.open(DATA / "mixed.json.gz") as file:
        return json.load(file)


@pytest.fixture(scope="module")
def outcome():
    return np.load(DATA / "mixed.npz", allow_pickle=False)


def again(network):
    """Return a network after hnn-core's JSON and back."""
    return hnn.network_from_configuration(
        json.loads(json.dumps(hnn.configuration_from_network(network)))
    )


def spikes_of(result):
    """Return number and time of all spikes; cells are numbered through all sources."""
    first = dict(zip(result.sources, np.cumsum([0, *result.sources.values()]), strict=False))
    start = np.array([first[s] for s in result.spikes["source"].values], int)
    return start + result.spikes["cell"].values, result.spikes["time"].values


def ordered(cell, time, below):
    order = np.lexsort((cell, time))
    order = order[cell[order] < below]
    return cell[order], time[order]


# --- what hnn-core wrote -------------------------------------------------------------------


def test_it_simulates_as_hnn_core_does(mixed, outcome):
    """Drives of all kinds, biases, thinned pairs, gains, profiles, electrodes: all at once."""
    before = copy.deepcopy(mixed)
    events = json.loads(str(outcome["events"]))
    network = hnn.network_from_configuration(mixed, events, single_diameters=True)
    assert mixed == before
    result = simulate(network, 45.0, start="given")
    mine, theirs = spikes_of(result), (outcome["spike_cell"], outcome["spike_time"])
    # hnn-core leaves out drive cells that reach nothing
    cells = sum(p.n for p in network.populations.values())
    (cell, time), (their_cell, their_time) = (ordered(*s, below=cells) for s in (mine, theirs))
    assert cell.tolist() == their_cell.tolist()
    # NEURON adds up dt
    assert np.abs(time - their_time).max() < 1e-9
    for layer in ("L2", "L5"):
        mine = result.layers().sel(layer=layer).values[0, ::8]
        error = np.abs(mine - outcome[layer])[1:]
        # spikes amplify differences of rounding: 1e-7 of the range is seen
        assert error.max() < 1e-5 * np.ptp(outcome[layer][1:]), layer
    for name, potentials in result.lfp.items():
        mine = potentials.sum("population").values[0, :, ::8]
        theirs = outcome[f"lfp_{name}"]
        assert np.abs(mine - theirs)[:, 1:].max() < 1e-5 * np.abs(theirs).max(), name


def test_drives_without_events_draw_their_own(mixed):
    network = hnn.network_from_configuration(mixed)
    kinds = {name: drive.kind for name, drive in network.drives.items()}
    assert kinds == {
        "early": "evoked", "noise": "poisson", "rhythm": "bursty", "replayed": "spike_train",
    }  # fmt: skip
    assert network.get("drives.noise.rate") == {"L2_pyramidal": 140.0, "L5_pyramidal": 40.0}
    assert network.get("drives.noise.location") == "apical_tuft"
    assert network.get("drives.noise.stop") is None
    assert network.get("drives.rhythm.n_cells") == 4
    assert network.get("drives.replayed.trains") == ((11.0, 12.0), (14.0,))
    assert network.get("drives.early.targets.L5_pyramidal.weights.nmda") == 0.01
    assert network.get("drives.early.kernel.space_constant") == 3.0
    assert list(network.populations) == ["L2_basket", "L2_pyramidal", "L5_basket", "L5_pyramidal"]


def test_what_hnn_core_thinned_is_not_thinned_again(mixed):
    """hnn-core does, at every load."""
    network = hnn.network_from_configuration(mixed)
    thinned = [c for c in mixed["connectivity"] if c["probability"] < 1]
    assert {c["src_type"] for c in thinned} == {"L2_basket", "early", "noise", "rhythm"}
    plan = plan_of(network, 45.0)
    for drive in plan.drives:
        theirs = sum(
            len(targets)
            for c in mixed["connectivity"]
            if c["src_type"] == drive.name
            for targets in c["gid_pairs"].values()
        )
        places = {"early": 3, "rhythm": 1, "noise": 1, "replayed": 1}[drive.name]
        mine = sum(c.n + c.dropped for c in drive.connections.values())
        assert theirs <= mine <= theirs * places
    projection = network.projections["L2_basket>L5_basket.gabaa"]
    pairs = {(s, t) for s, t in projection.pairs}
    (theirs,) = (c for c in thinned if c["src_type"] == "L2_basket")
    start = mixed["gid_ranges"]["L5_basket"]["start"]
    assert pairs == {(int(s), t - start) for s, ts in theirs["gid_pairs"].items() for t in ts}
    assert projection.probability == 1.0
    assert again(network).projections["L2_basket>L5_basket.gabaa"] == projection


def test_the_inplane_distance_is_that_of_the_positions(mixed):
    """hnn-core does not save it, and loads 1 µm: weights then do not fall as they should."""
    assert "inplane_distance" not in mixed
    network = hnn.network_from_configuration(mixed)
    assert network.inplane_distance == 20.0
    assert network.populations["L5_pyramidal"].positions.shape == (3, 2)
    assert hnn.configuration_from_network(network)["inplane_distance"] == 20.0
    assert again(network).inplane_distance == 20.0


def test_free_positions_are_kept(mixed):
    moved = copy.deepcopy(mixed)
    moved["pos_dict"]["L5_pyramidal"][0] = [1.5, 2.5, 3.5]
    network = hnn.network_from_configuration(moved)
    assert network.populations["L5_pyramidal"].positions.coordinates[0] == (1.5, 2.5, 3.5)
    # the other grids tell the distance still
    assert network.inplane_distance == 20.0
    assert again(network) == network


def test_drive_cells_stand_where_they_stood(mixed):
    moved = copy.deepcopy(mixed)
    moved["pos_dict"]["rhythm"] = [[40.0, 20.0, 653.0]] * 4
    network = hnn.network_from_configuration(moved)
    assert network.drives["rhythm"].position == (40.0, 20.0, 653.0)
    assert network.drives["early"].position is None
    assert again(network) == network


def test_older_files_without_metadata(mixed):
    older = copy.deepcopy(mixed)
    older["cell_types"] = {n: c["cell_object"] for n, c in older["cell_types"].items()}
    for cell in older["cell_types"].values():
        for name, section in cell["sections"].items():
            # of which hnn-core has changed the length, but not the number of segments
            if name != "basal_3":
                del section["nseg"]
    network = hnn.network_from_configuration(older)
    assert network.populations == hnn.network_from_configuration(mixed).populations


def test_names_that_are_none_here(mixed):
    named = json.loads(json.dumps(mixed).replace('"rhythm"', '"my rhythm (10 Hz)"'))
    network = hnn.network_from_configuration(named)
    assert "my_rhythm__10_Hz_" in network.drives


def test_connections_of_a_drive_that_do_not_agree(mixed):
    """With events given they become several drives; without, one cannot draw for both."""
    edited = copy.deepcopy(mixed)
    own = [c for c in edited["connectivity"] if c["src_type"] == "noise"]
    own[-1]["nc_dict"]["A_delay"] = 7.0
    with pytest.raises(ModelError, match=r"external_drives\.noise"):
        hnn.network_from_configuration(edited)
    events = {n: [[5.0]] * d["n_drive_cells"] for n, d in edited["external_drives"].items()}
    network = hnn.network_from_configuration(edited, events)
    assert {"noise", "noise-2"} <= network.drives.keys()
    assert network.drives["noise-2"].targets["L5_pyramidal"].delay == 7.0


def test_cells_of_a_type_have_one_threshold(mixed):
    """NEURON keeps one for each cell, the last that its connections say."""
    edited = copy.deepcopy(mixed)
    mine = [c for c in edited["connectivity"] if c["src_type"] == "L2_pyramidal"]
    for connection in mine:
        connection["nc_dict"]["threshold"] = -30.0
    network = hnn.network_from_configuration(edited)
    cell = network.populations["L2_pyramidal"].cell
    assert network.cells[cell].threshold == -30.0
    few = dict(list(mine[0]["gid_pairs"].items())[:1])
    edited["connectivity"].append({
        **mine[0], "gid_pairs": few, "nc_dict": {**mine[0]["nc_dict"], "threshold": -20.0},
    })  # fmt: skip
    with pytest.raises(ModelError, match=r"'L2_pyramidal' have several thresholds, \[-30"):
        hnn.network_from_configuration(edited)


@pytest.mark.parametrize("given", [{}, {"early": [[1.0]]}])
def test_events_must_be_there_for_every_drive_cell(mixed, given):
    with pytest.raises(ModelError, match=r"trains\.early.*\ntrains\.noise"):
        hnn.network_from_configuration(mixed, given)


# --- round trips ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["erp", "law_2021", "kohl_2022", "gamma_weak", "gamma_strong"])
def test_models_come_back_as_they_were(name, tmp_path):
    network = getattr(models, name)(grid=(3, 3), inplane_distance=30.0)
    write_hnn(tmp_path / "network.json", network)
    found = read_hnn(tmp_path / "network.json")
    assert found == network
    # in the same order, too, but for mechanisms
    assert found.with_(mechanisms=network.mechanisms).fingerprint == network.fingerprint


def test_what_hnn_core_wrote_comes_back(mixed):
    network = hnn.network_from_configuration(mixed)
    assert again(network) == network
    theirs, mine = mixed, hnn.configuration_from_network(network)
    assert list(mine["gid_ranges"].items()) == list(theirs["gid_ranges"].items())
    for name in theirs["cell_types"]:
        cell, own = (c["cell_types"][name]["cell_object"] for c in (theirs, mine))
        assert own["synapses"] == cell["synapses"]
        for section, fields in cell["sections"].items():
            found = own["sections"][section]
            for field in ("L", "diam", "Ra", "cm", "v0", "nseg", "syns", "end_pts"):
                assert found[field] == fields[field], (name, section, field)
            for mechanism, parameters in fields["mechs"].items():
                for parameter, value in parameters.items():
                    its = found["mechs"][mechanism][parameter]
                    values = (value[1], its[1]) if isinstance(value, list) else (value, its)
                    # pS/µm² and back: to the last bit or the next
                    np.testing.assert_allclose(*values, rtol=3e-16)
    # drives come after projections here
    drives = theirs["external_drives"]
    entries = sorted(theirs["connectivity"], key=lambda c: c["src_type"] in drives)
    for one, other in zip(entries, mine["connectivity"], strict=True):
        for field in ("src_type", "target_type", "loc", "receptor", "gid_pairs"):
            assert one[field] == other[field]


CELLS = ("L2_basket", "L2_pyramidal")
BARE = models.neymotin_2020(grid=(3, 2), inplane_distance=1.0)
NAMES = st.text("abcXYZ_>-019", min_size=1, max_size=6)
NUMBERS = st.floats(0, 1e6, allow_subnormal=False)
POSITIVE = st.floats(1e-6, 1e6)
SHARES = st.floats(0.01, 1)
KERNELS = st.none() | st.builds(lambda x: {"space_constant": x}, POSITIVE)
MILLISECONDS = st.floats(0, 1e4)


def targets():
    one = st.fixed_dictionaries(
        {
            "weights": st.dictionaries(st.sampled_from(["ampa", "nmda"]), NUMBERS, min_size=1),
            "delay": MILLISECONDS,
        }
    )
    # both populations have places and receptors in common at 'proximal'
    return st.fixed_dictionaries({"L2_pyramidal": one}, optional={"L2_basket": one})


def drives():
    common = {
        "location": st.just("proximal"), "targets": targets(), "kernel": KERNELS,
        "probability": SHARES, "position": st.none() | st.tuples(NUMBERS, NUMBERS, NUMBERS),
    }  # fmt: skip
    shared = st.fixed_dictionaries(
        {"cell_specific": st.just(False), "n_cells": st.none() | st.integers(1, 5)}
    )
    own = st.just({"cell_specific": True})
    trains = st.lists(st.lists(MILLISECONDS, max_size=4).map(sorted), min_size=1, max_size=4)
    window = {"start": MILLISECONDS, "stop": st.none() | st.just(2e4)}
    kinds = {
        EvokedDrive: {"mu": st.floats(-10, 1e3), "sigma": NUMBERS, "n_spikes": st.integers(1, 9)},
        PoissonDrive: {"rate": st.floats(0, 1e4), **window},
        BurstyDrive: {
            "rate": st.floats(0.1, 10), "start_sigma": NUMBERS, "sigma": NUMBERS,
            "n_spikes": st.integers(1, 4), "interval": st.floats(0, 20), **window,
        },
    }  # fmt: skip
    drawn = [
        st.builds(
            lambda a, b, kind=kind: kind(**a, **b),
            st.fixed_dictionaries({**common, **fields}),
            shared | own,
        )
        for kind, fields in kinds.items()
    ]
    given = st.builds(
        lambda a, t: SpikeTrainDrive(**a, trains=t), st.fixed_dictionaries(common), trains
    )
    return st.one_of(*drawn, given)


def projections():
    n, m = (BARE.populations[p].n for p in CELLS)
    pairs = st.lists(
        st.tuples(st.integers(0, n - 1), st.integers(0, m - 1)), max_size=6, unique=True
    )
    rules = st.just({"rule": "all_to_all"}) | st.builds(
        lambda p: {"rule": "pairs", "pairs": sorted(p)}, pairs
    )
    fields = st.fixed_dictionaries(
        {
            "weight": NUMBERS, "delay": MILLISECONDS, "kernel": KERNELS, "gain": NUMBERS,
            "probability": SHARES, "autapses": st.booleans(),
        }
    )  # fmt: skip
    across = st.builds(
        lambda f, r: Projection(
            source=CELLS[0], target=CELLS[1], location="soma", receptor="gabaa", **f, **r
        ),
        fields,
        rules,
    )
    own = st.builds(
        lambda f, r: Projection(
            source=CELLS[1], target=CELLS[1], location="basal_2", receptor="nmda", rule=r, **f
        ),
        fields,
        st.sampled_from(["all_to_all", "one_to_one"]),
    )
    return across | own


CLAMPS = st.builds(
    lambda a, x, start: CurrentClamp(
        population="L2_pyramidal", section="apical_1", amplitude=a, x=x, start=start
    ),
    st.floats(-10, 10),
    st.floats(0, 1),
    MILLISECONDS,
)
POINTS = st.builds(
    lambda p: Points(coordinates=p), st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), min_size=2,
                                              max_size=2)
)  # fmt: skip


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(NAMES, projections(), max_size=3),
    st.dictionaries(NAMES.map(lambda n: f"d{n}"), drives(), max_size=3),
    st.dictionaries(NAMES.map(lambda n: f"b{n}"), CLAMPS, max_size=2),
    POSITIVE,
)
def test_any_network_comes_back(wires, inputs, clamps, distance):
    network = BARE.with_(
        inplane_distance=distance, projections=wires, drives=inputs, biases=clamps, title="x",
        recordings={"v": {"population": "L2_basket", "cells": [0]}},
        electrodes={"shank": {"positions": [(1, 2, 3)], "every": 0.05}},
    )  # fmt: skip
    assert same(again(network), network)


def same(found: Network, network: Network) -> bool:
    """Whether both mean the same: where a share is written and one drive cell is said is free."""
    for name, drive in network.drives.items():
        other = found.drives[name]
        assert {t: other.share(t) for t in other.targets} == {
            t: drive.share(t) for t in drive.targets
        }
        assert other == drive
    return found == network


@settings(max_examples=15, deadline=None)
@given(POINTS)
def test_any_positions_come_back(points):
    network = BARE.set({"populations.L5_basket.positions": points})
    assert again(network) == network


def test_populations_of_one_cell_type_come_back():
    network = BARE.with_(
        projections={},
        mechanisms={n: library.mechanism(n) for n in ("hh2", "exp2syn")},
        cells={"any": library.cell("L2_basket")},
        populations={
            name: {"cell": "any", "positions": {"kind": "points", "coordinates": [(x, 0, 0)]}}
            for x, name in enumerate(("one", "two"))
        },
    )
    assert again(network) == network


# --- what cannot be held -------------------------------------------------------------------


def test_everything_that_such_a_file_cannot_hold_is_told():
    network = BARE.set(
        {
            "cells.L2_basket.sections.soma.channels.hh2": {},
            "cells.L5_pyramidal.sections.soma.channels.km.v_half": -35.0,
            "cells.L5_pyramidal.axis": (1.0, 0.0, 0.0),
            "ions.ek": -90.0,
            "populations.L2_basket.layer": "2",
        }
    ).add(
        biases={
            "one": CurrentClamp(population="L2_basket", section="soma", amplitude=1.0, cells=[0])
        },
        electrodes={"a": {"positions": [(0, 0, 0)], "method": "line"}},
    )
    with pytest.raises(ModelError) as error:
        hnn.configuration_from_network(network)
    assert [p.path for p in error.value.problems] == [
        "populations.L2_basket.layer",
        "cells.L5_pyramidal.sections.soma.channels.km.v_half",
        "cells.L5_pyramidal.axis",
        "ions.ek",
        "biases.one.cells",
        "electrodes.a.method",
    ]


def test_files_are_not_replaced_by_accident(tmp_path):
    path = tmp_path / "a.json"
    write_hnn(path, BARE)
    with pytest.raises(StorageError, match="exists already"):
        write_hnn(path, BARE)
    write_hnn(path, BARE, overwrite=True)
    with pytest.raises(ModelError, match="json"):
        write_hnn(tmp_path / "a.param", BARE)


# --- files that are wrong ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"cell_types.L5_pyramidal.cell_object.sections.soma.L": -1},
         "cell_types.L5_pyramidal.cell_object.sections.soma.L"),
        ({"cell_types.L2_basket.cell_object.sections.soma.mechs": {"nax": {}}},
         "cell_types.L2_basket.sections.soma.mechs.nax"),
        ({"cell_types.L2_basket.cell_object.sections.soma.mechs": {"hh2": {"gkbar_hh": 1}}},
         "cell_types.L2_basket.sections.soma.mechs.hh2.gkbar_hh"),
        ({"cell_types.L2_basket.cell_object.synapses.ampa": {"e": 0, "tau1": 1}},
         "cell_types.L2_basket.cell_object.synapses.ampa.tau2"),
        ({"gid_ranges.L2_basket.stop": 20}, "gid_ranges.L2_pyramidal.start"),
        ({"gid_ranges.noise": None}, "gid_ranges.noise"),
        ({"pos_dict.L2_basket": [[0, 0, 0]]}, "pos_dict.L2_basket"),
        ({"connectivity.0.src_type": "L3_basket"}, "connectivity.0.src_type"),
        ({"connectivity.0.loc": "axon"}, "connectivity.0.loc"),
        ({"connectivity.0.receptor": "gabac"}, "connectivity.0.receptor"),
        ({"connectivity.0.gid_pairs": {"3": [99]}}, "connectivity.0.gid_pairs.3"),
        ({"connectivity.0.nc_dict.lamtha": 0}, "connectivity.0.nc_dict.lamtha"),
        ({"external_drives.early.type": "sine"}, "external_drives.early.type"),
        ({"external_drives.early.dynamics": {"mu": 1}}, "external_drives.early.dynamics.sigma"),
        ({"external_drives.replayed.dynamics": {"times": [1], "gids": [7]}},
         "external_drives.replayed.dynamics.gids"),
        ({"external_biases.tonic.L2_pyramidal.section": "axon"},
         "external_biases.tonic.L2_pyramidal.section"),
        ({"rec_arrays.points.method": "tsa"}, "rec_arrays.points.method"),
    ],
)  # fmt: skip
def test_wrong_values_are_told_with_their_place(mixed, change, path):
    wrong = copy.deepcopy(mixed)
    for address, value in change.items():
        *keys, last = address.split(".")
        here = wrong
        for key in keys:
            here = here[int(key)] if isinstance(here, list) else here[key]
        if value is None:
            del here[last]
        else:
            here[last] = value
    with pytest.raises(ModelError) as error:
        hnn.network_from_configuration(wrong)
    assert path in [p.path for p in error.value.problems]


def places(data, here=()):
    """Yield the address of every value, all of a list's first items only."""
    items = data.items() if isinstance(data, dict) else enumerate(data[:2])
    for key, value in items:
        yield (*here, key)
        if isinstance(value, (dict, list)):
            yield from places(value, (*here, key))


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_any_damage_is_an_error_or_none(mixed, data):
    """Whatever stands anywhere: a network, or an error of ours."""
    damaged = copy.deepcopy(mixed)
    address = data.draw(st.sampled_from(list(places(mixed))))
    value = data.draw(
        st.sampled_from([None, True, -1, 0, 1e300, "", "x", [], {}, [1], [[1, 2, 3]], {"a": 1}])
    )
    here = damaged
    for key in address[:-1]:
        here = here[key]
    if data.draw(st.booleans()):
        here[address[-1]] = value
    else:
        del here[address[-1]]
    with contextlib.suppress(ModelError):
        assert isinstance(hnn.network_from_configuration(damaged), Network)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON"),
        ("[1]", "not a parameter set"),
        ('{"object_type": "Cell"}', "its object_type is 'Cell'"),
        ('{"object_type": "Network", "object_type": 1}', "stands twice"),
        ('{"gbar_x": NaN}', "not a finite number"),
        ('{"gbar_x": [1]}', "'gbar_x' must be a number or text"),
    ],
)
def test_files_that_are_none(tmp_path, text, message):
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(FileFormatError, match=message) as error:
        read_hnn(path)
    assert str(error.value).startswith("a.json")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(StorageError, match="No such file"):
        read_hnn(tmp_path / "none.json")
