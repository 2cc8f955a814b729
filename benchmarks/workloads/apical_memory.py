"""Peak of memory (MB): after importing, after a run of the column, and after one more."""

import timing

import apical

peaks = {"imported": timing.peak()}
given = timing.arguments(precision=("double", "single"), threads=(1, 2))
timing.import_libraries()
peaks["libraries"] = timing.peak()
network = apical.models.erp()
for name in ("run", "again"):
    apical.simulate(network, precision=given.precision, threads=given.threads)
    peaks[name] = timing.peak()
timing.report(**peaks)
