"""Files appear whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from apical.errors import StorageError


def check_writable(path: str | os.PathLike[str], overwrite: bool = False) -> Path:
    """Say early whether a file could be written, without writing it.

    Raises
    ------
    StorageError
        If the file exists (and `overwrite` is false), is a folder, or its folder does not exist
        or may not be written to.
    """
    target = Path(path)
    folder = target.parent
    if not target.name:
        raise StorageError(f"'{target}' is not the name of a file")
    if target.is_dir():
        raise StorageError(f"cannot write '{target}': it is a folder")
    if not folder.exists():
        raise StorageError(f"cannot write '{target}': there is no folder '{folder}'")
    if not folder.is_dir():
        raise StorageError(f"cannot write '{target}': '{folder}' is not a folder")
    if os.path.lexists(target) and not overwrite:
        raise StorageError(f"'{target}' exists already; say overwrite to replace it")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise StorageError(f"cannot write '{target}': no permission to write in '{folder}'")
    return target


@contextmanager
def replacing(path: str | os.PathLike[str], overwrite: bool = False) -> Iterator[Path]:
    """Give a temporary path beside `path`; move it there when the block ends well.

    On any error or interruption the temporary file is removed and `path` is as it was.

    Raises
    ------
    StorageError
        If the file cannot be written, or exists and `overwrite` is false.
    """
    target = check_writable(path, overwrite)
    temporary = target.parent / f".{target.name[:100]}.{secrets.token_hex(6)}.tmp"
    try:
        yield temporary
        _flush(temporary)
        _move(temporary, target, overwrite)
    except OSError as error:
        if isinstance(error, StorageError):
            raise
        raise StorageError(f"cannot write '{target}': {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def _flush(path: Path) -> None:
    # opened for writing: Windows flushes no other handle
    with open(path, "r+b") as file:
        os.fsync(file.fileno())


def _move(temporary: Path, target: Path, overwrite: bool) -> None:
    if overwrite:
        os.replace(temporary, target)
        return
    try:
        # unlike rename, a link never replaces a file that appeared meanwhile
        os.link(temporary, target)
    except OSError:  # it appeared meanwhile, or a file system without links
        check_writable(target)
        os.replace(temporary, target)
