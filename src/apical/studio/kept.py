"""Results of setups, kept as long as there is room: what was seen comes back at once."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from apical.result import Result
    from apical.studio.setup import Setup

#: Bytes that the results of a session may take, and for how many setups there may be some.
ROOM, MOST = 256 * 2**20, 300


@dataclass(frozen=True)
class Slope:
    """How the total dipole changes with a value.

    Parameters
    ----------
    path : str
        The value's address.
    at : float
        The value.
    dipole : (n,) array, nAm per unit of the value
        Neither smoothed nor scaled.
    """

    path: str
    at: float
    dipole: np.ndarray


@dataclass
class Kept:
    """What is known of a setup.

    Parameters
    ----------
    results : dict of int to Result
        By number of trials.
    slopes : dict of str to Slope
        By address.
    warnings : tuple of str
        What makes it doubtful.
    """

    results: dict[int, Result] = field(default_factory=dict)
    slopes: dict[str, Slope] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bytes that it takes."""
        slopes = sum(slope.dipole.nbytes for slope in list(self.slopes.values()))
        return slopes + sum(_size(result) for result in list(self.results.values()))


class Shelf:
    """What is known of setups, least recently used ones dropped; for any thread.

    Parameters
    ----------
    room : int
        Bytes.
    """

    def __init__(self, room: int = ROOM) -> None:
        self._room, self._lock = room, threading.Lock()
        self._kept: OrderedDict[str, Kept] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def of(self, setup: Setup) -> Kept:
        """Return what is known, perhaps nothing."""
        with self._lock:
            key = key_of(setup)
            found = self._kept.setdefault(key, Kept())
            self._kept.move_to_end(key)
            return found

    def tidy(self) -> None:
        """Drop what there is no room for; what was used last stays."""
        with self._lock:
            sizes = {key: len(key) + kept.size for key, kept in self._kept.items()}
            total = sum(sizes.values())
            for key in list(self._kept)[:-1]:
                if total <= self._room and len(self._kept) <= MOST:
                    break
                total -= sizes[key]
                del self._kept[key]

    def forget(self, model: str) -> None:
        """Drop everything of a model."""
        with self._lock:
            for key in [k for k in self._kept if json.loads(k)["model"] == model]:
                del self._kept[key]


def key_of(setup: Setup) -> str:
    """Return what the first trial depends on, as text."""
    data = setup.model_dump(mode="json", exclude={"trials"})
    data["values"] = dict(sorted(data["values"].items()))
    return json.dumps(data)


def _size(result: Result) -> int:
    arrays = result.arrays
    more = [*result.recordings.values(), *result.lfp.values()]
    spikes = sum(column.nbytes for column in arrays.spikes.values())
    return arrays.dipole.nbytes + spikes + sum(data.nbytes for data in more)
