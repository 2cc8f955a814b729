"""The screen, in Chromium: each gesture changes what is shown, and what is shown is simulated."""

import json
import random
import re
import subprocess
import sys

import pytest

from screen import PATIENCE, Server, looking, serving

pytestmark = pytest.mark.slow


def drag(page, start, end, steps=4):
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=steps)
    page.mouse.up()


def middle(locator):
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


# --- what is there at once ------------------------------------------------------------------------


def test_it_opens_on_a_running_response_with_hints(screen):
    assert len(screen.pixels()) > 1000
    for panel in ("strip", "raster", "lfp", "csd"):
        assert len(screen.pixels(panel)) > 1000, panel
    assert screen.page.get_by_text("the simulation follows").is_visible()
    assert "live" in screen.page.locator(".pill").inner_text()


def test_every_control_has_a_name(screen):
    screen.page.get_by_text("targets, weights, delays").first.click()
    nameless = screen.page.evaluate("""() => {
      const named = e => e.ariaLabel || e.getAttribute('aria-labelledby') || e.textContent.trim()
        || e.closest('label')?.textContent.trim() || e.title || e.placeholder;
      return [...document.querySelectorAll('button, input, select, textarea, [role=slider], canvas')]
        .filter(e => !named(e) && !e.closest('[aria-hidden=true]') && !(e.tagName === 'CANVAS'
          && e.closest('[role=img]')))
        .map(e => e.outerHTML.slice(0, 120));
    }""")
    assert nameless == []


def test_it_is_walked_with_the_keyboard_alone(screen):
    page = screen.page
    seen = []
    for _ in range(60):
        page.keyboard.press("Tab")
        label = page.evaluate("document.activeElement?.ariaLabel ?? document.activeElement?.title")
        seen.append(label or "")
        if label == "Arrival":
            break
    assert "Arrival" in seen
    with screen.changes():
        page.keyboard.press("ArrowRight")
    assert screen.number("Arrival") > 26.61
    with screen.changes():
        page.keyboard.press("Control+z")
    assert screen.number("Arrival") == pytest.approx(26.6, abs=0.05)


# --- sliders ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("label", ["Arrival", "Spread", "Strength", "Smooth", "Columns"])
def test_a_slider_moves_the_wave_and_undo_brings_it_back(screen, label):
    before, digest = screen.value(label), screen.data("digest")
    slider = screen.slider(label)
    slider.focus()
    with screen.changes():
        for _ in range(3):
            slider.press("PageUp")
    assert screen.value(label) != before
    slider.blur()
    screen.page.keyboard.press("Control+z")
    screen.until(lambda: screen.value(label) == before)
    # the axis may have grown, but the result is that of before
    screen.until(lambda: screen.data("digest") == digest)
    screen.page.keyboard.press("Control+Shift+z")
    screen.until(lambda: screen.value(label) != before)


def test_a_number_is_typed_and_a_double_click_takes_it_back(screen):
    slider = screen.slider("Arrival", "evdist1")
    field = screen.page.locator("[data-drive=evdist1] input[aria-label='Arrival, ms']")
    with screen.changes():
        field.fill("80")
        field.press("Enter")
    assert slider.get_attribute("aria-valuetext") == "80.0 ms"
    with screen.changes():
        slider.dblclick()
    assert slider.get_attribute("aria-valuetext") == "63.5 ms"


def test_what_cannot_be_is_refused_in_the_field(screen):
    field = screen.page.locator("[data-drive=evdist1] input[aria-label='Spread, ms']")
    field.fill("-3")
    assert field.get_attribute("aria-invalid") == "true"
    field.press("Escape")
    assert screen.slider("Spread", "evdist1").get_attribute("aria-valuetext") == "3.9 ms"


def test_a_dragged_slider_follows_the_pointer_and_shift_is_fine(screen):
    slider = screen.slider("Arrival", "evdist1")
    x, y = middle(slider)
    with screen.changes():
        drag(screen.page, (x, y), (x + 15, y))
    coarse = float(slider.get_attribute("aria-valuetext").split()[0])
    screen.page.keyboard.press("Control+z")
    screen.until(lambda: slider.get_attribute("aria-valuetext") == "63.5 ms")
    assert abs(coarse - 63.53) > 5


# --- flags on the wave ------------------------------------------------------------------------------


def test_a_flag_sideways_is_arrival_upwards_strength_and_its_edge_spread(screen):
    page = screen.page
    flag = page.locator("[role=slider][aria-label='D1 arrival']")
    x, y = middle(flag)
    with screen.changes():
        drag(page, (x, y), (x + 60, y))
    assert (
        float(screen.slider("Arrival", "evdist1").get_attribute("aria-valuetext").split()[0]) > 66
    )
    x, y = middle(flag)
    with screen.changes():
        drag(page, (x, y), (x, y - 40))
    strength = screen.slider("Strength", "evdist1").get_attribute("aria-valuetext")
    assert float(strength.split()[-1]) > 1
    before = screen.slider("Spread", "evdist1").get_attribute("aria-valuetext")
    edge = page.locator("[role=slider][aria-label='D1 spread, late edge']")
    x, y = middle(edge)
    with screen.changes():
        drag(page, (x, y), (x + 30, y))
    assert screen.slider("Spread", "evdist1").get_attribute("aria-valuetext") != before


# --- drives -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind", ["Evoked, distal", "Rhythm, proximal", "Poisson, distal", "Spike times, proximal"]
)
def test_drives_of_every_kind_are_added_and_removed(screen, kind):
    page, cards = screen.page, screen.page.locator("[data-drive]")
    before = screen.drawn()
    page.get_by_role("button", name="Add a drive").click()
    page.get_by_role("menuitem", name=kind).click()
    screen.settled(before)
    screen.until(lambda: cards.count() == 4)
    name = next(
        n for n in cards.evaluate_all("all => all.map(e => e.dataset.drive)")
        if n not in ("evprox1", "evprox2", "evdist1")
    )  # fmt: skip
    before = screen.drawn()
    page.get_by_role("button", name=f"Drive {name}: more").click()
    page.get_by_role("menuitem", name="Remove").click()
    screen.settled(before)
    screen.until(lambda: cards.count() == 3)


def test_a_drive_is_duplicated_and_its_weights_typed(screen):
    page = screen.page
    before = screen.drawn()
    page.get_by_role("button", name="Drive evdist1: more").click()
    page.get_by_role("menuitem", name="Duplicate").click()
    screen.settled(before)
    card = page.locator("[data-drive=evdist2]")
    card.get_by_text("targets, weights, delays").click()
    with screen.changes():
        field = card.locator("input[aria-label='AMPA, µS']").first
        field.fill("0.05")
        field.press("Enter")
    assert field.input_value() == "0.05"


# --- recordings -------------------------------------------------------------------------------------


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
            field = page.locator(f"[data-drive={drive}] input[aria-label='Arrival, ms']")
            field.fill(arrival)
            field.press("Enter")
    # that is how the recording was made
    screen.until(lambda: "–" not in screen.score("rmse"))
    assert float(first.split()[0]) > 1
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
    assert (
        page.get_by_text("are its times in seconds?").is_visible()
        or page.get_by_text("are its times in seconds?").wait_for() is None
    )
    page.get_by_role("button", name="Use this recording").click()
    screen.settled(before)
    page.get_by_text("170 samples, 0–169 ms").wait_for()


def test_a_file_that_is_none_is_told_in_words(screen):
    page = screen.page
    file = {"name": "photo.txt", "mimeType": "text/plain", "buffer": b"\0\1\2"}
    page.locator(".data-input").set_input_files(file)
    page.get_by_text("this is not a text file").wait_for()
    page.keyboard.press("Escape")
    assert screen.data("state") == "live"


# --- runs -------------------------------------------------------------------------------------------


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


# --- fits -------------------------------------------------------------------------------------------


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


# --- what leaves ------------------------------------------------------------------------------------


def saved(page, kind, folder):
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name=kind).click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


@pytest.mark.parametrize("round", range(2))
def test_what_is_set_is_what_is_simulated_and_what_the_script_simulates(screen, tmp_path, round):
    """Values at addresses drawn at random: screen → state → result = script, to the last bit."""
    page, draw = screen.page, random.Random(round)
    page.get_by_role("button", name=re.compile("Every value of the model")).click()
    chosen = draw.sample(
        ["cells.L5_pyramidal.sections.soma.L", "cells.L2_pyramidal.sections.soma.channels.hh2.gnabar",
         "cells.L5_pyramidal.sections.apical_trunk.Ra", "projections.L2_basket>L2_pyramidal.gabaa.weight",
         "drives.evdist1.targets.L5_pyramidal.weights.nmda", "drives.evprox1.sigma",
         "cells.L5_pyramidal.sections.soma.channels.kca.gbar", "ions.ek",
         "projections.L5_pyramidal>L5_basket.ampa.delay"], 3,
    )  # fmt: skip
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
    (tmp_path / base).write_text(original(screen), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, script.name], cwd=tmp_path, capture_output=True, text=True, check=False,
        timeout=PATIENCE / 1000,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == digest


def round_to(value):
    return float(f"{value:.6g}")


def original(screen):
    """The model as it was opened."""
    import apical

    return apical.models.load("erp").scale((3, 3)).to_json()


@pytest.mark.parametrize(
    ("kind", "begins"),
    [("Figure SVG", b"<?xml"), ("Figure PDF", b"%PDF"), ("Figure PNG", b"\x89PNG"),
     ("Dipole as shown", b"time (ms),dipole (nAm)"), ("Result", b"\x89HDF")],
)  # fmt: skip
def test_files_are_what_they_say(screen, tmp_path, kind, begins):
    assert saved(screen.page, kind, tmp_path).read_bytes().startswith(begins)


def test_the_code_follows_the_hand(screen):
    page = screen.page
    page.keyboard.press("c")
    code = page.locator(".code-drawer pre")
    screen.until(lambda: "apical.simulate" in code.inner_text())
    field = page.locator("[data-drive=evdist1] input[aria-label='Arrival, ms']")
    with screen.changes():
        field.fill("71.5")
        field.press("Enter")
    screen.until(lambda: "'drives.evdist1.mu': 71.5" in code.inner_text())


# --- the page itself --------------------------------------------------------------------------------


def test_the_address_holds_the_state(screen, chromium, server):
    with screen.changes():
        field = screen.page.locator("[data-drive=evdist1] input[aria-label='Arrival, ms']")
        field.fill("75")
        field.press("Enter")
    screen.until(lambda: "#" in screen.page.url)
    state = screen.page.url.split("#", 1)[1]
    with looking(chromium, f"{server.address}#{state}") as other:
        other.settled()
        assert other.slider("Arrival", "evdist1").get_attribute("aria-valuetext") == "75.0 ms"


def test_a_server_that_is_lost_is_found_again_with_the_state(chromium, files):
    with serving(str(files / "small.json")) as first, looking(chromium, first.address) as screen:
        screen.settled()
        with screen.changes():
            field = screen.page.locator("[data-drive=evdist1] input[aria-label='Arrival, ms']")
            field.fill("75")
            field.press("Enter")
        digest = screen.data("digest")
        first.kill()
        screen.until(lambda: screen.data("state") == "offline")
        assert "offline" in screen.page.locator(".pill").inner_text()
        second = Server(str(files / "small.json"), port=first.port)
        try:
            screen.page.wait_for_function("document.documentElement.dataset.state === 'live'")
            screen.until(lambda: screen.data("digest") == digest)
        finally:
            second.kill()


@pytest.mark.parametrize(("width", "height"), [(1024, 768), (390, 844)])
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_it_fits_other_screens(chromium, server, width, height, scheme):
    with looking(chromium, server.address, width=width, height=height, scheme=scheme) as screen:
        screen.settled()
        wide = screen.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width
        theme = screen.page.evaluate("document.querySelector('.studio').dataset.theme")
        assert theme == scheme
        assert len(screen.pixels()) > 1000


def test_colours_are_switched(screen):
    page = screen.page
    pixels = screen.pixels("csd")
    page.get_by_role("button", name="Light colours").click()
    screen.until(lambda: screen.pixels("csd") != pixels)
    assert page.evaluate("document.querySelector('.studio').dataset.theme") == "light"
