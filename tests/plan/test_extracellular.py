"""What currents raise at electrodes, against formulas on paper and hand-made sums."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

from apical import ElectrodeArray, Network, Section, simulate
from apical.errors import ModelError
from apical.model import Cell
from apical.plan import compile
from apical.plan.discretise import discretise
from apical.plan.extracellular import transfer_resistances
from apical.testing.networks import cable, one_cell, tree

SLANTED = Cell(sections={
    "a": Section(L=150, diam=2, nseg=5, start=(1, 2, 3), end=(51, 102, 103)),
    "b": Section(L=30, diam=2, nseg=1, parent="a", start=(51, 102, 103), end=(51, 82, 103)),
})  # fmt: skip
SIGMA = 0.4


def resistances(points, cell=SLANTED, positions=((0, 0, 0),), **given):
    array = ElectrodeArray(positions=points, conductivity=SIGMA, **given)
    return transfer_resistances(array, cell, discretise(cell), np.array(positions, float))


def middles(cell):
    """Return name, middle and both ends of every compartment."""
    found = []
    for section in cell.sections.values():
        start, end = np.array(section.start), np.array(section.end)
        for k in range(section.nseg):
            x = np.array([k, k + 0.5, k + 1]) / section.nseg
            found.append(start + x[:, None] * (end - start))
    return found


POINTS = [(10.0, -40.0, 25.0), (400.0, 30.0, 3.0), (51.0, 103.0, 100.0), (60.0, 130.0, 121.0)]


def test_point_sources():
    found = resistances(POINTS)
    for point, row in zip(POINTS, found, strict=True):
        for (_, middle, _), value in zip(middles(SLANTED), row[0], strict=False):
            # 1 nA in 0.4 S/m at 1 um is 1e-9/(4π · 0.4 · 1e-6) V
            r = np.linalg.norm(np.array(point) - middle)
            assert value == pytest.approx(1e6 * 1e-9 / (4 * np.pi * SIGMA * r * 1e-6), rel=1e-14)
    assert (found[:, :, discretise(SLANTED).compartments :] == 0).all()


def test_lines_are_the_mean_of_point_sources_along_them():
    found = resistances(POINTS, method="line")
    for point, row in zip(POINTS, found, strict=True):
        for (start, _, end), value in zip(middles(SLANTED), row[0], strict=False):

            def inverse(x, point=point, start=start, end=end):
                return 1 / np.linalg.norm(np.array(point) - start - x * (end - start))

            mean = quad(inverse, 0, 1, epsabs=0, epsrel=1e-12, limit=200)[0]
            assert value == pytest.approx(1e3 * mean / (4 * np.pi * SIGMA), rel=1e-10)


def test_overlapping_lines():
    """First and last compartment as they are, those between twice as long."""
    ours, theirs = (resistances(POINTS, method=m) for m in ("line", "overlapping_line"))
    same = [0, 4, 5]
    np.testing.assert_allclose(theirs[:, :, same], ours[:, :, same], rtol=1e-12)
    # compartment 1 covers 0.2–0.4 of the section, its line 0.1–0.5
    start, end = (np.array(SLANTED.sections["a"].get(e)) for e in ("start", "end"))
    wide = Cell(sections={"a": Section(
        L=60, diam=2, nseg=1, start=start + 0.1 * (end - start), end=start + 0.5 * (end - start)
    )})  # fmt: skip
    expected = resistances(POINTS, wide, method="line")[:, :, 0]
    np.testing.assert_allclose(theirs[:, :, 1], expected, rtol=1e-12)


@pytest.mark.parametrize("method", ["point", "line"])
def test_no_nearer_than_the_least_distance(method):
    """On the very middle of a compartment, and beside it at the least distance."""
    cell = cable({}, 3, L=30.0)
    on, beside, within = ((0, 0, 15), (2, 0, 15), (1, 0, 15))
    found = resistances([on, beside, within], cell, method=method, min_distance=2)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found[[0, 2], 0, 1], found[1, 0, 1], rtol=1e-14)


@pytest.mark.parametrize("method", ["point", "line", "overlapping_line"])
def test_every_cell_has_its_own_place(method):
    moved = np.array([(0, 0, 0), (70, -5, 300)], float)
    found = resistances(POINTS, positions=moved, method=method)
    np.testing.assert_array_equal(found[:, 0], resistances(POINTS, method=method)[:, 0])
    there = resistances(np.array(POINTS) - moved[1], method=method)[:, 0]
    np.testing.assert_allclose(found[:, 1], there, rtol=1e-12)


def test_far_away_a_line_is_a_point():
    far = [(3e4, 2e4, 1e4)]
    point, line = (resistances(far, method=m)[0, 0, :6] for m in ("point", "line"))
    # the next term is of the order of (length/distance)²/24, 1e-8 here
    np.testing.assert_allclose(line, point, rtol=1e-7)
    assert (line != point).any()


def test_plans_take_over_what_is_alike():
    array = ElectrodeArray(positions=POINTS, every=0.05)
    network = one_cell(tree(), n=3, electrodes={"a": array, "b": array})
    first = compile(network, 5)
    assert [(o.name, o.outputs, o.every) for o in first.observables] == [
        ("electrodes.a", 4, 2), ("electrodes.b", 4, 2),
    ]  # fmt: skip
    changes = (
        {"electrodes.b.conductivity": 0.5},
        {"cells.cell.sections.basal.end": (0, 10, -80)},
        {"populations.cells.positions.coordinates": [(0, 0, 0), (9, 9, 9), (20, 0, 0)]},
    )
    for other in (network, *(network.set(values) for values in changes)):
        anew, like = compile(other, 7), compile(other, 7, like=first)
        for a, b in zip(anew.observables, like.observables, strict=True):
            assert a.weights.tobytes() == b.weights.tobytes()
            assert a.at_nodes is not None
            assert b.at_nodes is not None
            assert a.at_nodes.tobytes() == b.at_nodes.tobytes()
            assert (a.name, a.population, a.every) == (b.name, b.population, b.every)
    assert compile(network, 7, like=first).observables[0] is first.observables[0]
    assert compile(network, 7, dt=0.0125, like=first).observables[0].every == 4


def test_no_more_weights_than_there_is_room_for():
    many = ElectrodeArray(positions=[(k, 0, 0) for k in range(10_000)])
    network = one_cell(
        tree(), n=3000, electrodes={"many": many, "few": many.with_(positions=POINTS)}
    )
    with pytest.raises(ModelError, match=r"electrodes\.many: weights would take") as caught:
        compile(network, 5)
    assert len(caught.value.problems) == 1


def test_without_cells_there_are_no_potentials():
    array = ElectrodeArray(positions=[(0, 0, 0), (0, 0, 100)], every=0.05)
    found = simulate(Network(electrodes={"shank": array}), 1.0).lfp["shank"]
    assert dict(found.sizes) == {"trial": 1, "population": 0, "electrode": 2, "time": 21}
