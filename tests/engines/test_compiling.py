"""Kernels are compiled by several processes, and loops find their arguments in a table."""

import json
import subprocess
import sys
import time
from typing import Any, NamedTuple

import numpy as np
import pytest
from numba import cfunc, int64, typeof

from apical.engines.cpu import cache, code
from apical.engines.cpu.arguments import empty_run, table_of
from apical.engines.cpu.entry import reader
from apical.engines.cpu.loops import sources
from apical.engines.cpu.math import C_OPTIONS
from apical.errors import EngineError

SOURCE = """
from numba import cfunc, types
from apical.engines.cpu.math import C_OPTIONS

@cfunc(types.int64(types.int64), **C_OPTIONS)
def times(x):
    return {} * x
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty cache, and room for two processes."""
    monkeypatch.setenv("APICAL_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(cache, "_processors", lambda: 2)
    monkeypatch.setattr(cache, "_loaded", {})
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("apical_times")]:
        del sys.modules[name]


def texts(n):
    return [(f"times{k}", SOURCE.format(k)) for k in range(n)]


def works(n):
    times = [code.called(cache.load(*text)["times"], 1) for text in texts(n)]
    return [times_k(7) for times_k in times] == [7 * k for k in range(n)]


def of_another_process(sources):
    """What functions of 7 are in a process of its own, and whether it needed Numba for them."""
    program = (
        "import json, sys\n"
        "from apical.engines.cpu import CpuEngine, cache, code\n"
        "for stem, text in json.loads(sys.argv[1]):\n"
        "    print(code.called(cache.load(stem, text)['times'], 1)(7))\n"
        "print('numba' in sys.modules)"
    )
    command = [sys.executable, "-c", program, json.dumps(sources)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def compiled_here(monkeypatch):
    """What this process compiles from now on."""
    names, really = [], cache.make

    def make(name):
        names.append(name)
        really(name)

    monkeypatch.setattr(cache, "make", make)
    return names


WAITS = """
import time
from pathlib import Path

for _ in range(600):
    if len(list(Path(__file__).parent.rglob("*.code"))) == 3:
        break
    time.sleep(0.1)
"""


def test_another_process_takes_its_share(place, monkeypatch):
    slow = ("times_slow", WAITS + SOURCE.format(5))
    names = compiled_here(monkeypatch)
    cache.compile_all([slow, *texts(3)])
    assert len(names) == 1
    assert len(list(place.rglob("*.code"))) == 4
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


def test_what_is_compiled_is_loaded_without_the_compiler(place):
    assert works(2)
    assert of_another_process(texts(2)) == ["0", "7", "False"]


COULD_RAISE = """
from numba import cfunc, types
from apical.engines.cpu.math import C_OPTIONS

@cfunc(types.int64(types.int64), **{**C_OPTIONS, "error_model": "python"})
def times(x):
    return 7 // x
"""


def test_what_code_needs_of_numba_is_there(place):
    cache.load("times_raises", COULD_RAISE)
    (function,) = code.read(next(place.rglob("*.code")))
    assert any(need.startswith("numba_") for need in function.needs)
    assert of_another_process([("times_raises", COULD_RAISE)]) == ["1", "True"]


@pytest.mark.parametrize("damage", [b"", b"too short", "half", "flipped"])
def test_damaged_machine_code_is_made_again(place, monkeypatch, damage):
    assert works(2)
    file = next(place.rglob("apical_times1_*.code"))
    whole = file.read_bytes()
    if damage == "half":
        damage = whole[: len(whole) // 2]
    elif damage == "flipped":
        damage = whole[:-1] + bytes([whole[-1] ^ 1])
    file.write_bytes(damage)
    monkeypatch.setattr(cache, "_loaded", {})
    names = compiled_here(monkeypatch)
    assert works(2)
    assert len(names) == 1
    assert len(code.read(file)) == 1


def test_what_cannot_be_kept_is_used_all_the_same(place, monkeypatch):
    def full(path, functions):
        raise OSError("no space left")

    monkeypatch.setattr(code, "write", full)
    cache.compile_all(texts(1))
    assert works(2)
    assert not list(place.rglob("*.code"))


@pytest.mark.parametrize("setting", [("NUMBA_OPT", "1"), ("NUMBA_BOUNDSCHECK", "1")])
def test_another_compiler_or_processor_has_code_of_its_own(place, monkeypatch, setting):
    monkeypatch.setattr(cache, "toolchain", cache.toolchain.__wrapped__)
    here = cache.toolchain()
    monkeypatch.setenv("NUMBA_NUM_THREADS", "1")
    assert cache.toolchain() == here
    monkeypatch.setenv(*setting)
    assert cache.toolchain() != here
    monkeypatch.delenv(setting[0])
    monkeypatch.chdir(place)
    (place / ".numba_config.yaml").write_text("cpu_name: generic", encoding="utf-8")
    assert cache.toolchain() != here
    monkeypatch.undo()
    monkeypatch.setattr(code.binding, "get_host_cpu_name", lambda: "another")
    assert cache.toolchain.__wrapped__() != here


def test_other_processes_end_with_an_interrupted_one(place, monkeypatch):
    def interrupted(name):
        raise KeyboardInterrupt

    started = []

    class Known(cache._Helper):
        def __init__(self, left):
            super().__init__(left)
            started.append(self)

    monkeypatch.setattr(cache, "_Helper", Known)
    monkeypatch.setattr(cache, "make", interrupted)
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

    @cfunc(int64(int64), **C_OPTIONS)
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
