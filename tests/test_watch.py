"""A run that is watched: chunks, stopping, and changes that equal a full run to the last bit."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import apical
from apical import (
    CurrentClamp,
    DriveTarget,
    EvokedDrive,
    Network,
    Projection,
    SpikeTrainDrive,
    simulate,
    watch,
)
from apical.errors import EngineError, ModelError, NumericalError
from apical.plan import compile
from apical.running.differences import alike, first_spike_change
from apical.running.snapshots import Snapshots
from apical.testing.networks import cable, one_cell, tree

ENGINES = ["reference", "cpu"]
OPTIONS = {"dt": 0.05, "start": "given", "threads": 1}
DURATION = 16.0


def small() -> Network:
    """Two cells that spike and excite each other, with two drives."""
    cell = cable({"hh": {}}, 3, L=60.0, diam=5.0, receptors={"excitation": 0.9}, v0=-65.0)
    target = {"cells": DriveTarget(weights={"excitation": 0.01}, delay=0.3)}
    return one_cell(
        cell, n=2, celsius=6.3,
        projections={
            "cells>cells": Projection(
                source="cells", target="cells", location="cable", receptor="excitation",
                weight=0.002, delay=1.0, autapses=False,
            )
        },
        drives={
            "early": EvokedDrive(mu=3, sigma=1, location="cable", kernel=None, targets=target),
            "late": SpikeTrainDrive(
                trains=[[9.0, 12.0]], location="cable", kernel=None, targets=target
            ),
        },
    )  # fmt: skip


def full(network, engine, duration=DURATION, **more):
    return simulate(network, duration, engine=engine, **(OPTIONS | more))


def begin(network, engine, duration=DURATION, **more):
    quick = {"pace": 0.0, "snapshot_every": 1.0}
    return watch(network, duration, engine=engine, **(OPTIONS | quick | more))


def spikes_of(dataset):
    return sorted(
        zip(*(dataset[c].values.tolist() for c in ("trial", "time", "source", "cell")), strict=True)
    )


def run_to(watched, time):
    """Run until some time is reached; return the chunks."""
    chunks = []
    for chunk in watched.resume():
        chunks.append(chunk)
        if watched.time >= time:
            watched.stop()
    return chunks


def together(chunks, dt):
    """Put chunks together as a viewer would: what comes later replaces what was there."""
    dipole, spikes = None, []
    for chunk in chunks:
        if dipole is not None:
            # half a step, because times are rounded
            dipole = dipole.isel(time=dipole.time.values < chunk.since + dt / 2)
        dipole = chunk.dipole if dipole is None else xr.concat([dipole, chunk.dipole], "time")
        spikes = [s for s in spikes if s[1] <= chunk.since] + spikes_of(chunk.spikes)
    return dipole, sorted(spikes)


# --- the stream -------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
def test_a_watched_run_is_a_simulated_run(engine):
    network = small()
    whole = full(network, engine, trials=2, seed=4)
    with begin(network, engine, trials=2, seed=4) as watched:
        chunks = list(watched)
        assert watched.result().identical(whole)
        assert list(watched) == []
    assert len(chunks) > 2
    assert whole.spikes.sizes["spike"] > 4
    assert np.ptp(whole.dipole.values) > 1e-9
    dipole, spikes = together(chunks, 0.05)
    assert np.array_equal(dipole.values, whole.dipole.values)
    assert dipole.dims == whole.dipole.dims
    assert spikes == spikes_of(whole.spikes)
    assert [c.fraction for c in chunks] == sorted(c.fraction for c in chunks)
    assert chunks[-1].fraction == 1.0
    assert chunks[-1].time == DURATION
    assert chunks[0].since < 0


def test_chunks_come_at_the_pace_asked_for():
    with begin(small(), "cpu", pace="3600 s") as watched:
        assert len(list(watched)) == 1
        assert watched.done


def test_from_rest_the_dipole_is_relative_to_it():
    network = one_cell(tree(), celsius=37.0)
    whole = simulate(network, 3)
    with watch(network, 3) as watched:
        dipole, _ = together(watched, 0.025)
        assert watched.result().identical(whole)
    assert np.array_equal(dipole.values, whole.dipole.values)
    assert dipole.rest.values[0] == whole.dipole.rest.values[0] != 0


# --- stopping ---------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
def test_a_stopped_run_gives_what_there_is_and_goes_on(engine):
    whole = full(small(), engine)
    with begin(small(), engine) as watched:
        run_to(watched, 5.0)
        time = watched.time
        assert 5.0 <= time < 11.0
        part = watched.result()
        assert watched.stopped
        assert list(watched) == []
        assert watched.time == time
        n = part.time.size
        assert part.time[-1] == time == part.provenance["duration"]
        assert np.array_equal(part.dipole.values, whole.dipole.values[..., :n])
        recorded = part.recordings["v"]
        assert recorded.identical(whole.recordings["v"].isel(time=slice(recorded.sizes["time"])))
        assert spikes_of(part.spikes) == [s for s in spikes_of(whole.spikes) if s[1] <= time]
        list(watched.resume())
        assert watched.result().identical(whole)


def test_a_run_stopped_before_it_began_does_nothing():
    with begin(small(), "cpu") as watched:
        watched.stop()
        assert list(watched) == []
        assert watched.time == 0
        assert watched.result().time.tolist() == [0.0]


def test_stopping_pauses_within_one_window():
    window = compile(small(), DURATION, dt=0.05).window
    with begin(small(), "cpu", pace="3600 s") as watched:
        advance, steps = watched._run.advance, []

        def stop_first():
            watched.stop()
            steps.append(advance())
            return steps[-1]

        watched._run.advance = stop_first
        assert len(list(watched)) == 1
    assert steps == [window]


def test_it_is_stopped_changed_and_read_from_another_thread():
    """Whoever waits for the run gets it, although it never pauses by itself."""
    network = small()
    changed = network.set({"drives.late.trains": [[10.0, 12.0]]})
    with begin(network, "cpu", duration=400.0, pace="3600 s") as watched:
        chunks = []
        worker = threading.Thread(target=lambda: chunks.extend(watched))
        worker.start()
        watched.result()
        watched.change(changed)
        watched.stop()
        worker.join(30)
        assert not worker.is_alive()
        run_to(watched, 400.0)
        assert watched.result().identical(full(changed, "cpu", duration=400.0))


def test_who_waits_for_a_run_comes_before_its_next_windows():
    """A plain lock would often let the run take several windows first."""
    with begin(small(), "cpu", duration=1000.0, pace="3600 s") as watched:
        advance, windows, waited = watched._run.advance, [], []

        def slowly():
            windows.append(sum(range(100_000)))
            return advance()

        watched._run.advance = slowly
        worker = threading.Thread(target=lambda: list(watched))
        worker.start()
        for _ in range(30):
            time.sleep(0.005)
            before = len(windows)
            with watched._turn():
                waited.append(len(windows) - before)
        watched.stop()
        worker.join(30)
    assert watched.time < 1000.0
    # windows may begin between counting and asking, where this thread has to wait in between
    assert sum(count > 1 for count in waited) <= 3


# --- changes ----------------------------------------------------------------------------------


_weights = st.sampled_from([0.0, 0.004, 0.01])
_trains = st.lists(st.floats(0, DURATION), min_size=1, max_size=3)
CHANGES = st.one_of(
    st.fixed_dictionaries({"drives.late.trains": st.tuples(_trains)}),
    st.fixed_dictionaries({"drives.early.mu": st.floats(0, DURATION)}),
    st.fixed_dictionaries({"drives.late.targets.cells.weights.excitation": _weights}),
    st.fixed_dictionaries({"drives.early.targets.cells.delay": st.floats(0, 9)}),
    st.fixed_dictionaries(
        {"drives.early.sigma": st.floats(0, 3), "drives.late.trains": st.tuples(_trains)}
    ),
)


def any_change_equals_a_full_run(engine, data):
    """Whichever drive changes, whenever, once or again: bitwise, and so are the chunks."""
    network, chunks = small(), []
    start = data.draw(st.sampled_from(["given", "steady"]))
    with begin(network, engine, trials=2, start=start) as watched:
        for _ in range(data.draw(st.integers(1, 3))):
            chunks += run_to(watched, data.draw(st.floats(0, DURATION)))
            network = network.set(data.draw(CHANGES))
            watched.change(network)
        chunks += run_to(watched, DURATION)
        whole = full(network, engine, trials=2, start=start)
        assert watched.result().identical(whole)
    dipole, spikes = together(chunks, 0.05)
    assert np.array_equal(dipole.values, whole.dipole.values)
    assert spikes == spikes_of(whole.spikes)


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_any_change_of_drives_equals_a_full_run(data):
    any_change_equals_a_full_run("cpu", data)


@settings(max_examples=4, deadline=None)
@given(data=st.data())
def test_any_change_of_drives_equals_a_full_run_of_the_reference(data):
    any_change_equals_a_full_run("reference", data)


@pytest.mark.parametrize("engine", ENGINES)
def test_only_what_follows_a_change_is_run_again(engine):
    network = small()
    later = network.set({"drives.late.trains": [[9.0, 13.0]]})
    with begin(network, engine) as watched:
        list(watched)
        time = watched.change(later)
        # the last snapshot before 12.3 ms, when the event that is gone would have arrived
        assert 6.0 < time <= 12.25
        assert watched.time == time
        chunks = list(watched)
        assert chunks[0].since < 12.0
        assert watched.result().identical(full(later, engine))


def test_a_change_to_come_loses_nothing():
    network = small()
    later = network.set({"drives.late.trains": [[9.0, 13.0]]})
    with begin(network, "cpu") as watched:
        run_to(watched, 5.0)
        time = watched.time
        assert watched.change(later) == time
        assert run_to(watched, DURATION)[0].since == time
        assert watched.result().identical(full(later, "cpu"))


def test_nothing_is_run_again_where_nothing_changes():
    network = small()
    with begin(network, "cpu") as watched:
        list(watched)
        other = network.with_(title="the same by another name")
        assert watched.change(other) == DURATION
        assert list(watched) == []
        assert watched.result().identical(full(other, "cpu"))


def test_a_drive_without_weight_shows_its_new_spikes():
    network = small().set({"drives.late.targets.cells.weights.excitation": 0.0})
    other = network.set({"drives.late.trains": [[9.0, 11.02]]})
    with begin(network, "cpu") as watched:
        chunks = list(watched)
        assert watched.change(other) == DURATION
        chunks += watched
        assert chunks[-1].since == 11.0
        assert together(chunks, 0.05)[1] == spikes_of(full(other, "cpu").spikes)


@pytest.mark.parametrize(
    "change",
    [
        lambda n: n.set({"projections.cells>cells.weight": 0.003}),
        lambda n: n.set({"cells.cell.sections.cable.channels.hh.gnabar": 0.13}),
        lambda n: n.set({"celsius": 7.0}),
        lambda n: n.with_(recordings={}),
        lambda n: n.with_(biases={"b": CurrentClamp(population="cells", section="cable",
                                                    amplitude=0.1, start=9)}),
    ],
)  # fmt: skip
def test_anything_else_starts_anew(change):
    network = small()
    other = change(network)
    with begin(network, "cpu") as watched:
        chunks = list(watched)
        assert watched.change(other) == 0
        chunks += watched
        whole = full(other, "cpu")
        assert watched.result().identical(whole)
        assert np.array_equal(together(chunks, 0.05)[0].values, whole.dipole.values)


def test_drives_come_and_go():
    network = small()
    late = network.drives["late"]
    more = network.with_drives({"another": late.with_(trains=[[11.0]])})
    with begin(network, "cpu") as watched:
        for other in (more, network.remove("drives.early"), network):
            list(watched)
            time = watched.change(other)
            assert (time > 9) == (other is more)
            list(watched)
            assert watched.result().identical(full(other, "cpu"))


# --- what goes wrong --------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
def test_a_diverging_run_says_so_until_the_cause_is_gone(engine):
    network = small()
    wrong = network.set({"drives.late.targets.cells.weights.excitation": 1.7e308})
    with begin(network, engine) as watched:
        list(watched)
        watched.change(wrong)
        for _ in range(2):
            with pytest.raises(NumericalError, match=r"cells\[0\]"):
                list(watched)
        with pytest.raises(NumericalError):
            watched.result()
        assert 0 < watched.change(network) < 9.3
        list(watched)
        assert watched.result().identical(full(network, engine))


def test_what_cannot_run_changes_nothing():
    network = small()
    with begin(network, "cpu") as watched:
        list(watched)
        with pytest.raises(ModelError, match="must be a Network"):
            watched.change("erp")  # pyright: ignore[reportArgumentType]
        assert watched.network is network
        assert watched.result().identical(full(network, "cpu"))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"pace": -1}, "pace"),
        ({"pace": "1 mV"}, "pace"),
        ({"snapshot_every": 0}, "snapshot_every"),
        ({"trials": 0}, "trials"),
        ({"duration": float("nan")}, "duration"),
    ],
)
def test_what_makes_no_sense_is_refused(given, words):
    with pytest.raises(ModelError, match=words):
        watch(small(), **({"duration": 5} | given))


def test_the_public_name_is_the_function():
    assert apical.watch is watch
    assert isinstance(apical.Watch, type)


# --- snapshots and differences ----------------------------------------------------------------


class Counter:
    """A run that only counts."""

    def __init__(self):
        self.step = 0

    def snapshot(self):
        return apical.engines.base.Snapshot(self.step, None)


def test_snapshots_are_few_and_one_is_always_early_enough():
    plan = compile(small(), 1000.0, dt=0.05)
    kept, run = Snapshots(plan, 1, every=1.0), Counter()
    for step in range(0, plan.steps + 1, 20):
        run.step = step
        kept.offer(run)
        assert len(kept) <= 64
        assert kept.before(0).step == 0
        # never farther back than twice what 64 of them are apart
        assert step - kept.before(step).step <= max(40, 2 * step / 32)
    kept.forget(500)
    assert kept.before(10_000).step <= 500


def test_plans_made_twice_are_alike():
    network = small()
    one, other = compile(network, 5.0), compile(network, 5.0)
    assert alike(one.populations, other.populations)
    assert alike(one.connections, other.connections)
    warmer = compile(network.with_(celsius=7.0), 5.0)
    assert not alike(one.populations, warmer.populations)


def test_the_first_spike_that_differs():
    def trains(*times):
        return {"d": (np.array(times), np.zeros(len(times), int))}

    assert first_spike_change(trains(1.0, 2.0), trains(1.0, 2.0)) == np.inf
    assert first_spike_change(trains(1.0, 2.0), trains(1.0, 2.5)) == 2.0
    assert first_spike_change(trains(1.0), trains(1.0, 2.5)) == 2.5
    assert first_spike_change(trains(3.0), {}) == 3.0


# --- interrupted and closed -------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
def test_a_run_interrupted_in_a_window_goes_on(engine):
    """Ctrl-C in a notebook, whose next cell goes on iterating."""
    whole = full(small(), engine)
    with begin(small(), engine, threads=2) as watched:
        run_to(watched, 5.0)
        run, before, advance = watched._run, watched._run.step, watched._run.advance

        def interrupted():
            # everything has changed, but the step is not counted yet
            advance()
            run.step, run.advance = before, advance
            raise KeyboardInterrupt

        run.advance = interrupted
        with pytest.raises(KeyboardInterrupt):
            list(watched.resume())
        assert watched.time <= before * 0.05
        list(watched)
        assert watched.result().identical(whole)


def test_a_closed_run_does_not_go_on():
    with begin(small(), "cpu") as watched:
        run_to(watched, 5.0)
    time = watched.time
    assert list(watched.resume()) == []
    assert watched.time == time < DURATION
    assert watched.result().time[-1] == time


def test_a_closed_run_is_not_changed():
    network = small()
    with begin(network, "cpu") as watched:
        run_to(watched, 5.0)
    result = watched.result()
    with pytest.raises(EngineError, match="closed"):
        watched.change(network.set({"celsius": 7.0}))
    assert watched.network is network
    assert watched.result().identical(result)
