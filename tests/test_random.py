from __future__ import annotations

import numpy as np

from apical.random import stream


def test_equal_names_give_equal_draws_and_others_do_not():
    first = stream(1, "drive", "a").normal(size=5)
    assert np.array_equal(first, stream(1, "drive", "a").normal(size=5))
    for other in (stream(2, "drive", "a"), stream(1, "drive", "b"), stream(1, "drivea")):
        assert not np.isin(first, other.normal(size=50)).any()


def test_known_answer():
    """Draws are part of the promise: the same on every machine and in every version."""
    draws = stream(7, "drive", "evprox1", "trial", 0, "cell", 3).integers(0, 2**32, 3)
    assert draws.tolist() == [1639132411, 2835005943, 3624809026]
