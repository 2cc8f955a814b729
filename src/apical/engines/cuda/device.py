"""Numba's CUDA, or its simulator: how functions become code of the device, and what is there.

With ``NUMBA_ENABLE_CUDASIM=1`` in the environment, Numba's simulator launches the kernels; what
each thread does is then compiled for the processor, with array bounds checked. So everything but
the translation to machine code is tried without a GPU, in the number types of the GPU.
"""

from __future__ import annotations

import hashlib
import importlib.util
import warnings
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit, typeof
from numba.core import config

from apical.errors import EngineError

_settings: Any = config
SIMULATED = bool(_settings.ENABLE_CUDASIM)
if not SIMULATED and importlib.util.find_spec("numba_cuda") is None:
    raise EngineError("the cuda engine needs numba-cuda: pip install 'apical[cuda]'")

from numba import cuda  # noqa: E402 - the one inside Numba is deprecated and knows no wheels

#: Threads of a block. They share nothing, so few will do, and small batches spread further.
BLOCK = 64
#: With so few registers for a thread, 640 threads are on a multiprocessor at once to wait for
#: memory; docs/dev/cuda.md has what that costs.
_REGISTERS: dict[str, Any] = {} if SIMULATED else {"max_registers": 96}
_OPTIONS: dict[str, Any] = {"error_model": "numpy", "fastmath": {"contract"}, "boundscheck": True}


def device(function: Any) -> Any:
    """Compile a function that threads call."""
    if SIMULATED:
        return njit(**_OPTIONS)(function)
    return cuda.jit(device=True, forceinline=True)(function)


def thread(function: Any) -> Any:
    """Compile what one thread does; the outermost function that is not a kernel."""
    return _Simulated(function) if SIMULATED else device(function)


def kernel(body: Any) -> Callable[[Any], Any]:
    """Compile a kernel that calls `body` with a thread's number and its own arguments."""

    def compiled(function: Any) -> Any:
        found: Any = cuda.jit(cache=True, **_REGISTERS)(function)
        if SIMULATED:
            found.body = body
        return found

    return compiled


def launch(compiled: Any, threads: int, *arguments: Any) -> None:
    """Run a kernel on a number of threads."""
    if not threads:
        return
    if SIMULATED:
        # while threads run, the simulator would let them compile half of the time only
        compiled.body.prepare(0, *arguments)
    with warnings.catch_warnings():
        # small batches do not fill a GPU
        warnings.filterwarnings("ignore", "Grid size")
        configured = compiled[-(-threads // BLOCK), BLOCK]
    configured(*arguments)


class _Simulated:
    """What one thread does, compiled for the processor."""

    def __init__(self, function: Any) -> None:
        self._compiled: Any = njit(cache=True, **_OPTIONS)(function)

    def prepare(self, *arguments: Any) -> None:
        """Compile for arguments such as these."""
        self._compiled.compile(tuple(typeof(_plain(a)) for a in arguments))

    def __call__(self, *arguments: Any) -> None:
        self._compiled(*map(_plain, arguments))


def _plain(value: Any) -> Any:
    """Return the arrays behind those of the simulator."""
    if isinstance(value, tuple):
        return value._make(map(_plain, value))  # type: ignore[attr-defined]
    return value if np.isscalar(value) else np.asarray(value)


def check() -> None:
    """Refuse to go on without a GPU.

    Raises
    ------
    EngineError
        If there is none, or its driver cannot be used.
    """
    if not cuda.is_available():
        raise EngineError("the cuda engine needs an NVIDIA GPU with its driver; none was found")


def check_memory(needed: int) -> None:
    """Refuse a batch that the GPU cannot hold.

    Parameters
    ----------
    needed : int
        Bytes.
    """
    if SIMULATED:
        return
    free, _ = cuda.current_context().get_memory_info()
    if needed > free:
        raise EngineError(
            f"the batch needs {needed / 1e6:.0f} MB of GPU memory, and {free / 1e6:.0f} MB are "
            "free; give fewer members at once"
        )


def has_fast_double() -> bool:
    """Whether the GPU computes in double at a useful pace; cards for graphics do not."""
    return cuda.get_current_device().SINGLE_TO_DOUBLE_PRECISION_PERF_RATIO <= 4


@lru_cache(maxsize=1)
def version() -> str:
    """Return a hash of this folder's files, which kernels are made from."""
    texts = [path.read_text("utf-8") for path in sorted(Path(__file__).parent.glob("*.py"))]
    return hashlib.blake2b("\0".join(texts).encode(), digest_size=8).hexdigest()


def to_device(values: Any) -> Any:
    """Copy an array to the GPU."""
    return cuda.to_device(np.ascontiguousarray(values))


def room(shape: int | tuple[int, ...], kind: Any) -> Any:
    """Return room for an array on the GPU."""
    return cuda.device_array(shape, kind)
