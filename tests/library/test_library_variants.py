"""Variants of the column against the published tables; what they do not change is the column's."""

from __future__ import annotations

import math
from typing import Any

import pytest

from apical import models
from apical.model import Cell, Network, Profile
from apical.plan import compile
from apical.plan.cell import plan_cell

COLUMN = models.neymotin_2020(grid=(3, 3))


def changed(network: Network) -> dict[str, tuple[Any, Any]]:
    """Values of projections and cells that differ from the column's; None where there is none."""
    old, new = (
        {path: n.get(path) for path in n.paths() if path.startswith(("projections.", "cells."))}
        for n in (COLUMN, network)
    )
    return {
        path: (old.get(path), new.get(path))
        for path in {**old, **new}
        if old.get(path) != new.get(path) and not path.endswith((".doi", ".reference"))
    }


def weights(network: Network) -> dict[str, float]:
    return {name: p.weight for name, p in network.projections.items()}


def test_law_2021() -> None:
    network = models.law_2021(grid=(3, 3))
    found = changed(network)
    cells = {path: new for path, (_, new) in found.items() if path.startswith("cells.")}
    slow = {
        f"cells.{c}_pyramidal.receptors.gabab.parameters.{k}": v
        for c in ("L2", "L5")
        for k, v in (("tau1", 45.0), ("tau2", 200.0))
    }
    without = [f"cells.L5_pyramidal.sections.{s}.channels.ca.gbar"
               for s in ("soma", "basal_1", "basal_2", "basal_3")]  # fmt: skip
    assert cells == slow | dict.fromkeys(without)
    assert "ca" not in network.cells["L5_pyramidal"].sections["basal_2"].channels
    assert len(network.projections) == 17
    assert "L2_basket>L5_pyramidal.gabaa" not in network.projections
    new = network.projections["L2_basket>L5_pyramidal.gabab"]
    assert (new.location, new.weight, new.delay) == ("distal", 0.0002, 1.0)
    assert new.kernel is not None
    assert new.kernel.space_constant == 50.0
    tuft = network.projections["L5_basket>L5_pyramidal.distal.gabaa"]
    assert (tuft.location, tuft.weight) == ("distal", 0.025)
    same = {n: w for n, w in weights(network).items() if weights(COLUMN).get(n) == w}
    assert len(same) == 12
    assert {n: w for n, w in weights(network).items() if n not in same} == {
        "L5_pyramidal>L5_pyramidal.nmda": 0.0004,
        "L5_basket>L5_pyramidal.gabaa": 0.02,
        "L5_basket>L5_pyramidal.gabab": 0.005,
        "L2_basket>L5_pyramidal.gabab": 0.0002,
        "L5_basket>L5_pyramidal.distal.gabaa": 0.025,
    }
    assert network.doi == "10.1093/cercor/bhab221"


def test_kohl_2022() -> None:
    network = models.kohl_2022(grid=(3, 3))
    assert network == models.calcium(grid=(3, 3))
    found = changed(network)
    # in place of a number an expression
    assert len(found) == 2 + 8 * 3 * 2
    assert all(path.startswith("cells.L5_pyramidal.") for path in found)
    assert all(
        isinstance(network.get(f"cells.L5_pyramidal.sections.{s}.channels.{c}"), Profile)
        for s in network.cells["L5_pyramidal"].sections
        if s != "soma"
        for c in ("ca.gbar", "hh2.gnabar", "hh2.gkbar")
    )
    plan = plan_cell(network, "L5_pyramidal")
    at = {
        (m.name, label): {p: float(values[k]) for p, values in m.parameters.items()}
        for m in plan.mechanisms
        for k, label in enumerate(m.labels)
    }
    # the middle of apical_1 is 481 um from the start of the soma, half of 962 um
    assert at["ca", "apical_1(0.5)"]["gbar"] == pytest.approx((10 + 30 * 481 / 1501) * 1e-4)
    assert at["hh2", "apical_1(0.5)"]["gnabar"] == pytest.approx((0.32 + 0.0028) / 2)
    assert at["hh2", "apical_1(0.5)"]["gkbar"] == pytest.approx(0.06 * (math.exp(-2.886) + 1e-4))
    # beyond the kinks
    assert at["ca", "apical_tuft(0.5)"]["gbar"] == pytest.approx(40e-4)
    assert at["hh2", "apical_tuft(0.5)"]["gnabar"] == pytest.approx(0.0028)
    soma = network.cells["L5_pyramidal"].sections["soma"].channels
    assert soma["hh2"] == {"gnabar": 0.32, "gkbar": 0.06, "gl": 4.26e-5, "el": -65.0}
    assert soma["ca"]["gbar"] == 0.006


def test_gamma() -> None:
    weak, strong = models.gamma_weak(grid=(3, 3)), models.gamma_strong(grid=(3, 3))
    assert weights(weak) == weights(strong) == {
        "L2_basket>L2_pyramidal.gabaa": 0.007, "L5_basket>L5_pyramidal.gabaa": 0.08,
        "L2_pyramidal>L2_basket.ampa": 0.0012, "L2_basket>L2_basket.gabaa": 0.01,
        "L5_basket>L5_basket.gabaa": 0.0075, "L5_pyramidal>L5_basket.ampa": 0.00091,
    }  # fmt: skip
    assert weak.cells == strong.cells == COLUMN.cells
    drive = weak.drives["poisson"]
    assert drive.rate == {"L2_pyramidal": 140.0, "L5_pyramidal": 40.0}  # type: ignore[union-attr]
    assert {n: (dict(t.weights), t.delay) for n, t in drive.targets.items()} == {
        "L2_pyramidal": ({"ampa": 0.0008}, 0.1), "L5_pyramidal": ({"ampa": 0.0075}, 1.0),
    }  # fmt: skip
    assert not weak.biases
    assert not strong.drives
    assert {n: b.amplitude for n, b in strong.biases.items()} == {
        "L2_pyramidal": 4.0, "L5_pyramidal": 6.0,
    }  # fmt: skip


def test_somatosensory() -> None:
    n20, somato = models.n20(grid=(3, 3)), models.somatosensory(grid=(3, 3))
    assert n20.projections == somato.projections
    assert n20.cells == COLUMN.cells
    assert {n: w for n, w in weights(n20).items() if weights(COLUMN)[n] != w} == {
        "L2_pyramidal>L2_pyramidal.nmda": 0.0002, "L2_pyramidal>L2_pyramidal.ampa": 0.0002,
        "L5_pyramidal>L5_pyramidal.ampa": 0.001, "L5_basket>L5_pyramidal.gabaa": 0.02,
        "L5_basket>L5_pyramidal.gabab": 0.06, "L2_pyramidal>L5_pyramidal.proximal.ampa": 0.0002,
        "L2_pyramidal>L5_pyramidal.distal.ampa": 0.0002, "L2_basket>L5_pyramidal.gabaa": 0.002,
    }  # fmt: skip
    times = {
        name: {n: (d.mu, d.sigma) for n, d in network.drives.items()}  # type: ignore[union-attr]
        for name, network in (("n20", n20), ("somatosensory", somato))
    }
    assert times == {
        "n20": {"evdist1": (32, 3), "evdist2": (82, 3), "evprox1": (20, 3)},
        "somatosensory": {
            "evdist1": (32, 2.5), "evdist2": (84, 4.5), "evprox1": (21, 4), "evprox2": (134, 4.5),
        },
    }  # fmt: skip
    # one drive cell for all
    assert {d.n for n in (n20, somato) for d in compile(n, 10.0).drives} == {1}
    assert dict(somato.drives["evprox1"].targets["L5_pyramidal"].weights) == {
        "ampa": 0.002, "nmda": 0.0019,
    }  # fmt: skip


@pytest.mark.parametrize("name", models.names())
def test_every_model_cites_its_source_and_keeps_addresses(name: str) -> None:
    network = models.load(name)
    assert network.doi.startswith("10.")
    assert network.reference
    assert list(network.cells) == list(network.populations) == list(COLUMN.populations)
    assert isinstance(network.cells["L5_pyramidal"], Cell)
    assert Network.from_json(network.to_json()) == network
    assert network.name == {"calcium": "kohl_2022"}.get(name, name)
