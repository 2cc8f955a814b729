"""The squid axon and a synapse against accurate solutions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from apical import CurrentClamp, DriveTarget, Recording, SpikeTrainDrive, simulate
from apical.model import Cell, FixedRule, Section
from apical.testing.networks import ball, cable, one_cell

# Fixed-step NEURON at dt 0.025: version 8.2.7, whose hh computes its rates, and version 9, whose hh
# interpolates them in a table of 1 mV. The table alone shifts the seventh spike by 0.11 ms.
NEURON_TIMES = {
    "exact": [6.925, 21.9, 36.6, 51.3, 65.975, 80.675, 95.35],
    "table": [6.925, 21.875, 36.575, 51.25, 65.9, 80.575, 95.25],
}
# LSODA at relative tolerance 1e-10 (tests/analytic/accurate_hh.py)
ACCURATE = {
    "exact": [6.896671, 21.803907, 36.439083, 51.062179, 65.684379, 80.306513, 94.928642],
    "table": [6.895022, 21.784738, 36.401918, 51.007002, 65.611190, 80.215313, 94.819430],
}


def squid_patch(dt: float, engine: str = "cpu", **given):
    soma = Section(L=12.6157, diam=12.6157, v0=-65.0, channels={"hh": {}})
    cell = Cell(sections={"soma": soma}, segments=FixedRule())
    clamp = CurrentClamp(population="cells", section="soma", amplitude=0.05, start=5)
    network = one_cell(cell, celsius=6.3, biases={"i": clamp}, recordings={})
    return simulate(network, 100.0, dt=dt, start="given", engine=engine, threads=1, **given)


@pytest.mark.parametrize("rates", ["exact", "table"])
@pytest.mark.parametrize("engine", ["cpu", "reference"])
def test_spike_times_of_neuron(engine, rates):
    times = squid_patch(0.025, engine, rates=rates).spikes.time.values
    assert times == pytest.approx(NEURON_TIMES[rates], abs=1e-9)


@pytest.mark.parametrize("rates", ["exact", "table"])
def test_spike_times_converge_with_order_one(rates):
    """The seventh spike lags by 17 steps, so that its rounding to whole steps hardly matters."""
    steps = (0.04, 0.02, 0.01, 0.005)
    errors = []
    for dt in steps:
        times = squid_patch(dt, rates=rates).spikes.time.values
        errors.append(times[6] - ACCURATE[rates][6])
    order = np.polyfit(np.log(steps), np.log(errors), 1)[0]
    assert order == pytest.approx(1.0, abs=0.05)


def test_conduction_velocity_of_the_squid_axon():
    """Hodgkin & Huxley (1952) computed 18.8 m/s for this axon; modern solvers find 18.7."""
    length, nseg = 60_000.0, 301
    cell = cable({"hh": {}}, nseg, length, 476.0, Ra=35.4, v0=-65.0)
    clamp = CurrentClamp(
        population="cells", section="cable", x=0, amplitude=20_000, start=0.2, stop=0.4
    )
    every = 0.005
    request = Recording(population="cells", variable="v", every=every)
    network = one_cell(cell, celsius=18.5, biases={"i": clamp}, recordings={"v": request})
    result = simulate(network, 4.0, dt=every, start="given", threads=1)
    v, time = result.recordings["v"].values[0, 0], result.time
    near, far = 90, 210
    arrival = [_crossing(v[k], time) for k in (near, far)]
    distance = (far - near) * length / nseg
    # µm/ms is mm/s
    assert distance / (arrival[1] - arrival[0]) / 1000 == pytest.approx(18.7, abs=0.1)


def _crossing(v: np.ndarray, time: np.ndarray) -> float:
    k = int(np.flatnonzero((v[:-1] <= 0) & (v[1:] > 0))[0])
    return float(time[k] + (time[k + 1] - time[k]) * -v[k] / (v[k + 1] - v[k]))


def test_a_synapse_on_a_leaky_compartment():
    """Exp2Syn on a passive ball converges, with order one, to an accurate solution."""
    weight, arrival, tau1, tau2 = 0.002, 3.0, 0.1, 10.0
    peak = tau1 * tau2 / (tau2 - tau1) * math.log(tau2 / tau1)
    factor = 1 / (math.exp(-peak / tau2) - math.exp(-peak / tau1))
    capacitance, leak = 5e-3, 5e-4

    def slope(t, v):
        s = max(t - arrival, 0.0)
        g = weight * factor * (math.exp(-s / tau2) - math.exp(-s / tau1)) if s > 0 else 0.0
        return (-leak * (v + 70.0) - g * v) / capacitance

    exact = solve_ivp(slope, (0, 15), [-70.0], rtol=1e-11, atol=1e-11, max_step=0.05)
    errors = []
    for dt in (0.02, 0.01, 0.005):
        drive = SpikeTrainDrive(
            trains=[[arrival]], location="soma", kernel=None,
            targets={"cells": DriveTarget(weights={"excitation": weight}, delay=0)},
        )  # fmt: skip
        cell = ball({"pas": {"g": 1e-4, "e": -70.0}}, receptors=["excitation"], v0=-70.0)
        request = Recording(population="cells", variable="v", every=dt)
        network = one_cell(cell, drives={"d": drive}, recordings={"v": request})
        found = simulate(network, 15, dt=dt, start="given", threads=1).recordings["v"]
        errors.append(abs(found.values.ravel()[-1] - exact.y[0, -1]))
    assert np.log2(errors[0] / errors[1]) == pytest.approx(1.0, abs=0.15)
    assert np.log2(errors[1] / errors[2]) == pytest.approx(1.0, abs=0.15)
    assert errors[-1] < 0.05
