"""Forms of the screen, in Chromium: every number that is typed is the one that is simulated."""

import json
import re

import pytest

from screen import CHROMIUM, QUIET, drag, looking, middle

pytestmark = pytest.mark.slow

KINDS = {
    "Evoked, proximal": "evprox3", "Evoked, distal": "evdist2",
    "Rhythm, proximal": "rhythmprox1", "Rhythm, distal": "rhythmdist1",
    "Poisson, proximal": "poissonprox1", "Poisson, distal": "poissondist1",
    "Spike times, proximal": "trainprox1", "Spike times, distal": "traindist1",
    "Tonic current": "bias1",
}  # fmt: skip


def model(screen, folder):
    """The network that is simulated, as the server has it."""
    screen.page.get_by_role("button", name="Export").click()
    with screen.page.expect_download() as download:
        screen.page.get_by_role("menuitem", name="Model").click()
    path = folder / "model.json"
    download.value.save_as(path)
    return json.loads(path.read_text(encoding="utf-8"))


def typed(screen, field, text):
    """Type into a field what changes the result."""
    digest = screen.data("digest")
    field.fill(text)
    field.press("Enter")
    screen.until(lambda: screen.data("digest") not in ("", digest))


def card(screen, name):
    return screen.page.locator(f"[data-drive={name}]")


def act(screen, name, item):
    """Choose from the menu of a drive."""
    before = screen.drawn()
    card(screen, name).get_by_role("button", name=re.compile(f"{name}: more")).click()
    screen.page.get_by_role("menuitem", name=item).click()
    screen.settled(before)


# --- drives ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "name"), KINDS.items())
def test_drives_of_every_kind_are_added_doubled_and_removed(screen, kind, name):
    page, cards = screen.page, screen.page.locator("[data-drive]")
    first, wave = screen.data("digest"), screen.pixels()
    with screen.changes():
        page.get_by_role("button", name="Add a drive").click()
        page.get_by_role("menuitem", name=kind).click()
    added = screen.data("digest")
    assert cards.count() == 4
    with screen.changes():
        act(screen, name, "Duplicate")
    assert cards.count() == 5
    copy = re.sub(r"\d+$", "", name) + str(int(name[-1]) + 1)
    assert screen.data("digest") not in (first, added)
    act(screen, copy, "Remove")
    screen.until(lambda: screen.data("digest") == added)
    act(screen, name, "Remove")
    screen.until(lambda: screen.data("digest") == first)
    assert cards.count() == 3
    screen.page.keyboard.press("Control+z")
    screen.until(lambda: screen.data("digest") == added)
    assert screen.pixels() != wave


def test_delays_and_probabilities_of_targets_are_typed(screen, tmp_path):
    box = card(screen, "evdist1")
    box.get_by_text("targets, weights, delays").click()
    target = box.locator("fieldset", has_text="L5 pyramidal")
    for label, value, field in (
        ("Delay, ms", "3.5", "delay"), ("Probability", "0.4", "probability"),
    ):  # fmt: skip
        with screen.changes():
            typed(screen, target.get_by_label(label, exact=True), value)
        assert target.get_by_label(label, exact=True).input_value() == value
        found = model(screen, tmp_path)["drives"]["evdist1"]["targets"]
        assert found["L5_pyramidal"][field] == float(value)
        assert found["L2_pyramidal"][field] != float(value)
    # what cannot be is not taken
    field = target.get_by_label("Probability", exact=True)
    field.fill("1.5")
    assert field.get_attribute("aria-invalid") == "true"
    field.press("Escape")
    assert field.input_value() == "0.4"


def test_another_seed_draws_other_spikes_and_the_same_one_the_same(screen):
    first, wave = screen.data("digest"), screen.pixels()
    with screen.changes("strip"):
        screen.type("Seed", 5)
    assert screen.data("digest") != first
    assert screen.pixels() != wave
    assert "seed 5" in screen.page.locator(".status").inner_text()
    screen.type("Seed", 0)
    screen.until(lambda: screen.data("digest") == first)


# --- cells ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "factor", "unit"),
    [
        ("cells.L5_pyramidal.receptors.ampa.parameters.tau2", 1.5, "ms"),
        ("cells.L5_pyramidal.receptors.ampa.parameters.e", None, "mV"),
        ("cells.L5_pyramidal.sections.apical_trunk.L", 1.2, "µm"),
        ("cells.L5_pyramidal.sections.soma.diam", 0.8, "µm"),
        ("cells.L2_pyramidal.sections.soma.channels.hh2.gnabar", 0.7, "S/cm²"),
        ("cells.L5_pyramidal.sections.soma.channels.hh2.gkbar", 0.5, "S/cm²"),
    ],
)
def test_receptors_geometry_and_channels_are_typed(screen, tmp_path, path, factor, unit):
    page = screen.page
    page.get_by_role("button", name="all values").click()
    page.get_by_placeholder("L5 soma gnabar").fill(path)
    field = page.locator(f".values-row [aria-label^='{path}']").first
    said = field.get_attribute("aria-label")
    assert said == f"{path}, {unit}"
    before = float(re.match(r"[-−\d.e]+", field.input_value())[0].replace("−", "-"))
    value = float(f"{before * factor if factor else before - 10:.4g}")
    with screen.changes():
        typed(screen, field, repr(value))
    page.keyboard.press("Escape")
    screen.settled()
    found = model(screen, tmp_path)
    kind, name, rest = path.split(".", 2)
    here = found[kind][name]
    for key in rest.split("."):
        here = here[key]
    assert float(str(here).split()[0]) == value
    # the button beside it takes it back
    page.get_by_role("button", name="all values").click()
    page.get_by_placeholder("L5 soma gnabar").fill(path)
    with screen.changes():
        page.get_by_role("button", name=re.compile(re.escape(path) + ": back")).first.click()
    page.keyboard.press("Escape")


# --- fits -----------------------------------------------------------------------------------------


def test_a_fit_stays_within_the_range_that_was_typed(screen, files, tmp_path):
    page = screen.page
    before = screen.drawn()
    page.locator(".data-input").set_input_files(str(files / "recorded.txt"))
    screen.settled(before)
    card(screen, "evprox1").get_by_role("button", name=re.compile("Arrival: let")).click()
    fit = page.locator(".panel-fit")
    for label, value in (("Lowest", 28), ("Highest", 30)):
        field = fit.get_by_label(f"{label} P1 arrival, ms")
        field.fill(str(value))
        field.press("Enter")
        assert field.input_value() == str(value)
    # the lowest may not be above the highest
    field = fit.get_by_label("Lowest P1 arrival, ms")
    field.fill("31")
    assert field.get_attribute("aria-invalid") == "true"
    field.press("Escape")
    for label, value in (("Simulations", 8), ("Trials each", 1)):
        field = fit.get_by_label(label)
        field.fill(str(value))
        field.press("Enter")
    wave = screen.pixels()
    page.get_by_role("button", name="Fit 1 value").click()
    page.get_by_text(re.compile(r"\d of 8 simulations · best RMSE [\d.]+ nAm")).wait_for()
    page.locator("[data-run='fit 1']").wait_for()
    screen.settled()
    # the recording was made with 32 ms
    assert 28 <= screen.number("Arrival", "evprox1") <= 30
    assert screen.pixels() != wave
    found = model(screen, tmp_path)["drives"]["evprox1"]["mu"]
    assert found == pytest.approx(screen.number("Arrival", "evprox1"), abs=0.05)


# --- in space -------------------------------------------------------------------------------------


def test_a_cell_is_chosen_in_space(play, server):
    browser = play.chromium.launch(executable_path=CHROMIUM, args=QUIET)
    with looking(browser, server.address) as screen:
        screen.settled()
        page = screen.page
        page.get_by_role("button", name="top", exact=True).click()
        space = page.locator("canvas[aria-label^='The cells of the column in space']")
        space.wait_for()
        note = page.locator(".status-note")
        x, y = middle(space)
        said = re.compile(r"L[25] (pyramidal|basket) \d+ (fires at [\d., ]+ ms|does not fire)")
        # cells stand on a grid, seen from above: a walk over the picture meets one
        for k in range(400):
            page.mouse.click(x + 12 * (k % 20 - 10), y + 12 * (k // 20 - 10))
            if said.fullmatch(note.inner_text()):
                break
        assert said.fullmatch(note.inner_text()), note.inner_text()
    browser.close()


def test_an_electrode_is_placed_and_what_it_sees_changes(screen, tmp_path):
    for label, value in (("x, µm", 120), ("y, µm", 80), ("Lowest, µm", -200), ("Spacing, µm", 90)):
        with screen.changes("lfp"):
            screen.type(f"shank: {label}", value)
    found = model(screen, tmp_path)["electrodes"]["shank"]["positions"]
    assert found[0] == [120, 80, -200]
    assert found[1] == [120, 80, -110]


def test_an_electrode_row_that_is_added_is_as_the_first_one(screen, tmp_path):
    """It was read at every step, which made dragging slow, and stood in the midst of somata."""
    before = screen.drawn()
    screen.page.get_by_title("One more row of electrodes").click()
    screen.settled(before)
    first, second = model(screen, tmp_path)["electrodes"].values()
    assert second["every"] == first["every"] == 0.1
    (x, y, z), other = first["positions"][0], second["positions"][0]
    assert other == [x + 50, y, z]


# --- electrodes in the picture of the column ------------------------------------------------------


def shank(screen):
    """Where its fields say that it is: x, y and its lowest contact."""
    fields = (screen.field(f"shank: {name}, µm") for name in ("x", "y", "Lowest"))
    return tuple(float(f.input_value().replace("−", "-")) for f in fields)


def place(screen):
    screen.page.get_by_role("button", name="Place shank by clicking in the column").click()
    screen.page.locator(".probe.active circle").first.wait_for()


def test_electrodes_are_placed_dragged_and_moved_by_keys_in_the_column(screen, tmp_path):
    page, before = screen.page, shank(screen)
    steps = page.locator(".status-note")
    place(screen)
    picture = page.locator("[data-panel=column] canvas")
    x, y = middle(picture)
    with screen.changes("lfp"):
        page.mouse.click(x + 60, y + 30)
    clicked = shank(screen)
    assert clicked[0] > before[0]
    assert clicked[0] % 5 == 0
    assert clicked[1] == before[1]
    assert steps.inner_text().startswith("shank: x ")
    found = model(screen, tmp_path)["electrodes"]["shank"]["positions"]
    assert tuple(found[0]) == clicked
    assert {tuple(p[:2]) for p in found} == {clicked[:2]}
    contact = middle(page.locator(".probe.active circle").nth(8))
    assert max(abs(a - b) for a, b in zip(contact, (x + 60, y + 30), strict=True)) < 3
    with screen.changes("lfp"):
        drag(page, contact, (contact[0] - 90, contact[1] - 20), steps=8)
    dragged = shank(screen)
    assert dragged[0] < clicked[0]
    assert dragged[2] > clicked[2]
    page.locator(".probe.active").focus()
    with screen.changes("lfp"):
        page.keyboard.press("ArrowRight")
    assert shank(screen) == (dragged[0] + 10, *dragged[1:])
    # a key, a drag and a click are a step each
    for place_before in (dragged, clicked, before):
        page.keyboard.press("Control+z")
        screen.until(lambda at=place_before: shank(screen) == at)
    page.keyboard.press("Escape")
    screen.until(lambda: page.locator(".probe.active").count() == 0)
    page.mouse.click(x, y)
    assert shank(screen) == before


def test_electrodes_are_placed_in_space(play, server):
    browser = play.chromium.launch(executable_path=CHROMIUM, args=QUIET)
    with looking(browser, server.address) as screen:
        screen.settled()
        page, before = screen.page, shank(screen)
        page.locator("[data-panel=column] .column-layer").first.wait_for()
        page.get_by_role("button", name="front", exact=True).click()
        place(screen)
        space = page.locator("canvas[aria-label^='The cells of the column in space']")
        x, y = middle(space)
        with screen.changes("lfp"):
            page.mouse.click(x - 30, y)
        placed = shank(screen)
        assert placed[0] < before[0]
        at = middle(page.locator(".probe.active circle").nth(8))
        assert max(abs(a - b) for a, b in zip(at, (x - 30, y), strict=True)) < 3
        # a hand that turns the column places nothing
        drag(page, (x + 40, y), (x + 90, y))
        assert shank(screen) == placed
        turned = middle(page.locator(".probe.active circle").nth(8))
        with screen.changes("lfp"):
            drag(page, turned, (turned[0], turned[1] - 40), steps=6)
        assert shank(screen)[2] > placed[2]
        # seen from above, height stays
        height = shank(screen)[2]
        page.get_by_role("button", name="top", exact=True).click()
        with screen.changes("lfp"):
            page.mouse.click(x + 50, y + 20)
        assert shank(screen)[2] == height
        assert shank(screen)[1] != before[1]
    browser.close()
