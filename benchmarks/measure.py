"""Run workloads in processes of their own, in turn, on given cores; machine and tables as text."""

import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
from importlib import metadata
from pathlib import Path

WORKLOADS = Path(__file__).parent / "workloads"
#: Above this excess of wall time the machine was not ours alone.
_BUSY = 0.1
#: Libraries with threads of their own get as many as cores.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def arguments(*peers):
    """Read ``--rounds``, ``--repeats`` and the Pythons of peers from the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3, help="turns of every program")
    parser.add_argument("--repeats", type=int, default=3, help="timed runs in each process")
    for peer in peers:
        parser.add_argument(f"--{peer}", metavar="PYTHON", help=f"Python that has {peer}")
    return parser


def workload(python, script, *options, cores=1, environment=None):
    """Run one workload on some cores; return what it reports."""
    fixed = {name: str(cores) for name in _THREADS}
    # as after an installation, which leaves byte code
    inherited = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [python or sys.executable, WORKLOADS / script, *map(str, options)],
        capture_output=True, text=True, preexec_fn=lambda: pin(cores), cwd=WORKLOADS,
        env={**inherited, **fixed, **(environment or {})},
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{python} {script} {options} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def pin(cores):
    """Keep this process to the last so many of its cores, where the system can."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-cores:])


def in_turn(runs, rounds):
    """Run every workload once a round; return what each reported, by name, with its medians.

    Parameters
    ----------
    runs : dict of str to tuple
        For each name the arguments of `workload`; the last may be a dict of keywords.
    rounds : int
        How often.
    """
    found = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            keywords = run[-1] if isinstance(run[-1], dict) else {}
            plain = run[:-1] if keywords else run
            found[name].append(workload(*plain, **keywords))
            print(name, _times(found[name][-1]), sep=": ", file=sys.stderr)
    return {name: _median(reports) for name, reports in found.items()}


def _times(report):
    numbers = {k: v for k, v in report.items() if isinstance(v, float)}
    return ", ".join(f"{name} {value:.4g}" for name, value in numbers.items())


def _median(reports):
    """Return the last report with medians of its numbers, and every wall time as ``walls``."""
    last = reports[-1]
    middle = {
        k: statistics.median(r[k] for r in reports) for k, v in last.items() if isinstance(v, float)
    }
    return {**last, **middle, "walls": [r.get("wall") for r in reports]}


def disturbance(reports):
    """Return in words by how much wall time exceeded CPU time: what else the machine had to do."""
    shares = [r["wall"] / r["cpu"] - 1 for r in reports if r.get("cpu")]
    worst = max(0.0, *shares)
    text = f"Wall time exceeded CPU time by at most {100 * worst:.0f} %."
    busy = " **The machine was busy with other things: figures are provisional.**"
    return text + busy * (worst > _BUSY)


def machine():
    """Return what this was measured on, and when, as a sentence."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    packages = ", ".join(f"{name} {metadata.version(name)}" for name in ("numpy", "numba"))
    now = datetime.datetime.now(datetime.UTC)
    return (
        f"{_processor()}, {cores} cores, {memory:.0f} GiB, {platform.system()}; Python "
        f"{platform.python_version()}, {packages}; {now:%Y-%m-%d}; load average before: "
        f"{os.getloadavg()[0]:.2f}."
    )


def _processor():
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    flags = next((line for line in lines if line.startswith("flags")), "")
    widest = next((f" with {f.upper()}" for f in ("avx512f", "avx2") if f in flags), "")
    return (names[0] if names else platform.machine()) + widest


def table(*rows):
    """Return rows, the first of which are headings, as a table in Markdown."""
    lines = ["| " + " | ".join(map(str, row)) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])
