"""What the house tests look at: the files of this checkout and the imports in them."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "apical"
#: Folders of the repository; what else lies in a checkout is its owner's.
FOLDERS = [n for n in ("src", "tests", "docs", "benchmarks", "examples") if (ROOT / n).is_dir()]

#: Folders that are made from what the repository holds.
MADE = ("__pycache__", "node_modules", "static")


def files(*endings: str, under: Path | None = None) -> list[Path]:
    """Return the repository's files, or those of a folder, by ending (all if none is given)."""
    found = [] if under else [p for p in sorted(ROOT.iterdir()) if p.is_file()]
    for top in [under] if under else [ROOT / name for name in (*FOLDERS, ".ci")]:
        for folder, inner, names in os.walk(top):
            inner[:] = sorted(n for n in inner if n not in MADE and n[0] != ".")
            found += [Path(folder, name) for name in sorted(names)]
    return [p for p in found if not endings or p.suffix in endings]


def short(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def room_of(path: Path) -> str:
    """Return the first part of a module's name within the package."""
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


@dataclass(frozen=True)
class Import:
    """One imported name, such as ``apical.plan.cell.CellPlan``, and where."""

    name: str
    line: int
    typing_only: bool


def imports_of(text: str) -> Iterator[Import]:
    """Yield all imports, those inside functions included."""
    tree = ast.parse(text)
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            dots = "." * node.level
            names = [f"{dots}{node.module or ''}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            yield Import(name, node.lineno, id(node) in typing_only)
