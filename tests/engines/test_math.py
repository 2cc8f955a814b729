"""The kernels' own functions against NumPy's, in both precisions."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from apical.engines.cpu import math, math32
from apical.equations import evaluate

BOTH = [(math, np.float64), (math32, np.float32)]


def over(function, real, x):
    """Apply a function to every element, in a compiled one: Python cannot call it."""

    @njit
    def each(values, out):
        for k in range(len(values)):
            out[k] = function(values[k])

    out = np.zeros(len(x), real)
    each(x.astype(real), out)
    return out


def relative(found, expected):
    return np.max(np.abs(found.astype(float) / expected - 1))


@pytest.mark.parametrize(("library", "real"), BOTH)
def test_exp_is_right_to_two_units_in_the_last_place(library, real):
    limit = 700 if real is np.float64 else 86
    x = np.linspace(-limit, limit, 20_001).astype(real)
    assert relative(over(library.exp, real, x), np.exp(x.astype(float))) < 2 * np.finfo(real).eps


@pytest.mark.parametrize(("library", "real"), BOTH)
def test_exp_stays_finite(library, real):
    x = np.array([-1e30, -1000, 1000, 1e30])
    found = over(library.exp, real, x)
    assert np.isfinite(found).all()
    assert (found[:2] < 1e-35).all()
    assert (found[2:] > 1e35).all()


@pytest.mark.parametrize(("library", "real"), BOTH)
def test_log_is_right_to_two_units_in_the_last_place(library, real):
    powers = 300 if real is np.float64 else 37
    x = 10.0 ** np.linspace(-powers, powers, 20_001)
    x = np.concatenate([x, np.linspace(0.5, 2, 10_001)]).astype(real)
    error = np.abs(over(library.log, real, x).astype(float) - np.log(x.astype(float)))
    scale = np.maximum(np.abs(np.log(x.astype(float))), 0.5)
    assert np.max(error / scale) < 2 * np.finfo(real).eps


# near zero a quotient cancels, further out a series is cut off: what is left where they meet
@pytest.mark.parametrize(("name", "double", "single"), [
    ("exprel_rate", 3e-12, 2e-5), ("exprel_rate_slope", 1e-10, 1e-4), ("exprel", 1e-10, 2e-4),
])  # fmt: skip
def test_functions_with_removable_singularities(name, double, single):
    x = np.concatenate([np.linspace(-20, 20, 20_001), np.linspace(-0.3, 0.3, 20_001)])
    for library, real, tolerance in ((math, np.float64, double), (math32, np.float32, single)):
        given = x.astype(real).astype(float)
        if name == "exprel":
            expected = np.where(given == 0, 1, np.expm1(given) / np.where(given == 0, 1, given))
        else:
            expected = getattr(evaluate, name)(given)
        assert relative(over(getattr(library, name), real, x), expected) < tolerance
