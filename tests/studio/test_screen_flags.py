"""Flags on the wave, in Chromium: a hand on any input's flag changes what is simulated."""

import itertools

import pytest

from screen import drag, middle

pytestmark = pytest.mark.slow


def add(screen, kind):
    """Add a drive of some kind."""
    before = screen.drawn()
    screen.page.get_by_role("button", name="Add a drive").click()
    screen.page.get_by_role("menuitem", name=kind).click()
    screen.settled(before)


def handle(screen, name):
    """A knob or an edge by its name."""
    return screen.page.locator(f"[role=slider][aria-label='{name}']")


def moved(screen, name, dx, dy=0):
    """Drag a knob or an edge, which changes the wave."""
    x, y = middle(handle(screen, name))
    with screen.changes():
        drag(screen.page, (x, y), (x + dx, y + dy))


def now(screen, name):
    return float(handle(screen, name).get_attribute("aria-valuenow"))


def stop(screen, name):
    return screen.page.locator(f"[data-drive={name}] input[aria-label='Stop, ms']")


def test_an_evoked_drives_flag_is_arrival_strength_and_spread(screen):
    page = screen.page
    moved(screen, "D1 arrival", 60)
    assert screen.number("Arrival", "evdist1") > 66
    assert screen.number("Strength", "evdist1") == 1
    moved(screen, "D1 arrival", 0, -40)
    assert screen.number("Strength", "evdist1") > 1.2
    before = screen.number("Spread", "evdist1")
    moved(screen, "D1 spread, late edge", 30)
    assert screen.number("Spread", "evdist1") > before + 1
    with screen.changes():
        handle(screen, "D1 arrival").dblclick()
    assert screen.value_of("Arrival", "evdist1") == "63.5 ms"
    assert screen.value_of("Strength", "evdist1") == "× 1.00"
    # two steps of a double click are one of the history
    page.keyboard.press("Control+z")
    screen.until(lambda: screen.number("Strength", "evdist1") > 1.2)


def test_a_rhythms_flag_is_its_start_strength_spread_and_end(screen):
    add(screen, "Rhythm, proximal")
    name = "rhythmprox1"
    bursts = screen.page.locator(".flag-mark")
    first = bursts.count()
    assert first == 1  # at 10 Hz, 50 ms: another at 150 ms
    assert screen.number("Start", name) == 50
    moved(screen, "Pr1 start", -60)
    assert screen.number("Start", name) < 48
    moved(screen, "Pr1 start", 0, -45)
    assert screen.number("Strength", name) > 1.2
    moved(screen, "Pr1 spread, late edge", 30)
    assert screen.number("Spread", name) > 6
    assert stop(screen, name).input_value() == "end of run"
    moved(screen, "Pr1 ends", -150)
    assert 100 < float(stop(screen, name).input_value()) < 150
    assert bursts.count() == 0 or now(screen, "Pr1 ends") > now(screen, "Pr1 start") + 100
    moved(screen, "Pr1 ends", 400)
    assert stop(screen, name).input_value() == "end of run"


def test_noise_has_a_window(screen):
    add(screen, "Poisson, distal")
    name = "poissondist1"
    moved(screen, "Dn1 ends", -200)
    end = float(stop(screen, name).input_value())
    assert 100 < end < 160
    moved(screen, "Dn1 begins", 100)
    begin = screen.number("Start", name)
    assert begin > 10
    assert float(stop(screen, name).input_value()) == end
    # the knob moves the window as a whole
    moved(screen, "Dn1 start", -30)
    assert screen.number("Start", name) < begin
    assert float(stop(screen, name).input_value()) - now(screen, "Dn1 start") == pytest.approx(
        end - begin, abs=0.6
    )
    moved(screen, "Dn1 start", 0, -45)
    assert screen.number("Strength", name) > 1.2


def test_given_spikes_are_shifted_together(screen):
    add(screen, "Spike times, proximal")
    times = screen.page.get_by_label("trainprox1: spike times, ms")
    with screen.changes():
        times.fill("40 45.5")
        times.press("Enter")
    moved(screen, "Pt1 shift", 60)
    first, second = (float(t) for t in times.input_value().split())
    assert first > 43
    assert second - first == pytest.approx(5.5)
    assert now(screen, "Pt1 shift") == first


def test_a_currents_flag_is_its_window_and_its_size(screen):
    add(screen, "Tonic current")
    name = "bias1"
    assert screen.number("Current", name) == 0.2
    moved(screen, "I1 start", 0, -90)
    assert screen.number("Current", name) > 0.3
    moved(screen, "I1 begins", 200)
    assert screen.number("Start", name) > 20
    moved(screen, "I1 ends", -200)
    assert float(stop(screen, name).input_value()) < 150
    with screen.changes():
        stop(screen, name).fill("60")
        stop(screen, name).press("Enter")
    assert now(screen, "I1 ends") == 60
    with screen.changes():
        screen.page.get_by_label("bias1: population").select_option("L2_pyramidal")
    before = screen.drawn()
    screen.page.get_by_role("button", name="Current bias1: more").click()
    screen.page.get_by_role("menuitem", name="Remove").click()
    screen.settled(before)
    assert handle(screen, "I1 start").count() == 0


def test_flags_are_walked_with_the_keyboard(screen):
    add(screen, "Poisson, distal")
    knob = handle(screen, "Dn1 start")
    knob.focus()
    with screen.changes():
        for _ in range(5):
            knob.press("Alt+ArrowLeft")
    assert stop(screen, "poissondist1").input_value() == "165"
    with screen.changes():
        knob.press("ArrowUp")
    assert screen.number("Strength", "poissondist1") == 1.05
    with screen.changes():
        knob.press("Delete")
    assert stop(screen, "poissondist1").input_value() == "end of run"


def test_knobs_of_inputs_that_come_together_lie_beside_each_other(screen):
    for _ in range(3):
        add(screen, "Poisson, distal")
    boxes = [handle(screen, f"Dn{n} start").bounding_box() for n in (1, 2, 3)]
    for left, right in itertools.pairwise(boxes):
        assert left["x"] + left["width"] <= right["x"]
