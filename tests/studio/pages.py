"""What tests of sessions share: a page that answers like a browser, and a small network."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager

import numpy as np

from apical import DriveTarget, EvokedDrive, Projection, SpikeTrainDrive, laminar
from apical.studio.frames import decode
from apical.studio.live import Session
from apical.studio.setup import Setup, View
from apical.testing.networks import cable, one_cell

DT, DURATION = 0.05, 16.0


def small(electrodes=None):
    """Two cells that spike and excite each other, with two drives."""
    cell = cable({"hh": {}}, 3, L=60.0, diam=5.0, receptors={"excitation": 0.9}, v0=-65.0)
    target = {"cells": DriveTarget(weights={"excitation": 0.01}, delay=0.3)}
    return one_cell(
        cell, n=2, celsius=6.3, recordings={}, electrodes=electrodes or {},
        projections={
            "cells>cells": Projection(
                source="cells", target="cells", location="cable", receptor="excitation",
                weight=0.002, delay=1.0, autapses=False,
            )
        },
        drives={
            "early": EvokedDrive(mu=3, sigma=1, location="cable", kernel=None, targets=target),
            "late": SpikeTrainDrive(
                trains=[[9.0, 12.0]], location="cable", kernel=None, targets=target
            ),
        },
    )  # fmt: skip


def with_shank():
    return small({"shank": laminar(20, 0, lowest=-20, spacing=20, electrodes=6)})


def setup_of(**given):
    given = {"model": "small", "duration": DURATION, "dt": DT, **given}
    return Setup(**given)


class Page:
    """Takes frames, and answers that it has drawn them unless it is told not to."""

    def __init__(self, draws=True, **given):
        self.frames, self._changed, self.draws = [], threading.Condition(), draws
        self._id = 0
        given = {"uploaded": {"small": small(), "shank": with_shank()}, **given}
        self.session = Session(self._take, **given)

    def _take(self, data):
        header, arrays = decode(data)
        with self._changed:
            self.frames.append((header, arrays))
            self._changed.notify_all()
        if self.draws and header["type"] in ("chunk", "done"):
            self.send(type="drawn", seq=header["seq"])

    def send(self, **message):
        self.session.receive(json.dumps(message))

    def simulate(self, setup=None, view=None, **values):
        setup = setup or setup_of(values=values)
        return self._ask("simulate", setup=setup.model_dump(mode="json"), view=view)

    def look(self, view):
        return self._ask("look", view=view)

    def fit(self, setup, view, **given):
        return self._ask("fit", setup=setup.model_dump(mode="json"), view=view, **given)

    def _ask(self, kind, view, **more):
        self._id += 1
        view = (view or View()).model_dump(mode="json")
        self.send(type=kind, id=self._id, view=view, **more)
        return self._id

    def wait(self, kind, id=None, n=1, seconds=200.0):
        """Return the n-th frame of a kind, and of a request."""
        end = time.monotonic() + seconds
        with self._changed:
            while len(found := self.of(kind, id)) < n:
                if not self._changed.wait(max(0.0, end - time.monotonic())):
                    seen = [(h["type"], h.get("id")) for h, _ in self.frames]
                    raise TimeoutError(f"no {kind} of {id} among {seen}")
            return found[n - 1]

    def of(self, kind, id=None):
        """Return the frames of a kind."""
        return [f for f in list(self.frames)
                if f[0]["type"] == kind and id in (None, f[0].get("id"))]  # fmt: skip


@contextmanager
def page(**given):
    """Yield a page, and end its session."""
    made = Page(**given)
    try:
        made.session.greet()
        yield made
    finally:
        made.session.close()
        assert not made.session._thread.is_alive()


class Screen:
    """Draws chunks as a browser does."""

    def __init__(self):
        self.wave, self.spikes = np.zeros((0, 0)), np.zeros((0, 3))

    def draw(self, header, arrays, samples):
        new, first = arrays["dipole"], header["first"]
        if len(self.wave) != len(new):
            self.wave = np.full((len(new), samples), np.nan)
        self.wave[:, first : first + new.shape[1]] = new
        columns = [arrays[f"spike_{c}"] for c in ("time", "source", "cell")]
        kept = self.spikes[self.spikes[:, 0] <= np.float32(header["since"])]
        self.spikes = np.concatenate([kept, np.stack(columns, axis=1)])
