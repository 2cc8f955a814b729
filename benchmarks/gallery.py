"""Time and memory of hnn-core's example scripts, under hnn-core and unchanged under apical.

Run with ``python benchmarks/gallery.py FOLDER --hnn-core PYTHON [--page]``, where FOLDER has the
scripts of release 0.6.1 (``examples/`` of its repository) and PYTHON has hnn-core; see README.md.
Scripts may lie in folders of their own within FOLDER.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import measure

ALIAS = measure.WORKLOADS / "as_hnn_core.py"
PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
#: Marks of the section on the page.
_SECTION = re.compile(r"<!-- gallery -->\n.*<!-- end of gallery -->\n", re.S)
#: `ru_maxrss` is in bytes on macOS and in kilobytes elsewhere.
_MEGABYTE = 1e6 if sys.platform == "darwin" else 1e3


@dataclass(frozen=True)
class Usage:
    """What one process took, with those that it started and waited for.

    Parameters
    ----------
    wall, cpu : float, s
        From its start to its end.
    peak : float, MB
        Resident memory of its largest process.
    fault : str
        How it failed; empty if it did not.
    """

    wall: float
    cpu: float
    peak: float
    fault: str


def main():
    """Run every script, and print or write the table."""
    given = arguments().parse_args()
    scripts = sorted(
        p for p in given.folder.rglob("*.py")
        if not given.only or any(word in p.name for word in given.only)
    )  # fmt: skip
    if not scripts:
        raise SystemExit(f"no scripts in {given.folder}")
    machine = measure.machine()
    found = {}
    for script in scripts:
        path = script.relative_to(given.folder)
        found[path] = of_script(given, path)
        for name, usage in found[path].items():
            shown_usage = f"{usage.wall:.1f} s, {usage.peak:.0f} MB {usage.fault}"
            print(f"{path}, {name}: {shown_usage}", file=sys.stderr, flush=True)
    text = f"{machine} {disturbance(found)}\n\n{table(found)}\n\n{faults(found)}".rstrip()
    print(text)
    if given.page:
        write(given.page, text)


def arguments():
    """Return the options of the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path, help="hnn-core's examples")
    python = {"metavar": "PYTHON", "type": program}
    parser.add_argument("--hnn-core", required=True, help="Python that has hnn-core", **python)
    parser.add_argument("--apical", default=sys.executable, help="that has apical", **python)
    parser.add_argument("--only", nargs="+", metavar="WORD", help="scripts named like these")
    parser.add_argument("--cores", type=int, default=os.cpu_count(), help="for every script")
    parser.add_argument("--limit", type=float, default=1800, help="seconds that a script may take")
    parser.add_argument("--page", type=Path, nargs="?", const=PAGE, help="page to write into")
    return parser


def program(name):
    """Return a program as a path that does not depend on where we are."""
    return os.path.abspath(shutil.which(name) or name)


def of_script(given, path):
    """Run one script under hnn-core, and under apical without and with kernels in the cache."""
    with tempfile.TemporaryDirectory() as cache:
        ours = [given.apical, ALIAS]
        runs = {"hnn-core": [given.hnn_core], "apical, first": ours, "apical": ours}
        return {
            name: ran([*command, path], given, {"APICAL_CACHE_DIR": cache})
            for name, command in runs.items()
        }


def ran(command, given, environment):
    """Run a script in a copy of its folder, without a display; return what it took.

    Parameters
    ----------
    command : list
        Program, its arguments, and the script's path within the folder.
    given : Namespace
        Folder, cores and limit.
    environment : dict
        Variables besides those of this process.
    """
    with tempfile.TemporaryDirectory() as place, tempfile.TemporaryFile("w+") as log:
        # scripts write files where they are, and find others there
        copy = shutil.copytree(given.folder, Path(place) / "examples")
        script = copy / command[-1]
        began = time.perf_counter()
        process = subprocess.Popen(
            [*map(str, command[:-1]), script], cwd=script.parent, stdout=log, stderr=log,
            stdin=subprocess.DEVNULL, start_new_session=True,
            preexec_fn=lambda: measure.pin(given.cores),
            env={**os.environ, "MPLBACKEND": "Agg", **environment},
        )  # fmt: skip
        late = threading.Event()
        timer = threading.Timer(given.limit, stop, [process.pid, late])
        timer.start()
        _, status, used = os.wait4(process.pid, 0)
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - began
        log.seek(0)
        fault = f"took over {given.limit:g} s" if late.is_set() else ""
        if process.returncode and not fault:
            fault = (log.read().strip().splitlines() or [f"exit {process.returncode}"])[-1]
    return Usage(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / _MEGABYTE, fault)


def stop(process, late):
    """End a process that takes too long, and those that it started."""
    late.set()
    os.killpg(process, signal.SIGKILL)


def table(found):
    """Return a row for every script: seconds and megabytes under both, and their ratios."""
    rows = [
        ("script", "hnn-core, s", "apical, s", "first run ever, s", "× faster", "hnn-core, MB",
         "apical, MB", "× the memory")
    ]  # fmt: skip
    for path, usages in found.items():
        theirs, first, ours = usages.values()
        both = not (theirs.fault or ours.fault)
        rows.append((
            f"`{path.stem}`", cell(theirs, "wall"), cell(ours, "wall"), cell(first, "wall"),
            f"{theirs.wall / ours.wall:.1f}" if both else "–",
            cell(theirs, "peak"), cell(ours, "peak"),
            f"{ours.peak / theirs.peak:.2f}" if both else "–",
        ))  # fmt: skip
    return measure.table(*rows)


def cell(usage, name):
    """Return one number of a table, or that there is none."""
    value = getattr(usage, name)
    return "failed" if usage.fault else f"{value:.1f}" if name == "wall" else f"{value:.0f}"


def faults(found):
    """Return a list of what failed, and how."""
    return "\n".join(
        f"- `{path.stem}` under {name}: {usage.fault}"
        for path, usages in found.items()
        for name, usage in usages.items()
        if usage.fault
    )


def disturbance(found):
    """Return in words how much of the time the runs were given the processor."""
    usages = [u for usages in found.values() for u in usages.values() if not u.fault]
    busy = sum(u.cpu for u in usages) / max(sum(u.wall for u in usages), 1e-9)
    return f"Over all runs, CPU time was {100 * busy:.0f} % of wall time."


def write(page, text):
    """Put the section into a page, in place of the one that it may have already."""
    before = page.read_text(encoding="utf-8")
    section = (
        "<!-- gallery -->\n## hnn-core's gallery scripts\n\n"
        "Each script of release 0.6.1 runs unchanged, as a process of its own: under hnn-core,\n"
        "and with apical's compatible module under the name `hnn_core`. Time is wall time of the\n"
        "whole process, imports and figures (without a display) included; memory is the peak of\n"
        "its largest process. The first run ever compiles kernels, the other one finds them in\n"
        f"the cache.\n\n{text}\n<!-- end of gallery -->\n"
    )
    has = _SECTION.search(before)
    after = _SECTION.sub(lambda _: section, before) if has else f"{before.rstrip()}\n\n{section}"
    page.write_text(after, encoding="utf-8")


if __name__ == "__main__":
    main()
