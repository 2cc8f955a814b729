"""The machine code of kernels is vector code: a new compiler could lose that without a word."""

from __future__ import annotations

import re

import pytest
from llvmlite import binding

from apical.engines.cpu.cache import module
from apical.engines.cpu.program import sources
from apical.models import erp
from apical.plan import compile

FEATURES = binding.get_host_cpu_features()
#: Registers by width, and arithmetic on one number at a time, as x86 assembly has them.
WIDE = {"zmm": "avx512f", "ymm": "avx2"}
SCALAR = r"\bv?(?:add|sub|mul|div|fn?m(?:add|sub)\d*)s[sd]\b"
PACKED = r"\bv?(?:add|sub|mul|div|fn?m(?:add|sub)\d*)p[sd]\b"

pytestmark = pytest.mark.skipif(
    not FEATURES.get("avx2"), reason="what is looked for is code of x86 with AVX2"
)


@pytest.fixture(scope="module", params=["double", "single"])
def kernels(request):
    """Assembly of every kernel of the template column, by module and function."""
    plan = compile(erp(grid=(3, 3)), 1.0, precision=request.param)
    found = {}
    for cell in {id(p.cell): p.cell for p in plan.populations}.values():
        for stem, text in sources(cell, "exact", request.param, 0.025):
            kernels = module(stem, text)
            for name in ("channels", "currents", "advance", "outputs", "gates"):
                if hasattr(kernels, name):
                    found[stem, name] = getattr(kernels, name)._library.get_asm_str()
    return found


def test_loops_use_the_widest_registers(kernels):
    """What a loop computes, it computes in them; one by one goes only what is left at its end."""
    width = next(w for w, feature in WIDE.items() if FEATURES.get(feature))
    assert len(kernels) > 15
    for place, assembly in kernels.items():
        packed = [line for line in assembly.splitlines() if re.search(PACKED, line)]
        # few gates fill half a register
        wide = sum(f"%{width}" in line or ("gates" in place and "%ymm" in line) for line in packed)
        scalar = len(re.findall(SCALAR, assembly))
        assert wide >= 2, place
        assert wide >= 0.1 * scalar, (place, wide, scalar)


def test_a_loop_that_cannot_be_vectorised_is_found(kernels):
    """The guard itself: where Python's division raises errors, loops are scalar."""
    text = (
        "from numba import carray, cfunc, types\n"
        "R = types.CPointer(types.float64)\n"
        "@cfunc(types.void(R, types.int64))\n"
        "def loop(a, n):\n    b = carray(a, (n,))\n"
        "    for j in range(n):\n        b[j] = 1.0/b[j]\n"
    )
    assembly = module("asm_scalar", text).loop._library.get_asm_str()
    assert not [line for line in assembly.splitlines() if re.search(PACKED, line)]


def test_no_kernel_calls_the_c_library(kernels):
    for place, assembly in kernels.items():
        called = re.findall(r"\bcall\w*\s+\*?(\S+)", assembly)
        assert not [c for c in called if re.search(r"exp|log|pow|fma|tanh", c)], place
