"""The journal: a file that only grows, from which no finished piece of work is lost.

A record is a frame (marker, key, length), a payload and a checksum of both. What a crash, a full
disk or a power cut leaves half-written fails its checksum and is passed over; what was written
after it is found by its marker. So nothing that was written is ever moved or changed.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import struct
import sys
from collections.abc import Iterator, Mapping
from io import FileIO
from pathlib import Path
from typing import Any, Self

from apical.errors import FileFormatError, StorageError
from apical.io.atomic import replacing

FORMAT, VERSION = "apical-journal", 1
#: Bytes of a key.
KEY = 16
_FRAME = struct.Struct(f"<8s{KEY}sQ")
# neither text nor zeros, so that it is rare in what is not a frame
_MARKER = b"\x93apjrnl\n"
_CHECKSUM = 16
#: The key of the first record, which says what the journal is of.
_FIRST = bytes(KEY)


def key_of(*parts: Any) -> bytes:
    """Return the key of some content: plain values, mappings in any order."""
    text = json.dumps(parts, sort_keys=True, default=_plain)
    return hashlib.blake2b(text.encode(), digest_size=KEY).digest()


def _plain(part: Any) -> Any:
    return part.model_dump(mode="json")


class Journal(Mapping[bytes, bytes]):
    """Records by key, on disk. Use it in a ``with`` statement, or close it.

    Only one process at a time may have it open.

    Parameters
    ----------
    path : path
        The file; it is made if it is not there, and continued if it is.
    recipe : mapping
        What the work is: plain values. A journal of another recipe is refused.

    Raises
    ------
    FileFormatError
        If the file is not a journal, or one of other work; it says what differs.
    StorageError
        If it cannot be opened, or another process has it open.
    """

    def __init__(self, path: str | os.PathLike[str], recipe: Mapping[str, Any]) -> None:
        self.path = Path(path)
        header = {"format": FORMAT, "version": VERSION, "recipe": dict(recipe)}
        text = json.dumps(header, default=_plain)
        try:
            if not self.path.exists():
                with replacing(self.path) as temporary:
                    temporary.write_bytes(_record(_FIRST, text.encode()))
                _flush_folder(self.path.parent)
            # unbuffered: what a full disk refuses must not wait for a later write
            self._file = open(self.path, "r+b", buffering=0)  # noqa: SIM115 - until it is closed
        except StorageError:
            raise
        except OSError as error:
            raise self._failure("open", error) from error
        try:
            _lock(self._file, self.path)
            self._places = dict(_read(self._file))
            self._check(json.loads(text)["recipe"])
            self._file.seek(0, os.SEEK_END)
        except BaseException:
            self._file.close()
            raise

    def _check(self, recipe: dict[str, Any]) -> None:
        try:
            header = json.loads(self[_FIRST])
            known = header["format"] == FORMAT and header["version"] == VERSION
        except (KeyError, TypeError, ValueError):
            raise FileFormatError(f"'{self.path}' is not a journal of apical") from None
        if not known:
            raise FileFormatError(f"'{self.path}' is a journal of another version")
        del self._places[_FIRST]
        before = header["recipe"]
        names = [n for n in {**before, **recipe} if before.get(n) != recipe.get(n)]
        if names:
            said = ", ".join(
                f"{n} was {before.get(n)!r:.60}, now {recipe.get(n)!r:.60}" for n in names
            )
            raise FileFormatError(f"'{self.path}' is the journal of other work: {said}")

    # --- a mapping that grows --------------------------------------------------------------

    def __getitem__(self, key: bytes) -> bytes:
        start, size = self._places[key]
        self._file.seek(start)
        return self._file.read(size)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def update(self, records: Mapping[bytes, bytes]) -> None:
        """Add records; when this returns, they are on the disk.

        Raises
        ------
        StorageError
            If they cannot be written. Those that were there before still are.
        """
        try:
            start = self._file.seek(0, os.SEEK_END)
            left = memoryview(b"".join(_record(key, part) for key, part in records.items()))
            while left:
                left = left[self._file.write(left) :]
            os.fsync(self._file.fileno())
        except OSError as error:
            raise self._failure("write", error) from error
        for key, payload in records.items():
            self._places[key] = start + _FRAME.size, len(payload)
            start += _FRAME.size + len(payload) + _CHECKSUM

    def close(self) -> None:
        """Let others open it."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _failure(self, what: str, error: OSError) -> StorageError:
        return StorageError(f"cannot {what} '{self.path}': {error.strerror or error}")


def _record(key: bytes, payload: bytes) -> bytes:
    framed = _FRAME.pack(_MARKER, key, len(payload)) + payload
    return framed + _sum(framed)


def _sum(*parts: bytes | memoryview) -> bytes:
    digest = hashlib.blake2b(digest_size=_CHECKSUM)
    for part in parts:
        digest.update(part)
    return digest.digest()


def _read(file: FileIO) -> Iterator[tuple[bytes, tuple[int, int]]]:
    """Yield keys of whole records, with where their payloads are and how long."""
    size = file.seek(0, os.SEEK_END)
    if not size:
        return
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        at = data.find(_MARKER)
        while at >= 0 and at + _FRAME.size <= size:
            _, key, length = _FRAME.unpack_from(data, at)
            start, stop = at + _FRAME.size, at + _FRAME.size + length
            whole = stop + _CHECKSUM <= size
            if whole and _sum(data[at:stop]) == data[stop : stop + _CHECKSUM]:
                yield key, (start, length)
                at = data.find(_MARKER, stop + _CHECKSUM)
            else:
                at = data.find(_MARKER, at + 1)


def _flush_folder(folder: Path) -> None:
    """Have the name of a new file on the disk as well, where folders can be opened."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _lock(file: FileIO, path: Path) -> None:
    """Keep others from writing; the system lets go when this process ends, however it does."""
    try:
        if sys.platform == "win32":
            import msvcrt

            # far beyond what is ever read
            file.seek(2**62)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError) as error:
        raise StorageError(f"'{path}' is open in another process") from error
    except OSError:
        # a file system without locks
        return
