"""Projections: synapses from one population to another."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from apical.errors import ModelError, Problem
from apical.model.fields import Items, Name, Probability, Q, Whole
from apical.model.part import Part
from apical.model.population import MAX_CELLS

_PAIR = Items(Whole(0, MAX_CELLS), "two cell indices", 2, 2)
PAIRS = Items(_PAIR, "a list of pairs (source, target)")


class Gaussian(Part):
    """Weights fall and delays rise with distance d in the plane: by exp(−d²/λ²).

    Parameters
    ----------
    space_constant : float
        λ, in units of the network's in-plane distance.
    """

    kind: Literal["gaussian"] = "gaussian"
    space_constant: Annotated[float, Q("1", gt=0)]


class Projection(Part):
    """Synapses from the cells of one population onto those of another.

    Parameters
    ----------
    source, target : str
        Populations.
    location : str
        Group or section of the target cells; every section of a group gets a synapse.
    receptor : str
        Receptor of the target cells.
    weight : float, µS
        Peak conductance at distance zero.
    delay : float, ms
        Delay at distance zero.
    kernel : Gaussian, optional
        How weight and delay change with distance.
    gain : float
        Factor on the weight.
    autapses : bool
        Whether a cell may reach itself.
    probability : float
        Share of the pairs that are connected.
    rule : {'all_to_all', 'one_to_one', 'pairs'}
        Which cells are paired.
    pairs : tuple of (int, int)
        Source and target cells, for ``rule="pairs"``.
    """

    source: Name
    target: Name
    location: Name
    receptor: Name
    weight: Annotated[float, Q("uS", ge=0)]
    delay: Annotated[float, Q("ms", ge=0)]
    kernel: Gaussian | None = None
    gain: Annotated[float, Q("1", ge=0)] = 1.0
    autapses: Annotated[bool, Field(strict=True)] = True
    probability: Probability = 1.0
    rule: Literal["all_to_all", "one_to_one", "pairs"] = "all_to_all"
    pairs: Annotated[tuple[tuple[int, int], ...], PAIRS] = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.pairs and self.rule != "pairs":
            message = f"are only used with rule 'pairs'; the rule is '{self.rule}'"
            raise ModelError([Problem("pairs", message)])
        return self
