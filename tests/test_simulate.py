"""The one verb: labels, determinism, independence of drives, start, and refusal of bad runs."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from apical import (
    CurrentClamp,
    DriveTarget,
    EvokedDrive,
    Grid,
    Network,
    Population,
    Projection,
    Recording,
    SpikeTrainDrive,
    models,
    simulate,
)
from apical.engines.cpu import CpuEngine
from apical.errors import (
    Cancelled,
    EngineError,
    ModelError,
    NumericalError,
    SteadyStateWarning,
    StepWarning,
)
from apical.plan import compile
from apical.running import batches
from apical.testing.networks import ball, one_cell, pair_of_populations, tree


@pytest.fixture(scope="module")
def small() -> Network:
    """A 3 × 3 column at 30 µm with the drives of the evoked response."""
    return models.erp(grid=(3, 3), inplane_distance=30.0)


def columns(result, source):
    own = result.spikes.isel(spike=result.spikes.source.values == source)
    return own.trial.values, own.time.values, own.cell.values


# --- networks of other shapes -----------------------------------------------------------------


def test_a_third_type_of_pyramidal_cell(small):
    third = {"L6_pyramidal": small.populations["L5_pyramidal"].with_(layer="L6")}
    link = Projection(
        source="L2_pyramidal", target="L6_pyramidal", location="distal", receptor="ampa",
        weight=0.01, delay=1,
    )  # fmt: skip
    result = simulate(small.add(populations=third, projections={"to_L6": link}), 60, seed=1)
    assert result.dipole.population.values.tolist() == [
        "L2_pyramidal",
        "L5_pyramidal",
        "L6_pyramidal",
    ]
    assert result.layers().layer.values.tolist() == ["L2", "L5", "L6"]
    assert np.ptp(result.layers().sel(layer="L6").values) > 0
    before = simulate(small, 60, seed=1)
    assert result.layers().sel(layer="L5").identical(before.layers().sel(layer="L5"))


def test_no_pyramidal_cell(small):
    cells = {k: v for k, v in small.populations.items() if "basket" in k}
    links = {k: v for k, v in small.projections.items() if v.source in cells and v.target in cells}
    drive = EvokedDrive(
        mu=10,
        sigma=1,
        location="proximal",
        targets={"L2_basket": DriveTarget(weights={"ampa": 0.1})},
    )
    network = small.with_(populations=cells, projections=links, drives={"d": drive})
    result = simulate(network, 30)
    assert result.dipole.shape == (1, 0, 1201)
    assert (result.total().values == 0).all()
    assert len(columns(result, "L2_basket")[1]) > 0


def test_populations_in_another_order(small):
    turned = small.with_(populations=dict(reversed(list(small.populations.items()))))
    a, b = simulate(small, 60, seed=1), simulate(turned, 60, seed=1)
    assert next(iter(b.sources)) == "L5_pyramidal"
    for name in small.drives:
        assert sorted(columns(a, name)[1]) == sorted(columns(b, name)[1])
    for layer in ("L2", "L5"):
        one, other = (r.layers().sel(layer=layer).values for r in (a, b))
        # events of one step add up in another order: rounding, before spikes amplify it
        assert np.abs(one - other).max() < 1e-9 * np.ptp(one)


def test_one_cell_alone():
    clamp = CurrentClamp(population="cells", section="soma", amplitude=1.0, start=5)
    result = simulate(one_cell(tree(), celsius=37.0, biases={"c": clamp}), 30)
    assert result.dipole.sizes == {"trial": 1, "population": 1, "time": 1201}
    assert len(result.spikes.time) > 0
    assert set(result.spikes.source.values) == {"cells"}
    assert "soma(0.5)" in result.recordings["v"].site.values


def test_a_network_without_cells():
    result = simulate(Network(), 5)
    assert result.dipole.shape == (1, 0, 201)
    assert result.spikes.sizes["spike"] == 0


# --- the same again ---------------------------------------------------------------------------


def test_running_twice_is_running_once(small):
    before = small.content_hash()
    first = simulate(small, 60, seed=3)
    for _ in range(2):
        again = simulate(small, 60, seed=3)
        assert first.dipole.identical(again.dipole)
        assert first.spikes.identical(again.spikes)
    assert small.content_hash() == before


def test_a_short_run_changes_nothing_for_a_longer_one(small):
    untouched = models.erp(grid=(3, 3), inplane_distance=30.0)
    simulate(small, 20, seed=3)
    long, fresh = simulate(small, 100, seed=3), simulate(untouched, 100, seed=3)
    assert long.dipole.identical(fresh.dipole)
    assert long.spikes.identical(fresh.spikes)


def test_a_long_run_begins_like_a_short_one(small):
    short, long = simulate(small, 40, seed=3), simulate(small, 80, seed=3)
    n = short.time.size
    assert np.array_equal(short.dipole.values, long.dipole.values[..., :n])


def test_adding_a_drive_changes_no_other_drives_events(small):
    extra = small.drives["evprox1"].with_(mu=40.0)
    more = small.with_drives({"another": extra})
    for trials in (1, 3):
        a = simulate(small.with_(projections={}), 60, seed=5, trials=trials)
        b = simulate(more.with_(projections={}), 60, seed=5, trials=trials)
        for name in small.drives:
            for x, y in zip(columns(a, name), columns(b, name), strict=True):
                assert np.array_equal(x, y)


def test_equal_drives_of_other_names_draw_other_events(small):
    same = small.drives["evprox1"]
    result = simulate(small.with_(drives={"a": same, "b": same}, projections={}), 60)
    assert not np.isin(columns(result, "a")[1], columns(result, "b")[1]).any()


def test_neighbouring_seeds_share_no_event(small):
    quiet = small.with_(projections={})
    a, b = (columns(simulate(quiet, 60, seed=s), "evprox1")[1] for s in (2, 3))
    assert not np.isin(a, b).any()


def test_any_trial_can_be_drawn_alone(small):
    """Trials differ, and do not depend on how many there are."""
    two, three = simulate(small, 40, trials=2), simulate(small, 40, trials=3)
    assert np.array_equal(two.dipole.values, three.dipole.values[:2])
    assert not np.array_equal(two.dipole.values[0], two.dipole.values[1])


def test_trials_run_in_batches_of_any_size(small, monkeypatch):
    results = []
    for most in (64, 2, 1):
        monkeypatch.setattr(CpuEngine, "members_at_once", most)
        seen = []
        results.append(simulate(small, 20, trials=3, progress=seen.append))
        assert seen == sorted(set(seen))
        assert seen[-1] == 1.0
    assert all(results[0].identical(other) for other in results[1:])


def test_batches_are_small_where_much_is_recorded(small):
    everything = {
        name: Recording(population=name, variable="v", every=0.025) for name in small.populations
    }
    sizes = [
        batches.batch_size(compile(n, 170.0), CpuEngine())
        for n in (small, small.with_(recordings=everything))
    ]
    assert sizes[0] == 64
    # 24 cells, some 900 compartments, 6801 samples of 8 bytes, and a copy: 100 MB of 1 GiB
    assert 5 < sizes[1] < 20


def test_cancelling_stops_after_one_window(small):
    windows = []

    def stop(fraction):
        windows.append(fraction)
        raise Cancelled

    with pytest.raises(Cancelled):
        simulate(small, 50, trials=4, progress=stop)
    assert windows == [compile(small, 50).window / (50 / 0.025)]


def test_evoked_times_are_normal(small):
    drive = EvokedDrive(
        mu=50, sigma=4, n_spikes=20, location="proximal",
        targets={"L2_pyramidal": DriveTarget(weights={"ampa": 0})},
    )  # fmt: skip
    times = columns(simulate(small.with_(drives={"d": drive}, projections={}), 100, trials=5), "d")[
        1
    ]
    # 900 draws: standard errors of 0.13 ms and 0.09 ms; four of them
    assert times.mean() == pytest.approx(50, abs=0.55)
    assert times.std() == pytest.approx(4, abs=0.4)


# --- start ------------------------------------------------------------------------------------


def test_an_undriven_column_rests(small):
    result = simulate(small.with_(drives={}), 50)
    # rounding of a Newton step (1e-9 mV asked, 1e-12 reached) times about 1 nAm/mV
    assert np.abs(result.dipole.values).max() < 1e-14
    assert result.spikes.sizes["spike"] == 0
    assert result.provenance["at_rest"]


def test_the_resting_dipole_is_kept(small):
    steady = simulate(small, 5)
    given = simulate(small, 5, start="given")
    rest = steady.dipole.rest.sel(population="L5_pyramidal").item()
    # nine cells whose dendrites rest at −67 to −72 mV: tens of fAm each
    assert -1e-3 < rest < -1e-4
    assert (given.dipole.rest.values == 0).all()


def test_a_cell_that_fires_undriven_is_said_not_to_rest():
    sections = ("soma", "trunk", "oblique", "basal")
    restless = tree().set({f"sections.{s}.channels.hh2.el": -55.0 for s in sections})
    with pytest.warns(SteadyStateWarning, match="'cell' does not come to rest"):
        result = simulate(one_cell(restless, celsius=37.0), 60)
    assert not result.provenance["at_rest"]
    assert len(result.spikes.time) > 1
    assert (result.recordings["v"].values[0, 0, :, 0] == -70.0).all()


def test_rest_does_not_include_a_bias(small):
    clamp = CurrentClamp(population="L5_pyramidal", section="soma", amplitude=0.05)
    result = simulate(small.with_(drives={}, biases={"c": clamp}), 20)
    assert result.dipole.values[0, :, 0].tolist() == [0, 0]
    assert np.abs(result.dipole.sel(population="L5_pyramidal").values[0, -1]) > 1e-6


# --- what makes no sense ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"duration": -1}, "duration"),
        ({"duration": float("nan")}, "duration"),
        ({"dt": 0}, "dt"),
        ({"trials": 0}, "trials"),
        ({"trials": 1.5}, "trials"),
        ({"seed": -1}, "seed"),
        ({"start": "warm"}, "steady, given"),
        ({"engine": "gpu"}, "no engine 'gpu'"),
        ({"rates": "fast"}, "exact, direct, table"),
        ({"threads": 0}, "threads"),
    ],
)
def test_a_run_that_makes_no_sense_is_refused(small, given, words):
    with pytest.raises((ModelError, EngineError), match=words):
        simulate(small, **({"duration": 5} | given))


def test_divergence_names_cell_compartment_and_time():
    clamp = CurrentClamp(population="cells", section="trunk", amplitude=1e308, start=1, cells=[2])
    network = one_cell(tree(), n=4, celsius=37.0, biases={"c": clamp})
    with pytest.raises(NumericalError, match=r"cells\[2\]") as caught:
        simulate(network, 5)
    assert caught.value.time >= 1


def test_table_rates_need_uniform_parameters():
    """NMODL's tables hold one set of global parameters; a second would silently be ignored."""
    base = tree()
    cell = base.set({"sections.trunk.channels.km.v_half": -20.0})
    network = one_cell(cell, celsius=37.0)
    with pytest.raises(EngineError, match=r"km\.v_half"):
        simulate(network, 5, rates="table")


def test_threads_and_warnings_stay_quiet(small):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        simulate(small, 10, threads=3)


def test_probability_keeps_the_rounded_share():
    plan = compile(pair_of_populations(), 50)
    onto_trees = plan.connections[0]
    first = plan.populations[1].first
    from_balls = onto_trees.source >= first
    assert from_balls.sum() == round(0.7 * 7 * 19)


def test_a_spike_train_for_every_cell():
    population = Population(cell="cell", positions=Grid(shape=(2, 2)))
    drive = SpikeTrainDrive(
        trains=[[1], [2], [3], [4]], cell_specific=True, location="soma", kernel=None,
        targets={"cells": DriveTarget(weights={"excitation": 0.05})},
    )  # fmt: skip
    cell = ball({"hh": {}}, receptors=["excitation"])
    network = one_cell(cell, celsius=6.3, populations={"cells": population}, drives={"d": drive})
    _, times, cells = columns(simulate(network, 20), "cells")
    assert cells[np.argsort(times)].tolist() == [0, 1, 2, 3]


def test_a_pool_in_one_section_and_a_fixed_value_in_the_others():
    """Where a pool is absent the network's own reversal potential holds."""
    cell = tree()
    quiet = cell.set({"sections.basal.channels": {"hh2": {}, "ca": {"gbar": 0.001}}})
    network = one_cell(quiet, celsius=37.0, ions={"ena": 50.0, "ek": -77.0, "eca": 130.0})
    for engine in ("cpu", "reference"):
        v = simulate(network, 5, engine=engine, start="given").recordings["v"].values
        assert np.isfinite(v).all()
        everywhere = cell.set({"sections.basal.channels": {"hh2": {}}})
        other = one_cell(everywhere, celsius=37.0)
        without = simulate(other, 5, engine=engine, start="given").recordings["v"].values
        assert not np.array_equal(v, without)


def test_numbers_of_numpy_and_text_with_units_are_taken(small):
    result = simulate(small, "0.002 s", dt="25 us", seed=np.int64(3), trials=np.int64(2))
    assert result.provenance["seed"] == 3
    assert result.dipole.sizes["trial"] == 2
    assert result.time[-1] == 2.0


@pytest.mark.parametrize(
    ("given", "words"),
    [({"threads": "2"}, "threads"), ({"trials": None}, "trials"), ({"dt": "1 mV"}, "dt")],
)
def test_what_is_no_number_is_refused(small, given, words):
    with pytest.raises(ModelError, match=words):
        simulate(small, 5, **given)


def test_a_name_is_no_network():
    with pytest.raises(ModelError, match=r"models\.load"):
        simulate("erp")  # pyright: ignore[reportArgumentType]


def test_long_steps_are_warned_of(small):
    with pytest.warns(StepWarning, match="too long"):
        simulate(small.with_(drives={}), 5, dt=0.5, start="given")


def test_a_cell_that_leaves_the_possible_is_stopped():
    clamp = CurrentClamp(population="cells", section="soma", amplitude=1e6)
    network = one_cell(ball({"pas": {}}), biases={"c": clamp})
    with pytest.raises(NumericalError, match="1e5 mV"):
        simulate(network, 50, start="given")


def test_a_constant_that_is_not_finite_is_named():
    """Dividing by a parameter that is 0 shows where, not as a warning of NumPy."""
    from apical import Mechanism

    bad = Mechanism(
        name="bad", kind="channel", parameters={"g": "1 S/cm2", "scale": "0"},
        equations="k = g/scale\ni = k*v", currents={"i": ""},
    )  # fmt: skip
    network = one_cell(ball({"pas": {}}))
    cell = network.cells["cell"].set({"sections.soma.channels": {"bad": {}}})
    with pytest.raises(ModelError, match="'k' is not finite"):
        simulate(network.with_(mechanisms={"bad": bad}, cells={"cell": cell}), 1)
