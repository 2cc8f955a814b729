"""Parameters that a parameter file may leave out, with their values.

Those of cells are read from the library's column.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from apical import library
from apical.model import Profile, Section
from apical.units import parse_quantity

_CELLS = {"L2Pyr": "L2_pyramidal", "L5Pyr": "L5_pyramidal"}
_POPULATIONS = ("L2Basket", "L2Pyr", "L5Pyr", "L5Basket")
_GAUSS_SIGMA = {"L2Basket": 3.6, "L2Pyr": 3.6, "L5Pyr": 4.8, "L5Basket": 2.0}
_CONNECTIONS = (
    "L2Pyr_L2Pyr_ampa", "L2Pyr_L2Pyr_nmda", "L2Basket_L2Pyr_gabaa", "L2Basket_L2Pyr_gabab",
    "L2Pyr_L2Basket", "L2Basket_L2Basket", "L5Pyr_L5Pyr_ampa", "L5Pyr_L5Pyr_nmda", "L2Pyr_L5Pyr",
    "L2Basket_L5Pyr", "L5Basket_L5Pyr_gabaa", "L5Basket_L5Pyr_gabab", "L5Basket_L5Basket",
    "L5Pyr_L5Basket", "L2Pyr_L5Basket",
)  # fmt: skip
_RUN: dict[str, Any] = {
    "sim_prefix": "default", "tstop": 250.0, "N_pyr_x": 1, "N_pyr_y": 1,
    "dt_evprox0_evdist": -1, "dt_evprox0_evprox1": -1, "sync_evinput": 1, "inc_evinput": 0.0,
    "save_spec_data": 0, "f_max_spec": 40.0, "spec_cmap": "jet", "dipole_scalefctr": 30e3,
    "dipole_smooth_win": 15.0, "save_figs": 0, "save_dpl": 0, "record_vsoma": 0,
    "record_isoma": 0, "record_vsec": 0, "record_isec": 0, "record_ca": 0, "N_trials": 1,
    "prng_seedcore_input_prox": 0, "prng_seedcore_input_dist": 0, "prng_seedcore_extpois": 0,
    "prng_seedcore_extgauss": 0, "t0_pois": 0.0, "T_pois": -1, "dt": 0.025, "celsius": 37.0,
    "threshold": 0.0,
}  # fmt: skip


def get_params_default(nprox: int = 2, ndist: int = 1) -> dict[str, Any]:
    """Return all parameters, with those of some proximal and distal evoked inputs."""
    found = dict(_RUN)
    for name in _POPULATIONS:
        found[f"{name}_Gauss_A_weight"] = 0.0
        found[f"{name}_Gauss_mu"] = 2000.0
        found[f"{name}_Gauss_sigma"] = _GAUSS_SIGMA[name]
        for what in ("A_weight_ampa", "A_weight_nmda", "lamtha"):
            found[f"{name}_Pois_{what}"] = 0.0
    found |= {f"gbar_{name}": 0.0 for name in _CONNECTIONS}
    found |= dict(_rhythmic("prox", _POPULATIONS, 0.1, 1.0))
    found |= dict(_rhythmic("dist", ("L2Basket", "L2Pyr", "L5Pyr"), 5.0, 5.0))
    found |= get_L2Pyr_params_default() | get_L5Pyr_params_default()
    return found | get_ev_params_default(nprox, True) | get_ev_params_default(ndist, False)


def get_ev_params_default(n: int, isprox: bool) -> dict[str, Any]:
    """Return the parameters of `n` proximal or distal evoked inputs."""
    found: dict[str, Any] = {}
    for k in range(1, n + 1):
        name = f"{'evprox' if isprox else 'evdist'}_{k}"
        for population in _POPULATIONS[: 4 if isprox else 3]:
            for receptor in ("ampa", "nmda"):
                found[f"gbar_{name}_{population}_{receptor}"] = 0.0
        found |= {f"t_{name}": 0.0, f"sigma_t_{name}": 0.0, f"prng_seedcore_{name}": 0}
        found[f"numspikes_{name}"] = 1
    return found


def get_L2Pyr_params_default() -> dict[str, Any]:
    """Return the parameters of pyramidal cells of layer 2/3."""
    return dict(_of_cell("L2Pyr"))


def get_L5Pyr_params_default() -> dict[str, Any]:
    """Return the parameters of pyramidal cells of layer 5."""
    return dict(_of_cell("L5Pyr"))


def _rhythmic(
    side: str, populations: tuple[str, ...], delay_l2: float, delay_l5: float
) -> Iterator[tuple[str, Any]]:
    yield from {
        f"distribution_{side}": "normal", f"t0_input_{side}": 1000.0, f"tstop_input_{side}": 250.0,
        f"f_input_{side}": 10.0, f"f_stdev_{side}": 20.0, f"events_per_cycle_{side}": 2,
        f"repeats_{side}": 10, f"t0_input_stdev_{side}": 0.0,
        f"input_{side}_A_delay_L2": delay_l2, f"input_{side}_A_delay_L5": delay_l5,
    }.items()  # fmt: skip
    for population in populations:
        for receptor in ("ampa", "nmda"):
            yield f"input_{side}_A_weight_{population}_{receptor}", 0.0


@lru_cache(maxsize=2)
def _of_cell(short: str) -> tuple[tuple[str, Any], ...]:
    """Return name and value of a cell's parameters, as the library has them."""
    cell = library.cell(_CELLS[short])
    found: list[tuple[str, Any]] = []
    for name, section in cell.sections.items():
        part = f"{short}_{name.replace('_', '')}"
        found += [(f"{part}_L", section.L), (f"{part}_diam", section.diam)]
    for name, receptor in cell.receptors.items():
        for key, unit in (("e", "mV"), ("tau1", "ms"), ("tau2", "ms")):
            found.append((f"{short}_{name}_{key}", parse_quantity(receptor.parameters[key], unit)))
    # all dendrites are alike in these
    for place, section in (("soma", cell.sections["soma"]), ("dend", cell.sections["basal_1"])):
        found += [(f"{short}_{place}_cm", section.cm), (f"{short}_{place}_Ra", section.Ra)]
        found += _densities(cell.sections["soma"], section, f"{short}_{place}")
    return tuple(found)


def _densities(soma: Section, section: Section, prefix: str) -> Iterator[tuple[str, float]]:
    for mechanism, parameters in section.channels.items():
        for key, value in parameters.items():
            # what grows along the dendrite begins at the soma's value
            text = soma.channels[mechanism][key] if isinstance(value, Profile) else value
            assert isinstance(text, str)
            yield f"{prefix}_{key}_{mechanism}", parse_quantity(text, _unit(mechanism, key))


def _unit(mechanism: str, key: str) -> str:
    """Return the unit of a channel's parameter here."""
    if key == "gbar" and mechanism in ("ca", "km", "kca"):
        return "pS/um2"
    return {"el": "mV", "taur": "ms"}.get(key, "S/cm2")
