"""Frames as bytes: the header as JSON, then arrays, as `apical.studio.messages` says."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np

from apical.studio.messages import ArrayInfo, Frame

Arrays = Mapping[str, np.ndarray]
_Frame = TypeVar("_Frame", bound=Frame)
#: Arrays begin at multiples of this many bytes, so that browsers need not copy them.
_ALIGNED = 8


def encode(frame: Frame, arrays: Arrays | None = None, seq: int = 0) -> bytes:
    """Return a frame as bytes.

    Parameters
    ----------
    frame : Frame
        What it says; its `seq` and `arrays` are filled in.
    arrays : mapping of str to array
        Of the types that `ArrayInfo` knows.
    seq : int
        Number of the frame.
    """
    infos, blocks, offset = [], [], 0
    for name, array in (arrays or {}).items():
        block = np.ascontiguousarray(array)
        kind = block.dtype.newbyteorder("<").str
        infos.append(ArrayInfo(name=name, dtype=kind, shape=array.shape, offset=offset))  # type: ignore[arg-type] - pydantic checks it
        blocks.append(_padded(block.astype(kind, copy=False).tobytes()))
        offset += len(blocks[-1])
    filled = frame.model_copy(update={"seq": seq, "arrays": tuple(infos)})
    header = filled.model_dump_json(by_alias=True).encode()
    return b"".join([_padded(struct.pack("<I", len(header)) + header), *blocks])


def decode(data: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return the header of a frame as plain values, and its arrays."""
    (length,) = struct.unpack_from("<I", data)
    header = json.loads(data[4 : 4 + length])
    begin, arrays = 4 + length + -(4 + length) % _ALIGNED, {}
    for info in header["arrays"]:
        count = int(np.prod(info["shape"]))
        values = np.frombuffer(data, info["dtype"], count, begin + info["offset"])
        arrays[info["name"]] = values.reshape(info["shape"])
    return header, arrays


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % _ALIGNED)
