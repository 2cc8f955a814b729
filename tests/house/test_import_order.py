"""Imports go one way through the house."""

import sys
import tomllib
from pathlib import Path

import pytest

from checkout import ROOT, SOURCE, files, imports_of, room_of, short

#: What each room may import. A room is a folder of the package or a module at its top.
ALLOWED: dict[str, set[str]] = {
    "units": set(),
    "errors": set(),
    "random": set(),
    "kept": set(),
    "equations": {"units", "errors"},
    "model": {"units", "errors", "equations"},
    "library": {"errors", "model"},
    "models": {"errors", "model", "library"},
    "plan": {"units", "errors", "random", "equations", "model"},
    "engines": {"errors", "kept", "equations", "plan"},
    "analysis": {"units", "errors"},
    "io": {"units", "errors", "equations", "model", "library", "models", "plan", "analysis"},
    "recorded": set(),
    "result": {"units", "errors", "model", "analysis", "io", "recorded"},
    "start": {"errors", "kept", "model", "plan", "engines"},
    "running": {"errors", "units", "model", "plan", "engines", "start", "recorded", "result"},
    "simulate": {"model", "running", "result"},
    "watch": {"errors", "model", "plan", "running", "result"},
    "ensemble": {"errors", "model", "plan", "engines", "io", "running", "result"},
    "fit": {
        "errors", "random", "model", "analysis", "io", "result", "running", "simulate", "ensemble",
    },
    "infer": {
        "errors", "random", "model", "analysis", "io", "result", "running", "ensemble", "fit",
    },
    "plots": {"units", "errors", "model", "plan", "analysis", "io", "result", "fit", "infer"},
    "testing": {"errors", "model", "library", "models", "plan", "engines", "result", "simulate"},
    "cli": {
        "units", "errors", "model", "models", "engines", "analysis", "io", "result", "simulate",
        "ensemble", "fit", "plots", "studio",
    },
    "compat": {
        "units", "errors", "model", "library", "models", "plan", "io", "result", "running",
        "simulate", "analysis", "fit", "plots",
    },
    "studio": {
        "errors", "model", "models", "plan", "engines", "analysis", "io", "recorded", "result",
        "running", "simulate", "watch", "fit", "plots",
    },
    "__main__": {"cli"},
}  # fmt: skip

#: Rooms from which others are imported for type annotations only: they work on values given to
#: them and neither make nor check these.
ONLY_FOR_TYPES = {
    "plan": {"model"},
    "start": {"model"},
    "result": {"model"},
    "plots": {"fit", "infer"},
}

#: Packages that come with another one, in the version that it needs.
COMES_WITH = {"pydantic_core": "pydantic", "llvmlite": "numba", "mpl_toolkits": "matplotlib"}
#: Packages that others load by name: xarray's reader and writer of netCDF-4, uvicorn's sockets.
LOADED_BY_NAME = {"h5netcdf", "websockets"}


def wrong_imports(text: str, room: str) -> list[str]:
    """Return the imports that a file of some room must not have."""
    wrong = []
    for found in imports_of(text):
        parts = found.name.split(".")
        if parts[0] == "":
            wrong.append(f"line {found.line}: relative import")
        elif parts[0] == "apical" and len(parts) > 1 and parts[1] not in (room, "__version__"):
            allowed = parts[1] in ALLOWED.get(room, set())
            types_only = parts[1] in ONLY_FOR_TYPES.get(room, set())
            if not allowed or (types_only and not found.typing_only):
                wrong.append(f"line {found.line}: {found.name}")
    return wrong


def modules() -> list[Path]:
    return [p for p in files(".py", under=SOURCE) if p != SOURCE / "__init__.py"]


def test_every_room_has_its_place():
    assert {room_of(path) for path in modules()} == ALLOWED.keys()


def test_the_order_has_no_rings():
    done: set[str] = set()
    while ready := {
        room for room, needed in ALLOWED.items() if room not in done and needed <= done
    }:
        done |= ready
    assert done == ALLOWED.keys()


@pytest.mark.parametrize("path", modules(), ids=short)
def test_imports_go_one_way(path):
    assert wrong_imports(path.read_text(encoding="utf-8"), room_of(path)) == []


@pytest.mark.parametrize(
    ("room", "text"),
    [
        ("units", "import apical.errors"),
        ("model", "def f():\n    from apical.plan import Plan"),
        ("engines", "from apical import model"),
        ("engines", "if TYPE_CHECKING:\n    from apical.model import Network"),
        ("plan", "from apical.model import Network"),
        ("plan", "from .cell import CellPlan"),
    ],
)
def test_the_check_sees_a_wrong_import(room, text):
    assert len(wrong_imports(text, room)) == 1


def test_the_check_lets_right_imports_pass():
    text = "import numpy\nif TYPE_CHECKING:\n    from apical.model import Network\n"
    assert wrong_imports(text, "plan") == []


def test_every_package_imported_is_declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    # other extras are only imported where they are used, by name
    texts = [*project["dependencies"], *project["optional-dependencies"]["studio"]]
    declared = {text.split(">")[0].split("[")[0] for text in texts}
    used = {
        found.name.split(".")[0]
        for path in files(".py", under=SOURCE)
        for found in imports_of(path.read_text(encoding="utf-8"))
    }
    foreign = used - set(sys.stdlib_module_names) - {"apical", ""}
    assert {COMES_WITH.get(name, name) for name in foreign} | LOADED_BY_NAME == declared
