"""Commands and their options; each does its imports when it runs, so that help is instant."""

from __future__ import annotations

import atexit
import gc
import io
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from apical.cli import options as opt
from apical.cli.failures import reported

app = typer.Typer(
    name="apical",
    help="The cells and circuits beneath a MEG/EEG waveform.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run the command line."""
    # of what a terminal or pipe cannot show, as on Windows, a question mark is better than nothing
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    # NumPy's own threads solve nothing here that is large, and no plugin knows our models: both
    # only take time to look for
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")
    # what imports make stays: looking for garbage in it as often as usual is a tenth of the start,
    # and once more at the end another fifth
    gc.set_threshold(500_000)
    atexit.register(gc.freeze)
    app()


def _version(wanted: bool) -> None:
    if wanted:
        from apical import __version__

        typer.echo(f"apical {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    pass


@app.command()
def run(
    model: opt.ModelName = "erp",
    trials: Annotated[int, typer.Option(min=1, metavar="N", help="Number of trials.")] = 1,
    duration: opt.Duration = "170",
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="Seed of all random draws.")] = 0,
    changes: opt.Changes = None,
    removals: opt.Removals = None,
    compare: opt.Recorded = None,
    column: opt.Column = None,
    smooth: opt.SmoothShown = None,
    scale: opt.ScaleShown = None,
    output: opt.ResultFile = None,
    figure: opt.Figure = None,
    overwrite: opt.Overwrite = False,
    as_json: opt.AsJson = False,
    quiet: opt.Quiet = False,
    dt: opt.Step = "0.025",
    start: opt.StartFrom = opt.Start.steady,
    rates: opt.RateFunctions = opt.Rates.exact,
    precision: opt.Numbers = opt.Precision.double,
    engine: opt.EngineName = opt.Engine.auto,
    threads: opt.Threads = None,
) -> None:
    """Simulate a model; show peaks, latencies, spikes and rates, and compare with a recording."""
    with reported():
        from apical.cli.run import Request, execute

        execute(
            Request(
                model=model,
                changes=tuple(changes or ()),
                removals=tuple(removals or ()),
                duration=duration,
                dt=dt,
                trials=trials,
                seed=seed,
                threads=threads,
                engine=engine.value,
                rates=rates.value,
                precision=precision.value,
                start=start.value,
                compare=compare,
                column=column,
                smooth=smooth,
                scale=scale,
                output=output,
                figure=figure,
                overwrite=overwrite,
                as_json=as_json,
                quiet=quiet,
            )
        )


@app.command()
def fit(
    data: Annotated[Path, typer.Argument(help="Recorded dipole: text, ms and nAm.")],
    model: Annotated[
        str, typer.Option(metavar="NAME", help="Name of a model, or a model file (.json).")
    ] = "erp",
    changes: opt.Changes = None,
    removals: opt.Removals = None,
    vary: opt.Varied = None,
    duration: opt.Duration = "170",
    window: opt.Window = None,
    column: opt.Column = None,
    smooth: opt.SmoothTrials = None,
    scale: opt.ScaleFitted = "solve",
    method: opt.MethodName = opt.Method.cma,
    budget: opt.Budget = 200,
    trials: opt.TrialsOfEach = 3,
    confirm: opt.Confirm = 0,
    fresh: opt.Fresh = 25,
    seed: opt.FitSeed = 0,
    journal: opt.JournalFile = None,
    output: opt.FitFile = None,
    figure: opt.Figure = None,
    overwrite: opt.Overwrite = False,
    as_json: opt.AsJson = False,
    quiet: opt.Quiet = False,
    precision: opt.Numbers = opt.Precision.single,
    engine: opt.EngineName = opt.Engine.auto,
    threads: opt.Threads = None,
) -> None:
    """Fit a model's parameters to a recorded dipole; Ctrl-C keeps the best so far."""
    given = {**locals(), "engine": engine.value, "precision": precision.value}
    given |= {name: tuple(given[name] or ()) for name in ("vary", "changes", "removals")}
    with reported():
        from apical.cli.fit import Request, execute

        execute(Request(**{**given, "method": method.value}))


@app.command()
def sweep(
    model: opt.ModelName = "erp",
    *,
    vary: opt.Swept,
    samples: opt.Samples = None,
    method: opt.SamplingName = opt.Sampling.sobol,
    trials: Annotated[int, typer.Option(min=1, metavar="N", help="Trials of each set.")] = 1,
    duration: opt.Duration = "170",
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="Seed of all random draws.")] = 0,
    changes: opt.Changes = None,
    removals: opt.Removals = None,
    output: opt.EnsembleFile,
    journal: opt.JournalBeside = None,
    overwrite: opt.Overwrite = False,
    quiet: opt.Quiet = False,
    dt: opt.Step = "0.025",
    start: opt.StartFrom = opt.Start.steady,
    rates: opt.RateFunctions = opt.Rates.exact,
    precision: opt.Numbers = opt.Precision.double,
    engine: opt.EngineName = opt.Engine.auto,
    threads: opt.Threads = None,
) -> None:
    """Simulate a grid or a sample of parameters; after an interruption, the same goes on."""
    given = dict(locals())
    given |= {name: tuple(given[name] or ()) for name in ("vary", "changes", "removals")}
    for name in ("method", "engine", "rates", "precision", "start"):
        given[name] = given[name].value
    with reported():
        from apical.cli.sweep import Request, execute

        execute(Request(**given))


@app.command()
def studio(
    model: opt.ModelName = "erp",
    data: Annotated[
        Path | None, typer.Option(help="Recorded dipole to begin with: text, ms and nAm.")
    ] = None,
    column: Annotated[
        int | None, typer.Option(min=1, help="Column of the dipole, if there are several.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port; by default 8150, or any free one.")
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on; others than this machine need --expose.")
    ] = "127.0.0.1",
    expose: Annotated[
        bool, typer.Option("--expose", help="Let other machines in; see --host.")
    ] = False,
    names: Annotated[
        list[str] | None,
        typer.Option("--name", help="What else browsers may call this machine, with --host."),
    ] = None,
    unix: Annotated[
        Path | None,
        typer.Option(
            "--socket", help="Listen on a socket of the file system, behind Jupyter's proxy."
        ),
    ] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Open no browser.")] = False,
) -> None:
    """Open the studio in a browser: move an input, and see the dipole follow."""
    given = {**locals(), "names": tuple(names or ())}
    with reported():
        from apical.cli.studio import Request, execute

        execute(Request(**given))


@app.command()
def models() -> None:
    """List the models that come with apical."""
    with reported():
        from apical.cli.about import show_models

        show_models()


@app.command()
def info() -> None:
    """Show versions, engines, threads and the kernel cache."""
    with reported():
        from apical.cli.about import show_info

        show_info()
