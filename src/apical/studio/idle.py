"""What is computed while nobody waits: further trials, and how the dipole changes with drives.

All are generators that yield after every window of steps, so that they can be left at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

import xarray as xr

from apical.errors import ApicalError
from apical.result import Result
from apical.running import Trial, label, prepare
from apical.running.options import checked
from apical.studio.kept import Slope
from apical.studio.runner import run_options

if TYPE_CHECKING:
    from apical.model import Network
    from apical.studio.setup import Setup
    from apical.watch import Watch

#: Steps of finite differences: times (ms), spreads and strengths (share of the value).
_TIME, _SHARE = 0.5, 0.05


# --- trials -------------------------------------------------------------------------------------


def further_trials(network: Network, setup: Setup, first: Result) -> Generator[int, None, Result]:
    """Run all trials but the first; yield how many there are, and return the result of all."""
    options = checked(
        network, setup.duration, **run_options(setup), trials=setup.trials, engine="auto",
        start="steady", threads=None,
    )  # fmt: skip
    prepared, began = prepare(network, options, kept=options.trials), perf_counter()
    # another engine may suit many trials, whose numbers differ in the last bits
    same = options.engine.name == first.provenance["engine"]
    trials = []
    for k in range(1 if same else 0, setup.trials):
        drawn = prepared.draw(k)
        with closing(options.engine.start([drawn.member], threads=None)) as run:
            while run.step < run.steps:
                run.advance()
                if run.failures:
                    raise run.failures[0]
                yield k
            trials.append(Trial(run.result(0, copy=False), drawn.trains))
        yield k + 1
    others = label(prepared, trials, prepared.plan.steps, perf_counter() - began)
    return joined(first, others) if same else others


def joined(first: Result, others: Result) -> Result:
    """Return the result of a first trial and others, as if they had been run together."""
    n = first.trials
    spikes = [first.spikes, others.spikes.assign(trial=others.spikes["trial"] + n)]
    return Result(
        network=others.network,
        dipole=_along_trials(first.dipole, others.dipole),
        spikes=xr.concat(spikes, "spike"),
        sources=others.sources,
        recordings={k: _along_trials(v, others.recordings[k]) for k, v in first.recordings.items()},
        lfp={k: _along_trials(v, others.lfp[k]) for k, v in first.lfp.items()},
        provenance={**others.provenance, "trials": n + others.trials},
    )


def _along_trials(a: xr.DataArray, b: xr.DataArray) -> xr.DataArray:
    later = b.assign_coords(trial=b["trial"] + a.sizes["trial"])
    return xr.concat(
        [a, later], "trial", coords="minimal", compat="override", join="override",
        combine_attrs="override",
    )  # fmt: skip


# --- how the dipole changes with a value ----------------------------------------------------------


@dataclass(frozen=True)
class Probe:
    """A value, and a change of it.

    Parameters
    ----------
    path : str
        The value's address; ``drives.<name>.strength`` is a factor on all weights of a drive.
    at, step : float
        The value, and by how much it is changed.
    changes : dict of str to float
        What that sets, by address.
    """

    path: str
    at: float
    step: float
    changes: dict[str, float]


def probes(network: Network, touched: Iterable[str] = ()) -> list[Probe]:
    """Return what is worth knowing of drives, those that were touched last first."""
    found = [p for name in network.drives for p in _of_drive(network, name)]
    recent = list(touched)

    def rank(probe: Probe) -> tuple[int, int]:
        drive = probe.path.rsplit(".", 1)[0]
        near = [k for k, path in enumerate(recent) if path.startswith(f"{drive}.")]
        exact = [k for k, path in enumerate(recent) if path in probe.changes]
        none = len(recent)
        return min(near, default=none), min(exact, default=none)

    return sorted(found, key=rank)


def slopes(
    network: Network, first: Result, probing: Iterable[Probe], change: Callable[[Network], Watch]
) -> Iterator[Slope | None]:
    """Yield slopes as they are found, and None after every stretch of steps between.

    Parameters
    ----------
    network : Network
        What was run.
    first : Result
        Its first trial.
    probing : iterable of Probe
        What is changed, one after the other.
    change : callable
        Returns a watch of a network, before it is run.
    """
    base = first.arrays.dipole[0].sum(axis=0)
    for probe in probing:
        try:
            watch = change(network.set(probe.changes))
            for _ in watch:
                yield None
            dipole = watch.result().arrays.dipole[0].sum(axis=0)
        except ApicalError:
            # beyond what the model takes, or diverged: there is no slope
            continue
        if dipole.size == base.size:
            yield Slope(probe.path, probe.at, (dipole - base) / probe.step)


def _of_drive(network: Network, name: str) -> Iterator[Probe]:
    drive, path = network.drives[name], f"drives.{name}"
    if drive.kind == "evoked":
        yield Probe(f"{path}.mu", drive.mu, _TIME, {f"{path}.mu": drive.mu + _TIME})
        step = max(_SHARE * drive.sigma, _SHARE)
        yield Probe(f"{path}.sigma", drive.sigma, step, {f"{path}.sigma": drive.sigma + step})
    weights = {
        f"{path}.targets.{target}.weights.{receptor}": (1 + _SHARE) * weight
        for target, what in drive.targets.items()
        for receptor, weight in what.weights.items()
        if weight
    }
    if weights:
        yield Probe(f"{path}.strength", 1.0, _SHARE, weights)
