"""Populations: cells of one kind at positions."""

from __future__ import annotations

import itertools
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from apical.errors import ModelError, Problem
from apical.model.fields import Items, Label, Name, Point, Q, Whole, vector
from apical.model.part import Part

MAX_CELLS = 1_000_000
_Shape = Annotated[tuple[int, int], Items(Whole(1, MAX_CELLS), "two whole numbers ≥ 1", 2, 2)]

_POINTS = Items(vector("um"), "a list of points (x, y, z) in um", 1, MAX_CELLS)


def _check_size(n: int, field: str) -> None:
    if n > MAX_CELLS:
        raise ModelError([Problem(field, f"at most {MAX_CELLS} cells; got {n}")])


class Grid(Part):
    """Cells on a rectangular grid with the network's in-plane distance.

    Parameters
    ----------
    shape : tuple of 2 int
        Cells along x and along y.
    z : float, µm
        Depth.
    x, y : float, µm
        Where the grid begins.
    """

    kind: Literal["grid"] = "grid"
    shape: _Shape
    z: Annotated[float, Q("um")] = 0.0
    x: Annotated[float, Q("um")] = 0.0
    y: Annotated[float, Q("um")] = 0.0

    def points(self, inplane_distance: float) -> tuple[Point, ...]:
        """Return the positions, µm; x changes slowest."""
        nx, ny = self.shape
        return tuple(
            (self.x + i * inplane_distance, self.y + j * inplane_distance, self.z)
            for i, j in itertools.product(range(nx), range(ny))
        )

    @model_validator(mode="after")
    def _check(self) -> Self:
        _check_size(self.shape[0] * self.shape[1], "shape")
        return self


class StaggeredGrid(Part):
    """Cells on every third point of a grid, shifted by one in every other row.

    Parameters
    ----------
    shape : tuple of 2 int
        Points of the full grid along x and y.
    z : float, µm
        Depth.
    x, y : float, µm
        Where the full grid begins.
    """

    kind: Literal["staggered"] = "staggered"
    shape: _Shape
    z: Annotated[float, Q("um")] = 0.0
    x: Annotated[float, Q("um")] = 0.0
    y: Annotated[float, Q("um")] = 0.0

    def points(self, inplane_distance: float) -> tuple[Point, ...]:
        """Return the positions, µm; y changes slowest."""
        nx, ny = self.shape
        return tuple(
            (self.x + i * inplane_distance, self.y + j * inplane_distance, self.z)
            for j in range(ny)
            for i in range(j % 2, nx, 3)
        )

    @model_validator(mode="after")
    def _check(self) -> Self:
        _check_size(self.shape[0] * self.shape[1], "shape")
        return self


class Points(Part):
    """Cells at given positions.

    Parameters
    ----------
    coordinates : tuple of (x, y, z), µm
        Their positions.
    """

    kind: Literal["points"] = "points"
    coordinates: Annotated[tuple[Point, ...], _POINTS]

    def points(self, inplane_distance: float) -> tuple[Point, ...]:
        """Return the positions, µm; the in-plane distance does not change them."""
        return self.coordinates


Positions = Annotated[Grid | StaggeredGrid | Points, Field(discriminator="kind")]


class Population(Part):
    """Cells of one kind.

    Parameters
    ----------
    kind : 'cells'
        Kinds other than cells may come.
    cell : str
        Name of the cell type.
    positions : Grid, StaggeredGrid or Points
        Where they are.
    layer : str
        Cortical layer, such as ``L5``; dipoles are summed by it.
    role : {'excitatory', 'inhibitory', ''}
        What they do to others.
    dipole : bool
        Whether they contribute to the current dipole.
    """

    kind: Literal["cells"] = "cells"
    cell: Name
    positions: Positions
    layer: Label = ""
    role: Literal["excitatory", "inhibitory", ""] = ""
    dipole: Annotated[bool, Field(strict=True)] = False

    @property
    def n(self) -> int:
        """Number of cells."""
        return len(self.positions.points(1.0))
