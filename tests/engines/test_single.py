"""Single precision: how far it is from double, and that it is refused where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from apical import EvokedDrive, models, simulate
from apical.errors import EngineError
from apical.testing.networks import one_cell, pair_of_populations, tree


def spikes(result):
    table = result.spikes
    return sorted(zip(table.source.values, table.cell.values, table.time.values, strict=True))


def test_an_evoked_response_is_the_same_to_a_percent():
    """Published for the whole column in docs/numerics.md; here on its 3 × 3 form."""
    network = models.erp(grid=(3, 3), inplane_distance=30.0)
    assert isinstance(network.drives["evprox1"], EvokedDrive)
    double = simulate(network, 170, seed=1)
    single = simulate(network, 170, seed=1, precision="single")
    a, b = double.total().values[0], single.total().values[0]
    assert 0 < np.abs(a - b).max() < 0.01 * np.abs(a).max()
    assert len(spikes(double)) == len(spikes(single))
    assert single.provenance["precision"] == "single"


def test_tables_and_all_kinds_of_mechanism():
    """Differences of 1e-7 per step in a cell of 17 nodes stay below 0.01 mV until it spikes."""
    network = pair_of_populations()
    for rates in ("exact", "table"):
        double = simulate(network, 4, start="given", rates=rates)
        single = simulate(network, 4, start="given", rates=rates, precision="single")
        error = np.abs(double.dipole.values - single.dipole.values).max()
        assert 0 < error < 1e-3 * np.abs(double.dipole.values).max()


def test_bitwise_the_same_for_any_threads_and_position():
    network = one_cell(tree(), n=70, celsius=37.0)
    runs = [simulate(network, 5, precision="single", threads=t, start="given") for t in (1, 2, 5)]
    for other in runs[1:]:
        assert runs[0].dipole.identical(other.dipole)
    v = runs[0].recordings["v"].values[0]
    assert (v == v[:1]).all()


def test_what_there_is_not_is_refused():
    with pytest.raises(EngineError, match="double precision only"):
        simulate(one_cell(tree()), 1, engine="reference", precision="single")
    with pytest.raises(EngineError, match="double, single"):
        simulate(one_cell(tree()), 1, precision="half")
