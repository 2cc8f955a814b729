"""Passive cables against solutions on paper."""

from __future__ import annotations

import math

import numpy as np
import pytest

from apical import CurrentClamp, Recording, simulate
from apical.testing.networks import cable, one_cell

# Rallpack 1 (Bhalla, Bilitch & Bower 1992, Trends Neurosci 15:453–458): 1 mm of 1 µm cable,
# one length constant long, time constant 40 ms, 0.1 nA at one end.
CURRENT, REST, LENGTH, DIAM = 0.1, -65.0, 1000.0, 1.0
LEAK, CM, RA = 2.5e-5, 1.0, 100.0
TAU, LAMBDA = 40.0, 1000.0
# total leak conductance in µS: S/cm² times µm² is 1e-2 µS
WHOLE_LEAK = LEAK * 1e-2 * math.pi * DIAM * LENGTH


def rallpack_1(x: float, time: np.ndarray) -> np.ndarray:
    """Voltage at x (µm): steady state less a cosine series that dies out."""
    length = LENGTH / LAMBDA
    unit = CURRENT / WHOLE_LEAK * length
    steady = unit * math.cosh(length - x / LAMBDA) / math.sinh(length)
    n = np.arange(2000)[:, None]
    rate = 1 + (n * math.pi / length) ** 2
    weight = np.where(n == 0, 1.0, 2.0) / length * unit
    series = weight * np.cos(n * math.pi * x / LENGTH) * np.exp(-rate * time / TAU) / rate
    return REST + steady - series.sum(axis=0)


def simulated(nseg: int, dt: float, duration: float, engine: str = "cpu"):
    cell = cable({"pas": {"g": LEAK, "e": REST}}, nseg, LENGTH, DIAM, Ra=RA, cm=CM, v0=REST)
    clamp = CurrentClamp(population="cells", section="cable", x=0, amplitude=CURRENT)
    request = Recording(population="cells", variable="v", every=dt)
    network = one_cell(cell, biases={"i": clamp}, recordings={"v": request})
    result = simulate(network, duration, dt=dt, start="given", engine=engine, threads=1)
    return result.recordings["v"].values[0, 0], result.time


@pytest.mark.parametrize("engine", ["cpu", "reference"])
def test_rallpack_1(engine):
    """Rallpack's criterion is 0.1 % of RMS difference, near and far from the electrode."""
    nseg = 101
    v, time = simulated(nseg, 0.05, 250.0, engine)
    for k in (0, nseg - 1):
        expected = rallpack_1((k + 0.5) * LENGTH / nseg, time[1:])
        error = np.sqrt(np.mean((v[k, 1:] - expected) ** 2)) / np.ptp(expected)
        assert error < 1e-3


def test_first_order_in_time():
    """Implicit Euler: the error halves with dt. The fastest mode has long died out at 20 ms."""
    errors = []
    for dt in (0.4, 0.2, 0.1):
        v, time = simulated(151, dt, 20.0)
        at = (0.5 / 151) * LENGTH
        errors.append(abs(v[0, -1] - rallpack_1(at, time[-1:])[0]))
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert orders == pytest.approx(1.0, abs=0.1)


def test_second_order_in_space():
    """The steady state has no error in time: what is left falls with the square of the length."""
    errors = []
    for nseg in (5, 11, 23):
        v, _ = simulated(nseg, 5.0, 1500.0)
        middle = nseg // 2
        expected = rallpack_1((middle + 0.5) * LENGTH / nseg, np.array([1e6]))[0]
        errors.append(abs(v[middle, -1] - expected))
    lengths = np.array([1 / 5, 1 / 11, 1 / 23])
    orders = np.diff(np.log(errors)) / np.diff(np.log(lengths))
    assert orders == pytest.approx(2.0, abs=0.1)
