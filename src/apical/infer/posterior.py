"""What an inference gives: which parameters the data leave possible."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from apical.analysis import DataError
from apical.fit import Space
from apical.infer.calibration import Calibration, ranked
from apical.infer.estimator import Estimator
from apical.infer.features import Feature, names_of
from apical.infer.origin import check_origin
from apical.infer.prior import coordinates, log_prior, units_of_parameters, values_at
from apical.infer.simulations import check_counts, drawn, observed, seeds, simulated, table

if TYPE_CHECKING:
    from apical.ensemble import Ensemble
    from apical.model import Network
    from apical.result import Result

Floats = np.ndarray
#: Draws from which the densest place is looked for.
_STARTS = 2000


@dataclass(frozen=True, eq=False, repr=False)
class Prediction:
    """Simulations with parameters from a posterior; made by `Posterior.predict`.

    Parameters
    ----------
    ensemble : Ensemble
        Their dipoles; ``parameters`` (member, parameter) in its dataset.
    features : DataArray (simulation, feature)
        What was measured of them; NaN where a simulation failed.
    observed : DataArray (feature)
        What was measured of the data.
    """

    ensemble: Ensemble
    features: xr.DataArray
    observed: xr.DataArray

    @property
    def shares(self) -> xr.DataArray:
        """Share of simulations whose feature is smaller than the data's: 0 or 1 is a bad sign."""
        there = self.features.dropna("simulation", how="any")
        return (there < self.observed).mean("simulation")

    @property
    def dipoles(self) -> xr.DataArray:
        """Total dipole of each simulation, averaged over trials: (simulation, time), nAm."""
        data = self.ensemble.dataset["dipole"].sum("population", skipna=False)
        trials = self.ensemble.provenance["trials"]
        values = data.transpose("member", "time").values
        values = values.reshape(-1, trials, values.shape[-1]).mean(axis=1)
        coordinates = {"time": data["time"].values}
        return xr.DataArray(values, coordinates, ("simulation", "time"), attrs={"units": "nAm"})

    def __repr__(self) -> str:
        shares = self.shares
        lines = [
            f"  {name}: data {float(x):.4g}, above {float(share):.0%} of simulations"
            for name, x, share in zip(
                shares["feature"].values.tolist(), self.observed.values, shares.values, strict=True
            )
        ]
        return "\n".join(
            [f"<Prediction: {self.features.sizes['simulation']:,} simulations>", *lines]
        )


@dataclass(frozen=True, eq=False, repr=False)
class Posterior:
    """What data say about parameters; made by `apical.infer` or `apical.load_posterior`.

    It holds for any data, not only those given: `given` asks it about others, at no cost.

    Parameters
    ----------
    space : Space
        What could vary, and the prior.
    features : sequence of Feature
        What of the data it looks at, with what was learned from simulations.
    estimator : Estimator
        The network.
    observed : DataArray (feature)
        Features of the data.
    samples : DataArray (sample, parameter)
        Draws; the coordinate ``unit`` has the parameters' units.
    simulations : Dataset
        What it was learned from, along ``simulation``: ``values``, ``seed``, ``failed`` and what
        each feature measured, averaged over trials.
    scale : float
        By what the data are larger than one simulated column.
    provenance : mapping
        Options, seeds, versions and times; plain values.
    """

    space: Space
    features: tuple[Feature, ...]
    estimator: Estimator
    observed: xr.DataArray
    samples: xr.DataArray
    simulations: xr.Dataset
    scale: float
    provenance: Mapping[str, Any]

    # --- other data, more draws ------------------------------------------------------------

    def given(
        self, recorded: Result | xr.DataArray | ArrayLike, scale: float | None = None
    ) -> Posterior:
        """Return the posterior of other data; nothing is simulated or learned.

        Parameters
        ----------
        recorded : Result, DataArray (time) or (trial, time), nAm, or array (features,)
            The data; or their features.
        scale : float, optional
            By what they are larger than one simulated column; by default as before.
        """
        factor = self.scale if scale is None else scale
        found = observed(self.features, recorded, factor)
        new = dataclasses.replace(self, observed=self.observed.copy(data=found), scale=factor)
        return dataclasses.replace(
            new, samples=new.sample(self.samples.sizes["sample"], self.provenance["seed"])
        )

    def sample(self, n: int, seed: int = 0) -> xr.DataArray:
        """Return draws, (sample, parameter).

        Parameters
        ----------
        n : int
            How many.
        seed : int
            Seed of the draws.
        """
        check_counts(n=n)
        found = self.estimator.sample(self.observed.values[None], n, seed)[0]
        return labelled(self.space, values_at(self.space, found))

    def log_prob(self, values: ArrayLike) -> Floats:
        """Return the logarithm of the density of rows of values, (rows, parameters).

        The density is that of the values; for parameters on a log scale, of their natural
        logarithms. Beyond the bounds it is −inf.
        """
        rows = np.atleast_2d(np.asarray(values, float))
        return self._log_prob(rows[None], self.observed.values[None])[0]

    def _log_prob(self, values: Floats, features: Floats) -> Floats:
        """Return log densities, (sets, n), of values, (sets, n, parameters)."""
        prior = log_prior(self.space, values)
        inside = np.clip(values, self.space.low, self.space.high)
        z = coordinates(self.space, inside)
        normal = -0.5 * (z**2 + np.log(2 * np.pi)).sum(axis=-1)
        return self.estimator.log_density(z, features) - normal + prior

    # --- what it says ----------------------------------------------------------------------

    @property
    def mode(self) -> dict[str, float]:
        """The parameters where the posterior is densest (the MAP estimate), by name."""
        from scipy.optimize import minimize

        space, start = self.space, self.samples.values[:_STARTS]
        best = start[self.log_prob(start).argmax()]

        def lost(unit: Floats) -> float:
            return -float(self.log_prob(space.from_unit(np.clip(unit, 0, 1)))[0])

        found = minimize(
            lost, space.to_unit(best), method="Nelder-Mead", bounds=[(0, 1)] * len(space),
            options={"maxfev": 200 * len(space), "xatol": 1e-4, "fatol": 1e-4},
        )  # fmt: skip
        row = space.from_unit(np.clip(found.x, 0, 1)).tolist()
        return dict(zip(space.names, row, strict=True))

    @property
    def network(self) -> Network:
        """The network with the densest parameters."""
        return self.space.network(list(self.mode.values()))

    def intervals(self, level: float = 0.9) -> xr.Dataset:
        """Return the credible interval of each parameter.

        Parameters
        ----------
        level : float
            How much of the posterior lies within.

        Returns
        -------
        Dataset (parameter)
            ``low``, ``median``, ``high``, ``mean`` and ``sd``; and ``narrowed``: by what factor
            the posterior's central half, on the parameter's scale, is narrower than the prior's.
        """
        draws = self.samples.values
        low, median, high = np.quantile(draws, [(1 - level) / 2, 0.5, (1 + level) / 2], axis=0)
        quarters = self.space.to_unit(np.quantile(draws, [0.25, 0.75], axis=0))
        shares = np.repeat([[0.25], [0.75]], len(self.space), axis=1)
        before = self.space.to_unit(self.space.quantiles(shares))
        columns = {
            "low": low, "median": median, "high": high,
            "mean": draws.mean(axis=0), "sd": draws.std(axis=0),
            "narrowed": (before[1] - before[0]) / np.maximum(quarters[1] - quarters[0], 1e-12),
        }  # fmt: skip
        return xr.Dataset(
            {name: ("parameter", values) for name, values in columns.items()},
            {name: self.samples[name] for name in ("parameter", "unit")},
        )

    @property
    def beyond(self) -> list[str]:
        """Features of the data that no simulation came near: the model, or its prior, lacks them.

        A posterior is a guess where the data lie beyond all that it was learned from.
        """
        known = table(self.features, self.simulations).values[~self.simulations["failed"].values]
        known = known[np.isfinite(known).all(axis=1)]
        low, high, here = known.min(axis=0), known.max(axis=0), self.observed.values
        return [
            n
            for n, out in zip(names_of(self.features), (here < low) | (here > high), strict=True)
            if out
        ]

    # --- whether it is right ---------------------------------------------------------------

    def predict(
        self,
        n: int = 100,
        *,
        seed: int | None = None,
        journal: str | os.PathLike[str] | None = None,
        progress: Callable[[float], None] | None = None,
        **options: Any,
    ) -> Prediction:
        """Simulate with parameters drawn from the posterior, to see whether it looks like the data.

        Parameters
        ----------
        n : int
            How many simulations.
        seed : int, optional
            Seed of the parameters and of the simulations; by default, one more than that of the
            inference.
        journal : path, optional
            File that keeps what is finished, as :func:`apical.sweep` takes it.
        progress : callable, optional
            Called with the fraction done.
        **options
            As :func:`apical.sweep` takes them; by default as the simulations learned from.

        Raises
        ------
        ModelError
            If the number or the options make no sense.
        """
        check_counts(n=n)
        own: int = self.provenance["seed"] + 1 if seed is None else seed
        given = {"dipole_every": 0.5, **self.provenance["simulated"], **options}
        data, found = simulated(
            self.space, self.features, self.sample(n, own).values, seeds(n, own, "predict"),
            {**given, "journal": journal, "progress": progress},
        )  # fmt: skip
        return Prediction(found, table(self.features, data), self.observed)

    def calibrate(
        self,
        simulations: int | xr.Dataset = 200,
        *,
        draws: int = 500,
        seed: int | None = None,
        journal: str | os.PathLike[str] | None = None,
        progress: Callable[[float], None] | None = None,
        **options: Any,
    ) -> Calibration:
        """Ask simulations whose parameters are known whether the posterior covers these.

        Parameters
        ----------
        simulations : int or Dataset
            How many new ones; or some that it was not learned from, such as another posterior's
            `simulations`, made as those that it was learned from: of the same model, space,
            features, duration, step and trials.
        draws : int
            Draws of the posterior of each.
        seed : int, optional
            Seed of the simulations and draws; by default, two more than that of the inference.
        journal, progress, **options
            As for `predict`.

        Raises
        ------
        ModelError
            With everything in which simulations that are given are others.
        DataError
            If all have failed.

        References
        ----------
        Talts et al. (2018), doi:10.48550/arXiv.1804.06788.
        """
        check_counts(simulations=simulations, draws=draws)
        own: int = self.provenance["seed"] + 2 if seed is None else seed
        given = {**self.provenance["simulated"], **options}
        if isinstance(simulations, xr.Dataset):
            data = simulations
            check_origin(data, self.space, self.features, given, self.simulations)
        else:
            rows = drawn(self.space, simulations, own, "calibrate")
            data, _ = simulated(
                self.space, self.features, rows, seeds(simulations, own, "calibrate"),
                {**given, "journal": journal, "progress": progress},
            )  # fmt: skip
        features = table(self.features, data).values
        there = ~data["failed"].values & np.isfinite(features).all(axis=1)
        if not there.any():
            raise DataError(f"no simulation is left to ask: {data.attrs.get('failure', '')}")
        truth, features = data["values"].values[there], features[there]
        found = values_at(self.space, self.estimator.sample(features, draws, own))
        return ranked(
            self.space.names, truth, found,
            self._log_prob(truth[:, None], features)[:, 0], self._log_prob(found, features),
        )  # fmt: skip

    def save(self, path: str | os.PathLike[str], overwrite: bool = False) -> None:
        """Write everything into one netCDF-4 file; `apical.load_posterior` reads it.

        Raises
        ------
        StorageError
            If the file cannot be written, or exists and `overwrite` is false.
        ModelError
            If a feature is a function, which a file does not keep.
        """
        from apical.infer.files import write

        write(self, path, overwrite)

    def __repr__(self) -> str:
        name, n = self.space.base.name or "network", self.simulations.sizes["simulation"]
        failed = int(self.simulations["failed"].sum())
        lines = [
            f"<Posterior of {name}: {len(self.space)} parameters, {n:,} simulations, "
            f"{failed:,} of them left out>"
        ]
        found = self.intervals()
        for k, (one, unit) in enumerate(
            zip(self.space.names, found["unit"].values.tolist(), strict=True)
        ):
            low, median, high = (float(found[x].values[k]) for x in ("low", "median", "high"))
            lines.append(f"  {one}: {median:.4g}, 90% from {low:.4g} to {high:.4g} {unit}".rstrip())
        if beyond := self.beyond:
            lines.append(f"  beyond all simulations: {', '.join(beyond)}")
        return "\n".join(lines)


def labelled(space: Space, values: Floats) -> xr.DataArray:
    """Return rows of values with the names and units of their parameters."""
    units = np.array(units_of_parameters(space), str)
    names = {"parameter": np.array(space.names, str), "unit": ("parameter", units)}
    return xr.DataArray(values, names, ("sample", "parameter"))
