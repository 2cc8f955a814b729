"""A studio in a real browser, driven as a hand would: every wait is for what is drawn."""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import time

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync",
    "--disable-component-update", "--no-first-run", "--disable-quic",
]  # fmt: skip
TOKEN = "the-secret-of-the-tests-of-the-studio"
#: Enough for the first run ever, which compiles, on a slow machine.
PATIENCE = 60_000


class Server:
    """``apical studio``, as it is started on a command line."""

    def __init__(self, *arguments, port=0):
        command = [sys.executable, "-m", "apical", "studio", *arguments, "--no-browser"]
        environment = {**os.environ, "APICAL_STUDIO_TOKEN": TOKEN, "PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(
            [*command, "--port", str(port)], env=environment, text=True, encoding="utf-8",
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        line = self.process.stdout.readline()
        found = re.search(r"http://\S+", line)
        assert found, line + self.process.stdout.read()
        self.address = found[0]
        self.port = int(re.search(r":(\d+)/", self.address)[1])

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


@contextlib.contextmanager
def serving(*arguments, port=0):
    server = Server(*arguments, port=port)
    try:
        yield server
    finally:
        server.kill()


class Screen:
    """One page, and what goes wrong on it."""

    def __init__(self, browser, address, width=1440, height=900, scheme="dark"):
        self.context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, accept_downloads=True,
        )  # fmt: skip
        self.page = self.context.new_page()
        self.errors, self.foreign = [], []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._note)
        self.page.on("request", self._look)
        self.page.set_default_timeout(PATIENCE)
        self.page.goto(address)
        self.address = address

    def begin(self):
        """Load the page anew, as if nothing had been done; its session keeps what it has run."""
        self.page.evaluate("""() => {
          // what is about to be remembered is not
          Storage.prototype.setItem = () => {};
          localStorage.clear();
          sessionStorage.removeItem("apical-studio-history");
          if (document.querySelector(".recording")) sessionStorage.clear();
        }""")
        self.page.mouse.move(0, 0)
        self.errors.clear()
        self.foreign.clear()
        self.page.goto(self.address)
        self.settled()

    def _note(self, message):
        # a server that was ended is no fault of the page, nor is a file that the server refuses
        fine = ("WebSocket", "ERR_CONNECTION", "status of 400", "status of 409")
        if message.type == "error" and not any(words in message.text for words in fine):
            self.errors.append(message.text)

    def _look(self, request):
        if not re.match(r"(https?|wss?)://(127\.0\.0\.1|localhost)[:/]|data:|blob:", request.url):
            self.foreign.append(request.url)

    # --- waiting -----------------------------------------------------------------------------

    def data(self, name):
        return self.page.evaluate(f"document.documentElement.dataset[{name!r}] ?? ''")

    def drawn(self):
        return int(self.data("drawn") or 0)

    def settled(self, after=-1):
        """Wait until a frame later than `after` is drawn, and all of the run is on the screen."""
        self.page.wait_for_function(
            "n => Number(document.documentElement.dataset.drawn ?? -1) > n"
            " && document.documentElement.dataset.state === 'live'"
            " && document.documentElement.dataset.digest",
            arg=after,
        )

    @contextlib.contextmanager
    def changes(self, panel="dipole"):
        """What is done within shows: another frame is drawn, and pixels of a panel differ."""
        before, pixels = self.drawn(), self.pixels(panel)
        yield
        self.settled(before)
        self.until(lambda: self.pixels(panel) != pixels)
        # what differs may be the beginning of the run that was asked for
        self.settled()

    def until(self, holds, seconds=30):
        """Look again and again, as fast as frames are drawn."""
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, "it never came to hold"
            self.page.evaluate("() => new Promise(done => requestAnimationFrame(done))")

    # --- looking -----------------------------------------------------------------------------

    def pixels(self, panel="dipole"):
        """The picture of a panel's plot, without pointers, flags and crosshairs."""
        return self.page.evaluate(
            "name => [...document.querySelectorAll(`[data-panel=${name}] canvas`)]"
            ".map(c => c.toDataURL()).join()",
            panel,
        )

    def value_of(self, label, drive=None):
        """What a slider says, in words."""
        return self.slider(label, drive).get_attribute("aria-valuetext")

    def number(self, label, drive=None):
        """The number that a slider says."""
        said = re.search(r"[−-]?[\d.]+", self.value_of(label, drive))[0]
        return float(said.replace("−", "-"))

    def slider(self, label, drive=None):
        """The slider of a label; within a drive's card if one is named."""
        box = self.page.locator(f"[data-drive={drive}]") if drive else self.page
        return box.locator(f"input[type=range][aria-label='{label}']").first

    def score(self, name):
        return self.page.locator(f"[data-score={name}]").inner_text()

    def field(self, label, drive=None):
        """The number beside a slider; within a drive's card if one is named."""
        box = self.page.locator(f"[data-drive={drive}]") if drive else self.page
        return box.locator(f"input[type=text][aria-label='{label}']").first

    def type(self, label, text, drive=None):
        """Type a number."""
        field = self.field(label, drive)
        field.fill(str(text))
        field.press("Enter")

    def check(self):
        """Nothing may have gone wrong, and nothing may have been asked of anybody else."""
        assert self.errors == [], self.errors
        assert self.foreign == [], self.foreign

    def close(self):
        self.context.close()
        self.check()


@contextlib.contextmanager
def looking(browser, address, **options):
    """Open a page; at the end nothing may have gone wrong on it."""
    screen = Screen(browser, address, **options)
    try:
        yield screen
    except BaseException:
        screen.context.close()
        raise
    screen.close()


def drag(page, start, end, steps=4):
    """Press, move and let go."""
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=steps)
    page.mouse.up()


def middle(locator):
    """Where one would press."""
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
