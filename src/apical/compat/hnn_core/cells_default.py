"""The cells of the published columns; their values are those of the library."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from apical import library
from apical.compat.hnn_core.cell import Cell, Node, Section
from apical.compat.hnn_core.params import _short_name, compare_dictionaries
from apical.compat.hnn_core.params_default import get_L2Pyr_params_default, get_L5Pyr_params_default
from apical.model import Cell as CellModel
from apical.model import Profile
from apical.units import parse_quantity

_DEFAULTS = {"L2_pyramidal": get_L2Pyr_params_default, "L5_pyramidal": get_L5Pyr_params_default}


def _exp_g_at_dist(
    x: float, gbar_at_zero: float, exp_term: float, offset: float, slope: float = 1
) -> float:
    """Return a density that changes exponentially with the distance from the soma (µm)."""
    return gbar_at_zero * (slope * np.exp(exp_term * x) + offset)


def _linear_g_at_dist(
    x: float,
    gsoma: float,
    gdend: float,
    xkink: float,
    hotzone_factor: float = 1,
    hotzone_boundaries: Sequence[float] = (0, 0),
) -> float:
    """Return a density that changes linearly up to some distance from the soma (µm)."""
    density = gsoma + min(xkink, x) * (gdend - gsoma) / xkink
    inside = hotzone_boundaries[0] < x < hotzone_boundaries[1]
    return density * hotzone_factor if inside else density


def basket(cell_name: str, pos: Sequence[float] = (0, 0, 0), gid: int | None = None) -> Cell:
    """Return a basket cell, ``L2_basket`` or ``L5_basket``."""
    if cell_name not in ("L2_basket", "L5_basket"):
        raise ValueError(f"expected 'L2_basket' or 'L5_basket'; got {cell_name!r}")
    found = library.cell(cell_name)
    soma = found.sections["soma"]
    section = Section(
        L=soma.L, diam=soma.diam, Ra=soma.Ra, cm=soma.cm, v0=soma.v0,
        end_pts=[[0, 0, 0], [0, 0, soma.L]],
    )  # fmt: skip
    section.syns = sorted(soma.receptors)
    section.mechs = {"hh2": {}}
    synapses = {
        name: {
            key: parse_quantity(r.parameters[key], unit)
            for key, unit in (("e", "mV"), ("tau1", "ms"), ("tau2", "ms"))
        }
        for name, r in sorted(found.receptors.items())
    }
    groups = {"proximal": ["soma"], "distal": ["soma"] if cell_name == "L2_basket" else []}
    return Cell(cell_name, pos, {"soma": section}, synapses, groups, None, gid)


def pyramidal(
    cell_name: str,
    pos: Sequence[float] = (0, 0, 0),
    override_params: Mapping[str, Any] | None = None,
    gid: int | None = None,
) -> Cell:
    """Return a pyramidal cell.

    Parameters
    ----------
    cell_name : {'L2_pyramidal', 'L5_pyramidal'}
        Which.
    pos : tuple of 3 float, µm
        Where it is.
    override_params : dict, optional
        Parameters that differ from the defaults, such as ``L5Pyr_dend_gbar_ca``; numbers, or
        functions of the distance from the soma (µm).
    gid : int, optional
        Global index.
    """
    if cell_name not in _DEFAULTS:
        raise ValueError(f"expected one of {', '.join(_DEFAULTS)}; got {cell_name!r}")
    found, short = library.cell(cell_name), _short_name(cell_name)
    values = compare_dictionaries(_DEFAULTS[cell_name](), override_params or {})
    names = [*(name for name in found.sections if name != "soma"), "soma"]
    synapses = {
        name: {key: values[f"{short}_{name}_{key}"] for key in ("e", "tau1", "tau2")}
        for name in found.receptors
    }
    return Cell(
        short, pos, {name: _section(found, name, short, values) for name in names}, synapses,
        {name: list(sections) for name, sections in found.groups.items()}, _tree(found), gid,
    )  # fmt: skip


def pyramidal_ca(
    cell_name: str,
    pos: Sequence[float],
    override_params: dict[str, Any] | None = None,
    gid: int | None = None,
) -> Cell:
    """Return the pyramidal cell of layer 5 with the calcium dynamics of Kohl et al. (2022)."""
    gk, gna = 0.06, 0.32
    kohl: dict[str, float | Callable[[float], float]] = {
        "L5Pyr_soma_gkbar_hh2": gk,
        "L5Pyr_soma_gnabar_hh2": gna,
        "L5Pyr_dend_gbar_ca": partial(_linear_g_at_dist, gsoma=10.0, gdend=40.0, xkink=1501),
        "L5Pyr_dend_gnabar_hh2": partial(_linear_g_at_dist, gsoma=gna, gdend=28e-4, xkink=962),
        "L5Pyr_dend_gkbar_hh2": partial(
            _exp_g_at_dist, gbar_at_zero=gk, exp_term=-0.006, offset=1e-4
        ),
    }
    return pyramidal(cell_name, pos, {**(override_params or {}), **kohl}, gid)


def _section(found: CellModel, name: str, short: str, values: Mapping[str, Any]) -> Section:
    """Return a section of the library's cell with the values of parameters."""
    model = found.sections[name]
    part, place = f"{short}_{name.replace('_', '')}", "soma" if name == "soma" else "dend"
    assert model.start is not None
    assert model.end is not None
    section = Section(
        L=values[f"{part}_L"], diam=values[f"{part}_diam"], Ra=values[f"{short}_{place}_Ra"],
        cm=values[f"{short}_{place}_cm"], v0=model.v0,
        end_pts=[list(model.start), list(model.end)],
    )  # fmt: skip
    section.syns = list(model.receptors)
    for mechanism, parameters in model.channels.items():
        section.mechs[mechanism] = {
            f"{key}_{mechanism}": values[f"{short}_{place}_{key}_{mechanism}"] for key in parameters
        }
        if any(isinstance(value, Profile) for value in parameters.values()):
            along = partial(_exp_g_at_dist, gbar_at_zero=1e-6, exp_term=3e-3, offset=0.0)
            section.mechs[mechanism] = {f"gbar_{mechanism}": along}
    return section


def _tree(found: CellModel) -> dict[Node, list[Node]]:
    """Return what hangs on each end of a section."""
    tree: dict[Node, list[Node]] = {(name, 0): [(name, 1)] for name in found.sections}
    for name, section in found.sections.items():
        if section.parent is not None:
            tree.setdefault((section.parent, int(section.parent_x)), []).append((name, 0))
    return tree
