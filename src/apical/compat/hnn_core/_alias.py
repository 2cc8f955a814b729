"""Modules of this package under another name.

After ``sys.modules["hnn_core"] = apical.compat.hnn_core`` the import system would load
``hnn_core.network`` a second time, with classes of its own. This finder gives it the module that
is there already. It answers for names under which this package stands, and for no others, so
that an installed hnn-core is left alone.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType

PACKAGE = __name__.rpartition(".")[0]


class _SameModule(Loader):
    """Gives a module that is loaded under its own name."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = importlib.import_module(PACKAGE + spec.name[spec.name.index(".") :])
        self.spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self.spec


class AliasFinder(MetaPathFinder):
    """Finds this package's modules under every name that the package itself has."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return where a module is, if its first name is another one for this package."""
        root, _, rest = fullname.partition(".")
        here = sys.modules.get(PACKAGE)
        if not rest or here is None or sys.modules.get(root) is not here:
            return None
        if find_spec(f"{PACKAGE}.{rest}") is None:
            return None
        return ModuleSpec(fullname, _SameModule())


def install() -> None:
    """Let the import system ask for aliases first; once."""
    if not any(type(finder) is AliasFinder for finder in sys.meta_path):
        sys.meta_path.insert(0, AliasFinder())
