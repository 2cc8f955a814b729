"""Parameter sets: ``.param`` files and flat JSON, of HNN and older hnn-core."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apical import models
from apical.errors import DataWarning, FileFormatError, ModelError, Problem, did_you_mean
from apical.io.hnn.export import configuration_from_network
from apical.io.hnn.text import read_text
from apical.model.fields import shorten
from apical.model.jsonio import read_json

if TYPE_CHECKING:
    from apical.model import Network

Parameters = Mapping[str, float | int | str | bool]
_NUMBER = re.compile(r"[-+]?(\d+(?:\.\d*)?|\.\d+)([eE][-+]?\d+)?")
#: Cell types, and what parameter sets call them.
_SHORT = {
    "L2_basket": "L2Basket", "L2_pyramidal": "L2Pyr",
    "L5_basket": "L5Basket", "L5_pyramidal": "L5Pyr",
}  # fmt: skip
#: Parameters that are weights of projections; those that a set does not have are 0.
_WEIGHTS = {
    "gbar_L2Pyr_L2Pyr_ampa": ("L2_pyramidal>L2_pyramidal.ampa",),
    "gbar_L2Pyr_L2Pyr_nmda": ("L2_pyramidal>L2_pyramidal.nmda",),
    "gbar_L5Pyr_L5Pyr_ampa": ("L5_pyramidal>L5_pyramidal.ampa",),
    "gbar_L5Pyr_L5Pyr_nmda": ("L5_pyramidal>L5_pyramidal.nmda",),
    "gbar_L2Basket_L2Pyr_gabaa": ("L2_basket>L2_pyramidal.gabaa",),
    "gbar_L2Basket_L2Pyr_gabab": ("L2_basket>L2_pyramidal.gabab",),
    "gbar_L5Basket_L5Pyr_gabaa": (
        "L5_basket>L5_pyramidal.gabaa",
        "L5_basket>L5_pyramidal.distal.gabaa",
    ),
    "gbar_L5Basket_L5Pyr_gabab": ("L5_basket>L5_pyramidal.gabab",),
    "gbar_L2Pyr_L5Pyr": (
        "L2_pyramidal>L5_pyramidal.proximal.ampa",
        "L2_pyramidal>L5_pyramidal.distal.ampa",
    ),
    "gbar_L2Basket_L5Pyr": ("L2_basket>L5_pyramidal.gabaa",),
    "gbar_L2Pyr_L2Basket": ("L2_pyramidal>L2_basket.ampa",),
    "gbar_L2Basket_L2Basket": ("L2_basket>L2_basket.gabaa",),
    "gbar_L5Basket_L5Basket": ("L5_basket>L5_basket.gabaa",),
    "gbar_L5Pyr_L5Basket": ("L5_pyramidal>L5_basket.ampa",),
    "gbar_L2Pyr_L5Basket": ("L2_pyramidal>L5_basket.ampa",),
}
#: Weights that a model sets itself, whatever the parameters are.
_OWN_WEIGHTS = {
    "law_2021": (
        "L5_pyramidal>L5_pyramidal.nmda",
        "L5_basket>L5_pyramidal.gabaa",
        "L5_basket>L5_pyramidal.gabab",
    )
}
#: Models that parameter sets may belong to.
MODELS = ("neymotin_2020", "law_2021", "kohl_2022")
_TARGETS = {"prox": tuple(_SHORT), "dist": ("L2_basket", "L2_pyramidal", "L5_pyramidal")}
_PLACES = {"prox": "proximal", "dist": "distal"}


def read_parameters(path: str | os.PathLike[str]) -> dict[str, float | int | str | bool]:
    """Read a parameter set: a ``.param`` file or flat JSON.

    Parameters
    ----------
    path : path
        The file. Lines of a ``.param`` file are ``name: value``; empty lines and what follows
        ``#`` are skipped.

    Returns
    -------
    dict
        Numbers where they are numbers, text otherwise.

    Raises
    ------
    FileFormatError
        If it is no parameter set; tells where.
    StorageError
        If the file cannot be read.
    """
    path = Path(path)
    return parameters_of_text(read_text(path), path.name)


def parameters_of_text(text: str, name: str) -> dict[str, float | int | str | bool]:
    """Return what :func:`read_parameters` does of a text; `name` is what messages call it."""
    if text.lstrip("\ufeff \t\r\n").startswith("{"):
        return parameters_in(_json(text, name), name)
    found: dict[str, float | int | str | bool] = {}
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        bare = line.partition("#")[0].strip()
        if not bare:
            continue
        key, colon, value = (part.strip() for part in bare.partition(":"))
        if not colon or not key:
            message = f"line {number}: expected 'name: value'; got {shorten(bare)}"
            raise FileFormatError(f"{name}, {message}")
        if key in found:
            raise FileFormatError(f"{name}, line {number}: '{key}' stands twice")
        found[key] = _value(value)
    if not found:
        raise FileFormatError(f"{name}: no parameters found")
    return found


def _json(text: str, name: str) -> Any:
    try:
        return read_json(text)
    except FileFormatError as error:
        raise FileFormatError(f"{name}: {error}") from error


def parameters_in(data: Any, name: str) -> dict[str, float | int | str | bool]:
    """Return data read from JSON if they are a parameter set; raises FileFormatError."""
    if not isinstance(data, dict) or not data:
        raise FileFormatError(f"{name}: not a parameter set, which is one object of values")
    for key, value in data.items():
        if not isinstance(value, (int, float, str)):
            message = f"'{key}' must be a number or text; got {shorten(value)}"
            raise FileFormatError(f"{name}: {message}")
    return data


def _value(text: str) -> float | int | str | bool:
    if text in ("True", "False"):
        return text == "True"
    if not _NUMBER.fullmatch(text):
        return text
    return float(text) if set(text) & set(".eE") else int(text)


def parameters_to_configuration(
    parameters: Parameters, model: str = "neymotin_2020", *, drives: bool = True
) -> dict[str, Any]:
    """Return the configuration of the network that a parameter set describes.

    Parameters
    ----------
    parameters, model, drives
        As for :func:`network_from_parameters`.

    Returns
    -------
    dict
        As hnn-core's hierarchical JSON holds it, with the seeds of the set.

    Raises
    ------
    ModelError
        If a value makes no sense.
    """
    found = configuration_from_network(network_from_parameters(parameters, model, drives=drives))
    for name, drive in found["external_drives"].items():
        seed = int(_number(parameters, f"prng_seedcore_{_feed(name)}", 0))
        drive["event_seed"] = seed + found["gid_ranges"][name]["start"]
        drive["conn_seed"] = 3
    return found


def network_from_parameters(
    parameters: Parameters, model: str = "neymotin_2020", *, drives: bool = True
) -> Network:
    """Return the network that a parameter set describes.

    Weights of projections, drives and biases are taken from the set, those that it does not have
    are 0. Geometry and membrane of cells are the model's: where the set has other values for
    them, a warning says so. hnn-core ignores these, too.

    Parameters
    ----------
    parameters : mapping of str to float, int, str or bool
        A set as :func:`read_parameters` returns it.
    model : {'neymotin_2020', 'law_2021', 'kohl_2022'}
        What the parameters belong to.
    drives : bool
        Whether to add the drives and biases of the set. Those without weight, or that end before
        they begin, are left out.

    Returns
    -------
    Network
        Drives are ``evprox1``, ``evdist1`` and so on, ``bursty1`` (proximal), ``bursty2``
        (distal), ``extgauss`` and ``extpois``, in this order of names.

    Raises
    ------
    ModelError
        If a value makes no sense.

    Warns
    -----
    DataWarning
        If the set has parameters of cells that differ from the model's.
    """
    if model not in MODELS:
        hint = did_you_mean(model, MODELS, "models are")
        raise ModelError([Problem("model", f"there is no '{model}' with parameters", hint)])
    _check_numbers(parameters)
    x, y = (int(_number(parameters, f"N_pyr_{axis}", 10)) for axis in "xy")
    network = _with_weights(getattr(models, model)(grid=(x, y)), parameters, model)
    network = network.set({"celsius": _number(parameters, "celsius", 37.0)})
    network = network.set(
        {f"cells.{n}.threshold": _number(parameters, "threshold", 0.0) for n in network.cells}
    )
    _warn_of_cells(parameters, network)
    if not drives:
        return network
    found = [*_evoked(parameters), *_rhythmic(parameters), *_background(parameters)]
    drives_found = dict(sorted(found, key=lambda drive: drive[0]))
    return network.with_(drives=drives_found, biases=dict(_biases(parameters)))


def _check_numbers(parameters: Parameters) -> None:
    wanted = re.compile(r"(gbar|t|sigma|numspikes|input|t0|tstop|f|Itonic|N|prng)_.*|.*_Pois_.*")
    problems = [
        Problem(name, f"must be a number; got {shorten(value)}")
        for name, value in parameters.items()
        if isinstance(value, str) and wanted.fullmatch(name) and name != "prng_state"
    ]
    if problems:
        raise ModelError(problems)


def _number(parameters: Parameters, name: str, default: float) -> float:
    value = parameters.get(name, default)
    if isinstance(value, str):
        raise ModelError([Problem(name, f"must be a number; got {shorten(value)}")])
    return float(value)


def _with_weights(network: Network, parameters: Parameters, model: str) -> Network:
    fixed = _OWN_WEIGHTS.get(model, ())
    return network.set(
        {
            f"projections.{name}.weight": _number(parameters, key, 0.0)
            for key, names in _WEIGHTS.items()
            for name in names
            if name in network.projections and name not in fixed
        }
    )


# --- drives --------------------------------------------------------------------------------


def _feed(name: str) -> str:
    """Return what seeds call a drive."""
    if name.startswith("bursty"):
        return "input_prox" if name == "bursty1" else "input_dist"
    return re.sub(r"(ev(?:prox|dist))(\d+)", r"\1_\2", name)


def _weighted(
    parameters: Parameters, targets: tuple[str, ...], pattern: str, delays: Mapping[str, float]
) -> dict[str, Any]:
    """Return targets; `pattern` names a weight by cell type and receptor."""
    found = {}
    for target in targets:
        named = {r: pattern.format(cell=_SHORT[target], receptor=r) for r in ("ampa", "nmda")}
        # older sets have one weight for both receptors
        older = pattern.format(cell=_SHORT[target], receptor="").rstrip("_")
        either = _number(parameters, older, 0.0)
        weights = {r: _number(parameters, name, either) for r, name in named.items()}
        found[target] = {"weights": weights, "delay": delays[target[:2]]}
    return found


def _heavy(drive: Mapping[str, Any]) -> bool:
    return any(w > 0 for t in drive["targets"].values() for w in t["weights"].values())


def _evoked(parameters: Parameters) -> Iterator[tuple[str, Any]]:
    together = bool(parameters.get("sync_evinput", True))
    for name in parameters:
        match = re.fullmatch(r"t_ev(prox|dist)_(\d+)", name)
        if match is None:
            continue
        side, key = match[1], name.removeprefix("t_")
        delays = {"L2": 0.1, "L5": 1.0 if side == "prox" else 0.1}
        drive = {
            "kind": "evoked", "location": _PLACES[side],
            "mu": _number(parameters, name, 0.0),
            "sigma": _number(parameters, f"sigma_t_{key}", 0.0),
            "n_spikes": int(_number(parameters, f"numspikes_{key}", 1)),
            "cell_specific": not together, "n_cells": 1 if together else None,
            "targets": _weighted(
                parameters, _TARGETS[side], f"gbar_{key}_{{cell}}_{{receptor}}", delays
            ),
        }  # fmt: skip
        if _heavy(drive):
            yield f"ev{side}{match[2]}", drive


def _rhythmic(parameters: Parameters) -> Iterator[tuple[str, Any]]:
    for number, side in enumerate(("prox", "dist"), 1):
        start = _number(parameters, f"t0_input_{side}", 1000.0)
        end = _number(parameters, "tstop", 250.0)
        stop = min(_number(parameters, f"tstop_input_{side}", 250.0), end)
        usual = {"L2": 0.1, "L5": 1.0} if side == "prox" else {"L2": 5.0, "L5": 5.0}
        delays = {k: _number(parameters, f"input_{side}_A_delay_{k}", d) for k, d in usual.items()}
        drive = {
            "kind": "bursty", "location": _PLACES[side], "start": start, "stop": stop,
            "start_sigma": _number(parameters, f"t0_input_stdev_{side}", 0.0),
            "rate": _number(parameters, f"f_input_{side}", 10.0),
            "sigma": _number(parameters, f"f_stdev_{side}", 20.0),
            "n_spikes": int(_number(parameters, f"events_per_cycle_{side}", 2)),
            "interval": 10.0, "cell_specific": False,
            "n_cells": int(_number(parameters, f"repeats_{side}", 10)),
            "targets": _weighted(
                parameters, _TARGETS[side], f"input_{side}_A_weight_{{cell}}_{{receptor}}", delays
            ),
        }  # fmt: skip
        if _heavy(drive) and stop >= start:
            yield f"bursty{number}", drive


def _background(parameters: Parameters) -> Iterator[tuple[str, Any]]:
    """Yield Gaussian and Poisson background, which reach all cells at their proximal places."""
    start = max(0.0, _number(parameters, "t0_pois", 0.0))
    stop = _number(parameters, "T_pois", -1.0)
    delays = {"L2_basket": 1.0, "L2_pyramidal": 0.1, "L5_basket": 1.0, "L5_pyramidal": 1.0}
    targets = _weighted(
        parameters, tuple(_SHORT), "{cell}_Pois_A_weight_{receptor}", {"L2": 0.1, "L5": 1.0}
    )
    targets = {t: {**fields, "delay": delays[t]} for t, fields in targets.items()}
    rates = {t: max(0.0, _number(parameters, f"{s}_Pois_lamtha", 0.0)) for t, s in _SHORT.items()}
    poisson = {
        "kind": "poisson", "location": "proximal", "start": start, "stop": stop,
        "rate": rates, "targets": targets,
    }  # fmt: skip
    if _heavy(poisson) and stop >= start:
        yield "extpois", poisson
    weights = {t: _number(parameters, f"{s}_Gauss_A_weight", 0.0) for t, s in _SHORT.items()}
    gauss = {
        "kind": "evoked", "location": "proximal", "n_spikes": 50,
        "mu": _number(parameters, "L2Basket_Gauss_mu", 2000.0),
        "sigma": _number(parameters, "L2Basket_Gauss_sigma", 3.6),
        "kernel": {"space_constant": 100.0},
        "targets": {t: {"weights": {"ampa": w}, "delay": delays[t]} for t, w in weights.items()},
    }  # fmt: skip
    if _heavy(gauss) and gauss["mu"] <= _number(parameters, "tstop", 250.0):
        yield "extgauss", gauss


def _biases(parameters: Parameters) -> Iterator[tuple[str, Any]]:
    for population, short in _SHORT.items():
        amplitude, start, stop = (
            _number(parameters, f"Itonic_{what}_{short}_soma", 0.0) for what in ("A", "t0", "T")
        )
        if amplitude != 0 and stop > start:
            fields = {"amplitude": amplitude, "start": max(start, 0.0), "stop": stop}
            yield f"tonic-{population}", {"population": population, "section": "soma", **fields}


def _warn_of_cells(parameters: Parameters, network: Network) -> None:
    """Say which parameters of cells are not used although they differ from the model's."""
    found = []
    for population in ("L2_pyramidal", "L5_pyramidal"):
        short, cell = _SHORT[population], network.cells[population]
        for name, section in cell.sections.items():
            for field in ("L", "diam"):
                key = f"{short}_{name.replace('_', '')}_{field}"
                if key in parameters and parameters[key] != getattr(section, field):
                    found.append(key)
        for receptor, given in cell.receptors.items():
            known = {f"{short}_{receptor}_{p}": v for p, v in given.parameters.items()}
            found.extend(k for k, v in known.items() if k in parameters and parameters[k] != v)
    if found:
        shown = ", ".join(found[:6]) + (", …" if len(found) > 6 else "")
        warnings.warn(
            f"parameters of cells differ from the model's and are not used: {shown}",
            DataWarning,
            stacklevel=3,
        )
