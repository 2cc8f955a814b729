"""Two columns that are simulated as one network."""

from __future__ import annotations

import numpy as np

from apical import SpikeTrainDrive, combine, models, simulate

TARGETS = {"L5_pyramidal": {"weights": {"ampa": 0.3}}}


def column(times: list[float]):
    drive = SpikeTrainDrive(location="proximal", targets=TARGETS, trains=[times], kernel=None)  # type: ignore[arg-type]
    return models.neymotin_2020(grid=(2, 2)).add(drives={"input": drive})


def spikes(result, population: str) -> list[float]:
    return result.spikes.time.values[result.spikes.source.values == population].tolist()


def test_columns_run_as_alone_until_they_are_connected() -> None:
    one, other = column([2.0]), column([50.0])
    network = combine({"a": one, "b": other}, offsets={"b": (2000, 0, 0)})
    alone = simulate(one, 15.0, threads=1)
    apart = simulate(network, 15.0, threads=1)
    assert spikes(alone, "L5_pyramidal")
    assert spikes(apart, "a_L5_pyramidal") == spikes(alone, "L5_pyramidal")
    assert not spikes(apart, "b_L5_pyramidal")
    dipole = alone.dipole.sel(population="L5_pyramidal").values
    found = apart.dipole.sel(population="a_L5_pyramidal").values
    np.testing.assert_allclose(found, dipole, atol=1e-12 * np.ptp(dipole))

    wired = network.connect(
        "a_L5_pyramidal", "b_L5_pyramidal", receptor="ampa", location="proximal",
        weight=0.1, delay=3,
    )  # fmt: skip
    together = simulate(wired, 15.0, threads=1)
    first = min(spikes(together, "b_L5_pyramidal"))
    assert first > min(spikes(together, "a_L5_pyramidal")) + 3
