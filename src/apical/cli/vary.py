"""What the commands that vary parameters share: ranges as text, and journals."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from apical.cli.failures import UsageError
from apical.errors import StorageError
from apical.io.atomic import check_writable

if TYPE_CHECKING:
    from apical.fit import Parameter
    from apical.model import Network


def check_journal(journal: Path, others: Mapping[str, Path | None]) -> None:
    """Refuse a journal that cannot be written, or that is one of the other files."""
    for option, path in others.items():
        if path is not None and journal.resolve() == path.resolve():
            raise UsageError(f"{option} and --journal are the same file '{path}'")
    # a journal that is there is continued, whatever is said of the output
    try:
        check_writable(journal, overwrite=True)
    except StorageError as error:
        raise UsageError(f"--journal: {error}") from error


def read_range(network: Network, text: str) -> tuple[Mapping[str, Parameter], int | None]:
    """Read ``PATH[=LOW:HIGH[:POINTS][:log]]``: parameters by name, and points of each, if any."""
    from apical.fit import Parameter, Space

    path, sign, given = text.partition("=")
    path = path.strip()
    if not sign:
        return Space.usual(network, path).parameters, None
    parts = given.split(":")
    scale = "log" if parts[-1] == "log" else "linear"
    numbers = parts[:-1] if scale == "log" else parts
    try:
        low, high = map(float, numbers[:2])
        (points,) = [int(n) for n in numbers[2:]] or [None]
    except ValueError:
        raise UsageError(
            "--vary needs PATH or PATH=LOW:HIGH[:POINTS][:log], such as "
            f"drives.evprox1.mu=20:40:5; got '{text}'"
        ) from None
    return Space(network, {path: Parameter(path, low, high, scale)}).parameters, points
