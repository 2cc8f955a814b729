"""What mkdocs does for this site: pages from other files of the repository, and links to them."""

import posixpath
import re
import sys
from operator import attrgetter
from pathlib import Path
from types import ModuleType

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

import apical

sys.path.insert(0, str(Path(__file__).parent))
import gallery

ROOT = gallery.ROOT
#: Pages that are not files in docs/, by the file or folder of the repository that they show.
ELSEWHERE = {
    "README.md": "index.md",
    "CHANGELOG.md": "changes.md",
    "docs/decisions": "decisions/index.md",
    "examples": "gallery/index.md",
    **{f"examples/{name}.py": f"gallery/{name}.md" for name in gallery.names()},
}
_WIDE = "---\nhide: [navigation]\n---\n\n"
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s#]+)(#[^)\s]*)?\)")
_PUBLIC = re.compile(r"^::: apical\.((?:plots\.|analysis\.)?\w+)$", re.M)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made from other files."""
    order = [path for path in gallery_order(config.nav) if path != "index"]
    examples = [gallery.read(name) for name in order]
    made = {
        "index.md": _WIDE + (ROOT / "README.md").read_text(encoding="utf-8"),
        "changes.md": (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"),
        "decisions/index.md": decisions(),
        "gallery/index.md": gallery.overview(examples),
    }
    for example in examples:
        script = gallery.SCRIPTS / f"{example.name}.py"
        made[f"gallery/{example.name}.md"] = gallery.page(example)
        made[f"gallery/{example.name}.py"] = script.read_text(encoding="utf-8")
    for path, text in made.items():
        files.append(File.generated(config, path, content=text))
    return files


def gallery_order(nav: object) -> list[str]:
    """Return the names of the gallery's pages in the order of the navigation."""
    if isinstance(nav, str):
        return [Path(nav).stem] if nav.startswith("gallery/") else []
    parts = nav.values() if isinstance(nav, dict) else nav
    return [name for part in parts for name in gallery_order(part)]


def decisions() -> str:
    """Return a page that lists all decisions."""
    text = "# Decisions\n\nWhy things are as they are.\n\n"
    for path in sorted((ROOT / "docs" / "decisions").glob("*.md")):
        title = path.read_text(encoding="utf-8").split("\n")[0].removeprefix("# ")
        text += f"- [{title}]({path.name})\n"
    return text


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let links to files of the repository lead to their pages, and public names to their home."""
    here = page.file.src_uri
    there = next((p for p, made in ELSEWHERE.items() if made == here), f"docs/{here}")
    source = there if (ROOT / there).is_dir() else posixpath.dirname(there)
    level = 3 if "\n## " in markdown else 2
    markdown = _PUBLIC.sub(lambda found: _documented(found[1], level), markdown)
    if here.startswith("gallery/"):
        return markdown
    return _LINK.sub(lambda link: _link(link, source, here), markdown)


def _link(link: re.Match, source: str, here: str) -> str:
    image, text, target, anchor = link.groups(default="")
    if "://" in target or target.startswith("mailto:"):
        return link[0]
    path = posixpath.normpath(posixpath.join(source, target))
    shown = ELSEWHERE.get(path, path.removeprefix("docs/") if path.startswith("docs/") else None)
    if shown is None and (ROOT / path).exists():
        return f"{text} (`{path}`)" if path not in text else text
    if shown is None:
        return link[0]
    relative = posixpath.relpath(shown, posixpath.dirname(here) or ".")
    return f"{image}[{text}]({relative}{anchor})"


def _documented(name: str, level: int) -> str:
    """Return the directive that documents a public name under that name; modules are at home."""
    found = attrgetter(name)(apical)
    if isinstance(found, ModuleType):
        return f"::: apical.{name}"
    options = {
        "heading": f"apical.{name}",
        "toc_label": name.split(".")[-1],
        "heading_level": level,
    }
    said = "".join(f"\n      {key}: {value}" for key, value in options.items())
    return f"::: {found.__module__}.{found.__qualname__}\n    options:{said}"
