"""Threads keep step: they wait, leave, come back, and others do the work of who is missing."""

import time

import numpy as np
import pytest

from apical.engines import get
from apical.engines.base import Member
from apical.engines.cpu.crew import APART
from apical.engines.cpu.team import Team
from apical.plan import compile
from apical.testing.networks import pair_of_populations


def dipole(run):
    while run.step < run.steps:
        run.advance()
    found = run.result(0).dipole
    run.close()
    return found


@pytest.fixture(scope="module")
def member():
    plan = compile(pair_of_populations(), 20.0)
    return Member(plan, plan.trial(0)[1])


@pytest.fixture(scope="module")
def alone(member):
    return dipole(get("cpu").start([member], threads=1))


@pytest.mark.parametrize("threads", [2, 3, 8])
def test_any_number_of_threads_gives_the_same(member, alone, threads):
    for _ in range(5):
        assert np.array_equal(dipole(get("cpu").start([member], threads=threads)), alone)


def test_threads_that_have_left_come_back(member, alone):
    run = get("cpu").start([member], threads=2)
    for pause in (0, 0.3, 0, 0.3, 0):
        time.sleep(pause)  # longer than a thread waits
        run.advance()
    assert np.array_equal(dipole(run), alone)


def test_threads_are_called_back_before_the_leader_works(member, monkeypatch):
    """Not after it, or whoever leaves during a long window would never do its share."""
    run = get("cpu").start([member], threads=2)
    order = []
    team, submit, call = run._team, run._team._pool.submit, run._team._call
    monkeypatch.setattr(team._pool, "submit", lambda *a: (order.append("called"), submit(*a))[1])
    monkeypatch.setattr(team, "_call", lambda me: (me or order.append("led"), call(me))[1])
    for _ in range(2):
        order.clear()
        time.sleep(0.3)
        run.advance()
        assert order[:2] == ["called", "led"]
    run.close()


def test_threads_leave_when_arguments_change(member, alone):
    """Threads hold on to the arrays that they were given; those that grow must reach them."""
    run = get("cpu").start([member], threads=2)
    while run.step < run.steps:
        run.advance()
        run._calendar.events = run._calendar.events._replace()
    assert np.array_equal(run.result(0).dipole, alone)
    run.close()


def test_room_is_made_in_the_middle_of_a_window(member, alone):
    """Threads leave while a calendar grows, and go on where the window was."""
    run = get("cpu").start([member], threads=2)
    queue, spiked = run._calendar.traffic.queue, run._calendar.traffic.spiked
    queue = queue._replace(following=queue.following[:, :0], events=queue.events[:, :0])
    none = spiked._make(column[:0] for column in spiked)
    run._calendar.traffic = run._calendar.traffic._replace(queue=queue, spiked=none)
    while run.step < run.steps:
        run.advance(5)
    assert len(run._calendar.spiked().step) > 10
    assert np.array_equal(dipole(run), alone)


def test_the_leader_does_the_work_of_threads_that_never_come(member, alone, monkeypatch):
    run = get("cpu").start([member], threads=3)
    monkeypatch.setattr(run._team, "_call_back", lambda: None)
    assert np.array_equal(dipole(run), alone)


def test_no_thread_stays_behind(member):
    run = get("cpu").start([member], threads=2)
    for _ in range(3):
        run.advance()
    team: Team = run._team
    run.close()
    assert not team.crew.state[::APART].any()
    run.close()
