"""Runs beside and in place of each other, and what is shown below the wave, in Chromium."""

import pytest

from screen import looking, middle

pytestmark = pytest.mark.slow
PANELS = ("dipole", "strip", "raster", "lfp", "csd")


def charts(screen, panel):
    """Pictures of the charts of a panel: one, or two beside each other."""
    return screen.page.evaluate(
        "name => [...document.querySelectorAll(`[data-panel=${name}] .charts > .timed`)]"
        ".map(chart => chart.querySelector('canvas')?.toDataURL() ?? '')",
        panel,
    )


def beside(screen):
    """Show the pinned run beside the present one."""
    screen.page.get_by_role("button", name="Runs: more").click()
    screen.page.get_by_role("menuitemcheckbox", name="Side by side").click()
    for panel in PANELS:
        screen.until(lambda panel=panel: len(charts(screen, panel)) == 2)


def tool(screen, panel, name):
    return screen.page.locator(f"[data-panel={panel}] .panel-tools").get_by_text(name, exact=True)


def is_same(screen, panel):
    a, b = charts(screen, panel)
    return a == b


def look(screen, name):
    """Choose what is shown below the spikes."""
    before = screen.drawn()
    tool(screen, "lfp", name).click()
    screen.settled(before)


@pytest.mark.parametrize("shown", ["LFP", "PSD", "TFR"])
def test_all_panels_show_two_runs_beside_each_other(screen, shown):
    page = screen.page
    if shown != "LFP":
        look(screen, shown)
    page.keyboard.press("k")
    beside(screen)
    # flags, names and the kept line lie above or in the first alone
    page.locator(".swatch").click()
    for panel in PANELS:
        screen.until(lambda panel=panel: is_same(screen, panel))
    with screen.changes():
        screen.type("Arrival, ms", 90, "evdist1")
    for panel in PANELS:
        screen.until(lambda panel=panel: not is_same(screen, panel))
    # in place of the present one, the pinned run is what stands beside it
    page.keyboard.down("b")
    for panel in PANELS:
        screen.until(lambda panel=panel: is_same(screen, panel))
    page.keyboard.up("b")
    for panel in PANELS:
        screen.until(lambda panel=panel: not is_same(screen, panel))


def test_all_panels_show_the_pinned_run_while_it_is_held(screen):
    page = screen.page
    page.keyboard.press("k")
    with screen.changes("raster"):
        screen.type("Arrival, ms", 90, "evdist1")
    present = {panel: screen.pixels(panel) for panel in PANELS}
    page.mouse.move(*middle(page.locator(".flip")))
    page.mouse.down()
    for panel in PANELS:
        screen.until(lambda panel=panel: screen.pixels(panel) != present[panel])
    page.mouse.up()
    for panel in PANELS:
        screen.until(lambda panel=panel: screen.pixels(panel) == present[panel])


def test_a_kept_run_is_whole_again_after_the_page_was_loaded_anew(screen):
    page = screen.page
    page.keyboard.press("k")
    with screen.changes():
        screen.type("Arrival, ms", 90, "evdist1")
    digest = screen.data("digest")
    screen.until(lambda: "#" in page.url)
    page.reload()
    screen.settled()
    page.locator("[data-run='run 1']").wait_for()
    beside(screen)
    for panel in PANELS:
        screen.until(lambda panel=panel: charts(screen, panel)[1] != charts(screen, panel)[0])
    screen.until(lambda: screen.data("digest") == digest)
    with screen.changes():
        page.get_by_role("button", name="run 1: more").click()
        page.get_by_role("menuitem", name="Back to this run").click()
    page.locator(".swatch").click()
    for panel in ("strip", "raster", "lfp", "csd"):
        screen.until(lambda panel=panel: is_same(screen, panel))


def test_a_run_of_another_model_stands_beside_with_its_own_cells(screen):
    page = screen.page
    page.keyboard.press("k")
    with screen.changes("raster"):
        screen.type("Grid: cells along a side", 2)
    beside(screen)
    for panel in PANELS:
        screen.until(lambda panel=panel: not is_same(screen, panel))
    page.reload()
    screen.settled()
    beside(screen)
    screen.until(lambda: not is_same(screen, "raster"))
    # the structure of the kept run is not that of the screen
    assert "2 × 2" in screen.field("Grid: cells along a side").input_value()
    assert "12 cells" in page.locator(".status").inner_text()


def test_electrode_arrays_are_chosen(screen):
    page = screen.page
    assert page.locator(".array-choice").count() == 0
    before = screen.drawn()
    page.get_by_title("One more row of electrodes").click()
    screen.settled(before)
    choice = page.locator("[data-panel=lfp] .array-choice")
    assert choice.input_value() == "shank"
    digest = screen.data("digest")
    for panel in ("lfp", "csd"):
        other = "shank1" if panel == "lfp" else "shank"
        with screen.changes(panel):
            page.locator(f"[data-panel={panel}] .array-choice").select_option(other)
    # nothing is simulated again
    assert screen.data("digest") == digest
    with screen.changes("lfp"):
        page.keyboard.press("Control+z")
    assert choice.input_value() == "shank1"
    # the array that is looked at is the one that moves
    with screen.changes("csd"):
        screen.type("shank1: Contacts", 9)


def test_a_spectrogram_takes_the_place_of_potentials(screen):
    page = screen.page
    pixels = screen.pixels("lfp")
    look(screen, "TFR")
    screen.until(lambda: screen.pixels("lfp") != pixels)
    assert "nAm²/Hz" in page.locator(".power-bar").inner_text()
    with screen.changes("lfp"):
        screen.type("Arrival, ms", 90, "evdist1")
    # it zooms with the time axis
    pixels = screen.pixels("lfp")
    page.keyboard.press("]")
    screen.until(lambda: screen.pixels("lfp") != pixels)
    page.keyboard.press("0")
    screen.until(lambda: screen.pixels("lfp") == pixels)
    # a step of the history, as every way to look
    with screen.changes():
        screen.type("Smooth, ms", 0)
    before = screen.drawn()
    screen.type("Duration, ms", 3)
    page.get_by_text("too short for a spectrogram").wait_for()
    screen.settled(before)
    page.keyboard.press("Control+z")
    screen.until(lambda: screen.pixels("lfp") == pixels)


def test_on_a_phone_two_runs_are_one_above_the_other(chromium, server):
    with looking(chromium, server.address, width=390, height=844) as screen:
        screen.settled()
        page = screen.page
        page.get_by_role("button", name="Got it").click()
        page.keyboard.press("k")
        with screen.changes():
            screen.type("Arrival, ms", 95, "evdist1")
        page.get_by_role("tab", name="Fit").click()
        page.locator(".run-name").first.click()
        page.get_by_role("button", name="Runs: more").click()
        page.get_by_role("menuitemcheckbox", name="Side by side").click()
        for tab, panel in (("Fit", "dipole"), ("Spikes", "raster"), ("LFP", "lfp")):
            page.get_by_role("tab", name=tab).click()
            screen.until(lambda panel=panel: len(charts(screen, panel)) == 2)
            screen.until(lambda panel=panel: not is_same(screen, panel))
            boxes = page.locator(f"[data-panel={panel}] .charts > .timed")
            now, kept = (boxes.nth(k).bounding_box() for k in (0, 1))
            assert now["x"] == kept["x"]
            assert now["width"] == kept["width"] > 300
            assert now["y"] + now["height"] <= kept["y"] + 1
            assert kept["height"] > 100
