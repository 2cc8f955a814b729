"""Memory of one evoked response without recordings: the peak of the process, step by step.

Run with ``python benchmarks/memory.py [--hnn-core PYTHON]``; see README.md.
"""

import measure

PEERS = ("hnn-core",)
CASES = {
    "apical, double, 1 thread": ("--precision", "double", "--threads", 1),
    "apical, single, 2 threads": ("--precision", "single", "--threads", 2, {"cores": 2}),
}


def measured(given):
    """Run everything; return reports by name."""
    runs = {name: (None, "apical_memory.py", *case) for name, case in CASES.items()}
    # once before, to fill the cache of kernels: their compiler takes memory of its own
    measure.in_turn(runs, 1)
    if given.hnn_core:
        runs["hnn-core"] = (given.hnn_core, "hnn_core_memory.py")
    return measure.in_turn(runs, 1)


def shown(found):
    """Return the table."""
    columns = ("imported", "libraries", "run", "again")
    rows = [
        ("peak of the process, MB", "import", "import of what a run needs", "one run", "two runs",
         "one run above import", "above what it needs")
    ]  # fmt: skip
    for name, report in found.items():
        peaks = [report[c] for c in columns]
        above = [report["run"] - report[c] for c in columns[:2]]
        rows.append((name, *(f"{p:.0f}" for p in [*peaks, *above])))
    return measure.table(*rows)


if __name__ == "__main__":
    print(measure.machine())
    print(shown(measured(measure.arguments(*PEERS).parse_args())))
