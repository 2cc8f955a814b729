"""What is sampled of one population of all members: asked for at the start, kept on the way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from apical.engines.base import Member
from apical.engines.cuda.device import launch, room, to_device
from apical.engines.cuda.layout import REAL, Layout, distinct_of, places, rounded
from apical.engines.cuda.samples import Records, Sums
from apical.plan.discretise import Floats, Ints
from apical.plan.first import first_sample
from apical.plan.recordings import RecordingPlan


class Sampler:
    """Weighted sums and recordings of one population.

    Parameters
    ----------
    members : sequence of Member
        The batch.
    population : int
        Index of the population.
    layout : Layout
        Of its cells.
    window : int
        Most steps between two calls of :meth:`collect`.

    Attributes
    ----------
    sums, records
        What threads need to take samples.
    membrane : bool
        Whether membrane currents are recorded.
    """

    def __init__(
        self, members: Sequence[Member], population: int, layout: Layout, window: int
    ) -> None:
        self._members, self._population, self._layout = members, population, layout
        plan = members[0].plan
        self._cells, self._real = plan.populations[population].n, REAL[plan.precision]
        self._dipoles = int(plan.populations[population].dipole)
        # of all the plan's
        self._observables = self._mine(plan.observables)
        self._recordings = self._mine(plan.recordings)
        requests = [plan.recordings[k] for k in self._recordings]
        self.membrane = any(r.variable == "i_membrane" for r in requests)
        self.sums, self._sum_rows = self._sums(window)
        self.records, self._record_rows = self._records(requests, window)
        self._added = room(self._sum_rows[-1] * len(members), np.float64)
        # (samples, outputs, members) of the dipole, if there is one, then of observables
        self._summed: list[Floats] = []
        # (samples, cells, sites, members) of each recording
        self._recorded: list[Floats] = []

    def _mine(self, requests: Sequence[Any]) -> list[int]:
        return [k for k, request in enumerate(requests) if request.population == self._population]

    # --- what is asked for --------------------------------------------------------------------

    def _sums(self, window: int) -> tuple[Sums, list[int]]:
        plan = self._members[0].plan
        every = [1] * self._dipoles + [plan.observables[k].every for k in self._observables]
        outputs = [1] * self._dipoles + [plan.observables[k].outputs for k in self._observables]
        found = [self._dipole() for _ in range(self._dipoles)]
        found += [self._observable(k) for k in self._observables]
        rows = _starts([n * (window // e + 1) for n, e in zip(outputs, every, strict=True)])
        weights = [w for w, _ in found]
        sums = Sums(
            to_device(_ints(every)), to_device(_ints(outputs)),
            to_device(_ints(_starts([w.size for w in weights])[:-1])),
            to_device(_ints([w.shape[1] for w in weights])), to_device(_ints(rows[:-1])),
            to_device(_joined([c for _, c in found], np.int64)),
            to_device(_joined([w.ravel() for w in weights], self._real)),
            room(rows[-1] * self._cells * len(self._members), self._real),
        )  # fmt: skip
        return sums, rows

    def _dipole(self) -> tuple[Floats, Ints]:
        """Return the weights of dipoles, (nodes, columns), and the column of every thread."""
        cells = [m.plan.populations[self._population].cell for m in self._members]
        distinct, which = distinct_of(cells)
        weights = np.stack([cell.dipole for cell in distinct], axis=1)
        return weights, np.tile(which, self._cells)

    def _observable(self, k: int) -> tuple[Floats, Ints]:
        """Return the weights of an observable, (outputs · nodes, columns), and the columns."""
        distinct, which = distinct_of([m.plan.observables[k].weights for m in self._members])
        # cells × members, like the threads
        stacked = np.stack(distinct, axis=-1).swapaxes(1, 2)
        weights = stacked.reshape(-1, self._cells * len(distinct))
        return weights, (np.arange(self._cells)[:, None] * len(distinct) + which).ravel()

    def _records(self, requests: list[RecordingPlan], window: int) -> tuple[Records, list[int]]:
        slots = [np.full(0, 0), *(np.full(self._cells, -1) for _ in requests)]
        for slot, request in zip(slots[1:], requests, strict=True):
            slot[request.cells] = np.arange(len(request.cells))
        sizes = [len(r.cells) * len(r.sites) * (window // r.every + 1) for r in requests]
        rows = _starts(sizes)
        sources = [self._source(request) for request in requests]
        records = Records(
            to_device(_ints([r.every for r in requests])),
            to_device(_ints([len(r.cells) for r in requests])),
            to_device(_ints([len(r.sites) for r in requests])),
            to_device(_ints(_starts([len(s) for s in sources])[:-1])),
            to_device(_ints(rows[:-1])), to_device(_joined(slots, np.int64)),
            to_device(_joined(sources, np.int64)), room(rows[-1] * len(self._members), self._real),
        )  # fmt: skip
        return records, rows

    def _source(self, request: RecordingPlan) -> Ints:
        """Return the row of what changes that each site shows."""
        layout = self._layout
        if request.variable == "v":
            return request.sites
        if request.variable == "i_membrane":
            return layout.current + request.sites
        k = request.mechanism
        mechanism = self._members[0].plan.populations[self._population].cell.mechanisms[k]
        if request.variable == "assigned":
            return layout.assigned[k, request.assigned] + places(mechanism)[request.sites]
        first = layout.states[k] + request.state * layout.instances[k]
        return first + places(mechanism)[request.sites]

    # --- what has been seen -------------------------------------------------------------------

    def begin(self, columns: Floats) -> None:
        """Sample the start.

        Parameters
        ----------
        columns : array, (rows, members)
            What changes in one cell of every member; all cells start alike.
        """
        plan, members = self._members[0].plan, len(self._members)
        v = columns[: self._layout.nodes].astype(np.float64)
        if self._dipoles:
            kept = np.zeros((plan.steps + 1, 1, members))
            for m, member in enumerate(self._members):
                dipole = (member.plan.populations[self._population].cell.dipole * v[:, m]).sum()
                kept[0, 0, m] = np.repeat(dipole, self._cells).sum()
            self._summed.append(kept)
        for k in self._observables:
            request = plan.observables[k]
            kept = np.zeros((request.samples(plan.steps), request.outputs, members))
            for m, member in enumerate(self._members):
                kept[0, :, m] = member.plan.observables[k].of_start @ v[:, m]
            self._summed.append(kept)
        for k in self._recordings:
            request = plan.recordings[k]
            shape = request.samples(plan.steps), len(request.cells), len(request.sites), members
            kept = np.zeros(shape, REAL[request.precision])
            for m, member in enumerate(self._members):
                first = first_sample(member.plan, member.plan.recordings[k])
                kept[0, :, :, m] = rounded(first, self._real)
            self._recorded.append(kept)

    def add(self, add_cells: Any) -> None:
        """Have the samples of a window added up over cells, by a kernel."""
        threads = self._sum_rows[-1] * len(self._members)
        launch(add_cells, threads, len(self._members), self._cells, self.sums.values, self._added)

    def collect(self, first: int, steps: int) -> None:
        """Keep the samples of the window of `steps` steps that began at `first`."""
        plan, members = self._members[0].plan, len(self._members)
        if self._summed:
            added = self._added.copy_to_host().reshape(-1, members)
            every = [1] * self._dipoles + [plan.observables[k].every for k in self._observables]
            for kept, e, row in zip(self._summed, every, self._sum_rows, strict=False):
                _keep(kept, added[row:], first // e + 1, (first + steps) // e + 1)
        if self._recorded:
            values = self.records.values.copy_to_host().reshape(-1, members)
            every = [plan.recordings[k].every for k in self._recordings]
            for kept, e, row in zip(self._recorded, every, self._record_rows, strict=False):
                _keep(kept, values[row:], first // e + 1, (first + steps) // e + 1)

    def dipole(self, member: int, step: int) -> Floats:
        """Return a member's dipole until a step; zero if the population does not contribute."""
        if not self._dipoles:
            return np.zeros(step + 1)
        return self._summed[0][: step + 1, 0, member]

    def observed(self, member: int, step: int) -> dict[int, Floats]:
        """Return a member's observables until a step, (outputs, samples), by index."""
        plan, found = self._members[member].plan, {}
        for k, kept in zip(self._observables, self._summed[self._dipoles :], strict=True):
            request = plan.observables[k]
            values = kept[: request.samples(step), :, member].T
            found[k] = request.with_injected(values, plan.clamps, step)
        return found

    def recordings(self, member: int, step: int) -> dict[int, Floats]:
        """Return a member's recordings until a step, (cells, sites, samples), by index."""
        found = {}
        for k, kept in zip(self._recordings, self._recorded, strict=True):
            request = self._members[member].plan.recordings[k]
            samples = np.moveaxis(kept[..., member], 0, -1)
            found[k] = request.given(samples, step)
        return found


def _keep(kept: Floats, rows: Floats, low: int, high: int) -> None:
    """Put the first rows into samples `low` to `high`."""
    shape = high - low, *kept.shape[1:]
    kept[low:high] = rows[: int(np.prod(shape[:-1]))].reshape(shape)


def _starts(sizes: Sequence[int]) -> list[int]:
    return [0, *np.cumsum(sizes, dtype=np.int64).tolist()]


def _ints(values: Sequence[int]) -> Ints:
    return np.array(values, np.int64)


def _joined(parts: Sequence[Any], kind: Any) -> Any:
    return rounded(np.concatenate([np.zeros(0), *parts]), kind)
