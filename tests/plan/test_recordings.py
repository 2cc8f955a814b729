"""Requests to record, resolved: where, when in a step, in which unit, and how large."""

from __future__ import annotations

import numpy as np
import pytest

from apical import Recording, library
from apical.plan import compile
from apical.plan.recordings import RecordingPlan
from apical.testing.networks import one_cell, tree


def planned(n: int = 1, precision: str = "double", **fields) -> RecordingPlan:
    request = Recording(population="cells", **fields)
    network = one_cell(tree(), n=n, celsius=37.0, recordings={"r": request})
    return compile(network, 10.0, precision=precision).recordings[0]


def test_currents_and_all_behind_them_are_of_the_step_that_ended():
    for name in ("exp2syn", "hh2", "cad", "kca"):
        program = library.mechanism(name).program
        assert {c.name for c in program.currents} <= program.behind_currents
        assert not program.behind_currents & program.states.keys()
    early = ("hh2.ina", "excitation.i", "cad.eca", "kca.ik")
    assert all(planned(variable=variable).early for variable in early)
    assert not any(planned(variable=v).early for v in ("hh2.m_inf", "kca.a", "cad.influx"))
    assert not any(planned(variable=v).early for v in ("v", "i_membrane", "hh2.m", "cad.cai"))


def test_one_compartment_of_each_section():
    everywhere, middle = planned(), planned(x=0.5)
    assert middle.labels == ("soma(0.5)", "trunk(0.5)", "oblique(0.5)", "basal(0.5)")
    assert set(middle.labels) < set(everywhere.labels)
    # the ends of sections are the nearest compartments
    first, last = planned(x=0, sections="trunk"), planned(x=1, sections="trunk")
    trunk = [label for label in everywhere.labels if "trunk" in label]
    assert (first.labels, last.labels) == ((trunk[0],), (trunk[-1],))
    # receptors are where they are
    assert planned(variable="excitation.i", x=0).labels == ("trunk(0.5)", "oblique(0.5)")


def test_units():
    plan = planned(variable="hh2.ina", unit="nA", sections="soma")
    # mA/cm² of 39 µm · π · 28.9 µm
    assert plan.factor == pytest.approx(np.pi * 39 * 28.9 * 1e-2 * np.ones(len(plan.sites)))
    plan = planned(variable="cad.influx", unit="mM/ms")
    assert plan.factor == pytest.approx(1e4 * np.ones(len(plan.sites)))
    plan = planned(variable="hh2.ina", unit="mA/cm2")
    assert (plan.unit, plan.factor) == ("mA/cm2", None)


def test_converting_leaves_what_is_kept_as_it_is():
    plan = planned(variable="cad.cai", unit="uM", precision="single")
    kept = plan.room(400) + np.float32(0.5)
    given = plan.given(kept, 400, copy=False)
    assert (given == 500).all()
    assert given.dtype == np.float32
    assert (kept == 0.5).all()
    plain = planned()
    kept = plain.room(400)
    assert np.shares_memory(plain.given(kept, 400, copy=False), kept)
    assert not np.shares_memory(plain.given(kept, 400), kept)


@pytest.mark.parametrize("precisions", [("single", "double"), ("double", "single")])
def test_single_precision_takes_half(precisions):
    run, kept = precisions
    request = Recording(population="cells", precision=kept)  # type: ignore[arg-type]
    network = one_cell(tree(), n=3, recordings={"r": request})
    small = compile(network, 10.0, precision=run).recordings[0]
    large = planned(n=3)
    assert 2 * small.size(400) == large.size(400) == large.room(400).nbytes
    assert small.room(400).nbytes == small.size(400)
    assert large.size(400) == 3 * len(large.sites) * 401 * 8
    assert planned(n=3, every=0.1).samples(400) == 101
