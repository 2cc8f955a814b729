"""A run that is interrupted within a window goes on from a snapshot, never from where it is."""

import numpy as np
import pytest

from apical.engines import get
from apical.engines.base import Member, run_alone
from apical.errors import EngineError
from apical.plan import compile
from apical.testing.networks import pair_of_populations


@pytest.fixture(scope="module")
def member():
    plan = compile(pair_of_populations(), 8.0)
    return Member(plan, plan.trial(0)[1])


#: Where a run of an engine is interrupted: after a window's steps, or when spikes need more room.
PLACES = {
    "cpu": lambda run: (run, "_keep"),
    "cpu, spikes": lambda run: (run._calendar, "grow"),
    "reference": lambda run: (run._members[0].samples, "take"),
}


def to_the_end(run):
    while run.step < run.steps:
        run.advance()


def interrupt(run, place, monkeypatch):
    """Let a run be interrupted within a window, when some of it has changed."""

    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(*place, interrupted)
        with pytest.raises(KeyboardInterrupt):
            to_the_end(run)


@pytest.mark.parametrize("windows", [0, 1])
@pytest.mark.parametrize("where", list(PLACES))
def test_an_interrupted_run_refuses_to_go_on_until_it_went_back(
    where, windows, member, monkeypatch
):
    engine = get(where.split(",")[0])
    expected = run_alone(engine, member, threads=2)
    run = engine.start([member], threads=2)
    for _ in range(windows):
        run.advance()
    kept = run.snapshot()
    interrupt(run, PLACES[where](run), monkeypatch)
    for refused in (run.advance, run.snapshot, lambda: run.result(0)):
        with pytest.raises(EngineError, match="interrupted within a window"):
            refused()
    run.rewind(kept)
    to_the_end(run)
    found = run.result(0)
    run.close()
    assert np.array_equal(found.dipole, expected.dipole)
    assert np.array_equal(found.spike_time, expected.spike_time)
    assert len(found.spike_time) > 0
