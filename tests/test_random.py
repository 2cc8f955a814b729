from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from apical.random import stream, streams


def test_equal_names_give_equal_draws_and_others_do_not():
    first = stream(1, "drive", "a").normal(size=5)
    assert np.array_equal(first, stream(1, "drive", "a").normal(size=5))
    for other in (stream(2, "drive", "a"), stream(1, "drive", "b"), stream(1, "drivea")):
        assert not np.isin(first, other.normal(size=50)).any()


def test_known_answer():
    """Draws are part of the promise: the same on every machine and in every version."""
    draws = stream(7, "drive", "evprox1", "trial", 0, "cell", 3).integers(0, 2**32, 3)
    assert draws.tolist() == [1639132411, 2835005943, 3624809026]


@given(
    st.integers(0, 2**70),
    st.lists(st.text() | st.integers(), max_size=3),
    st.lists(st.lists(st.text() | st.integers(), min_size=1, max_size=2).map(tuple), max_size=4),
)
def test_many_streams_at_once_are_the_streams_one_by_one(seed, names, each):
    found = [(g.normal(size=3), g.integers(0, 9)) for g in streams(seed, *names, each=each)]
    alone = [stream(seed, *names, *rest) for rest in each]
    assert len(found) == len(each)
    for (normal, whole), generator in zip(found, alone, strict=True):
        assert np.array_equal(normal, generator.normal(size=3))
        assert whole == generator.integers(0, 9)
