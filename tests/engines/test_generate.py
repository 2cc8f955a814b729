"""Generated loops: arrays that LLVM is told do not overlap, and groups of all sizes."""

from __future__ import annotations

import numpy as np
import pytest

from apical import Mechanism, Recording, simulate
from apical.engines.cpu.generate import mechanism_source
from apical.engines.cpu.memory import _MOST
from apical.engines.cpu.program import _codes
from apical.plan import compile
from apical.testing.networks import ball, one_cell

#: Each state draws on the one before, so that one overwritten too soon, or kept too long, is seen.
STATES = [f"x{k}" for k in range(_MOST + 8)]
LINES = [
    f"d{x}/dt = (0.8/(1 + exp(-(v + 50*mV)/({7 + k}*mV))) - {x}*{STATES[k - 1]})/({2 + k}*ms)"
    for k, x in enumerate(STATES)
]
MANY = Mechanism(
    name="many",
    kind="channel",
    parameters={"g": "0.1 mS/cm2", "e": "-20 mV"},
    states=dict.fromkeys(STATES, "1"),
    currents={"i": ""},
    initial={x: str(0.2 + 0.01 * k) for k, x in enumerate(STATES)},
    equations="\n".join([*LINES, "i = g*x0*x1*(v - e)"]),
)


def network(n):
    cell = ball({"pas": {"e": -58.0}, "many": {}}, v0=-70.0)
    return one_cell(cell, n=n, mechanisms={"many": MANY}).with_(
        recordings={
            x: Recording(population="cells", variable=f"many.{x}", every=0.1)
            for x in (STATES[0], *STATES[-10:])
        }
    )


def test_more_arrays_than_are_told_apart():
    """The last ones count as one array, which may overlap with itself."""
    plan = compile(network(1), 1.0)
    cell = plan.populations[0].cell
    k = next(k for k, m in enumerate(cell.mechanisms) if m.name == "many")
    assert f"write_{_MOST + 7}(" in mechanism_source(_codes(cell, "exact", "double")[k])
    plain, fast = (
        simulate(network(1), 5, start="given", threads=1, engine=engine).recordings
        for engine in ("reference", "cpu")
    )
    for name, values in plain.items():
        np.testing.assert_allclose(fast[name].values, values.values, rtol=0, atol=1e-12)
        assert np.ptp(values.values) > 1e-3


@pytest.mark.parametrize("precision", ["double", "single"])
def test_groups_of_all_sizes_compute_the_same(precision):
    """Groups of 8, 16 and 32 lanes have loops of their own in single precision."""
    alone = simulate(network(1), 2, start="given", threads=1, precision=precision).recordings
    for n in (9, 33, 50):
        found = simulate(network(n), 2, start="given", threads=1, precision=precision).recordings
        for name, values in alone.items():
            assert (found[name].values == values.values).all()
