"""Neural posterior estimation: a network that gives, for any data, a density of parameters.

The network is one of the package sbi, learned by our own short loop, so that equal seeds give equal
networks, progress is told, and nothing is written anywhere. It maps features (mean 0 and standard
deviation 1) to a density of coordinates (see `apical.infer.prior`).
"""

from __future__ import annotations

import math
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from apical.analysis import DataError
from apical.errors import Cancelled
from apical.io.extras import extra
from apical.random import stream

Floats = np.ndarray
KINDS = ("maf", "nsf", "mdn")
#: Simulations that are held out, to tell when to stop: a share, and at least so many.
_HELD_OUT, _LEAST = 0.1, 20
_LARGEST_GRADIENT = 5.0
#: Who has torch's random numbers; what `progress` calls may need them again.
_ALONE = threading.RLock()


@dataclass(frozen=True)
class Settings:
    """How a network is made and learned.

    Parameters
    ----------
    kind : {'maf', 'nsf', 'mdn'}
        Masked autoregressive flow, neural spline flow, or mixture of Gaussians.
    hidden : int
        Units of each hidden layer.
    transforms : int
        Of a flow.
    embedding : int, optional
        Learned features, of which a second network makes that many from all that were measured.
    networks : int
        How many are learned, each holding out others; their densities are averaged. One alone is
        too sure of itself where simulations are few (Hermans et al., 2022, arXiv:2110.06581).
    batch : int
        Simulations of one step.
    rate : float
        Of learning.
    patience : int
        It ends when the simulations held out have become no more likely for so many epochs.
    epochs : int
        At most.
    """

    kind: str = "maf"
    hidden: int = 50
    transforms: int = 5
    embedding: int | None = None
    networks: int = 4
    batch: int = 100
    rate: float = 5e-4
    patience: int = 20
    epochs: int = 1000


@dataclass(frozen=True, eq=False)
class Estimator:
    """A learned network; plain arrays, of which the network is made when it is needed.

    Parameters
    ----------
    settings : Settings
        How it was made.
    mean, sd : (features,) array
        Of the simulations.
    parameters : int
        How many coordinates.
    weights : mapping of str to array
        Of the networks, by number and name.
    losses : (epochs, 2) array
        Mean negative logarithm of the density of the first network: of the simulations that were
        learned from, and of those held out.
    reason : str
        Why the last one ended: "converged", "epochs spent" or "stopped".
    """

    settings: Settings
    mean: Floats
    sd: Floats
    parameters: int
    weights: Mapping[str, Floats]
    losses: Floats
    reason: str

    def sample(self, features: Floats, n: int, seed: int) -> Floats:
        """Return draws of coordinates, (sets, n, parameters), for sets of features, (sets, k)."""
        torch: Any
        with alone(seed) as torch, torch.no_grad():
            x = self._standard(torch, features)
            count = len(self._networks)
            shares = [n // count + (k < n % count) for k in range(count)]
            pairs = zip(self._networks, shares, strict=True)
            found = torch.cat([net.sample((m,), x) for net, m in pairs if m])
            # draws of one network after those of another: mixed, so that any of them are of all
            mixed = found[torch.randperm(n)] if count > 1 else found
            return mixed.transpose(0, 1).double().numpy()

    def log_density(self, coordinates: Floats, features: Floats) -> Floats:
        """Return log densities, (sets, n), of coordinates, (sets, n, parameters), for features."""
        torch: Any
        with alone(0) as torch, torch.no_grad():
            z = torch.as_tensor(coordinates.swapaxes(0, 1), dtype=torch.float32)
            x = self._standard(torch, features)
            each = torch.stack([net.log_prob(z, x) for net in self._networks])
            found = torch.logsumexp(each, 0) - math.log(len(each))
            return found.transpose(0, 1).double().numpy()

    def _standard(self, torch: Any, features: Floats) -> Any:
        return torch.as_tensor((features - self.mean) / self.sd, dtype=torch.float32)

    @cached_property
    def _networks(self) -> list[Any]:
        torch: Any
        with alone(0) as torch:
            return [self._network(torch, f"{k}.") for k in range(self._count)]

    @property
    def _count(self) -> int:
        # fewer than were asked for, if learning was stopped
        return 1 + max(int(name.split(".")[0]) for name in self.weights)

    def _network(self, torch: Any, prefix: str) -> Any:
        net = _made(torch, self.settings, self.parameters, len(self.mean))
        state = {
            name.removeprefix(prefix): torch.as_tensor(np.array(weight))
            for name, weight in self.weights.items()
            if name.startswith(prefix)
        }
        net.load_state_dict(state)
        return net.eval()


def learn(
    coordinates: Floats,
    features: Floats,
    settings: Settings,
    seed: int,
    progress: Callable[[float, float], None] | None = None,
) -> Estimator:
    """Learn the density of coordinates, given features.

    Parameters
    ----------
    coordinates : (simulations, parameters) array
        Where the parameters of simulations lie.
    features : (simulations, features) array
        What was measured of them.
    settings : Settings
        How the network is made and learned.
    seed : int
        Of its beginnings, and of the order of simulations.
    progress : callable, optional
        Called with the share of epochs done and the smallest loss; may raise `Cancelled`, which
        ends it with the best so far, as Ctrl-C does.

    Raises
    ------
    DataError
        If there are too few simulations.
    MissingPackageError
        If sbi is not installed.
    """
    if len(features) < 2 * _LEAST:
        raise DataError(f"{len(features)} simulations are too few to learn from: {2 * _LEAST}")
    mean, sd = features.mean(axis=0), features.std(axis=0)
    # what never varies tells nothing
    sd = np.where(sd > 1e-9 * abs(mean), sd, np.inf)
    weights: dict[str, Floats] = {}
    histories: list[Floats] = []
    reason, torch = "", needed()
    for k in range(settings.networks):
        own = int(stream(seed, "infer", "network", k).integers(2**62))
        with alone(own):
            x = torch.as_tensor((features - mean) / sd, dtype=torch.float32)
            z = torch.as_tensor(coordinates, dtype=torch.float32)
            net = _made(torch, settings, z.shape[1], x.shape[1])
            try:
                reason, losses = _learned(
                    torch, net, z, x, settings, own, _part(progress, k, settings)
                )
            except (Cancelled, KeyboardInterrupt):
                if not histories:
                    raise
                # those before are whole
                reason = "stopped"
                break
            weights |= {f"{k}.{name}": w.numpy().copy() for name, w in net.state_dict().items()}
        histories.append(losses)
        if reason == "stopped":
            break
    return Estimator(settings, mean, sd, coordinates.shape[1], weights, histories[0], reason)


def _part(
    progress: Callable[[float, float], None] | None, k: int, settings: Settings
) -> Callable[[float, float], None]:
    """Return what tells the progress of one network as a part of that of all."""

    def told(done: float, loss: float) -> None:
        if progress:
            progress((k + done) / settings.networks, loss)

    return told


def _learned(
    torch: Any, net: Any, z: Any, x: Any, settings: Settings, seed: int,
    progress: Callable[[float, float], None],
) -> tuple[str, Floats]:  # fmt: skip
    """Learn one network in place; return why it ended, and the losses of all epochs."""
    order = stream(seed, "infer", "held out").permutation(len(x))
    held = order[: max(_LEAST, round(_HELD_OUT * len(x)))]
    train = np.sort(order[len(held) :])
    optimiser = torch.optim.Adam(net.parameters(), lr=settings.rate)
    best, since, losses = _copied(net), 0, []
    reason = "epochs spent"
    try:
        for epoch in range(settings.epochs):
            mixed = train[stream(seed, "infer", "epoch", epoch).permutation(len(train))]
            losses.append(_epoch(torch, net, optimiser, z, x, mixed, held, settings.batch))
            known = [loss for _, loss in losses]
            since = 0 if known[-1] <= min(known) else since + 1
            if since == 0:
                best = _copied(net)
            progress((epoch + 1) / settings.epochs, min(known))
            if since >= settings.patience:
                reason = "converged"
                break
    except (Cancelled, KeyboardInterrupt):
        if not losses:
            raise
        reason = "stopped"
    net.load_state_dict(best)
    return reason, np.array(losses)


def _epoch(
    torch: Any, net: Any, optimiser: Any, z: Any, x: Any, train: Floats, held: Floats, batch: int
) -> tuple[float, float]:
    """Go once through the simulations; return the losses of those learned from and held out."""
    total = 0.0
    net.train()
    for first in range(0, len(train), batch):
        rows = torch.as_tensor(train[first : first + batch])
        optimiser.zero_grad()
        loss = net.loss(z[rows], condition=x[rows])
        loss.mean().backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), _LARGEST_GRADIENT)
        optimiser.step()
        total += float(loss.detach().sum())
    net.eval()
    with torch.no_grad():
        rows = torch.as_tensor(held)
        return total / len(train), float(net.loss(z[rows], condition=x[rows]).mean())


def _copied(net: Any) -> dict[str, Any]:
    """Return the weights of a network as they are now."""
    return {name: weight.clone() for name, weight in net.state_dict().items()}


def _made(torch: Any, settings: Settings, parameters: int, features: int) -> Any:
    """Return a new network."""
    factory = extra("sbi.neural_nets", "sbi", "posteriors")
    embedding: Any = torch.nn.Identity()
    if settings.embedding is not None:
        nets = extra("sbi.neural_nets.embedding_nets", "sbi", "posteriors")
        embedding = nets.FCEmbedding(
            features, output_dim=settings.embedding, num_layers=2, num_hiddens=2 * settings.hidden
        )
    build = factory.posterior_nn(
        settings.kind, z_score_theta="none", z_score_x="none", embedding_net=embedding,
        hidden_features=settings.hidden, num_transforms=settings.transforms,
    )  # fmt: skip
    # only the shapes of these matter
    return build(torch.randn(4, parameters), torch.randn(4, features))


def needed() -> Any:
    """Return torch, if what the extra brings is there; otherwise say so."""
    extra("sbi", "sbi", "posteriors")
    return extra("torch", "sbi", "posteriors")


@contextmanager
def alone(seed: int) -> Iterator[Any]:
    """Yield torch with random numbers of its own, on one thread.

    Networks as small as these are many times slower on several threads, and how many there are
    would show in the last bits. Both are torch's for all threads of a process, of which one at a
    time is here.
    """
    torch = needed()
    with _ALONE, torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        threads = torch.get_num_threads()
        # of the package nflows, about the package torch
        warnings.filterwarnings("ignore", message=r"torch\.triangular_solve")
        torch.manual_seed(int(seed))
        torch.set_num_threads(1)
        try:
            yield torch
        finally:
            torch.set_num_threads(threads)
