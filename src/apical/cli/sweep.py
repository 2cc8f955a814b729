"""``apical sweep``: a grid or a sample of parameters, with a journal beside the output."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apical.cli.failures import Interrupted, UsageError, as_usage
from apical.cli.report import empty_table
from apical.cli.run import RESULTS, as_asked, positive, progress_bar
from apical.cli.vary import check_journal, read_range
from apical.errors import Cancelled
from apical.io.atomic import check_writable

if TYPE_CHECKING:
    from apical.ensemble import Ensemble
    from apical.fit import Parameter, Space
    from apical.model import Network


@dataclass(frozen=True)
class Request:
    """What was asked for on the command line; see ``apical sweep --help``."""

    output: Path
    vary: tuple[str, ...]
    model: str = "erp"
    samples: int | None = None
    method: str = "sobol"
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
    journal: Path | None = None
    overwrite: bool = False
    quiet: bool = False


def execute(request: Request) -> None:
    """Check, simulate what is not in the journal, save and report."""
    from apical.fit import sweep

    duration, dt = positive(request.duration, "duration"), positive(request.dt, "dt")
    journal = request.journal or request.output.with_suffix(".journal")
    with as_usage():
        _check_files(request.output, journal, request.overwrite)
        network = as_asked(request.model, request.changes, request.removals)
        space, rows = _rows(network, request)
    began = time.perf_counter()
    with ExitStack() as stack:
        bar = stack.enter_context(progress_bar(not request.quiet))
        try:
            found = sweep(
                space, rows, duration, dt=dt, trials=request.trials, seed=request.seed,
                engine=request.engine, rates=request.rates, precision=request.precision,
                start=request.start, threads=request.threads, journal=journal, progress=bar,
            )  # fmt: skip
        except (KeyboardInterrupt, Cancelled):
            if not journal.exists():
                raise
            said = f"what was finished is in '{journal}': the same command goes on from there"
            raise Interrupted(said) from None
    found.save(request.output, request.overwrite)
    if not request.quiet:
        _report(found, space, rows, time.perf_counter() - began, (request.output, journal))


def _check_files(output: Path, journal: Path, overwrite: bool) -> None:
    check_writable(output, overwrite)
    if output.suffix.lower() not in RESULTS:
        raise UsageError(f"--output must end with {' or '.join(RESULTS)}; got '{output.name}'")
    check_journal(journal, {"--output": output})


def _rows(network: Network, request: Request) -> tuple[Space, Any]:
    """Return the space, and the rows of values that were asked for."""
    from apical.fit import Space

    parameters: dict[str, Parameter] = {}
    points: dict[str, int] = {}
    for text in request.vary:
        some, n = read_range(network, text)
        parameters |= some
        points |= dict.fromkeys(some, n) if n else {}
    space = Space(network, parameters)
    if request.samples is None and len(points) < len(space):
        lacking = next(name for name in space.names if name not in points)
        raise UsageError(
            f"--vary {lacking} has no number of points: say LOW:HIGH:POINTS for a grid, or "
            "--samples for values drawn within the ranges"
        )
    if request.samples is not None and points:
        raise UsageError("--samples draws values: leave POINTS out of --vary")
    if request.samples is None:
        return space, space.grid(points)
    return space, space.sample(request.samples, request.method, request.seed)


def _report(
    found: Ensemble, space: Space, rows: Any, seconds: float, written: tuple[Path, ...]
) -> None:
    from rich.console import Console
    from rich.text import Text

    known, failed = found.provenance, int(found.dataset["failed"].sum())
    headline = (
        f"{found.network.name or 'network'}: {known['sets']:,} sets × {known['trials']} trials of "
        f"{known['duration']:g} ms in {seconds:.1f} s ({known['engine']}), {failed:,} failed"
    )
    console = Console(highlight=False, markup=False)
    console.print(Text(headline, style="bold"))
    shown = empty_table("parameter", "lowest", "highest", "values")
    for k, name in enumerate(space.names):
        column = rows[:, k]
        values = str(len(set(column.tolist())))
        shown.add_row(name, f"{column.min():.4g}", f"{column.max():.4g}", values)
    console.print(shown)
    for path in written:
        console.print(f"wrote {path}", soft_wrap=True)
