"""Parameter space: what of a model may change, how far, and how likely which value is."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from apical.errors import ModelError, Problem, did_you_mean
from apical.fit.parameter import (
    Normal,
    Parameter,
    changed_by,
    check_given,
    expanded,
    fitting,
    has_range,
    of_drive,
    overlaps,
    refused,
    usual,
    wrong_numbers,
)
from apical.random import stream
from apical.running.options import is_whole

if TYPE_CHECKING:
    from apical.model import Network

Floats = NDArray[np.float64]
METHODS = ("random", "sobol", "halton", "latin")


class Space:
    """Parameters of a network, each within its own bounds.

    A set of values is a row of numbers, one for each parameter, in the order of `names`.

    Parameters
    ----------
    network : Network
        The model; it is not changed.
    parameters : mapping of str to Parameter
        Parameters by name. Those of a pattern are named by their addresses.

    Attributes
    ----------
    base : Network
        The model.
    parameters : mapping of str to Parameter
        Parameters by name: patterns resolved, starts filled in.
    names : tuple of str
        Their names.
    low, high, start : array, (parameters,)
        Bounds, and where to begin.

    Raises
    ------
    ModelError
        With every address, bound, prior and start that makes no sense.

    Examples
    --------
    >>> space = Space(network, {
    ...     "time": Parameter("drives.evprox1.mu", 10, 40),
    ...     "weights": Parameter("drives.*.weights.ampa", 1e-4, 0.1, scale="log"),
    ... })
    >>> space.network(space.start)
    """

    def __init__(self, network: Network, parameters: Mapping[str, Parameter]) -> None:
        check_given(network, parameters=parameters)
        problems: list[Problem] = []
        found: dict[str, Parameter] = {}
        for name, parameter in expanded(network, parameters, problems):
            if name in found:
                problems.append(Problem(name, "is there twice"))
            found[name] = parameter
        if not found and not problems:
            problems.append(Problem("parameters", "must hold at least one parameter"))
        problems += overlaps(found)
        for name, parameter in found.items():
            problems += wrong_numbers(name, parameter)
        problems = problems or refused(network, found)
        if problems:
            raise ModelError(problems)
        self.base = network
        self.parameters = MappingProxyType(found)
        self.names = tuple(found)
        self.low, self.high, self.start = (
            _fixed([getattr(p, field) for p in found.values()])
            for field in ("low", "high", "start")
        )
        self._log = np.array([p.scale == "log" for p in found.values()])

    def __len__(self) -> int:
        return len(self.names)

    def __repr__(self) -> str:
        shown = ", ".join(self.names[:6]) + (", …" if len(self) > 6 else "")
        return f"<Space of {self.base.name or 'network'}: {len(self)} parameters: {shown}>"

    # --- made in one call ------------------------------------------------------------------

    @classmethod
    def usual(cls, network: Network, *patterns: str) -> Self:
        """Return the space of all numbers that some patterns fit, in usual ranges.

        A drive's ``mu`` moves by three of its own spreads (at least 5 ms, not below 0 ms). Weights
        change by up to a factor of 5, everything else of one sign by up to 2, on a log scale.
        Zeros, which give no range, are left out.

        Raises
        ------
        ModelError
            If a pattern fits nothing that has a usual range.
        """
        check_given(network)
        problems: list[Problem] = []
        found: dict[str, Parameter] = {}
        for pattern in patterns:
            paths = fitting(network, pattern, problems)
            mine = {path: usual(network, path) for path in paths if has_range(network, path)}
            if paths and not mine:
                problems.append(Problem(pattern, "is 0, which gives no range; give bounds"))
            found |= mine
        if problems:
            raise ModelError(problems)
        return cls(network, found)

    @classmethod
    def of_drives(
        cls,
        network: Network,
        drives: Iterable[str] | None = None,
        *,
        times: bool | float = True,
        spreads: bool | float = True,
        weights: bool | float = True,
    ) -> Self:
        """Return the space of times, spreads and weights of evoked drives.

        Parameters
        ----------
        network : Network
            The model.
        drives : iterable of str, optional
            Names of evoked drives; by default, all of them.
        times : bool or float, ms
            Whether ``mu`` changes, or by how much to both sides; usually by three spreads.
        spreads, weights : bool or float
            Whether ``sigma`` and weights change, or by up to which factor; usually 2 and 5.
            Those that are 0 stay so.

        Returns
        -------
        Space
            Parameters named ``evprox1.mu``, ``evprox1.sigma``, ``evprox1.L2_basket.ampa``, …

        Raises
        ------
        ModelError
            If there is no such evoked drive, or a range makes no sense.
        """
        check_given(network, drives=drives)
        evoked = [name for name, drive in network.drives.items() if drive.kind == "evoked"]
        chosen = evoked if drives is None else list(drives)
        problems = [
            Problem(f"drives.{name}", "is no evoked drive", did_you_mean(name, evoked, "these are"))
            for name in chosen
            if name not in evoked
        ]
        if not chosen:
            problems.append(Problem("drives", "must hold at least one evoked drive"))
        kinds = {"mu": times, "sigma": spreads, "weights": weights}
        for (name, width), least in zip(
            {"times": times, "spreads": spreads, "weights": weights}.items(), (0, 1, 1), strict=True
        ):
            if not isinstance(width, bool) and not least < width < math.inf:
                message = f"must be true, false or a number > {least}; got {width!r:.40}"
                problems.append(Problem(name, message))
        if problems:
            raise ModelError(problems)
        return cls(network, {n: p for name in chosen for n, p in of_drive(network, name, kinds)})

    # --- rows of values --------------------------------------------------------------------

    def to_unit(self, values: ArrayLike) -> Floats:
        """Return values, (…, parameters), as fractions of their ranges on their scales, 0 to 1."""
        low, high = self._on_scale(self.low), self._on_scale(self.high)
        return (self._on_scale(np.asarray(values, float)) - low) / (high - low)

    def from_unit(self, unit: ArrayLike) -> Floats:
        """Return values, (…, parameters), at fractions of their ranges; within the bounds."""
        low, high = self._on_scale(self.low), self._on_scale(self.high)
        return self._from_scale(low + np.asarray(unit, float) * (high - low))

    def sample(self, n: int, method: str = "random", seed: int = 0) -> Floats:
        """Return rows drawn from the priors.

        Parameters
        ----------
        n : int
            How many. Except with ``latin``, fewer rows are the first of more.
        method : {'random', 'sobol', 'halton', 'latin'}
            Independent draws; scrambled Sobol or Halton sequences or a Latin hypercube, which
            fill the space more evenly.
        seed : int
            Seed of the draws.

        Returns
        -------
        array, (n, parameters)
            Values within the bounds.
        """
        if method not in METHODS:
            message = f"must be one of {', '.join(METHODS)}; got '{method}'"
            raise ModelError([Problem("method", message)])
        if not (is_whole(n) and n >= 1):
            raise ModelError([Problem("n", f"must be a whole number ≥ 1; got {n!r:.40}")])
        return self.quantiles(_unit_points(n, len(self), method, seed))

    def quantiles(self, unit: ArrayLike) -> Floats:
        """Return the values, (…, parameters), below which these shares of the priors lie."""
        share = np.asarray(unit, float)
        values = self.from_unit(share)
        for k, (name, parameter) in enumerate(self.parameters.items()):
            if isinstance(parameter.prior, Normal):
                values[..., k] = self._quantile(name, parameter.prior, share[..., k])
        return np.clip(values, self.low, self.high)

    def _quantile(self, name: str, prior: Normal, share: Floats) -> Floats:
        from scipy.special import ndtr, ndtri

        log = self.parameters[name].scale == "log"
        forth, back = (np.log, np.exp) if log else (np.asarray, np.asarray)
        mean, low, high = (
            forth(x) for x in (prior.mean, self.parameters[name].low, self.parameters[name].high)
        )
        below, above = ndtr((low - mean) / prior.sd), ndtr((high - mean) / prior.sd)
        return back(mean + prior.sd * ndtri(below + share * (above - below)))

    def grid(self, points: Mapping[str, int]) -> Floats:
        """Return all combinations of evenly spaced values, on each parameter's scale.

        Parameters
        ----------
        points : mapping of str to int
            How many values, from bound to bound, by name; those not named stay at their starts.

        Returns
        -------
        array, (combinations, parameters)
            Rows; the last name varies fastest.
        """
        problems = [
            Problem(name, "is no parameter", did_you_mean(name, self.names, "parameters are"))
            for name in points
            if name not in self.names
        ]
        problems += [
            Problem(name, f"needs a whole number of points ≥ 2; got {n!r}")
            for name, n in points.items()
            if isinstance(n, bool) or not isinstance(n, int) or n < 2
        ]
        if problems:
            raise ModelError(problems)
        axes = []
        for name, n in points.items():
            k = self.names.index(name)
            unit = np.repeat(np.linspace(0, 1, n)[:, None], len(self), axis=1)
            axes.append([(k, value) for value in self.from_unit(unit)[:, k]])
        rows = np.tile(self.start, (math.prod(points.values()), 1))
        for row, chosen in zip(rows, itertools.product(*axes), strict=True):
            for k, value in chosen:
                row[k] = value
        return rows

    # --- into the model --------------------------------------------------------------------

    def changes(self, values: ArrayLike) -> dict[str, float]:
        """Return what one row sets, by address, as `Network.set` takes it.

        Raises
        ------
        ModelError
            If a value is beyond its bounds, or their number is wrong.
        """
        return self.sets([values])[0]

    def sets(self, values: ArrayLike | Sequence[ArrayLike]) -> list[dict[str, float]]:
        """Return what each row, of (rows, parameters), sets, as `simulate_many` takes it.

        Raises
        ------
        ModelError
            With every value beyond its bounds; or if a row has too many or too few.
        """
        try:
            rows = np.asarray(values, float)
        except (TypeError, ValueError):
            message = f"must be rows of {len(self)} numbers; got {values!r:.40}"
            raise ModelError([Problem("values", message)]) from None
        if rows.ndim != 2 or rows.shape[1] != len(self):
            message = f"must be rows of {len(self)} numbers; got an array of shape {rows.shape}"
            raise ModelError([Problem("values", message)])
        outside = np.argwhere(~((self.low <= rows) & (rows <= self.high))).tolist()
        problems = [
            Problem(
                f"values[{row}].{self.names[k]}",
                f"must be from {self.low[k]:g} to {self.high[k]:g}; got {rows[row, k]:g}",
            )
            for row, k in outside[:100]
        ]
        if problems:
            raise ModelError(problems)
        return [
            changed_by(self.parameters, dict(zip(self.names, row, strict=True)))
            for row in rows.tolist()
        ]

    def network(self, values: ArrayLike) -> Network:
        """Return the network with one row of values in place."""
        return self.base.set(self.changes(values))

    def _on_scale(self, values: Floats) -> Floats:
        scaled = values.copy()
        scaled[..., self._log] = np.log(scaled[..., self._log])
        return scaled

    def _from_scale(self, scaled: Floats) -> Floats:
        values = scaled.copy()
        values[..., self._log] = np.exp(values[..., self._log])
        # the way there and back may end a rounding error beyond
        return np.clip(values, self.low, self.high)


def _fixed(values: Iterable[Any]) -> Floats:
    array = np.array(list(values), float)
    array.flags.writeable = False
    return array


def _unit_points(n: int, dims: int, method: str, seed: int) -> Floats:
    """Return points of the unit cube, (n, dims)."""
    if method == "random":
        return stream(seed, "space").random((n, dims))
    from scipy.stats import qmc

    if method == "latin":
        return qmc.LatinHypercube(dims, seed=seed).random(n)  # type: ignore[call-arg]
    if method == "halton":
        return qmc.Halton(dims, seed=seed).random(n)  # type: ignore[call-arg]
    # a Sobol sequence is balanced in powers of 2; its beginning is the same
    sobol = qmc.Sobol(dims, seed=seed)  # type: ignore[call-arg]
    return sobol.random_base2(math.ceil(math.log2(n)))[:n]
