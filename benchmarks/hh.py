"""The common problem, cells of 40 compartments with hh everywhere, in several engines.

Run with ``python benchmarks/hh.py [--jaxley PYTHON] [--arbor PYTHON] [--neuron PYTHON]
[--neuron8 PYTHON]``; see README.md. There are two variants: 100 cells, and one cell alone.
"""

import measure
from workloads import problem

PEERS = ("jaxley", "arbor", "neuron", "neuron8")
SINGLE, TABLE, CORE = ("--precision", "single"), ("--rates", "table"), ("--engine", "coreneuron")
TWO = ("--threads", 2, {"cores": 2})
#: Program, who has it, script, options.
CASES = {
    "apical, double": (None, "apical_hh.py"),
    "apical, single": (None, "apical_hh.py", *SINGLE),
    "apical, double, tables": (None, "apical_hh.py", *TABLE),
    "apical, double, two threads": (None, "apical_hh.py", *TWO),
    "apical, single, two threads": (None, "apical_hh.py", *SINGLE, *TWO),
    "NEURON, double": ("neuron", "neuron_hh.py"),
    "NEURON, double, tables": ("neuron", "neuron_hh.py", *TABLE),
    "CoreNEURON, double": ("neuron", "neuron_hh.py", *CORE),
    "CoreNEURON, double, tables": ("neuron", "neuron_hh.py", *CORE, *TABLE),
    "NEURON 8, double": ("neuron8", "neuron_hh.py"),
    "Arbor, double": ("arbor", "arbor_hh.py"),
    "Arbor, double, a group for each cell": ("arbor", "arbor_hh.py", "--groups", "cells"),
    "Jaxley, double": ("jaxley", "jaxley_hh.py"),
    "Jaxley, single": ("jaxley", "jaxley_hh.py", *SINGLE),
}
#: Those that also run one cell alone.
ALONE = ("apical, double", "apical, single", "NEURON, double", "Arbor, double", "Jaxley, double")


def measured(given):
    """Run everything; return reports by name and number of cells."""
    runs = {}
    for cells, names in zip(problem.CELLS, (CASES, ALONE), strict=True):
        for name in names:
            peer, script, *options = CASES[name]
            python = getattr(given, peer) if peer else None
            if python or not peer:
                fixed = ("--cells", cells, "--repeats", given.repeats)
                runs[name, cells] = (python, script, *fixed, *options)
    found = measure.in_turn(runs, given.rounds)
    for (_, cells), report in found.items():
        report["ns"] = 1e9 * report["wall"] / (cells * problem.WORK)
    return found


def shown(found):
    """Return the tables."""
    many, alone = (
        {name: report for (name, n), report in found.items() if n == cells}
        for cells in problem.CELLS
    )
    exact = many.get("NEURON, double") or many["apical, double"]
    rows = [
        ("100 cells", "version", "ns per compartment and step", "build, s", "first run, s",
         "peak memory, MB", "spikes", "spikes off by more than a step", "largest Δv, mV")
    ]  # fmt: skip
    for name, report in many.items():
        apart = max(abs(a - b) for a, b in zip(report["v"], exact["v"], strict=False))
        rows.append(
            (name, report["name"], f"{report['ns']:.1f}", f"{report['build']:.2f}",
             f"{report['first']:.2f}", f"{report['peak']:.0f}", sum(map(len, report["spikes"])),
             off(report["spikes"], exact["spikes"]), f"{apart:.1g}")
        )  # fmt: skip
    single = [("one cell alone", "ns per compartment and step", "spikes")]
    for name, report in alone.items():
        single.append((name, f"{report['ns']:.1f}", sum(map(len, report["spikes"]))))
    return measure.table(*rows) + "\n\n" + measure.table(*single)


def off(spikes, exact):
    """Return how many spikes have no partner within one step, cell by cell."""
    near, missing = problem.DT * 1.001, 0
    for found, expected in zip(spikes, exact, strict=True):
        pairs = zip(sorted(found), sorted(expected), strict=False)
        missing += sum(abs(a - b) > near for a, b in pairs) + abs(len(found) - len(expected))
    return missing


if __name__ == "__main__":
    print(measure.machine())
    print(shown(measured(measure.arguments(*PEERS).parse_args())))
