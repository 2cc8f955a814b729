"""Cells: trees of sections with receptors and named places."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import model_validator

from apical.errors import ModelError, Problem, did_you_mean
from apical.model.fields import Fraction, Label, Name, Names, Point, Q, vector
from apical.model.frozendict import FrozenDict
from apical.model.morphology import LengthRule, Receptor, Rules, Section
from apical.model.part import Part


class Site(Part):
    """A place on a cell.

    Parameters
    ----------
    section : str
        Name of the section.
    x : float, 0 to 1
        Where on it.
    """

    section: Name
    x: Fraction = 0.5


class Cell(Part):
    """A kind of cell: a tree of sections.

    Parameters
    ----------
    sections : mapping of str to Section
        Exactly one of them, the root, has no parent.
    receptors : mapping of str to Receptor
        The kinds of synapse that sections may carry.
    groups : mapping of str to tuple of str
        Places of several sections, such as ``proximal``; each section is a place of its own.
    segments : LengthRule, LambdaRule or FixedRule
        How sections are cut into compartments.
    spike_site : Site
        Where spikes are detected; by default the middle of the root section.
    threshold : float, mV
        A spike is an upward crossing of this voltage.
    axis : tuple of 3 float
        Direction of the apical trunk; the dipole is measured along it.
    reference, doi : str
        Where it was published.
    """

    sections: FrozenDict[Name, Section]
    receptors: FrozenDict[Name, Receptor] = FrozenDict()
    groups: FrozenDict[Name, Names] = FrozenDict()
    segments: Rules = LengthRule()
    spike_site: Site = None  # type: ignore[assignment] - filled in below
    threshold: Annotated[float, Q("mV")] = 0.0
    axis: Annotated[Point, vector("1")] = (0.0, 0.0, 1.0)
    reference: Label = ""
    doi: Label = ""

    @property
    def root(self) -> str:
        """Name of the section without parent."""
        return next(name for name, s in self.sections.items() if s.parent is None)

    @property
    def places(self) -> tuple[str, ...]:
        """Names of all places: groups, then sections."""
        return (*self.groups, *self.sections)

    def sections_of(self, place: str) -> tuple[str, ...]:
        """Return the sections of a group, or the one section of that name."""
        return self.groups.get(place, (place,))

    @model_validator(mode="after")
    def _check(self) -> Self:
        problems = [*_tree(self), *_places(self)]
        if problems:
            raise ModelError(problems)
        if self.spike_site is None:  # type: ignore[comparison-overlap]
            self._settle(spike_site=Site(section=self.root))
        return self


def _tree(cell: Cell) -> Iterator[Problem]:
    """Check that sections form one tree."""
    sections = cell.sections
    if not sections:
        yield Problem("sections", "must hold at least one section")
        return
    roots = [name for name, s in sections.items() if s.parent is None]
    if len(roots) > 1:
        yield Problem("sections", f"only one may be without parent; {', '.join(roots)} are")
    for name, section in sections.items():
        if section.parent is not None and section.parent not in sections:
            hint = did_you_mean(section.parent, sections, "sections are")
            yield Problem(
                f"sections.{name}.parent", f"there is no section '{section.parent}'", hint
            )
    yield from _cycles(sections)


def _cycles(sections: FrozenDict[str, Section]) -> Iterator[Problem]:
    """Report each ring of sections that are one another's parents once."""
    done: set[str] = set()
    for first in sections:
        chain: list[str] = []
        name = first
        while name in sections and name not in done and name not in chain:
            chain.append(name)
            name = sections[name].parent or ""
        if name in chain:
            ring = chain[chain.index(name) :]
            around = " → ".join([*ring, ring[0]])
            yield Problem(f"sections.{ring[0]}.parent", f"a tree has no rings: {around}")
        done.update(chain)


def _places(cell: Cell) -> Iterator[Problem]:
    """Check groups, receptors on sections, the spike site and the axis."""
    for group, names in cell.groups.items():
        path = f"groups.{group}"
        if group in cell.sections:
            yield Problem(
                path, "a group cannot have the name of a section, which is itself a place"
            )
        if not names:
            yield Problem(path, "must name at least one section")
        if len(set(names)) < len(names):
            yield Problem(path, "names a section twice")
        for name in names:
            if name not in cell.sections:
                hint = did_you_mean(name, cell.sections, "sections are")
                yield Problem(path, f"there is no section '{name}'", hint)
    for name, section in cell.sections.items():
        for receptor in section.receptors:
            if receptor not in cell.receptors:
                hint = did_you_mean(receptor, cell.receptors, "receptors are")
                path = f"sections.{name}.receptors.{receptor}"
                yield Problem(path, "the cell has no such receptor", hint)
    site = cell.spike_site
    if site is not None and site.section not in cell.sections:
        hint = did_you_mean(site.section, cell.sections, "sections are")
        yield Problem("spike_site.section", f"there is no section '{site.section}'", hint)
    if not any(cell.axis):
        yield Problem("axis", "must not be zero")
