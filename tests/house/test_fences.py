"""What may be used only in some rooms, or nowhere."""

import ast
import re

import pytest

from checkout import SOURCE, files, imports_of, room_of, short

#: Packages that only some rooms may import.
OWNERS = {
    "matplotlib": {"plots", "compat"},
    "mpl_toolkits": {"plots", "compat"},
    "numba": {"engines"},
    "llvmlite": {"engines"},
    "pydantic": {"model", "io", "studio"},
    "pydantic_core": {"model"},
    "h5py": {"io"},
    "h5netcdf": {"io"},
    "pynwb": {"io"},
    "mne": {"io"},
    "torch": {"infer"},
    "sbi": {"infer"},
    "starlette": {"studio"},
    "uvicorn": {"studio"},
    "anywidget": {"studio"},
    "typer": {"cli"},
    "rich": {"cli"},
}
#: Packages that read or run what a file says, or start programs.
NOWHERE = {"pickle", "marshal", "shelve", "subprocess", "dill", "cloudpickle", "joblib", "ctypes"}
FORBIDDEN_CALLS = {"eval", "exec", "__import__", "breakpoint", "print", "input", "exit", "quit"}
#: Rooms that may print: hnn-core does, and says with `verbose` how far it has come.
PRINTS = {"compat"}
FORBIDDEN_ATTRIBUTES = {"read_pickle", "to_pickle"}
#: Names of `os` that start programs.
STARTS_PROGRAMS = re.compile(r"os\.(system|popen|fork|exec\w+|spawn\w+|posix_spawn\w*)")
#: Generated kernels are imported from real files, here and nowhere else, and compiled by a second
#: Python whose program is written there.
RUNS_FILES = {"src/apical/engines/cpu/cache.py"}
#: Their machine code is called here, and nowhere else.
CALLS_CODE = {"src/apical/engines/cpu/code.py"}


def trespasses(
    text: str, room: str, runs_files: bool = False, calls_code: bool = False
) -> list[str]:
    """Return what a file of some room must not use."""
    found = []
    for one in imports_of(text):
        package = one.name.split(".")[0]
        outside = package in OWNERS and room not in OWNERS[package]
        starts = STARTS_PROGRAMS.fullmatch(one.name)
        may = (runs_files and package == "subprocess") or (calls_code and package == "ctypes")
        if (outside and not one.typing_only) or (package in NOWHERE and not may) or starts:
            found.append(f"line {one.line}: {package}")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Name) and node.id in FORBIDDEN_CALLS:
            if node.id == "print" and room in PRINTS:
                continue
            found.append(f"line {node.lineno}: {node.id}")
        elif isinstance(node, ast.Attribute) and node.attr in FORBIDDEN_ATTRIBUTES:
            found.append(f"line {node.lineno}: .{node.attr}")
        elif isinstance(node, ast.Attribute) and STARTS_PROGRAMS.fullmatch(ast.unparse(node)):
            found.append(f"line {node.lineno}: {ast.unparse(node)}")
        elif isinstance(node, ast.Attribute) and node.attr == "exec_module" and not runs_files:
            found.append(f"line {node.lineno}: .exec_module")
        elif isinstance(node, ast.keyword) and node.arg in ("allow_pickle", "shell"):
            found.append(f"line {node.value.lineno}: {node.arg}=")
    return found


@pytest.mark.parametrize("path", files(".py", under=SOURCE), ids=short)
def test_nothing_leaves_its_room(path):
    text = path.read_text(encoding="utf-8")
    file = short(path)
    assert trespasses(text, room_of(path), file in RUNS_FILES, file in CALLS_CODE) == []


@pytest.mark.parametrize(
    "text",
    [
        "import matplotlib.pyplot as plt",
        "def f():\n    from numba import njit",
        "import pydantic_core",
        "from pickle import loads",
        "import subprocess",
        "if TYPE_CHECKING:\n    import pickle",
        "x = eval(text)",
        "list(map(exec, texts))",
        "print('done')",
        "os.system('ls')",
        "from os import popen",
        "np.load(path, allow_pickle=True)",
        "spec.loader.exec_module(module)",
    ],
)
def test_the_check_sees_a_trespass(text):
    assert len(trespasses(text, "io")) == 1


def test_the_check_lets_harmless_things_pass():
    assert trespasses("if TYPE_CHECKING:\n    from matplotlib.axes import Axes", "cli") == []
    assert trespasses("import os, platform\nplatform.system(), os.path.exists(x)", "cli") == []
