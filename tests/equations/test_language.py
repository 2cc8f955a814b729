"""The mechanism language: reading, units, classification, derivatives, code."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apical.equations import analyse, latex, parse_profile
from apical.equations import expr as e
from apical.equations.dimensions import balance
from apical.equations.emit import source
from apical.equations.evaluate import evaluate, exprel_rate, exprel_rate_slope
from apical.equations.parse import parse
from apical.equations.program import Method
from apical.errors import EquationError
from apical.units import parse_unit

EMPTY: dict = {
    "parameters": {}, "inputs": {}, "states": {}, "currents": {}, "outputs": {}, "initial": {},
}  # fmt: skip


def mechanism(equations: str, kind: str = "channel", **given):
    return analyse("test", kind, **{**EMPTY, "equations": equations, **given})


def problems(equations: str, kind: str = "channel", **given) -> str:
    with pytest.raises(EquationError) as caught:
        mechanism(equations, kind, **given)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2*3", 7.0),
        ("2^3^2", 512.0),
        ("-2^2", -4.0),
        ("2^-1", 0.5),
        ("(1 + 2)*3 - 4/2", 7.0),
        ("8/4/2", 1.0),
        ("2 - 3 - 4", -5.0),
        ("exp(log(5))", 5.0),
        ("where(1 < 2 and 3 >= 3, 4, 5)", 4.0),
        ("min(3, max(1, 2))", 2.0),
        ("1e-3*.5", 5e-4),
    ],
)
def test_arithmetic_follows_the_usual_precedence(text, value):
    assert float(evaluate(parse(text), {})) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    "text",
    [
        "", "1 +", "(1", "1)", "foo(1)", "exp(1, 2)", "exp", "a.b", "a[0]", "'x'", "lambda: 1",
        "__import__('os')", "x = 1", "1 if a else 2", "a; b", "9" * 400, "\x00", "1e999",
        "@", "a b",
    ],
)  # fmt: skip
def test_anything_but_arithmetic_is_refused(text):
    with pytest.raises(EquationError):
        parse(text)


@given(st.text(max_size=200))
def test_random_text_never_does_anything_but_parse_or_fail(text):
    try:
        parse(text)
    except EquationError:
        pass


@pytest.mark.parametrize(
    "text", ["(" * 5000, "-" * 5000 + "1", "v" + "+v" * 9000, "exp(" * 3000, "2^" * 3000 + "2"]
)
def test_hostile_nesting_is_refused_without_exhausting_the_stack(text):
    with pytest.raises(EquationError, match=r"nested|large|longer"):
        parse(text)


def test_exponential_growth_by_substitution_is_refused():
    lines = ["a0 = v/mV"] + [f"a{k} = a{k - 1}*a{k - 1}*v/mV" for k in range(1, 60)]
    text = "\n".join([*lines, "i = a59*mA/cm2"])
    assert "large" in problems(text, currents={"i": ""})


def test_units_are_converted_by_exact_powers_of_ten():
    units = {"a": parse_unit("mV"), "b": parse_unit("uV")}
    node, unit = balance(parse("a + b"), units)
    assert unit == parse_unit("mV")
    assert evaluate(node, {"a": 1.0, "b": 500.0}) == 1.5


def test_units_that_do_not_balance_are_named_with_their_line():
    text = problems("x = v + celsius\ni = v", currents={"i": ""})
    assert "line 1" in text
    assert "mV" in text
    assert "degC" in text
    assert "must be in mA/cm2" in text


def test_a_misspelt_name_is_suggested():
    text = problems("i = gbra*v", currents={"i": ""}, parameters={"gbar": "1 S/cm2"})
    assert "did you mean 'gbar'?" in text


def test_every_problem_is_reported_at_once():
    text = problems(
        "i = nonsense\ndm/dt = 1/mV\nfoo(1) = 2",
        states={"m": "1", "h": "1"},
        currents={"i": "", "ik": "k"},
    )
    for part in ("nonsense", "line 2", "states.h", "currents.ik", "cannot be assigned"):
        assert part in text


GATE = {"states": {"m": "1"}, "currents": {"i": ""}, "parameters": {"g": "1 S/cm2"}}


def one_update(slope: str):
    program = mechanism(f"dm/dt = {slope}\ni = g*m*v", **GATE, initial={"m": "0.1"})
    return program, program.updates[0]


@pytest.mark.parametrize(
    ("slope", "method"),
    [
        ("(0.5 - m)/(2*ms)", Method.EXACT),
        ("0.3/ms*(1 - m) - 0.1/ms*m", Method.EXACT),
        ("-m^2/ms", Method.EXPONENTIAL),
        ("1/ms", Method.CONSTANT),
    ],
)
def test_updates_are_classified(slope, method):
    assert one_update(slope)[1].method is method


@given(st.floats(0.01, 5), st.floats(0.01, 5), st.floats(0, 1), st.floats(0.001, 2))
def test_the_exact_update_is_the_analytic_solution(alpha, beta, m, dt):
    _, update = one_update(f"{alpha!r}/ms*(1 - m) - {beta!r}/ms*m")
    rate = float(evaluate(update.rate, {}))
    steady = float(evaluate(update.steady, {}))
    x = m + (1 - math.exp(rate * dt)) * (steady - m)
    inf = alpha / (alpha + beta)
    assert x == pytest.approx(inf + (m - inf) * math.exp(-(alpha + beta) * dt), abs=1e-14)


def test_alpha_and_tau_forms_give_the_steady_state_without_division_by_tau():
    _, update = one_update("(0.25 - m)/(3*ms)")
    assert update.steady == e.Number(0.25)


def test_an_initial_value_must_be_given_where_none_follows():
    assert "must be given" in problems("dm/dt = -m^2/ms\ni = g*m*v", **GATE)
    # directly, and through an intermediate
    for equations in ("dm/dt = (h - m)/ms", "a = 2*h\ndm/dt = (a - m)/ms"):
        text = f"{equations}\ndh/dt = (0.5 - h)/ms\ni = g*m*v"
        given = {**GATE, "states": {"m": "1", "h": "1"}}
        assert "must be given: the steady state depends on h" in problems(text, **given)


VALUES = {"x": 0.7, "y": 1.3}
SMOOTH = [
    "x*y", "x/y", "y/x", "x^3", "x^y", "2^x", "exp(x*y)", "log(x)", "sqrt(x)", "tanh(x)", "abs(-x)",
    "min(x, y)", "max(x, y)", "where(x < y, x*x, y)", "exprel_rate(x)", "exprel_rate(-3*x)",
    "-x", "x - y*x", "(x - y)/(x + y)",
]  # fmt: skip


@pytest.mark.parametrize("text", SMOOTH)
def test_derivatives_agree_with_differences(text):
    node, h = parse(text), 1e-6
    slope = float(evaluate(e.differentiate(node, "x"), VALUES))
    high = float(evaluate(node, {**VALUES, "x": 0.7 + h}))
    low = float(evaluate(node, {**VALUES, "x": 0.7 - h}))
    # central differences: h² truncation and 1e-16/h rounding, both near 1e-10
    assert slope == pytest.approx((high - low) / (2 * h), rel=1e-8, abs=1e-9)


@pytest.mark.parametrize("text", SMOOTH)
def test_emitted_source_means_the_same(text):
    """The emitted text is parsed again: what engines compile is what was checked."""
    again = source(parse(text))
    names = {
        "real(": "(",
        "select(": "where(",
        "minimum": "min",
        "maximum": "max",
        "power(": "POWER(",
    }
    for name, own in names.items():
        again = again.replace(name, own)
    if "POWER(" in again:
        base, exponent = again[len("POWER(") : -1].split(", ")
        again = f"({base})^({exponent})"
    value = float(evaluate(parse(again), VALUES))
    assert value == pytest.approx(float(evaluate(parse(text), VALUES)), rel=1e-15)


@given(st.floats(-60, 60))
def test_exprel_rate_is_smooth_through_zero(x):
    expected = 1.0 if x == 0 else x / -math.expm1(-x)
    # below the switch the series is exact to x⁴/720; above it the quotient loses 1e-16/1e-4
    assert float(exprel_rate(np.float64(x))) == pytest.approx(expected, rel=3e-12)


@given(st.floats(-5, 5))
def test_exprel_rate_slope_is_its_derivative(x):
    h = 1e-5
    slope = (exprel_rate(np.float64(x + h)) - exprel_rate(np.float64(x - h))) / (2 * h)
    assert float(exprel_rate_slope(np.float64(x))) == pytest.approx(float(slope), abs=2e-6)


def test_conductance_is_the_derivative_and_linearity_is_noticed():
    text = "g1 = g*m\ni = g1*(v - e)\nj = g*(v - e)^2/mV"
    parameters = {"g": "1 S/cm2", "e": "-70 mV"}
    program = mechanism(
        "dm/dt = -m/ms\n" + text,
        states={"m": "1"},
        currents={"i": "", "j": ""},
        parameters=parameters,
    )
    linear, square = program.currents
    assert linear.linear
    assert not square.linear
    values = {"g": 2.0, "e": -70.0, "v": -60.0, "m": 0.5, "g1": 1.0}
    assert float(evaluate(linear.conductance, values)) == 1.0
    assert float(evaluate(square.conductance, values)) == 40.0


def test_constants_are_found():
    program = mechanism(
        "q = 3^((celsius - 6.3*degC)/(10*degC))\nk = q*g\ni = k*v",
        currents={"i": ""}, parameters={"g": "1 S/cm2"},
    )  # fmt: skip
    assert [a.name for a in program.constants] == ["q", "k"]


def test_profiles_are_checked_for_their_unit():
    node = parse_profile("1e-6*S/cm2*exp(0.003/um*distance)", "S/cm2")
    assert float(evaluate(node, {"distance": 1000.0})) == pytest.approx(1e-6 * math.exp(3))
    with pytest.raises(EquationError, match="must be in"):
        parse_profile("0.003*distance", "S/cm2")
    with pytest.raises(EquationError, match="did you mean 'distance'"):
        parse_profile("1*S/cm2*distence", "S/cm2")


def test_latex_names_gates_as_papers_do():
    program = mechanism("m_inf = 0.5\ndm/dt = (m_inf - m)/(2*ms)\ni = g*m*v", **GATE)
    text = latex(program)
    assert r"m_{\mathrm{\infty}}" in text
    assert r"\frac{dm}{dt}" in text


@settings(max_examples=60)
@given(st.text(max_size=80), st.text(max_size=80), st.text(max_size=20))
def test_random_mechanisms_never_do_anything_but_fail_with_an_equation_error(text, event, name):
    try:
        mechanism(text, "receptor", states={name: "1"}, currents={"i": ""}, on_event=event)
    except EquationError:
        pass


PULSED = {
    "kind": "receptor", "states": {"T": "uS"}, "currents": {"i": ""},
    "parameters": {"lasting": "1 ms", "scale": "2"}, "initial": {"T": "0*uS"},
}  # fmt: skip


def test_events_that_last_name_how_long():
    program = mechanism(
        "dT/dt = 0*uS/ms\ntwice = 2*scale\ni = T*v", on_event="T += twice*weight",
        pulse="lasting", **PULSED,
    )  # fmt: skip
    assert program.pulse == "lasting"
    assert mechanism("dT/dt = 0*uS/ms\ni = T*v", on_event="T += weight", **PULSED).pulse == ""


@pytest.mark.parametrize(
    ("event", "pulse", "message"),
    [
        ("T += weight", "lastin", "pulse: 'lastin' is not a parameter (did you mean 'lasting'?)"),
        ("T += weight", "scale", "pulse: 'scale' must be in ms; it is in 1"),
        ("T = weight", "lasting", "on_event: 'T += …' must be proportional to the weight"),
        ("T += weight + 1*uS", "lasting", "must be proportional to the weight"),
        ("T += weight^2/(1*uS)", "lasting", "must be proportional to the weight"),
        ("T += weight*(1 - T/(1*uS))", "lasting", "must be proportional to the weight"),
    ],
)
def test_events_that_last_must_be_undone_by_their_end(event, pulse, message):
    text = "dT/dt = 0*uS/ms\ni = T*v"
    assert message in problems(text, on_event=event, pulse=pulse, **PULSED)


def test_only_receptors_have_pulses():
    assert "pulse: only a receptor" in problems("i = 1*mA/cm2", pulse="x", currents={"i": ""})
