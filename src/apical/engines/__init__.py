"""Engines by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apical.errors import EngineError, did_you_mean

if TYPE_CHECKING:
    from apical.engines.base import Engine

_DESCRIPTIONS = {
    "cpu": "compiled kernels, vectorised across cells, threads over groups of cells",
    "reference": "plain NumPy, slow; what the others are measured against",
}


def available() -> dict[str, str]:
    """Return the engines of this installation, name → what it is."""
    return dict(_DESCRIPTIONS)


def get(name: str = "auto") -> Engine:
    """Return an engine.

    Parameters
    ----------
    name : {'auto', 'cpu', 'reference'}
        ``'auto'`` takes the fastest there is.

    Raises
    ------
    EngineError
        If there is no such engine.
    """
    if name in ("auto", "cpu"):
        from apical.engines.cpu import CpuEngine

        return CpuEngine()
    if name == "reference":
        from apical.engines.reference.engine import ReferenceEngine

        return ReferenceEngine()
    hint = did_you_mean(name, ["auto", *_DESCRIPTIONS], "engines are")
    raise EngineError(f"there is no engine '{name}' ({hint})")
