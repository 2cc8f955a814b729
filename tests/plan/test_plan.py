"""The plan as a whole: what is dropped, what is read-only, and when events arrive."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apical import models
from apical.plan import compile
from apical.plan.plan import arrival_step, time_of


@pytest.fixture(scope="module")
def plan():
    return compile(models.erp(), 170.0, seed=1)


def arrays(value, seen=()):
    """Every array in a plan."""
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from arrays(item)
    elif isinstance(value, dict):
        yield from arrays(tuple(value.values()))
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from arrays(getattr(value, field.name))


def test_every_array_is_read_only(plan):
    found = list(arrays(plan))
    assert len(found) > 100
    assert not any(a.flags.writeable for a in found)


def test_the_connections_of_the_template_column(plan):
    """191,025 in the original; those that outlast the run or weigh nothing are dropped."""
    assert plan.connections_before == 191_025
    alive = sum(c.n for c in plan.connections)
    assert 100_000 < alive < 191_025
    longest = max(c.delay.max() for c in plan.connections)
    assert longest <= 170.0


def test_a_weight_and_delay_at_a_known_distance(plan):
    """L2 pyramids 0 and 11 are one grid step apart in x and y: d² = 2, λ = 3."""
    onto = plan.connections[1]
    first = plan.populations[1].first
    pair = (onto.source == first) & (onto.cell == 11)
    assert onto.weight[pair] == pytest.approx(5e-4 * np.exp(-2 / 9))
    assert onto.delay[pair] == pytest.approx(1 / np.exp(-2 / 9))
    # three proximal sections, AMPA and NMDA
    assert pair.sum() == 6


def test_no_cell_reaches_itself_where_autapses_are_excluded(plan):
    onto = plan.connections[1]
    own = onto.source - plan.populations[1].first
    assert not (own == onto.cell).any()


def test_the_window_is_the_shortest_delay(plan):
    assert plan.window == 40


def test_explain_says_sizes_and_order(plan):
    text = plan.explain()
    for part in ("270 cells, 8,770 compartments", "191,025", "implicit Euler", "every 40 steps"):
        assert part in text


@given(st.integers(0, 10**6), st.sampled_from([0.025, 0.05, 0.1, 0.01, 1 / 3]))
def test_a_time_on_the_grid_arrives_in_its_own_step(step, dt):
    assert arrival_step(np.array([step * dt]), dt)[0] == step


@given(st.floats(0, 1e4), st.sampled_from([0.025, 0.05, 0.1]))
def test_an_event_arrives_in_the_first_step_whose_middle_is_not_before_it(time, dt):
    step = int(arrival_step(np.array([time]), dt)[0])
    # ties are told apart to 1e-7 of a step
    assert time <= (step + 0.5) * dt + 1e-6 * dt
    assert step == 0 or time > (step - 0.5) * dt


def test_times_have_no_rounding_tails():
    assert time_of(np.arange(7000), 0.025)[5938] == 148.45
