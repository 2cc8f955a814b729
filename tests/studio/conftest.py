"""One server, one browser and one page for the tests of the screen; small networks: quick hands."""

import os
import time
from pathlib import Path

import pytest

import apical


@pytest.fixture(scope="session")
def play():
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    from apical.studio.serve import STATIC
    from screen import CHROMIUM

    if CHROMIUM is None:
        pytest.skip("Chromium is not installed: the studio's screen is not tested")
    if not (STATIC / "index.html").exists():
        pytest.skip("the studio's page was not built (node is missing): it is not tested")
    with api.sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def chromium(play):
    """A browser without WebGL, which takes most of a processor where there is no graphics card."""
    from screen import CHROMIUM, QUIET

    browser = play.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, "--disable-3d-apis"])
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    """A small column as a model file, and a recording of what it does with another input."""
    folder = tmp_path_factory.mktemp("studio")
    network = apical.models.load("erp").scale((3, 3))
    (folder / "small.json").write_text(network.to_json(), encoding="utf-8")
    other = network.set({"drives.evprox1.mu": 32.0, "drives.evdist1.mu": 70.0})
    result = apical.simulate(other, precision="single").smooth(30).scale(3000)
    apical.write_dipole(folder / "recorded.txt", result.total().isel(trial=0, drop=True))
    return folder


@pytest.fixture(scope="session")
def server(files, play):
    from screen import serving

    with serving(str(files / "small.json")) as running:
        yield running


@pytest.fixture(scope="session")
def page_of_all(chromium, server):
    from screen import looking

    with looking(chromium, server.address) as page:
        page.settled()
        yield page


@pytest.fixture
def screen(page_of_all):
    """The page as it is when it is opened for the first time."""
    page_of_all.begin()
    yield page_of_all
    page_of_all.check()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Keep a picture of a page on which a test has failed, where they are wanted."""
    report = yield
    folder = os.environ.get("APICAL_SCREENSHOTS")
    page = getattr(item, "funcargs", {}).get("page_of_all")
    if report.failed and folder and page:
        page.page.screenshot(path=str(Path(folder) / f"{item.name}-{time.time_ns()}.png"))
    return report
