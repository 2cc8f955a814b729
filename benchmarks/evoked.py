"""Time the evoked response of the template column, side by side with hnn-core if it is given.

Run with ``python benchmarks/evoked.py [--repeats 3] [--hnn-core /path/to/python]``; see README.md.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time

OURS = """
import time
t = time.perf_counter()
import apical
imported = time.perf_counter() - t
network = apical.models.erp()
t = time.perf_counter()
apical.simulate(network, 1.0, **{options})
first = time.perf_counter() - t
t = time.perf_counter()
apical.simulate(network, 170.0, seed=1, **{options})
print(imported, first, time.perf_counter() - t)
"""

THEIRS = """
import time, warnings
warnings.simplefilter("ignore")
from hnn_core import jones_2009_model, simulate_dipole
from hnn_core.network_builder import load_custom_mechanisms
from hnn_core.network_models import add_erp_drives_to_jones_model
from neuron import h
load_custom_mechanisms()
for name in ("hh2", "ca", "km", "cat", "ar"):
    setattr(h, "usetable_" + name, {tables})
net = jones_2009_model()
add_erp_drives_to_jones_model(net)
t = time.perf_counter()
simulate_dipole(net, tstop=170.0, n_trials=1, verbose=False)
print(0, 0, time.perf_counter() - t)
"""

CASES = {
    "double, exact, 1 thread": {"threads": 1},
    "double, table, 1 thread": {"threads": 1, "rates": "table"},
    "single, exact, 1 thread": {"threads": 1, "precision": "single"},
    "double, exact, 2 threads": {"threads": 2},
    "single, exact, 2 threads": {"threads": 2, "precision": "single"},
}


def measured(python, code, environment=None):
    """Run code in a process of its own; return the numbers it prints."""
    found = subprocess.run(
        [python, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **(environment or {})},
    )
    return [float(x) for x in found.stdout.strip().splitlines()[-1].split()]


def main():
    """Print a table of medians."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--hnn-core", metavar="PYTHON")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        code, cold = OURS.format(options=CASES["double, exact, 1 thread"]), time.perf_counter()
        _, first, _ = measured(sys.executable, code, {"APICAL_CACHE_DIR": folder})
        cold = time.perf_counter() - cold
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}")
    print(
        f"first simulation with an empty cache: {first:.1f} s ({cold:.1f} s with a run of 170 ms)"
    )
    runs = {
        f"apical, {name}": (sys.executable, OURS.format(options=o)) for name, o in CASES.items()
    }
    if given.hnn_core:
        for tables, name in ((1, "as shipped"), (0, "exact")):
            runs[f"hnn-core 0.6.1, {name}"] = (given.hnn_core, THEIRS.format(tables=tables))
    times = {name: [] for name in runs}
    for _ in range(given.repeats):
        for name, (python, code) in runs.items():
            times[name].append(measured(python, code))
    print(f"import: {statistics.median(t[0] for t in times['apical, ' + next(iter(CASES))]):.3f} s")
    print("| 170 ms, one trial | seconds | all |")
    print("|---|---|---|")
    for name, found in times.items():
        seconds = [t[2] for t in found]
        shown = ", ".join(f"{s:.2f}" for s in seconds)
        print(f"| {name} | {statistics.median(seconds):.2f} | {shown} |")


if __name__ == "__main__":
    main()
