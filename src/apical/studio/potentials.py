"""Potentials of a run as it grows: which columns of time are whole, and not sent yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from apical.studio.waves import columns_of, potential, potentials_as_shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from apical.recorded import RecordedPotentials


class Potentials:
    """What one electrode array has seen, as far as it is known.

    Parameters
    ----------
    like : RecordedPotentials
        A stretch of it.
    samples : int
        How many there will be.
    """

    def __init__(self, like: RecordedPotentials, samples: int) -> None:
        self._like, self._columns = like, columns_of(samples)
        self._values = np.zeros((len(like.positions), samples))
        self._next = self._reached = 0

    def fits(self, other: RecordedPotentials, samples: int) -> bool:
        """Whether a stretch is of the same electrodes, and of as long a run."""
        same = np.array_equal(self._like.positions, other.positions)
        return same and self._values.shape[1] == samples

    def anew(self) -> None:
        """Send everything again."""
        self._next = 0

    def add(self, stretch: RecordedPotentials, first: int) -> None:
        """Take samples from number `first` on, in place of what was there."""
        self._reached = first + stretch.time.size
        self._values[:, first : self._reached] = potential(stretch)
        self._next = min(self._next, self._column(first))

    def take(self) -> tuple[Mapping[str, Any], dict[str, np.ndarray]]:
        """Return fields and arrays of a `Chunk`; none if no further column is whole."""
        begin, end = self._next, self._column(self._reached)
        if begin >= end:
            return {}, {}
        self._next = end
        edges = self._columns[begin : end + 1]
        rows = self._values[:, edges[0] : edges[-1]]
        arrays = potentials_as_shown(rows, self._like, edges[:-1] - edges[0])
        fields = {"column": begin, "columns": len(self._columns) - 1}
        return fields, {name: array.astype("<f4") for name, array in arrays.items()}

    def _column(self, sample: int) -> int:
        """Return the column that holds a sample; all that are before it are whole."""
        return int(np.searchsorted(self._columns, sample, "right")) - 1
