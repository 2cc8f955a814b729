"""What a fit gives: the best network, and everything that was tried."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from apical.errors import ApicalError, FileFormatError, ModelError, Problem
from apical.fit.objectives import Objective
from apical.fit.optimise import ESTIMATE
from apical.fit.space import Space
from apical.fit.texts import objective_from, plain, restored
from apical.io.hdf5 import inspect, read_group, write_groups
from apical.simulate import simulate

if TYPE_CHECKING:
    from apical.fit.identifiability import Identifiability
    from apical.model import Network
    from apical.result import Result

FORMAT, VERSION = "apical-fit", 2


@dataclass(frozen=True, eq=False, repr=False)
class Fit:
    """What a fit has found; made by `apical.fit` or `apical.load_fit`.

    Parameters
    ----------
    space : Space
        What could vary, and the network that it began with.
    objective : Objective, optional
        What was made small; None if it was a function, and the fit was read from a file.
    history : Dataset
        Every candidate, along ``candidate``: ``values`` (candidate, parameter), ``loss``, ``best``:
        the smallest loss so far, ``seen``: the loss as the stage weights it, ``generation``:
        number of the batch, ``stage``: "estimate" where Gauss-Newton ends, ``failed``, whose loss
        is NaN, and ``fresh``: the loss of the best few with trials that were not fitted, if that
        was asked for; else NaN. Of Gauss-Newton also ``residuals`` (candidate, residual).
    reason : str
        Why it ended: "converged", "budget spent", "goal reached" or "stopped".
    provenance : mapping
        Options, versions and times; plain values.
    """

    space: Space
    objective: Objective | None
    history: xr.Dataset
    reason: str
    provenance: Mapping[str, Any]

    @property
    def best(self) -> int:
        """Which candidate is the best.

        With fresh trials, if there were any; else the estimate, if the method ended with one; else
        `best_seen`.
        """
        fresh, loss = self.history["fresh"].values, self.history["loss"].values
        estimate = (self.history["stage"].values == ESTIMATE) & ~np.isnan(loss)
        if not np.isnan(fresh).all():
            return int(np.nanargmin(fresh))
        return int(np.argmax(estimate)) if estimate.any() else self.best_seen

    @property
    def best_seen(self) -> int:
        """Which candidate had the smallest loss as fitted; the first if several had."""
        return int(np.nanargmin(self.history["loss"].values))

    @property
    def loss(self) -> float:
        """The loss of the best, with the trials that were fitted; see `simulate` for others."""
        return float(self.history["loss"].values[self.best])

    @property
    def fresh_loss(self) -> float:
        """The loss of the best with the fresh trials by which it was chosen; NaN without any.

        The smallest of several is a little too good: `simulate` draws others.
        """
        return float(self.history["fresh"].values[self.best])

    @property
    def values(self) -> dict[str, float]:
        """The best parameters by name; within their bounds."""
        row = self.history["values"].values[self.best].tolist()
        return dict(zip(self.space.names, row, strict=True))

    @property
    def network(self) -> Network:
        """The network with the best parameters."""
        return self.space.network(list(self.values.values()))

    def simulate(self, trials: int = 25, seed: int | None = None, **options: Any) -> Result:
        """Simulate the best network, by default with trials that were not fitted.

        Parameters
        ----------
        trials : int
            Number of trials.
        seed : int, optional
            Seed of their draws; by default another than those of the fit.
        **options
            As :func:`apical.simulate` takes them; by default those of the fit.
        """
        given = {**self.provenance["simulated"], **options}
        given["seed"] = given["seed"] + 1 if seed is None else seed
        return simulate(self.network, **{**given, "trials": trials})

    def identify(self, trials: int | None = None, step: float | None = None) -> Identifiability:
        """Tell which parameters the data determine; see `apical.identify`.

        Candidates of Gauss-Newton have draws of their own, and there are many: what residuals do
        from one to another says how sure the parameters are, without any simulation. Of other
        methods, or if trials or a step are given, each parameter is moved.

        Parameters
        ----------
        trials : int, optional
            Trials of each simulation; by default those of the fit.
        step : float, optional
            How far parameters are moved at first, as a share of their ranges; 0.02 by default.

        Raises
        ------
        ModelError
            If the objective was a function that the file did not keep.
        """
        from apical.fit.identifiability import enough, identify, of_candidates

        history = self.history
        if trials is None and step is None and "residuals" in history:
            residuals = history["residuals"].values
            if enough(self.space, residuals):
                return of_candidates(self.space, history["values"].values, residuals, self.best)
        if self.objective is None:
            message = "was a function, which a file does not keep"
            raise ModelError([Problem("objective", message)])
        options = dict(self.provenance["simulated"])
        options["trials"] = options["trials"] if trials is None else trials
        row = np.array(list(self.values.values()))
        step = 0.02 if step is None else step
        return identify(self.space, self.objective, row, step=step, **options)

    def save(self, path: str | os.PathLike[str], overwrite: bool = False) -> None:
        """Write everything into one netCDF-4 file; `apical.load_fit` reads it.

        Raises
        ------
        StorageError
            If the file cannot be written, or exists and `overwrite` is false.
        """
        texts = {
            "model": self.space.base.to_json(),
            "parameters": json.dumps(plain(self.space.parameters)),
            "objective": json.dumps(plain(self.objective)),
            "provenance": json.dumps(dict(self.provenance)),
        }
        marks = {"format": FORMAT, "format_version": VERSION, "reason": self.reason}
        table = self.history.assign({name: ((), text) for name, text in texts.items()})
        write_groups(path, {None: table.assign_attrs(marks)}, overwrite)

    def __repr__(self) -> str:
        name = self.space.base.name or "network"
        n = self.history.sizes["candidate"]
        fresh = "" if np.isnan(self.fresh_loss) else f" ({self.fresh_loss:.4g} with fresh trials)"
        return (
            f"<Fit of {name}: {len(self.space)} parameters, {n:,} candidates, loss "
            f"{self.history['loss'].values[0]:.4g} → {self.loss:.4g}{fresh}, {self.reason}>"
        )


def load_fit(path: str | os.PathLike[str]) -> Fit:
    """Read a fit that `Fit.save` wrote.

    Raises
    ------
    FileFormatError
        If the file is not a fit of apical, or is damaged.
    StorageError
        If it cannot be opened.
    """
    from apical.model import Network

    path = Path(path)
    inspect(path, FORMAT, VERSION, lambda _: [])
    try:
        table = read_group(path, None)
        model, parameters, objective, provenance = (
            str(table[name].values) for name in ("model", "parameters", "objective", "provenance")
        )
        space = Space(Network.from_json(model), restored(json.loads(parameters)))
        reason = str(table.attrs["reason"])
        history = table.drop_vars(["model", "parameters", "objective", "provenance"])
        history = history.assign(failed=history["failed"].astype(bool)).drop_attrs()
        if history["values"].dims != ("candidate", "parameter") or "loss" not in history:
            raise ValueError("its table has another shape")
        return Fit(
            space, objective_from(json.loads(objective)), history, reason, json.loads(provenance)
        )
    except ApicalError as error:
        raise FileFormatError(f"{path.name}: {error}") from error
    except (KeyError, ValueError, TypeError, IndexError, OSError, RuntimeError) as error:
        raise FileFormatError(f"{path.name}: damaged fit file: {error}") from error
