"""A small network and result made by hand, for tests of results, files, plots and commands."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

import numpy as np

from apical.errors import ModelError, Problem
from apical.result import RecordedPotentials, RecordedTraces, Result


@dataclass(frozen=True)
class Population:
    layer: str
    role: str
    dipole: bool


@dataclass(frozen=True)
class Drive:
    location: str


@dataclass(frozen=True)
class Network:
    """The few fields of a network that results, plots and tables look at."""

    name: str = "tiny"
    title: str = "A tiny column"
    populations: dict[str, Population] = field(
        default_factory=lambda: {
            "L2_basket": Population("L2", "inhibitory", False),
            "L2_pyramidal": Population("L2", "excitatory", True),
            "L5_basket": Population("L5", "inhibitory", False),
            "L5_pyramidal": Population("L5", "excitatory", True),
        }
    )
    drives: dict[str, Drive] = field(
        default_factory=lambda: {"evprox1": Drive("proximal"), "evdist1": Drive("distal")}
    )

    def set(self, values: dict[str, object]) -> Network:
        """Change what this network has to change: one number, kept in its name."""
        wrong = [Problem(p, "unknown", "did you mean 'mu'?") for p in values if p != "mu"]
        if wrong:
            raise ModelError(wrong)
        return Network(name=f"tiny, mu {values['mu']}")

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Network:
        found = json.loads(text)
        populations = {k: Population(**v) for k, v in found.pop("populations").items()}
        drives = {k: Drive(**v) for k, v in found.pop("drives").items()}
        return cls(**found, populations=populations, drives=drives)


def make_result(network=None, *, trials=2, stop=20.0, dt=0.5, seed=0, recordings=True) -> Result:
    """Make up a result with waves of several shapes and random spikes."""
    network = network or Network()
    rng = np.random.default_rng(seed)
    time = np.arange(round(stop / dt) + 1) * dt
    n_dipoles = sum(p.dipole for p in network.populations.values())
    dipole = rng.normal(size=(trials, n_dipoles, time.size)).cumsum(axis=-1) * 1e-3
    sources = {name: 5 + i for i, name in enumerate([*network.populations, *network.drives])}
    n = 40 * trials
    source = rng.integers(0, len(sources), n)
    spikes = {
        "trial": rng.integers(0, trials, n),
        "time": rng.choice(time, n),
        "source": source,
        "cell": rng.integers(0, 5, n),
    }
    traces = RecordedTraces(time[::4], rng.normal(size=(trials, 2, 3, time[::4].size)), (0, 4),
                            ("soma(0.5)", "apical(0.25)", "apical(0.75)"), "mV")  # fmt: skip
    potentials = RecordedPotentials(
        time[::2], rng.normal(size=(trials, len(network.populations), 3, time[::2].size)),
        rng.normal(size=(len(network.populations), 3)), rng.normal(size=(3, 3)), 0.3,
    )  # fmt: skip
    return Result.from_arrays(
        network,
        time,
        dipole,
        rest=np.linspace(-1e-3, 2e-3, n_dipoles),
        spikes=spikes,
        sources=sources,
        recordings={"voltages": traces, "calcium": traces} if recordings else {},
        lfp={"shank": potentials, "a": potentials} if recordings else {},
        provenance={"seed": seed, "apical": "0.1.0", "duration": stop, "wall_seconds": 0.5},
    )
