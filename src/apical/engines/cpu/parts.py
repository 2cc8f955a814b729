"""Compiled functions that become machine code only within those that call them.

Numba makes a library of every function: optimised, and as machine code. A function that only
compiled ones call is optimised again with each of these, so all but the last time is lost: a third
of what the loops of this engine take to compile.
"""

from __future__ import annotations

from typing import Any

from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numba.core.compiler_machinery import LoweringPass, register_pass
from numba.core.typed_passes import IRLegalization


class _Part(JITCodeLibrary):
    """A function as it will be linked to its callers."""

    def _optimize_final_module(self) -> None:
        """Leave that to the callers."""

    def _finalize_final_module(self) -> None:
        """Finish without machine code."""
        self._finalize_dynamic_globals()
        self._finalized = True

    @property
    def codegen(self) -> Any:
        """What is told where the function's environment is: nothing, as there is no code yet."""
        return self

    def set_env(self, name: str, environment: Any) -> None:
        """Do without the environment, which only functions need that raise errors."""


@register_pass(mutates_CFG=False, analysis_only=False)
class _AsPart(LoweringPass):
    """Puts the function into a library of that kind."""

    _name = "apical_as_part"

    def __init__(self) -> None:
        super().__init__()

    def run_pass(self, state: Any) -> Any:
        """Make the library before Numba would."""
        state.library = _Part(state.targetctx.codegen(), state.func_id.func_qualname)
        return True


class PartCompiler(Compiler):
    """Numba's compiler for functions that Python never calls."""

    def define_pipelines(self) -> Any:
        """Return Numba's own passes and one more."""
        managers: Any = super().define_pipelines()
        for manager in managers:
            manager.add_pass_after(_AsPart, IRLegalization)
            manager.finalize()
        return managers
