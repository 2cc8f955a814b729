"""Files of posteriors: netCDF-4 with JSON texts; weights of networks are plain arrays."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Any

import xarray as xr

from apical.errors import ApicalError, FileFormatError, ModelError, Problem
from apical.fit import Space
from apical.fit.texts import plain, restored
from apical.infer import features
from apical.infer.estimator import Estimator, Settings
from apical.infer.features import Feature
from apical.infer.origin import MADE_WITH
from apical.infer.posterior import Posterior, labelled
from apical.infer.simulations import labelled_features
from apical.io.hdf5 import inspect, read_group, write_groups

FORMAT, VERSION = "apical-posterior", 1
_KINDS: dict[str, type[Feature]] = {
    kind.__name__: kind
    for kind in (features.Samples, features.Components, features.Peaks, features.Bands)
}
_TEXTS = ("model", "parameters", "features", "provenance", "settings")
_WEIGHT, _SIMULATIONS = "weight.", "simulations."


def write(posterior: Posterior, path: str | os.PathLike[str], overwrite: bool) -> None:
    """Write a posterior.

    Raises
    ------
    StorageError
        If the file cannot be written, or exists and `overwrite` is false.
    ModelError
        If a feature is a function.
    """
    if any(type(feature).__name__ not in _KINDS for feature in posterior.features):
        message = "a function of your own, which a file does not keep"
        raise ModelError([Problem("features", message)])
    texts = {
        "model": posterior.space.base.to_json(),
        "parameters": json.dumps(plain(posterior.space.parameters)),
        "features": json.dumps([plain(feature) for feature in posterior.features]),
        "provenance": json.dumps(dict(posterior.provenance)),
        "settings": json.dumps(dataclasses.asdict(posterior.estimator.settings)),
        MADE_WITH: posterior.simulations.attrs.get(MADE_WITH, ""),
    }
    table = xr.Dataset(
        {
            **{name: ((), text) for name, text in texts.items()},
            **_simulations(posterior.simulations), **_weights(posterior.estimator),
            "samples": posterior.samples.drop_vars(["unit", "parameter"]),
            "observed": ("feature", posterior.observed.values),
        },
        attrs={
            "format": FORMAT, "format_version": VERSION, "scale": posterior.scale,
            "reason": posterior.estimator.reason,
            "failure": posterior.simulations.attrs.get("failure", ""),
        },
    )  # fmt: skip
    # made in memory because HDF5 does not survive a disk that becomes full
    write_groups(path, {None: table}, overwrite)


def _simulations(data: xr.Dataset) -> dict[str, Any]:
    plain = data.drop_vars(["parameter", "unit"])
    return {f"{_SIMULATIONS}{name}": plain[name].variable for name in plain.data_vars}


def _weights(estimator: Estimator) -> dict[str, Any]:
    """Return the arrays of a network as variables, each with dimensions of its own."""
    arrays = {"mean": estimator.mean, "sd": estimator.sd, "losses": estimator.losses}
    arrays |= {f"{_WEIGHT}{name}": array for name, array in estimator.weights.items()}
    return {
        name: ([f"{name}_{k}" for k in range(array.ndim)], array) for name, array in arrays.items()
    }


def load_posterior(path: str | os.PathLike[str]) -> Posterior:
    """Read a posterior that `Posterior.save` wrote.

    Raises
    ------
    FileFormatError
        If the file is not a posterior of apical, or is damaged.
    StorageError
        If it cannot be opened.
    """
    path = Path(path)
    inspect(path, FORMAT, VERSION, lambda _: [])
    try:
        return _posterior(read_group(path, None))
    except ApicalError as error:
        raise FileFormatError(f"{path.name}: {error}") from error
    except (KeyError, ValueError, TypeError, IndexError, OSError, RuntimeError) as error:
        raise FileFormatError(f"{path.name}: damaged posterior file: {error}") from error


def _posterior(table: xr.Dataset) -> Posterior:
    from apical.model import Network

    texts = {name: str(table[name].values) for name in _TEXTS}
    space = Space(Network.from_json(texts["model"]), restored(json.loads(texts["parameters"])))
    mine = {str(n): table[n].values for n in table.data_vars}
    samples = labelled(space, mine["samples"])
    weights = {n.removeprefix(_WEIGHT): a for n, a in mine.items() if n.startswith(_WEIGHT)}
    estimator = Estimator(
        Settings(**json.loads(texts["settings"])), mine["mean"], mine["sd"], len(space), weights,
        mine["losses"], str(table.attrs["reason"]),
    )  # fmt: skip
    found = tuple(_feature(one) for one in json.loads(texts["features"]))
    names = [n for n in mine if n.startswith(_SIMULATIONS)]
    simulations = xr.Dataset(
        {n.removeprefix(_SIMULATIONS): (table[n].dims, table[n].values) for n in names},
        {name: samples[name] for name in ("parameter", "unit")},
        {"failure": str(table.attrs["failure"])},
    )
    # files of before it was kept have none
    if made := str(table[MADE_WITH].values) if MADE_WITH in table else "":
        simulations.attrs[MADE_WITH] = made
    failed = simulations["failed"].astype(bool)
    if len(samples.shape) != 2 or samples.shape[1] != len(space):
        raise ValueError("its table has another shape")
    return Posterior(
        space, found, estimator, labelled_features(found, mine["observed"]), samples,
        simulations.assign(failed=failed), float(table.attrs["scale"]),
        json.loads(texts["provenance"]),
    )  # fmt: skip


def _feature(data: dict[str, Any]) -> Feature:
    fields = {name: restored(value) for name, value in data.items() if name != "kind"}
    kind: Any = _KINDS[data["kind"]]
    known = {field.name for field in dataclasses.fields(kind)}
    return kind(**{name: value for name, value in fields.items() if name in known})
