"""Coordinates in which every prior is standard normal."""

import numpy as np
import pytest
import toy
from scipy.stats import kstest, norm

from apical import models
from apical.fit import Normal, Parameter, Space
from apical.infer.prior import coordinates, log_prior, units_of_parameters, values_at

KINDS = {
    "uniform": Parameter("drives.early.mu", 1, 5),
    "log": Parameter("drives.early.mu", 0.1, 10, "log"),
    "normal": Parameter("drives.early.mu", 1, 5, prior=Normal(2, 1)),
    "log normal": Parameter("drives.early.mu", 0.1, 10, "log", prior=Normal(1, 0.7)),
}


@pytest.fixture(params=KINDS, scope="module")
def space(request):
    return Space(toy.small(), {"x": KINDS[request.param]})


def test_there_and_back(space):
    rows = space.sample(2000, seed=1)
    z = coordinates(space, rows)
    np.testing.assert_allclose(values_at(space, z), rows, rtol=1e-9)
    assert kstest(z[:, 0], "norm").pvalue > 1e-3
    assert np.isfinite(coordinates(space, np.stack([space.low, space.high]))).all()


def test_densities_add_up_to_one_and_are_those_of_draws(space):
    log = space.parameters["x"].scale == "log"
    forth, back = (np.log, np.exp) if log else (np.asarray, np.asarray)
    edges = np.linspace(forth(space.low[0]), forth(space.high[0]), 4001)
    middle = (edges[1:] + edges[:-1]) / 2
    density = np.exp(log_prior(space, back(middle)[:, None]))
    assert density.sum() * (edges[1] - edges[0]) == pytest.approx(1, abs=1e-4)
    # the change of coordinates stretches a normal density to this one
    z = coordinates(space, back(middle)[:, None])[:, 0]
    slope = np.gradient(z, middle)
    inner = slice(200, -200)
    np.testing.assert_allclose(density[inner], (norm.pdf(z) * slope)[inner], rtol=1e-3)
    assert log_prior(space, np.array([[2 * space.high[0]]])).tolist() == [-np.inf]


def test_units_come_from_the_model():
    whole = models.erp(grid=(3, 3))
    paths = (
        "drives.evprox1.mu", "drives.evprox1.targets.L5_pyramidal.weights.ampa",
        "projections.*.weight", "drives.evprox1.probability",
    )  # fmt: skip
    parameters = {str(k): Parameter(path, 0.01, 0.9) for k, path in enumerate(paths)}
    units = units_of_parameters(Space(whole, parameters))
    assert (units[0], units[1], units[2], units[-1]) == ("ms", "uS", "uS", "")
