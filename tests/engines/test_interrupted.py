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


def interrupt(run, monkeypatch):
    """Let a run be interrupted in its next window, when some of it has changed."""
    place = (run, "_exchange") if hasattr(run, "_exchange") else (run._members[0].samples, "take")

    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(*place, interrupted)
        with pytest.raises(KeyboardInterrupt):
            run.advance()


@pytest.mark.parametrize("engine", ["cpu", "reference"])
def test_an_interrupted_run_refuses_to_go_on_until_it_went_back(engine, member, monkeypatch):
    expected = run_alone(get(engine), member, threads=2)
    run = get(engine).start([member], threads=2)
    run.advance()
    kept = run.snapshot()
    interrupt(run, monkeypatch)
    for refused in (run.advance, run.snapshot, lambda: run.result(0)):
        with pytest.raises(EngineError, match="interrupted within a window"):
            refused()
    run.rewind(kept)
    while run.step < run.steps:
        run.advance()
    found = run.result(0)
    run.close()
    assert np.array_equal(found.dipole, expected.dipole)
    assert np.array_equal(found.spike_time, expected.spike_time)
    assert len(found.spike_time) > 0
