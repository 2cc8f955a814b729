"""What all parts of a session work on: requests, frames, models, recordings and results."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from apical.errors import ApicalError, ModelError, Problem, did_you_mean
from apical.studio.kept import Shelf
from apical.studio.messages import DataInfo, ProblemInfo, Wrong
from apical.studio.post import Inbox, Outbox
from apical.studio.waves import recorded_as_shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr

    from apical.model import Network
    from apical.studio.setup import View

_log = logging.getLogger(__name__)
#: How many recordings a session may hold, and how many models; and bytes of each.
MOST, ROOM = 50, 256 * 2**20


@dataclass(frozen=True)
class Recording:
    """A recording.

    Parameters
    ----------
    info : DataInfo
        What the screen says of it.
    samples : DataArray (time), nAm
        As it was read; times in ms.
    """

    info: DataInfo
    samples: xr.DataArray

    @classmethod
    def of(cls, key: str, name: str, samples: xr.DataArray, note: str = "") -> Recording:
        """Return a recording with its infos."""
        time = samples["time"].values
        info = DataInfo(
            key=key, name=name, samples=time.size, tmin=float(time[0]), tmax=float(time[-1]),
            note=note,
        )  # fmt: skip
        return cls(info, samples)


@dataclass
class Desk:
    """What all parts of a session work on.

    Parameters
    ----------
    inbox : Inbox
    outbox : Outbox
    shelf : Shelf
        Results.
    uploaded : dict of str to Network
        Models that were handed over, by key.
    recordings : dict of str to Recording
        By key.
    """

    inbox: Inbox
    outbox: Outbox
    shelf: Shelf
    uploaded: dict[str, Network] = field(default_factory=dict)
    recordings: dict[str, Recording] = field(default_factory=dict)
    _sizes: dict[str, int] = field(default_factory=dict)

    def add_recording(self, recording: Recording) -> None:
        """Take a recording, in place of one of the same key.

        Raises
        ------
        ModelError
            If there is no room for it.
        """
        sizes = {key: each.samples.nbytes for key, each in self.recordings.items()}
        sizes[recording.info.key] = recording.samples.nbytes
        _check_room(sizes, "recordings", "remove one first")
        self.recordings[recording.info.key] = recording

    def add_model(self, key: str, network: Network) -> None:
        """Take a model; raises `ModelError` if there is no room for it."""
        # what it takes in memory is a multiple of its text
        self._sizes[key] = len(network.to_json())
        try:
            _check_room(self._sizes, "models", "open another page for more")
        except ModelError:
            del self._sizes[key]
            raise
        self.uploaded[key] = network
        self.shelf.forget(key)

    def recorded(self, key: str) -> xr.DataArray:
        """Return a recording's samples.

        Raises
        ------
        ModelError
            If there is none of this key.
        """
        if found := self.recordings.get(key):
            return found.samples
        hint = did_you_mean(key, self.recordings, "there are")
        raise ModelError([Problem("view.data", f"there is no recording '{key}'", hint)])

    def compared(self, view: View) -> xr.DataArray | None:
        """Return the recording that a wave is compared with, as shown, if it is there."""
        # a page that comes back may ask for one that the server has not got yet
        if view.data not in self.recordings:
            return None
        return recorded_as_shown(self.recorded, view)

    def wrong(self, id: int, error: Exception) -> None:
        """Tell what went wrong."""
        problems = [Problem("", str(error))]
        if isinstance(error, ModelError):
            problems = list(error.problems)
        elif not isinstance(error, ApicalError):
            _log.error("unexpected, in a session", exc_info=error)
            problems = [
                Problem("", f"this should not happen: {type(error).__name__}: {error}",
                        "please tell the developers; the terminal shows where it happened")
            ]  # fmt: skip
        infos = [ProblemInfo(path=p.path, message=p.message, hint=p.hint) for p in problems]
        self.outbox.put(Wrong(id=id, problems=tuple(infos)))


def _check_room(sizes: Mapping[str, int], what: str, hint: str) -> None:
    if len(sizes) > MOST or sum(sizes.values()) > ROOM:
        message = f"a page holds at most {MOST} {what}, of {ROOM // 2**20} MB in all"
        raise ModelError([Problem("", message, hint)])
