"""Faults that were found, each in both engines where it concerns both."""

from __future__ import annotations

import numpy as np
import pytest

from apical import (
    CurrentClamp,
    DriveTarget,
    Mechanism,
    Points,
    Population,
    Projection,
    Receptor,
    Recording,
    Section,
    SpikeTrainDrive,
    library,
    simulate,
)
from apical.engines import get
from apical.engines.base import Member
from apical.errors import EquationError, ModelError, NumericalError, SteadyStateWarning
from apical.model import Cell, FixedRule
from apical.plan import compile
from apical.testing.networks import ball, cable, one_cell, pair_of_populations, tree

ENGINES = ["cpu", "reference"]


def channel(name="own", **given):
    return Mechanism(**({"name": name, "kind": "channel", "currents": {"i": ""}} | given))


def with_channel(mechanism, start=-65.0, **parameters):
    """Return a leaky ball with one channel of our own."""
    cell = ball({"pas": {}, mechanism.name: parameters}, v0=start)
    return one_cell(cell, celsius=37.0, mechanisms={mechanism.name: mechanism})


def voltage(network, engine, duration=5.0, **given):
    result = simulate(network, duration, engine=engine, **({"start": "given"} | given))
    return result.recordings["v"].values[0, 0]


def test_the_rest_of_a_cell_does_not_fit_one_with_another_order():
    """Content hashes are blind to the order of names, arrays are not."""

    def rest(sections, channels):
        parts = {
            "soma": Section(L=20, diam=20, v0=-70, channels={n: channels[n] for n in channels}),
            "dend": Section(L=200, diam=2, parent="soma", channels={"pas": {"e": -90.0}}),
        }
        cell = Cell(sections={n: parts[n] for n in sections})
        result = simulate(one_cell(cell, celsius=37.0), 5)
        assert result.provenance["at_rest"]
        v = result.recordings["v"]
        assert np.abs(v - v[..., :1]).max() < 1e-6
        return v.sel(site="soma(0.5)").values[0, 0, 0]

    hh2, km, pas = {"gnabar": 0.05}, {"gbar": 0.001}, {"e": -70.0}
    one = rest(["soma", "dend"], {"hh2": hh2, "km": km, "pas": pas})
    other = rest(["dend", "soma"], {"pas": pas, "km": km, "hh2": hh2})
    assert one == pytest.approx(other, abs=1e-9)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_receptor_may_read_many_values(engine):
    count = 40
    names = [f"c{k}" for k in range(count)]
    pool = Mechanism(
        name="pool", kind="pool", states=dict.fromkeys(names, "mM"),
        outputs=dict.fromkeys(names, "mM"), initial=dict.fromkeys(names, "1e-4*mM"),
        equations="\n".join(f"d{n}/dt = (1e-4*mM - {n})/(5*ms)" for n in names),
    )  # fmt: skip
    reader = Mechanism(
        name="reader", kind="receptor", inputs=dict.fromkeys(names, "mM"), states={"s": "uS"},
        currents={"i": ""}, on_event="s += weight",
        equations="total = " + " + ".join(names) + "\nds/dt = -s/(3*ms)\ni = s*total/mM*v",
    )  # fmt: skip
    soma = Section(L=20, diam=20, v0=-70, channels={"pas": {}, "pool": {}}, receptors=["r"])
    cell = Cell(sections={"soma": soma}, receptors={"r": Receptor(mechanism="reader")})
    drive = SpikeTrainDrive(
        trains=[[1.0]], location="soma", kernel=None,
        targets={"cells": DriveTarget(weights={"r": 5.0}, delay=0)},
    )  # fmt: skip
    own = {"pool": pool, "reader": reader}
    v = voltage(one_cell(cell, mechanisms=own, drives={"d": drive}), engine)
    assert v.max() > -69.9
    assert np.isfinite(v).all()


@pytest.mark.parametrize("engine", ENGINES)
def test_two_pools_may_give_the_same_in_different_sections(engine):
    other = Mechanism.model_validate({**library.mechanism("cad").model_dump(), "name": "cad2"})
    calcium = {"ca": {"gbar": 0.001}, "pas": {"e": -60.0}}
    cell = Cell(
        sections={
            "soma": Section(L=20, diam=20, channels=calcium | {"cad": {"taur": 20.0}}),
            "dend": Section(
                L=80, diam=2, parent="soma", channels=calcium | {"cad2": {"taur": 5.0}}
            ),
        }
    )
    network = one_cell(cell, celsius=37.0, mechanisms={"cad2": other})
    assert np.isfinite(voltage(network, engine)).all()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("slope", ["on*(0.7 - s)", "on*(1 - s) - on*s", "-k*s"])
def test_a_rate_of_zero_changes_nothing(engine, slope):
    gate = channel(
        parameters={"g": "1e-4 S/cm2", "k": "0 1/ms"}, states={"s": "1"}, initial={"s": "0.25"},
        equations=f"on = where(v > 100*mV, 1/ms, 0/ms)\nds/dt = {slope}\ni = g*s*(v + 70*mV)",
    )  # fmt: skip
    request = {"s": Recording(population="cells", variable="own.s")}
    network = with_channel(gate).with_(recordings=request)
    found = simulate(network, 3, engine=engine, start="given").recordings["s"].values
    assert (found == 0.25).all()


def test_names_of_equations_cannot_collide_in_generated_code():
    names = ["factor_m", "lambda", "n", "j", "table", "links", "exp_", "real", "c", "v_"]
    gate = channel(
        parameters={"g": "1e-4 S/cm2"} | {n: f"{k + 1}" for k, n in enumerate(names)},
        states={"m": "1"}, initial={"m": "0.1"},
        equations=f"sum = {' + '.join(names)}\ndm/dt = (0.5 - m)/(sum*ms)\n"
        "i = g*m*factor_m*(v + 50*mV)",
    )  # fmt: skip
    a, b = (voltage(with_channel(gate), engine) for engine in ENGINES)
    assert np.abs(a - b).max() < 1e-10


@pytest.mark.parametrize("name", ["µ", "x²", "tau①"])
def test_names_with_two_spellings_are_refused(name):
    with pytest.raises(ModelError, match="letters, digits"):
        channel(parameters={name: "1 S/cm2"}, equations="i = 1*mA/cm2")


def test_a_state_that_never_rests_is_no_rest():
    clock = channel(
        parameters={"g": "1e-4 S/cm2"}, states={"x": "1"}, initial={"x": "0"},
        equations="dx/dt = 1/ms\ni = g*(v + 70*mV)",
    )  # fmt: skip
    with pytest.warns(SteadyStateWarning):
        result = simulate(with_channel(clock), 2)
    assert not result.provenance["at_rest"]


def receptor(event, **given):
    return Mechanism(**({
        "name": "own", "kind": "receptor", "parameters": {"k": "2"}, "states": {"s": "uS"},
        "currents": {"i": ""}, "on_event": event,
        "equations": "double = k*2\nhere = v/mV\nds/dt = -s/(3*ms)\ni = s*v",
    } | given))  # fmt: skip


@pytest.mark.parametrize("engine", ENGINES)
def test_an_event_may_use_intermediates(engine):
    soma = Section(L=20, diam=20, v0=-70, channels={"pas": {}}, receptors=["r"])
    cell = Cell(sections={"soma": soma}, receptors={"r": Receptor(mechanism="own")})
    drive = SpikeTrainDrive(
        trains=[[1.0]], location="soma", kernel=None,
        targets={"cells": DriveTarget(weights={"r": 1e-3}, delay=0)},
    )  # fmt: skip
    own = {"own": receptor("s += weight*double")}
    request = {"s": Recording(population="cells", variable="r.s")}
    network = one_cell(cell, mechanisms=own, drives={"d": drive}, recordings=request)
    found = simulate(network, 2, engine=engine, start="given").recordings["s"].values
    assert found.max() == pytest.approx(4e-3, rel=0.01)


@pytest.mark.parametrize(("given", "words"), [
    ({"event": "s += weight*here"}, "'v', which changes"),
    ({"event": "s += weight", "currents": {"i": "ca"}}, "cannot fill a pool"),
    ({"event": "s += weight", "inputs": {"ica": "mA/cm2"}}, "only a pool takes ion currents"),
    ({"event": "s += weight", "parameters": {"k": "inf"}}, "must be finite"),
    ({"event": "s += weight", "parameters": {"k": "1e400"}}, "must be finite"),
])  # fmt: skip
def test_what_no_engine_could_do_is_refused_with_the_equations(given, words):
    event = given.pop("event")
    with pytest.raises((ModelError, EquationError), match=words):
        receptor(event, **given)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_pool_without_any_channel_rests_at_its_floor(engine):
    cell = ball({"pas": {}, "cad": {}}, v0=-70.0)
    request = {"c": Recording(population="cells", variable="cad.cai")}
    own = {"ca": library.mechanism("ca")}
    network = one_cell(cell, celsius=37.0, recordings=request, mechanisms=own)
    found = simulate(network, 2, engine=engine, start="given").recordings["c"].values
    assert found == pytest.approx(1e-4)


def test_long_chains_of_intermediates_compile():
    lines = ["a0 = v/mV"] + [f"a{k} = a{k - 1} + 1" for k in range(1, 150)]
    chain = channel(
        parameters={"g": "1e-4 S/cm2"}, states={"x": "1"},
        equations="\n".join([*lines, "dx/dt = (a149/300 - x)/ms", "i = g*x*(v + 50*mV)"]),
    )  # fmt: skip
    a, b = (voltage(with_channel(chain), engine) for engine in ENGINES)
    assert np.abs(a - b).max() < 1e-10


@pytest.mark.parametrize("engine", ENGINES)
def test_the_logarithm_of_a_negative_number_is_not_hidden(engine):
    bad = channel(
        parameters={"g": "1e-3 S/cm2"}, states={"x": "1"}, initial={"x": "1"},
        equations="dx/dt = (-1 - x)/(1*ms)\ni = g*log(x)*mV",
    )  # fmt: skip
    with pytest.raises(NumericalError):
        voltage(with_channel(bad), engine)


def test_a_mechanism_may_have_a_name_of_any_script():
    name = "通道" * 40
    own = channel(name=name, parameters={"g": "1e-4 S/cm2"}, equations="i = g*(v + 70*mV)")
    assert np.isfinite(voltage(with_channel(own), "cpu", 1.0)).all()


@pytest.mark.parametrize("engine", ENGINES)
def test_the_threshold_is_the_cells_own_and_touching_it_is_no_spike(engine):
    clamp = CurrentClamp(population="cells", section="soma", amplitude=0.01, start=1, stop=20)
    network = one_cell(ball({"pas": {"g": 1e-4, "e": -70.0}}, v0=-70.0), biases={"c": clamp})
    times = []
    for threshold in (-69.0, -60.0, 0.0):
        own = network.set({"cells.cell.threshold": threshold})
        times.append(simulate(own, 20, engine=engine, start="given").spikes.time.values.tolist())
    assert [len(t) for t in times] == [1, 1, 0]
    assert times[0][0] < times[1][0]
    at_threshold = network.set({"cells.cell.threshold": -70.0})
    assert len(simulate(at_threshold, 20, engine=engine, start="given").spikes.time) == 1


def test_gain_multiplies_weights_and_drives_may_be_sparse():
    network = pair_of_populations()
    base = compile(network, 20).connections[1]
    doubled = compile(network.set({"projections.trees>balls.gain": 3.0}), 20).connections[1]
    assert doubled.weight == pytest.approx(2 * base.weight)
    half = network.set({"drives.input.probability": 0.5})
    full = compile(network, 20).drives[0].connections["trees"].n
    # three trains onto 19 cells with two sections each
    assert full == 3 * 19 * 2
    assert compile(half, 20).drives[0].connections["trees"].n == round(0.5 * 3 * 19) * 2


def test_events_that_have_arrived_make_room_for_others():
    """Entries of the calendar are used again: memory does not grow with the duration."""
    excited = {"biases.bias.stop": 200.0, "biases.bias.cells": list(range(7))}
    plan = compile(pair_of_populations().set(excited), 200.0)
    run = get("cpu").start([Member(plan, plan.trial(0)[1])], threads=1)
    while run.step < run.steps:
        run.advance()
    spikes, blocks = len(run._calendar.spiked().step), run._calendar.traffic.queue.room[0, 0]
    run.close()
    # delays are a window or two: what is on its way at any time are the spikes of few windows
    assert spikes > 300
    assert blocks < 50


def test_recordings_of_receptors_at_a_shared_node():
    base = Section(L=100, diam=2, channels={"pas": {}}, receptors={"r": 1.0})
    child = Section(L=100, diam=2, parent="base", channels={"pas": {}}, receptors={"r": 0.0})
    cell = Cell(
        sections={"base": base, "child": child}, receptors={"r": Receptor(mechanism="exp2syn")},
        segments=FixedRule(),
    )  # fmt: skip
    request = {"B": Recording(population="cells", variable="r.B", sections=["child"])}
    result = simulate(one_cell(cell, recordings=request), 1, start="given")
    assert result.recordings["B"].site.values.tolist() == ["child(0)"]


def test_a_far_drive_is_silent_without_warnings():
    drive = SpikeTrainDrive(
        trains=[[1.0]], location="cable", targets={"cells": DriveTarget(weights={"r": 1.0})}
    )
    cell = cable({"pas": {}}, 1, receptors=["r"])
    network = one_cell(cell, n=60, drives={"d": drive}, inplane_distance=0.01)
    assert len(simulate(network, 2, start="given").spikes.time) == 1


def test_projections_of_pairs():
    network = pair_of_populations()
    link = Projection(
        source="trees", target="balls", location="soma", receptor="excitation", weight=0.01,
        delay=2, rule="pairs", pairs=[(4, 2), (0, 1)],
    )  # fmt: skip
    plan = compile(network.with_(projections={"p": link}), 20)
    assert plan.connections[1].source.tolist() == [0, 4]
    assert plan.connections[1].cell.tolist() == [1, 2]


def test_units_of_what_mechanisms_share_must_agree():
    """A reversal potential in V from a pool that gives mV would be wrong a thousandfold."""
    cad = library.mechanism("cad").model_dump()
    spelled = Mechanism.model_validate({**cad, "inputs": {"ica": "mA/cm^2"}})
    cell = ball({"pas": {}, "ca": {"gbar": 0.01}, "cad": {}}, v0=-40.0)
    result = simulate(one_cell(cell, celsius=37.0, mechanisms={"cad": spelled}), 1)
    assert np.isfinite(result.recordings["v"].values).all()
    with pytest.raises(ModelError, match="must be in mA/cm2"):
        Mechanism.model_validate({**cad, "inputs": {"ica": "uA/cm2"}})
    reader = channel(
        parameters={"g": "1e-4 S/cm2"}, inputs={"eca": "V"}, equations="i = g*(v - eca)"
    )
    own = ball({"ca": {}, "cad": {}, "own": {}})
    with pytest.raises(ModelError, match="one unit"):
        one_cell(own, mechanisms={"own": reader})


def test_dipoles_of_populations_that_share_a_cell_type():
    """Their groups share weights, though they have other idle lanes."""
    base = one_cell(tree(), celsius=37.0)
    sizes = {"few": 3, "more": 7, "most": 21}
    populations = {
        name: Population(
            cell="cell", dipole=True, positions=Points(coordinates=[(k, 0, 0) for k in range(n)])
        )
        for name, n in sizes.items()
    }
    network = base.with_(populations=populations, recordings={})
    for precision in ("double", "single"):
        found = simulate(network, 2, start="given", precision=precision).dipole.values[0]
        alone = found[0, 1:] / sizes["few"]
        assert np.abs(alone).max() > 0
        for values, n in zip(found, sizes.values(), strict=True):
            assert np.allclose(values[1:], n * alone, rtol=1e-5, atol=0)


def test_quotients_that_a_condition_guards():
    """What never changes is computed once, 1/0 too, where nobody asks for it."""
    guarded = Mechanism(
        name="guarded", kind="channel", parameters={"g": "0.1 mS/cm2", "e": "-20 mV", "p": "0"},
        states={"x": "1"}, currents={"i": ""},
        equations="""
            dx/dt = (0.5 - x)/(3*ms)
            i = g*where(p > 0, x/p, x)*(v - e)
        """,
    )  # fmt: skip
    network = one_cell(ball({"guarded": {}}, v0=-70.0), mechanisms={"guarded": guarded})
    found, expected = (
        simulate(network, 2, start="given", engine=engine).recordings["v"].values
        for engine in ("cpu", "reference")
    )
    assert np.abs(found - expected).max() < 1e-11
