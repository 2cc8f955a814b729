"""Pictures of fits."""

import numpy as np
import pytest
import xarray as xr
from matplotlib.figure import Figure

from apical import models, plots
from apical.fit import Fit, Identifiability, Parameter, Space
from synthetic import make_result


@pytest.fixture(scope="module")
def fit():
    """Ten candidates of two stages, the fourth of which failed."""
    parameters = {
        "time": Parameter("drives.evprox1.mu", 10, 30),
        "spread": Parameter("drives.evprox1.sigma", 1, 5),
    }
    space = Space(models.erp(grid=(3, 3)), parameters)
    loss = np.array([9.0, 8, 8.5, np.nan, 7, 3, 4, 2, 2.5, 5])
    history = xr.Dataset(
        {
            "values": (("candidate", "parameter"), space.sample(10)),
            "loss": ("candidate", loss),
            "best": ("candidate", np.fmin.accumulate(loss)),
            "seen": ("candidate", loss),
            "generation": ("candidate", np.arange(10)),
            "stage": ("candidate", np.array(["evprox1"] * 6 + ["all"] * 4)),
            "failed": ("candidate", np.isnan(loss)),
            "fresh": ("candidate", np.full(10, np.nan)),
        },
        {"candidate": np.arange(10), "parameter": np.array(space.names)},
    )
    return Fit(space, None, history, "budget spent", {"wall_seconds": 1.0})


def test_convergence_shows_losses_and_the_smallest(fit):
    ax = plots.convergence(fit)
    best = next(line for line in ax.lines if line.get_label() == "best so far")
    assert best.get_ydata().tolist() == [9, 8, 8, 8, 7, 3, 3, 2, 2, 2]
    shown = ax.collections[0].get_offsets()
    assert np.ma.count(shown[:, 1]) == 9
    # where the second stage begins
    assert [line.get_xdata()[0] for line in ax.lines if line is not best] == [6.5]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Candidate", "Loss")


def test_parameters_are_drawn_within_their_ranges(fit):
    ax = plots.parameters(fit)
    assert [c.get_label() for c in ax.collections] == ["time", "spread"]
    for row, collection in enumerate(ax.collections):
        x, y = collection.get_offsets().T
        assert len(x) == 10
        assert ((x >= 0) & (x <= 1)).all()
        assert set(y) == {row}
    # the best is drawn over the others, and marked
    unit = fit.space.to_unit(np.array(list(fit.values.values())))
    assert ax.collections[0].get_offsets()[-1, 0] == pytest.approx(unit[0])
    assert [line.get_xdata()[0] for line in ax.lines] == pytest.approx(unit.tolist())


def test_sensitivity_shows_errors_best_first():
    table = xr.Dataset({"error": ("parameter", [0.5, 0.1, 7.0])}, {"parameter": ["a", "b", "c"]})
    ax = plots.sensitivity(Identifiability(table))
    assert [t.get_text() for t in ax.get_yticklabels()] == ["b", "a", "c"]
    assert [bar.get_width() for bar in ax.patches] == [0.1, 0.5, 1.0]


def test_fitted_shows_all_of_it(fit):
    result = make_result()
    recorded = result.average().total().isel(trial=0)
    figure = plots.fitted(fit, result, recorded)
    assert isinstance(figure, Figure)
    assert len(figure.axes) == 3
    assert figure.axes[0].lines[-1].get_label() == "recorded"
    assert len(plots.fitted(fit).axes) == 2
