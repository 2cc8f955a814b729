"""Pools take the current of an ion, whatever the channels call what carries it."""

from __future__ import annotations

import numpy as np
import pytest

from apical import Mechanism, Recording, simulate
from apical.errors import ModelError
from apical.testing.networks import ball, one_cell


def network(current, taken):
    """Return a cell whose calcium comes in by a current of some name."""
    channel = Mechanism(
        name="way",
        kind="channel",
        parameters={"g": "1 mS/cm2", "e": "50 mV"},
        currents={current: "ca"},
        equations=f"{current} = g*(v - e)",
    )
    pool = Mechanism(
        name="pool",
        kind="pool",
        parameters={"depth": "1 um"},
        inputs={taken: "mA/cm2"},
        states={"c": "mM"},
        outputs={"cai": "mM"},
        initial={"c": "1e-4*mM"},
        equations=f"dc/dt = -{taken}/(2*96485*coulomb/mol*depth)\ncai = c",
    )
    cell = ball({"pas": {"e": -58.0}, "way": {}, "pool": {}}, v0=-70.0)
    return one_cell(cell, mechanisms={"way": channel, "pool": pool}).with_(
        recordings={"c": Recording(population="cells", variable="pool.c", every=0.1)}
    )


@pytest.mark.parametrize("engine", ["reference", "cpu"])
def test_a_current_of_any_name_feeds_the_pool_of_its_ion(engine):
    usual, other = (
        simulate(network(name, "ica"), 2, start="given", engine=engine, threads=1).recordings["c"]
        for name in ("ica", "inward")
    )
    assert (usual.values == other.values).all()
    assert np.ptp(usual.values) > 1e-3


def test_a_pool_that_takes_a_current_by_its_name_is_refused():
    with pytest.raises(
        ModelError, match="no mechanism of the network carries the current"
    ) as found:
        network("inward", "inward")
    assert "currents of ions are ica" in str(found.value)
