"""How quickly does the studio follow the hand? Measured in Chromium, from key press to pixels.

    python benchmarks/studio.py

Beside the real engine stands one that takes 0.3 s for a run whatever the machine does: what it
shows is the cost of everything else. Figures of a machine that does other things are marked.
"""

import argparse
import dataclasses
import os
import re
import shutil
import statistics
import subprocess
import sys
import threading
import time

SECONDS = 0.3
LOOK = 0.02
TOKEN = "the-secret-of-the-benchmarks"
DRAG, EVERY = 4.0, 0.05
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
#: Figures of design §8a, from a prototype: first pixel, whole screen (ms), updates/s, kB each.
BEFORE = {"first pixel, ms": 53, "whole screen, ms": 181, "updates/s": 33, "kB each": 191}


# --- the engine of 0.3 s --------------------------------------------------------------------------


class Paced:
    """What `apical.watch` returns, with a run that was made before: so fast and no faster."""

    whole = None

    def __init__(self, network, duration, **options):
        import apical

        if Paced.whole is None:
            options.pop("pace")
            Paced.whole = apical.simulate(network, duration, **options)
        self._network, self._at, self._from = network, 0.0, 0.0
        self._stopped = threading.Event()

    @property
    def done(self):
        return self._at >= self._end

    @property
    def _end(self):
        return float(self.whole.time[-1])

    @property
    def _factor(self):
        """The moved time of arrival (ms) is seen in the whole wave."""
        return 1 + 0.05 * (self._network.drives["evdist1"].mu - 63)

    def change(self, network):
        pairs = [(self._network.drives[n], network.drives[n]) for n in network.drives]
        moved = [min(a.mu, b.mu) - 3 * a.sigma for a, b in pairs if a != b]
        since = max(0.0, min(moved, default=self._at))
        self._network = network
        self._at = self._from = min(since, self._at)
        return self._at

    def resume(self):
        self._stopped.clear()
        return self

    def stop(self):
        self._stopped.set()

    close = stop

    def result(self):
        return self.whole.scale(self._factor)

    def __iter__(self):
        share = LOOK / SECONDS * self._end
        while not self.done and not self._stopped.wait(LOOK):
            since, self._at = self._at, min(self._at + share, self._end)
            yield self._stretch(since)

    def _stretch(self, since):
        from types import SimpleNamespace

        arrays = self.whole.arrays
        some = (arrays.time > since) & (arrays.time <= self._at)
        times = arrays.spikes["time"]
        heard = (times > since) & (times <= self._at)
        new = SimpleNamespace(
            time=arrays.time[some], dipole=self._factor * arrays.dipole[..., some],
            spikes={name: column[heard] for name, column in arrays.spikes.items()},
            lfp={name: self._seen(each, since) for name, each in arrays.lfp.items()},
        )  # fmt: skip
        return SimpleNamespace(
            arrays=new, new=SimpleNamespace(network=self._network),
            since=since, time=self._at, fraction=self._at / self._end,
        )  # fmt: skip

    def _seen(self, array, since):
        some = (array.time > since) & (array.time <= self._at)
        return dataclasses.replace(array, time=array.time[some], values=array.values[..., some])


def serve_paced():
    """Serve a studio whose engine is paced; runs in a process of its own."""
    import apical
    from apical.studio.live import Session
    from apical.studio.serve import Where, serve
    from apical.studio.setup import opening

    setup, view = opening(apical.models.load("erp"), "erp")
    # the run is made before anybody waits for it
    Paced(setup.network({}), setup.duration, dt=setup.dt, precision="single", pace=LOOK)
    serve(
        lambda send: Session(send, setup=setup, view=view, watch=Paced), Where(port=0),
        lambda text: print(text, flush=True), browse=False,
    )  # fmt: skip


# --- the browser ----------------------------------------------------------------------------------

#: Notes when a key was pressed, and every change of the dipole's pixels and of what is whole.
WATCHER = """() => {
  const seen = window.seen = { bytes: 0, first: null, updates: 0, pressed: 0, changed: null,
                               chunk: null, simulated: null, whole: null };
  const Real = window.WebSocket;
  window.WebSocket = class extends Real {
    constructor(...given) {
      super(...given);
      this.addEventListener('message', e => {
        seen.bytes += e.data.byteLength;
        const length = new DataView(e.data).getUint32(0, true);
        const head = new TextDecoder().decode(new Uint8Array(e.data, 4, length));
        if (/"type": ?"(chunk|done)"/.test(head)) seen.chunk = performance.now();
      });
    }
  };
  const small = document.createElement('canvas');
  const pen = small.getContext('2d', { willReadFrequently: true });
  let before = '';
  const picture = () => {
    const plots = document.querySelectorAll('[data-panel=dipole] canvas');
    if (!plots.length) return '';
    [small.width, small.height] = [800, 240];
    for (const plot of plots) if (plot.width) pen.drawImage(plot, 0, 0, 800, 240);
    let sum = 0;
    for (const pixel of new Uint32Array(pen.getImageData(0, 0, 800, 240).data.buffer)) {
      sum = (sum * 31 + pixel) | 0;
    }
    return String(sum);
  };
  addEventListener('keydown', () => {
    if (seen.pressed) return;
    Object.assign(seen, { pressed: performance.now(), changed: null, chunk: null,
                          simulated: null, whole: null });
    document.documentElement.dataset.digest = '';
  }, true);
  const step = () => {
    const now = performance.now();
    const next = picture();
    if (next !== before) {
      before = next;
      seen.updates++;
      if (seen.pressed) seen.changed ??= now;
      if (seen.pressed && seen.chunk) seen.simulated ??= now;
    }
    if (document.documentElement?.dataset.digest) {
      seen.first ??= now;
      if (seen.pressed) seen.whole ??= now;
    }
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}"""


def cpu(browser):
    """Seconds of processor time of the browser and all of its processes."""
    session = browser.new_browser_cdp_session()
    found = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    return sum(process["cpuTime"] for process in found)


def settled(page):
    page.wait_for_function("() => document.documentElement.dataset.digest")
    page.wait_for_timeout(1500)  # what is done in idle time


def press(page, key):
    """Press a key once; return ms to the first changed pixel, simulated one, and all of them."""
    page.evaluate("seen.pressed = 0")
    page.keyboard.press(key)
    page.wait_for_function("() => seen.changed && seen.whole", timeout=60_000)
    seen = page.evaluate("seen")
    return [(seen[k] or seen["whole"]) - seen["pressed"] for k in ("changed", "simulated", "whole")]


def drag(page, browser):
    """Press arrow keys as a hand drags; return updates/s, kB and CPU s of each."""
    page.evaluate("Object.assign(seen, { updates: 0, bytes: 0 })")
    used, start, k = cpu(browser), time.monotonic(), 0
    while (late := time.monotonic() - start) < DRAG:
        page.keyboard.press("Shift+ArrowRight")
        k += 1
        time.sleep(max(0.0, k * EVERY - late))
    seconds = time.monotonic() - start
    seen, used = page.evaluate("seen"), cpu(browser) - used
    updates = max(seen["updates"], 1)
    return {
        "updates/s": updates / seconds, "kB each": seen["bytes"] / 1e3 / updates,
        "browser CPU each, ms": 1e3 * used / updates, "keys/s": k / seconds,
    }  # fmt: skip


def measure(address, presses):
    """Return what one studio does."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.add_init_script(f"({WATCHER})()")
        page.goto(address)
        settled(page)
        weight = page.evaluate(
            "performance.getEntriesByType('resource').concat("
            "performance.getEntriesByType('navigation')).reduce((n, e) => n + e.transferSize, 0)"
        )
        first = page.evaluate("seen.first")
        slider = page.locator("[data-drive=evdist1] input[type=range]").first
        slider.focus()
        steps = []
        for _ in range(presses):
            # always on: what was run before is kept, and comes at once
            steps.append(press(page, "ArrowRight"))
            settled(page)
        found = drag(page, browser)
        browser.close()
    pixel, simulated, whole = (statistics.median(times) for times in zip(*steps, strict=True))
    return {
        "first pixel, ms": pixel, "first simulated pixel, ms": simulated,
        "whole screen, ms": whole, **found,
        "page, kB": weight / 1e3, "first response, s": first / 1e3,
    }  # fmt: skip


def studio(command):
    """Start a studio; return its process and address."""
    environment = {**os.environ, "APICAL_STUDIO_TOKEN": TOKEN, "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    for line in process.stdout:
        if found := re.search(r"http://\S+", line):
            return process, found[0]
    raise SystemExit(f"{command} did not start")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--presses", type=int, default=10, help="single key presses")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve_paced()
        return
    engines = {
        f"engine of {SECONDS} s": [sys.executable, __file__, "--serve"],
        "real engine": [
            sys.executable, "-m", "apical", "studio", "erp", "--no-browser", "--port", "0",
        ],
    }  # fmt: skip
    load, found = os.getloadavg()[0], {"design §8a": BEFORE}
    for name, command in engines.items():
        process, address = studio(command)
        try:
            found[name] = measure(address, options.presses)
        finally:
            process.kill()
    busy = "" if load < 0.5 else ": UNDER LOAD, not comparable"
    print(f"Load before: {load:.1f} on {os.cpu_count()} cores{busy}\n")
    print("| | " + " | ".join(found) + " |")
    print("|---" * (1 + len(found)) + "|")
    for row in found["real engine"]:
        cells = [f"{f[row]:.3g}" if row in f else "–" for f in found.values()]
        print(f"| {row} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
