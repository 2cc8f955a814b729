"""Files that can be made again."""

from __future__ import annotations

import shutil

import numpy as np

from apical import kept


def test_the_folder_can_be_deleted_at_any_time(tmp_path):
    path = tmp_path / "kernels" / "one.py"
    for _ in range(2):
        kept.write(path, b"text")
        assert path.read_bytes() == b"text"
        shutil.rmtree(path.parent)


def test_numbers_are_read_back_and_the_oldest_forgotten(tmp_path):
    for k in range(3):
        kept.write_numbers(tmp_path / f"{k}.rest", [np.array([0.1, k]), np.zeros(1)], 2)
    assert len(list(tmp_path.glob("*.rest"))) == 2
    assert kept.read_numbers(tmp_path / "2.rest").tolist() == [0.1, 2.0, 0.0]
