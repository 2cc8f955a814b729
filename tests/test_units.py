from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apical.units import parse_quantity, parse_unit


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("20 ms", "ms", 20.0),
        ("0.02 s", "ms", 20.0),
        ("60 pS/um2", "S/cm2", 0.006),
        ("1 mS/cm^2", "S/cm2", 0.001),
        ("100 Ω·cm", "ohm cm", 100.0),
        ("1 µF/cm²", "uF/cm2", 1.0),
        ("37", "degC", 37.0),
        (5, "mV", 5.0),
    ],
)
def test_quantities_are_converted(text, unit, value):
    assert parse_quantity(text, unit) == value


@pytest.mark.parametrize("value", ["20 mV", "ms", "", "2 parsec", True, None, [1], "1 ms ms", {}])
def test_anything_else_is_refused(value):
    with pytest.raises(ValueError, match=r"must be|unknown"):
        parse_quantity(value, "ms")


def test_a_unit_prints_as_people_write_it():
    assert str(parse_unit("S cm^-2")) == "S/cm2"


@given(st.text(max_size=30))
def test_random_units_parse_or_raise_value_error(text):
    try:
        parse_unit(text)
    except ValueError:
        pass


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_with_the_same_unit_are_not_touched(value):
    assert parse_quantity(f"{value!r} mV", "mV") == value
