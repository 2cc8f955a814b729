"""Pictures of posteriors."""

import numpy as np
import pytest
import xarray as xr
from matplotlib.figure import Figure

from apical import models, plots
from apical.errors import ModelError
from apical.fit import Parameter, Space
from apical.infer import Posterior, Prediction
from apical.infer.calibration import ranked
from apical.infer.posterior import labelled

TRUTH = {"time": 20.0, "weight": 0.01}


class Losses:
    losses = np.array([[3.0, 3.1], [2.0, 2.2], [1.0, 2.3]])


class Members:
    """Twelve members of six simulations, the last of which failed."""

    provenance = {"trials": 2}  # noqa: RUF012

    def __init__(self):
        values = np.arange(12.0)[:, None, None] * np.ones((12, 2, 5))
        values[-1] = np.nan
        time = ("time", np.linspace(0, 10, 5))
        dims = ("member", "population", "time")
        self.dataset = xr.Dataset({"dipole": (dims, values)}, {"time": time})


@pytest.fixture(scope="module")
def posterior():
    space = Space(
        models.erp(grid=(3, 3)),
        {
            "time": Parameter("drives.evprox1.mu", 10, 30),
            "weight": Parameter(
                "drives.evprox1.targets.L5_pyramidal.weights.ampa", 1e-3, 0.1, "log"
            ),
        },
    )
    random = np.random.default_rng(1)
    draws = random.normal(size=(2000, 2)) @ np.array([[2.0, 0.3], [0, 0.2]])
    values = np.c_[20 + draws[:, 0], 0.01 * np.exp(draws[:, 1])].clip(space.low, space.high)
    return Posterior(space, (), Losses(), None, labelled(space, values), None, 1.0, {})


def test_pairs_show_every_parameter_and_pair(posterior):
    figure = plots.pairs(posterior, TRUTH)
    assert isinstance(figure, Figure)
    shown = [ax for ax in figure.axes if ax.get_visible()]
    assert len(shown) == 3
    alone, both, below = shown
    assert (both.get_xlabel(), both.get_ylabel()) == ("time (ms)", "weight (µS)")
    assert [ax.get_xlabel() for ax in (alone, below)] == ["", "weight (µS)"]
    names = [text.get_text() for text in alone.get_legend().get_texts()]
    assert sorted(names) == ["posterior", "prior", "truth"]
    line = next(line for line in alone.lines if line.get_label() == "truth")
    assert line.get_xdata()[0] == 20
    cross = both.lines[-1]
    # on a log scale
    assert (cross.get_xdata()[0], cross.get_ydata()[0]) == (20, pytest.approx(-2))
    assert below.xaxis.get_major_formatter()(-2, 0) == "0.01"
    low, high = alone.get_xlim()
    assert 10 <= low < 15 < 25 < high <= 30
    prior = next(line for line in alone.lines if line.get_label() == "prior")
    np.testing.assert_allclose(prior.get_ydata(), 1 / 20)


def test_pairs_of_some_parameters(posterior):
    assert len(plots.pairs(posterior, names=["weight"]).axes) == 1
    with pytest.raises(ModelError, match="did you mean 'weight'"):
        plots.pairs(posterior, names=["wieght"])


def test_predictions_are_bands_below_the_data():
    features = xr.DataArray(np.zeros((6, 1)), dims=("simulation", "feature"))
    found = Prediction(Members(), features, features[0])
    recorded = xr.DataArray(np.arange(5.0), {"time": np.linspace(0, 10, 5)}, ("time",))
    ax = plots.predictive(found, recorded, scale=10.0)
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == ["90% of predictions", "50% of predictions", "median", "data"]
    median = next(line for line in ax.lines if line.get_label() == "median")
    # two populations, means of two trials, ten columns; 1, 5, 9, 13, 17 without the failed one
    np.testing.assert_allclose(median.get_ydata(), 90)
    assert ax.lines[-1].get_ydata().tolist() == [0, 1, 2, 3, 4]


@pytest.fixture(scope="module")
def calibration():
    random = np.random.default_rng(2)
    truth, draws = random.normal(size=(100, 2)), random.normal(size=(100, 40, 2))
    density = [-(values**2).sum(axis=-1) for values in (truth, draws)]
    return ranked(["time", "weight"], truth, draws, *density)


def test_ranks_have_a_bar_for_each_share(calibration):
    figure = plots.ranks(calibration, bins=5)
    assert len(figure.axes) == 2
    for ax, name in zip(figure.axes, ("time", "weight"), strict=True):
        bars = [patch.get_height() for patch in ax.patches[1:]]
        assert len(bars) == 5
        assert sum(bars) == 100
        assert ax.get_title().startswith(f"{name}\np = ")


def test_coverage_has_a_line_for_each_parameter_and_all(calibration):
    ax = plots.coverage(calibration)
    lines = {line.get_label(): line.get_ydata() for line in ax.lines[1:]}
    assert list(lines) == ["time", "weight", "together"]
    for values in lines.values():
        np.testing.assert_allclose(values, np.linspace(0, 1, 51), atol=0.2)


def test_learning_shows_both_losses(posterior):
    ax = plots.learning(posterior)
    assert [line.get_label() for line in ax.lines[:2]] == ["learned from", "held out"]
    assert ax.lines[-1].get_xdata()[0] == 2
