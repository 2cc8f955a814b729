"""What 26 random weighted sums of all membrane currents cost, sampled at every step.

Run with ``python benchmarks/observables.py``; see README.md.
"""

import measure

PEERS = ()
CASES = {
    "double, 1 thread": ("--precision", "double", "--threads", 1),
    "single, 1 thread": ("--precision", "single", "--threads", 1),
    "single, 2 threads": ("--precision", "single", "--threads", 2, {"cores": 2}),
}


def measured(given):
    """Run everything; return reports by name."""
    repeats = ("--repeats", given.repeats)
    runs = {name: (None, "apical_observed.py", *repeats, *case) for name, case in CASES.items()}
    return measure.in_turn(runs, given.rounds)


def shown(found):
    """Return the table."""
    rows = [("evoked response, 170 ms", "without, s", "with 26 sums, s", "more")]
    for name, report in found.items():
        plain, observed = report["plain"], report["observed"]
        more = f"{100 * (observed / plain - 1):.0f} %"
        rows.append((name, f"{plain:.3f}", f"{observed:.3f}", more))
    return measure.table(*rows)


if __name__ == "__main__":
    print(measure.machine())
    print(shown(measured(measure.arguments(*PEERS).parse_args())))
