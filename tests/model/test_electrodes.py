"""Electrode arrays as parts of a network."""

from __future__ import annotations

from typing import Any

import pytest
from small_network import change, problems_of

import apical
from apical import ElectrodeArray, laminar
from apical.errors import ModelError
from apical.model import Network
from apical.testing.networks import ball, one_cell, tree

SHANK = {"positions": [[0, 0, 0], ["0.1 mm", 0, 5]], "conductivity": "3 mS/cm"}


def test_a_shank_from_below_in_equal_steps() -> None:
    shank = laminar("0.1 mm", 5, lowest=-100, spacing="50 um", electrodes=3, method="line")
    assert shank.positions == ((100, 5, -100), (100, 5, -50), (100, 5, 0))
    assert shank.method == "line"
    assert len(laminar(0, 0).positions) == 26


def test_every_wrong_argument_of_a_shank_is_said() -> None:
    with pytest.raises(ModelError) as caught:
        laminar("3 mV", 0, spacing=0, electrodes=0)
    assert [p.path for p in caught.value.problems] == ["x", "spacing", "electrodes"]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("positions", [], "must be a list of points (x, y, z) in um; got 0"),
        ("positions", [[1, 2]], "item 0 must be three numbers"),
        ("method", "psa", "must be 'point', 'line' or 'overlapping_line'"),
        ("conductivity", 0, "must be > 0 S/m; got 0"),
        ("conductivity", "3 mV", "must be a number in S/m > 0"),
        ("min_distance", 0, "must be > 0 um"),
        ("every", -1, "must be > 0 ms"),
    ],
)
def test_wrong_fields(data: dict[str, Any], field: str, value: object, words: str) -> None:
    found = problems_of(change(data, "electrodes", "shank", value={**SHANK, field: value}))
    assert words in found[f"electrodes.shank.{field}"]


def test_cells_must_have_a_place(data: dict[str, Any]) -> None:
    found = problems_of(change(data, "electrodes", "shank", value=SHANK))
    assert "'soma', 'dendrite'" in found["cells.stick.sections"]
    with pytest.raises(ModelError, match="electrodes need start and end of every section"):
        one_cell(ball({"hh2": {}}), electrodes={"shank": laminar(0, 0)})


def test_in_a_network() -> None:
    network = one_cell(tree(), electrodes={"shank": SHANK})
    assert isinstance(network.electrodes["shank"], ElectrodeArray)
    assert network.get("electrodes.shank.conductivity") == 0.3
    assert network.set({"electrodes.shank.min_distance": "1 um"}).get(
        "electrodes.shank.min_distance"
    ) == pytest.approx(1)
    assert Network.from_json(network.to_json()) == network
    assert not network.remove("electrodes.shank").electrodes
    assert len(network.add(electrodes={"other": laminar(1, 1)}).electrodes) == 2
    assert apical.laminar is laminar
