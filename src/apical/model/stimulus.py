"""Currents injected through electrodes."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import model_validator

from apical.errors import ModelError, Problem
from apical.model.fields import Fraction, Items, Name, Q, Whole
from apical.model.part import Part
from apical.model.population import MAX_CELLS

CELLS = Items(Whole(0, MAX_CELLS), "a list of cell indices")


class CurrentClamp(Part):
    """A constant current into one place of some cells.

    Parameters
    ----------
    population : str
        The population.
    section : str
        Section of its cells.
    x : float, 0 to 1
        Where on the section.
    amplitude : float, nA
        The current; positive depolarises.
    start, stop : float, ms
        When it flows; without `stop`, to the end.
    cells : tuple of int, optional
        Which cells; by default all.
    """

    population: Name
    section: Name
    x: Fraction = 0.5
    amplitude: Annotated[float, Q("nA")]
    start: Annotated[float, Q("ms", ge=0)] = 0.0
    stop: Annotated[float, Q("ms")] | None = None
    cells: Annotated[tuple[int, ...], CELLS] | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.stop is not None and self.stop <= self.start:
            message = f"must be after start, > {self.start:g} ms; got {self.stop:g}"
            raise ModelError([Problem("stop", message)])
        return self
