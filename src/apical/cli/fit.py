"""``apical fit``: all is checked first, then fitted, tried with fresh trials, saved and shown."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from apical.cli.failures import Interrupted, UsageError, as_usage
from apical.cli.run import FIGURES, as_asked, positive, progress_bar
from apical.cli.vary import check_journal, read_range
from apical.errors import Cancelled
from apical.io.atomic import check_writable
from apical.units import parse_quantity

if TYPE_CHECKING:
    from rich.table import Table

    from apical.fit import Fit, Parameter, Report, Space
    from apical.fit.objectives import Rmse
    from apical.model import Network
    from apical.result import Result


@dataclass(frozen=True)
class Request:
    """What was asked for on the command line; see ``apical fit --help``."""

    data: Path
    model: str = "erp"
    changes: tuple[str, ...] = ()
    removals: tuple[str, ...] = ()
    vary: tuple[str, ...] = ()
    method: str = "cma"
    budget: int = 200
    trials: int = 3
    fresh: int = 25
    confirm: int = 0
    seed: int = 0
    duration: str = "170"
    window: str | None = None
    column: str | None = None
    smooth: str | None = None
    scale: str = "solve"
    threads: int | None = None
    engine: str = "auto"
    precision: str = "single"
    journal: Path | None = None
    output: Path | None = None
    figure: Path | None = None
    overwrite: bool = False
    as_json: bool = False
    quiet: bool = False


def execute(request: Request) -> None:
    """Check, fit, save, draw and report."""
    duration = positive(request.duration, "duration")
    with as_usage():
        _check_targets(request)
        network = as_asked(request.model, request.changes, request.removals)
        space, objective = _space(network, request.vary), _objective(request)

    from apical.fit import fit

    with progress_bar(not request.quiet) as show:
        found = fit(
            space,
            objective,
            duration,
            method=request.method,
            budget=request.budget,
            trials=request.trials,
            seed=request.seed,
            confirm=request.confirm,
            engine=request.engine,
            precision=request.precision,
            threads=request.threads,
            journal=request.journal,
            progress=_told(show),
        )
    if request.output:
        found.save(request.output, request.overwrite)
    try:
        _try_and_tell(found, objective, request)
    except (KeyboardInterrupt, Cancelled):
        kept = [f"'{path}' was written before" for path in [request.output] if path]
        kept += [f"what was simulated is in '{p}'" for p in [request.journal] if p]
        if not kept:
            raise
        raise Interrupted("; ".join(kept)) from None


def _try_and_tell(found: Fit, objective: Rmse, request: Request) -> None:
    """Try the best with fresh trials, draw and report."""
    with progress_bar(not request.quiet) as show:
        result = found.simulate(request.fresh, progress=show)
    shown = _as_compared(result, objective)
    if request.figure:
        from apical import plots

        figure = plots.fitted(found, shown, objective.recorded)
        plots.save_figure(figure, request.figure, request.overwrite)
    measures = _measures(found, objective, result)
    if request.as_json:
        typer.echo(json.dumps(measures, indent=2, allow_nan=False))
    elif not request.quiet:
        _print(found, measures, [p for p in (request.output, request.figure) if p])


def _check_targets(request: Request) -> None:
    files = {"--output": request.output, "--figure": request.figure, "the recording": request.data}
    if request.journal is not None:
        check_journal(request.journal, files)
    for path in (request.output, request.figure):
        if path is not None:
            check_writable(path, request.overwrite)
    if request.output is not None and request.output.suffix.lower() != ".nc":
        raise UsageError(f"--output must end with .nc; got '{request.output.name}'")
    if request.figure is not None and request.figure.suffix.lower() not in FIGURES:
        raise UsageError(f"--figure must end with {', '.join(FIGURES)}; got '{request.figure}'")


def _space(network: Network, vary: tuple[str, ...]) -> Space:
    """Return what varies: patterns in usual ranges or in those given; else all evoked drives."""
    from apical.fit import Space

    if not vary:
        return Space.of_drives(network)
    parameters: dict[str, Parameter] = {}
    for text in vary:
        some, points = read_range(network, text)
        if points is not None:
            raise UsageError(f"--vary of a fit has no number of points; got '{text}'")
        parameters |= some
    return Space(network, parameters)


def _objective(request: Request) -> Rmse:
    from apical.fit.objectives import Rmse
    from apical.io.recorded import read_dipole

    try:
        scale = request.scale if request.scale == "solve" else float(request.scale)
    except ValueError:
        raise UsageError(f"--scale must be a number or solve; got '{request.scale}'") from None
    return Rmse(
        read_dipole(request.data, request.column),
        window=_window(request.window),
        smooth=None if request.smooth is None else positive(request.smooth, "smooth"),
        scale=scale,  # type: ignore[arg-type] - "solve" if it is text
    )


def _window(text: str | None) -> tuple[float, float] | None:
    if text is None:
        return None
    try:
        first, last = (parse_quantity(part, "ms") for part in text.split(":"))
    except ValueError:
        raise UsageError(f"--window must be START:STOP, in ms; got '{text}'") from None
    return first, last


def _told(show: Callable[..., None] | None) -> Callable[[Report], None] | None:
    if show is None:
        return None

    def progress(report: Report) -> None:
        best = "" if math.isnan(report.loss) else f", best {report.loss:.4g} nAm"
        show(report.done, f"{report.candidates} of {report.budget}{best}")

    return progress


def _as_compared(result: Result, objective: Rmse) -> Result:
    """Return a result as it is compared: smoothed and scaled."""
    mean = objective.measure(result).mean(axis=0)
    result = result if objective.smooth is None else result.smooth(objective.smooth)
    return result.scale(objective.scale_of(mean))


def _measures(found: Fit, objective: Rmse, result: Result) -> dict[str, Any]:
    """Collect what is worth saying; plain values."""
    from apical.fit.objectives import Correlation

    mean, space = objective.measure(result).mean(axis=0), found.space
    correlation = Correlation(objective.recorded, objective.window, smooth=objective.smooth)
    rows = zip(
        space.names, space.start.tolist(), found.values.values(), space.low.tolist(),
        space.high.tolist(), strict=True,
    )  # fmt: skip
    return {
        "reason": found.reason,
        "candidates": found.history.sizes["candidate"],
        "seconds": found.provenance["wall_seconds"],
        "rmse_nam": {
            "start": float(found.history["loss"].values[0]),
            "best": found.loss,
            "fresh_trials": objective.loss_of(mean),
        },
        "fresh_trials": result.trials,
        "correlation_fresh_trials": 1 - correlation.loss_of(mean),
        "scale": objective.scale_of(mean),
        "parameters": {
            name: {"start": start, "best": best, "low": low, "high": high}
            for name, start, best, low, high in rows
        },
    }


def _print(found: Fit, measures: dict[str, Any], written: list[Path]) -> None:
    from rich.console import Console

    console = Console(highlight=False, markup=False, soft_wrap=True)
    rmse = measures["rmse_nam"]
    console.print(
        f"{found.space.base.name or 'network'}: {measures['candidates']} candidates in "
        f"{measures['seconds']:.1f} s, {found.reason}", style="bold",
    )  # fmt: skip
    console.print(_table(measures["parameters"]))
    console.print(
        f"RMSE {rmse['start']:.4g} → {rmse['best']:.4g} nAm with the trials fitted; "
        f"{rmse['fresh_trials']:.4g} nAm, correlation "
        f"{measures['correlation_fresh_trials']:.3f}, with {measures['fresh_trials']} fresh ones "
        f"(scale {measures['scale']:.4g})", style="bold",
    )  # fmt: skip
    for path in written:
        console.print(f"wrote {path}")


def _table(parameters: dict[str, dict[str, float]]) -> Table:
    from apical.cli.report import empty_table

    table = empty_table("parameter", "start", "best", "low", "high")
    for name, found in parameters.items():
        table.add_row(name, *(f"{found[k]:.4g}" for k in ("start", "best", "low", "high")))
    return table
