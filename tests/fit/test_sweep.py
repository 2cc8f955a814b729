"""Sweeps: as many simulations are alone; interrupted anywhere, as if they were not."""

import os
import subprocess
import sys
from enum import Enum
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from sweeping import AMPLITUDE, MU, OPTIONS, SETS, WEIGHT, counts, highest, small, whole
from test_journal import almost_full

from apical import load_ensemble, simulate_many
from apical.errors import Cancelled, FileFormatError, ModelError, StorageError
from apical.fit import Parameter, Space, journal, members, sweep
from apical.fit.members import fingerprint

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def uninterrupted():
    return whole()


@pytest.fixture
def simulated(monkeypatch):
    """Count the sets that are simulated."""
    seen, real = [], members.simulate_many

    def spy(network, sets, **options):
        seen.extend(sets)
        return real(network, sets, **options)

    monkeypatch.setattr(members, "simulate_many", spy)
    return seen


def same(one, other):
    assert one.dataset.identical(other.dataset)
    # NaN is not equal to itself
    assert list(map(str, one.failures)) == list(map(str, other.failures))
    for member in range(len(one)):
        assert one.spikes(member).identical(other.spikes(member))
        assert one.parameters(member) == other.parameters(member)


# --- what it gives ----------------------------------------------------------------------------


def test_it_is_what_simulate_many_gives(uninterrupted):
    summaries = {"highest": highest, "counts": counts}
    found = simulate_many(small(), SETS, trials=2, summaries=summaries, keep_spikes=True, **OPTIONS)
    same(uninterrupted, found)
    assert uninterrupted.dataset.failed.values.tolist() == [False] * 2 + [True] * 2 + [False] * 6
    mine, theirs = dict(uninterrupted.provenance), dict(found.provenance)
    assert mine.keys() == theirs.keys()
    differing = {name for name in mine if mine[name] != theirs[name]}
    assert differing <= {"created"}
    assert np.array_equal(
        uninterrupted.rerun(9).dipole.values[0, :, ::5], found.dataset.dipole.values[9]
    )


def test_of_a_space_it_has_values_by_name(tmp_path):
    space = Space(small(), {"time": Parameter({MU: 2.0}, 0.5, 2), "w": Parameter(WEIGHT, 0.001, 1)})
    found = sweep(space, space.grid({"time": 2}), trials=2, **OPTIONS)
    values = found.dataset["parameters"]
    assert values.dims == ("member", "parameter")
    assert values.sel(parameter="time").values.tolist() == [0.5, 0.5, 2.0, 2.0]
    assert found.dataset[MU].values.tolist() == [1.0, 1.0, 4.0, 4.0]
    found.save(tmp_path / "sweep.nc")
    assert load_ensemble(tmp_path / "sweep.nc").dataset.identical(found.dataset)


# --- interrupted ------------------------------------------------------------------------------


def test_nothing_is_done_twice(tmp_path, simulated, uninterrupted):
    path = tmp_path / "a.journal"
    same(whole(journal=path), uninterrupted)
    assert len(simulated) == len(SETS)
    same(whole(journal=path, batch=5, threads=2), uninterrupted)
    # the order is that of the call; 3 and 3.0 are alike
    turned = whole([SETS[4], {MU: 3.0}, *SETS[:2], SETS[0]], journal=path)
    assert len(simulated) == len(SETS)
    assert turned.dataset[MU].values[::2].tolist() == [4.0, 3.0, 1.0, 2.0, 1.0]
    assert np.array_equal(turned.dataset.dipole.values[8:], uninterrupted.dataset.dipole.values[:2])
    # only new ones are simulated
    whole([*SETS, {MU: 0.5}], journal=path)
    assert simulated[len(SETS) :] == [{MU: 0.5}]


def test_one_set_given_twice_is_simulated_once(simulated):
    found = whole([SETS[0], SETS[0]])
    assert len(simulated) == 1
    assert found.dataset.dipole.values[0].tolist() == found.dataset.dipole.values[2].tolist()


def test_cancelled_it_says_where_the_rest_is(tmp_path, simulated, uninterrupted):
    path = tmp_path / "a.journal"

    def stop(fraction):
        if fraction > 0.5:
            raise Cancelled

    with pytest.raises(Cancelled, match=r"stopped after 3 of 5 sets; they are in '.*a\.journal'"):
        whole(journal=path, progress=stop)
    del simulated[:]
    same(whole(journal=path), uninterrupted)
    assert simulated == SETS[3:]


def sizes(tmp_path):
    """Return the size of a journal at its beginning and after every batch."""
    path, found = tmp_path / "sizes.journal", []

    def note(fraction):
        found.append(path.stat().st_size)

    whole(journal=path, progress=note)
    return sorted({*found})


def test_killed_anywhere_it_ends_as_if_it_was_not(tmp_path, simulated, uninterrupted):
    """Killed before, within and after what is written of every batch."""
    header, *ends = sizes(tmp_path)
    assert len(ends) == 2
    starts = [header, *ends[:-1]]
    # of every batch: none of it, its frame, the middle of its records, all but the last byte
    points = [p for a, b in zip(starts, ends, strict=True) for p in (a + 20, (a + b) // 2, b - 1)]
    for size in [header, *points]:
        path = tmp_path / f"{size}.journal"
        killed(path, size)
        assert path.stat().st_size == size
        before = 3 * sum(end <= size for end in ends)
        del simulated[:]
        same(whole(journal=path), uninterrupted)
        # what was in flight is done again, and nothing else: of a torn batch, whole records stay
        assert len(simulated) <= len(SETS) - before
        assert all(one in SETS[before:] for one in simulated)


def killed(path, size):
    """Sweep in another process that dies as soon as the journal has so many bytes."""
    script = HERE / "sweeping.py"
    done = subprocess.run([sys.executable, script, str(path), str(size)], timeout=120, check=False)
    assert done.returncode == 9


@pytest.mark.parametrize("room", [0, 700, 9000])
def test_a_full_disk_loses_nothing(tmp_path, monkeypatch, uninterrupted, room):
    path = tmp_path / "a.journal"
    with monkeypatch.context() as patch:
        patch.setattr(journal, "open", almost_full(room), raising=False)
        with pytest.raises(StorageError, match="No space left") as caught:
            whole(journal=path)
    assert "of 5 sets; they are in" in caught.value.__notes__[0]
    same(whole(journal=path), uninterrupted)


# --- summaries --------------------------------------------------------------------------------


def growing(result):
    return np.zeros(int(result.network.get(MU)))


@pytest.mark.parametrize("batch", [1, 2, 3])
def test_shapes_of_summaries_do_not_depend_on_batches(batch):
    sets = [{MU: 1, AMPLITUDE: 1e308}, {MU: 2}, {MU: 2}, {MU: 3}]
    found = sweep(small(), sets, summaries={"growing": growing}, batch=batch, **OPTIONS)
    assert found.dataset.growing.dims == ("member", "growing_0")
    assert np.isnan(found.dataset.growing.values).all(axis=1).tolist() == [True, False, False, True]
    first, last = found.failures
    assert (first.member, last.member) == (0, 3)
    assert last.message == "summary 'growing': gave an array of shape (3,), before (2,)"


def test_a_summary_that_fails_is_told():
    def picky(result):
        raise ValueError("no peak")

    found = whole(SETS[:1], summaries={"picky": picky})
    assert [f.message for f in found.failures] == ["summary 'picky': ValueError: no peak"] * 2
    assert "picky" not in found.dataset


class Of:
    """A callable that has something, and remembers something else."""

    def __init__(self, what):
        self.what = what

    def __call__(self, result):
        return self.what

    def method(self, result):
        return self.what

    def other(self, result):
        return self.what + 1

    @cached_property
    def slow(self):
        return self.what


class Kinds(Enum):
    ONE = 1
    TWO = 2


def test_functions_are_known_by_what_they_do():
    def times(factor):
        return lambda result: result.dipole.max() * factor

    def recursive(result):
        return recursive(result)

    assert fingerprint(times(2)) == fingerprint(times(2))
    assert fingerprint(times(2)) != fingerprint(times(3))
    assert fingerprint(highest) != fingerprint(counts)
    assert fingerprint(recursive) == fingerprint(recursive)
    assert fingerprint(np.mean) != fingerprint(np.max)
    # these were taken for each other, and records of one returned for the other
    for first, second in [
        (np.int64(1), np.int64(2)), (np.float32(1), np.float32(2)), (range(2), range(3)),
        (slice(2), slice(3)), (Path("a"), Path("b")), (Kinds.ONE, Kinds.TWO), (Of(1), Of(2)),
        (xr.Dataset({"a": 1}), xr.Dataset({"a": 2})), (small(), small().set({"celsius": 7.0})),
    ]:  # fmt: skip
        assert fingerprint(times(first)) == fingerprint(times(first))
        assert fingerprint(times(first)) != fingerprint(times(second))
    assert fingerprint(Of(1)) == fingerprint(Of(1)) != fingerprint(Of(2))
    assert fingerprint(Of(1).method) == fingerprint(Of(1).method) != fingerprint(Of(2).method)
    assert fingerprint(Of(1).method) != fingerprint(Of(1).other)
    seen = Of(1)
    assert seen.slow
    assert fingerprint(seen) == fingerprint(Of(1))
    assert fingerprint(cache(times(1))) != fingerprint(cache(times(2)))
    one, other = (xr.DataArray([0.0, x], {"time": [0.0, 1.0]}, "time") for x in (1.0, 2.0))
    assert fingerprint(times(one)) == fingerprint(times(one.copy()))
    assert fingerprint(times(one)) != fingerprint(times(other))
    assert fingerprint(times(one)) != fingerprint(times(one.assign_coords(time=[0.0, 2.0])))


# --- what makes no sense ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"seed": 5}, "seed was 0, now 5"),
        ({"summaries": {"highest": counts}}, "summaries was .* summaries.highest was"),
        ({"keep_spikes": False}, "keep_spikes was True, now False"),
        ({"dipole_every": 0.5}, "dipole_every was 0.25, now 0.5"),
        ({"duration": 5}, "duration was 6.0, now 5.0"),
    ],
)
def test_a_journal_is_of_one_sweep(tmp_path, given, words):
    path = tmp_path / "a.journal"
    whole(SETS[:1], journal=path)
    with pytest.raises(FileFormatError, match=words):
        whole(SETS[:1], journal=path, **given)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"sets": []}, "at least one set"),
        ({"sets": [{MU: "soon"}]}, "got 'soon'"),
        ({"batch": 0}, "batch: must be a whole number ≥ 1; got 0"),
        ({"dipole_every": "1 mV"}, "dipole_every"),
        ({"summaries": {"dipole": highest}}, "needs another name"),
        ({"summaries": {"parameters": highest}}, "needs another name"),
        ({"summaries": {"peak": 3}}, "must be a function"),
    ],
)
def test_what_makes_no_sense_is_said_before_anything_is_written(tmp_path, given, words):
    with pytest.raises(ModelError, match=words):
        whole(journal=tmp_path / "a.journal", **given)
    assert os.listdir(tmp_path) == []
