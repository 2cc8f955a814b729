"""HNN's scheme for evoked responses: one drive after the other, then all together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from apical.errors import ModelError, Problem
from apical.fit.optimise.local import cobyla
from apical.fit.optimise.search import Search
from apical.model import EvokedDrive

if TYPE_CHECKING:
    from apical.fit.parameter import Parameter
    from apical.model import Network

#: How fast a drive's weight fades when later ones arrive, and its window to both sides of its
#: mean, in standard deviations, where times do not vary: both as in HNN.
_DECAY, _REACH = 1.6, 3.0
#: Distance of weights (ms), and a standard deviation (ms) that has a distribution.
_EVERY, _LEAST = 0.25, 0.01
#: Times that count less than this for a stage say nothing of its drives.
_NOTHING = 1e-6


@dataclass(frozen=True)
class Stage:
    """A part of a stepwise fit.

    Parameters
    ----------
    name : str
        Drives that vary.
    parameters : (n,) array of int
        Which parameters these are.
    weights : DataArray (time), optional
        How much each time counts; without, all count the same.
    """

    name: str
    parameters: np.ndarray
    weights: xr.DataArray | None = None


@dataclass(frozen=True)
class Arrival:
    """When an evoked drive arrives.

    Parameters
    ----------
    mu, sigma : float, ms
        Mean and standard deviation of its times, where the fit begins.
    low, high : float, ms
        Window of its mean.
    """

    mu: float
    sigma: float
    low: float
    high: float


#: Gives the losses of candidates as a stage sees them.
Staged = Callable[[np.ndarray, Stage], np.ndarray]


def stepwise(
    search: Search, plan: Sequence[Stage], staged: Staged, best: Callable[[], np.ndarray]
) -> str:
    """Search stage by stage, each by COBYLA, beginning where the one before ended best.

    Parameters
    ----------
    search : Search
        The cube of all parameters.
    plan : sequence of Stage
        The last one varies everything, and begins at the best candidate of all.
    staged : function
        Gives the losses of candidates (n, k) as a stage weights them.
    best : function
        Gives the best candidate of all so far.

    References
    ----------
    doi:10.7554/eLife.51214
    """
    place, everything = search.start.copy(), sum(stage.parameters.size for stage in plan)
    for stage in plan[:-1]:
        share = search.budget * stage.parameters.size // everything
        place = _alone(search, stage, place, share, staged)
    final = plan[-1]
    return cobyla(
        replace(search, start=best() if len(plan) > 1 else place,
                evaluate=lambda rows: staged(rows, final))
    )  # fmt: skip


class _Enough(Exception):  # noqa: N818 - not a failure
    """A stage has had its share of the budget."""


def _alone(
    search: Search, stage: Stage, place: np.ndarray, share: int, staged: Staged
) -> np.ndarray:
    """Vary the parameters of one stage; return the best place as it sees it."""
    seen: list[tuple[float, np.ndarray]] = []

    def evaluate(rows: np.ndarray) -> np.ndarray:
        if len(seen) >= share:
            raise _Enough
        whole = np.tile(place, (len(rows), 1))
        whole[:, stage.parameters] = rows
        losses = staged(whole, stage)
        seen.extend(zip(losses.tolist(), whole, strict=True))
        return losses

    part = replace(search, start=place[stage.parameters], evaluate=evaluate)
    with suppress(_Enough):
        cobyla(part)
    return min(seen, key=lambda one: one[0])[1] if seen else place


def stages(
    network: Network, parameters: Mapping[str, Parameter], duration: float, times: np.ndarray
) -> list[Stage]:
    """Return the stages of a stepwise fit.

    A drive's samples count from when it can first arrive on, by the distribution of its times, and
    less the more of the later drives have arrived. Drives whose windows overlap vary together.

    Parameters
    ----------
    network : Network
        Where everything begins.
    parameters : mapping of str to Parameter
        What varies; what concerns no single evoked drive does so in the last stage only.
    duration : float, ms
        Length of the simulation.
    times : array, ms
        Times at which waveforms are compared.

    Raises
    ------
    ModelError
        If nothing concerns an evoked drive, or drives arrive when nothing is compared.
    """
    owners = [_owner(network, parameter) for parameter in parameters.values()]
    drives = {
        name: drive
        for name, drive in network.drives.items()
        if name in owners and isinstance(drive, EvokedDrive)
    }
    if not drives:
        message = "a stepwise fit needs parameters of evoked drives"
        raise ModelError([Problem("method", message)])
    arrivals = {
        name: Arrival(drive.mu, drive.sigma, *_window(name, drive, parameters))
        for name, drive in drives.items()
    }
    found = stages_of_drives(owners, arrivals, duration)
    if problems := [
        _unseen(name, arrivals[name], times)
        for stage in found
        if _blind(stage, times)
        for name in dict.fromkeys(owners[k] for k in stage.parameters)
    ]:
        raise ModelError(problems)
    return found


def _blind(stage: Stage, times: np.ndarray) -> bool:
    """Whether nothing that is compared tells of the drives of a stage."""
    if stage.weights is None or not times.size:
        return False
    return np.interp(times, stage.weights["time"], stage.weights).max() < _NOTHING


def _unseen(name: str, arrival: Arrival, times: np.ndarray) -> Problem:
    """Say why what is compared tells nothing of a drive."""
    first, last = times.min(), times.max()
    when = f"arrives at {arrival.low:g} to {arrival.high:g} ms, "
    if arrival.low > last:
        when += f"after the end of what is compared, {last:g} ms"
    else:
        when += f"and later ones govern all that is compared, {first:g} to {last:g} ms"
    hint = "leave its parameters out of the space, or record, simulate and compare its times, too"
    return Problem(f"drives.{name}", when, hint)


def stages_of_drives(
    owners: Sequence[str], arrivals: Mapping[str, Arrival], duration: float, decay: float = _DECAY
) -> list[Stage]:
    """Return the stages of a stepwise fit, of drives from anywhere.

    Parameters
    ----------
    owners : sequence of str
        The drive that each parameter concerns; empty if it is none.
    arrivals : mapping of str to Arrival
        When drives arrive, by name.
    duration : float, ms
        Length of the simulation.
    decay : float
        How fast a drive's weight fades when later ones arrive.
    """
    weights = _weights(arrivals, duration, decay)
    groups: list[tuple[list[str], float, xr.DataArray]] = []
    for name in sorted(arrivals, key=lambda name: arrivals[name].low):
        end = arrivals[name].high
        if groups and arrivals[name].low <= groups[-1][1]:
            names, last, before = groups.pop()
            groups.append(([*names, name], max(last, end), (before + weights[name]) / 2))
        else:
            groups.append(([name], end, weights[name]))
    found = [
        Stage(", ".join(names), np.flatnonzero([owner in names for owner in owners]), weight)
        for names, _, weight in groups
    ]
    whole = Stage("all", np.arange(len(owners)))
    one_has_all = len(found) == 1 and found[0].parameters.size == len(owners)
    return [whole] if one_has_all else [*found, whole]


def _weights(
    arrivals: Mapping[str, Arrival], duration: float, decay: float
) -> dict[str, xr.DataArray]:
    """Return how much each time counts for each drive."""
    from scipy.special import ndtr

    time = np.arange(0.0, duration + _EVERY, _EVERY)
    arrived = {
        name: ndtr((time - drive.low) / max(drive.sigma, _LEAST))
        for name, drive in arrivals.items()
    }
    found = {}
    for name, drive in arrivals.items():
        weight = arrived[name].copy()
        for other, later in arrivals.items():
            if other != name and later.mu >= drive.mu:
                weight -= decay * (later.mu - drive.mu) / duration * arrived[other]
        found[name] = xr.DataArray(np.clip(weight, 0, None), {"time": time}, "time")
    return found


def _owner(network: Network, parameter: Parameter) -> str:
    """Return the drive that a parameter concerns; empty if it is none, or more than one thing."""
    names = {
        next((name for name in network.drives if path.startswith(f"drives.{name}.")), "")
        for path in parameter.factors
    }
    return names.pop() if len(names) == 1 else ""


def _window(
    name: str, drive: EvokedDrive, parameters: Mapping[str, Parameter]
) -> tuple[float, float]:
    """Return when a drive may arrive, ms."""
    for parameter in parameters.values():
        if parameter.factors == {f"drives.{name}.mu": 1.0}:
            return parameter.low, parameter.high
    return drive.mu - _REACH * drive.sigma, drive.mu + _REACH * drive.sigma
