"""When drive cells fire: statistics of every kind of drive, and independence of streams."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from apical.model import BurstyDrive, EvokedDrive, Network, PoissonDrive, SpikeTrainDrive
from apical.models import neymotin_2020
from apical.plan import compile

TARGETS = {
    "L2_pyramidal": {"weights": {"ampa": 0.01}},
    "L5_pyramidal": {"weights": {"ampa": 0.01}},
}
COLUMN = neymotin_2020(grid=(10, 10)).with_(projections={})


def driven(**drives: Any) -> Network:
    return COLUMN.add(drives=drives)


def trains(
    network: Network, name: str, *, trial: int = 0, seed: int = 0, duration: float = 200.0
) -> list[np.ndarray]:
    """One trial's events of each drive cell."""
    plan = next(d for d in compile(network, duration, seed=seed).drives if d.name == name)
    time, cell = plan.trains(network, seed, trial, duration)
    return [time[cell == k] for k in range(plan.n)]


def evoked(**given: Any) -> EvokedDrive:
    return EvokedDrive(**{"location": "proximal", "targets": TARGETS, "mu": 50, "sigma": 5} | given)


def poisson(**given: Any) -> PoissonDrive:
    return PoissonDrive(**{"location": "proximal", "targets": TARGETS, "rate": 100} | given)


def bursty(**given: Any) -> BurstyDrive:
    return BurstyDrive(
        **{"location": "proximal", "targets": TARGETS, "rate": 10, "start": 50} | given
    )


KINDS = {
    "evoked": evoked(), "poisson": poisson(), "bursty": bursty(sigma=5),
    "jittered start": bursty(sigma=5, start_sigma=5),
}  # fmt: skip


def test_evoked_times_have_the_mean_and_deviation_asked_for() -> None:
    network = driven(d=evoked(mu=100, sigma=5, n_spikes=3))
    time = np.concatenate([np.concatenate(trains(network, "d", trial=k)) for k in range(5)])
    # 3000 times: the mean is known to 0.09 ms, the deviation to 0.065 ms; four times that
    assert time.size == 3000
    assert abs(time.mean() - 100) < 0.37
    assert abs(time.std() - 5) < 0.26


def test_poisson_counts_and_waits() -> None:
    network = driven(d=poisson(rate={"L2_pyramidal": 50, "L5_pyramidal": 200}, start=20, stop=170))
    found = trains(network, "d") + trains(network, "d", trial=1)
    for rate, some in ((50, found[:100] + found[200:300]), (200, found[100:200] + found[300:])):
        counts = np.array([len(train) for train in some])
        mean = rate * 0.150
        # 200 counts; the variance of a Poisson variable is its mean, known to 10 %
        assert abs(counts.mean() - mean) < 4 * np.sqrt(mean / 200)
        assert 0.6 < counts.var() / mean < 1.4
        waits = np.concatenate([np.diff(train) for train in some])
        # a window of 150 ms misses long waits, the fewer the higher the rate
        assert waits.std() / waits.mean() == pytest.approx(1, abs=0.15)
    time = np.concatenate(found)
    assert time.min() >= 20
    assert time.max() < 170
    # uniform over the window
    assert abs(time.mean() - 95) < 4 * 150 / np.sqrt(12 * time.size)


def test_a_poisson_drive_lasts_to_the_end_and_may_be_silent() -> None:
    time = np.concatenate(trains(driven(d=poisson()), "d", duration=100.0))
    assert 99 < time.max() <= 100
    assert sum(map(len, trains(driven(d=poisson(rate=0)), "d"))) == 0
    late = driven(d=poisson(start=300))
    assert sum(map(len, trains(late, "d"))) == 0


def test_bursts_without_jitter_are_on_the_rhythm() -> None:
    network = driven(d=bursty(n_spikes=3, interval=4, stop=270, n_cells=2))
    for train in trains(network, "d", duration=400.0):
        assert train.tolist() == [46, 50, 54, 146, 150, 154, 246, 250, 254]


def test_a_burst_after_the_end_may_reach_into_the_run() -> None:
    network = driven(d=bursty(n_spikes=2, interval=10))
    (train,) = trains(network, "d", duration=147.0)
    assert train.tolist() == [45, 55, 145]


def test_bursts_are_jittered_by_cell_and_start_by_trial() -> None:
    network = driven(
        d=bursty(rate=20, sigma=2, start=100, start_sigma=10, n_spikes=1, n_cells=50, stop=200)
    )
    starts = []
    for trial in range(40):
        cells = trains(network, "d", trial=trial, duration=300.0)
        starts.append(np.mean([train[0] for train in cells]))
        first = np.array([train[0] for train in cells])
        # 50 values: a deviation known to 0.2 ms
        assert 1.2 < first.std(ddof=1) < 2.8
    # 40 values: the mean is known to 1.6 ms, the deviation to 1.1 ms
    assert abs(np.mean(starts) - 100) < 6.4
    assert abs(np.std(starts, ddof=1) - 10) < 4.5


def test_trains_are_as_given_in_every_trial() -> None:
    given = [[1.0, 5.5], [], [3.0]]
    drive = SpikeTrainDrive(location="proximal", targets=TARGETS, trains=given)  # type: ignore[arg-type]
    for trial in (0, 7):
        found = trains(driven(d=drive), "d", trial=trial)
        assert [train.tolist() for train in found] == given


@pytest.mark.parametrize("drive", KINDS.values(), ids=KINDS)
def test_two_drives_alike_but_for_their_names_fire_at_other_times(drive: Any) -> None:
    network = driven(a=drive, b=drive)
    a, b = (np.concatenate(trains(network, name)) for name in "ab")
    assert not set(a.tolist()) & set(b.tolist())


@pytest.mark.parametrize("drive", KINDS.values(), ids=KINDS)
def test_neighbouring_seeds_trials_and_cells_share_nothing(drive: Any) -> None:
    network = driven(a=drive.with_(cell_specific=True))
    seen: set[float] = set()
    for seed, trial in ((3, 0), (4, 0), (3, 1), (4, 1)):
        found = trains(network, "a", seed=seed, trial=trial)
        events = [t for train in found for t in train.tolist()]
        # no train is another cell's, and none comes back a cell further under the next seed
        assert len(set(events)) == len(events)
        assert not seen & set(events)
        seen |= set(events)


@pytest.mark.parametrize("drive", KINDS.values(), ids=KINDS)
def test_other_drives_and_targets_change_nothing(drive: Any) -> None:
    drive = drive.with_(cell_specific=True)
    alone = trains(driven(a=drive), "a", trial=1)
    others = {"0": poisson(), "a": drive, "b": bursty(), "c": evoked()}
    among = trains(driven(**others), "a", trial=1)
    fewer = drive.with_(targets={"L5_pyramidal": TARGETS["L5_pyramidal"]})
    half = trains(driven(a=fewer), "a", trial=1)
    for one, other in zip(alone, among, strict=True):
        assert one.tolist() == other.tolist()
    for one, other in zip(alone[100:], half, strict=True):
        assert one.tolist() == other.tolist()


@pytest.mark.parametrize("drive", KINDS.values(), ids=KINDS)
def test_a_longer_run_begins_like_a_shorter_one(drive: Any) -> None:
    network = driven(a=drive)
    short, long = (trains(network, "a", duration=t) for t in (130.0, 1300.0))
    for one, other in zip(short, long, strict=True):
        assert one.tolist() == other[other <= 130].tolist()


def test_a_share_of_pairs_by_target() -> None:
    targets = {
        "L2_pyramidal": {"weights": {"ampa": 0.01, "nmda": 0.01}, "probability": 0.25},
        "L5_pyramidal": {"weights": {"ampa": 0.01}},
    }
    network = driven(d=evoked(targets=targets, probability=0.5, kernel=None))
    (drive,) = compile(network, 10.0).drives
    # three proximal sections; AMPA and NMDA of one pair come together
    assert drive.connections["L2_pyramidal"].n == 25 * 3 * 2
    assert drive.connections["L5_pyramidal"].n == 50 * 3
    reached = drive.connections["L2_pyramidal"]
    assert len(set(zip(reached.source.tolist(), reached.cell.tolist(), strict=True))) == 25


def test_a_changed_share_is_planned_anew() -> None:
    network = driven(d=evoked(kernel=None))
    before = compile(network, 10.0)
    changed = network.set({"drives.d.targets.L2_pyramidal.probability": 0.5})
    (drive,) = compile(changed, 10.0, like=before).drives
    assert drive.connections["L2_pyramidal"].n == 50 * 3
    assert drive.connections["L5_pyramidal"].n == 100 * 3
