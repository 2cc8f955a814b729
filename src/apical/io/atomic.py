"""Files appear whole or not at all."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from apical.errors import StorageError


def check_writable(path: str | os.PathLike[str], overwrite: bool = False) -> Path:
    """Say early whether a file could be written, without writing it.

    Returns
    -------
    Path
        Where to write: `path`, or the file that it leads to if it is a symbolic link. Links stay
        as they are.

    Raises
    ------
    StorageError
        If the file exists (and `overwrite` is false), is a folder, a device or anything else that
        is not an ordinary file, or its folder does not exist or may not be written to.
    """
    try:
        return _checked(Path(path), overwrite)
    except StorageError:
        raise
    except (OSError, ValueError) as error:  # a name too long; one with a zero byte
        reason = getattr(error, "strerror", None) or error
        raise StorageError(f"cannot write '{_short(path)}': {reason}") from error


def _checked(path: Path, overwrite: bool) -> Path:
    if not path.name:
        raise StorageError(f"'{path}' is not the name of a file")
    exists = _exists(path)
    target = Path(os.path.realpath(path)) if path.is_symlink() else path
    folder = target.parent
    if target.is_dir():
        raise StorageError(f"cannot write '{path}': it is a folder")
    if not folder.exists():
        raise StorageError(f"cannot write '{path}': there is no folder '{folder}'")
    if not folder.is_dir():
        raise StorageError(f"cannot write '{path}': '{folder}' is not a folder")
    if _exists(target) and not stat.S_ISREG(target.lstat().st_mode):
        raise StorageError(f"cannot write '{path}': it is not an ordinary file")
    if exists and not overwrite:
        raise StorageError(f"'{path}' exists already; say overwrite=True to replace it")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise StorageError(f"cannot write '{path}': no permission to write in '{folder}'")
    return target


def _exists(path: Path) -> bool:
    """Whether there is anything, a link that leads nowhere included."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _short(path: str | os.PathLike[str]) -> str:
    text = os.fspath(path)
    return text if len(text) <= 100 else f"{text[:60]}…{text[-20:]}"


@contextmanager
def replacing(path: str | os.PathLike[str], overwrite: bool = False) -> Iterator[Path]:
    """Give a temporary path beside `path`; move it there when the block ends well.

    On any error or interruption the temporary file is removed and `path` is as it was. If `path`
    is a symbolic link, the file that it leads to is replaced.

    Raises
    ------
    StorageError
        If the file cannot be written, or exists and `overwrite` is false.
    """
    target = check_writable(path, overwrite)
    # 50 characters are at most 200 bytes, and names end at 255
    temporary = target.parent / f".{target.name[:50]}.{secrets.token_hex(6)}.tmp"
    try:
        yield temporary
        _flush(temporary)
        _move(temporary, target, overwrite)
    except OSError as error:
        if isinstance(error, StorageError):
            raise
        raise StorageError(f"cannot write '{path}': {error.strerror or error}") from error
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
