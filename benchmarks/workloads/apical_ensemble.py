"""An ensemble of evoked responses in apical: one call, the first drive later in each member."""

import statistics

import timing

import apical

given = timing.arguments(
    members=(1, 10, 100), precision=("double", "single"), threads=(1, 2), rates=("exact", "table")
)
network = apical.models.erp()


def seconds(members):
    """Simulate so many members; return how long that took."""

    def run():
        return apical.simulate_many(
            network, {"drives.evprox1.mu": [20 + 0.1 * k for k in range(members)]},
            rates=given.rates, precision=given.precision, threads=given.threads,
        )  # fmt: skip

    return timing.once(run)[1]


# to load kernels and find the steady state
seconds(1)
timing.report(wall=statistics.median(seconds(given.members) for _ in range(given.repeats)))
