"""Ranks: uniform where the posterior is right, and told where it is not."""

import numpy as np
import pytest
import toy

from apical.infer.calibration import ranked
from apical.infer.prior import coordinates


def calibrated(posterior, width=1.0, shift=0.0, n=400):
    data = toy.table(n, 78)
    network, x = toy.Exact(width), data["measured_0"].values
    truth, draws = coordinates(posterior.space, data["values"].values), network.sample(x, 99, 3)
    draws = draws + shift
    return ranked(
        ["early", "late", "spread"], truth, draws,
        network.log_density(truth[:, None], x)[:, 0], network.log_density(draws, x),
    )  # fmt: skip


def test_ranks_count_draws_below_the_truth():
    draws = np.arange(10.0)[None, :, None]
    found = ranked(["a"], np.array([[3.5]]), draws, np.array([0.0]), -abs(draws[..., 0] - 3.5))
    assert found.table["rank"].values.tolist() == [[4]]
    assert found.table["density_rank"].values.tolist() == [0]
    assert found.shares.values.tolist() == [[4.5 / 11]]
    assert found.draws == 10


def test_a_right_posterior_passes(posterior):
    found = calibrated(posterior)
    assert (found.p_values > 0.01).all()
    covered = found.coverage((0.5, 0.9))
    # two standard deviations and a half of a count of 400
    np.testing.assert_allclose(covered.sel(level=0.5), 0.5, atol=0.065)
    np.testing.assert_allclose(covered.sel(level=0.9), 0.9, atol=0.04)
    assert covered["parameter"].values.tolist() == ["early", "late", "spread", "together"]
    assert "together: p = " in repr(found)


@pytest.mark.parametrize(("width", "shift", "less"), [(0.6, 0, True), (1.7, 0, False)])
def test_widths_that_are_wrong_are_told(posterior, width, shift, less):
    found = calibrated(posterior, width, shift)
    assert (found.p_values < 0.01).all()
    assert ((found.coverage((0.5,)) < 0.5) == less).all()


def test_a_shift_is_told(posterior):
    found = calibrated(posterior, shift=0.3)
    assert (found.p_values.isel(parameter=slice(3)) < 1e-3).all()
    assert (found.shares.mean("simulation") < 0.5).all()
