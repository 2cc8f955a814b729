"""A run as it grows: what has come, and what of it has not been sent yet."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from apical.plan.extracellular import steps_between
from apical.studio.messages import Chunk
from apical.studio.potentials import Potentials
from apical.studio.waves import as_shown, looked_at, names_of, rows_of, window_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from apical.model import Network
    from apical.recorded import RecordedPotentials
    from apical.result import Result
    from apical.studio.setup import View
    from apical.watch import Chunk as Stretch


class Growing:
    """Dipoles, potentials and spikes of the first trial, as far as they are known.

    Parameters
    ----------
    rows : sequence of str
        Names of the rows of dipoles.
    samples : int
        How many there will be.
    dt : float, ms
        Distance of samples.
    """

    def __init__(self, rows: tuple[str, ...], samples: int, dt: float) -> None:
        self.names, self.dt = rows, dt
        self._rows = np.zeros((len(rows), samples))
        self._spikes = {"time": np.zeros(0)} | {k: np.zeros(0, int) for k in ("source", "cell")}
        self._sources: tuple[str, ...] = ()
        self._potentials: dict[str, Potentials] = {}
        # samples of this run, and of an earlier one after them
        self._reached = self._filled = 0
        self._time, self._fraction = 0.0, 0.0
        self.anew()

    @classmethod
    def of(cls, result: Result) -> Growing:
        """Return what is whole: the mean of dipoles over trials, spikes of the first."""
        whole = cls(names_of(result.network), result.time.size, result.provenance["dt"])
        first = result.arrays.spikes["trial"] == 0
        spikes = {name: result.arrays.spikes[name][first] for name in whole._spikes}
        whole._rows[:] = rows_of(result.arrays.dipole)
        whole._spikes = spikes
        whole._reached, whole._time, whole._fraction = result.time.size, float(result.time[-1]), 1.0
        return whole

    @property
    def shape(self) -> tuple[tuple[str, ...], int, float]:
        """What another run must have in common to go on with this."""
        return self.names, self._rows.shape[1], self.dt

    @property
    def unsent(self) -> float:
        """Time (ms) up to which everything has been sent."""
        return min(self._since, self._next * self.dt)

    def anew(self) -> None:
        """Send everything again: the screen shows something else."""
        self._next, self._since, self._fresh = 0, -self.dt, True
        for each in self._potentials.values():
            each.anew()

    def name_sources(self, sources: tuple[str, ...]) -> None:
        """Say what sends spikes; their numbers change as drives come and go."""
        if sources == self._sources:
            return
        place = {name: k for k, name in enumerate(sources)}
        number = np.array([place.get(name, -1) for name in self._sources], int)
        renumbered = number[self._spikes["source"].astype(int)]
        there = renumbered >= 0
        self._spikes = {k: v[there] for k, v in {**self._spikes, "source": renumbered}.items()}
        self._sources = sources
        self.anew()

    def add(self, chunk: Stretch, view: View) -> None:
        """Take a stretch in place of what was there."""
        arrays = chunk.arrays
        first = round(float(arrays.time[0]) / self.dt)
        self._reached = first + arrays.time.size
        self._filled = max(self._filled, self._reached)
        self._rows[:, first : self._reached] = rows_of(arrays.dipole)
        self._next = min(self._next, max(0, first - self._reach(view)))
        self._since = min(self._since, chunk.since)
        self._take_spikes(arrays.spikes, chunk.since)
        self._take_potentials(arrays.lfp, chunk.new.network)
        self._time, self._fraction, self._fresh = chunk.time, chunk.fraction, True

    def take(
        self, id: int, view: View, *, potentials: bool = True
    ) -> tuple[Chunk, dict[str, np.ndarray]] | None:
        """Return a frame with what can be sent, potentials if wanted; None if there is nothing.

        What smoothing takes in beyond the last sample is still that of an earlier run: such
        samples are sent again with the next ones. Without an earlier run, they wait.
        """
        first, last = self._next, self._reached
        if last < self._rows.shape[1]:
            last = min(last, self._filled - self._reach(view))
        if not self._fresh or first >= last:
            return None
        new = self._spikes["time"] > self._since
        kinds = {"time": "<f4", "source": "<u2", "cell": "<i4"}
        arrays = {f"spike_{name}": self._spikes[name][new].astype(k) for name, k in kinds.items()}
        frame = Chunk(
            id=id, first=first, since=self._since, time=self._time, fraction=self._fraction,
            names=self.names, electrodes=(electrodes := looked_at(self._potentials, view)),
        )  # fmt: skip
        arrays["dipole"] = self._shown(first, last, view).astype("<f4")
        if electrodes and potentials:
            fields, more = self._potentials[electrodes].take()
            frame, arrays = frame.model_copy(update=fields), arrays | more
        self._next, self._since, self._fresh = last, math.inf, False
        return frame, arrays

    def _reach(self, view: View) -> int:
        """Return how many samples on either side smoothing takes in."""
        samples = window_of(view, self.dt)
        return samples // 2 + 1 if samples else 0

    def _shown(self, first: int, stop: int, view: View) -> np.ndarray:
        """Return samples as the view says, as if the whole had been smoothed."""
        room = window_of(view, self.dt)
        low, high = max(0, first - room), min(self._rows.shape[1], stop + room)
        if high - low < 2:
            return self._rows[:, first:stop] * view.scale
        time = np.arange(low, high) * self.dt
        return as_shown(self._rows[:, low:high], time, view).values[:, first - low : stop - low]

    def _take_spikes(self, spikes: Mapping[str, np.ndarray], since: float) -> None:
        """Put spikes in place of all that are later than `since`."""
        old = self._spikes["time"] <= since
        self._spikes = {
            name: np.concatenate([values[old], spikes[name]])
            for name, values in self._spikes.items()
        }

    def _take_potentials(self, new: Mapping[str, RecordedPotentials], network: Network) -> None:
        """Take what electrode arrays have seen."""
        before, self._potentials = self._potentials, {}
        for name, stretch in new.items():
            every = steps_between(network.electrodes[name], self.dt)
            samples = (self._rows.shape[1] - 1) // every + 1
            known = before.get(name)
            if known is None or not known.fits(stretch, samples):
                known = Potentials(stretch, samples)
            if stretch.time.size:
                known.add(stretch, round(float(stretch.time[0]) / (every * self.dt)))
            self._potentials[name] = known
