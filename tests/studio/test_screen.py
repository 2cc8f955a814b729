"""The screen, in Chromium: each gesture changes what is shown, and what is shown is simulated."""

import re
import time

import pytest

import apical
from apical.studio import serve
from screen import CHROMIUM, QUIET, TOKEN, Server, drag, looking, middle, serving

pytestmark = pytest.mark.slow


# --- what is there at once ------------------------------------------------------------------------


def test_it_opens_on_a_running_response_with_hints(screen):
    assert len(screen.pixels()) > 1000
    for panel in ("strip", "raster", "lfp", "csd"):
        assert len(screen.pixels(panel)) > 1000, panel
    assert screen.page.get_by_text("the simulation follows").is_visible()
    assert "live" in screen.page.locator(".pill").inner_text()


def test_the_file_that_a_browser_is_given_leads_in(chromium, server, monkeypatch):
    given = []
    monkeypatch.setattr(serve.webbrowser, "open", given.append)
    with serve._browser(server.address):
        while not given:
            time.sleep(0.01)
        with looking(chromium, given[0]) as other:
            other.settled()
            assert other.page.url.startswith("http://127.0.0.1")
            assert TOKEN not in other.page.url
            assert other.foreign.pop(0) == given[0]


def test_every_control_has_a_name(screen):
    screen.page.get_by_text("targets, weights, delays").first.click()
    nameless = screen.page.evaluate("""() => {
      const named = e => e.ariaLabel || e.getAttribute('aria-labelledby') || e.textContent.trim()
        || e.closest('label')?.textContent.trim() || e.title || e.placeholder;
      const controls = 'button, input, select, textarea, [role=slider], canvas';
      return [...document.querySelectorAll(controls)]
        .filter(e => !named(e) && !e.closest('[aria-hidden=true]') && !(e.tagName === 'CANVAS'
          && e.closest('[role=img]')))
        .map(e => e.outerHTML.slice(0, 120));
    }""")
    assert nameless == []


def walk_to(page, label, key="Tab"):
    """Walk until what has the focus is called so."""
    for _ in range(120):
        page.keyboard.press(key)
        found = page.evaluate("document.activeElement?.ariaLabel ?? document.activeElement?.title")
        if (found or "").startswith(label):
            return
    raise AssertionError(f"no walk leads to {label}")


def test_it_is_walked_with_the_keyboard_alone(screen):
    page = screen.page
    walk_to(page, "Arrival")
    with screen.changes():
        page.keyboard.press("ArrowRight")
    assert screen.number("Arrival") > 26.61
    with screen.changes():
        page.keyboard.press("Control+z")
    assert screen.number("Arrival") == pytest.approx(26.6, abs=0.05)
    # flags are handles as well
    walk_to(page, "D1 arrival")
    with screen.changes():
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowUp")
    assert screen.value_of("Arrival", "evdist1") == "64.5 ms"
    assert screen.value_of("Strength", "evdist1") == "× 1.05"
    # a menu is opened, walked and left
    walk_to(page, "Export")
    page.keyboard.press("Enter")
    screen.until(lambda: page.evaluate("document.activeElement.innerText").startswith("Figure"))
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.innerText").startswith("Dipole as shown")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.ariaLabel") == "Export"
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keys and gestures").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")
    page.keyboard.press("k")
    page.locator("[data-run='run 1']").wait_for()
    # an opened field takes letters, and gives the keys back with Enter
    walk_to(page, "Seed", "Shift+Tab")
    page.keyboard.type("7")
    with screen.changes():
        page.keyboard.press("Enter")
    assert "seed 7" in page.locator(".status").inner_text()


# --- sliders --------------------------------------------------------------------------------------


@pytest.mark.parametrize("label", ["Arrival", "Spread", "Strength", "Smooth", "Columns"])
def test_a_slider_moves_the_wave_and_undo_brings_it_back(screen, label):
    before, digest = screen.value_of(label), screen.data("digest")
    slider = screen.slider(label)
    slider.focus()
    with screen.changes():
        for _ in range(3):
            slider.press("PageUp")
    assert screen.value_of(label) != before
    slider.blur()
    screen.page.keyboard.press("Control+z")
    screen.until(lambda: screen.value_of(label) == before)
    # the axis may have grown, but the result is that of before
    screen.until(lambda: screen.data("digest") == digest)
    screen.page.keyboard.press("Control+Shift+z")
    screen.until(lambda: screen.value_of(label) != before)


def test_a_number_is_typed_and_a_double_click_takes_it_back(screen):
    slider = screen.slider("Arrival", "evdist1")
    field = screen.page.locator("[data-drive=evdist1] input[aria-label='Arrival, ms']")
    with screen.changes():
        field.fill("80")
        field.press("Enter")
    assert screen.value_of("Arrival", "evdist1") == "80.0 ms"
    with screen.changes():
        slider.dblclick()
    assert screen.value_of("Arrival", "evdist1") == "63.5 ms"


def test_what_makes_a_run_doubtful_is_said(screen):
    doubt = screen.page.locator(".status-doubt")
    assert not doubt.count()
    with screen.changes():
        screen.type("Step, ms", 0.125)
    assert "too long for the gates" in doubt.inner_text()
    with screen.changes():
        screen.page.keyboard.press("Control+z")
    assert not doubt.count()


def test_what_cannot_be_is_refused_in_the_field(screen):
    field = screen.page.locator("[data-drive=evdist1] input[aria-label='Spread, ms']")
    field.fill("-3")
    assert field.get_attribute("aria-invalid") == "true"
    field.press("Escape")
    assert screen.slider("Spread", "evdist1").get_attribute("aria-valuetext") == "3.9 ms"


def test_a_dragged_slider_follows_the_pointer_and_shift_is_fine(screen):
    page, slider = screen.page, screen.slider("Arrival", "evdist1")
    box = slider.bounding_box()
    # the thumb is 14 px wide and stays inside
    x = box["x"] + 7 + (box["width"] - 14) * 63.53 / 170
    y = box["y"] + box["height"] / 2
    with screen.changes():
        drag(page, (x, y), (x + 15, y))
    coarse = screen.number("Arrival", "evdist1")
    assert coarse > 63.53 + 5
    # all of a drag is one step back
    page.keyboard.press("Control+z")
    screen.until(lambda: screen.value_of("Arrival", "evdist1") == "63.5 ms")
    screen.settled()
    page.keyboard.down("Shift")
    with screen.changes():
        drag(page, (x, y), (x + 15, y))
    page.keyboard.up("Shift")
    fine = screen.number("Arrival", "evdist1")
    assert (fine - 63.53) == pytest.approx((coarse - 63.53) / 10, abs=0.3)


def test_what_was_done_has_names_and_is_undone_by_gestures(screen):
    page = screen.page
    for label, times in (("Arrival", 3), ("Strength", 2)):
        slider = screen.slider(label, "evprox1")
        slider.focus()
        for _ in range(times):
            slider.press("PageUp")
        slider.blur()
    screen.settled()
    page.get_by_role("button", name="History").click()
    page.get_by_role("menuitemcheckbox").first.wait_for()
    steps = page.get_by_role("menuitemcheckbox").all_inner_texts()
    assert [s.splitlines()[0].split(" 2")[0].split(" ×")[0] for s in steps] == [
        "P1 strength", "P1 arrival", "As it began",
    ]  # fmt: skip
    page.get_by_role("menuitemcheckbox", name="As it began").click()
    screen.until(lambda: screen.value_of("Arrival", "evprox1") == "26.6 ms")
    assert screen.value_of("Strength", "evprox1") == "× 1.00"


def test_the_browsers_back_and_forward_are_undo_and_redo(screen):
    with screen.changes():
        screen.type("Arrival, ms", 75, "evdist1")
    screen.until(lambda: "#" in screen.page.url)
    screen.page.go_back()
    screen.until(lambda: screen.value_of("Arrival", "evdist1") == "63.5 ms")
    screen.page.go_forward()
    screen.until(lambda: screen.value_of("Arrival", "evdist1") == "75.0 ms")


def test_a_range_of_a_value_is_seen_side_by_side(screen):
    page, slider = screen.page, screen.slider("Arrival", "evdist1")
    x, y = middle(slider)
    page.keyboard.down("Alt")
    drag(page, (x, y), (x + 20, y))
    page.keyboard.up("Alt")
    members = page.locator(".sweep-member")
    screen.until(
        lambda: members.count() > 2 and page.locator(".sweep-member:disabled").count() == 0,
        seconds=120,
    )
    assert len(screen.pixels("sweep")) > 1000
    said = members.last.locator(".sweep-said").inner_text().split()[0]
    with screen.changes():
        members.last.click()
    assert screen.number("Arrival", "evdist1") == pytest.approx(float(said), abs=0.06)


# --- drives ---------------------------------------------------------------------------------------


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


def test_spike_times_are_typed(screen):
    page = screen.page
    before = screen.drawn()
    page.get_by_role("button", name="Add a drive").click()
    page.get_by_role("menuitem", name="Spike times, proximal").click()
    screen.settled(before)
    times = page.get_by_label("trainprox1: spike times, ms")
    assert times.input_value() == "85"
    with screen.changes():
        times.fill("20, 40 60")
        times.press("Enter")
    assert times.input_value() == "20 40 60"
    times.fill("twenty")
    times.press("Enter")
    assert times.input_value() == "20 40 60"


# --- the column -----------------------------------------------------------------------------------


@pytest.mark.parametrize("label", ["E→E", "I→E"])
def test_gains_of_whole_classes_are_turned(screen, label):
    slider = screen.slider(label)
    slider.focus()
    with screen.changes():
        for _ in range(4):
            slider.press("PageUp")
    assert screen.number(label) > 2
    assert "edited" in screen.page.locator(".project").inner_text()


def test_trials_come_with_their_band(screen):
    page = screen.page
    with screen.changes():
        screen.type("Trials", 3)
    page.get_by_role("button", name="3 trials").wait_for()
    whole = screen.pixels()
    page.get_by_role("button", name="3 trials").click()
    screen.until(lambda: screen.pixels() != whole)
    page.get_by_role("button", name="3 trials").click()
    screen.until(lambda: screen.pixels() == whole)


def test_length_and_grid_are_set(screen):
    cells = screen.page.locator(".status")
    before = cells.inner_text()
    with screen.changes("raster"):
        screen.type("Grid: cells along a side", 2)
    assert cells.inner_text() != before
    with screen.changes():
        screen.type("Duration, ms", 60)
    assert "2 400 steps" in cells.inner_text()


def test_electrodes_are_moved(screen):
    dipole = screen.pixels()
    with screen.changes("lfp"):
        screen.type("shank: x, µm", 300)
    with screen.changes("csd"):
        screen.type("shank: Contacts", 9)
    screen.until(lambda: screen.pixels() == dipole)


def test_models_are_dropped_and_chosen(screen):
    page = screen.page
    other = apical.models.load("erp").scale((2, 2)).set({"drives.evdist1.mu": 90.0})
    text = other.to_json().encode()
    file = {"name": "other.json", "mimeType": "application/json", "buffer": text}
    first = screen.data("digest")
    with screen.changes():
        page.locator(".session-input").set_input_files(file)
    choice = page.locator(".model-field select")
    assert "other.json" in choice.locator("option:checked").inner_text()
    assert screen.number("Arrival", "evdist1") == 90
    with screen.changes():
        choice.select_option(index=choice.locator("option").count() - 2)
    assert screen.data("digest") == first


# --- the page itself ------------------------------------------------------------------------------


def test_the_address_holds_the_state(screen, chromium, server):
    with screen.changes():
        screen.type("Arrival, ms", 75, "evdist1")
    screen.until(lambda: "#" in screen.page.url)
    state = screen.page.url.split("#", 1)[1]
    with looking(chromium, f"{server.address}#{state}") as other:
        other.settled()
        assert other.value_of("Arrival", "evdist1") == "75.0 ms"


def test_a_dropped_model_is_there_again_though_the_server_knows_nothing_of_it(chromium, files):
    other = apical.models.load("erp").scale((2, 2)).set({"drives.evdist1.mu": 90.0})
    text = other.to_json().encode()
    file = {"name": "other.json", "mimeType": "application/json", "buffer": text}
    with serving(str(files / "small.json")) as first, looking(chromium, first.address) as screen:
        screen.settled()
        with screen.changes():
            screen.page.locator(".session-input").set_input_files(file)
        digest = screen.data("digest")
        screen.until(lambda: "#" in screen.page.url)
        screen.until(
            lambda: screen.page.evaluate("localStorage['apical-studio']?.includes('other.json')")
        )
        first.kill()
        with serving(str(files / "small.json"), port=first.port):
            screen.page.reload()
            screen.settled()
            assert screen.data("digest") == digest
            choice = screen.page.locator(".model-field select option:checked")
            assert "other.json" in choice.inner_text()
            # nor does it matter to who has only the address
            address = screen.page.url
            with looking(chromium, first.address) as stranger:
                stranger.settled()
                stranger.page.goto("about:blank")
                stranger.page.goto(address)
                said = stranger.page.locator(".status-note.bad")
                said.wait_for()
                assert "drop that on the page again" in said.inner_text()


def test_a_server_that_is_lost_is_found_again_with_the_state(chromium, files):
    with serving(str(files / "small.json")) as first, looking(chromium, first.address) as screen:
        screen.settled()
        with screen.changes():
            screen.type("Arrival, ms", 75, "evdist1")
        digest = screen.data("digest")
        first.kill()
        screen.until(lambda: screen.data("state") == "offline")
        assert "offline" in screen.page.locator(".pill").inner_text()
        second = Server(str(files / "small.json"), port=first.port)
        try:
            screen.page.wait_for_function("() => document.documentElement.dataset.state === 'live'")
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


def test_a_panel_fills_the_centre_and_folds(screen):
    page = screen.page
    page.get_by_role("button", name="CSD", exact=True).hover()
    height = page.locator("[data-panel=csd]").bounding_box()["height"]
    page.keyboard.press("f")
    screen.until(lambda: page.locator("[data-panel=csd]").bounding_box()["height"] > 2 * height)
    page.keyboard.press("Escape")
    screen.until(lambda: page.locator("[data-panel=csd]").bounding_box()["height"] == height)
    page.get_by_role("button", name="Spikes", exact=True).click()
    page.locator("[data-panel=raster] canvas").wait_for(state="detached")


def test_potentials_are_seen_as_a_spectrum(screen):
    pixels = screen.pixels("lfp")
    screen.page.get_by_role("button", name="PSD").click()
    screen.until(lambda: screen.pixels("lfp") != pixels)


def test_spikes_are_played_in_the_column(screen):
    pixels = screen.pixels("column")
    screen.page.keyboard.press("Space")
    screen.until(lambda: screen.pixels("column") != pixels)
    screen.page.get_by_role("button", name="Pause (space)").click()
    screen.page.get_by_role("button", name=re.compile("Play the spikes")).wait_for()


def test_the_column_is_shown_in_space_where_there_is_webgl(play, server):
    browser = play.chromium.launch(executable_path=CHROMIUM, args=QUIET)
    with looking(browser, server.address) as screen:
        screen.settled()
        page = screen.page
        page.get_by_role("button", name="front").wait_for()
        space = page.locator("canvas[aria-label^='The cells of the column in space']")
        page.wait_for_function(
            "c => c.getContext('webgl2') && document.querySelector('.column-layer')",
            arg=space.element_handle(),
        )
        # a picture of its box: what WebGL has drawn cannot be read afterwards
        front = space.screenshot()
        page.get_by_role("button", name="top", exact=True).click()
        screen.until(lambda: space.screenshot() != front)
    browser.close()


def test_colours_are_switched(screen):
    page = screen.page
    pixels = screen.pixels("csd")
    page.get_by_role("button", name="Light colours").click()
    screen.until(lambda: screen.pixels("csd") != pixels)
    assert page.evaluate("document.querySelector('.studio').dataset.theme") == "light"


def test_what_was_done_can_be_undone_after_the_page_was_loaded_anew(screen):
    page = screen.page
    for label, value in (("Arrival, ms", 75), ("Spread, ms", 6)):
        with screen.changes():
            screen.type(label, value, "evdist1")
    with screen.changes():
        page.keyboard.press("Control+z")
    kept = "() => sessionStorage.getItem('apical-studio-history') ?? ''"
    screen.until(lambda: '"redo":[{' in page.evaluate(kept))
    page.reload()
    screen.settled()
    page.get_by_role("button", name="History").click()
    page.get_by_role("menuitemcheckbox").first.wait_for()
    steps = page.get_by_role("menuitemcheckbox").all_inner_texts()
    assert steps[0].startswith("D1 arrival 63.53 → 75")
    page.keyboard.press("Escape")
    with screen.changes():
        page.keyboard.press("Control+Shift+z")
    assert screen.value_of("Spread", "evdist1") == "6.0 ms"
    with screen.changes():
        page.keyboard.press("Control+z")
        page.keyboard.press("Control+z")
    assert screen.value_of("Arrival", "evdist1") == "63.5 ms"


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_all_text_can_be_read(chromium, server, scheme):
    """Every tone that text has, on every ground: at least 4.5 to 1 (WCAG 2.2, AA)."""
    tones = ["ink", "muted", "faint", "accent", "warn", "bad", "good", "proximal", "distal",
             "other", "l2", "l5", "recorded", "fit", *(f"run-{k}" for k in range(6))]  # fmt: skip
    with looking(chromium, server.address, scheme=scheme) as screen:
        read = """names => names.map(name => getComputedStyle(document.querySelector('.studio'))
            .getPropertyValue('--' + name).trim())"""
        inks = dict(zip(tones, screen.page.evaluate(read, tones), strict=True))
        grounds = screen.page.evaluate(read, ["bg", "panel", "panel-2", "raised"])
    low = {
        name: min(contrast(ink, ground) for ground in grounds)
        for name, ink in inks.items()
        if min(contrast(ink, ground) for ground in grounds) < 4.5
    }
    assert low == {}


def contrast(a, b):
    """Return the contrast of two colours (#rrggbb) as WCAG defines it."""
    low, high = sorted(luminance(colour) for colour in (a, b))
    return (high + 0.05) / (low + 0.05)


def luminance(colour):
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
