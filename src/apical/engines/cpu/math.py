"""Branch-free scalar functions that LLVM vectorises, for generated kernels.

Numba calls the C library's ``exp`` element by element, which keeps loops scalar. These use
arithmetic and bit patterns only. Relative error of ``exp`` and ``log``: about 2e-16
(Cephes' rational approximations, S. L. Moshier 1989).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from apical.engines.cpu.parts import PartCompiler, WholeCompiler

#: ``reassoc`` is left out on purpose: sums keep their order, so results do not depend on lanes
#: or threads. NaN checks inside kernels are void (nnan); engines check voltages outside.
_USUAL: dict[str, Any] = {
    "error_model": "numpy",
    "fastmath": {"contract", "nsz", "nnan", "ninf"},
}
#: For generated functions, which are called by address and consist of parts. They allocate
#: nothing: without `_nrt`, every slice of an array costs two atomic additions to a counter that all
#: threads share.
C_OPTIONS: dict[str, Any] = {
    **_USUAL, "_nrt": False, "pipeline_class": WholeCompiler,
}  # fmt: skip
#: For functions that only compiled ones call. What would let Python call them takes as long to
#: compile as they do.
INNER: dict[str, Any] = {
    **_USUAL, "_nrt": False, "no_cfunc_wrapper": True, "no_cpython_wrapper": True,
    "pipeline_class": PartCompiler,
}  # fmt: skip
#: The same, and NaN is not taken to be absent.
CAREFUL: dict[str, Any] = {k: v for k, v in INNER.items() if k != "fastmath"}

#: What literals of generated code become.
real = np.float64


def compiled(write: Any) -> Any:
    """Make an intrinsic; a type checker cannot know the signature it has once compiled."""
    return intrinsic(write)


@compiled
def _bits(typingctx: Any, x: Any) -> Any:
    """Reinterpret a double as a 64-bit integer."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.IntType(64))

    return types.int64(types.float64), generate


@compiled
def _double(typingctx: Any, x: Any) -> Any:
    """Reinterpret a 64-bit integer as a double."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.DoubleType())

    return types.float64(types.int64), generate


# adding and subtracting 1.5·2^52 rounds to a whole number and leaves it in the low bits
_MAGIC = 6755399441055744.0
_LOG2E = 1.4426950408889634
_LN2_HIGH = 6.93145751953125e-1
_LN2_LOW = 1.42860682030941723212e-6


@njit(**INNER)
def exp(x: float) -> float:
    """Return e^x; held finite at both ends (|x| ≤ 708)."""
    x = x if x < 708.0 else 708.0
    x = x if x > -708.0 else -708.0
    shifted = x * _LOG2E + _MAGIC
    n = shifted - _MAGIC
    r = (x - n * _LN2_HIGH) - n * _LN2_LOW
    rr = r * r
    p = r * ((1.26177193074810590878e-4 * rr + 3.02994407707441961300e-2) * rr + 1.0)
    q = (
        (3.00198505138664455042e-6 * rr + 2.52448340349684104192e-3) * rr
        + 2.27265548208155028766e-1
    ) * rr + 2.0
    e = 1.0 + 2.0 * p / (q - p)
    return _double(_bits(e) + (_bits(shifted) << 52))


@njit(**INNER)
def decay(x: float) -> float:
    """Return 1 − e^x, by which a gate comes closer to its steady value."""
    return 1.0 - exp(x)


@njit(**INNER)
def log(x: float) -> float:
    """Return the natural logarithm of a positive normal number."""
    bits = _bits(x)
    exponent = ((bits >> 52) & 0x7FF) - 1022
    m = _double((bits & 0xFFFFFFFFFFFFF) | 0x3FE0000000000000)
    # mantissa to [√½, √2)
    low = m < 0.70710678118654752440
    n = float(exponent - (1 if low else 0))
    z = (m + m if low else m) - 1.0
    zz = z * z
    p = (
        (
            (
                (1.01875663804580931796e-4 * z + 4.97494994976747001425e-1) * z
                + 4.70579119878881725854
            )
            * z
            + 1.44989225341610930846e1
        )
        * z
        + 1.79368678507819816313e1
    ) * z + 7.70838733755885391666
    q = (
        (
            ((z + 1.12873587189167450590e1) * z + 4.52279145837532221105e1) * z
            + 8.29875266912776603211e1
        )
        * z
        + 7.11544750618563894466e1
    ) * z + 2.31251620126765340583e1
    y = z * (zz * p / q) - n * 2.121944400546905827679e-4 - 0.5 * zz
    # no NaN in here: a number this large makes the simulation diverge, which is reported
    return z + y + n * 0.693359375 if x > 0.0 else -1e300


@njit(**INNER)
def select(condition: bool, yes: float, no: float) -> float:
    """Return one of two values already computed."""
    return yes if condition else no


@njit(**INNER)
def minimum(a: Any, b: Any) -> Any:
    """Return the smaller."""
    return a if a < b else b


@njit(**INNER)
def maximum(a: Any, b: Any) -> Any:
    """Return the larger."""
    return a if a > b else b


@njit(**INNER)
def sqrt(x: float) -> float:
    """Return the square root."""
    return math.sqrt(x)


@njit(**INNER)
def tanh(x: float) -> float:
    """Return the hyperbolic tangent."""
    return math.tanh(x)


@njit(**INNER)
def power(x: float, y: float) -> float:
    """Return x to any power."""
    return math.pow(x, y)


@njit(**INNER)
def integer_power(x: float, n: int) -> float:
    """Multiply out a small whole power."""
    result = 1.0
    for _ in range(n):
        result = result * x
    return result


@njit(**INNER)
def exprel_rate(x: float) -> float:
    """Return x / (1 − exp(−x)), continued through x = 0."""
    small = abs(x) < 1e-4
    safe = 1.0 if small else x
    quotient = safe / (1.0 - exp(-safe))
    return 1.0 + 0.5 * x + x * x / 12.0 if small else quotient


@njit(**INNER)
def exprel_rate_slope(x: float) -> float:
    """Return the derivative of :func:`exprel_rate`."""
    small = abs(x) < 0.03
    safe = 1.0 if small else x
    e = exp(-safe)
    quotient = (1.0 - e - safe * e) / ((1.0 - e) * (1.0 - e))
    return 0.5 + x / 6.0 - x * x * x / 180.0 if small else quotient


@njit(**INNER)
def exprel(z: float) -> float:
    """Return (exp(z) − 1)/z, continued through z = 0."""
    small = abs(z) < 1e-5
    safe = 1.0 if small else z
    quotient = (exp(safe) - 1.0) / safe
    return 1.0 + 0.5 * z if small else quotient
