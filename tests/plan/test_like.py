"""A plan made from an earlier one is what it would be without, and shares what has not changed."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apical.equations.program import Program
from apical.model import (
    DriveTarget,
    EvokedDrive,
    Gaussian,
    Network,
    Points,
    Population,
    Projection,
    Recording,
)
from apical.plan import Plan, compile
from apical.testing.networks import pair_of_populations


def base() -> Network:
    """Trees and balls with chance in their wiring, two drives, a clamp and a recording."""
    network = pair_of_populations()
    evoked = EvokedDrive(
        mu=4, sigma=1, location="soma", probability=0.5,
        targets={
            "trees": DriveTarget(weights={"inhibition": 0.002}),
            "balls": DriveTarget(weights={"excitation": 0.01, "inhibition": 0.003}, delay=0.5),
        },
    )  # fmt: skip
    recorded = Recording(population="balls", variable="v")
    network = network.set({"drives.input.kernel": Gaussian(space_constant=20)})
    return network.add(drives={"evoked": evoked}, recordings={"v": recorded})


def reordered(network: Network, field: str) -> Network:
    """The same parts in another order, which is equal but not planned alike."""
    return network.with_(**{field: dict(reversed([*getattr(network, field).items()]))})


def sections_reordered(network: Network) -> Network:
    cell = network.cells["tree"]
    sections = dict(reversed([*cell.sections.items()]))
    return network.with_(cells={**network.cells, "tree": cell.with_(sections=sections)})


def states_reordered(network: Network) -> Network:
    odd = network.mechanisms["odd"]
    odd = odd.with_(states=dict(reversed([*odd.states.items()])))
    return network.with_(mechanisms={**network.mechanisms, "odd": odd})


def moved(network: Network, population: str) -> Network:
    points = network.populations[population].positions.points(network.inplane_distance)
    shifted = Points(coordinates=[(x + 3, y, z) for x, y, z in points])
    return network.set({f"populations.{population}.positions": shifted})


def fewer(network: Network) -> Network:
    points = network.populations["trees"].positions.points(1.0)[:15]
    return network.set({"populations.trees.positions": Points(coordinates=points)})


def population_added(network: Network) -> Network:
    far = Points(coordinates=[(1e3, 1e3, 0), (2e3, 2e3, 0)])
    return network.add(populations={"far": Population(cell="ball", positions=far)})


def balls_gone(network: Network) -> Network:
    return network.remove(
        "projections.trees>balls", "projections.balls>trees", "biases.bias", "recordings.v",
        "drives.evoked", "populations.balls",
    )  # fmt: skip


def to(path: str, value: Any) -> Callable[[Network], Network]:
    return lambda network: network.set({path: value})


SOMA = "cells.tree.sections.soma"
CHANGES: dict[str, Callable[[Network], Network]] = {
    "drive time": to("drives.evoked.mu", 6),
    "drive spikes": to("drives.evoked.n_spikes", 3),
    "trains": to("drives.input.trains", [[1.0], [2.0, 3.0], [7.0]]),
    "more trains": to("drives.input.trains", [[1.0], [2.0]]),
    "drive weight": to("drives.evoked.targets.balls.weights.excitation", 0.02),
    "drive weight zero": to("drives.input.targets.trees.weights.excitation", 0),
    "drive delay": to("drives.evoked.targets.trees.delay", 2),
    "drive kernel": to("drives.evoked.kernel", Gaussian(space_constant=7)),
    "drive share": to("drives.evoked.probability", 0.3),
    "drive not specific": to("drives.evoked.cell_specific", False),
    "drive place": to("drives.input.location", "oblique"),
    "drives reordered": lambda n: reordered(n, "drives"),
    "receptors reordered": lambda n: n.set(
        {"drives.evoked.targets.balls.weights": {"inhibition": 0.003, "excitation": 0.01}}
    ),
    "weight": to("projections.trees>balls.weight", 0.003),
    "weight zero": to("projections.trees>trees.weight", 0),
    "delay": to("projections.balls>trees.delay", 2.5),
    "gain": to("projections.balls>trees.gain", 2),
    "kernel": to("projections.trees>balls.kernel", None),
    "share": to("projections.balls>trees.probability", 0.4),
    "autapses": to("projections.trees>trees.autapses", True),
    "pairs": lambda n: n.set(
        {"projections.trees>trees.rule": "pairs", "projections.trees>trees.pairs": [(3, 1), (0, 2)]}
    ),
    "projection added": lambda n: n.add(projections={
        "more": Projection(source="balls", target="balls", location="soma", receptor="inhibition",
                           weight=1e-3, delay=1)}),
    "projection removed": lambda n: n.remove("projections.trees>trees"),
    "projections reordered": lambda n: reordered(n, "projections"),
    "temperature": to("celsius", 30),
    "reversal": to("ions.ek", -80),
    "distance": to("inplane_distance", 12),
    "density": to(f"{SOMA}.channels.hh2.gnabar", 0.2),
    "length": to(f"{SOMA}.L", 30),
    "compartments": to(f"{SOMA}.nseg", 3),
    "receptor": to("cells.tree.receptors.inhibition.parameters.tau2", 30),
    "receptor moved": to(f"{SOMA}.receptors.inhibition", 0.1),
    "group": to("cells.tree.groups.dendrites", ("oblique", "trunk")),
    "threshold": to("cells.ball.threshold", -10),
    "sections reordered": sections_reordered,
    "mechanism": to("mechanisms.odd.parameters.g", "0.2 mS/cm2"),
    "states reordered": states_reordered,
    "moved": lambda n: moved(n, "balls"),
    "fewer": fewer,
    "layer": to("populations.balls.layer", "L2"),
    "dipole": to("populations.balls.dipole", True),
    "populations reordered": lambda n: reordered(n, "populations"),
    "population added": population_added,
    "balls gone": balls_gone,
    "clamp": to("biases.bias.amplitude", 0.1),
    "recording": to("recordings.v.every", 0.1),
    "text": lambda n: type(n).from_json(n.to_json()),
}  # fmt: skip
RUN: dict[str, Any] = {"duration": 10.0, "seed": 1}


def assert_same(a: Any, b: Any, path: str = "plan") -> None:
    """Compare two plans, or parts of them, to the last bit and in every order."""
    assert type(a) is type(b), path
    if isinstance(a, np.ndarray):
        assert a.dtype == b.dtype, path
        assert a.shape == b.shape, path
        assert a.tobytes() == b.tobytes(), path
    elif isinstance(a, dict):
        assert_same(list(a.items()), list(b.items()), path)
    elif isinstance(a, (tuple, list)):
        assert len(a) == len(b), path
        for k, pair in enumerate(zip(a, b, strict=True)):
            assert_same(*pair, f"{path}[{k}]")
    elif dataclasses.is_dataclass(a) and not isinstance(a, Program):
        for field in dataclasses.fields(a):
            if field.name != "network":
                assert_same(getattr(a, field.name), getattr(b, field.name), f"{path}.{field.name}")
    else:
        assert a == b, path


def changed(network: Network, names: list[str]) -> Network:
    """Apply changes one after the other, without those that no longer make sense."""
    for name in names:
        try:
            network = CHANGES[name](network)
        except (ValueError, KeyError):
            continue
    return network


@pytest.mark.parametrize("name", CHANGES)
def test_after_any_change_the_plan_is_what_it_would_be_without(name):
    network = base()
    after = CHANGES[name](network)
    anew, plan = compile(after, **RUN), compile(after, **RUN, like=compile(network, **RUN))
    assert_same(plan, anew)
    assert_same(plan.trial(2), anew.trial(2))


@given(
    st.lists(st.lists(st.sampled_from(list(CHANGES)), max_size=3), min_size=2, max_size=4),
    st.lists(
        st.fixed_dictionaries(
            {
                "duration": st.sampled_from([10.0, 3.0]),
                "dt": st.sampled_from([0.025, 0.05]),
                "seed": st.sampled_from([1, 2]),
                "rates": st.sampled_from(["exact", "table"]),
                "precision": st.sampled_from(["double", "single"]),
            }
        ),
        min_size=4,
        max_size=4,
    ),
)
@settings(max_examples=30, deadline=None)
def test_nothing_stale_is_taken_over_along_a_chain_of_changes(steps, runs):
    network, plan = base(), None
    for names, run in zip(steps, runs, strict=False):
        network = changed(network, names)
        plan = compile(network, **run, like=plan)
        assert_same(plan, compile(network, **run))


def shared(a: Plan, b: Plan) -> set[str]:
    """What two plans have in common as objects."""
    parts = {
        **{f"cell {p.cell.name}": p.cell for p in a.populations},
        **{p.name: p for p in a.populations},
        **{f">{p.name}": c for p, c in zip(a.populations, a.connections, strict=True)},
        **{d.name: d for d in a.drives},
        **{f"start {p.name}": s for p, s in zip(a.populations, a.start, strict=True)},
    }
    others = [
        *(p.cell for p in b.populations), *b.populations, *b.connections, *b.drives, *b.start,
    ]  # fmt: skip
    return {name for name, part in parts.items() if any(part is other for other in others)}


TREE = {"cell tree", "start trees", "trees"}
BALL = {"cell ball", "start balls", "balls"}
WIRES, DRIVES = {">trees", ">balls"}, {"input", "evoked"}
EVERYTHING = TREE | BALL | WIRES | DRIVES


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("drive time", EVERYTHING),
        ("trains", EVERYTHING),
        ("clamp", EVERYTHING),
        ("recording", EVERYTHING),
        ("text", EVERYTHING),
        ("drive weight", EVERYTHING - {"evoked"}),
        ("more trains", EVERYTHING - {"input"}),
        ("weight", EVERYTHING - {">balls"}),
        ("delay", EVERYTHING - {">trees"}),
        ("density", EVERYTHING - TREE),
        ("receptor", EVERYTHING - TREE),
        ("layer", EVERYTHING - {"balls"}),
        ("temperature", WIRES | DRIVES),
        ("sections reordered", BALL),
        ("moved", TREE | {"cell ball", "start balls"}),
        ("distance", {"cell tree", "start trees", "cell ball", "start balls"}),
    ],
)
def test_what_has_not_changed_is_the_same_object(name, kept):
    network = base()
    earlier = compile(network, **RUN)
    assert shared(compile(CHANGES[name](network), **RUN, like=earlier), earlier) == kept


def test_a_seed_matters_only_where_there_is_chance():
    earlier = compile(base(), 10.0, seed=1)
    assert shared(compile(base(), 10.0, seed=2, like=earlier), earlier) == (
        EVERYTHING - {">trees", "evoked"}
    )


def test_neither_step_nor_precision_change_what_is_shared():
    earlier = compile(base(), 10.0)
    later = compile(base(), 10.0, dt=0.05, precision="single", like=earlier)
    assert shared(later, earlier) == EVERYTHING
