"""Which cells of which members share vectors, and that this changes nothing."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from apical.engines import get
from apical.engines.base import Member, run_alone
from apical.engines.cpu import CpuEngine
from apical.engines.cpu.batch import Batch
from apical.engines.cpu.layout import lanes_in
from apical.errors import EngineError
from apical.plan import compile, observe
from apical.testing.networks import one_cell, tree

BASE = one_cell(tree(), n=3, celsius=37.0)
#: Values that are columns, so that members share groups, and values that are stored once.
TOGETHER = {
    "cells.cell.sections.soma.channels.hh2.gnabar": 0.1,
    "cells.cell.sections.trunk.diam": 5.0,
    "cells.cell.sections.trunk.Ra": 150.0,
    "cells.cell.sections.soma.cm": 1.1,
    "cells.cell.receptors.excitation.parameters.tau2": 4.0,
}
APART = {"celsius": 35.0, "ions.ek": -80.0, "cells.cell.threshold": -5.0}


def member(network, weights=None):
    """Return a member that is driven by its start alone, with the voltages of all its nodes."""
    plan = compile(network, 4.0)
    if weights is not None:
        nodes = plan.populations[0].cell.tree.nodes
        plan = observe(plan, "sums", "cells", np.full((5, nodes), weights), of="v")
    return Member(plan, plan.trial(0)[1])


def kinds(*networks):
    return len(Batch([member(n) for n in networks], 40).kinds)


def test_members_that_differ_in_columns_share_groups():
    for path, value in TOGETHER.items():
        assert kinds(BASE.set({path: value}), BASE.set({path: 1.25 * value})) == 1, path
    for path, value in APART.items():
        assert kinds(BASE, BASE.set({path: value})) == 2, path


def test_what_all_compartments_have_in_common_is_kept_once():
    """Where a soma differs from its dendrites there is a row for every compartment."""
    unlike = BASE.set({"cells.cell.sections.soma.channels.hh2.gnabar": 0.1})
    once, each = (Batch([member(n)], 40).kinds[0].programs[0] for n in (BASE, unlike))
    assert len(each.fixed) - len(once.fixed) == each.cell.tree.compartments - 1
    assert kinds(BASE, unlike) == 2


def test_members_are_what_they_are_alone():
    """Fourteen members of three cells, all different, on two threads."""
    networks = [BASE.set({p: v}) for p, v in (TOGETHER | APART).items()]
    members = [member(n, k) for k, n in enumerate([BASE, *networks, *reversed(networks)][:14])]
    run = CpuEngine().start(members, threads=2)
    while run.step < run.steps:
        run.advance()
    found = [run.result(k) for k in range(len(members))]
    run.close()
    for result, one in zip(found, members, strict=True):
        alone = run_alone(CpuEngine(), one, threads=1)
        assert (result.recordings[0] == alone.recordings[0]).all()
        assert (result.dipole == alone.dipole).all()
        assert (result.observed[0] == alone.observed[0]).all()
    assert len({r.recordings[0].tobytes() for r in found}) > len(TOGETHER)


@pytest.mark.parametrize("precision", ["double", "single"])
def test_sums_are_the_same_wherever_cells_are(precision):
    """Eleven cells of each member: eights begin anywhere, and lie in two groups now and then."""
    random = np.random.default_rng(1)
    plan = compile(one_cell(tree(), n=11, celsius=37.0), 3.3, precision=precision)
    members, nodes = [], plan.populations[0].cell.tree.nodes
    for _ in range(4):
        weights = random.normal(size=(15, 11, nodes))
        summed = observe(plan, "sums", "cells", weights, of="v", every=3)
        summed = observe(summed, "currents", "cells", weights)
        members.append(Member(summed, summed.trial(0)[1]))
    run = CpuEngine().start(members, threads=2)
    while run.step < run.steps:
        run.advance()
    found = [run.result(k) for k in range(len(members))]
    run.close()
    for result, one in zip(found, members, strict=True):
        alone = run_alone(CpuEngine(), one, threads=1)
        double = dataclasses.replace(one.plan, precision="double")
        plain = run_alone(get("reference"), Member(double, one.inputs))
        assert (result.dipole == alone.dipole).all()
        for k, observable in enumerate(one.plan.observables):
            assert (result.observed[k] == alone.observed[k]).all()
            # rounding is relative to what is added up, at about -65 mV
            terms = 65 * np.abs(observable.weights).sum(axis=(1, 2)).max()
            error = np.abs(result.observed[k] - plain.observed[k]).max()
            assert error < (1e-14 if precision == "double" else 1e-6) * terms


def test_a_batch_has_one_structure():
    other = one_cell(tree(), n=4, celsius=37.0)
    with pytest.raises(EngineError, match="one structure"):
        CpuEngine().start([member(BASE), member(other)])


def test_the_last_group_has_as_few_lanes_as_suffice():
    assert lanes_in(100, "single") == [32, 32, 32, 8]
    assert lanes_in(48, "single") == [32, 16]
    assert lanes_in(100, "double") == [16] * 6 + [8]
    assert lanes_in(31, "single") == [32]
    assert lanes_in(0, "double") == []
