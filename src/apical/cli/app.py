"""Commands and their options; each does its imports when it runs, so that help is instant."""

from __future__ import annotations

import atexit
import gc
import io
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from apical.cli.failures import reported

app = typer.Typer(
    name="apical",
    help="The cells and circuits beneath a MEG/EEG waveform.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Rates(StrEnum):
    """How rate functions are computed."""

    exact = "exact"
    direct = "direct"
    table = "table"


class Precision(StrEnum):
    """Types of numbers."""

    double = "double"
    single = "single"


class Start(StrEnum):
    """Where a simulation starts from."""

    steady = "steady"
    given = "given"


class Engine(StrEnum):
    """Which engine computes."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"
    reference = "reference"


class Method(StrEnum):
    """How parameters are searched."""

    cma = "cma"
    gauss = "gauss"
    bayes = "bayes"
    cobyla = "cobyla"
    lbfgs = "lbfgs"
    stepwise = "stepwise"


class Sampling(StrEnum):
    """How values are drawn."""

    random = "random"
    sobol = "sobol"
    halton = "halton"
    latin = "latin"


Changes = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="PATH=VALUE",
        help="Change a value, such as drives.evprox1.mu=30 or 'drives.evprox1.mu=30 ms'.",
    ),
]
Removals = Annotated[
    list[str] | None,
    typer.Option("--remove", metavar="PATH", help="Leave a part out, such as drives.evprox1."),
]
Smooth = Annotated[
    str | None,
    typer.Option(
        help="Smooth the dipole shown with a Hamming window of this many ms. As in hnn-core, "
        "this draws half a window at both ends towards 0; --compare leaves these out."
    ),
]


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
    model: Annotated[str, typer.Argument(help="Name of a model, or a model file (.json).")] = "erp",
    trials: Annotated[int, typer.Option(min=1, help="Number of trials.")] = 1,
    duration: Annotated[str, typer.Option(help="Simulated time, in ms.")] = "170",
    dt: Annotated[str, typer.Option(help="Time step, in ms.")] = "0.025",
    seed: Annotated[int, typer.Option(min=0, help="Seed of all random draws.")] = 0,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Number of threads; all cores if not given.")
    ] = None,
    engine: Annotated[Engine, typer.Option(help="Which engine computes.")] = Engine.auto,
    rates: Annotated[
        Rates,
        typer.Option(
            help="Exact rate functions (direct: every equation at every step), or the tables of "
            "the channels' authors."
        ),
    ] = Rates.exact,
    precision: Annotated[
        Precision, typer.Option(help="Type of numbers; single is about twice as fast.")
    ] = Precision.double,
    start: Annotated[
        Start, typer.Option(help="Start from the steady state, or the voltages given.")
    ] = Start.steady,
    changes: Changes = None,
    removals: Removals = None,
    compare: Annotated[
        Path | None, typer.Option(help="Recorded dipole: text with two columns, ms and nAm.")
    ] = None,
    column: Annotated[
        str | None,
        typer.Option(help="Column of the recorded dipole, if there are several (time is 1)."),
    ] = None,
    smooth: Smooth = None,
    scale: Annotated[float | None, typer.Option(help="Multiply the dipole shown by this.")] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Save the result (not smoothed or scaled), .nc or .h5."
        ),
    ] = None,
    figure: Annotated[
        Path | None, typer.Option(help="Save a summary figure, such as erp.png or erp.pdf.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace existing files.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no table.")] = False,
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
    model: Annotated[str, typer.Option(help="Name of a model, or a model file (.json).")] = "erp",
    vary: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATH[=LOW:HIGH]",
            help="What may vary, such as 'drives.*.mu' or drives.evprox1.mu=10:40; without it, "
            "times, spreads and weights of all evoked drives.",
        ),
    ] = None,
    method: Annotated[Method, typer.Option(help="How to search.")] = Method.cma,
    budget: Annotated[int, typer.Option(min=1, help="Candidates simulated at most.")] = 200,
    trials: Annotated[int, typer.Option(min=1, help="Trials of each candidate.")] = 3,
    confirm: Annotated[
        int, typer.Option(min=0, help="Choose among the best with so many fresh trials.")
    ] = 0,
    fresh: Annotated[int, typer.Option(min=1, help="Trials with which the best is tried.")] = 25,
    seed: Annotated[int, typer.Option(min=0, help="Seed of trials and search.")] = 0,
    duration: Annotated[str, typer.Option(help="Simulated time, in ms.")] = "170",
    window: Annotated[
        str | None, typer.Option(metavar="START:STOP", help="Compare within these times, in ms.")
    ] = None,
    column: Annotated[
        str | None, typer.Option(help="Column of the recorded dipole, if there are several.")
    ] = None,
    smooth: Annotated[
        str | None, typer.Option(help="Smooth trials with a Hamming window of this many ms.")
    ] = None,
    scale: Annotated[
        str, typer.Option(help="Multiply the dipole by this; solve: by what fits best.")
    ] = "solve",
    threads: Annotated[
        int | None, typer.Option(min=1, help="Number of threads; all cores if not given.")
    ] = None,
    engine: Annotated[Engine, typer.Option(help="Which engine computes.")] = Engine.auto,
    precision: Annotated[Precision, typer.Option(help="Type of numbers.")] = Precision.single,
    changes: Changes = None,
    removals: Removals = None,
    journal: Annotated[
        Path | None, typer.Option(help="Keep what was done in this file, and go on from it.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Save the fit, .nc.")
    ] = None,
    figure: Annotated[
        Path | None, typer.Option(help="Save a figure, such as fit.png or fit.pdf.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace existing files.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no table.")] = False,
) -> None:
    """Fit a model's parameters to a recorded dipole; Ctrl-C keeps the best so far."""
    given = {**locals(), "engine": engine.value, "precision": precision.value}
    given |= {name: tuple(given[name] or ()) for name in ("vary", "changes", "removals")}
    with reported():
        from apical.cli.fit import Request, execute

        execute(Request(**{**given, "method": method.value}))


@app.command()
def sweep(
    output: Annotated[Path, typer.Option("--output", "-o", help="Save the ensemble, .nc or .h5.")],
    vary: Annotated[
        list[str],
        typer.Option(
            metavar="PATH[=LOW:HIGH[:POINTS]]",
            help="What varies: drives.evprox1.mu=20:40:5 for a grid of 5 points; without POINTS, "
            "and 'drives.*.mu' in its usual range, with --samples. At the end, :log is for a "
            "logarithmic scale.",
        ),
    ],
    model: Annotated[str, typer.Argument(help="Name of a model, or a model file (.json).")] = "erp",
    samples: Annotated[
        int | None, typer.Option(min=1, help="Draw so many sets of values within the ranges.")
    ] = None,
    method: Annotated[Sampling, typer.Option(help="How they are drawn.")] = Sampling.sobol,
    trials: Annotated[int, typer.Option(min=1, help="Trials of each set.")] = 1,
    duration: Annotated[str, typer.Option(help="Simulated time, in ms.")] = "170",
    dt: Annotated[str, typer.Option(help="Time step, in ms.")] = "0.025",
    seed: Annotated[int, typer.Option(min=0, help="Seed of all random draws.")] = 0,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Number of threads; all cores if not given.")
    ] = None,
    engine: Annotated[Engine, typer.Option(help="Which engine computes.")] = Engine.auto,
    rates: Annotated[Rates, typer.Option(help="How rate functions are computed.")] = Rates.exact,
    precision: Annotated[Precision, typer.Option(help="Type of numbers.")] = Precision.double,
    start: Annotated[
        Start, typer.Option(help="Start from the steady state, or the voltages given.")
    ] = Start.steady,
    changes: Changes = None,
    removals: Removals = None,
    journal: Annotated[
        Path | None,
        typer.Option(
            help="Keep what is finished in this file, and go on from it; by default, beside the "
            "output."
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an existing output.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no table.")] = False,
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
    model: Annotated[str, typer.Argument(help="Name of a model, or a model file (.json).")] = "erp",
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
