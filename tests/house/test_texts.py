"""Texts of the repository: links lead somewhere, data cite their papers, nothing is private."""

import os
import re
import tomllib

import pytest

import apical
from checkout import ROOT, SOURCE, files, short

DOI = re.compile(r"10\.\d{4,9}/[^\s<>\"]+")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
#: A file or folder in backticks, such as `plan/cell.py`, `docs/numerics.md` or `tests/house/`.
NAMED = re.compile(r"`((?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:py|md|toml|cff))`")
#: Someone's own folders have no place in texts that others read.
PRIVATE = re.compile(r"(?<![\w.:/])/(?:home|root|Users|work|mnt|tmp)/\w")
TEXT = (".py", ".md", ".toml", ".cff", ".txt", ".svg", ".json", ".yml", ".yaml", "")
PAGES = files(".md")


@pytest.mark.parametrize("path", files(".toml", under=SOURCE / "library"), ids=short)
def test_data_of_the_library_cite_their_source(path):
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    assert re.search(r"\(\d{4}\)", data["reference"]), "authors, (year), journal, pages"
    assert DOI.fullmatch(data["doi"])
    if "name" in data:
        assert data["name"] == path.stem


@pytest.mark.parametrize("page", PAGES, ids=short)
def test_links_lead_to_files(page):
    links = [link.split("#")[0] for link in LINK.findall(page.read_text(encoding="utf-8"))]
    local = [link for link in links if link and "://" not in link and "mailto:" not in link]
    assert [link for link in local if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=short)
def test_files_named_in_pages_exist(page):
    """Names are relative to the page, to the root, or to the package."""
    named = set(NAMED.findall(page.read_text(encoding="utf-8")))
    bases = (page.parent, ROOT, SOURCE)
    assert [n for n in sorted(named) if not any((base / n).exists() for base in bases)] == []


@pytest.mark.parametrize("path", files(*TEXT), ids=short)
def test_nothing_private(path):
    text = path.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if PRIVATE.search(line)]
    assert lines == []


def test_the_command_of_the_readme_is_what_runs_elsewhere():
    script = ROOT / ".ci" / "run"
    lines = script.read_text(encoding="utf-8").splitlines()
    assert os.access(script, os.X_OK)
    assert lines[0] == "#!/usr/bin/env bash"
    assert "set -euo pipefail" in lines
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"```bash\n(.*?)\n```", readme, re.S)
    tests = [c for c in commands if "pytest" in c]
    assert len(tests) == 1
    assert lines[-1] == tests[0]


def test_versions_agree():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.search(rf"^version: {re.escape(apical.__version__)}$", citation, re.M)
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## {apical.__version__}" in changes
