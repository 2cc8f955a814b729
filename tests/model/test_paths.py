"""Values by address."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_network import small

from apical.errors import ModelError
from apical.model import EvokedDrive, Network, Profile


def test_get(network: Network) -> None:
    assert network.get("drives.input.mu") == 20.0
    assert network.get("projections.A>B.exc.weight") == 0.001
    assert network.get("cells.stick.sections.soma.channels.leak.g") == 0.002
    assert network.get("cells.stick.groups.everywhere.1") == "dendrite"
    assert isinstance(network.get("drives.input"), EvokedDrive)
    assert isinstance(network.get("cells.stick.sections.dendrite.channels.leak.g"), Profile)


def test_get_returns_defaults_of_mechanisms(network: Network) -> None:
    assert network.get("cells.stick.sections.soma.channels.sodium.g") == 0.01
    assert network.get("cells.stick.receptors.exc.parameters.tau") == 2.0
    with pytest.raises(ModelError, match="there is no 'gg'"):
        network.get("cells.stick.sections.soma.channels.sodium.gg")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("drive.input", "there is no 'drive' (did you mean 'drives'?)"),
        ("drives.inptu.mu", "no 'inptu' in 'drives' (did you mean 'input'?)"),
        ("projections.A>B.exd.weight", "no 'A>B.exd' in 'projections' (did you mean 'A>B.exc'?)"),
        ("drives.input.mu.x", "nothing is inside 'drives.input.mu'"),
        ("drives.input.mu.", "does not end in a dot"),
        ("cells.stick.groups.everywhere.2", "there is no item '2'"),
        ("cells.stick.groups.everywhere.-1", "there is no item '-1'"),
        ("", "there is no ''"),
        (".", "dot"),
    ],
)
def test_addresses_that_lead_nowhere(network: Network, path: str, words: str) -> None:
    for use in (network.get, lambda p: network.set({p: 1})):
        with pytest.raises(ModelError) as caught:
            use(path)
        assert words in str(caught.value)


def test_set(network: Network) -> None:
    before = network.content_hash()
    changed = network.set(
        {
            "drives.input.mu": "0.03 s",
            "projections.A>B.exc.weight": "5 nS",
            "cells.stick.sections.soma.channels.leak.g": "3 mS/cm2",
            "cells.stick.groups.everywhere": ["soma"],
            "drives.input.targets.A.weights.inh": 0.5,
            "cells.stick.sections.soma.channels.sodium.g": 0.5,
            "celsius": 30,
        }
    )
    assert changed.get("drives.input.mu") == 30.0
    assert changed.get("projections.A>B.exc.weight") == 0.005
    assert changed.get("cells.stick.sections.soma.channels.leak.g") == 0.003
    assert changed.get("cells.stick.groups.everywhere") == ("soma",)
    assert changed.get("drives.input.targets.A.weights.inh") == 0.5
    assert changed.get("cells.stick.sections.soma.channels.sodium.g") == 0.5
    assert changed.populations["A"] is network.populations["A"]
    assert network.content_hash() == before


def test_set_reports_everything_at_once(network: Network) -> None:
    with pytest.raises(ModelError) as caught:
        network.set({"drives.inpt.mu": 1, "drives.input.sigma": -1, "celsius": "3 mV"})
    assert {p.path for p in caught.value.problems} == {
        "drives.inpt.mu", "drives.input.sigma", "celsius",
    }  # fmt: skip


def test_set_takes_one_mapping_and_removes_nothing(network: Network) -> None:
    for wrong in (("celsius", 3), ("celsius",)):
        with pytest.raises(TypeError, match="set takes one mapping of addresses to values"):
            network.set(*wrong)  # type: ignore[arg-type]
    with pytest.raises(ModelError, match=r"drives\.input: cannot be nothing \(use remove\('drives"):
        network.set({"drives.input": None})


def test_targets_can_be_added(network: Network) -> None:
    whole = {"drives.input.targets.B": {"weights": {"exc": "2 nS"}}}
    assert network.set(whole).get("drives.input.targets.B.weights.exc") == 0.002
    with pytest.raises(ModelError, match=r"to add a target, set drives\.input\.targets\.B to all"):
        network.set({"drives.input.targets.B.weights.exc": 0.002})
    with pytest.raises(ModelError, match="no population 'C'"):
        network.set({"drives.input.targets.C": {"weights": {"exc": 0.002}}})


def test_units_that_do_not_fit_are_named(network: Network) -> None:
    words = "must be a number in ms; got '30 mV': 'mV' and 'ms' do not measure the same thing"
    with pytest.raises(ModelError, match=words):
        network.set({"drives.input.mu": "30 mV"})


def test_repr_is_one_line(network: Network) -> None:
    expected = "<Network small: A (4), B (1); 1 projection; drives input>"
    assert repr(network) == str(network) == expected


def test_set_cannot_add_parts_or_overlap(network: Network) -> None:
    with pytest.raises(ModelError, match="there is no 'other'"):
        network.set({"drives.other": network.drives["input"]})
    drive = network.drives["input"]
    with pytest.raises(ModelError, match=r"drives\.input\.mu: overlaps"):
        network.set({"drives.input": drive, "drives.input.mu": 3})
    with pytest.raises(ModelError, match=r"drives\.input: overlaps"):
        network.set({"drives.input.mu": 3, "drives.input": drive})
    with pytest.raises(ModelError, match="'sodium' has no parameter 'gg'"):
        network.set({"cells.stick.sections.soma.channels.sodium.gg": 1})


def test_the_longest_name_wins(network: Network) -> None:
    one = network.projections["A>B.exc"]
    both = network.add(projections={"A>B": one.set({"weight": 7})})
    assert both.get("projections.A>B.exc.weight") == 0.001
    assert both.get("projections.A>B.weight") == 7.0
    changed = both.set({"projections.A>B.exc.weight": 8})
    assert [p.weight for p in changed.projections.values()] == [8.0, 7.0]


def test_paths_round_trip(network: Network) -> None:
    paths = network.paths()
    assert "drives.input.targets.A.weights.exc" in paths
    assert "cells.stick.sections.dendrite.channels.leak.g.expression" in paths
    assert len(paths) == len(set(paths))
    assert network.set({p: network.get(p) for p in paths}) == network


def test_add_and_remove(network: Network) -> None:
    second = network.add(drives={"second": network.drives["input"]})
    assert list(second.drives) == ["input", "second"]
    with pytest.raises(ModelError, match=r"drives\.input: is there already"):
        network.add(drives={"input": network.drives["input"]})
    assert second.remove("drives.second") == network
    assert network.remove("projections.A>B.exc").projections == {}
    with pytest.raises(ModelError, match="did you mean 'input'"):
        network.remove("drives.inpt")
    with pytest.raises(ModelError, match="only whole parts"):
        network.remove("drives.input.mu")
    with pytest.raises(ModelError, match="no population 'B'"):
        network.remove("populations.B")
    replaced = network.with_drives({"input": network.drives["input"].set({"mu": 5})})
    assert replaced.get("drives.input.mu") == 5.0


_paths = Network.model_validate(small()).paths()
_values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["3 mV", "1e9 S", "nan", "distance*3", "-5", "all"]),
    st.lists(st.floats(), max_size=4),
    st.dictionaries(st.text(max_size=5), st.floats(), max_size=2),
)


@given(st.dictionaries(st.sampled_from(_paths) | st.text(max_size=30), _values, max_size=3))
def test_anything_set_is_valid_or_refused(values: dict[str, Any]) -> None:
    network = Network.model_validate(small())
    before = network.content_hash()
    changed = None
    with contextlib.suppress(ModelError):
        changed = network.set(values)
    if changed is not None:
        assert Network.from_json(changed.to_json()) == changed
    assert network.content_hash() == before
