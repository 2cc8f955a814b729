"""Files that can be made again."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from apical import kept


def test_the_folder_can_be_deleted_at_any_time(tmp_path):
    path = tmp_path / "kernels" / "one.py"
    for _ in range(2):
        kept.write(path, b"text")
        assert path.read_bytes() == b"text"
        shutil.rmtree(path.parent)


def test_what_another_process_reads_stays_as_it_is(tmp_path, monkeypatch):
    """Windows replaces no file that is open elsewhere; names are hashes, so it is the same."""

    def refuse(*_):
        raise PermissionError

    path = tmp_path / "one.py"
    kept.write(path, b"text")
    monkeypatch.setattr("os.replace", refuse)
    kept.write(path, b"text")
    assert path.read_bytes() == b"text"
    with pytest.raises(PermissionError):
        kept.write(tmp_path / "other.py", b"text")
    assert list(tmp_path.iterdir()) == [path]


def test_numbers_are_read_back_and_the_oldest_forgotten(tmp_path):
    for k in range(3):
        kept.write_numbers(tmp_path / f"{k}.rest", [np.array([0.1, k]), np.zeros(1)], 2)
    assert len(list(tmp_path.glob("*.rest"))) == 2
    assert kept.read_numbers(tmp_path / "2.rest").tolist() == [0.1, 2.0, 0.0]
