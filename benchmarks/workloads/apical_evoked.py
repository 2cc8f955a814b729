"""The evoked response of the template column in apical: 170 ms, one trial."""

import time

import timing

began = time.perf_counter()
import apical  # noqa: E402 - importing is timed

imported = time.perf_counter() - began
_, libraries = timing.once(timing.import_libraries)
given = timing.arguments(precision=("double", "single"), rates=("exact", "table"), threads=(1, 2))
options = {"precision": given.precision, "rates": given.rates, "threads": given.threads}
began = time.perf_counter()
network = apical.models.erp()
built = time.perf_counter() - began
began = time.perf_counter()
result = apical.simulate(network, seed=1, **options)
first = time.perf_counter() - began
_, seconds = timing.timed(lambda: apical.simulate(network, seed=1, **options), given.repeats)
timing.report(
    name=f"apical {apical.__version__}", imported=imported, libraries=libraries, build=built,
    **(seconds | {"first": first}),
    spikes=int(result.spikes.source.isin(list(network.populations)).sum()),
)  # fmt: skip
