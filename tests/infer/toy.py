"""A model whose posterior is known: features that are linear in the parameters, with noise.

Parameters are those of a network that takes a moment; their priors are normal, so that in
coordinates z the prior is N(0, 1), features are A·z + noise, and the posterior is a normal
distribution that two lines of algebra give.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from apical import DriveTarget, EvokedDrive
from apical.fit import Normal, Parameter, Space
from apical.infer.features import Function
from apical.testing.networks import cable, one_cell

#: How the small network is simulated.
OPTIONS = {"dt": 0.05, "engine": "reference", "start": "given", "precision": "double", "threads": 1}
DURATION = 6.0

MIXED = np.array([[1.0, 0.5, 0.0], [0.0, 1.0, -0.5], [0.3, 0.0, 1.0], [1.0, 1.0, 1.0]])
NOISE = 0.5
FEATURE = Function(len, {f"x{k}": "1" for k in range(len(MIXED))})


def small():
    """Two cells that spike, with two drives."""
    cell = cable({"hh": {}}, 3, L=200.0, diam=5.0, receptors={"excitation": 0.9}, v0=-65.0)
    target = {"cells": DriveTarget(weights={"excitation": 0.01}, delay=0.3)}
    given = {"location": "cable", "kernel": None, "targets": target}
    return one_cell(
        cell, n=2, celsius=6.3,
        drives={
            "early": EvokedDrive(mu=2, sigma=0.5, **given),
            "late": EvokedDrive(mu=4, sigma=0.5, **given),
        },
    )  # fmt: skip


def space():
    """Three parameters with normal priors, far from their bounds."""
    return Space(
        small(),
        {
            "early": Parameter("drives.early.mu", 0, 20, prior=Normal(10, 1)),
            "late": Parameter("drives.late.mu", 0, 40, prior=Normal(20, 2)),
            "spread": Parameter("drives.early.sigma", 0.01, 100, "log", prior=Normal(1, 0.5)),
        },
    )


def z_of(values):
    """Return what has a standard normal prior, (…, 3), of values."""
    early, late, spread = np.moveaxis(np.asarray(values), -1, 0)
    return np.stack([early - 10, (late - 20) / 2, np.log(spread) / 0.5], axis=-1)


def table(n, seed):
    """Return simulations of the model, as a posterior is learned from."""
    known = space()
    rows = known.sample(n, seed=seed)
    noise = NOISE * np.random.default_rng(seed).normal(size=(n, len(MIXED)))
    return xr.Dataset(
        {
            "values": (("simulation", "parameter"), rows),
            "seed": ("simulation", np.arange(n)),
            "failed": ("simulation", np.zeros(n, bool)),
            "measured_0": (("simulation", "of_measured_0"), z_of(rows) @ MIXED.T + noise),
        },
        {"parameter": list(known.names), "unit": ("parameter", ["ms"] * 3)},
        {"failure": ""},
    )


def exact(features):
    """Return mean, (…, 3), and covariance, (3, 3), of z, given features."""
    covariance = np.linalg.inv(np.eye(3) + MIXED.T @ MIXED / NOISE**2)
    return np.asarray(features) @ MIXED @ covariance / NOISE**2, covariance


class Exact:
    """The posterior itself in place of a network; `width` makes it too wide or too narrow."""

    def __init__(self, width=1.0):
        self.width, self.losses, self.reason = width, np.array([[2.0, 2.1], [1.0, 1.2]]), ""

    def sample(self, features, n, seed):
        mean, covariance = exact(features)
        noise = np.random.default_rng(seed).normal(size=(len(features), n, 3))
        return mean[:, None] + self.width * noise @ np.linalg.cholesky(covariance).T

    def log_density(self, coordinates, features):
        mean, covariance = exact(features)
        off = (coordinates - mean[:, None]) / self.width
        inner = np.einsum("...i,ij,...j", off, np.linalg.inv(covariance), off)
        size = np.linalg.slogdet(2 * np.pi * self.width**2 * covariance)[1]
        return -0.5 * (inner + size)
