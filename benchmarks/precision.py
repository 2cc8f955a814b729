"""How far fast ways are from plain ones: the tables of docs/numerics.md.

Run with ``python benchmarks/precision.py [seeds [models…]]``; the evoked response if no model is
named. Models without input get its drives. Single precision against double, and rates by
polynomials against the equations themselves. For each seed: spikes of all cells both ways, the
time of the first spike that differs, and the largest difference of the total dipole, relative to
its peak, before that time and over the whole run.
"""

import itertools
import sys

import numpy as np

from apical import models, simulate


def spikes(result, network):
    """Return the cells' spikes, sorted by time."""
    table = result.spikes
    cells = np.isin(table.source.values, list(network.populations))
    columns = (table.time.values, table.source.values, table.cell.values)
    return sorted(zip(*(c[cells] for c in columns), strict=True))


def compare(network, seed, plain, fast):
    """Return spike counts, time of divergence, and both differences for one seed."""
    one, other = (simulate(network, seed=seed, **options) for options in (plain, fast))
    a, b = spikes(one, network), spikes(other, network)
    differing = (x[0] for x, y in zip(a, b, strict=False) if x != y)
    apart = next(differing, one.time[-1])
    dipole, found = (r.total().values[0] for r in (one, other))
    error = np.abs(dipole - found) / np.abs(dipole).max()
    return len(a), len(b), apart, error[one.time <= apart].max(), error.max()


CASES = {
    "single precision against double": ({}, {"precision": "single"}),
    "rates by polynomials against equations, double": ({"rates": "direct"}, {"rates": "exact"}),
    "the same, single": (
        {"rates": "direct", "precision": "single"},
        {"rates": "exact", "precision": "single"},
    ),
}


def driven(name):
    """Return a model; one without input gets that of the evoked response."""
    network = models.load(name)
    return network if network.drives or network.biases else network.with_drives(models.erp().drives)


def main(seeds, names):
    """Print the tables."""
    for name, (title, (plain, fast)) in itertools.product(names, CASES.items()):
        print(f"\n{name}: {title}\n")
        print("| seed | spikes plain | spikes fast | apart from (ms) | before | whole run |")
        print("|---|---|---|---|---|---|")
        for seed in range(seeds):
            n, m, apart, before, whole = compare(driven(name), seed, plain, fast)
            print(f"| {seed} | {n} | {m} | {apart:g} | {before:.1e} | {whole:.1e} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10, sys.argv[2:] or ["erp"])
