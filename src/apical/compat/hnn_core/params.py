"""Parameter files, and the drives and biases that they describe."""

from __future__ import annotations

import fnmatch
import json
import os
from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apical.compat.hnn_core.externals.mne import _validate_type
from apical.compat.hnn_core.params_default import get_params_default
from apical.io.hnn.parameters import parameters_of_text

if TYPE_CHECKING:
    from apical.compat.hnn_core.network import Network

_LONG = {
    "L2Basket": "L2_basket", "L5Basket": "L5_basket", "L2Pyr": "L2_pyramidal",
    "L5Pyr": "L5_pyramidal",
}  # fmt: skip
_SHORT = {long: short for short, long in _LONG.items()}
#: The order in which files list cell types, and the delay (ms) of a proximal input to each.
_PROXIMAL_DELAY = {"L2_pyramidal": 0.1, "L2_basket": 0.1, "L5_pyramidal": 1.0, "L5_basket": 1.0}


def _long_name(short_name: str) -> str:
    """Return the name of a cell type in networks, given that in files."""
    return _LONG.get(short_name, short_name)


def _short_name(short_name: str) -> str:
    """Return the name of a cell type in files, given that in networks."""
    return _SHORT.get(short_name, short_name)


def _from_text(text: str, name: str) -> dict[str, Any]:
    """Return the parameters in the text of a ``.param`` file of some name."""
    found = parameters_of_text(text, name)
    # hnn-core takes these two words for text, which is true
    return {key: str(value) if isinstance(value, bool) else value for key, value in found.items()}


def read_params(params_fname: str | os.PathLike[str], file_contents: str | None = None) -> Params:
    """Read parameters from a ``.json`` or ``.param`` file.

    Parameters
    ----------
    params_fname : path
        The file.
    file_contents : str, optional
        Its text, if it is known already.

    Returns
    -------
    Params
        With defaults for what the file leaves out.
    """
    path = Path(params_fname)
    if path.suffix not in (".json", ".param"):
        raise ValueError(f"expected a file with extension .json or .param; got '{path.name}'")
    text = path.read_text(encoding="utf-8") if file_contents is None else file_contents
    found = json.loads(text) if path.suffix == ".json" else _from_text(text, path.name)
    if not found:
        raise ValueError(f"'{path.name}' holds no parameters")
    return Params(found)


class Params(dict):
    """Parameters by name; names with ``*`` stand for all that match.

    Parameters
    ----------
    params_input : dict, optional
        Values that differ from the defaults; unknown names are dropped.
    """

    def __init__(self, params_input: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        given = {} if params_input is None else params_input
        if not isinstance(given, dict):
            raise ValueError(
                f"params_input must be a dictionary; got {type(params_input).__name__}"
            )
        for name, value in get_params_default(*_count_evoked_inputs(given)).items():
            dict.__setitem__(self, name, given.get(name, value))

    def __repr__(self) -> str:
        return json.dumps(self, sort_keys=True, indent=4)

    def __getitem__(self, key: str) -> Any:
        if key in self or not (matches := fnmatch.filter(self, key)):
            return dict.__getitem__(self, key)
        part = self.copy()
        for name in set(self) - set(matches):
            part.pop(name)
        return part

    def __setitem__(self, key: str, value: Any) -> None:
        matches = [] if key in self else fnmatch.filter(self, key)
        for name in matches or [key]:
            dict.__setitem__(self, name, value)

    def copy(self) -> Params:
        """Return a copy."""
        return deepcopy(self)

    def write(self, fname: str | os.PathLike[str]) -> None:
        """Write the parameters into a JSON file."""
        Path(fname).write_text(json.dumps(self), encoding="utf-8")


def _count_evoked_inputs(d: Mapping[str, Any]) -> tuple[int, int]:
    """Return how many proximal and distal evoked inputs there are."""
    times = [name for name in d if name.startswith("t_")]
    proximal = sum("evprox" in name for name in times)
    return proximal, sum("evdist" in name and "evprox" not in name for name in times)


def _extract_bias_specs_from_hnn_params(
    params: Mapping[str, Any], cellname_list: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Return amplitude, start and end of the tonic input of each cell type that has one."""
    tonic = {}
    for cell in cellname_list:
        keys = {
            name: f"Itonic_{letter}_{_short_name(cell)}_soma"
            for name, letter in (("amplitude", "A"), ("t0", "t0"), ("tstop", "T"))
        }
        here = [key in params for key in keys.values()]
        if any(here) and not all(here):
            raise ValueError(
                f"tonic input of {cell}: expected {', '.join(keys.values())}; some are missing"
            )
        if all(here):
            tonic[cell] = {name: params[key] for name, key in keys.items()}
    return {"tonic": tonic}


def _extract_drive_specs_from_hnn_params(
    params: Mapping[str, Any], cellname_list: Sequence[str], legacy_mode: bool = False
) -> dict[str, dict[str, Any]]:
    """Return the arguments of each drive that parameters describe, with its type, by name."""
    nprox, ndist = _count_evoked_inputs(params)
    found = {
        "bursty1": _bursty(params, "prox", cellname_list),
        "bursty2": _bursty(params, "dist", cellname_list),
    }
    for side, n in (("prox", nprox), ("dist", ndist)):
        for k in range(1, n + 1):
            found[f"ev{side}{k}"] = _evoked(params, side, k, cellname_list, legacy_mode)
    found["extgauss"] = _gaussian(params, cellname_list)
    found["extpois"] = _poisson(params, cellname_list)
    if legacy_mode:
        return found
    return {name: specs for name, specs in found.items() if _can_fire(name, specs, params)}


def _can_fire(name: str, specs: Mapping[str, Any], params: Mapping[str, Any]) -> bool:
    """Whether a drive's time lies within the run."""
    if name.startswith("bursty"):
        return specs["tstop"] >= specs["tstart"]
    if name == "extpois":
        return params["T_pois"] >= params["t0_pois"]
    return name != "extgauss" or specs["mu"] <= params["tstop"]


def _reached(side: str, cells: Sequence[str]) -> list[str]:
    return [c for c in cells if side == "prox" or c != "L5_basket"]


def _bursty(p: Mapping[str, Any], side: str, cells: Sequence[str]) -> dict[str, Any]:
    weight = {
        receptor: {
            c: p[f"input_{side}_A_weight_{_short_name(c)}_{receptor}"]
            for c in _reached(side, cells)
        }
        for receptor in ("ampa", "nmda")
    }
    delays = {c: p[f"input_{side}_A_delay_{c[:2]}"] for c in _reached(side, cells)}
    return {
        "type": "bursty", "location": "proximal" if side == "prox" else "distal",
        "tstart": p[f"t0_input_{side}"], "tstart_std": p[f"t0_input_stdev_{side}"],
        "tstop": min(p[f"tstop_input_{side}"], p["tstop"]), "burst_rate": p[f"f_input_{side}"],
        "burst_std": p[f"f_stdev_{side}"], "numspikes": p[f"events_per_cycle_{side}"],
        "spike_isi": 10, "n_drive_cells": p[f"repeats_{side}"], "cell_specific": False,
        "weights_ampa": weight["ampa"], "weights_nmda": weight["nmda"],
        "synaptic_delays": delays, "space_constant": 100.0,
        "event_seed": int(p[f"prng_seedcore_input_{side}"]),
    }  # fmt: skip


def _evoked(
    p: Mapping[str, Any], side: str, k: int, cells: Sequence[str], legacy_mode: bool
) -> dict[str, Any]:
    name, reached = f"ev{side}_{k}", _reached(side, cells)
    weight = {
        receptor: {c: p[f"gbar_{name}_{_short_name(c)}_{receptor}"] for c in reached}
        for receptor in ("ampa", "nmda")
    }
    together = bool(p["sync_evinput"])
    return {
        "type": "evoked", "location": "proximal" if side == "prox" else "distal",
        "mu": p[f"t_{name}"], "sigma": p[f"sigma_t_{name}"], "numspikes": p[f"numspikes_{name}"],
        "n_drive_cells": 1 if together else "n_cells", "cell_specific": not together,
        "weights_ampa": weight["ampa"], "weights_nmda": weight["nmda"],
        "synaptic_delays": {c: _PROXIMAL_DELAY[c] if side == "prox" else 0.1 for c in reached},
        "space_constant": 3.0,
        # cells of old files were numbered otherwise
        "event_seed": int(p[f"prng_seedcore_{name}"]) - (18 if legacy_mode else 0),
    }  # fmt: skip


def _gaussian(p: Mapping[str, Any], cells: Sequence[str]) -> dict[str, Any]:
    return {
        "type": "gaussian", "location": "proximal", "mu": p["L2Basket_Gauss_mu"],
        "sigma": p["L2Basket_Gauss_sigma"], "numspikes": 50,
        "weights_ampa": {c: p[f"{_short_name(c)}_Gauss_A_weight"] for c in cells},
        "weights_nmda": {},
        # the old program gave this input the mean time as its delay
        "synaptic_delays": {c: p[f"{_short_name(c)}_Gauss_mu"] for c in cells},
        "space_constant": 100.0, "event_seed": int(p["prng_seedcore_extgauss"]),
    }  # fmt: skip


def _poisson(p: Mapping[str, Any], cells: Sequence[str]) -> dict[str, Any]:
    rates = {c: p[f"{_short_name(c)}_Pois_lamtha"] for c in cells}
    weight = {
        receptor: {c: p[f"{_short_name(c)}_Pois_A_weight_{receptor}"] for c in cells}
        for receptor in ("ampa", "nmda")
    }
    return {
        "type": "poisson", "location": "proximal", "tstart": max(0, p["t0_pois"]),
        "tstop": max(0, p["T_pois"]),
        "rate_constant": {c: rate if rate > 0 else 1 for c, rate in rates.items()},
        "weights_ampa": weight["ampa"], "weights_nmda": weight["nmda"],
        "synaptic_delays": {c: _PROXIMAL_DELAY[c] if c != "L2_basket" else 1.0 for c in cells},
        "space_constant": 100.0, "event_seed": int(p["prng_seedcore_extpois"]),
    }  # fmt: skip


def compare_dictionaries(d1: dict[str, Any], d2: Mapping[str, Any]) -> dict[str, Any]:
    """Return the first dictionary, updated from the second."""
    d1.update(d2)
    return d1


def _any_positive_weights(drive: Mapping[str, Any]) -> bool:
    """Whether a drive does anything."""
    weights = [drive["weights_ampa"] or {}, drive["weights_nmda"] or {}]
    return any(weight > 0 for of_type in weights for weight in of_type.values())


def remove_nulled_drives(net: Network) -> Network:
    """Return a network without drives that do nothing: no weight, or no time to fire in."""
    from apical.compat.hnn_core.drives import _attach_drive

    net = deepcopy(net)
    drives = dict(net.external_drives)
    first = {name: next(c for c in net.connectivity if c["src_type"] == name) for name in drives}
    net.clear_drives()
    for name, drive in drives.items():
        start, stop = (drive["dynamics"].get(key) for key in ("tstart", "tstop"))
        if start is not None and stop is not None and (start > stop or start < 0 or stop < 0):
            continue
        if _any_positive_weights(drive):
            _attach_drive(
                net, name, drive, space_constant=first[name]["nc_dict"]["lamtha"],
                n_drive_cells="n_cells" if drive["cell_specific"] else drive["n_drive_cells"],
                cell_specific=drive["cell_specific"], probability=first[name]["probability"],
            )  # fmt: skip
    return net


def convert_to_json(
    params_fname: str | Path,
    out_fname: str | Path,
    include_drives: bool = True,
    overwrite: bool = True,
) -> None:
    """Write the default column with the parameters of a file as a network configuration.

    Parameters
    ----------
    params_fname : path
        File of parameters, ``.json`` or ``.param``.
    out_fname : path
        File to write; it gets the ending ``.json``.
    include_drives : bool
        Whether drives are written, too.
    overwrite : bool
        Whether the file may replace another.
    """
    from apical.compat.hnn_core.network_models import neymotin_2020_model

    _validate_type(params_fname, (str, Path), "params_fname")
    _validate_type(out_fname, (str, Path), "out_fname")
    net = neymotin_2020_model(
        read_params(params_fname), include_drives, Path(params_fname).suffix.lower() == ".param"
    )
    out = Path(out_fname)
    remove_nulled_drives(net).write_configuration(
        out if out.suffix == ".json" else out.with_suffix(".json"), overwrite
    )
