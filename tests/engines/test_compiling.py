"""Kernels are compiled by several processes, and loops find their arguments in a table."""

import sys
import time
from typing import Any, NamedTuple

import numpy as np
import pytest
from numba import cfunc, int64, typeof

from apical.engines.cpu import cache
from apical.engines.cpu.entry import reader, table_of
from apical.engines.cpu.loops import empty_run, sources
from apical.engines.cpu.math import C_OPTIONS
from apical.errors import EngineError

SOURCE = """
from numba import cfunc, types

@cfunc(types.int64(types.int64), cache=True)
def times(x):
    return {} * x
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty cache, and room for two processes."""
    monkeypatch.setenv("APICAL_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(cache, "_processors", lambda: 2)
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("apical_times")]:
        del sys.modules[name]


def texts(n):
    return [(f"times{k}", SOURCE.format(k)) for k in range(n)]


def works(n):
    return [cache.load(*text).times.ctypes(7) for text in texts(n)] == [7 * k for k in range(n)]


def compiled_here(monkeypatch):
    """What this process compiles from now on."""
    names, really = [], cache.import_placed
    monkeypatch.setattr(cache, "import_placed", lambda name: (names.append(name), really(name)))
    return names


WAITS = """
import time
from pathlib import Path

for _ in range(600):
    if len(list(Path(__file__).parent.rglob("*.nbi"))) == 3:
        break
    time.sleep(0.1)
"""


def test_another_process_takes_its_share(place, monkeypatch):
    slow = ("times_slow", WAITS + SOURCE.format(5))
    names = compiled_here(monkeypatch)
    cache.compile_all([slow, *texts(3)])
    assert len(names) == 1
    assert len(list(place.rglob("*.nbi"))) == 4
    assert works(3)


@pytest.mark.parametrize("helps", ["raise SystemExit", "print('done')", "import nothing_like_it"])
def test_what_others_fail_to_do_is_done_when_used(place, monkeypatch, helps):
    monkeypatch.setattr(cache, "_HELP", helps)
    cache.compile_all(texts(4))
    assert works(4)


def test_nothing_is_compiled_twice(place, monkeypatch):
    cache.compile_all(texts(1))
    monkeypatch.setattr(cache, "_Helper", None)
    names = compiled_here(monkeypatch)
    cache.compile_all(texts(1))
    assert names == []


def test_other_processes_end_with_an_interrupted_one(place, monkeypatch):
    def interrupted(name):
        raise KeyboardInterrupt

    started = []

    class Known(cache._Helper):
        def __init__(self, left):
            super().__init__(left)
            started.append(self)

    monkeypatch.setattr(cache, "_Helper", Known)
    monkeypatch.setattr(cache, "import_placed", interrupted)
    with pytest.raises(KeyboardInterrupt):
        cache.compile_all(texts(3))
    assert [helper._process.poll() is not None for helper in started] == [True]


def test_a_run_without_observables_does_not_wait_for_their_loop():
    of_all = [name for name, _ in sources("double", observed=True)]
    without = [name for name, _ in sources("double", observed=False)]
    assert set(of_all) - set(without) == {"sum_cells_double"}


class Given(NamedTuple):
    matrix: Any
    pair: tuple
    number: int
    records: Any
    marks: Any


def test_a_table_is_read_as_it_was_written():
    given = Given(
        np.arange(6.0).reshape(2, 3), (np.float32(1.5), np.float64(-2.25)), 7,
        np.array([(3, 4.5)], [("a", np.int64), ("b", np.float64)]), np.array([True, False]),
    )  # fmt: skip
    kind = typeof(given)
    matrix, pair, number, records, marks = (reader(kind, name) for name in Given._fields)

    @cfunc(int64(int64), **{**C_OPTIONS, "cache": False})
    def check(table):
        good = matrix(table)[1, 2] == 5.0 and matrix(table).shape == (2, 3)
        good &= pair(table)[0] == 1.5 and pair(table)[1] == -2.25 and number(table) == 7
        good &= records(table)[0].a == 3 and records(table)[0].b == 4.5
        return good and marks(table)[0] and not marks(table)[1] and marks(table).shape[0] == 2

    assert check.ctypes(table_of(given, given).ctypes.data) == 1


@pytest.mark.parametrize(
    "wrong",
    [np.zeros(2, np.float32), np.zeros((2, 2)), np.zeros(4)[::2], np.float64(1.0), 3, (), (1, 2)],
)
def test_other_arguments_than_were_compiled_for_are_refused(wrong):
    with pytest.raises(EngineError, match="the loop takes"):
        table_of((wrong,), (np.zeros(2),))
    assert len(table_of((np.ones(3),), (np.zeros(2),))) == 2


def test_precisions_take_different_tables():
    with pytest.raises(EngineError, match=r"the loop takes .*float64.*; got .*float32"):
        table_of(empty_run("single"), empty_run("double"))


def test_nobody_waits_for_a_process_that_comes_too_late(place, monkeypatch):
    monkeypatch.setattr(cache, "_HELP", "import time\ntime.sleep(60)")
    began = time.monotonic()
    cache.compile_all(texts(2))
    assert time.monotonic() - began < 30
    assert works(2)
