"""What every engine must do. ``check(engine)`` runs all of it; each check also stands alone.

Tolerances are differences of rounding, grown over the steps of a run: engines order operations
differently and use their own exponential, both near 2e-16 per operation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np

from apical import engines
from apical.engines.base import Member, RawResult, Run
from apical.errors import Cancelled, NumericalError
from apical.model import (
    CurrentClamp,
    DriveTarget,
    Network,
    Projection,
    Recording,
    SpikeTrainDrive,
)
from apical.plan import compile, observe
from apical.plan.plan import Plan
from apical.simulate import simulate
from apical.testing.networks import ODD, ball, cable, one_cell, pair_of_populations, tree

if TYPE_CHECKING:
    from apical.result import Result

#: Voltages of two engines after 20 ms, mV. Observed 2e-11 on the networks here.
SAME_VOLTAGE = 1e-8


def run(network: Network, duration: float, engine: str, **given: Any) -> Result:
    """Simulate from the given voltages with one thread, unless told otherwise."""
    return simulate(network, duration, engine=engine, **({"start": "given", "threads": 1} | given))


def rest(engine: str) -> None:
    """A passive cell at its reversal potential stays there, to the last bit."""
    found = run(one_cell(ball({"pas": {"e": -70.0}}, v0=-70.0)), 5, engine)
    assert (found.recordings["v"].values == -70.0).all()


def charging(engine: str) -> None:
    """A passive compartment under a clamp follows implicit Euler's own geometric sequence."""
    clamp = CurrentClamp(population="cells", section="soma", amplitude=0.01, start=1, stop=3)
    network = one_cell(ball({"pas": {"g": 1e-4, "e": -70.0}}, v0=-70.0), biases={"c": clamp})
    v = run(network, 5, engine, dt=0.05).recordings["v"].values[0, 0, 0]
    # 500 µm² at 1 µF/cm² and 1e-4 S/cm²: 5e-3 nF and 5e-4 µS
    capacitance, leak, expected = 5e-3, 5e-4, [-70.0]
    for step in range(100):
        injected = 0.01 if 20 <= step < 60 else 0.0
        change = (injected - leak * (expected[-1] + 70)) / (capacitance / 0.05 + leak)
        expected.append(expected[-1] + change)
    # rounding over 100 steps of a few mV
    assert np.abs(v - expected).max() < 1e-11


def events(engine: str) -> None:
    """An event acts in the step whose middle is the first not before it; times are not rounded."""
    cell = ball({"pas": {}}, receptors=["excitation"], v0=-70.0)
    for time, step in ((1.0, 40), (1.012, 40), (1.0125, 40), (1.013, 41), (1.02499, 41)):
        drive = SpikeTrainDrive(
            trains=[[time]], location="soma", kernel=None,
            targets={"cells": DriveTarget(weights={"excitation": 0.001}, delay=0)},
        )  # fmt: skip
        request = {"B": Recording(population="cells", variable="excitation.B")}
        network = one_cell(cell, drives={"d": drive}, recordings=request)
        b = run(network, 2, engine).recordings["B"].values.ravel()
        assert int(np.flatnonzero(b)[0]) == step + 1, time


def agrees(engine: str) -> None:
    """Voltages, spikes, states and dipole equal the reference engine's, to rounding."""
    network = pair_of_populations()
    requests = {
        "v": Recording(population="trees", variable="v", every=0.1),
        "cai": Recording(population="trees", variable="cad.cai", every=0.1),
        "im": Recording(population="trees", variable="i_membrane", every=0.1, cells=[1, 17]),
        "B": Recording(population="balls", variable="excitation.B", sections=["soma"]),
        "i": Recording(population="trees", variable="excitation.i", every=0.1),
        "ina": Recording(population="trees", variable="hh2.ina", every=0.1),
        "ik": Recording(population="trees", variable="kca.ik", every=0.1),
        "eca": Recording(population="trees", variable="cad.eca", every=0.1),
        "m_inf": Recording(population="trees", variable="hh2.m_inf", every=0.1),
        "on": Recording(population="balls", variable="odd.on"),
    }
    network = network.with_(recordings=requests)
    for rates in ("exact", "table"):
        plain = run(network, 20, "reference", rates=rates)
        found = run(network, 20, engine, rates=rates)
        assert plain.spikes.sizes["spike"] > 30
        for column in ("trial", "time", "source", "cell"):
            assert (plain.spikes[column].values == found.spikes[column].values).all()
        # calcium is near 1e-3 mM and conductances near 1e-2 µS where voltages are near 1 mV
        scales = {"cai": 1e-3, "B": 1e-2}
        for name in requests:
            a, b = plain.recordings[name].values, found.recordings[name].values
            assert np.abs(a - b).max() < SAME_VOLTAGE * scales.get(name, 1.0), name
            assert np.ptp(a) > 0, name
        # 19 cells of about 1e-6 nAm per mV
        assert np.abs(plain.dipole - found.dipole).max() < SAME_VOLTAGE * 1e-4


def moments(engine: str) -> None:
    """Currents are those of the step that ended; what only states need is of the sample's time."""
    cell = ball({"pas": {"g": 1e-4, "e": -70.0}, "odd": {}}, receptors=["excitation"], v0=-60.2)
    drive = SpikeTrainDrive(
        trains=[[0.3, 1.013]], location="soma", kernel=None,
        targets={"cells": DriveTarget(weights={"excitation": 0.001}, delay=0)},
    )  # fmt: skip
    names = ("v", "pas.i", "odd.gate", "odd.on", "excitation.i", "excitation.A", "excitation.B")
    requests = {f"r{k}": Recording(population="cells", variable=n) for k, n in enumerate(names)}
    network = one_cell(cell, drives={"d": drive}, recordings=requests, mechanisms={"odd": ODD})
    found = run(network, 3, engine).recordings
    v, leak, gate, on, i, a, b = (found[name].values[0, 0, 0] for name in requests)
    before = np.concatenate([v[:1], v[:-1]])
    # relative to 1 mV, 1 S/cm² and so on; voltages of some 10 mV have rounding errors of 1e-14
    assert np.abs(leak - 1e-4 * (before + 70)).max() < 1e-15
    assert np.abs(gate - 1 / (1 + np.exp(-(before + 60) / 7))).max() < 1e-12
    assert (on == np.where(v > -60, 0.3, 0)).all()
    assert 0 < np.count_nonzero(on) < len(on)
    # the conductance after events, before it decayed to that of the sample's time
    rise, decay = np.exp(0.025 / 0.1), np.exp(0.025 / 10.0)
    assert np.abs(i - (decay * b - rise * a) * before).max() < 1e-12
    assert np.abs(i).max() > 0.01


def choices(engine: str) -> None:
    """What is recorded does not depend on what else is, how often, where, and in which unit."""
    everything = {
        name: Recording(population="cells", variable=variable)
        for name, variable in (("v", "v"), ("ina", "hh2.ina"), ("i", "excitation.i"))
    }
    one = Recording(population="cells", variable="hh2.ina", cells=1, sections="trunk", x=0.5)
    requests = everything | {
        "often": one,
        "seldom": one.with_(every=0.1),
        "total": one.with_(unit="pA"),
        "short": one.with_(precision="single"),
        "trunk": Recording(population="cells", variable="excitation.i", sections=["trunk"], x=0),
    }
    drive = SpikeTrainDrive(
        trains=[[0.2]], location="dendrites", kernel=None,
        targets={"cells": DriveTarget(weights={"excitation": 0.03}, delay=0)},
    )  # fmt: skip
    cell = one_cell(tree(), n=2, celsius=37.0, drives={"d": drive}, recordings=requests)
    found = run(cell, 2, engine).recordings
    alone = run(cell.with_(recordings=everything), 2, engine).recordings
    for name, values in alone.items():
        assert values.identical(found[name]), name
    sites = found["ina"].site.values.tolist()
    assert found["often"].site.values.tolist() == ["trunk(0.5)"]
    often = found["often"].values
    assert (often[0, 0, 0] == found["ina"].values[0, 1, sites.index("trunk(0.5)")]).all()
    assert (found["seldom"].values == often[..., ::4]).all()
    assert (found["short"].values == often.astype(np.float32)).all()
    assert found["short"].dtype == np.float32
    # mA/cm² of 300 µm × π · 6 µm in 7 compartments
    total = often * 1e4 * (math.pi * 6 * 300 / len([s for s in sites if "trunk" in s])) * 1e-3
    assert np.abs(found["total"].values - total).max() < 1e-12 * np.abs(total).max()
    assert found["trunk"].site.values.tolist() == ["trunk(0.5)"]
    assert (found["trunk"].values == found["i"].sel(site=["trunk(0.5)"]).values).all()


def pulses(engine: str) -> None:
    """Transmitter comes in pulses, and conductances that depend on voltage are followed."""
    cell = ball({"hh2": {}}, receptors=["nmda", "gabab"], v0=-65.0).set({
        "receptors.nmda.mechanism": "nmda", "receptors.gabab.mechanism": "gabab",
    })  # fmt: skip
    drive = SpikeTrainDrive(
        trains=[[1.0, 9.013], [1.1, 1.3]], location="soma", kernel=None,
        targets={"cells": DriveTarget(weights={"nmda": 0.004, "gabab": 0.0007}, delay=0.3)},
    )  # fmt: skip
    names = ("v", "gabab.T", "gabab.R", "gabab.G", "gabab.g", "nmda.open", "nmda.i")
    requests = {n.replace(".", "_"): Recording(population="cells", variable=n) for n in names}
    network = one_cell(cell, n=3, drives={"d": drive}, recordings=requests)
    plain, found = run(network, 20, "reference"), run(network, 20, engine)
    given = found.recordings["gabab_T"].values[0, 0, 0]
    # 0.35 mM for each: from 1.3 to 1.6, 1.4 to 1.7 and 1.6 to 1.9 ms
    edges = np.flatnonzero(np.abs(np.diff(given)) > 1e-9)[:4] * 0.025
    assert np.allclose(edges, [1.3, 1.4, 1.7, 1.9])
    assert np.allclose(given[[54, 60, 66, 72, 80]], [0.35, 0.7, 0.7, 0.35, 0.0])
    for name in requests:
        a, b = plain.recordings[name].values, found.recordings[name].values
        assert np.abs(a - b).max() < SAME_VOLTAGE * min(1.0, np.abs(a).max()), name
        assert np.ptp(a) > 0, name


def conservation(engine: str) -> None:
    """Membrane currents sum to what is injected, at every step."""
    clamp = CurrentClamp(
        population="cells", section="trunk", x=0.9, amplitude=0.3, start=1, stop=15
    )
    request = {"im": Recording(population="cells", variable="i_membrane")}
    found = run(one_cell(tree(), celsius=37.0, biases={"c": clamp}, recordings=request), 20, engine)
    currents = found.recordings["im"]
    total = currents.sum("site").values[0, 0, 1:]
    time = currents.time.values[1:]
    injected = np.where((time > 1.01) & (time < 15.01), 0.3, 0.0)
    # rounding relative to the currents that cancel: a few nA in 13 compartments
    size = np.abs(currents.values).sum(axis=2).max()
    assert np.abs(total - injected).max() < 1e-12 * max(1.0, size)


def determinism(engine: str) -> None:
    """Bitwise the same again, for any number of threads, and whatever ran in between."""
    network = pair_of_populations()
    before = network.content_hash()
    first = run(network, 15, engine)
    run(network, 3, engine)
    for threads in (1, 2, 7):
        again = run(network, 15, engine, threads=threads)
        assert first.dipole.identical(again.dipole)
        assert first.spikes.identical(again.spikes)
    assert network.content_hash() == before


def position(engine: str) -> None:
    """A cell does not notice where in its population it stands or how many there are."""
    drive = SpikeTrainDrive(
        trains=[[1.0, 6.0]], location="trunk", kernel=None,
        targets={"cells": DriveTarget(weights={"excitation": 0.03})},
    )  # fmt: skip
    alone = run(one_cell(tree(), celsius=37.0, drives={"d": drive}), 12, engine)
    many = run(one_cell(tree(), n=37, celsius=37.0, drives={"d": drive}), 12, engine)
    v = many.recordings["v"].values[0]
    assert (v == alone.recordings["v"].values[0]).all()
    assert v.max() > 0


def divergence(engine: str) -> None:
    """A simulation that explodes says where and when."""
    clamp = CurrentClamp(population="cells", section="soma", amplitude=1e308, start=2)
    network = one_cell(ball({"pas": {"g": 1e-9}}), n=3, biases={"c": clamp})
    try:
        run(network.set({"biases.c.cells": [1]}), 10, engine)
    except NumericalError as error:
        assert (error.population, error.cell) == ("cells", 1)
        assert error.compartment.startswith("soma")
        assert error.time >= 2
    else:
        raise AssertionError("nothing was reported")


def cancelling(engine: str) -> None:
    """Progress comes in order, ends at one, and can stop the run."""
    seen: list[float] = []
    network = one_cell(cable({"hh": {}}, 5), celsius=6.3)
    run(network, 30, engine, progress=seen.append)
    assert seen == sorted(seen)
    assert len(seen) > 2
    assert seen[-1] == 1.0

    def stop(fraction: float) -> None:
        raise Cancelled

    try:
        run(network, 30, engine, progress=stop)
    except Cancelled:
        return
    raise AssertionError("the run did not stop")


def batch(engine: str) -> None:
    """Members of a batch are to the last bit what each is alone, in whatever order."""
    network = _spiking()
    members = [
        _member(network.set(change))
        for change in (
            {},
            {"cells.cell.sections.cable.channels.hh.gnabar": 0.13},
            {"drives.late.trains": [[2.0, 4.5]]},
            # windows differ, too
            {"projections.cells>cells.delay": 2.0, "projections.cells>cells.weight": 0.004},
        )
    ]
    alone = [_run_together(engine, [member])[0] for member in members]
    assert all(len(result.spike_time) > 1 for result in alone)
    assert not np.array_equal(alone[0].dipole, alone[1].dipole)
    for order in ([0, 1, 2, 3], [3, 1, 0, 2, 1]):
        for number, found in zip(
            order, _run_together(engine, [members[k] for k in order]), strict=True
        ):
            _assert_same(found, alone[number])


def windows(engine: str) -> None:
    """Several windows at once are the same as one after the other."""
    members = [_member(_spiking()), _member(_spiking(late=5.4))]
    expected = _run_together(engine, members)
    for found, one in zip(_run_together(engine, members, 3), expected, strict=True):
        _assert_same(found, one)


def rewinding(engine: str) -> None:
    """From a snapshot a run goes on as before, or as a full run with other inputs from then on."""
    members = [_member(_spiking()), _member(_spiking(late=5.4))]
    others = [_member(_spiking(late=5.8)), _member(_spiking(late=6.2))]
    inputs, later = ([m.inputs for m in found] for found in (members, others))
    expected, expected_later = (_run_together(engine, found) for found in (members, others))
    with closing(engines.get(engine).start(members, threads=1)) as run:
        kept = []
        while run.step < run.steps:
            kept.append((run.snapshot(), [run.result(k) for k in range(2)]))
            run.advance()
        # the first that differs arrives at 5.2 + 0.3 ms
        snapshot, before = [pair for pair in kept if pair[0].step <= 110][-1]
        assert snapshot.step > 0
        again = ((None, expected), (later, expected_later), (inputs, expected))
        for given, results in again:
            run.rewind(snapshot, given)
            assert run.step == snapshot.step
            for k in range(2):
                _assert_same(run.result(k), before[k])
            _advance(run)
            for k in range(2):
                _assert_same(run.result(k), results[k])
        run.rewind(kept[0][0])
        _advance(run)
        _assert_same(run.result(0), expected[0])


def failing(engine: str) -> None:
    """A member that diverges is marked, with place and time, and disturbs no other."""
    clamp = CurrentClamp(population="cells", section="cable", amplitude=0.0, start=2, cells=[1])
    network = _spiking().with_(biases={"hit": clamp})
    members = [_member(network.set({"biases.hit.amplitude": a})) for a in (0.0, 1e308, 0.05)]
    alone = [_run_together(engine, [members[k]])[0] for k in (0, 2)]
    with closing(engines.get(engine).start(members, threads=1)) as run:
        first = run.snapshot()
        times = set()
        for many in (1, 3):
            _advance(run, many)
            assert list(run.failures) == [1]
            error = run.failures[1]
            assert (error.population, error.cell) == ("cells", 1)
            assert error.compartment.startswith("cable")
            assert 2 < error.time <= 7.5
            times.add(error.time)
            for found, expected in zip((run.result(0), run.result(2)), alone, strict=True):
                _assert_same(found, expected)
            run.rewind(first)
            assert not run.failures
        assert len(times) == 1


def observables(engine: str) -> None:
    """Weighted sums of voltages and membrane currents are those of what is recorded."""
    clamp = CurrentClamp(population="cells", section="trunk", amplitude=0.3, start=1, stop=3)
    requests = {name: Recording(population="cells", variable=name) for name in ("v", "i_membrane")}
    network = one_cell(
        tree(), n=2, celsius=37.0, biases={"c": clamp.with_(cells=[1])}, recordings=requests
    )
    plan = compile(network, 4)
    nodes, sites = plan.populations[0].cell.tree.nodes, plan.recordings[0].sites
    weights = np.zeros((2, 2, nodes))
    weights[:, :, sites] = np.random.default_rng(1).normal(size=(2, 2, len(sites)))
    plan = observe(plan, "currents", "cells", weights, of="i_membrane", every=2)
    plan = observe(plan, "voltages", "cells", weights[:, 0], of="v")
    (found,) = _run_together(engine, [Member(plan, plan.trial(0)[1])])
    v, current = found.recordings
    # before the first step there are no currents to record
    pairs = (
        (found.observed[0][:, 1:], weights[:, :, sites], current[..., 2::2]),
        (found.observed[1], weights[:, [0, 0]][:, :, sites], v),
    )
    for sums, given, recorded in pairs:
        expected = np.einsum("ocn,cns->os", given, recorded)
        # rounding of differences between voltages, of which currents are a small part
        assert np.abs(sums - expected).max() < 1e-9 * np.abs(expected).max()


def _spiking(late: float = 5.2) -> Network:
    """Return two cables that spike and excite each other, driven early and late (ms)."""
    cell = cable({"hh": {}}, 3, L=60.0, diam=5.0, receptors={"excitation": 0.9}, v0=-65.0)
    link = Projection(
        source="cells", target="cells", location="cable", receptor="excitation",
        weight=0.002, delay=1.0, autapses=False,
    )  # fmt: skip
    drive = SpikeTrainDrive(
        trains=[[0.5]], location="cable", kernel=None,
        targets={"cells": DriveTarget(weights={"excitation": 0.01}, delay=0.3)},
    )  # fmt: skip
    drives = {"early": drive, "late": drive.with_(trains=[[late]])}
    requests = {
        name.replace(".", "_"): Recording(population="cells", variable=name)
        for name in ("v", "hh.ina", "hh.m_inf", "excitation.i")
    }
    return one_cell(
        cell, n=2, celsius=6.3, projections={"cells>cells": link}, drives=drives,
        recordings=requests,
    )  # fmt: skip


def _member(network: Network) -> Member:
    """Return 7.5 ms of a network in steps of 0.05 ms, as a member of a batch."""
    plan: Plan = compile(network, 7.5, dt=0.05)
    return Member(plan, plan.trial(0)[1])


def _advance(run: Run, windows: int = 1) -> None:
    """Advance to the end."""
    while run.step < run.steps:
        before = run.step
        assert run.advance(windows) == run.step > before
    assert run.advance() == run.steps


def _run_together(engine: str, members: Sequence[Member], windows: int = 1) -> list[RawResult]:
    with closing(engines.get(engine).start(members, threads=1)) as run:
        _advance(run, windows)
        return [run.result(k) for k in range(len(members))]


def _assert_same(found: RawResult, expected: RawResult) -> None:
    """Compare to the last bit."""
    for name in ("dipole", "spike_time", "spike_cell"):
        assert np.array_equal(getattr(found, name), getattr(expected, name)), name
    for name in ("recordings", "observed"):
        for a, b in zip(getattr(found, name), getattr(expected, name), strict=True):
            assert np.array_equal(a, b), name


CHECKS: dict[str, Callable[[str], None]] = {
    f.__name__: f
    for f in (
        rest, charging, events, agrees, moments, pulses, choices, conservation, determinism,
        position, divergence, cancelling, batch, windows, rewinding, failing, observables,
    )
}  # fmt: skip


def check(engine: str) -> None:
    """Run every check on one engine."""
    for test in CHECKS.values():
        test(engine)
