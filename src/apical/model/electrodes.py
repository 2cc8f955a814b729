"""Electrodes in the tissue, which record extracellular potentials."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from apical.errors import ModelError, Problem
from apical.model.fields import Items, Point, Q, Whole, vector
from apical.model.part import Part

#: Electrodes of one array.
MAX_ELECTRODES = 10_000
_POINTS = Items(vector("um"), "a list of points (x, y, z) in um", 1, MAX_ELECTRODES)


class ElectrodeArray(Part):
    """Point electrodes in an endless, even, resistive medium.

    Each compartment's membrane current leaves along a line or from a point; potentials add up.

    Parameters
    ----------
    positions : tuple of (x, y, z), µm
        Where the electrodes are, in the coordinates of the populations.
    method : {'point', 'line', 'overlapping_line'}
        The current of a compartment leaves from its middle, or evenly along it (Holt and Koch
        1999, doi:10.1023/A:1008832702585). ``overlapping_line`` is what hnn-core 0.6.1 calls
        ``lsa``: the lines of all but the first and the last compartment of a section are twice as
        long as these are, and overlap.
    conductivity : float, S/m
        Of the medium.
    min_distance : float, µm
        Electrodes nearer than this to a point, or to the axis of a line, count as this far away.
    every : float, ms
        Sampling interval.
    """

    positions: Annotated[tuple[Point, ...], _POINTS]
    method: Literal["point", "line", "overlapping_line"] = "point"
    conductivity: Annotated[float, Q("S/m", gt=0)] = 0.3
    min_distance: Annotated[float, Q("um", gt=0)] = 0.5
    every: Annotated[float, Q("ms", gt=0)] = 0.025


def laminar(
    x: float | str,
    y: float | str,
    *,
    lowest: float | str = -325.0,
    spacing: float | str = 100.0,
    electrodes: int = 26,
    **given: Any,
) -> ElectrodeArray:
    """Return a shank that runs straight through the layers, evenly spaced, from below.

    By default it reaches from below the basal dendrites of layer 5 to above the apical tufts of
    the columns in :mod:`apical.models`.

    Parameters
    ----------
    x, y : float, µm
        Where it stands.
    lowest : float, µm
        Height z of the lowest electrode.
    spacing : float, µm
        Distance between neighbours.
    electrodes : int
        How many.
    **given
        Further fields of the :class:`ElectrodeArray`, such as ``method="line"``.

    Raises
    ------
    ModelError
        If an argument makes no sense.
    """
    asked = {
        "x": (Q("um"), x), "y": (Q("um"), y), "lowest": (Q("um"), lowest),
        "spacing": (Q("um", gt=0), spacing), "electrodes": (Whole(1, MAX_ELECTRODES), electrodes),
    }  # fmt: skip
    values, problems = {}, []
    for name, (rule, value) in asked.items():
        try:
            values[name] = rule.read(value)
        except ValueError as error:
            problems.append(Problem(name, str(error)))
    if problems:
        raise ModelError(problems)
    heights = [values["lowest"] + k * values["spacing"] for k in range(values["electrodes"])]
    positions = tuple((values["x"], values["y"], z) for z in heights)
    return ElectrodeArray(positions=positions, **given)
