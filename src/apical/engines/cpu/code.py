"""Machine code: kept in files, put into memory, called by address. No compiler is needed for it."""

from __future__ import annotations

import ctypes
import json
import os
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from llvmlite import binding

from apical import kept

#: Settings of Numba that do not change what it makes; other ones may.
_HARMLESS = ("NUM_THREADS", "CACHE_", "CUDA_", "ENABLE_CUDASIM", "THREADING_LAYER", "DISABLE_PERF")


class Function(NamedTuple):
    """A compiled function.

    Parameters
    ----------
    name : str
        What its source calls it.
    symbol : str
        What its machine code calls it.
    code : bytes
        An object file with the function and whatever of ours it calls.
    needs : list of str
        What else it may call, of Numba or the C library.
    """

    name: str
    symbol: str
    code: bytes
    needs: list[str]


def processor() -> list[str]:
    """Return what machine code depends on: the processor, and how Numba is told to write for it."""
    names = sorted(n for n in os.environ if n.startswith("NUMBA_"))
    found = [n for n in names if not n.removeprefix("NUMBA_").startswith(_HARMLESS)]
    # where Numba looks for more
    file = Path(".numba_config.yaml")
    return [
        binding.get_host_cpu_name(), binding.get_host_cpu_features().flatten(),
        *(f"{name}={os.environ[name]}" for name in found),
        file.read_text(encoding="utf-8", errors="replace") if file.is_file() else "",
    ]  # fmt: skip


def write(path: Path, functions: Sequence[Function]) -> None:
    """Write functions into a file, whole or not at all."""
    index = json.dumps([(f.name, f.symbol, len(f.code), f.needs) for f in functions]).encode()
    kept.write_whole(path, b"\n".join([index, b"".join(f.code for f in functions)]))


def read(path: Path) -> list[Function]:
    """Return the functions of a file.

    Raises
    ------
    LookupError
        If it is not there, or is not what was written.
    """
    index, _, code = kept.read_whole(path).partition(b"\n")
    found, at = [], 0
    for name, symbol, size, needs in json.loads(index):
        found.append(Function(name, symbol, code[at : at + size], needs))
        at += size
    return found


def link(functions: Sequence[Function]) -> dict[str, int]:
    """Put functions into memory for good, and return where each begins."""
    if any(binding.address_of_symbol(need) is None for f in functions for need in f.needs):
        # LLVM would end the process; kernels never raise errors, but code that could may be there
        from apical.engines.cpu.parts import provide

        provide()
    engine = _engine()
    for function in functions:
        engine.add_object_file(binding.ObjectFileRef.from_data(function.code))
    engine.finalize_object()
    return {f.name: engine.get_function_address(f.symbol) for f in functions}


@lru_cache(maxsize=1)
def _engine() -> Any:
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    target = binding.Target.from_default_triple().create_target_machine()
    return binding.create_mcjit_compiler(binding.parse_assembly(""), target)


def called(address: int, arguments: int) -> Callable[..., int]:
    """Return a function of whole numbers, with one as its result, called without Python's lock."""
    kind: Any = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * arguments)
    return kind(address)
