"""The journal: what was written stays, whatever happens to the rest of the file."""

import errno
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apical.errors import FileFormatError, StorageError
from apical.fit import journal
from apical.fit.journal import Journal, key_of

RECIPE = {"seed": 3, "dt": 0.025}
RECORDS = {key_of(name): name.encode() * 3 for name in ("one", "two", "three")}
RECORDS[key_of("nothing")] = b""


def written(path, records=RECORDS):
    """Write records one by one; return the size of the file after each."""
    sizes = []
    with Journal(path, RECIPE) as kept:
        sizes.append(path.stat().st_size)
        for key, payload in records.items():
            kept.update({key: payload})
            sizes.append(path.stat().st_size)
    return sizes


def read(path):
    with Journal(path, RECIPE) as kept:
        return dict(kept)


def test_it_keeps_what_it_is_given(tmp_path):
    path = tmp_path / "a.journal"
    written(path)
    assert read(path) == RECORDS
    with Journal(path, RECIPE) as kept:
        kept.update({key_of("four"): b"4", key_of("five"): b"5"})
        assert kept[key_of("five")] == b"5"
        assert len(kept) == 6
    assert read(path) == RECORDS | {key_of("four"): b"4", key_of("five"): b"5"}


def test_cut_at_every_byte_it_keeps_what_was_whole_and_goes_on(tmp_path):
    path, cut = tmp_path / "a.journal", tmp_path / "cut.journal"
    sizes, more = written(path), {key_of("more"): b"more"}
    data = path.read_bytes()
    assert len(data) == sizes[-1]
    for size in range(sizes[0], len(data) + 1):
        cut.write_bytes(data[:size])
        n = sum(s <= size for s in sizes) - 1
        expected = dict(list(RECORDS.items())[:n])
        with Journal(cut, RECIPE) as kept:
            assert dict(kept) == expected
            kept.update(more)
        assert read(cut) == expected | more


@settings(max_examples=60, deadline=None)
@given(at=st.integers(0), flip=st.integers(1, 255), zeros=st.integers(0, 40))
def test_one_damaged_place_costs_one_record(tmp_path_factory, at, flip, zeros):
    path = tmp_path_factory.mktemp("journal") / "a.journal"
    first = written(path)[0]
    data = bytearray(path.read_bytes())
    data[first + at % (len(data) - first)] ^= flip
    # a power cut may leave zeros that were never written
    path.write_bytes(bytes(data) + bytes(zeros))
    found = read(path)
    assert len(found) == len(RECORDS) - 1
    assert found.items() <= RECORDS.items()


class Full:
    """A file on a disk with little room left."""

    def __init__(self, file, room):
        self._file, self._room = file, room

    def __getattr__(self, name):
        return getattr(self._file, name)

    def write(self, data):
        if not self._room:
            raise OSError(errno.ENOSPC, "No space left on device")
        n = self._file.write(data[: self._room])
        self._room -= n
        return n


def almost_full(room):
    """Return what opens files where there is room for so many bytes."""
    return lambda *given, **more: Full(open(*given, **more), room)


@pytest.mark.parametrize("room", [0, 1, 40, 90])
def test_a_full_disk_is_told_and_loses_nothing(tmp_path, monkeypatch, room):
    path, key = tmp_path / "a.journal", key_of("large")
    written(path)
    with monkeypatch.context() as patch:
        patch.setattr(journal, "open", almost_full(room), raising=False)
        with Journal(path, RECIPE) as kept, pytest.raises(StorageError, match="No space left"):
            kept.update({key: b"x" * 100})
        assert key not in kept
    assert read(path) == RECORDS
    with Journal(path, RECIPE) as kept:
        kept.update({key: b"x" * 100})
    assert read(path) == RECORDS | {key: b"x" * 100}


def test_a_disk_that_fails_to_flush_is_told(tmp_path, monkeypatch):
    path = tmp_path / "a.journal"
    written(path)

    def fail(handle):
        raise OSError(errno.EIO, "Input/output error")

    with Journal(path, RECIPE) as kept:
        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises(StorageError, match="Input/output error"):
            kept.update({key_of("more"): b"more"})
        assert key_of("more") not in kept


def test_it_is_of_one_work_only(tmp_path):
    path = tmp_path / "a.journal"
    written(path)
    with pytest.raises(FileFormatError, match=r"other work: seed was 3, now 4$"):
        Journal(path, RECIPE | {"seed": 4})
    with pytest.raises(FileFormatError, match=r"dt was 0.025, now None, trials was None, now 2"):
        Journal(path, {"seed": 3, "trials": 2})
    assert read(path) == RECORDS


def test_one_process_at_a_time(tmp_path):
    path = tmp_path / "a.journal"
    with Journal(path, RECIPE), pytest.raises(StorageError, match="open in another process"):
        Journal(path, RECIPE)
    assert read(path) == {}


@pytest.mark.parametrize("content", [b"", b"mine", b"\x89HDF\r\n\x1a\n" * 10, bytes(1000)])
def test_other_files_are_left_alone(tmp_path, content):
    path = tmp_path / "a.journal"
    path.write_bytes(content)
    with pytest.raises(FileFormatError, match="not a journal"):
        Journal(path, RECIPE)
    assert path.read_bytes() == content


def test_places_that_cannot_be_written_are_told(tmp_path):
    with pytest.raises(StorageError, match="no folder"):
        Journal(tmp_path / "absent" / "a.journal", RECIPE)
    with pytest.raises(StorageError):
        Journal(tmp_path, RECIPE)


def test_keys_are_of_content():
    assert key_of({"a": 1.0, "b": 2}) == key_of({"b": 2, "a": 1.0})
    assert key_of({"a": 1.0}) != key_of({"a": 1.0000000000000002})
    assert key_of("a", "b") != key_of("ab")
