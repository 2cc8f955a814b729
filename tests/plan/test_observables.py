import dataclasses

import numpy as np
import pytest

from apical.engines import get
from apical.engines.base import Member, run_alone
from apical.model import CurrentClamp
from apical.plan import compile, observe
from apical.plan.observables import kept_ends, on_compartments
from apical.plan.plan import Plan
from apical.testing.networks import one_cell, tree


def planned() -> tuple[Plan, int]:
    """Return a plan that observes every node, and the one end into which a clamp injects."""
    clamp = CurrentClamp(population="cells", section="trunk", x=1.0, amplitude=0.4, start=0.5)
    network = one_cell(tree(), n=2, celsius=37.0, biases={"c": clamp.with_(cells=[1])})
    plan = compile(network, 2)
    found = plan.populations[0].cell.tree
    weights = np.random.default_rng(3).normal(size=(3, 2, found.nodes))
    for of in ("i_membrane", "v"):
        plan = observe(plan, of, "cells", weights, of=of)
    return plan, found.end_node["trunk"]


def reduced(plan: Plan, number: int) -> np.ndarray:
    """Return the weights of one of a plan's observables on as few nodes as have the same sums."""
    tree = plan.populations[0].cell.tree
    return on_compartments(plan.observables[number].weights, tree, kept_ends(plan, 0))


def on_all(plan: Plan, weights: np.ndarray) -> np.ndarray:
    """Return weights of all nodes, 0 at those that have none."""
    found = np.zeros((*weights.shape[:2], plan.populations[0].cell.tree.nodes))
    found[..., : weights.shape[-1]] = weights
    return found


def test_only_an_end_that_currents_enter_has_weights():
    plan, clamped = planned()
    compartments = plan.populations[0].cell.tree.compartments
    for k in (0, 1):
        at_ends = reduced(plan, k)[..., compartments:].any(axis=(0, 1))
        assert np.array_equal(compartments + np.flatnonzero(at_ends), [clamped])
    free = dataclasses.replace(plan, clamps=())
    assert reduced(free, 0).shape[-1] == compartments


@pytest.mark.parametrize("engine", ["cpu", "reference"])
def test_sums_without_ends_are_the_same_after_every_step(engine: str):
    plan, _ = planned()
    less = tuple(
        dataclasses.replace(o, name=f"less {o.name}", weights=on_all(plan, reduced(plan, k)))
        for k, o in enumerate(plan.observables)
    )
    both = dataclasses.replace(plan, observables=(*plan.observables, *less))
    result = run_alone(get(engine), Member(both, both.trial(0)[1]), threads=1)
    for whole, without in zip(result.observed[:2], result.observed[2:], strict=True):
        # rounding of products of voltages and conductances, of which currents are a small part
        difference = np.abs(whole - without)[:, 1:].max()
        assert difference < 1e-10 * np.abs(whole).max()
        assert np.abs(whole[:, 1:]).max() > 1e-3


def test_an_end_with_a_receptor_keeps_its_weight():
    cell = tree()
    sections = dict(cell.sections)
    sections["basal"] = sections["basal"].with_(receptors={"excitation": 1.0})
    plan = compile(one_cell(cell.with_(sections=sections), celsius=37.0), 1)
    found = plan.populations[0].cell.tree
    plan = observe(plan, "v", "cells", np.ones((1, found.nodes)), of="v")
    assert reduced(plan, 0)[0, 0, found.end_node["basal"]] == 1.0


def test_engines_agree_where_ends_have_weights():
    plan, _ = planned()
    cpu, plain = (
        run_alone(get(name), Member(plan, plan.trial(0)[1]), threads=1)
        for name in ("cpu", "reference")
    )
    for ours, theirs in zip(cpu.observed, plain.observed, strict=True):
        assert np.abs(ours - theirs).max() < 1e-10 * np.abs(theirs).max()


def test_members_with_clamps_elsewhere_give_what_they_give_alone():
    plan, _ = planned()
    members = [Member(p, p.trial(0)[1]) for p in (plan, dataclasses.replace(plan, clamps=()))]
    alone = [run_alone(get("cpu"), member, threads=1) for member in members]
    run = get("cpu").start(members, threads=1)
    while run.step < run.steps:
        run.advance()
    for k, expected in enumerate(alone):
        for ours, theirs in zip(run.result(k).observed, expected.observed, strict=True):
            assert np.array_equal(ours, theirs)
    run.close()
