"""The gallery: every script runs, shortened, and its pages have what they show."""

import sys

import pytest

from site_files import DOCS, ROOT

sys.path.insert(0, str(DOCS))
import gallery

NAMES = gallery.names()
#: Bytes of all figures that are kept in the repository.
MOST = 2_000_000


@pytest.mark.parametrize("name", NAMES)
def test_it_runs_and_draws(name, tmp_path):
    printed = gallery.run(name, tmp_path, short=True)
    assert printed.strip()
    if printed.startswith("this example needs an extra"):
        pytest.skip(printed.strip())
    figures = gallery.read(name).figures
    assert figures
    assert {path.name for path in tmp_path.iterdir()} == set(figures)
    assert all((tmp_path / figure).stat().st_size > 1000 for figure in figures)


@pytest.mark.parametrize("name", NAMES)
def test_its_page_has_text_figures_and_a_place(name):
    example = gallery.read(name)
    page = gallery.page(example)
    assert len(example.text) > 200, "a docstring that explains the science"
    assert all(section.text for section in example.sections if section.title)
    assert [f for f in example.figures if f"({f})" not in page] == []
    assert "What it prints" in page
    assert f"gallery/{name}.md" in (ROOT / "mkdocs.yml").read_text(encoding="utf-8")


def test_kept_figures_are_those_of_the_scripts_and_small():
    kept = {path.name: path.stat().st_size for path in gallery.KEPT.iterdir()}
    made = {figure for name in NAMES for figure in gallery.read(name).figures}
    assert set(kept) == made | {f"{name}.txt" for name in NAMES}
    pictures = [size for name, size in kept.items() if name.endswith(".png")]
    assert max(pictures) <= 80_000
    assert sum(kept.values()) <= MOST


def test_a_script_is_taken_apart():
    section = gallery._section("What", "#\n# Some text,\n# more.\n\nx = 1\n# not text\ny = 2\n")
    assert section == gallery.Section("What", "Some text,\nmore.", "x = 1\n# not text\ny = 2")
    saves = gallery.Section("", "", 'save(FIGURES / "a_1.png")\nsave(FIGURES / "b.gif")')
    assert saves.figures == ["a_1.png", "b.gif"]


def test_a_failure_is_told(tmp_path, monkeypatch):
    (tmp_path / "broken.py").write_text("raise SystemExit('no such cell')")
    monkeypatch.setattr(gallery, "SCRIPTS", tmp_path)
    with pytest.raises(RuntimeError, match=r"broken.py failed\n.*no such cell"):
        gallery.run("broken", tmp_path)
