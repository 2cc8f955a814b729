"""Where things are kept that can be made again, and how they get there."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def folder() -> Path:
    """Return the folder; it need not exist yet, and can be deleted at any time.

    ``APICAL_CACHE_DIR`` overrides the user's cache folder.
    """
    if override := os.environ.get("APICAL_CACHE_DIR"):
        return Path(override)
    import platformdirs

    return platformdirs.user_cache_path("apical")


def hash_of(parts: Iterable[str]) -> str:
    """Return a hash of some texts as a name: 20 hexadecimal digits."""
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=10).hexdigest()


def sources(*paths: Path) -> list[str]:
    """Return the texts of Python files, and of those in folders."""
    files = [f for p in paths for f in (sorted(p.glob("*.py")) if p.is_dir() else [p])]
    return [f.read_text(encoding="utf-8") for f in files]


def write(path: Path, data: bytes) -> None:
    """Write whole or not at all, in a folder that is made: other processes may read meanwhile.

    Windows replaces no file that another process has open. It stays then: names are hashes of what
    files hold, or are made from, so that it is the same.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(temporary, path)
    except BaseException as error:
        os.unlink(temporary)
        if not (isinstance(error, PermissionError) and path.exists()):
            raise


def write_numbers(path: Path, parts: Sequence[NDArray[np.floating]], most: int) -> None:
    """Write arrays one after the other, behind a hash of them.

    Parameters
    ----------
    path : Path
        Where to; its folder is made.
    most : int
        How many files of the same suffix may be there: the oldest are deleted.
    """
    write_whole(path, b"".join(part.astype("<f8").tobytes() for part in parts))
    files = path.parent.glob(f"*{path.suffix}")
    for file in sorted(files, key=lambda file: file.stat().st_mtime_ns)[:-most]:
        file.unlink(missing_ok=True)


def read_numbers(path: Path) -> NDArray[np.float64]:
    """Return what :func:`write_numbers` wrote, as one array.

    Raises
    ------
    LookupError
        If it is not there, or not whole.
    """
    return np.frombuffer(read_whole(path), "<f8").astype(np.float64)


def write_whole(path: Path, data: bytes) -> None:
    """Write data behind a hash of it, so that whoever reads it knows that it is whole."""
    write(path, _digest(data) + data)


def read_whole(path: Path) -> bytes:
    """Return what :func:`write_whole` wrote.

    Raises
    ------
    LookupError
        If it is not there, or not whole.
    """
    try:
        data = path.read_bytes()
    except OSError:
        raise LookupError(path) from None
    size = len(_digest(b""))
    if _digest(data[size:]) != data[:size]:
        raise LookupError(path)
    return data[size:]


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=16).digest()
