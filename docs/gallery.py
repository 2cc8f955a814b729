"""Pages of the gallery, and the figures on them: python docs/gallery.py [NAME ...].

Run so, it runs the examples in full and keeps their figures, made small, and what they print. The
site is then built from these and from the scripts' text, without running anything.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = ROOT / "examples"
KEPT = ROOT / "docs" / "gallery"
#: Bytes and pixels of a figure that is kept.
LARGEST, WIDEST = 60_000, 1000

_SECTION = re.compile(r"^# %% (.+)\n", re.M)
_FIGURE = re.compile(r'FIGURES / "([\w.]+)"')
_DOI = re.compile(r"doi:(10\.\d{4,9}/\S+?)(?=[.,;]?\s|[.,;]?$)")


class Section(NamedTuple):
    """A part of a script: what its comment says, and its code."""

    title: str
    text: str
    code: str

    @property
    def figures(self) -> list[str]:
        """Names of the figures that it saves."""
        return _FIGURE.findall(self.code)


class Example(NamedTuple):
    """A script of the gallery: a docstring, settings, and sections."""

    name: str
    title: str
    text: str
    sections: list[Section]

    @property
    def figures(self) -> list[str]:
        """Names of the figures that it saves."""
        return [figure for section in self.sections for figure in section.figures]


def names() -> list[str]:
    """Return the names of all examples."""
    return sorted(path.stem for path in SCRIPTS.glob("*.py"))


def read(name: str) -> Example:
    """Read an example's script."""
    whole = (SCRIPTS / f"{name}.py").read_text(encoding="utf-8")
    _, docstring, rest = whole.split('"""', 2)
    title, _, text = docstring.partition("\n")
    settings, *parts = _SECTION.split(rest)
    pairs = zip(parts[::2], parts[1::2], strict=True)
    sections = [Section("", "", settings.strip()), *(_section(*pair) for pair in pairs)]
    return Example(name, title.rstrip("."), text.strip(), sections)


def _section(title: str, rest: str) -> Section:
    lines = rest.splitlines()
    end = next((k for k, line in enumerate(lines) if not line.startswith("#")), len(lines))
    text = "\n".join(line.removeprefix("#").removeprefix(" ") for line in lines[:end])
    return Section(title, text.strip(), "\n".join(lines[end:]).strip())


def page(example: Example) -> str:
    """Return the page of an example, in Markdown."""
    return "\n\n".join(_page(example)) + "\n"


def _page(example: Example) -> Iterator[str]:
    yield f"# {example.title}"
    yield _DOI.sub(r"[doi:\1](https://doi.org/\1)", example.text)
    yield f"Script: [`examples/{example.name}.py`]({example.name}.py)"
    for section in example.sections:
        if section.title:
            yield f"## {section.title}"
            yield section.text
        yield f"```python\n{section.code}\n```"
        for figure in section.figures:
            yield f"![{example.title}: {section.title}]({figure})"
    printed = KEPT / f"{example.name}.txt"
    if printed.exists() and (text := printed.read_text(encoding="utf-8")):
        yield f"## What it prints\n\n```text\n{text}```"


def overview(examples: list[Example]) -> str:
    """Return the first page of the gallery, in Markdown."""
    cards = []
    for example in examples:
        link = f"{example.name}.md"
        sentence = re.split(r"(?<=\w\w\.) ", example.text.replace("\n", " "))[0]
        shown = f"[![{example.title}]({example.figures[0]}){{ loading=lazy }}]({link})"
        cards.append(f"-   {shown}\n\n    **[{example.title}]({link})**\n\n    {sentence}")
    return "\n\n".join([_INTRODUCTION, '<div class="grid cards" markdown>', *cards, "</div>"])


_INTRODUCTION = """# Gallery

Scripts to read, run and change. Each runs from top to bottom, with a plain `python`; its figures go
to the working folder, or to the one that `APICAL_FIGURES` names. With `APICAL_SHORT=1` grids are
small and runs are short, which is how the tests run them."""


def run(name: str, folder: Path, *, short: bool = False) -> str:
    """Run an example, which saves its figures into a folder, and return what it prints."""
    environment = {**os.environ, "APICAL_FIGURES": str(folder), "MPLBACKEND": "agg"}
    environment.pop("APICAL_SHORT", None)
    if short:
        environment["APICAL_SHORT"] = "1"
    done = subprocess.run(
        [sys.executable, "-W", "error", str(SCRIPTS / f"{name}.py")],
        cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=1200,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{name}.py failed\n{done.stdout}{done.stderr}")
    return done.stdout


def keep(path: Path) -> None:
    """Make a figure small, and keep it."""
    import numpy as np
    from PIL import Image, ImageSequence

    kept = KEPT / path.name
    picture = Image.open(path)
    if path.suffix == ".gif":
        frames = [frame.convert("RGB").quantize(32) for frame in ImageSequence.Iterator(picture)]
        frames[0].save(kept, save_all=True, append_images=frames[1:], optimize=True, loop=0)
        return
    picture = picture.convert("RGB")
    for width, colours in ((WIDEST, 256), (WIDEST, 128), (WIDEST, 64), (850, 96), (750, 64)):
        size = (width, round(picture.height * width / picture.width))
        small = picture.resize(size, Image.Resampling.LANCZOS)
        # colours of thin lines are kept too, and white is white
        small = small.quantize(colours, method=Image.Quantize.MAXCOVERAGE)
        palette = np.array(small.getpalette(), np.uint8).reshape(-1, 3)
        palette[palette.sum(axis=1).argmax()] = 255
        small.putpalette(palette.tobytes())
        small.save(kept, optimize=True)
        if kept.stat().st_size <= LARGEST:
            return


def main(chosen: list[str]) -> None:
    """Run examples in full, and keep what they make."""
    for name in chosen or names():
        with TemporaryDirectory() as folder:
            printed = run(name, Path(folder))
            (KEPT / f"{name}.txt").write_text(printed, encoding="utf-8")
            for figure in read(name).figures:
                keep(Path(folder, figure))
        print(f"{name}: {', '.join(read(name).figures)}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
