"""Compiled functions that become machine code only within those that call them.

Numba makes a library of every function: optimised, and as machine code. A function that only
compiled ones call is optimised again with each of these, so all but the last time is lost: a third
of what the loops of this engine take to compile.

A function that is called by address is the whole of its parts. Numba lets others find these, so
that LLVM keeps every argument of each, and an array is seven of them. What nobody can find is
inlined if it is called once, and rid of arguments that it does not use: a twentieth of a run.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from llvmlite.binding import Linkage
from numba.core.ccallback import CFunc
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numba.core.compiler_machinery import LoweringPass, register_pass
from numba.core.registry import cpu_target
from numba.core.typed_passes import IRLegalization

from apical.engines.cpu.code import Function


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


class _Whole(JITCodeLibrary):
    """A function together with its parts."""

    def _optimize_final_module(self) -> None:
        """Hide the parts, then optimise."""
        for function in self._final_module.functions:
            if not function.is_declaration and function.linkage == Linkage.linkonce_odr:
                function.linkage = Linkage.internal
        super()._optimize_final_module()


class _Into(LoweringPass):
    """Puts the function into a library of some kind, made before Numba would make its own."""

    kind: type[JITCodeLibrary]

    def __init__(self) -> None:
        super().__init__()

    def run_pass(self, state: Any) -> Any:
        """Make the library."""
        state.library = self.kind(state.targetctx.codegen(), state.func_id.func_qualname)
        state.library.enable_object_caching()
        return True


@register_pass(mutates_CFG=False, analysis_only=False)
class _AsPart(_Into):
    _name = "apical_as_part"
    kind = _Part


@register_pass(mutates_CFG=False, analysis_only=False)
class _AsWhole(_Into):
    _name = "apical_as_whole"
    kind = _Whole


class _Compiler(Compiler):
    into: type[_Into]

    def define_pipelines(self) -> Any:
        """Return Numba's own passes and one more."""
        managers: Any = super().define_pipelines()
        for manager in managers:
            manager.add_pass_after(self.into, IRLegalization)
            manager.finalize()
        return managers


class PartCompiler(_Compiler):
    """Numba's compiler for functions that Python never calls."""

    into = _AsPart


class WholeCompiler(_Compiler):
    """Numba's compiler for functions that are called by address, and that consist of parts."""

    into = _AsWhole


def functions_of(module: ModuleType) -> list[Function]:
    """Return the functions of a module that are called by address, as they were compiled."""
    found: list[Any] = [f for f in vars(module).values() if isinstance(f, CFunc)]
    return [
        Function(f.__name__, f.native_name, f._library._get_compiled_object(), _needs(f._library))
        for f in found
    ]


def _needs(library: Any) -> list[str]:
    """Return what a library has not, besides what LLVM knows itself."""
    whole = library._final_module
    parts = [*whole.functions, *whole.global_variables]
    return [p.name for p in parts if p.is_declaration and not p.name.startswith("llvm.")]


def provide() -> None:
    """Let LLVM know all that compiled functions may call."""
    _ = cpu_target.target_context
