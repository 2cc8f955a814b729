"""Engines by name, and which one suits a task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apical.errors import EngineError, did_you_mean

if TYPE_CHECKING:
    from apical.engines.base import Engine

_DESCRIPTIONS = {
    "cpu": "compiled kernels, vectorised across cells, threads over groups of cells",
    "cuda": "an NVIDIA GPU, one thread for each cell of each member, for large batches",
    "reference": "plain NumPy, slow; what the others are measured against",
}
#: Cells of all members from which a GPU is worth it: those of 200 columns. Until it is full, a
#: batch takes as long as a single cell in it, some seconds for 170 ms (estimated; no GPU has been
#: at hand). A processor of 16 cores does some 200 columns in that time.
ENOUGH_FOR_GPU = 50_000
#: Cells of the template column.
_USUAL = 270


def available() -> dict[str, str]:
    """Return the engines there are, name → what it is, and if it cannot be used here, why."""
    found = dict(_DESCRIPTIONS)
    if missing := _missing_for_cuda():
        found["cuda"] += f" (not here: {missing})"
    return found


def get(name: str = "auto") -> Engine:
    """Return an engine; see :func:`pick`."""
    return pick(name)[0]


def pick(
    name: str = "auto", members: int = 1, precision: str = "double", cells: int = _USUAL
) -> tuple[Engine, str]:
    """Return an engine, and a sentence that says which and why.

    Parameters
    ----------
    name : {'auto', 'cpu', 'cuda', 'reference'}
        ``'auto'`` takes a GPU if there is one and the batch is large enough for it, else the
        processor.
    members : int
        Simulations that will run at once.
    precision : {'double', 'single'}
        Type of numbers; only GPUs for computing are fast in double.
    cells : int
        Cells of each member.

    Raises
    ------
    EngineError
        If there is no such engine, or it cannot be used here.
    """
    if name == "auto":
        name, why = _choice(members * cells, precision)
        return pick(name)[0], why
    if name == "cpu":
        from apical.engines.cpu import CpuEngine

        return CpuEngine(), "The cpu engine runs, as asked."
    if name == "cuda":
        from apical.engines.cuda import CudaEngine

        return CudaEngine(), "The cuda engine runs, as asked."
    if name == "reference":
        from apical.engines.reference.engine import ReferenceEngine

        return ReferenceEngine(), "The reference engine runs, as asked."
    hint = did_you_mean(name, ["auto", *_DESCRIPTIONS], "engines are")
    raise EngineError(f"there is no engine '{name}' ({hint})")


def _choice(cells: int, precision: str) -> tuple[str, str]:
    """Return the engine for a number of cells at once, and why."""
    if cells < ENOUGH_FOR_GPU:
        return "cpu", (
            f"The cpu engine runs: {cells:,} cells at once do not fill a GPU, "
            f"{ENOUGH_FOR_GPU:,} would."
        )
    if missing := _missing_for_cuda():
        return "cpu", f"The cpu engine runs: {missing}."
    from apical.engines.cuda import device

    if device.SIMULATED:
        return "cpu", "The cpu engine runs: the GPU is simulated."
    if precision == "double" and not device.has_fast_double():
        return "cpu", "The cpu engine runs: the GPU is slow in double precision."
    return "cuda", f"The cuda engine runs: {cells:,} cells at once fill a GPU."


def _missing_for_cuda() -> str:
    """Return why the cuda engine cannot be used here; empty if it can."""
    try:
        from apical.engines.cuda import CudaEngine

        CudaEngine()
    except EngineError as error:
        return str(error)
    return ""
