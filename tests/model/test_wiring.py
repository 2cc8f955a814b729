"""Picking, connecting, disconnecting projections; gains; grids."""

from __future__ import annotations

import pytest

from apical.errors import ModelError
from apical.models import erp, neymotin_2020

COLUMN = neymotin_2020(grid=(3, 3))


def test_pick_by_every_criterion() -> None:
    assert COLUMN.pick() == tuple(COLUMN.projections)
    assert COLUMN.pick(source="L5_basket", target="L5_pyramidal") == (
        "L5_basket>L5_pyramidal.gabaa", "L5_basket>L5_pyramidal.gabab",
    )  # fmt: skip
    assert COLUMN.pick(location="distal") == (
        "L2_pyramidal>L5_pyramidal.distal.ampa", "L2_basket>L5_pyramidal.gabaa",
    )  # fmt: skip
    assert COLUMN.pick(receptor=["gabab", "nmda"], target="L5_pyramidal") == (
        "L5_pyramidal>L5_pyramidal.nmda", "L5_basket>L5_pyramidal.gabab",
    )  # fmt: skip
    assert COLUMN.pick(source="L2_basket", receptor="nmda") == ()


def test_pick_refuses_unknown_names_all_at_once() -> None:
    with pytest.raises(ModelError) as caught:
        COLUMN.pick(source="L5_basquet", receptor=("ampa", "gaba"), location="apical_tuft")
    assert [p.path for p in caught.value.problems] == ["source", "receptor"]
    assert "did you mean 'L5_basket'" in str(caught.value)


def test_connect_names_the_projection() -> None:
    ends = {"source": "L5_basket", "target": "L2_pyramidal", "receptor": "gabaa"}
    one = COLUMN.connect(**ends, location="soma", weight="1 nS", delay=1)
    two = one.connect(**ends, location="distal", weight=0.002, delay=2, gain=3)
    assert tuple(two.projections)[-2:] == (
        "L5_basket>L2_pyramidal.gabaa", "L5_basket>L2_pyramidal.distal.gabaa",
    )  # fmt: skip
    assert two.projections["L5_basket>L2_pyramidal.gabaa"].weight == 0.001
    assert two.projections["L5_basket>L2_pyramidal.distal.gabaa"].gain == 3
    with pytest.raises(ModelError, match="is there already"):
        two.connect(**ends, location="distal", weight=1, delay=1)
    named = two.connect(**ends, location="distal", weight=1, delay=1, name="another")
    assert "another" in named.projections
    with pytest.raises(ModelError, match="weight: is required"):
        COLUMN.connect(**ends, location="soma", delay=1)
    with pytest.raises(ModelError, match="no receptor 'ampa' at 'soma'"):
        COLUMN.connect("L5_basket", "L2_pyramidal", receptor="ampa", location="soma",
                       weight=1, delay=1)  # fmt: skip


def test_disconnect_by_name_or_criteria() -> None:
    names = COLUMN.pick(receptor="gabab")
    without = COLUMN.disconnect(*names)
    assert without == COLUMN.disconnect(receptor="gabab")
    assert set(COLUMN.projections) - set(without.projections) == set(names)
    # what was picked may be nothing
    assert COLUMN.disconnect(*COLUMN.pick(source="L2_basket", target="L5_basket")) == COLUMN
    with pytest.raises(ModelError, match=r"did you mean 'L5_basket>L5_pyramidal\.gabab'"):
        COLUMN.disconnect("L5_basket>L5_pyramidal.gabac")
    with pytest.raises(ModelError, match="not both"):
        COLUMN.disconnect(names[0], receptor="gabab")


def test_gains_by_role() -> None:
    network = erp(grid=(3, 3))
    changed = network.set_gains(e_e=0.5, i_e=1.5)
    gains = {name: p.gain for name, p in changed.projections.items()}
    assert {n for n, g in gains.items() if g == 0.5} == set(
        network.pick(source=["L2_pyramidal", "L5_pyramidal"],
                     target=["L2_pyramidal", "L5_pyramidal"])
    )  # fmt: skip
    assert {n for n, g in gains.items() if g == 1.5} == set(
        network.pick(source=["L2_basket", "L5_basket"], target=["L2_pyramidal", "L5_pyramidal"])
    )
    assert sum(g == 1 for g in gains.values()) == 5
    # gains replace each other and leave weights and drives alone
    assert changed.set_gains(e_e=1, i_e=1) == network
    assert network.set_gains() == network


def test_gains_refused() -> None:
    with pytest.raises(ModelError, match="e_i: must be ≥ 0; got -1"):
        COLUMN.set_gains(e_i=-1)
    without = COLUMN.disconnect(source=["L2_basket", "L5_basket"])
    with pytest.raises(ModelError, match="i_i: no projection is from inhibitory to inhibitory"):
        without.set_gains(i_i=2)


def test_scale_to_another_grid() -> None:
    assert COLUMN.scale((4, 5)) == neymotin_2020(grid=(4, 5))
    recorded = COLUMN.add(recordings={"v": {"population": "L2_pyramidal", "cells": [8]}})
    assert recorded.scale((5, 5)).populations["L2_pyramidal"].n == 25
    with pytest.raises(ModelError, match=r"recordings\.v\.cells"):
        recorded.scale((2, 2))
