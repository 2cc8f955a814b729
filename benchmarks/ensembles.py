"""What each member costs when 1, 10 and 100 evoked responses are simulated in one call.

Run with ``python benchmarks/ensembles.py [--mpi PYTHON]``; see README.md.
"""

import measure

PEERS = ("mpi",)
#: How many, and how often: a hundred are their own repeats.
MEMBERS = {1: 10, 10: 3, 100: 1}
CASES = {
    "single, 2 threads": ("--precision", "single", "--threads", 2, {"cores": 2}),
    "double, 2 threads": ("--precision", "double", "--threads", 2, {"cores": 2}),
    "single, 1 thread": ("--precision", "single", "--threads", 1),
}


def measured(given):
    """Run everything; return reports by case and number of members, with seconds for each."""
    runs = {
        (name, n): (None, "apical_ensemble.py", "--members", n, "--repeats", repeats, *case)
        for name, case in CASES.items()
        for n, repeats in MEMBERS.items()
    }
    if given.mpi:
        # the environment for MPI has joblib, too
        runs["hnn-core", 2] = (given.mpi, "hnn_core_evoked.py", "--jobs", 2, {"cores": 2})
    found = measure.in_turn(runs, given.rounds)
    for (_, members), report in found.items():
        report["each"] = report["wall"] / members
    return found


def shown(found):
    """Return the table."""
    rows = [("seconds for each member", *(f"{n} in a call" for n in MEMBERS), "memory of 100, MB")]
    for name in CASES:
        each = (f"{found[name, n]['each']:.3f}" for n in MEMBERS)
        rows.append((name, *each, f"{found[name, 100]['peak']:.0f}"))
    table, peer = measure.table(*rows), found.get(("hnn-core", 2))
    if peer:
        table += (
            f"\n\nhnn-core, two trials at once on two cores (joblib): {peer['each']:.1f} s each."
        )
    return table


if __name__ == "__main__":
    print(measure.machine())
    print(shown(measured(measure.arguments(*PEERS).parse_args())))
