"""Measure everything side by side and write the tables into docs/benchmarks.md.

Run with ``python benchmarks/all.py --hnn-core PYTHON --mpi PYTHON --jaxley PYTHON --arbor PYTHON
--neuron PYTHON --neuron8 PYTHON``; see README.md. A peer that is not given is left out.
"""

import re
from pathlib import Path

import ensembles
import evoked
import hh
import measure
import memory
import observables

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
PARTS = {
    "Evoked response": evoked,
    "Ensembles": ensembles,
    "Common problem": hh,
    "Observables": observables,
    "Memory": memory,
}


def main():
    """Measure, and put the tables between the page's marks."""
    parser = measure.arguments(*dict.fromkeys(p for part in PARTS.values() for p in part.PEERS))
    parser.add_argument("--page", type=Path, default=PAGE, help="where tables are written")
    given = parser.parse_args()
    machine = measure.machine()
    found, tables = {}, {}
    for title, part in PARTS.items():
        found[title] = part.measured(given)
        tables[title] = part.shown(found[title])
        print(f"{tables[title]}\n", flush=True)
    reports = [report for part in found.values() for report in part.values()]
    rounds = f"Rounds: {given.rounds}, runs in each: {given.repeats}; medians."
    texts = [f"{machine} {rounds} {measure.disturbance(reports)}"]
    texts += ["### What was aimed at", aims(*found.values())]
    texts += [f"### {title}\n\n{table}" for title, table in tables.items()]
    page = given.page.read_text(encoding="utf-8")
    marked = re.compile(r"(<!-- measured -->\n).*(<!-- end -->)", re.S)
    new = marked.sub(lambda m: f"{m[1]}\n" + "\n\n".join(texts) + f"\n\n{m[2]}", page)
    given.page.write_text(new, encoding="utf-8")


def aims(response, members, cells, sums, memories):
    """Return a table of what was aimed at and what was reached."""
    double = response["apical, double, exact, 1 thread"]["wall"]
    single = response["apical, single, exact, 2 threads"]["wall"]
    many = members["single, 2 threads", 100]
    dearest = max(o["observed"] / o["plain"] for o in sums.values())
    walls = {name: response.get(name, {}).get("wall") for name in (evoked.SHIPPED, evoked.EXACT,
                                                                   evoked.MPI)}  # fmt: skip
    shipped, exact, mpi = walls.values()
    run = memories["apical, double, 1 thread"]
    cold = max(response[f"cold, {p}, 2"]["first"] for p in ("double", "single"))
    rows = [
        ("evoked response, double, one thread: × hnn-core as shipped", 18, over(shipped, double)),
        ("the same: × hnn-core exact", 45, over(exact, double)),
        ("evoked response, single, two threads: × hnn-core as shipped", 130, over(shipped, single)),
        ("the same: × hnn-core MPI on two processes", 80, over(mpi, single)),
        ("100 members on two threads, each, single: × one alone", -1.1, many["each"] / single),
        ("common problem, one core, double: ns", -10, cells["apical, double", 100]["ns"]),
        ("common problem, one core, single: ns", -5, cells["apical, single", 100]["ns"]),
        ("one run without recordings: MB above import of what it needs", -150,
         run["run"] - run["libraries"]),
        ("26 sums of membrane currents, the dearest case: × without", -1.2, dearest),
        ("first run ever on two cores, the slower precision: s", -10, cold),
        ("`apical run`, kernels in the cache, the whole command: s", -1.5,
         response["command"]["wall"]),
    ]  # fmt: skip
    lines = [("what", "aim", "reached", "")]
    for what, aim, value in rows:
        if value is not None:
            least = "≤" if aim < 0 else "≥"
            good = value <= -aim if aim < 0 else value >= aim
            lines.append((what, f"{least} {abs(aim)}", f"{value:.3g}", "yes" if good else "no"))
    return measure.table(*lines)


def over(theirs, ours):
    """Return how many times as long a peer takes, or None where it was not run."""
    return None if theirs is None else theirs / ours


if __name__ == "__main__":
    main()
