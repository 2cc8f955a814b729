"""Frames come back as they were sent, with arrays where browsers can use them."""

import struct

import numpy as np
import pytest
from pydantic import ValidationError

from apical.studio.frames import decode, encode
from apical.studio.messages import Saying, TrialsDone

ARRAYS = {
    "a": np.arange(3, dtype="<f4"),
    "none": np.zeros((2, 0), "<f4"),
    "b": np.arange(6, dtype=">f8").reshape(2, 3)[:, ::2],
    "c": np.array([1, 2], "<u2"),
    "d": np.array([[-1]], "<i4"),
    "e": np.array([7], np.uint8),
}


def test_frames_come_back():
    header, arrays = decode(encode(TrialsDone(id=4, done=1, trials=2), ARRAYS, 9))
    assert {k: header[k] for k in ("type", "id", "done", "trials", "seq")} == {
        "type": "trials", "id": 4, "done": 1, "trials": 2, "seq": 9,
    }  # fmt: skip
    assert list(arrays) == list(ARRAYS)
    for name, values in ARRAYS.items():
        assert np.array_equal(arrays[name], values)
        assert arrays[name].shape == values.shape


@pytest.mark.parametrize("text", ["", "é", "xx", "xxx", "xxxxxxx"])
def test_arrays_are_aligned(text):
    data = encode(Saying(text=text), ARRAYS)
    (length,) = struct.unpack_from("<I", data)
    header, _ = decode(data)
    begin = -(-(4 + length) // 8) * 8
    assert not any(data[4 + length : begin])
    assert all(info["offset"] % 8 == 0 for info in header["arrays"])
    assert len(data) % 8 == 0
    assert np.frombuffer(data, "<f4", 3, begin)[2] == 2


def test_types_that_browsers_lack_are_refused():
    with pytest.raises(ValidationError):
        encode(Saying(text=""), {"a": np.zeros(2, np.int64)})
