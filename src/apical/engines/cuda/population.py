"""One population of all members on the GPU: one thread for each cell of each member.

Thread ``cell · members + member``: neighbouring threads are the same cell of neighbouring members,
which have the same tree and, often, the same values.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from apical.engines.base import LIMIT, Member
from apical.engines.cpu import cache
from apical.engines.cuda.device import check_memory, launch, room, to_device
from apical.engines.cuda.events import give, wire
from apical.engines.cuda.generate import cell_source
from apical.engines.cuda.layout import (
    REAL,
    at_start,
    distinct_of,
    integers,
    lay_out,
    rounded,
    tables,
    unchanging,
)
from apical.engines.cuda.sampler import Sampler
from apical.errors import EngineError
from apical.plan.cell import CellPlan
from apical.plan.discretise import Floats, Ints
from apical.plan.plan import Inputs


class Cells(NamedTuple):
    """What threads know of their cells.

    Parameters
    ----------
    own : array, (rows · threads,)
        What changes.
    fixed : array, (rows · variants,)
        What does not change; see :mod:`apical.engines.cuda.layout`.
    tables : array, (variants · size,)
        Tables of rates.
    integers : array of int
        Integers of the cell type.
    variant : array of int, (members,)
        Which column of `fixed` is a member's.
    diverged : array of int, (threads,)
        Whether a voltage was out of bounds at the end of the window.
    """

    own: Any
    fixed: Any
    tables: Any
    integers: Any
    variant: Any
    diverged: Any


class Clamps(NamedTuple):
    """Clamps, sorted by thread.

    Parameters
    ----------
    start : array of int, (threads + 1,)
        First clamp of each thread.
    node, first, last : array of int
        Where, and in which steps.
    amplitude : array, nA
    """

    start: Any
    node: Any
    first: Any
    last: Any
    amplitude: Any


class Population:
    """One population.

    Parameters
    ----------
    members : sequence of Member
        The batch.
    index : int
        Index of the population.
    window : int
        Most steps of a window.
    """

    def __init__(self, members: Sequence[Member], index: int, window: int) -> None:
        plan = members[0].plan
        self.plan, self.members, self.index = plan, members, index
        self.n = plan.populations[index].n
        self.threads, self._real = self.n * len(members), REAL[plan.precision]
        cell = plan.populations[index].cell
        mine = [r for r in plan.recordings if r.population == index and r.variable == "assigned"]
        assigned = dict.fromkeys((r.mechanism, r.assigned) for r in mine)
        self.layout = lay_out(cell, plan.rates, plan.precision, assigned)
        self._check_size()
        source = cell_source(self.layout, plan.precision, LIMIT)
        self._kernels = cache.module(f"cuda_{cell.name}_{plan.precision}", source)
        self.sampler = Sampler(members, index, self.layout, window)
        columns = self._columns()
        self.sampler.begin(columns)
        self._cells, self._clamps = self._placed(cell, columns), self._clamped()
        self._wires = wire(members, index)
        self.give([m.inputs[index] for m in members])

    def _check_size(self) -> None:
        """Refuse what cannot be held, or counted: kernels count in 32 bits."""
        size = self.layout.rows * self.threads
        if size >= 2**32:
            most = len(self.members) * (2**32 - 1) // size
            raise EngineError(
                f"{len(self.members)} members are too many for the cuda engine; give at most {most}"
            )
        check_memory(size * np.dtype(self._real).itemsize)

    def _columns(self) -> Floats:
        """Return what changes in one cell of every member at the start, (rows, members)."""
        known: dict[tuple[int, int], Floats] = {}
        columns = []
        for member in self.members:
            cell, start = member.plan.populations[self.index].cell, member.plan.start[self.index]
            key = id(cell), id(start)
            if key not in known:
                known[key] = self._converted(at_start(cell, self.layout, start))
            columns.append(known[key])
        return np.stack(columns, axis=1)

    def _placed(self, cell: CellPlan, columns: Floats) -> Cells:
        distinct, variant = distinct_of([m.plan.populations[self.index].cell for m in self.members])
        fixed = np.stack([unchanging(c, self.layout, self.plan.dt) for c in distinct], axis=1)
        found = np.stack([tables(c, self.plan.rates) for c in distinct])
        return Cells(
            to_device(np.tile(columns, self.n).ravel()), to_device(self._converted(fixed).ravel()),
            to_device(self._converted(found).ravel()), to_device(integers(cell, self.layout)),
            to_device(variant), room(self.threads, np.int64),
        )  # fmt: skip

    def _clamped(self) -> Clamps:
        found = [
            (m, clamp)
            for m, member in enumerate(self.members)
            for clamp in member.plan.clamps
            if clamp.population == self.index
        ]
        threads = [clamp.cells * len(self.members) + m for m, clamp in found]
        thread = np.concatenate([np.zeros(0, np.int64), *threads])
        order = np.argsort(thread, kind="stable")
        which = np.repeat(np.arange(len(found)), [len(t) for t in threads])[order]
        start = np.searchsorted(thread[order], np.arange(self.threads + 1))
        node, first, last = (
            np.array([getattr(clamp, name) for _, clamp in found], np.int64)[which]
            for name in ("node", "first", "last")
        )
        amplitude = np.array([clamp.amplitude for _, clamp in found], float)[which]
        return Clamps(*map(to_device, (start, node, first, last, self._converted(amplitude))))

    def _converted(self, values: Floats) -> Floats:
        return rounded(values, self._real)

    def give(self, inputs: Sequence[Inputs]) -> None:
        """Take what drives deliver to each member, instead of what they delivered before."""
        self._given = give(self.members, self.index, inputs)

    def advance(self, first: int, steps: int, history: Any) -> None:
        """Have all cells advance by a window.

        Parameters
        ----------
        history : array of int, (words, cells of all populations · members)
            Spikes of all cells; see :mod:`apical.engines.cuda.events`.
        """
        launch(
            self._kernels.advance_window, self.threads, first, steps, self._real(self.plan.dt),
            int(self.sampler.membrane), self.plan.populations[self.index].first, self._cells,
            history, self._given, self._wires, self._clamps, self.sampler.sums,
            self.sampler.records,
        )  # fmt: skip
        self.sampler.add(self._kernels.add_cells)

    def diverged(self) -> Ints:
        """Return the members with a voltage out of bounds."""
        flags = self._cells.diverged.copy_to_host()
        return np.unique(np.flatnonzero(flags) % len(self.members))

    def voltages(self, member: int) -> Floats:
        """Return a member's voltages, (nodes, cells)."""
        v = self._cells.own[: self.layout.nodes * self.threads].copy_to_host()
        return v.reshape(self.layout.nodes, self.n, len(self.members))[:, :, member]

    def state(self) -> Floats:
        """Return a copy of what changes."""
        return self._cells.own.copy_to_host()

    def restore(self, state: Floats) -> None:
        """Go back to an earlier state."""
        self._cells.own.copy_to_device(state)
