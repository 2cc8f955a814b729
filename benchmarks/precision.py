"""How far single precision is from double on the evoked response: the table of docs/numerics.md.

Run with ``python benchmarks/precision.py [seeds]``. For each seed: spikes of all cells in both
precisions, the time of the first spike that differs, and the largest difference of the total
dipole, relative to its peak, before that time and over the whole run.
"""

import sys

import numpy as np

from apical import models, simulate


def spikes(result, network):
    """Return the cells' spikes, sorted by time."""
    table = result.spikes
    cells = np.isin(table.source.values, list(network.populations))
    columns = (table.time.values, table.source.values, table.cell.values)
    return sorted(zip(*(c[cells] for c in columns), strict=True))


def compare(network, seed):
    """Return spike counts, time of divergence, and both differences for one seed."""
    double = simulate(network, seed=seed)
    single = simulate(network, seed=seed, precision="single")
    a, b = spikes(double, network), spikes(single, network)
    differing = (x[0] for x, y in zip(a, b, strict=False) if x != y)
    apart = next(differing, double.time[-1])
    dipole, other = (r.total().values[0] for r in (double, single))
    error = np.abs(dipole - other) / np.abs(dipole).max()
    return len(a), len(b), apart, error[double.time <= apart].max(), error.max()


def main(seeds):
    """Print the table."""
    network = models.erp()
    print("| seed | spikes double | spikes single | apart from (ms) | before | whole run |")
    print("|---|---|---|---|---|---|")
    for seed in range(seeds):
        n, m, apart, before, whole = compare(network, seed)
        print(f"| {seed} | {n} | {m} | {apart:g} | {before:.1e} | {whole:.1e} |")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
