"""What drives accept and refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from small_network import change, problems_of, small

from apical.model import BurstyDrive, DriveTarget, EvokedDrive, Network, PoissonDrive, Projection

POISSON = {
    "kind": "poisson", "location": "dendrite", "rate": 100.0,
    "targets": {"A": {"weights": {"exc": 0.01}}},
}  # fmt: skip
BURSTY = {
    "kind": "bursty", "location": "dendrite", "rate": 10,
    "targets": {"A": {"weights": {"exc": 0.01}}},
}  # fmt: skip
INPUT = ("drives", "input")


def test_defaults() -> None:
    poisson, bursty = PoissonDrive(location="soma", rate=10), BurstyDrive(location="soma", rate=10)
    for drive in (poisson, bursty):
        assert drive.start == 0
        assert drive.stop is None
        assert drive.kernel is not None
        assert drive.kernel.space_constant == 100.0
    assert poisson.cell_specific
    assert not bursty.cell_specific
    assert (bursty.n_spikes, bursty.interval, bursty.sigma, bursty.start_sigma) == (2, 10, 0, 0)
    assert bursty.offsets == (-5, 5)


def test_a_rate_is_one_number_or_one_for_each_target() -> None:
    network = Network.model_validate(change(small(), *INPUT, value=POISSON | {"rate": "0.1 kHz"}))
    assert network.get("drives.input.rate") == 100.0
    each = network.set({"drives.input.rate": {"A": 50}})
    assert each.get("drives.input.rate.A") == 50.0
    assert each.set({"drives.input.rate.A": "60 Hz"}).drives["input"].rate_of("A") == 60.0  # type: ignore[union-attr]
    for one in (network, each):
        assert Network.from_json(one.to_json()) == one
    assert "drives.input.rate.A" in each.paths()


@pytest.mark.parametrize(
    ("drive", "path", "message"),
    [
        (POISSON | {"rate": -1}, "rate", "must be from 0 to 100000 Hz; got -1"),
        (POISSON | {"rate": "fast"}, "rate", "must be a number in Hz"),
        (POISSON | {"rate": {"A": -1}}, "rate.A", "must be from 0 to 100000 Hz; got -1"),
        (POISSON | {"rate": {"B": 1}}, "rate.A", "is required: it is a target"),
        (POISSON | {"rate": {"A": 1, "B": 1}}, "rate.B", "is no target (targets are A)"),
        (POISSON | {"rate": {"A": 1}, "cell_specific": False}, "rate", "must be one number"),
        (POISSON | {"start": 5, "stop": 4}, "stop", "must not be before start, 5 ms; got 4 ms"),
        (BURSTY | {"rate": 0}, "rate", "> 0"),
        (BURSTY | {"n_spikes": 12}, "interval", "bursts of 110 ms, longer than their period 100"),
        (BURSTY | {"start": -1}, "start", "must be ≥ 0 ms; got -1"),
        (BURSTY | {"kind": "rhythmic"}, "kind", "'evoked', 'poisson', 'bursty' or 'spike_train'"),
        (BURSTY | {"targets": {"A": {"weights": {}, "probability": 0}}},
         "targets.A.probability", "> 0"),
    ],
)  # fmt: skip
def test_refused(drive: dict[str, Any], path: str, message: str) -> None:
    assert message in problems_of(change(small(), *INPUT, value=drive))[f"drives.input.{path}"]


@pytest.mark.parametrize("one", [1, np.int64(1), np.float32(1), np.array(1.0), "1 ms"])
def test_whole_and_numpy_numbers_are_delays_and_probabilities(one: Any) -> None:
    target = DriveTarget(weights={"exc": 1}, delay=one)  # type: ignore[arg-type]
    assert target.delay == 1.0
    assert type(target.delay) is float
    wire = Projection(
        source="A", target="B", location="soma", receptor="exc", weight=1, delay=one, probability=1
    )
    assert type(wire.delay) is float
    drive = EvokedDrive(location="soma", mu=1, sigma=0, probability=1, targets={"A": target})  # type: ignore[arg-type]
    assert drive.probability == 1.0
