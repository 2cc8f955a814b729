"""A session: what is shown in the end is what `simulate` gives, whatever came before."""

import logging
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import apical
from apical import simulate
from apical.errors import Cancelled, ModelError
from apical.studio import desk
from apical.studio.setup import View
from apical.studio.waves import shown
from pages import DT, Page, Screen, page, setup_of, small, with_shank

SAMPLES = 321
UPLOADED = {"small": small(), "shank": with_shank()}


class Slow:
    """An engine that takes its time: seconds for each stretch of steps, each of one window."""

    def __init__(self, seconds):
        self.seconds = seconds

    def __call__(self, network, duration, **options):
        watch = apical.watch(network, duration, **{**options, "pace": 0.0})
        slow = self

        class Slowed:
            def __getattr__(self, name):
                return getattr(watch, name)

            def resume(self):
                watch.resume()
                return self

            def __iter__(self):
                for chunk in watch:
                    time.sleep(slow.seconds)
                    yield chunk

        return Slowed()


def simulated(setup):
    return simulate(
        setup.network(UPLOADED), setup.duration, dt=setup.dt, trials=setup.trials,
        seed=setup.seed, precision=setup.precision, rates=setup.rates,
    )  # fmt: skip


def test_a_page_is_greeted():
    recorded = xr.DataArray([1.0, 2.0, 4.0], dims="time", coords={"time": [0.0, 1.0, 2.0]})
    with page(data={"d1": ("mine.txt", recorded)}) as p:
        hello, _ = p.wait("hello")
        assert hello["schema"]["properties"]["drives"]
        assert {"key": "small", "title": "small", "uploaded": True, "code": ""} in hello["models"]
        assert "erp" in [m["key"] for m in hello["models"]]
        assert hello["data"][0]["samples"] == 3
        data, arrays = p.wait("data")
        assert data["info"]["name"] == "mine.txt"
        assert arrays["values"].tolist() == [1, 2, 4]
        assert p.of("begin") == []


def changed(choose, history):
    """Return a setup that differs from the last one at random, or is one of those before."""
    last = history[-1]
    weight = "drives.early.targets.cells.weights.excitation"
    more = choose.choice(
        [
            {"drives.early.mu": choose.uniform(1, 14)},
            {weight: choose.uniform(0, 0.02)},
            {"drives.late.trains": [[choose.uniform(0, 15)]]},
            {"projections.cells>cells.gain": choose.uniform(0, 3)},
            "undo", "drive", "seed",
        ]
    )  # fmt: skip
    if more == "undo":
        return choose.choice(history)
    if more == "seed":
        return last.model_copy(update={"seed": choose.randrange(3)})
    removed = last.removed
    if more == "drive":
        removed, more = () if removed else ("drives.early",), {}
    values = {**last.values, **more}
    kept = {k: v for k, v in values.items() if not (removed and "early" in k)}
    return last.model_copy(update={"values": kept, "removed": removed})


@pytest.mark.parametrize(("seed", "smooth"), [(0, 0.0), (1, 0.5), (2, 3.0), (3, 3.0), (4, 6.0)])
def test_what_is_shown_is_what_simulate_gives(seed, smooth):
    """Random changes, some before the run before is complete, some undone."""
    choose, screen, history = random.Random(seed), Screen(), [setup_of()]
    view = View(smooth=smooth, scale=2.0)
    with page(watch=Slow(0.002)) as p:
        for _ in range(15):
            setup = changed(choose, history)
            history.append(setup)
            id = p.simulate(setup, view)
            if choose.random() < 0.5:
                p.wait("done", id)
        setup = history[-1]
        header, arrays = p.wait("done", p._id)
        whole = simulated(setup)
        assert p.session.result(setup).identical(whole)
        assert header["hash"] == whole.digest()
        frames = list(p.frames)
    for frame, more in frames:
        if frame["type"] == "chunk":
            screen.draw(frame, more, SAMPLES)
        elif frame["type"] == "done":
            # a stretch may be smoothed in another order of additions
            room = 1e-5 * np.abs(more["dipole"]).max()
            np.testing.assert_allclose(screen.wave, more["dipole"], rtol=1e-5, atol=room)
    right = shown(whole, view).dipole.values[0]
    assert header["names"] == ["total", "cells"]
    assert np.array_equal(arrays["dipole"][1:], right.astype("f4"))
    assert np.abs(right).max() > 0
    spikes = whole.arrays.spikes
    wanted = np.stack([spikes[c].astype("f4") for c in ("time", "source", "cell")], axis=1)
    assert sorted(screen.spikes.tolist()) == sorted(wanted.tolist())
    assert header["spikes"] == sum(spikes["source"] == 0)


def test_a_run_begins_on_the_screen_with_its_first_stretch():
    with page() as p:
        p.wait("done", p.simulate())
        later = p.simulate(**{"drives.early.mu": 8.0})
        p.wait("done", later)
        of_run = [head["type"] for head, _ in p.frames if head.get("id") == later]
    assert of_run[:2] == ["begin", "chunk"]


def test_what_was_seen_comes_back_at_once():
    with page() as p:
        first = p.simulate()
        p.wait("done", first)
        p.wait("done", p.simulate(**{"drives.early.mu": 8.0}))
        again = p.simulate()
        p.wait("done", again)
        begin, _ = p.wait("begin", again)
        assert begin["known"]
        assert len(p.of("chunk", again)) == 1
        assert p.of("done", again)[0][1]["dipole"].tobytes() == (
            p.of("done", first)[0][1]["dipole"].tobytes()
        )
        # what comes after differs from what is on the screen, not from what was run last
        after = p.simulate(**{"drives.early.mu": 8.1})
        p.wait("done", after)
        assert p.wait("begin", after)[0]["since"] == 0.0
        assert p.wait("chunk", after)[0]["first"] == 0


def test_only_what_changes_is_run_again():
    with page() as p:
        p.wait("done", p.simulate())
        later = p.simulate(**{"drives.late.trains": [[9.0, 13.0]]})
        p.wait("done", later)
        assert p.wait("begin", later)[0]["since"] >= 10.0
        chunk, _ = p.wait("chunk", later)
        assert chunk["first"] * DT >= 10.0
        assert chunk["since"] >= 10.0


def test_several_trials_come_while_nobody_waits():
    setup = setup_of(model="shank", trials=3, seed=4)
    with page() as p:
        id = p.simulate(setup)
        first, _ = p.wait("done", id)
        assert first["trials"] == 1
        assert first["hash"] == ""
        last, arrays = p.wait("done", id, n=2)
        whole = simulated(setup)
        assert last["trials"] == 3
        assert last["hash"] == whole.digest()
        assert p.session.result(setup).identical(whole)
        assert [h["done"] for h, _ in p.of("trials")] == [1, 2, 3]
        each = whole.total().values
        band = [each.mean(axis=0), each.min(axis=0), each.max(axis=0)]
        np.testing.assert_allclose(arrays["band"], band, rtol=1e-6)
        room = 1e-6 * np.abs(each).max()
        np.testing.assert_allclose(arrays["dipole"][0], band[0], rtol=1e-5, atol=room)
        assert last["electrodes"] == "shank"
        assert arrays["lfp"].shape == (6, 642)
        assert arrays["csd"].shape == (6, 321)
        assert arrays["depth"].tolist() == [-20, 0, 20, 40, 60, 80]


def test_slopes_tell_how_the_dipole_changes():
    with page() as p:
        id = p.simulate(view=View(scale=2.0))
        p.wait("done", id)
        p.wait("sensitivity", n=4)
        slopes = {h["path"]: (h["at"], a["slope"]) for h, a in p.of("sensitivity", id)}
        assert slopes.keys() == {
            "drives.early.mu", "drives.early.sigma", "drives.early.strength",
            "drives.late.strength",
        }  # fmt: skip
        at, slope = slopes["drives.early.mu"]
        a, b = (simulated(setup_of(values={"drives.early.mu": mu})) for mu in (at, at + 0.5))
        wanted = 2 * (b.total().values[0] - a.total().values[0]) / 0.5
        np.testing.assert_allclose(slope, wanted, rtol=1e-5, atol=1e-5 * np.abs(wanted).max())
        assert np.ptp(wanted) > 0
        # of the values touched, first
        id = p.simulate(**{"drives.late.trains": [[9.0, 12.5]]})
        p.wait("done", id)
        assert p.wait("sensitivity", id)[0]["path"] == "drives.late.strength"


def test_a_look_shows_the_same_in_another_way():
    recorded = xr.DataArray(
        np.linspace(0, 1, 40), dims="time", coords={"time": np.linspace(-5, 20, 40)}
    )
    with page() as p:
        p.session.add_data("d", "d.txt", recorded)
        p.wait("done", p.simulate())
        view = View(smooth=1.0, scale=3.0, data="d", shift=1.0, factor=0.5, tmin=2, tmax=12)
        id = p.look(view)
        header, arrays = p.wait("done", id)
        assert p.of("begin", id) == []
        right = shown(simulated(setup_of()), view).total().isel(trial=0)
        assert np.array_equal(arrays["dipole"][0], right.values.astype("f4"))
        other = recorded.assign_coords(time=recorded.time + 1.0) * 0.5
        wanted = apical.compare(right, other, 2, 12)
        scores = header["scores"]
        assert (scores["rmse"], scores["correlation"]) == (wanted.rmse, wanted.correlation)
        assert (scores["tmin"], scores["tmax"]) == (wanted.tmin, wanted.tmax)
        p.session.remove_data("d")
        assert p.wait("done", p.look(view.model_copy(update={"tmin": 3.0})))[0]["scores"] is None


def test_what_is_wrong_is_told_and_the_session_lives_on():
    with page() as p:
        p.send(type="simulate", id="x")
        p.send(type="nonsense")
        assert len(p.wait("wrong", n=2)[0]["problems"]) >= 1
        bad = p.simulate(**{"drives.early.mi": 1.0, "drives.early.sigma": -1.0})
        paths = [x["path"] for x in p.wait("wrong", bad)[0]["problems"]]
        assert paths == ["drives.early.mi", "drives.early.sigma"]
        long = p.simulate(view=View(smooth=100.0))
        assert p.wait("wrong", long)[0]["problems"][0]["path"] == "view.smooth"
        nothing = p.simulate(setup_of(dt=20.0))
        assert p.wait("wrong", nothing)[0]["problems"][0]["path"] == "dt"
        good = p.simulate()
        p.wait("done", good)
        p.wait("wrong", p.look(View(smooth=100.0)))
        assert p.wait("done", p.look(View(scale=2.0)))
        with pytest.raises(ModelError, match="no recording"):
            p.session.recorded("none")


def test_what_diverges_is_told():
    clamp = {"population": "cells", "section": "cable", "amplitude": 1e9, "start": 2, "stop": 5}
    with page() as p:
        p.wait("done", p.simulate())
        bad = p.simulate(setup_of(added={"biases": {"much": clamp}}))
        assert "diverged" in p.wait("wrong", bad)[0]["problems"][0]["message"]
        good = setup_of(added={"biases": {"little": {**clamp, "amplitude": 0.01}}})
        p.wait("done", p.simulate(good))
        assert p.session.result(good).identical(simulated(good))


# --- how soon -----------------------------------------------------------------------------------


def test_the_newest_wins_but_each_is_seen():
    """While something is dragged, waves come, and the last is the right one."""
    with page(watch=Slow(0.05)) as p:
        p.wait("chunk", p.simulate())
        ids = []
        for k in range(40):
            ids.append(p.simulate(**{"drives.early.mu": 2 + k / 10}))
            time.sleep(0.02)
        p.wait("done", ids[-1])
        seen = [id for id in ids if p.of("chunk", id)]
        assert len(seen) >= 4
        assert len(seen) < len(ids)
        assert [h["id"] for h, _ in p.of("begin")][1:] == seen
        assert p.session.result(setup_of(values={"drives.early.mu": 5.9})).identical(
            simulated(setup_of(values={"drives.early.mu": 5.9}))
        )


def test_waves_wait_until_the_last_is_drawn():
    with page(draws=False, watch=Slow(0.01)) as p:
        first = p.simulate()
        p.wait("chunk", first)
        time.sleep(0.3)
        assert len(p.of("chunk")) == 1
        p.draws = True
        p.send(type="drawn", seq=p.of("chunk")[0][0]["seq"])
        p.wait("done", first)
        screen = Screen()
        for header, arrays in p.of("chunk"):
            screen.draw(header, arrays, SAMPLES)
        assert np.isfinite(screen.wave).all()
        # a page in the background draws nothing
        p.draws = False
        p.wait("done", p.simulate(**{"drives.early.mu": 4.0}))


def test_what_is_computed_in_idle_time_gives_way():
    with page(watch=Slow(0.05)) as p:
        p.wait("done", p.simulate(setup_of(trials=100)))
        began = time.monotonic()
        p.wait("chunk", p.simulate(**{"drives.early.mu": 4.0}))
        assert time.monotonic() - began < 2.0


def test_a_session_that_is_closed_ends_soon():
    p = Page(watch=Slow(0.02))
    p.simulate()
    p.wait("chunk")
    began = time.monotonic()
    p.session.close()
    assert time.monotonic() - began < 2.0
    assert not p.session._thread.is_alive()
    n = len(p.frames)
    p.simulate()
    p.session.close()
    assert len(p.frames) == n


def test_a_page_that_comes_back_is_told_everything():
    with page() as p:
        p.wait("done", p.simulate())
        p.wait("structure", n=1)
        p.wait("done", p.simulate(**{"drives.early.mu": 4.0}))
        assert len(p.of("structure")) == 1
        p.session.greet()
        p.wait("hello", n=2)
        p.wait("done", p.simulate(**{"drives.early.mu": 4.0}))
        assert len(p.of("structure")) == 2


def test_what_a_page_begins_with_runs_before_it_comes():
    made = Page(setup=setup_of(), view=View(scale=2.0), watch=Slow(0.005))
    screen = Screen()
    try:
        made.session.begin()
        made.wait("chunk", 0)
        made.session.greet()
        made.frames.clear()
        id = made.simulate(view=View(scale=2.0))
        made.wait("done", id)
        # all of it comes, also what was sent before anybody looked
        assert made.wait("begin", id)[0]["since"] == 0.0
        assert made.wait("chunk", id)[0]["first"] == 0
        assert made.wait("structure", id)
        for header, arrays in made.of("chunk", id):
            screen.draw(header, arrays, SAMPLES)
        whole = simulated(setup_of())
        wanted = 2 * whole.total().values[0]
        room = 1e-5 * np.abs(wanted).max()
        np.testing.assert_allclose(screen.wave[0], wanted, rtol=1e-5, atol=room)
        assert len(screen.spikes) == len(whole.arrays.spikes["time"])
    finally:
        made.session.close()


def test_what_nobody_looks_at_ends_with_its_run():
    made = Page(setup=setup_of(trials=3))
    try:
        made.session.begin()
        end = time.monotonic() + 60
        while 1 not in made.session._desk.shelf.of(setup_of()).results:
            assert time.monotonic() < end
            time.sleep(0.02)
        time.sleep(0.2)
        assert not [k for k in ("done", "trials", "sensitivity") if made.of(k)]
        made.session.greet()
        id = made.simulate(setup_of(trials=3))
        assert made.wait("begin", id)[0]["known"]
        assert made.wait("done", id, n=2)[0]["trials"] == 3
    finally:
        made.session.close()


def test_recordings_and_models_are_bounded(monkeypatch):
    def recorded(n):
        return xr.DataArray(np.zeros(n), dims="time", coords={"time": np.arange(float(n))})

    with page() as p:
        monkeypatch.setattr(desk, "MOST", 2)
        for key in ("a", "b", "b"):
            p.session.add_data(key, key, recorded(3))
            p.session.add_model(key, key, small())
        with pytest.raises(ModelError, match=r"at most 2 recordings.*remove one first"):
            p.session.add_data("c", "c", recorded(3))
        with pytest.raises(ModelError, match="at most 2 models"):
            p.session.add_model("c", "c", small())
        assert "c" not in p.session.uploaded
        p.session.remove_data("a")
        p.session.add_data("c", "c", recorded(3))
        monkeypatch.setattr(desk, "ROOM", 80)
        with pytest.raises(ModelError, match="recordings"):
            p.session.add_data("b", "b", recorded(8))
        assert p.session.recorded("b").size == 3
        p.wait("done", p.simulate(setup_of(model="b")))


def test_what_makes_a_run_doubtful_is_told_with_it():
    """Every time, though Python warns once only, and also where it is known already."""
    with page() as p:
        for values in ({}, {"drives.early.mu": 5.0}, {}):
            id = p.simulate(setup_of(dt=0.16, values=values))
            p.wait("done", id)
            begin, _ = p.wait("begin", id)
            assert len(begin["warnings"]) == 1
            assert "0.16 ms are too long" in begin["warnings"][0]
        assert begin["known"]
        id = p.simulate()
        p.wait("done", id)
        assert p.wait("begin", id)[0]["warnings"] == []


# --- what exports wait for ------------------------------------------------------------------------

LONG = setup_of(duration=10000.0, dt=0.0025)


def asking(session, setup):
    """Ask for a result in a thread; return it, and what came of it."""
    found = []

    def ask():
        try:
            found.append(session.result(setup))
        except Exception as error:
            found.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    return thread, found


def test_what_an_export_waits_for_is_given_up():
    with page() as p:
        p.wait("done", p.simulate())
        thread, found = asking(p.session, LONG)
        time.sleep(0.1)
        began = time.monotonic()
        p.send(type="stop_export")
        thread.join()
        assert time.monotonic() - began < 2.0
        assert isinstance(found[0], Cancelled)
        # another time it is done
        assert p.session.result(setup_of(seed=3)).identical(simulated(setup_of(seed=3)))


def test_a_newer_export_takes_the_place_of_one_that_was_not_computed_yet():
    with page() as p:
        p.wait("done", p.simulate())
        thread, found = asking(p.session, LONG)
        time.sleep(0.1)
        setup = setup_of(seed=5)
        assert p.session.result(setup).identical(simulated(setup))
        thread.join()
        assert isinstance(found[0], Cancelled)


def test_two_exports_of_the_same_are_computed_once():
    setup = setup_of(duration=400.0, seed=6)
    with page() as p:
        p.wait("done", p.simulate())
        both = [asking(p.session, setup) for _ in range(2)]
        for thread, _ in both:
            thread.join()
        assert both[0][1][0] is both[1][1][0]


def test_a_session_that_is_closed_gives_up_its_exports():
    with page() as p:
        thread, found = asking(p.session, LONG)
        time.sleep(0.1)
    thread.join(5.0)
    assert isinstance(found[0], Cancelled)


def test_what_fails_unexpectedly_is_told(caplog):
    broken = threading.Event()

    def watch(*given, **options):
        if not broken.is_set():
            broken.set()
            raise RuntimeError("oops")
        return apical.watch(*given, **options)

    with page(watch=watch) as p:
        bad = p.simulate()
        assert "oops" in p.wait("wrong", bad)[0]["problems"][0]["message"]
        p.wait("done", p.simulate())
    assert "unexpected" in caplog.text


def test_what_engines_say_is_handed_on():
    with page() as p:
        logging.getLogger("apical.engines.cpu.cache").info("compiling kernels, once: some 10 s")
        assert p.wait("saying")[0]["text"].startswith("compiling")
    n = len(p.frames)
    logging.getLogger("apical.engines").info("nobody listens")
    assert len(p.frames) == n


def test_a_program_that_ends_without_closing_ends():
    code = (
        "from pages import *\n"
        "p = Page(draws=False)\np.simulate(setup_of(trials=100))\n"
        "p.wait('chunk', seconds=300)\nprint('end')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=400,
        cwd=Path(__file__).parent,
    )  # fmt: skip
    assert (done.stdout, done.stderr, done.returncode) == ("end\n", "", 0)
