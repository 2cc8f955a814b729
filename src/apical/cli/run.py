"""``apical run``: everything is checked first, then simulated, then saved and shown."""

from __future__ import annotations

import json
import logging
import math
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apical.cli.failures import Interrupted, UsageError, as_usage, stderr
from apical.errors import (
    Cancelled,
    FileFormatError,
    ModelError,
    Problem,
    StorageError,
    did_you_mean,
)
from apical.io.atomic import check_writable
from apical.units import parse_quantity

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr

    from apical.model import Network
    from apical.result import Result

# one more byte than this is refused by the reader of models
_MAX_MODEL_BYTES = 64_000_000
RESULTS = (".nc", ".h5")
FIGURES = (".png", ".pdf", ".svg", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".eps", ".ps")


@dataclass(frozen=True)
class Request:
    """What was asked for on the command line; see ``apical run --help``."""

    model: str = "erp"
    changes: tuple[str, ...] = ()
    removals: tuple[str, ...] = ()
    duration: str = "170"
    dt: str = "0.025"
    trials: int = 1
    seed: int = 0
    threads: int | None = None
    engine: str = "auto"
    rates: str = "exact"
    precision: str = "double"
    start: str = "steady"
    compare: Path | None = None
    column: str | None = None
    smooth: str | None = None
    scale: float | None = None
    output: Path | None = None
    figure: Path | None = None
    overwrite: bool = False
    as_json: bool = False
    quiet: bool = False


def execute(request: Request) -> None:
    """Check, simulate, save, draw and report."""
    duration, dt = positive(request.duration, "duration"), positive(request.dt, "dt")
    window = None if request.smooth is None else positive(request.smooth, "smooth")
    if window is not None and not dt <= window <= duration:
        raise UsageError(f"--smooth must be {dt:g} to {duration:g} ms; got {window:g} ms")
    if request.scale is not None and not math.isfinite(request.scale):
        raise UsageError(f"--scale must be a finite number; got {request.scale}")
    with as_usage():
        _check_targets(request)
        network = as_asked(request.model, request.changes, request.removals)
        recorded = _recorded(request, duration, dt, window or 0.0)

    from apical.simulate import simulate

    with progress_bar(not request.quiet) as progress:
        result = simulate(
            network,
            duration,
            dt=dt,
            trials=request.trials,
            seed=request.seed,
            engine=request.engine,
            rates=request.rates,
            precision=request.precision,
            start=request.start,
            threads=request.threads,
            progress=progress,
        )
    if request.output:
        result.save(request.output, request.overwrite)
    try:
        _show(result, recorded, request, window)
    except (KeyboardInterrupt, Cancelled):
        if request.output:
            raise Interrupted(f"'{request.output}' was written before") from None
        raise


def _show(
    result: Result, recorded: xr.DataArray | None, request: Request, window: float | None
) -> None:
    """Draw and report, smoothed and scaled as wanted."""
    shown = result if window is None else result.smooth(window)
    shown = shown if request.scale is None else shown.scale(request.scale)
    if request.figure:
        _draw(shown, recorded, request.figure, request.overwrite)
    _report(shown, recorded, request)


def as_asked(model: str, changes: tuple[str, ...], removals: tuple[str, ...]) -> Network:
    """Return a model with what ``--set`` and ``--remove`` change."""
    network = changed(find_model(model), changes)
    return network.remove(*removals) if removals else network


def find_model(name: str) -> Network:
    """Return a library model by name, or read a model file, of apical or of hnn-core.

    Raises
    ------
    ModelError
        If there is no such model, or the file holds no valid one.
    FileFormatError, StorageError
        If the file is not a model file, or cannot be read.
    """
    from apical import models

    if models.exists(name):
        return models.load(name)
    path = Path(name)
    if path.suffix.lower() == ".json" or os.path.exists(path):
        return _read_model(path)
    hint = did_you_mean(name, models.names(), "models are")
    raise ModelError([Problem("", f"there is no model '{name}'", hint)])


def _read_model(path: Path) -> Network:
    from apical.model import Network

    try:
        with open(path, "rb") as file:
            data = file.read(_MAX_MODEL_BYTES + 1)
    except OSError as error:
        raise StorageError(f"cannot read '{path}': {error.strerror or error}") from error
    try:
        if path.suffix.lower() != ".param":
            return Network.from_json(data)
    except FileFormatError as error:
        network = _of_hnn(data, path.name)
        if network is None:
            raise FileFormatError(f"'{path}' is not a model file: {error}") from error
        return network
    from apical.io.hnn import read_hnn

    return read_hnn(path)


def _of_hnn(data: bytes, name: str) -> Network | None:
    """Return the network of a JSON file of hnn-core; None if it is something else."""
    from apical.io.hnn import is_of_hnn, network_from_data
    from apical.model.jsonio import read_json

    try:
        parsed = read_json(data)
    except FileFormatError:
        return None
    return network_from_data(parsed, name) if is_of_hnn(parsed) else None


def changed(network: Network, changes: tuple[str, ...]) -> Network:
    """Apply ``path=value`` texts, all at once.

    Values are read as JSON where they can be (numbers, true, lists) and taken as text, such as
    ``30 ms``, otherwise.
    """
    values: dict[str, Any] = {}
    for text in changes:
        path, sign, value = text.partition("=")
        path = path.strip()
        if not sign or not path:
            raise UsageError(f"--set needs PATH=VALUE, such as drives.evprox1.mu=30; got '{text}'")
        if path in values:
            raise UsageError(f"--set {path} is given twice")
        try:
            values[path] = json.loads(value)
        except (ValueError, RecursionError):
            values[path] = value.strip()
    return network.set(values) if values else network


def positive(text: str, option: str) -> float:
    """Return a finite time > 0 in ms, or say which option is wrong."""
    try:
        value = parse_quantity(text, "ms")
    except ValueError as error:
        raise UsageError(f"--{option} {error}") from None
    if not (math.isfinite(value) and value > 0):
        raise UsageError(f"--{option} must be a finite time > 0 ms; got {text}")
    return value


def _check_targets(request: Request) -> None:
    targets = [path for path in (request.output, request.figure) if path is not None]
    for path in targets:
        check_writable(path, request.overwrite)
    if len({path.resolve() for path in targets}) < len(targets):
        raise UsageError(f"--output and --figure are the same file '{targets[0]}'")
    if request.compare is not None and request.compare.resolve() in {p.resolve() for p in targets}:
        raise UsageError(f"'{request.compare}' is the recording: it cannot be written to")
    output, figure = request.output, request.figure
    if output is not None and output.suffix.lower() not in RESULTS:
        raise UsageError(f"--output must end with {' or '.join(RESULTS)}; got '{output.name}'")
    if figure is not None and figure.suffix.lower() not in FIGURES:
        raise UsageError(f"--figure must end with {', '.join(FIGURES)}; got '{figure.name}'")
    if request.column is not None and request.compare is None:
        raise UsageError("--column needs --compare")


def _recorded(request: Request, duration: float, dt: float, window: float) -> xr.DataArray | None:
    """Read the recording; it must have samples where the dipole, if smoothed, is compared."""
    if request.compare is None:
        return None
    from apical.analysis.comparing import SHORTEST_SHARE
    from apical.io.recorded import read_dipole

    recorded = read_dipole(request.compare, request.column)
    time = recorded["time"].values
    start, stop = window / 2, duration - window / 2
    if _common(time, dt, start, stop) < 2:
        left = f", compared {start:g} to {stop:g} ms (half a smoothing window is left out)"
        short = time[-1] - time[0] < SHORTEST_SHARE * duration
        raise UsageError(
            f"{request.compare.name}: recorded {time[0]:g} to {time[-1]:g} ms, simulated 0 to "
            f"{duration:g} ms{left if window else ''}: fewer than 2 samples to compare"
            f"{'; is its time in seconds?' if short else ''}"
        )
    return recorded


def _common(time: np.ndarray, dt: float, start: float, stop: float) -> int:
    """Return how many samples there will be to compare: those of the coarser waveform."""
    if (time[1:] - time[:-1]).mean() >= dt:
        return int(((time >= start) & (time <= stop)).sum())
    start, stop = max(start, float(time[0])), min(stop, float(time[-1]))
    return math.floor(stop / dt) - math.ceil(start / dt) + 1


@contextmanager
def progress_bar(wanted: bool) -> Iterator[Callable[..., None] | None]:
    """Show a bar on the terminal, if there is one; it takes the fraction done and a text."""
    console = stderr() if wanted else None
    if console is None or not console.is_terminal:
        yield None
        return
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("preparing", total=1.0)
        with _narrated(lambda text: bar.update(task, description=text)):
            yield lambda done, text="simulating": bar.update(task, completed=done, description=text)


@contextmanager
def _narrated(show: Callable[[str], None]) -> Iterator[None]:
    """Show what engines say while they compile."""

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            show(record.getMessage())

    logger, handler = logging.getLogger("apical.engines"), Handler()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


def _draw(shown: Result, recorded: xr.DataArray | None, path: Path, overwrite: bool) -> None:
    from apical import plots

    plots.save_figure(plots.summary(shown, recorded), path, overwrite)


def _report(shown: Result, recorded: xr.DataArray | None, request: Request) -> None:
    from apical.cli import report

    if request.as_json:
        report.print_json(shown, recorded)
    elif not request.quiet:
        report.print_table(shown, recorded, [p for p in (request.output, request.figure) if p])
