"""A network that takes a moment, and summaries that other processes can import."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from apical import CurrentClamp, DriveTarget, EvokedDrive, Network
from apical.fit import journal, sweep
from apical.testing.networks import cable, one_cell

MU, SIGMA, AMPLITUDE = "drives.early.mu", "drives.early.sigma", "biases.hit.amplitude"
LATE, WEIGHT = "drives.late.mu", "drives.early.targets.cells.weights.excitation"
#: The second set diverges.
SETS = [{MU: 1.0}, {MU: 2.0, AMPLITUDE: 1e308}, {WEIGHT: 0.004}, {MU: 3}, {MU: 4.0}]
OPTIONS = {"duration": 6.0, "dt": 0.05, "engine": "reference", "start": "given", "threads": 1}


def small() -> Network:
    """Two cells that spike, with two drives and a clamp that does nothing yet."""
    cell = cable({"hh": {}}, 1, L=60.0, diam=5.0, receptors={"excitation": 0.9}, v0=-65.0)
    given = {"location": "cable", "kernel": None}
    target = {"cells": DriveTarget(weights={"excitation": 0.01}, delay=0.3)}
    still = {"cells": DriveTarget(weights={"excitation": 0.0}, delay=0.3)}
    return one_cell(
        cell, n=2, celsius=6.3,
        drives={
            "early": EvokedDrive(mu=2, sigma=1, targets=target, **given),
            "late": EvokedDrive(mu=5, sigma=2, targets=still, **given),
        },
        biases={"hit": CurrentClamp(population="cells", section="cable", amplitude=0, start=1)},
    )  # fmt: skip


def highest(result) -> float:
    return result.dipole.max()


def counts(result):
    return result.spike_counts().values[0]


def slowly(result) -> float:
    time.sleep(0.05)
    return result.dipole.max()


def deadly(result) -> float:
    """Kill the worker the first time; a file remembers."""
    mark = Path(os.environ["APICAL_TEST_MARK"])
    if result.network.get(MU) == 3 and not mark.exists():
        mark.touch()
        os._exit(9)
    return result.dipole.max()


def whole(sets=SETS, **more):
    """Sweep, keeping everything there is to keep."""
    given = {"summaries": {"highest": highest, "counts": counts}, "keep_spikes": True, "batch": 3}
    return sweep(small(), sets, trials=2, **(OPTIONS | given | more))


def leave_after(path: str, size: int) -> None:
    """Sweep until the journal has so many bytes, then vanish as with kill −9."""
    opened = open

    class Dying:
        def __init__(self, file):
            self._file = file

        def __getattr__(self, name):
            return getattr(self._file, name)

        def write(self, data):
            room = size - os.fstat(self._file.fileno()).st_size
            if room < len(data):
                self._file.write(data[: max(room, 0)])
                os._exit(9)
            return self._file.write(data)

    journal.open = lambda *given, **more: Dying(opened(*given, **more))  # type: ignore[attr-defined]
    whole(journal=path)


if __name__ == "__main__":
    leave_after(sys.argv[1], int(sys.argv[2]))
