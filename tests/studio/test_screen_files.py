"""Recordings, runs, fits and files on the screen, in Chromium."""

import json
import random
import re
import subprocess
import sys

import pytest

import apical
from screen import PATIENCE, drag, middle

pytestmark = pytest.mark.slow


# --- recordings -----------------------------------------------------------------------------------


def test_a_recording_is_laid_under_the_wave_and_measured(screen, files):
    page = screen.page
    assert page.locator("[data-score]").count() == 0
    before = screen.drawn()
    page.locator(".data-input").set_input_files(str(files / "recorded.txt"))
    screen.settled(before)
    page.locator("[data-score=rmse]").wait_for()
    screen.until(lambda: "–" not in screen.score("rmse"))
    first = screen.score("rmse")
    for drive, arrival in (("evprox1", "32"), ("evdist1", "70")):
        with screen.changes():
            screen.type("Arrival, ms", arrival, drive)
    # that is how the recording was made
    screen.until(lambda: "–" not in screen.score("rmse"))
    assert float(first.split()[0]) > 0.1
    assert float(screen.score("rmse").split()[0]) < 0.01
    assert screen.score("r2") == "1.000"
    page.get_by_role("button", name=re.compile("Remove recorded")).click()
    page.locator("[data-score=rmse]").wait_for(state="detached")


def test_what_is_not_clear_about_a_recording_is_asked(screen):
    page = screen.page
    rows = "\n".join(f"{k / 1000},{k % 7}" for k in range(170))
    file = {"name": "seconds.csv", "mimeType": "text/csv", "buffer": rows.encode()}
    before = screen.drawn()
    page.locator(".data-input").set_input_files(file)
    page.get_by_text("are its times in seconds?").wait_for()
    page.get_by_role("button", name="Use it").click()
    screen.settled(before)
    page.get_by_text("170 samples, 0–169 ms").wait_for()


def test_a_file_that_is_none_is_told_in_words(screen):
    page = screen.page
    file = {"name": "photo.txt", "mimeType": "text/plain", "buffer": b"\0\1\2"}
    page.locator(".data-input").set_input_files(file)
    page.get_by_text("this is not a text file").wait_for()
    page.keyboard.press("Escape")
    assert screen.data("state") == "live"


def test_a_file_is_dropped_anywhere(screen, files):
    text = (files / "recorded.txt").read_text(encoding="utf-8")
    before = screen.drawn()
    over = screen.page.evaluate(
        """async text => {
          const given = new DataTransfer();
          given.items.add(new File([text], "dropped.txt", { type: "text/plain" }));
          const at = document.querySelector("[data-panel=raster]");
          const send = kind => at.dispatchEvent(
            new DragEvent(kind, { dataTransfer: given, bubbles: true, cancelable: true }));
          send("dragenter");
          await new Promise(requestAnimationFrame);
          await new Promise(requestAnimationFrame);
          const shown = document.querySelector(".drop") !== null;
          // the browser must not open it by itself
          return shown && !send("dragover") && !send("drop");
        }""",
        text,
    )
    assert over
    screen.settled(before)
    screen.page.get_by_text("dropped.txt", exact=True).wait_for()
    assert screen.page.locator(".drop").count() == 0
    screen.until(lambda: "–" not in screen.score("rmse"))


def test_a_window_is_brushed_and_only_it_is_compared(screen, files):
    page = screen.page
    before = screen.drawn()
    page.locator(".data-input").set_input_files(str(files / "recorded.txt"))
    screen.settled(before)
    screen.until(lambda: "–" not in screen.score("rmse"))
    whole, digest = screen.score("rmse"), screen.data("digest")
    box = page.locator(".brush").bounding_box()
    at = lambda t: (box["x"] + 64 + (box["width"] - 78) * t / 170, box["y"] + 0.7 * box["height"])  # noqa: E731
    drag(page, at(40), at(100))
    # nothing is simulated again
    screen.until(lambda: "–" not in screen.score("rmse") and screen.score("rmse") != whole)
    assert screen.data("digest") == digest
    low, high = (float(t) for t in re.findall(r"[\d.]+", page.locator(".window").inner_text()))
    assert (low, high) == (pytest.approx(40, abs=0.5), pytest.approx(100, abs=0.5))
    edge = page.get_by_label("Window ends, ms")
    edge.focus()
    edge.press("ArrowRight")
    screen.until(lambda: float(edge.get_attribute("aria-valuenow")) == pytest.approx(high + 1))
    page.get_by_role("button", name="Remove the window").click()
    screen.until(lambda: screen.score("rmse") == whole)


# --- runs -----------------------------------------------------------------------------------------


def test_runs_are_kept_compared_renamed_and_deleted(screen):
    page = screen.page
    page.keyboard.press("k")
    run = page.locator("[data-run='run 1']")
    run.wait_for()
    slider = screen.slider("Arrival")
    slider.focus()
    with screen.changes():
        slider.press("PageUp")
    slider.blur()
    present = screen.pixels()
    page.keyboard.down("b")
    screen.until(lambda: screen.pixels() != present)
    page.keyboard.up("b")
    screen.until(lambda: screen.pixels() == present)
    page.mouse.move(*middle(page.locator(".flip")))
    page.mouse.down()
    screen.until(lambda: screen.pixels() != present)
    page.mouse.up()
    screen.until(lambda: screen.pixels() == present)
    page.get_by_role("button", name="Runs: more").click()
    page.get_by_role("menuitem", name="Compare in a table").click()
    page.get_by_role("rowheader", name="drives.evprox1.mu").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="run 1: more").click()
    page.get_by_role("menuitem", name="Rename").click()
    page.get_by_label("New name of run 1").fill("first")
    page.keyboard.press("Enter")
    page.locator("[data-run=first]").wait_for()
    with screen.changes():
        page.get_by_role("button", name="first: more").click()
        page.get_by_role("menuitem", name="Back to this run").click()
    assert screen.number("Arrival") == pytest.approx(26.6, abs=0.05)
    page.get_by_role("button", name="first: more").click()
    page.get_by_role("menuitem", name="Delete").click()
    page.locator("[data-run=first]").wait_for(state="detached")


# --- fits -----------------------------------------------------------------------------------------


def test_kept_runs_are_smoothed_as_the_one_on_the_screen(screen):
    screen.page.keyboard.press("k")
    kept = "JSON.parse(localStorage['apical-studio']).kept[0]"
    screen.until(lambda: screen.page.evaluate(f"localStorage['apical-studio'] && !!{kept}"))
    before = screen.page.evaluate(f"{kept}.wave.rows[0]")
    with screen.changes():
        screen.type("Smooth, ms", 10)
    screen.until(lambda: screen.page.evaluate(f"{kept}.view.smooth === 10"))
    assert screen.page.evaluate(f"{kept}.wave.rows[0]") != before
    with screen.changes():
        screen.page.keyboard.press("Control+z")
    screen.until(lambda: screen.page.evaluate(f"{kept}.wave.rows[0]") == before)


def test_a_fit_is_started_stopped_and_its_best_kept(screen, files):
    page = screen.page
    before = screen.drawn()
    page.locator(".data-input").set_input_files(str(files / "recorded.txt"))
    screen.settled(before)
    screen.until(lambda: "–" not in screen.score("rmse"))
    first = float(screen.score("rmse").split()[0])
    for drive in ("evprox1", "evdist1"):
        page.locator(f"[data-drive={drive}]").get_by_role(
            "button", name=re.compile("Arrival: let")
        ).click()
    page.locator(".panel-fit").get_by_label("Trials each").fill("1")
    page.keyboard.press("Enter")
    page.get_by_role("button", name=re.compile("Start the fit|Fit 2 values")).click()
    page.get_by_text(re.compile(r"\d+ of 200 simulations · best")).wait_for()
    page.get_by_role("button", name=re.compile("Stop")).click()
    page.get_by_text("stopped").wait_for()
    page.locator("[data-run='fit 1']").wait_for()
    screen.settled()
    screen.until(lambda: "–" not in screen.score("rmse"))
    assert float(screen.score("rmse").split()[0]) <= first


# --- what leaves ----------------------------------------------------------------------------------


def saved(page, kind, folder):
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name=kind).click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


ADDRESSES = [
    "cells.L5_pyramidal.sections.soma.L",
    "cells.L5_pyramidal.sections.apical_trunk.Ra",
    "cells.L5_pyramidal.sections.soma.channels.kca.gbar",
    "cells.L2_pyramidal.sections.soma.channels.hh2.gnabar",
    "drives.evdist1.targets.L5_pyramidal.weights.nmda",
    "drives.evprox1.sigma",
    "projections.L2_basket>L2_pyramidal.gabaa.weight",
    "projections.L5_pyramidal>L5_basket.ampa.delay",
    "ions.ek",
]


def test_what_is_set_is_what_is_simulated_and_what_the_script_simulates(screen, tmp_path):
    """Values at addresses drawn at random: screen → state → result = script, to the last bit."""
    page, draw = screen.page, random.Random(6)
    page.get_by_role("button", name="all values").click()
    chosen = draw.sample(ADDRESSES, 4)
    for path in chosen:
        page.get_by_placeholder("L5 soma gnabar").fill(path)
        field = page.locator(f"[aria-label^='{path}']").first
        value = float(field.input_value().replace("−", "-"))
        before = screen.drawn()
        field.fill(repr(round_to(value * draw.uniform(0.8, 1.2))))
        field.press("Enter")
        screen.settled(before)
    page.keyboard.press("Escape")
    screen.settled()
    digest = screen.data("digest")
    script = saved(page, "Python script", tmp_path)
    model = saved(page, "Model", tmp_path)
    text = script.read_text(encoding="utf-8")
    assert all(repr(path) in text for path in chosen)
    # the model was a file: the script says which; what is exported has the changes in it already
    base = re.search(r"open\('(small\.json)'", text)[1]
    uploaded = json.loads(model.read_text(encoding="utf-8"))
    assert uploaded["format"] == "apical-network"
    (tmp_path / base).write_text(original(), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, script.name], cwd=tmp_path, capture_output=True, text=True, check=False,
        timeout=PATIENCE / 1000,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == digest


def round_to(value):
    return float(f"{value:.6g}")


def original():
    """The model as it was opened."""
    return apical.models.load("erp").scale((3, 3)).to_json()


@pytest.mark.parametrize(
    ("kind", "begins"),
    [("Figure SVG", b"<?xml"), ("Figure PDF", b"%PDF"), ("Figure PNG", b"\x89PNG"),
     ("Dipole as shown", b"time (ms),dipole (nAm)"), ("Result", b"\x89HDF")],
)  # fmt: skip
def test_files_are_what_they_say(screen, tmp_path, kind, begins):
    assert saved(screen.page, kind, tmp_path).read_bytes().startswith(begins)


def test_an_export_that_is_not_computed_yet_is_cancelled(screen):
    page, before = screen.page, screen.drawn()
    screen.type("Trials", 100)
    # the first is shown before all are there
    screen.until(lambda: screen.drawn() > before and screen.data("state") == "live")
    page.get_by_role("button", name="Export", exact=True).click()
    page.get_by_role("menuitem", name="Dipole as shown").click()
    making = page.locator(".status-making")
    making.wait_for()
    assert "dipole.csv" in making.inner_text()
    making.get_by_role("button").click()
    making.wait_for(state="detached")
    assert "not made" in page.locator(".status-note").inner_text()
    screen.type("Trials", 1)
    screen.settled()


def test_the_code_follows_the_hand(screen):
    page = screen.page
    page.keyboard.press("c")
    code = page.locator(".code-drawer pre")
    screen.until(lambda: "apical.simulate" in code.inner_text())
    with screen.changes():
        screen.type("Arrival, ms", 71.5, "evdist1")
    screen.until(lambda: "'drives.evdist1.mu': 71.5" in code.inner_text())


def test_a_session_is_saved_and_opened(screen, files, tmp_path):
    page = screen.page
    before = screen.drawn()
    page.locator(".data-input").set_input_files(str(files / "recorded.txt"))
    screen.settled(before)
    with screen.changes():
        screen.type("Arrival, ms", 75, "evdist1")
    page.keyboard.press("k")
    digest = screen.data("digest")
    with page.expect_download() as download:
        page.keyboard.press("Control+s")
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    screen.begin()
    assert screen.data("digest") != digest
    page.locator(".session-input").set_input_files(str(path))
    screen.until(lambda: screen.data("digest") == digest)
    page.locator("[data-run='run 1']").wait_for()
    screen.until(lambda: "–" not in screen.score("rmse"))
