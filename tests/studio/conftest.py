"""One server and one browser for all tests of the screen; small networks, so that hands are quick."""

import pytest

import apical


@pytest.fixture(scope="session")
def chromium():
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    from apical.studio.serve import STATIC
    from screen import CHROMIUM, QUIET

    if CHROMIUM is None:
        pytest.skip("Chromium is not installed: the studio's screen is not tested")
    if not (STATIC / "index.html").exists():
        pytest.skip("the studio's page was not built (node is missing): it is not tested")
    with api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=QUIET)
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
def server(files, chromium):
    from screen import serving

    with serving(str(files / "small.json")) as running:
        yield running


@pytest.fixture
def screen(chromium, server):
    from screen import looking

    with looking(chromium, server.address) as page:
        page.settled()
        yield page
