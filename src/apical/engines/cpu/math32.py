"""The functions of :mod:`apical.engines.cpu.math` in single precision.

Every literal is a 32-bit number, or Numba would compute in double. Relative error of ``exp`` and
``log``: about 1e-7 (Cephes' single-precision polynomials, S. L. Moshier 1989).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types

from apical.engines.cpu.math import C_OPTIONS as C_OPTIONS
from apical.engines.cpu.math import INNER, compiled
from apical.engines.cpu.math import maximum as maximum
from apical.engines.cpu.math import minimum as minimum
from apical.engines.cpu.math import select as select
from apical.engines.cpu.math import sqrt as sqrt
from apical.engines.cpu.math import tanh as tanh

real = np.float32


@compiled
def _bits(typingctx: Any, x: Any) -> Any:
    """Reinterpret a float as a 32-bit integer."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.IntType(32))

    return types.int32(types.float32), generate


@compiled
def _float(typingctx: Any, x: Any) -> Any:
    """Reinterpret a 32-bit integer as a float."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.FloatType())

    return types.float32(types.int32), generate


@compiled
def _scaled(typingctx: Any, x: Any, n: Any) -> Any:
    """Add n to the exponent bits of x: n is in the low bits of a shifted number."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        bits = builder.bitcast(args[0], ir.IntType(32))
        shift = builder.shl(
            builder.bitcast(args[1], ir.IntType(32)), ir.Constant(ir.IntType(32), 23)
        )
        return builder.bitcast(builder.add(bits, shift), ir.FloatType())

    return types.float32(types.float32, types.float32), generate


# adding and subtracting 1.5·2^23 rounds to a whole number and leaves it in the low bits
_MAGIC, _LOG2E, _LIMIT = real(12582912.0), real(1.4426950408889634), real(87.0)
_LN2_HIGH, _LN2_LOW = real(0.693359375), real(-2.12194440e-4)
_E0, _E1, _E2 = real(1.9875691500e-4), real(1.3981999507e-3), real(8.3334519073e-3)
_E3, _E4, _E5 = real(4.1665795894e-2), real(1.6666665459e-1), real(5.0000001201e-1)
_ZERO, _HALF, _ONE = real(0.0), real(0.5), real(1.0)


@njit(**INNER)
def exp(x: Any) -> Any:
    """Return e^x; held finite at both ends (|x| ≤ 87)."""
    x = x if x < _LIMIT else _LIMIT
    x = x if x > -_LIMIT else -_LIMIT
    shifted = x * _LOG2E + _MAGIC
    n = shifted - _MAGIC
    r = (x - n * _LN2_HIGH) - n * _LN2_LOW
    p = ((((_E0 * r + _E1) * r + _E2) * r + _E3) * r + _E4) * r + _E5
    return _scaled(p * r * r + r + _ONE, shifted)


@njit(**INNER)
def decay(x: Any) -> Any:
    """Return 1 − e^x for x ≤ 0; where that is little, it keeps all its digits."""
    x = x if x > -_LIMIT else -_LIMIT
    shifted = x * _LOG2E + _MAGIC
    n = shifted - _MAGIC
    r = (x - n * _LN2_HIGH) - n * _LN2_LOW
    p = ((((_E0 * r + _E1) * r + _E2) * r + _E3) * r + _E4) * r + _E5
    scale = _scaled(_ONE, shifted)
    return (_ONE - scale) - scale * (p * r * r + r)


_L = tuple(
    real(c)
    for c in (
        7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1,
        -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
    )
)  # fmt: skip
_NO_LOG = real(-1e30)
_ROOT_HALF = real(0.70710678118654752440)


@njit(**INNER)
def log(x: Any) -> Any:
    """Return the natural logarithm of a positive normal number."""
    bits = _bits(x)
    exponent = np.int32(((bits >> np.int32(23)) & np.int32(0xFF)) - np.int32(126))
    m = _float(np.int32((bits & np.int32(0x7FFFFF)) | np.int32(0x3F000000)))
    low = m < _ROOT_HALF
    n = real(exponent) - (_ONE if low else _ZERO)
    z = (m + m if low else m) - _ONE
    p = _L[0]
    for k in range(1, 9):
        p = p * z + _L[k]
    zz = z * z
    y = p * z * zz + n * _LN2_LOW - _HALF * zz
    return z + y + n * _LN2_HIGH if x > _ZERO else _NO_LOG


@njit(**INNER)
def power(x: Any, y: Any) -> Any:
    """Return x to any power."""
    return real(np.power(x, y))


@njit(**INNER)
def integer_power(x: Any, n: int) -> Any:
    """Multiply out a small whole power."""
    result = _ONE
    for _ in range(n):
        result = result * x
    return result


_SMALL, _TWELFTH = real(2e-2), real(1.0 / 12.0)


@njit(**INNER)
def exprel_rate(x: Any) -> Any:
    """Return x / (1 − exp(−x)), continued through x = 0."""
    small = abs(x) < _SMALL
    safe = _ONE if small else x
    quotient = safe / (_ONE - exp(-safe))
    return _ONE + _HALF * x + x * x * _TWELFTH if small else quotient


_WIDE, _SIXTH, _SERIES = real(0.25), real(1.0 / 6.0), real(1.0 / 180.0)


@njit(**INNER)
def exprel_rate_slope(x: Any) -> Any:
    """Return the derivative of :func:`exprel_rate`."""
    small = abs(x) < _WIDE
    safe = _ONE if small else x
    e = exp(-safe)
    quotient = (_ONE - e - safe * e) / ((_ONE - e) * (_ONE - e))
    return _HALF + x * _SIXTH - x * x * x * _SERIES if small else quotient


_TINY = real(1e-3)


@njit(**INNER)
def exprel(z: Any) -> Any:
    """Return (exp(z) − 1)/z, continued through z = 0."""
    small = abs(z) < _TINY
    safe = _ONE if small else z
    quotient = (exp(safe) - _ONE) / safe
    return _ONE + _HALF * z + z * z * _SIXTH if small else quotient
