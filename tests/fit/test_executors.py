"""Workers elsewhere: what they lose is done again, what they have done is not."""

import multiprocessing
import os
import signal
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest
from sweeping import MU, OPTIONS, deadly, highest, slowly, small, whole

from apical.errors import EngineError
from apical.fit import sweep
from apical.fit.executors import results

MANY = [{MU: 1 + k / 10} for k in range(12)]


class Odd:
    """Fails the first times a task is given; else runs it at once. Remembers what it ran."""

    def __init__(self, failures, error=None):
        self.failures, self.error = failures, error or OSError("the node went away")
        self.done = []

    def submit(self, function, *arguments):
        future = Future()
        if self.failures:
            self.failures -= 1
            future.set_exception(self.error)
        else:
            self.done.append(arguments)
            future.set_result(function(*arguments))
        return future


def pool(method="spawn", workers=2):
    context = multiprocessing.get_context(method)
    return ProcessPoolExecutor(workers, mp_context=context)


def equal(found, sets=MANY):
    expected = sweep(small(), sets, summaries={"slowly": highest}, **OPTIONS)
    assert found.dataset.identical(expected.dataset)


def test_threads_will_do():
    with ThreadPoolExecutor(2) as executor:
        found = whole(executor=executor, batch=1)
    assert found.dataset.identical(whole().dataset)


def test_what_fails_is_given_out_again():
    executor = Odd(failures=2)
    tasks = [(k,) for k in range(5)]
    assert dict(results(str, tasks, executor)) == {k: str(k) for k in range(5)}
    assert sorted(executor.done) == tasks


def test_workers_may_be_lost_again_and_again_as_long_as_something_is_finished():
    class Unlucky(Odd):
        def submit(self, function, *arguments):
            first = arguments == (0,)
            self.failures, kept = (self.failures, 0) if first else (0, self.failures)
            future = super().submit(function, *arguments)
            self.failures += kept
            return future

    # twice more after the others are done, which alone would be told at the third time
    assert len(dict(results(str, [(0,), (1,)], Unlucky(failures=3)))) == 2


def test_what_always_fails_is_told_at_last():
    with pytest.raises(OSError, match="node went away"):
        list(results(str, [(1,), (2,)], Odd(failures=1000)))


def test_an_executor_that_is_always_broken_is_told_at_last():
    class Broken(Odd):
        def submit(self, function, *arguments):
            raise BrokenExecutor("no worker can be started")

        def shutdown(self):
            pass

    with pytest.raises(BrokenExecutor, match="no worker"):
        list(results(str, [(1,), (2,)], lambda: Broken(0)))


def test_errors_of_apical_are_told_at_once():
    executor = Odd(1, EngineError("there is no GPU"))
    coming = results(str, [(1,), (2,)], executor)
    # what is done is handed over first
    assert next(coming) == (1, "2")
    with pytest.raises(EngineError, match="no GPU"):
        next(coming)
    assert executor.done == [(2,)]


def test_what_waits_is_cancelled_when_nobody_asks_any_more():
    class FirstOnly:
        def __init__(self):
            self.futures = []

        def submit(self, function, *arguments):
            self.futures.append(Future())
            if len(self.futures) == 1:
                self.futures[0].set_result(function(*arguments))
            return self.futures[-1]

    executor = FirstOnly()
    coming = results(str, [(1,), (2,)], executor)
    assert next(coming) == (0, "1")
    coming.close()
    assert executor.futures[1].cancelled()


def test_a_worker_that_dies_is_replaced(tmp_path, monkeypatch):
    monkeypatch.setenv("APICAL_TEST_MARK", str(tmp_path / "died"))
    sets = [{MU: value} for value in (1.0, 2.0, 3.0, 4.0)]
    path, seen = tmp_path / "a.journal", []
    options = {**OPTIONS, "summaries": {"slowly": deadly}, "batch": 1, "journal": path}
    found = sweep(small(), sets, executor=pool, progress=seen.append, **options)
    assert (tmp_path / "died").exists()
    assert seen == [0.25, 0.5, 0.75, 1.0]
    equal(found, sets)


def test_a_pool_of_the_caller_is_left_to_him(tmp_path, monkeypatch):
    """It cannot be replaced; a new call goes on from the journal."""
    monkeypatch.setenv("APICAL_TEST_MARK", str(tmp_path / "died"))
    sets = [{MU: 1.0}, {MU: 3.0}]
    options = {**OPTIONS, "summaries": {"slowly": deadly}, "batch": 1}
    path = tmp_path / "a.journal"
    with pool(workers=1) as executor, pytest.raises(BrokenExecutor) as caught:
        sweep(small(), sets, executor=executor, journal=path, **options)
    assert "of 2 sets; they are in" in caught.value.__notes__[0]
    with pool(workers=1) as executor:
        equal(sweep(small(), sets, executor=executor, journal=path, **options), sets)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_a_worker_of_dask_is_killed_in_mid_run(tmp_path):
    distributed = pytest.importorskip("distributed", reason="the dask extra is not installed")
    done, path = [], tmp_path / "a.journal"
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        victim, _ = client.run(os.getpid).values()

        def kill_once(fraction):
            done.append(fraction)
            if len(done) == 2:
                os.kill(victim, signal.SIGKILL)

        executor = client.get_executor()
        found = sweep(
            small(), MANY, executor=executor, batch=1, progress=kill_once, journal=path,
            summaries={"slowly": slowly}, **OPTIONS,
        )  # fmt: skip
    # each set was kept exactly once
    assert done == pytest.approx(np.arange(1, 13) / 12)
    equal(found)
