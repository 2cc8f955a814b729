"""``apical models`` and ``apical info``."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path


def show_models() -> None:
    """List names and titles of the library models."""
    from rich.console import Console

    from apical import models

    console = Console(highlight=False, markup=False, soft_wrap=True)
    names = list(models.names())
    width = max((len(name) for name in names), default=0)
    for name in names:
        console.print(f"{name:<{width}}  {models.title(name)}".rstrip())


def show_info() -> None:
    """Print versions, engines, threads and the kernel cache."""
    from rich.console import Console

    from apical import __version__, engines
    from apical.engines.cpu import cache

    folder = Path(cache.directory())
    rows = {
        "apical": __version__,
        "Python": f"{platform.python_version()} ({platform.system()} {platform.machine()})",
        **{name: _version(name) for name in ("numpy", "numba", "xarray", "h5netcdf")},
        **{f"engine {name}": text for name, text in engines.available().items()},
        "threads": str(_cores()),
        "kernel cache": f"{folder} ({_megabytes(folder):.1f} MB)",
    }
    width = max(map(len, rows))
    console = Console(highlight=False, markup=False, soft_wrap=True)
    for name, text in rows.items():
        console.print(f"{name:<{width}}  {text}")


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def _cores() -> int:
    # what this process may use, which can be less than the machine has
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _megabytes(folder: Path) -> float:
    sizes = (f.stat().st_size for f in folder.rglob("*") if f.is_file()) if folder.is_dir() else ()
    return sum(sizes) / 1e6
