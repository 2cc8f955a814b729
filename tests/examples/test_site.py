"""The site builds, its guide runs, and its API pages are complete."""

import importlib.util
import os
import re
import subprocess
import sys

import pytest

import apical
from site_files import DOCS, ROOT

GUIDES = sorted((DOCS / "guide").glob("*.md"))


def run(arguments, folder, **variables):
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "MPLBACKEND": "agg", **variables},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.stem)
def test_the_guide_runs(page, tmp_path):
    """All blocks of a page in order, as one script."""
    blocks = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.S)
    script = tmp_path / "guide.py"
    script.write_text("\n".join(blocks), encoding="utf-8")
    run(["-W", "error", "guide.py"], tmp_path)


def test_every_public_name_is_documented():
    pages = "".join(p.read_text(encoding="utf-8") for p in (DOCS / "api").glob("*.md"))
    documented = set(re.findall(r"^::: apical\.(\S+)$", pages, re.M))
    modules = {
        "plots",
        "analysis",
        "objectives",
        "features",
    }  # whose names have entries of their own
    wanted = {name for name in apical.__all__ if not name.startswith("_")} - modules
    wanted |= {f"plots.{name}" for name in apical.plots.__all__}
    assert sorted(wanted - documented) == []


def test_the_site_builds(tmp_path):
    """Strictly: a link that leads nowhere or a page without a place is an error."""
    if importlib.util.find_spec("mkdocs") is None or importlib.util.find_spec("material") is None:
        pytest.skip("mkdocs-material is not installed; the docs extra has it")
    site = tmp_path / "site"
    run(["-m", "mkdocs", "build", "--strict", "-q", "-d", str(site)], ROOT)
    assert (site / "gallery" / "erp.html").stat().st_size > 10_000
    assert "apical.simulate" in (site / "api" / "index.html").read_text(encoding="utf-8")
    outside = [
        page.name
        for page in site.rglob("*.html")
        if re.search(r'<(?:script|link|img)[^>]+(?:src|href)="https?://', page.read_text("utf-8"))
    ]
    assert outside == [], "pages are complete without a network"
