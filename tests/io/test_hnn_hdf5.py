"""Dictionaries in hnn-core's HDF5 files."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from apical.errors import FileFormatError, StorageError
from apical.io.hnn.hdf5 import read_dictionary, write_dictionary


def test_what_is_written_is_read(tmp_path):
    values = {
        "object_type": "Dipole", "nave": 3, "sfreq": 4e4, "times": np.arange(3.0),
        "data": {"agg": np.ones(3)},
    }  # fmt: skip
    write_dictionary(tmp_path / "dipole.hdf5", values)
    found = read_dictionary(tmp_path / "dipole.hdf5")
    assert type(found["nave"]) is int
    assert str(found) == str({name: values[name] for name in sorted(values)})
    with pytest.raises(StorageError):
        write_dictionary(tmp_path / "dipole.hdf5", values)


def test_the_layout_is_that_of_h5io(tmp_path):
    path = tmp_path / "dipole.hdf5"
    write_dictionary(path, {"name": "ab", "times": np.arange(2.0), "n": 1})
    with h5py.File(path) as file:
        root = file["h5io"]
        kinds = {name: item.attrs["TITLE"] for name, item in root.items()}
        assert kinds == {"key_name": "unicode", "key_times": "ndarray", "key_n": "int"}
        assert root.attrs["TITLE"] == "dict"
        assert root["key_name"][()].tolist() == [97, 98]
        assert root["key_n"].shape == (1,)


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "other.hdf5"
    with h5py.File(path, "w") as file:
        file["times"] = [1.0]
    with pytest.raises(FileFormatError, match="not one of hnn-core"):
        read_dictionary(path)
    with h5py.File(path, "a") as file:
        file.create_group("h5io")["away"] = h5py.ExternalLink("elsewhere.hdf5", "/")
    with pytest.raises(FileFormatError, match="links"):
        read_dictionary(path)
    path.write_text("text")
    with pytest.raises(FileFormatError, match="damaged"):
        read_dictionary(path)
    with pytest.raises(StorageError, match="cannot read"):
        read_dictionary(tmp_path / "nothing.hdf5")
