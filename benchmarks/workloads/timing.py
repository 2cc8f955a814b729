"""What every workload does: read options, take times, print one line of JSON at the end."""

import argparse
import importlib
import json
import resource
import statistics
import sys
import time


def arguments(**choices):
    """Read ``--repeats`` and each choice from the command line.

    A choice is given as the values allowed; they are of one type, and the first is the default.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=3)
    for name, values in choices.items():
        kind = type(values[0])
        parser.add_argument(f"--{name}", type=kind, choices=values, default=values[0])
    return parser.parse_args()


def import_libraries():
    """Import what apical imports when it is first asked to run something."""
    for name in ("llvmlite.binding", "xarray"):
        importlib.import_module(name)


def once(run):
    """Call `run`; return its value and the time it took."""
    began = time.perf_counter()
    value = run()
    return value, time.perf_counter() - began


def timed(run, repeats):
    """Call `run` once to warm up, then `repeats` times; return its last value and the times."""
    _, first = once(run)
    busy = time.process_time()
    found = [once(run) for _ in range(repeats)]
    busy = (time.process_time() - busy) / repeats
    wall = statistics.median(seconds for _, seconds in found)
    return found[-1][0], {"first": first, "wall": wall, "cpu": busy}


def peak():
    """Return the largest memory this process has had, MB."""
    scale = 1e6 if sys.platform == "darwin" else 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale


def report(**found):
    """Print what was found, and the peak of memory, as the last line of the output."""
    print(json.dumps({"peak": peak(), **found}))
