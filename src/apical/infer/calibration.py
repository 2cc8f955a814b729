"""Simulation-based calibration: whether posteriors of simulations are as wide as they should be.

Parameters are drawn from the prior and simulated, and the posterior of each simulation is asked how
many of its draws are smaller than the truth. If posteriors are right, all these ranks are equally
likely (Talts et al., 2018), and intervals cover the truth as often as they say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

Floats = np.ndarray
#: The name under which all parameters together are found.
TOGETHER = "together"


@dataclass(frozen=True, eq=False, repr=False)
class Calibration:
    """Ranks of the truth among posterior draws; made by `Posterior.calibrate`.

    Parameters
    ----------
    table : Dataset
        By ``simulation``: ``truth`` and ``rank`` (simulation, parameter): how many draws are
        smaller; ``density_rank``: how many draws are where the posterior is denser; its attribute
        ``draws`` is the number of draws of each.

    References
    ----------
    Talts et al. (2018), doi:10.48550/arXiv.1804.06788.
    """

    table: xr.Dataset

    @property
    def draws(self) -> int:
        """Draws of each posterior."""
        return int(self.table.attrs["draws"])

    @property
    def shares(self) -> xr.DataArray:
        """Where the truth lies among draws, 0 to 1: (simulation, parameter)."""
        return (self.table["rank"] + 0.5) / (self.draws + 1)

    @property
    def p_values(self) -> xr.DataArray:
        """How likely ranks are at least so uneven if posteriors are right, by parameter.

        By the test of Kolmogorov and Smirnov; the last, ``together``, is that of density ranks.
        """
        from scipy.stats import kstest

        density = (self.table["density_rank"].values + 0.5) / (self.draws + 1)
        columns = [*self.shares.values.T, density]
        names = [*self.table["parameter"].values.tolist(), TOGETHER]
        values = [float(kstest(column, "uniform").pvalue) for column in columns]
        return xr.DataArray(values, {"parameter": np.array(names, str)}, ("parameter",))

    def coverage(self, levels: Sequence[float] = (0.5, 0.8, 0.9, 0.95)) -> xr.DataArray:
        """Return how often intervals held the truth: (level, parameter).

        Parameters
        ----------
        levels : sequence of float
            How often they should.

        Returns
        -------
        DataArray
            Of central intervals; the last, ``together``, of the densest region of all parameters.
        """
        off = 2 * abs(self.shares.values - 0.5)
        dense = (self.table["density_rank"].values + 0.5) / (self.draws + 1)
        inside = np.concatenate([off, dense[:, None]], axis=1)
        names = [*self.table["parameter"].values.tolist(), TOGETHER]
        found = [(inside <= level).mean(axis=0) for level in levels]
        return xr.DataArray(
            np.array(found),
            {"level": list(levels), "parameter": np.array(names, str)},
            ("level", "parameter"),
        )

    def __repr__(self) -> str:
        levels = (0.5, 0.9)
        covered, p_values = self.coverage(levels), self.p_values
        lines = [
            f"  {name}: p = {float(p_values.sel(parameter=name)):.2g}, "
            + ", ".join(
                f"{float(covered.sel(level=level, parameter=name)):.0%} within {level:.0%}"
                for level in levels
            )
            for name in p_values["parameter"].values.tolist()
        ]
        n = self.table.sizes["simulation"]
        return "\n".join([f"<Calibration by {n:,} simulations>", *lines])


def ranked(
    names: Sequence[str], truth: Floats, draws: Floats, density: Floats, densities: Floats
) -> Calibration:
    """Return the ranks of truths.

    Parameters
    ----------
    names : sequence of str
        Of the parameters.
    truth : (simulations, parameters) array
        Values that were simulated.
    draws : (simulations, n, parameters) array
        Draws of the posterior of each simulation.
    density, densities : (simulations,) and (simulations, n) array
        Of the posterior, at the truth and at the draws.
    """
    along = ("simulation", "parameter")
    return Calibration(
        xr.Dataset(
            {
                "truth": (along, truth),
                "rank": (along, (draws < truth[:, None]).sum(axis=1)),
                "density_rank": ("simulation", (densities > density[:, None]).sum(axis=1)),
            },
            {"parameter": np.array(names, str)},
            {"draws": draws.shape[1]},
        )
    )
