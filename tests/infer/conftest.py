import numpy as np
import pytest
import toy

from apical.infer import Posterior
from apical.infer.posterior import labelled
from apical.infer.prior import values_at
from apical.infer.simulations import labelled_features

OBSERVED = np.array([0.5, -0.3, 0.8, 1.0])


@pytest.fixture(scope="session")
def posterior():
    """A posterior of the toy that is exactly right, without a network."""
    known, network = toy.space(), toy.Exact()
    draws = values_at(known, network.sample(OBSERVED[None], 4000, 0)[0])
    return Posterior(
        known, (toy.FEATURE,), network, labelled_features([toy.FEATURE], OBSERVED),
        labelled(known, draws), toy.table(300, 5), 1.0, {"seed": 0, "simulated": {}},
    )  # fmt: skip
