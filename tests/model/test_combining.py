"""Two columns side by side."""

from __future__ import annotations

import numpy as np
import pytest

import apical
from apical.errors import ModelError
from apical.model import ElectrodeArray, Network
from apical.models import erp, gamma_weak, law_2021
from apical.plan import compile

ERP = erp(grid=(3, 3)).add(
    recordings={"v": {"population": "L5_pyramidal", "sections": ["soma"]}},
    biases={"step": {"population": "L2_basket", "section": "soma", "amplitude": 0.1}},
    electrodes={"shank": ElectrodeArray(positions=[(1, 2, 3)])},
)
GAMMA = gamma_weak(grid=(3, 2))


def both() -> Network:
    return apical.combine({"a": ERP, "b": GAMMA}, offsets={"b": ("0.3 mm", 0, 50)})


def test_names_and_places() -> None:
    network = both()
    names = ["L2_basket", "L2_pyramidal", "L5_basket", "L5_pyramidal"]
    assert list(network.populations) == [f"{p}_{n}" for p in "ab" for n in names]
    assert list(network.cells) == names
    assert list(network.drives) == ["a_evdist1", "a_evprox1", "a_evprox2", "b_poisson"]
    assert network.recordings["a_v"].population == "a_L5_pyramidal"
    assert network.biases["a_step"].population == "a_L2_basket"
    assert network.electrodes["a_shank"].positions == ((1, 2, 3),)
    assert network.drives["b_poisson"].rate == {"b_L2_pyramidal": 140, "b_L5_pyramidal": 40}  # type: ignore[union-attr]
    assert network.projections["b_L2_pyramidal>L2_basket.ampa"].target == "b_L2_basket"
    for name in names:
        before = np.array(GAMMA.populations[name].positions.points(1.0))
        after = np.array(network.populations[f"b_{name}"].positions.points(1.0))
        assert np.array_equal(after, before + np.array([300, 0, 50]))
    assert Network.from_json(network.to_json()) == network


def test_each_column_stays_what_it_was() -> None:
    """Weights, delays and drives' connections are those of the networks alone."""
    whole = compile(both(), 50.0)
    for prefix, alone in (("a", compile(ERP, 50.0)), ("b", compile(GAMMA, 50.0))):
        for one, onto in zip(alone.populations, alone.connections, strict=True):
            index = [p.name for p in whole.populations].index(f"{prefix}_{one.name}")
            found = whole.connections[index]
            for field in ("cell", "mechanism", "instance"):
                assert np.array_equal(getattr(found, field), getattr(onto, field))
            # distances are differences of places that were moved
            np.testing.assert_allclose(found.weight, onto.weight, rtol=1e-13)
            np.testing.assert_allclose(found.delay, onto.delay, rtol=1e-13)
        for drive in alone.drives:
            found = next(d for d in whole.drives if d.name == f"{prefix}_{drive.name}")
            for name, connections in drive.connections.items():
                reached = found.connections[f"{prefix}_{name}"]
                assert np.array_equal(reached.cell, connections.cell)
                np.testing.assert_allclose(reached.weight, connections.weight, rtol=1e-13)


def test_columns_can_be_connected() -> None:
    network = both().connect(
        "a_L5_pyramidal", "b_L2_pyramidal", receptor="ampa", location="proximal",
        weight=0.001, delay=5,
    )  # fmt: skip
    assert network.pick(source="a_L5_pyramidal", target="b_L2_pyramidal") == (
        "a_L5_pyramidal>b_L2_pyramidal.ampa",
    )


def test_cells_that_differ_keep_apart() -> None:
    network = apical.combine({"x": erp(grid=(2, 2)), "y": law_2021(grid=(2, 2))})
    assert list(network.cells) == [
        "L2_basket", "x_L2_pyramidal", "L5_basket", "x_L5_pyramidal", "y_L2_pyramidal",
        "y_L5_pyramidal",
    ]  # fmt: skip
    assert network.populations["y_L5_pyramidal"].cell == "y_L5_pyramidal"


def test_what_must_be_common() -> None:
    warm = GAMMA.with_(celsius=30, ions={**GAMMA.ions, "ek": -80.0}, inplane_distance=30)
    with pytest.raises(ModelError) as caught:
        apical.combine({"a": ERP, "b": warm, "c d": ERP}, offsets={"e": (0, 0, 0), "a": (0, 0)})
    assert {p.path for p in caught.value.problems} == {
        "networks.c d", "offsets.e", "offsets.a", "celsius", "inplane_distance", "ions.ek",
    }  # fmt: skip
    assert "differs between 'a' and 'b'" in str(caught.value)
    with pytest.raises(ModelError, match="give at least one"):
        apical.combine({})


def test_names_that_two_networks_would_give() -> None:
    inner = apical.combine({"b": GAMMA})
    with pytest.raises(ModelError, match=r"populations\.a_b_L2_basket: would be in two"):
        apical.combine({"a": inner, "a_b": GAMMA})
