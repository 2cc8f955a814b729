"""Magnesium-blocked NMDA and G-protein coupled GABA-B receptors against their papers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from apical import CurrentClamp, DriveTarget, Recording, SpikeTrainDrive, simulate
from apical.model import Cell, Network, Receptor, Section
from apical.plan import compile
from apical.testing.networks import DIAM_500, one_cell

CAPACITANCE, LEAK = 5e-3, 5e-4


def driven(
    mechanism: str, trains: list[list[float]], weight: float, *, g: float = 1e-4, **given: Any
) -> Network:
    """A leaky ball of 500 um2 with one receptor ``r``, driven by spike trains."""
    soma = Section(
        L=DIAM_500, diam=DIAM_500, channels={"pas": {"g": g, "e": -70.0}}, receptors=["r"], v0=-70.0
    )
    cell = Cell(sections={"soma": soma}, receptors={"r": Receptor(mechanism=mechanism, **given)})
    drive = SpikeTrainDrive(
        trains=trains, location="soma", kernel=None,
        targets={"cells": DriveTarget(weights={"r": weight}, delay=0)},
    )  # fmt: skip
    return one_cell(cell, drives={"d": drive})


def recorded(network: Network, duration: float, dt: float, *names: str, **given: Any) -> list[Any]:
    """What was recorded of the only cell, sampled every step."""
    keys = [name.replace(".", "_") for name in names]
    requests = {
        key: Recording(population="cells", variable=name, every=dt)
        for key, name in zip(keys, names, strict=True)
    }
    options = {"start": "given", "threads": 1, "dt": dt} | given
    found = simulate(network.with_(recordings=requests), duration, **options).recordings
    return [found[key].values.ravel() for key in keys]


def block(v: float, magnesium: float = 1.0) -> float:
    """Open share of NMDA channels (Jahr and Stevens 1990), with magnesium in mM."""
    return 1 / (1 + magnesium / 3.57 * math.exp(-0.062 * v))


def test_half_of_nmda_channels_are_open_at_minus_21_mv() -> None:
    assert block(-math.log(3.57) / 0.062) == pytest.approx(0.5)
    for v, share in ((-70.0, 0.0444), (-20.53, 0.5), (40.0, 0.977)):
        # a leak of 10 uS holds the voltage to about 0.01 mV
        network = driven("nmda", [[1.0]], 0.001, g=2.0)
        network = network.set({
            "cells.cell.sections.soma.v0": v, "cells.cell.sections.soma.channels.pas.e": v,
        })  # fmt: skip
        (found,) = recorded(network, 10, 0.025, "r.open")
        assert found[-1] == pytest.approx(share, abs=0.001)
        assert found[-1] == pytest.approx(block(v), abs=0.001)
    free = driven("nmda", [[1.0]], 0.001, parameters={"magnesium": "0 mM"})
    assert (recorded(free, 2, 0.025, "r.open")[0] == 1).all()


def test_an_nmda_synapse_on_a_leaky_compartment() -> None:
    """Two spikes, the second on top of a current: converges, with order one, to the solution."""
    weight, arrivals, tau1, tau2 = 0.004, (1.0, 9.0), 1.0, 20.0
    peak = tau1 * tau2 / (tau2 - tau1) * math.log(tau2 / tau1)
    factor = 1 / (math.exp(-peak / tau2) - math.exp(-peak / tau1))

    def slope(t: float, v: np.ndarray) -> np.ndarray:
        since = [t - a for a in arrivals if t > a]
        g = weight * factor * sum(math.exp(-s / tau2) - math.exp(-s / tau1) for s in since)
        injected = 0.01 if t > 5 else 0.0
        return (injected - LEAK * (v + 70.0) - g * block(v[0]) * v) / CAPACITANCE

    v = np.array([-70.0])
    for begin, end in ((0, 1), (1, 5), (5, 9), (9, 25)):
        v = solve_ivp(slope, (begin + 1e-12, end), v, rtol=1e-10, atol=1e-10, max_step=0.1).y[:, -1]
    clamp = CurrentClamp(population="cells", section="soma", amplitude=0.01, start=5)
    errors = []
    for dt in (0.02, 0.01, 0.005):
        network = driven("nmda", [list(arrivals)], weight).add(biases={"c": clamp})
        errors.append(abs(recorded(network, 25, dt, "v")[0][-1] - v[0]))
    assert np.log2(errors[0] / errors[1]) == pytest.approx(1.0, abs=0.1)
    assert np.log2(errors[1] / errors[2]) == pytest.approx(1.0, abs=0.1)
    assert errors[-1] < 0.01


def gabab(arrivals: list[float], duration: float) -> tuple[np.ndarray, float]:
    """R and G at the end, and the greatest share of open channels, by an independent solution."""

    def slope(t: float, x: np.ndarray, transmitter: float) -> list[float]:
        r, g = x
        return [0.52 * transmitter * (1 - r) - 0.0013 * r, 0.098 * r - 0.033 * g]

    x, most, now = np.zeros(2), 0.0, 0.0
    edges = [*((a, 0.5) for a in arrivals), *((a + 0.3, 0.0) for a in arrivals), (duration, 0.0)]
    level = 0.0
    for edge, after in sorted(edges):
        part = solve_ivp(slope, (now, edge), x, args=(level,), rtol=1e-10, atol=1e-13, max_step=1)
        x, now, level = part.y[:, -1], edge, after
        most = max(most, float(np.max(part.y[1] ** 4 / (part.y[1] ** 4 + 100))))
    return x, most


@pytest.mark.parametrize("engine", ["cpu", "reference"])
def test_gabab_states_against_an_independent_solution(engine: str) -> None:
    arrivals = [5.0 + 5 * k for k in range(10)]
    expected, most = gabab(arrivals, 150.0)
    network = driven("gabab", [arrivals], 0.001)
    errors = []
    for dt in (0.05, 0.025):
        r, g, conductance, v, i = recorded(
            network, 150, dt, "r.R", "r.G", "r.g", "v", "r.i", engine=engine
        )
        assert r[-1] == pytest.approx(expected[0], rel=1e-3)
        # G follows R of the step before: first order in dt
        errors.append(abs(g[-1] - expected[1]))
        # up to 1/40 of 1 nS
        assert conductance.max() == pytest.approx(0.001 * most, rel=2e-3)
        assert np.allclose(i[1:], conductance[1:] * (v[:-1] + 95), rtol=1e-2)
    assert errors[1] / errors[0] == pytest.approx(0.5, abs=0.05)
    assert errors[1] < 1e-3


def test_gabab_needs_many_spikes() -> None:
    """One spike opens next to nothing; ten at 200 Hz open a thousand times as much, slowly."""
    one, _ = recorded(driven("gabab", [[5.0]], 0.001), 400, 0.05, "r.g", "r.R")
    ten, _ = recorded(
        driven("gabab", [[5.0 + 5 * k for k in range(10)]], 0.001), 400, 0.05, "r.g", "r.R"
    )
    assert 1e-9 < one.max() < 1e-7
    assert ten.max() / one.max() > 1000
    assert 80 < np.argmax(ten) * 0.05 < 200


def test_a_pulse_of_transmitter_has_its_height_and_length() -> None:
    (found,) = recorded(driven("gabab", [[2.0], [2.1]], 0.0005), 4, 0.025, "r.T")
    on = np.flatnonzero(found)
    # samples are taken after a step: 2.0 to 2.3 ms, and half of what a second input gives with it
    assert on.min() == 81
    assert on.max() == 96
    assert found[82] == 0.25
    assert found[88] == 0.5
    assert found[-1] == 0.0


def test_inputs_of_a_site_share_its_channels() -> None:
    """Two inputs of half the weight, together, are one of the whole."""
    times = [5.0, 15.0, 25.0]
    one = recorded(driven("gabab", [times], 0.001), 100, 0.025, "r.g")[0]
    two = recorded(driven("gabab", [times, times], 0.0005), 100, 0.025, "r.g")[0]
    np.testing.assert_allclose(two, one, rtol=1e-12)
    strong = recorded(driven("gabab", [times], 0.1), 100, 0.025, "r.R", "r.g")
    # receptors saturate and conductance stays below gbar
    assert 0.99 < strong[0].max() < 1
    assert strong[1].max() < 0.001


def test_ends_of_pulses_are_connections_with_the_opposite_weight() -> None:
    network = driven("gabab", [[5.0]], 0.001)
    (drive,) = compile(network, 10.0).drives
    assert drive.connections["cells"].weight.tolist() == [0.001, -0.001]
    assert drive.connections["cells"].delay.tolist() == [0.0, 0.3]
    longer = network.set({"cells.cell.receptors.r.parameters.duration": "1 ms"})
    (drive,) = compile(longer, 10.0, like=compile(network, 10.0)).drives
    assert drive.connections["cells"].delay.tolist() == [0.0, 1.0]


def test_a_network_with_slow_synapses_starts_at_rest() -> None:
    for mechanism in ("nmda", "gabab"):
        network = driven(mechanism, [[5.0]], 0.001)
        (v,) = recorded(network, 5, 0.025, "v", start="steady")
        assert np.ptp(v) < 1e-9
