"""Gates by rows of polynomials: as accurate as the equations, and replaced by them elsewhere."""

from __future__ import annotations

import math

import numpy as np
import pytest

from apical import CurrentClamp, Mechanism, Recording, simulate
from apical.engines.cpu.rows import GRIDS, bundles, chunks, factors
from apical.equations.tables import lookup
from apical.models import erp
from apical.plan import compile
from apical.plan.rates import table_of
from apical.testing.networks import ball, one_cell, pair_of_populations, tree

#: A gate whose rates jump within a row, and one whose steady value has a kink at a whole mV.
JUMPY = Mechanism(
    name="jumpy",
    kind="channel",
    parameters={"g": "0.1 mS/cm2", "e": "-20 mV"},
    states={"x": "1", "y": "1"},
    currents={"i": ""},
    equations="""
        tau = where(v < -60.1*mV, 2*ms, 5*ms)
        x_inf = 1/(1 + exp(-(v + 60*mV)/(7*mV)))
        dx/dt = (x_inf - x)/tau
        y_inf = where(v < -62*mV, 0.2, 0.3)
        dy/dt = (y_inf - y)/(3*ms)
        i = g*x*y*(v - e)
    """,
)


def places(grid, v):
    """Return the row of every voltage and the place in it, as the kernels find them."""
    if grid.held:
        u = np.clip((v - grid.start) * grid.per_mv, 0, grid.pieces)
        row = np.minimum(u.astype(int), grid.pieces - 1)
        return row, u - row - 0.5
    u = v * grid.per_mv
    return np.floor(u).astype(int) + grid.pieces // 2, u - np.floor(u) - 0.5


def read(bundle, v):
    """Return A and F of every gate at some voltages, from the rows."""
    row, place = places(bundle.grid, v)
    parts, at, degree = [], 0, bundle.grid.degree
    for size in chunks(len(bundle.gates)):
        numbers = (degree + 1) * 2 * size
        c = bundle.table[row, at : at + numbers].reshape(len(v), degree + 1, 2, size)
        powers = place[:, None] ** np.arange(degree, -1, -1)
        parts.append(np.einsum("vp,vpkg->vgk", powers, c))
        at += numbers
    return np.concatenate(parts, axis=1)[:, : len(bundle.gates)]


@pytest.mark.parametrize("rates", ["exact", "table"])
@pytest.mark.parametrize("precision", ["double", "single"])
def test_rows_give_the_factors_of_equations_and_tables(precision, rates):
    """Everywhere in the range, not only where the fit was checked; beyond it too, with tables."""
    plan, seen = compile(erp(grid=(3, 3)), 1.0), set()
    far = {"exact": 127.99, "table": 150.0}[rates]
    v = np.random.default_rng(0).uniform(-far, far, 20_000)
    for cell in (population.cell for population in plan.populations):
        for bundle in bundles(cell, rates, precision, 0.025):
            found, at = read(bundle, v), 0
            assert len(bundle.bad) == 0
            for index in bundle.mechanisms:
                mechanism = cell.mechanisms[index]
                values = {n: float(p[0]) for n, p in mechanism.parameters.items()}
                values["celsius"] = cell.celsius
                table = table_of(cell, mechanism, rates)
                known = None if table is None else lookup(mechanism.program.table, table, v)
                exact = factors(mechanism.program, values, v, 0.025, known)
                n = exact.shape[1]
                error = np.abs(found[:, at : at + n] - exact) / np.maximum(np.abs(exact), 1e-25)
                # a few roundings of the number type
                assert error.max() < {"double": 3e-13, "single": 1e-7}[precision]
                seen.add(mechanism.name)
                at += n
    assert seen == {"hh2", "km", "ca", "cat", "ar"}


def test_what_rows_cannot_hold_is_left_to_the_equations():
    """Channels gated by calcium, states not linear in themselves, rates that vary in a cell."""
    plan = compile(pair_of_populations(), 1.0)
    for population in plan.populations:
        cell = population.cell
        found = bundles(cell, "exact", "double", 0.025)
        held = {cell.mechanisms[k].name for b in found for k in b.mechanisms}
        assert held.isdisjoint({"kca", "odd", "cad", "exp2syn"})
        assert bundles(cell, "direct", "double", 0.025) == ()


def largest_difference(network, duration, **given):
    """Return how far rows are from the equations, in mV."""
    runs = [
        simulate(network, duration, start="given", threads=1, rates=rates, **given)
        for rates in ("exact", "direct")
    ]
    a, b = (r.recordings["v"].values for r in runs)
    return np.abs(a - b).max(), a


@pytest.mark.parametrize(("precision", "most"), [("double", 1e-9), ("single", 1e-2)])
def test_voltages_are_those_of_the_equations(precision, most):
    """In cells of all channels that are driven; differences of rounding, grown in 10 ms."""
    network = pair_of_populations().with_(
        recordings={"v": Recording(population="trees", variable="v", every=0.1)}
    )
    difference, v = largest_difference(network, 10, precision=precision)
    assert 0 < difference < most
    assert v.max() > 0


@pytest.mark.parametrize("amplitude", [300.0, -3.0])
def test_voltages_beyond_the_rows(amplitude):
    """Hundreds of millivolts: the equations take over, for the cells concerned only."""
    clamp = CurrentClamp(
        population="cells", section="soma", amplitude=amplitude, start=1, stop=4, cells=[1]
    )
    cell = ball({"hh2": {}, "km": {}}, v0=-65.0)
    network = one_cell(cell, n=11, celsius=37.0, biases={"c": clamp})
    difference, v = largest_difference(network, 6)
    assert np.abs(v[0, 1]).max() > 200
    assert np.abs(v[0, 0]).max() < 100
    # rounding at thousands of mV
    assert difference < 1e-8
    alone = one_cell(cell, celsius=37.0, biases={"c": clamp.set({"cells": [0]})})
    found = simulate(alone, 6, start="given").recordings["v"].values
    assert (found[0, 0] == v[0, 1]).all()


def test_rates_that_jump():
    """Within a row, so that the row cannot serve; and at the edge of one, where it can."""
    cell = ball({"pas": {"e": -58.0}, "jumpy": {}}, v0=-70.0)
    network = one_cell(cell, n=3, mechanisms={"jumpy": JUMPY})
    plan = compile(network, 1.0)
    (bundle,) = bundles(plan.populations[0].cell, "exact", "double", 0.025)
    grid = GRIDS["double"]
    assert (bundle.bad - grid.pieces // 2).tolist() == [math.floor(-60.1 * grid.per_mv)]
    difference, v = largest_difference(network, 60)
    assert v.min() < -65
    assert v.max() > -60
    # one row in a thousand is exact only to its tolerance
    assert difference < 1e-9


def test_cells_whose_rates_differ_have_rows_of_their_own():
    """Two kinds of cells with other parameters of the same channel."""
    cell = tree()
    changed = cell.set({"sections.trunk.channels.km.v_half": -40.0})
    plain = one_cell(cell, celsius=37.0)
    other = one_cell(changed, celsius=37.0)
    for network in (plain, other):
        difference, _ = largest_difference(network, 5)
        assert difference < 1e-9


def test_what_is_not_in_a_table_goes_on_beyond_its_ends():
    """A table of steady values alone; time constants are those of the voltage itself."""
    half = Mechanism(
        name="half", kind="channel", parameters={"g": "5 mS/cm2", "e": "50 mV"},
        states={"x": "1"}, currents={"i": ""},
        equations="""
            x_inf = 1/(1 + exp(-(v + 60*mV)/(7*mV)))
            x_tau = 1*ms + 9*ms/(1 + exp(-(v + 30*mV)/(5*mV)))
            dx/dt = (x_inf - x)/x_tau
            i = g*x*(v - e)
        """,
        table={"start": -80.0, "stop": -55.0, "steps": 100, "of": ["x_inf"]},
    )  # fmt: skip
    network = one_cell(ball({"half": {}}, v0=-70.0), mechanisms={"half": half})
    found, expected = (
        simulate(network, 10, start="given", rates="table", engine=engine).recordings["v"].values
        for engine in ("cpu", "reference")
    )
    assert expected.max() > -20
    # rounding, grown in 400 steps
    assert np.abs(found - expected).max() < 1e-9
