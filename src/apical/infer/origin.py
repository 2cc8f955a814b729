"""Where simulations come from: what they were made with, and whether that is what is wanted.

A posterior is right for simulations of one model, prior, length and number of trials. A table of
simulations says what it is of, as the first record of a sweep's journal does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from apical.errors import ModelError, Problem
from apical.fit import Space
from apical.fit.members import fingerprint
from apical.fit.texts import plain
from apical.infer.features import Feature, miscounted

#: The attribute that says it, and the options of which simulations must be alike; those that are
#: not here change rounding at most.
MADE_WITH = "made_with"
_OPTIONS = ("duration", "dt", "trials", "start")


def made_with(space: Space, features: Sequence[Feature], options: Mapping[str, Any]) -> str:
    """Return what simulations depend on, as JSON text.

    Parameters
    ----------
    space : Space
        What they are of.
    features : sequence of Feature
        What is measured; of a run of some length.
    options : mapping
        How they are run, as `apical.sweep` takes it.
    """
    return json.dumps(_made_with(space, features, options))


def _made_with(
    space: Space, features: Sequence[Feature], options: Mapping[str, Any]
) -> dict[str, Any]:
    parameters = {name: plain(parameter) for name, parameter in space.parameters.items()}
    for parameter in parameters.values():
        # where a fit would begin
        del parameter["start"]
    return {
        "model": space.base.fingerprint,
        "parameters": parameters,
        "features": [fingerprint(feature.summary) for feature in features],
        **{name: options.get(name) for name in _OPTIONS},
    }


def check_origin(
    data: xr.Dataset, space: Space, features: Sequence[Feature], options: Mapping[str, Any],
    learned: xr.Dataset | None = None,
) -> None:  # fmt: skip
    """Refuse simulations that are not what is wanted, with all that differs.

    Those that do not say what they were made with, such as a table of the user's own, are only
    asked for what they must have.

    Parameters
    ----------
    data : Dataset
        Simulations.
    space, features, options
        What is wanted, as for `made_with`.
    learned : Dataset, optional
        Simulations among which there must be none of these.

    Raises
    ------
    ModelError
        With everything that differs or is missing.
    """
    problems = list(_missing(data, space, features))
    if not problems and (text := data.attrs.get(MADE_WITH)):
        wanted = _made_with(space, features, options)
        problems = list(_differences(json.loads(text), wanted, features))
    if not problems and learned is not None:
        mine, others = (set(map(tuple, one["values"].values.tolist())) for one in (data, learned))
        if n := len(mine & others):
            message = f"{n:,} of them are among those that the posterior was learned from"
            problems = [Problem("simulations", message, "new ones tell whether it is right")]
    if problems:
        raise ModelError(problems)


def _missing(data: xr.Dataset, space: Space, features: Sequence[Feature]) -> Iterator[Problem]:
    """Yield what a table of simulations must have, but has not."""
    measured = [f"measured_{k}" for k in range(len(features))]
    needed = ["parameter", "values", "failed", *measured]
    if lost := [name for name in needed if name not in data.variables]:
        yield Problem("simulations", f"have no {', '.join(lost)}")
        return
    if f"measured_{len(features)}" in data:
        yield Problem("simulations", f"are of more than {len(features)} features")
    yield from miscounted(features, [data[name].shape[-1] for name in measured])
    if data["parameter"].values.tolist() != list(space.names):
        message = "are of other parameters than those of the space"
        yield Problem("simulations", message, f"these are {', '.join(space.names)}")
        return
    values = data["values"].values
    for k, name in enumerate(space.names):
        inside = (space.low[k] <= values[:, k]) & (values[:, k] <= space.high[k])
        if not inside.all():
            message = f"must be from {space.low[k]:g} to {space.high[k]:g}"
            got = values[np.flatnonzero(~inside)[0], k]
            yield Problem(f"simulations.values.{name}", f"{message}; got {got:g}")


def _differences(
    before: Mapping[str, Any], wanted: Mapping[str, Any], features: Sequence[Feature]
) -> Iterator[Problem]:
    """Yield in what simulations are not those that are wanted."""
    for name in _OPTIONS:
        if before[name] != wanted[name]:
            message = f"was {before[name]!r}; here it is {wanted[name]!r}"
            yield Problem(f"simulations.{name}", message)
    if before["model"] != wanted["model"]:
        yield Problem("simulations.model", "is another than that of the space")
    for name, parameter in wanted["parameters"].items():
        for field, value in parameter.items():
            was = before["parameters"][name][field]
            if was != value:
                message = f"was {was!r:.60}; here it is {value!r:.60}"
                yield Problem(f"simulations.parameters.{name}.{field}", message)
    for k, feature in enumerate(features):
        if before["features"][k : k + 1] != wanted["features"][k : k + 1]:
            message = f"was measured by another feature than features[{k}]"
            hint = f"a {type(feature).__name__} of other windows, smoothing or bands is another"
            yield Problem(f"simulations.measured_{k}", message, hint)
