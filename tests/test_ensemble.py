"""Ensembles: every member is what it is alone, whatever is asked for around it."""

from __future__ import annotations

from contextlib import closing

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apical import (
    CurrentClamp,
    DriveTarget,
    EvokedDrive,
    Network,
    SpikeTrainDrive,
    load_ensemble,
    simulate,
    simulate_many,
)
from apical.ensemble import run as ensemble_run
from apical.ensemble.parameters import decoded, parameter_sets
from apical.errors import (
    Cancelled,
    EngineError,
    FileFormatError,
    ModelError,
    NumericalError,
    StorageError,
)
from apical.io import ensembles
from apical.testing.networks import cable, one_cell, tree

ENGINES = ["reference", "cpu"]
OPTIONS = {"dt": 0.05, "start": "given", "threads": 1}
DURATION = 8.0
MU, WEIGHT = "drives.early.mu", "drives.late.targets.cells.weights.excitation"
GNABAR = "cells.cell.sections.cable.channels.hh.gnabar"
AMPLITUDE = "biases.hit.amplitude"


def small() -> Network:
    """Two cells that spike, with two drives and a clamp that does nothing yet."""
    cell = cable({"hh": {}}, 3, L=60.0, diam=5.0, receptors={"excitation": 0.9}, v0=-65.0)
    target = {"cells": DriveTarget(weights={"excitation": 0.01}, delay=0.3)}
    return one_cell(
        cell, n=2, celsius=6.3,
        drives={
            "early": EvokedDrive(mu=2, sigma=1, location="cable", kernel=None, targets=target),
            "late": SpikeTrainDrive(trains=[[5.0]], location="cable", kernel=None, targets=target),
        },
        biases={"hit": CurrentClamp(population="cells", section="cable", amplitude=0, start=1)},
    )  # fmt: skip


def many(network=None, parameters=None, engine="cpu", duration=DURATION, **more):
    return simulate_many(
        network or small(), parameters, duration, engine=engine, **(OPTIONS | more)
    )


def alone(network, engine, trial, **more):
    given = OPTIONS | {"trials": trial + 1} | more
    return simulate(network, DURATION, engine=engine, **given)


def spikes_of(result, trial):
    spikes = result.spikes
    spikes = spikes.isel(spike=spikes.trial.values == trial)
    return [spikes[c].values.tolist() for c in ("time", "source", "cell")]


# --- equal to single runs ---------------------------------------------------------------------


def members_equal_single_runs(engine, data, most):
    """Whatever is changed, however it is divided into batches."""
    values = {
        MU: st.floats(0, DURATION), WEIGHT: st.sampled_from([0.0, 0.004, 0.01]),
        GNABAR: st.sampled_from([0.1, 0.12]), "drives.late.trains": st.just([[1.0, 4.0]]),
        # another structure: such members run apart
        "cells.cell.sections.cable.nseg": st.sampled_from([1, 3]),
    }  # fmt: skip
    paths = data.draw(st.lists(st.sampled_from(sorted(values)), unique=True, max_size=3))
    row = st.fixed_dictionaries({path: values[path] for path in paths})
    sets = data.draw(st.lists(row, min_size=1, max_size=most))
    trials = data.draw(st.integers(1, 2))
    batch = data.draw(st.integers(1, 5))
    given = {"seed": data.draw(st.integers(0, 3)), "threads": data.draw(st.integers(1, 2))}
    found = many(None, sets, engine, trials=trials, batch=batch, keep_spikes=True, **given)
    assert len(found) == len(sets) * trials
    for member in range(len(found)):
        number, trial = divmod(member, trials)
        changed = small().set(sets[number])
        single = alone(changed, engine, trial, **given)
        row = found.dataset.isel(member=member)
        assert (row.set, row.trial) == (number, trial)
        assert np.array_equal(row.dipole.values, single.dipole.values[trial, :, ::5])
        spikes = found.spikes(member)
        columns = [spikes[c].values.tolist() for c in ("time", "source", "cell")]
        assert columns == spikes_of(single, trial)
        counts = single.spike_counts().sel(trial=trial)
        assert row.spike_counts.values.tolist() == counts.values.tolist()
        for path in paths:
            assert found.parameters(member)[path] == sets[number][path]


@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_members_equal_single_runs(data):
    members_equal_single_runs("cpu", data, most=4)


@settings(max_examples=3, deadline=None)
@given(data=st.data())
def test_members_equal_single_runs_of_the_reference(data):
    members_equal_single_runs("reference", data, most=2)


def test_members_start_from_their_own_rest():
    network = one_cell(tree(), celsius=37.0)
    sets = {"cells.cell.sections.soma.channels.hh2.el": [-72.0, -71.0]}
    found = simulate_many(network, sets, 2, dipole_every=0.025)
    for member, value in enumerate((-72.0, -71.0)):
        single = simulate(network.set({next(iter(sets)): value}), 2)
        row = found.dataset.isel(member=member)
        assert np.array_equal(row.dipole.values, single.dipole.values[0])
        assert row.rest.values.tolist() == single.dipole.rest.values.tolist()
        assert row.at_rest
    assert found.dataset.rest.values[0, 0] != found.dataset.rest.values[1, 0]


def test_in_single_precision_dipoles_are_kept_so():
    found = many(None, {MU: [2, 3]}, precision="single", batch=2)
    single = alone(small().set({MU: 3}), "cpu", 0, precision="single")
    assert found.dataset.dipole.dtype == np.float32
    expected = single.dipole.values[0, :, ::5].astype(np.float32)
    assert np.array_equal(found.dataset.dipole.values[1], expected)


def test_a_member_is_run_again_as_a_whole():
    found = many(None, {MU: [2.0, 3.0], "drives.late.trains": [[[4.0]], [[6.0]]]}, trials=2, seed=5)
    again, single = found.rerun(3), alone(small().set(found.parameters(3)), "cpu", 1, seed=5)
    assert np.array_equal(again.dipole.values[0], single.dipole.values[1])
    assert spikes_of(again, 0) == spikes_of(single, 1)
    assert again.recordings["v"].values.tolist() == single.recordings["v"].values[1:].tolist()
    assert again.provenance["trial"] == 1
    assert again.network.get(MU) == 3.0


# --- what is kept -----------------------------------------------------------------------------


def test_it_is_labelled():
    found = many(None, [{MU: "3 ms"}, {WEIGHT: 0.004}], trials=2, dipole_every="0.5 ms", seed=1)
    data = found.dataset
    assert dict(data.sizes) == {"member": 4, "population": 1, "time": 17, "source": 3}
    assert data.set.values.tolist() == [0, 0, 1, 1]
    assert data.trial.values.tolist() == [0, 1, 0, 1]
    # what a set does not change is what the network has
    assert data[MU].values.tolist() == [3.0, 3.0, 2.0, 2.0]
    assert data[WEIGHT].values.tolist() == [0.01, 0.01, 0.004, 0.004]
    assert data.time.values.tolist() == [0.5 * k for k in range(17)]
    assert data.source.values.tolist() == ["cells", "early", "late"]
    assert data.dipole.attrs["units"] == "nAm"
    assert found.complete
    assert found.failures == []
    assert "4 of 4 members, 0 failed" in repr(found)
    with pytest.raises(ModelError, match="keep_spikes"):
        found.spikes(0)
    with pytest.raises(ModelError, match="must be 0 to 3"):
        found.parameters(4)


def test_without_parameters_there_are_trials():
    found = many(trials=3)
    assert len(found) == 3
    assert found.parameters(0) == {}
    assert not np.array_equal(found.dataset.dipole.values[0], found.dataset.dipole.values[1])


def test_summaries_are_numbers_and_small_arrays():
    summaries = {
        "peak": lambda r: r.total().max(),
        "rates": lambda r: r.rates().values,
        "trials": lambda r: r.trials,
    }
    found = many(None, {MU: [2, 3]}, trials=2, batch=3, summaries=summaries).dataset
    assert found.peak.dims == ("member",)
    assert found.rates.dims == ("member", "rates_0")
    single = alone(small().set({MU: 3}), "cpu", 0)
    assert found.peak.values[2] == single.total().values.max()
    assert found.rates.values[2].tolist() == single.rates().values.tolist()
    assert found.trials.values.tolist() == [1, 1, 1, 1]


def test_a_summary_that_fails_is_told_and_the_others_go_on():
    def picky(result):
        if result.network.get(MU) < 3:
            raise ValueError("no peak")
        return [1.0, 2.0]

    def growing(result):
        return np.zeros(int(result.network.get(MU)))

    summaries = {"picky": picky, "growing": growing}
    found = many(None, {MU: [2, 2, 3]}, batch=1, summaries=summaries)
    assert np.isnan(found.dataset.picky.values[:2]).all()
    assert found.dataset.picky.values[2].tolist() == [1.0, 2.0]
    assert not found.dataset.failed.any()
    told = [(f.member, f.message) for f in found.failures]
    assert told[:2] == [(k, "summary 'picky': ValueError: no peak") for k in (0, 1)]
    assert "(3,), before (2,)" in told[2][1]


# --- members that fail ------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
def test_a_member_that_diverges_is_marked_and_disturbs_nobody(engine, tmp_path):
    amplitudes = [0.0, 1e308, 0.1]
    kept = {"keep_spikes": True, "summaries": {"peak": lambda r: r.dipole.max()}}
    path = tmp_path / "many.nc"
    found = many(None, {AMPLITUDE: amplitudes}, engine, **kept)
    loaded = many(None, {AMPLITUDE: amplitudes}, engine, output=path, **kept)
    for ensemble in (found, loaded, load_ensemble(path)):
        data = ensemble.dataset
        assert data.failed.values.tolist() == [False, True, False]
        assert np.isnan(data.dipole.values[1]).all()
        assert np.isnan(data.peak.values[1])
        assert data.spike_counts.values[1].tolist() == [0, 0, 0]
        (failure,) = ensemble.failures
        assert (failure.member, failure.population, failure.cell) == (1, "cells", 0)
        assert failure.compartment.startswith("cable(")
        # found at the end of a window
        assert 1 < failure.time <= DURATION
        assert "diverged" in failure.message
        assert ensemble.spikes(1).sizes["spike"] == 0
        for member in (0, 2):
            single = alone(small().set({AMPLITUDE: amplitudes[member]}), engine, 0)
            assert np.array_equal(data.dipole.values[member], single.dipole.values[0, :, ::5])
    with pytest.raises(NumericalError):
        found.rerun(1)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("duration", "batches"), [(4.0, 1), (120.0, 2)])
def test_members_that_diverge_early_are_left_behind(engine, duration, batches, monkeypatch):
    """They slowed all others to the end of the run, window by window."""
    started, seen = [], []

    def counted(run):
        started.append(run)
        return closing(run)

    monkeypatch.setattr(ensemble_run, "closing", counted)
    amplitudes = [1e308, 0.0, 1e308, 0.1]
    found = many(
        None, {AMPLITUDE: amplitudes}, engine, duration, progress=seen.append, keep_spikes=True
    )
    assert len(started) == batches
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert found.dataset.failed.values.tolist() == [True, False, True, False]
    assert [f.member for f in found.failures] == [0, 2]
    for member in (1, 3):
        (own,) = many(
            None, {AMPLITUDE: amplitudes[member : member + 1]}, engine, duration, keep_spikes=True
        ).dataset.dipole.values
        assert np.array_equal(found.dataset.dipole.values[member], own)


def test_when_all_members_fail_that_is_what_is_found():
    seen = []
    found = many(None, {AMPLITUDE: [1e308, 1e308]}, progress=seen.append)
    assert found.dataset.failed.all()
    assert [f.member for f in found.failures] == [0, 1]
    assert seen[-1] == 1.0


def test_a_member_that_cannot_be_made_is_marked():
    """What only a plan shows is found member by member."""
    network = small()
    mechanism = network.mechanisms["hh"]
    broken = mechanism.with_(equations="huge = exp(1e6*gnabar/gnabar)\n" + mechanism.equations)
    found = many(network, {"mechanisms.hh": [mechanism, broken], MU: [2, 3]})
    assert found.dataset.failed.values.tolist() == [False, True]
    (failure,) = found.failures
    assert "'huge' is not finite" in failure.message
    assert (failure.population, failure.cell) == ("", -1)
    assert np.isnan(failure.time)


# --- what makes no sense ----------------------------------------------------------------------


def test_everything_wrong_with_parameters_is_said_at_once():
    sets = [{MU: 1.0}, {MU: "soon", "drives.early.muu": 1}, {WEIGHT: -1}, {WEIGHT: np.nan}, 7]
    with pytest.raises(ModelError) as caught:
        many(None, sets)
    said = {p.path: str(p) for p in caught.value.problems}
    assert list(said) == [
        "parameters[4]", "parameters[1].drives.early.muu", f"parameters[1].{MU}",
        f"parameters[2].{WEIGHT}", f"parameters[3].{WEIGHT}",
    ]  # fmt: skip
    assert "did you mean 'mu'?" in said["parameters[1].drives.early.muu"]
    assert "must be ≥ 0 uS; got -1" in said[f"parameters[2].{WEIGHT}"]


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({MU: [1, 2], WEIGHT: [0.1]}, f"equally long; number of values: '{MU}' 2, '{WEIGHT}' 1"),
        ({MU: 3}, "must be a sequence with one value for each set; got 3"),
        ({MU: "3 ms"}, "must be a sequence"),
        ([], "at least one set"),
        ({MU: []}, "at least one set"),
        (5, "be a sequence of sets; got 5"),
        ({"populations.cells.dipole": [True, False]}, "contribute to the dipole"),
        ({"drives.early": [None]}, "cannot be nothing"),
        ({"drives.early.targets": [{}], "drives.early.targets.cells.delay": [1]}, "overlaps"),
        ({MU: [-np.inf] * 200}, "and 100 more problems"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(parameters, words):
    with pytest.raises(ModelError, match=words):
        many(None, parameters)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"batch": 0}, "batch"),
        ({"dipole_every": 0}, "dipole_every"),
        ({"dipole_every": "1 mV"}, "dipole_every"),
        ({"summaries": {"dipole": len}}, "needs another name"),
        ({"summaries": {"a b": len}}, "needs another name"),
        ({"summaries": {"peak": 3}}, "must be a function"),
        ({"trials": 0}, "trials"),
        ({"rates": "fast"}, "rates must be one of"),
    ],
)
def test_options_that_make_no_sense_are_refused(given, words):
    with pytest.raises((ModelError, EngineError), match=words):
        many(None, {MU: [1]}, **given)


@pytest.mark.parametrize(
    "values",
    [[1, 2.5], [True, False], [3, 4], ["soma", "tuft"], [[[1.0]], [[2.0, 3.0]]], [None, 2]],
)
def test_columns_give_their_values_back(values):
    from apical.ensemble.parameters import _encoded

    column = _encoded(values)
    assert [decoded(column, k) for k in range(len(values))] == values


def test_a_number_is_checked_as_it_is_in_the_whole_network():
    """Numbers are checked in the part that holds them only; the outcome is the same."""
    network, wrong = small(), {MU: -1e400, WEIGHT: -1.0, GNABAR: float("nan")}
    with pytest.raises(ModelError) as whole:
        network.set(wrong)
    with pytest.raises(ModelError) as parts:
        parameter_sets(network, [wrong])
    told = {str(p) for p in whole.value.problems}
    assert {str(p).removeprefix("parameters[0].") for p in parts.value.problems} == told


# --- progress, and files ----------------------------------------------------------------------


def test_progress_comes_in_order_and_ends_at_one():
    seen, sets = [], {MU: [1, 2, 3], "cells.cell.sections.cable.nseg": [3, 1, 3]}
    many(None, sets, duration=40, batch=2, progress=seen.append)
    assert seen == sorted(set(seen))
    assert len(seen) > 6
    assert seen[-1] == 1.0


def test_what_was_finished_before_cancelling_stays(tmp_path):
    path = tmp_path / "many.nc"

    def stop(fraction):
        if 0.4 < fraction < 0.8:
            raise Cancelled

    given = {"parameters": {MU: [1, 2, 3, 4, 5]}, "batch": 2, "duration": 40}
    with pytest.raises(Cancelled, match=r"stopped after 2 of 5 members; they are in '.*many\.nc'"):
        many(**given, output=path, progress=stop)
    found, whole = load_ensemble(path), many(**given)
    assert len(found) == 2
    assert not found.complete
    assert found.dataset.identical(whole.dataset.isel(member=slice(2)))
    with pytest.raises(Cancelled, match=r"stopped after 2 of 5 members$"):
        many(**given, progress=stop)


def test_an_ensemble_in_a_file_is_the_one_in_memory(tmp_path):
    given = {
        "parameters": {MU: [1, 2.5, 3], "drives.late.trains": [[[k]] for k in (1.0, 2.0, 3.0)],
                       "drives.late.location": ["cable"] * 3},
        "trials": 2, "batch": 4, "keep_spikes": True,
        "summaries": {"counts": lambda r: r.spike_counts().values[0]},
    }  # fmt: skip
    one, other = tmp_path / "one.nc", tmp_path / "other.nc"
    memory, streamed = many(**given), many(**given, output=one)
    memory.save(other)
    for found in (streamed, load_ensemble(one), load_ensemble(other)):
        assert found.dataset.identical(memory.dataset)
        assert found.network == memory.network
        assert found.complete
        for member in range(6):
            assert found.spikes(member).identical(memory.spikes(member))
            assert found.parameters(member) == memory.parameters(member)
    assert np.array_equal(
        load_ensemble(one).rerun(5).dipole.values[0, :, ::5], memory.dataset.dipole.values[5]
    )


def test_a_file_is_not_replaced_unasked(tmp_path):
    path = tmp_path / "many.nc"
    path.write_text("mine")
    with pytest.raises(StorageError, match="exists already"):
        many(output=path)
    assert path.read_text() == "mine"
    many(output=path, overwrite=True)
    assert len(load_ensemble(path)) == 1


def test_a_full_disk_is_noticed_before_it_is_full(tmp_path, monkeypatch):
    path, calls = tmp_path / "many.nc", []

    def usage(folder):
        calls.append(folder)
        free = 10**12 if len(calls) == 1 else 1000
        return type("Usage", (), {"free": free})()

    monkeypatch.setattr(ensembles.shutil, "disk_usage", usage)
    with pytest.raises(StorageError, match="1,000 bytes are free"):
        many(None, {MU: [1, 2]}, batch=1, output=path)
    assert len(load_ensemble(path)) == 1


def test_what_was_not_finished_is_not_read(tmp_path):
    """What is written of a batch counts when all of it is."""
    path = tmp_path / "many.nc"
    found = many(None, {AMPLITUDE: [0.0, 1e308]}, keep_spikes=True, output=path)
    with h5py.File(path, "r+") as file:
        assert file.attrs["finished"] == 2
    ensembles.append(path, found.tables)
    with h5py.File(path, "r+") as file:
        assert file.attrs["finished"] == 4
        file.attrs["finished"] = 2
        file["failures/member"][1] = file["spikes/member"][-1] = 3
    again = load_ensemble(path)
    assert again.dataset.identical(found.dataset)
    assert again.failures == found.failures


def test_files_that_are_no_ensemble_are_refused(tmp_path):
    path = tmp_path / "many.nc"
    many(output=path)
    text = tmp_path / "text.nc"
    text.write_text("no")
    with pytest.raises(FileFormatError, match="not HDF5"):
        load_ensemble(text)
    with pytest.raises(StorageError):
        load_ensemble(tmp_path / "absent.nc")
    result = tmp_path / "result.nc"
    simulate(small(), 1).save(result)
    with pytest.raises(FileFormatError, match="not an ensemble"):
        load_ensemble(result)
    empty = tmp_path / "empty.nc"
    ensembles.create(empty, small(), {"parameters": []})
    with pytest.raises(FileFormatError, match="no member"):
        load_ensemble(empty)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda f: f.__delitem__("rest"), "damaged"),
        (lambda f: f.attrs.__setitem__("format_version", 9), "not known here"),
        (lambda f: f["provenance"].__setitem__((), "{"), "damaged"),
        (lambda f: f["model"].__setitem__((), "{}"), "not a file of format"),
        (lambda f: f.__setitem__("other", h5py.ExternalLink("x.h5", "/")), "links"),
    ],
)
def test_damaged_files_are_refused(tmp_path, damage, words):
    path = tmp_path / "many.nc"
    many(output=path)
    with h5py.File(path, "r+") as file:
        damage(file)
    with pytest.raises(FileFormatError, match=words):
        load_ensemble(path)
