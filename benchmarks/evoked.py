"""The evoked response of the template column: 270 cells, 8,770 compartments, 170 ms, one trial.

Run with ``python benchmarks/evoked.py [--hnn-core PYTHON] [--mpi PYTHON]``; see README.md. Times
are of whole calls, of `apical.simulate` and of hnn-core's `simulate_dipole`.
"""

import tempfile

import measure

PEERS = ("hnn-core", "mpi")
OURS = {
    f"apical, {precision}, {rates}, {threads}": (precision, rates, threads)
    for precision in ("double", "single")
    for rates in ("exact", "table")
    for threads in ("1 thread", "2 threads")
}
SHIPPED, EXACT, MPI = "hnn-core as shipped", "hnn-core, exact", "hnn-core, MPI on 2 processes"


def runs(given, caches):
    """Return every workload that can be run, by name."""
    found = {}
    for name, (precision, rates, threads) in OURS.items():
        threads = int(threads[0])
        options = ("--precision", precision, "--rates", rates, "--threads", threads)
        keywords = {"cores": threads, "environment": caches[precision]}
        found[name] = (None, "apical_evoked.py", "--repeats", given.repeats, *options, keywords)
    if given.hnn_core:
        found[SHIPPED] = (given.hnn_core, "hnn_core_evoked.py")
        found[EXACT] = (given.hnn_core, "hnn_core_evoked.py", "--rates", "exact")
    if given.mpi:
        found[MPI] = (given.mpi, "hnn_core_evoked.py", "--processes", 2, {"cores": 2})
    return found


def measured(given):
    """Run everything; return reports by name."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        # kernels in caches of their own, empty at first; later runs take the last ones
        caches = {p: {"APICAL_CACHE_DIR": f"{folder}/{p}-2"} for p in ("double", "single")}
        found |= {
            f"cold, {precision}, {cores}": cold(precision, cores, f"{folder}/{precision}-{cores}")
            for precision in caches
            for cores in (1, 2)
        }
        found["command"] = measure.workload(
            None, "apical_command.py", "--repeats", max(7, given.repeats), cores=2,
            environment=caches["double"],
        )  # fmt: skip
        found["build"] = measure.workload(None, "apical_build.py", "--repeats", 5)
        return found | measure.in_turn(runs(given, caches), given.rounds)


def cold(precision, cores, folder):
    """Return the report of a process that finds no kernels."""
    return measure.workload(
        None, "apical_evoked.py", "--repeats", 1, "--precision", precision, "--threads", cores,
        cores=cores, environment={"APICAL_CACHE_DIR": folder},
    )  # fmt: skip


def shown(found):
    """Return the tables."""
    ours = found[next(iter(OURS))]
    single = found["apical, single, exact, 1 thread"]
    theirs = found.get(SHIPPED)
    before = [
        ("before a run, one core unless said", "apical", "hnn-core"),
        ("import", f"{ours['imported']:.3f} s", theirs and f"{theirs['imported']:.2f} s"),
        ("import of what a run needs", f"{ours['libraries']:.2f} s", ""),
        ("read and check the model", f"{1000 * ours['build']:.0f} ms", ""),
        ("build, anew", f"{1000 * found['build']['anew']:.0f} ms",
         theirs and f"{theirs['build']:.1f} s"),
        ("build, after one drive has changed", f"{1000 * found['build']['drive']:.1f} ms",
         theirs and f"{theirs['build']:.1f} s"),
        *(
            (f"first run ever, 170 ms: {precision}, {'two cores' if cores == 2 else 'one core'}",
             f"{found[f'cold, {precision}, {cores}']['first']:.1f} s", "")
            for precision in ("double", "single")
            for cores in (1, 2)
        ),
        ("first run in a process: double", f"{ours['first']:.2f} s",
         theirs and f"{theirs['wall']:.1f} s"),
        ("first run in a process: single", f"{single['first']:.2f} s", ""),
        ("`apical run`, double, kernels in the cache: the whole command, two cores",
         f"{found['command']['wall']:.2f} s", ""),
    ]  # fmt: skip
    rows = [("run of 170 ms", "seconds", "each round", "times hnn-core as shipped",
             "times hnn-core exact", "times hnn-core MPI", "spikes of cells")]  # fmt: skip
    for name, report in found.items():
        if "walls" in report:
            each = ", ".join(f"{wall:.3g}" for wall in report["walls"])
            ratios = [ratio(found, peer, report) for peer in (SHIPPED, EXACT, MPI)]
            rows.append((name, f"{report['wall']:.3g}", each, *ratios, report["spikes"]))
    before = [tuple(cell or "" for cell in row) for row in before]
    return measure.table(*before) + "\n\n" + measure.table(*rows)


def ratio(found, peer, report):
    """Return how many times as long a peer takes, as text; empty where it was not run."""
    return f"{found[peer]['wall'] / report['wall']:.3g}" if peer in found else ""


if __name__ == "__main__":
    print(measure.machine())
    print(shown(measured(measure.arguments(*PEERS).parse_args())))
