"""The functions of generated code, in either precision.

``double`` and ``single`` have the same names. Every number in them is of their precision, or
Numba would compute in double.
"""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np

from apical.engines.cuda.device import device


def _library(real: Any, small: float, largest: float) -> SimpleNamespace:
    """Return the functions of one precision.

    Parameters
    ----------
    real : type
        Type of numbers.
    small : float
        Below this |x|, `exprel_rate_slope` takes its series: the quotient cancels twice.
    largest : float
        exp of this can still be squared.
    """
    zero, half, one = real(0.0), real(0.5), real(1.0)
    near, most = real(small), real(largest)
    a, b, c = real(1.0 / 6.0), real(1.0 / 180.0), real(1.0 / 5040.0)

    @device
    def exp(x: Any) -> Any:
        return math.exp(x)

    @device
    def log(x: Any) -> Any:
        return math.log(x)

    @device
    def sqrt(x: Any) -> Any:
        return math.sqrt(x)

    @device
    def tanh(x: Any) -> Any:
        return math.tanh(x)

    @device
    def power(x: Any, y: Any) -> Any:
        return math.pow(x, y)

    @device
    def integer_power(x: Any, n: int) -> Any:
        result = one
        for _ in range(n):
            result = result * x
        return result

    @device
    def select(condition: bool, yes: Any, no: Any) -> Any:
        return yes if condition else no

    @device
    def minimum(a: Any, b: Any) -> Any:
        return a if a < b else b

    @device
    def maximum(a: Any, b: Any) -> Any:
        return a if a > b else b

    @device
    def exprel(z: Any) -> Any:
        """(exp(z) − 1)/z."""
        return one if z == zero else math.expm1(z) / z

    @device
    def exprel_rate(x: Any) -> Any:
        """x/(1 − exp(−x))."""
        return one if x == zero else -x / math.expm1(-x)

    @device
    def exprel_rate_slope(x: Any) -> Any:
        """Return the derivative of x/(1 − exp(−x))."""
        if abs(x) < near:
            xx = x * x
            return half + x * (a - xx * (b - xx * c))
        e = math.exp(-x if -x < most else most)
        return (one - e - x * e) / ((one - e) * (one - e))

    return SimpleNamespace(
        real=real, exp=exp, log=log, sqrt=sqrt, tanh=tanh, power=power,
        integer_power=integer_power, select=select, minimum=minimum, maximum=maximum,
        exprel=exprel, exprel_rate=exprel_rate, exprel_rate_slope=exprel_rate_slope,
    )  # fmt: skip


double = _library(np.float64, 0.03, 300.0)
single = _library(np.float32, 0.25, 40.0)


@device
def _quick(x: Any) -> Any:
    return 1.0 - math.exp(x)


@device
def _careful(x: Any) -> Any:
    return -math.expm1(x)


#: 1 − exp(x), by which gates come closer to their steady value in a step. Where that is little,
#: the difference would leave few digits in single precision.
double.decay, single.decay = _quick, _careful
