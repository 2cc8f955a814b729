"""The form of the code: sizes, docstrings, and what the linter and the type checker say."""

import ast
import importlib.util
import re
import subprocess
import sys

import pytest

from checkout import FOLDERS, ROOT, SOURCE, files, short

LONGEST_FILE, LONGEST_FUNCTION = 600, 80
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def long_functions(text: str) -> list[str]:
    """Return functions above the limit, signature and docstring included."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, _Function):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > LONGEST_FUNCTION:
                found.append(f"line {node.lineno}: {node.name} has {lines} lines")
    return found


def documented_names(docstring: str) -> list[str]:
    """Return the names that a numpydoc ``Parameters`` section describes."""
    lines = docstring.splitlines()
    titles = [i for i, line in enumerate(lines) if set(line.strip()) == {"-"} and i]
    names = []
    for place, i in enumerate(titles):
        if lines[i - 1].strip() != "Parameters":
            continue
        stop = titles[place + 1] - 1 if place + 1 < len(titles) else len(lines)
        indent = len(lines[i]) - len(lines[i].lstrip())
        for line in lines[i + 1 : stop]:
            if line.strip() and len(line) - len(line.lstrip()) == indent:
                names += [n.strip().lstrip("*") for n in re.split(r" : ", line)[0].split(",")]
    return names


def signature(node: _Function | ast.ClassDef) -> set[str]:
    """Return what can be given to a function, or to a class by its fields or ``__init__``."""
    if isinstance(node, _Function):
        a = node.args
        every = [*a.posonlyargs, *a.args, *a.kwonlyargs, *filter(None, (a.vararg, a.kwarg))]
        return {one.arg for one in every}
    names: set[str] = set()
    for item in node.body:
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
            names.add(item.target.id)
        elif isinstance(item, _Function) and item.name == "__init__":
            names |= signature(item)
    return names


def docstring_faults(text: str) -> list[str]:
    """Return public things without docstring, and described parameters that do not exist."""
    faults = []
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, _Function | ast.ClassDef) and (doc := ast.get_docstring(node)):
            # a class that extends another may describe inherited fields
            if isinstance(node, ast.ClassDef) and not signature(node):
                continue
            for name in documented_names(doc):
                if name not in signature(node):
                    faults.append(f"line {node.lineno}: {node.name} has no parameter {name!r}")
    owners = [tree, *(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name[0] != "_")]
    for owner in owners:
        for node in owner.body:
            public = isinstance(node, _Function | ast.ClassDef) and node.name[0] != "_"
            if public and not ast.get_docstring(node):
                faults.append(f"line {node.lineno}: {node.name} has no docstring")
    return faults


@pytest.mark.parametrize("path", files(".py"), ids=short)
def test_files_and_functions_are_small(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST_FILE
    assert long_functions(text) == []


@pytest.mark.parametrize("path", files(".py", under=SOURCE), ids=short)
def test_docstrings_are_there_and_true(path):
    assert docstring_faults(path.read_text(encoding="utf-8")) == []


def test_the_checks_see_faults():
    assert long_functions("def f():\n" + "    pass\n" * 80) == ["line 1: f has 81 lines"]
    section = "Parameters\n    ----------\n    a, b : int\n        What.\n"
    stale = f'def f(a):\n    """Do.\n\n    {section}    """\n'
    assert docstring_faults(stale) == ["line 1: f has no parameter 'b'"]
    bare = "class C:\n    def f(self): ...\n    def _g(self): ...\n"
    assert docstring_faults(bare) == [
        "line 1: C has no docstring",
        "line 2: f has no docstring",
    ]


def tool(name: str, *arguments: str) -> None:
    """Run a tool of the test extra on the checkout and fail with what it says."""
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not installed; the test extra has it")
    command = [sys.executable, "-m", name, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    if done.returncode:
        pytest.fail(f"{name} {' '.join(arguments)}\n{done.stdout}{done.stderr}", pytrace=False)


def test_lint():
    tool("ruff", "check", "--output-format=concise", *FOLDERS)


def test_formatting():
    tool("ruff", "format", "--check", *FOLDERS)


def test_types():
    tool("pyright", "--pythonpath", sys.executable)
