"""Options that several commands have, and the panels in which ``--help`` shows them.

What stands in no panel is what most people change; panels have the rest, by what it is for.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

COMPARE, SEARCH = "Comparison with a recording", "Search"
COMPUTE, OUTPUT = "How it is computed", "What is saved and printed"


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


ModelName = Annotated[str, typer.Argument(help="Name of a model, or a model file (.json).")]
Duration = Annotated[str, typer.Option(metavar="MS", help="Simulated time, in ms.")]
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

Column = Annotated[
    str | None,
    typer.Option(
        metavar="N",
        help="Column of the recorded dipole, if there are several (time is 1).",
        rich_help_panel=COMPARE,
    ),
]

Step = Annotated[str, typer.Option(metavar="MS", help="Time step, in ms.", rich_help_panel=COMPUTE)]
StartFrom = Annotated[
    Start,
    typer.Option(
        help="Start from the steady state, or the voltages given.", rich_help_panel=COMPUTE
    ),
]
RateFunctions = Annotated[
    Rates,
    typer.Option(
        help="Exact rate functions (direct: every equation at every step), or the tables of the "
        "channels' authors.",
        rich_help_panel=COMPUTE,
    ),
]
Numbers = Annotated[
    Precision,
    typer.Option(help="Type of numbers; single is about twice as fast.", rich_help_panel=COMPUTE),
]
EngineName = Annotated[
    Engine,
    typer.Option(
        metavar="NAME",
        help="Which engine computes: auto, cpu, cuda (GPU) or reference (slow and plain).",
        rich_help_panel=COMPUTE,
    ),
]
Threads = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="Number of threads; all cores if not given.",
        rich_help_panel=COMPUTE,
    ),
]

Figure = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="Save a figure, such as erp.png or erp.pdf.", rich_help_panel=OUTPUT
    ),
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace existing files.", rich_help_panel=OUTPUT)
]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print the table as JSON.", rich_help_panel=OUTPUT)
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="No progress, no table.", rich_help_panel=OUTPUT)
]

# of a run
Recorded = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Recorded dipole: text with two columns, ms and nAm.",
        rich_help_panel=COMPARE,
    ),
]
SmoothShown = Annotated[
    str | None,
    typer.Option(
        metavar="MS",
        help="Smooth the dipole shown with a Hamming window of this many ms. As in hnn-core, "
        "this draws half a window at both ends towards 0; --compare leaves these out.",
        rich_help_panel=COMPARE,
    ),
]
ScaleShown = Annotated[
    float | None,
    typer.Option(metavar="N", help="Multiply the dipole shown by this.", rich_help_panel=COMPARE),
]
ResultFile = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Save the result (not smoothed or scaled), .nc or .h5.",
        rich_help_panel=OUTPUT,
    ),
]

# of a fit
Varied = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PATH[=LOW:HIGH]",
        help="What may vary, such as 'drives.*.mu' or drives.evprox1.mu=10:40; without it, "
        "times, spreads and weights of all evoked drives.",
    ),
]
Window = Annotated[
    str | None,
    typer.Option(
        metavar="START:STOP",
        help="Compare within these times, in ms.",
        rich_help_panel=COMPARE,
    ),
]
SmoothTrials = Annotated[
    str | None,
    typer.Option(
        metavar="MS",
        help="Smooth trials with a Hamming window of this many ms.",
        rich_help_panel=COMPARE,
    ),
]
ScaleFitted = Annotated[
    str,
    typer.Option(
        metavar="N",
        help="Multiply the dipole by this; solve: by what fits best.",
        rich_help_panel=COMPARE,
    ),
]
MethodName = Annotated[
    Method,
    typer.Option(
        metavar="NAME",
        help="How to search: cma, gauss, bayes, cobyla, lbfgs or stepwise. gauss is for few "
        "candidates and a fair start.",
        rich_help_panel=SEARCH,
    ),
]
Budget = Annotated[
    int,
    typer.Option(min=1, metavar="N", help="Candidates simulated at most.", rich_help_panel=SEARCH),
]
TrialsOfEach = Annotated[
    int,
    typer.Option(min=1, metavar="N", help="Trials of each candidate.", rich_help_panel=SEARCH),
]
Confirm = Annotated[
    int,
    typer.Option(
        min=0,
        metavar="N",
        help="Choose among the best with so many fresh trials.",
        rich_help_panel=SEARCH,
    ),
]
Fresh = Annotated[
    int,
    typer.Option(
        min=1, metavar="N", help="Trials with which the best is tried.", rich_help_panel=SEARCH
    ),
]
FitSeed = Annotated[
    int,
    typer.Option(min=0, metavar="N", help="Seed of trials and search.", rich_help_panel=SEARCH),
]
JournalFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Keep what was done in this file, and go on from it.",
        rich_help_panel=OUTPUT,
    ),
]
FitFile = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", metavar="FILE", help="Save the fit, .nc.", rich_help_panel=OUTPUT
    ),
]

# of a sweep
Swept = Annotated[
    list[str],
    typer.Option(
        metavar="PATH[=RANGE]",
        help="What varies: drives.evprox1.mu=20:40:5 for a grid of 5 points; without POINTS, "
        "and 'drives.*.mu' in its usual range, with --samples. At the end, :log is for a "
        "logarithmic scale.",
    ),
]
Samples = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="Draw so many sets of values within the ranges."),
]
SamplingName = Annotated[
    Sampling,
    typer.Option(metavar="NAME", help="How they are drawn: sobol, halton, latin or random."),
]
EnsembleFile = Annotated[
    Path,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Save the ensemble, .nc or .h5.",
        rich_help_panel=OUTPUT,
    ),
]
JournalBeside = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Keep what is finished in this file, and go on from it; by default, beside the "
        "output.",
        rich_help_panel=OUTPUT,
    ),
]
