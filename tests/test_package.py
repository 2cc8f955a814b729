"""The package's front door: public names, speed of import."""

import importlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import apical

ROOT = Path(apical.__file__).parents[2]


def _python(code: str) -> str:
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return run.stdout.strip()


def test_import_loads_no_heavy_package():
    heavy = ("numpy", "numba", "xarray", "matplotlib", "pydantic", "scipy", "typer")
    loaded = _python(f"import sys, apical; print([m for m in {heavy} if m in sys.modules])")
    assert loaded == "[]"


@pytest.mark.parametrize("name", apical.__all__)
def test_every_public_name_is_there(name):
    assert getattr(apical, name) is not None
    assert name in dir(apical)


def test_unknown_name():
    with pytest.raises(AttributeError, match="no attribute 'simulat'"):
        _ = apical.simulat


def test_simulate_stays_a_function_when_its_module_was_imported_first():
    code = "from apical.simulate import simulate as f; import apical; print(apical.simulate is f)"
    assert _python(code) == "True"


@pytest.mark.parametrize("name", ["fit", "infer"])
def test_what_the_site_names_in_a_package_like_a_function_can_be_imported(name):
    """`apical.fit.Report` is no attribute of the function: the page says what to do instead."""
    page = ROOT / "docs" / "api" / {"fit": "fits.md", "infer": "inference.md"}[name]
    if not page.is_file():
        pytest.skip("not a checkout")
    text = page.read_text(encoding="utf-8")
    package = importlib.import_module(f"apical.{name}")
    names = re.findall(rf"^::: apical\.{name}\.(\w+)$", text, re.MULTILINE)
    assert names
    assert [one for one in names if not hasattr(package, one)] == []
    said = re.search(rf"`from apical\.{name} import (\w+)`", text)
    assert said is not None
    assert said[1] in names
    assert callable(getattr(apical, name))
    assert getattr(apical, name) is getattr(package, name)


def test_version_is_that_of_the_project():
    project = ROOT / "pyproject.toml"
    if not project.is_file():
        pytest.skip("not a checkout")
    about = tomllib.loads(project.read_text(encoding="utf-8"))["project"]
    assert about.get("version", apical.__version__) == apical.__version__
