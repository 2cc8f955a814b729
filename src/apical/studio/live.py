"""A session: what one page asks for is simulated in a thread of its own, and sent as it comes."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

import apical
from apical import __version__, models
from apical.errors import ModelError, Problem
from apical.model import Network
from apical.simulate import simulate
from apical.studio.desk import Desk, Recording
from apical.studio.errands import Errands
from apical.studio.frames import encode
from apical.studio.kept import ROOM, Shelf
from apical.studio.messages import (
    Data,
    DataInfo,
    Done,
    Drawn,
    Hello,
    ModelInfo,
    Saying,
    Simulate,
    StartFit,
    StopExport,
    StopFit,
    from_browser,
)
from apical.studio.post import Inbox, Outbox
from apical.studio.runner import run_options
from apical.studio.saying import Listener
from apical.studio.setup import Setup, View
from apical.studio.show import NOBODY, Show, check
from apical.studio.waves import measured

if TYPE_CHECKING:
    import xarray as xr

    from apical.result import Result
    from apical.studio.fitting import Fitting
    from apical.watch import Watch

#: Seconds that `Session.close` waits for what is being computed to end.
_PATIENCE = 10.0


class Session:
    """What one page shows.

    Everything may be called from any thread; only `result` and `close` take long.

    Parameters
    ----------
    send : callable
        Takes frames from any thread and does not block.
    setup, view : Setup, View
        What a page begins with.
    uploaded : mapping of str to Network
        Models that were handed over, by key.
    data : mapping of str to (str, DataArray)
        Name and samples (ms, nAm) of recordings, by key.
    watch : callable
        Begins a run, as `apical.watch` does.
    room : int
        Bytes that results may take.
    """

    def __init__(
        self,
        send: Callable[[bytes], None],
        *,
        setup: Setup | None = None,
        view: View | None = None,
        uploaded: Mapping[str, Network] | None = None,
        data: Mapping[str, tuple[str, xr.DataArray]] | None = None,
        watch: Callable[..., Watch] = apical.watch,
        room: int = ROOM,
    ) -> None:
        self._setup, self._view = setup or Setup(), view or View()
        recordings = {key: Recording.of(key, *found) for key, found in (data or {}).items()}
        self._desk = Desk(Inbox(), Outbox(send), Shelf(room), dict(uploaded or {}), recordings)
        self._models = {key: _uploaded(key, n.name or key) for key, n in self.uploaded.items()}
        self._listener = Listener(lambda text: self._desk.outbox.put(Saying(text=text)))
        self._fitting: Fitting | None = None
        self._errands = Errands()
        self._show = Show(self._desk, watch)
        self._thread = threading.Thread(target=self._show.work, name="apical studio")
        self._thread.start()

    # --- what the server calls ----------------------------------------------------------------

    def begin(self) -> None:
        """Run what a page begins with before one asks for it."""
        self._desk.inbox.put(Simulate(id=NOBODY, setup=self._setup, view=self._view))

    def greet(self) -> None:
        """Send a page that has come what there is."""
        desk = self._desk
        desk.outbox.forget()
        self._show.forget_page()
        known = [ModelInfo(key=key, title=title) for key, title in models.names().items()]
        hello = Hello.model_validate(
            {
                "version": __version__,
                "cores": os.cpu_count() or 1,
                "models": (*known, *self._models.values()),
                "setup": self._setup,
                "view": self._view,
                "schema": _schema(),
                "data": tuple(recording.info for recording in desk.recordings.values()),
            }
        )
        desk.outbox.put(hello)
        for recording in list(desk.recordings.values()):
            self._send_data(recording)

    def receive(self, text: str) -> None:
        """Take a message of the page."""
        try:
            message = from_browser.validate_json(text)
        except ValidationError as error:
            self._desk.wrong(0, ModelError(_problems(error)))
            return
        if isinstance(message, Drawn):
            self._desk.outbox.drawn(message.seq)
            self._desk.inbox.wake()
        elif isinstance(message, StartFit):
            self._fits().start(message)
        elif isinstance(message, StopFit):
            self._fits().stop()
        elif isinstance(message, StopExport):
            self._errands.stop()
        else:
            self._desk.inbox.put(message)

    def add_model(self, key: str, name: str, network: Network, code: str = "") -> ModelInfo:
        """Take a model, which setups may name by its key from now on.

        Raises
        ------
        ModelError
            If the session has no room for it.
        """
        self._desk.add_model(key, network)
        self._models[key] = _uploaded(key, name, code)
        return self._models[key]

    def add_data(self, key: str, name: str, data: xr.DataArray, note: str = "") -> DataInfo:
        """Take a recording (ms, nAm), and send its samples; raises as `add_model` does."""
        recording = Recording.of(key, name, data, note)
        self._desk.add_recording(recording)
        self._send_data(recording)
        return recording.info

    def remove_data(self, key: str) -> None:
        """Forget a recording."""
        self._desk.recordings.pop(key, None)

    def code_of(self, key: str) -> str:
        """Return the Python that loads a model that was handed over; empty if that is not known."""
        return self._models[key].code if key in self._models else ""

    @property
    def uploaded(self) -> Mapping[str, Network]:
        """Models that were handed over, by key."""
        return self._desk.uploaded

    def recorded(self, key: str) -> xr.DataArray:
        """Return a recording as it was read; raises `ModelError` if there is none of this key."""
        return self._desk.recorded(key)

    def result(self, setup: Setup) -> Result:
        """Return the result of a setup: kept, or computed in the thread that asks.

        Raises
        ------
        ModelError, NumericalError
            If it cannot be simulated.
        Cancelled
            If another setup's was asked for meanwhile, or the page has given it up.
        """
        kept = self._desk.shelf.of(setup)
        if found := kept.results.get(setup.trials):
            return found
        network = setup.network(self.uploaded)
        with self._errands.turn(setup) as progress:
            # somebody else may have waited for the same
            if (found := kept.results.get(setup.trials)) is None:
                found = simulate(
                    network, setup.duration, trials=setup.trials, **run_options(setup),
                    progress=progress,
                )  # fmt: skip
                kept.results[setup.trials] = found
                self._desk.shelf.tidy()
        return found

    def shown(self, setup: Setup, view: View) -> bytes:
        """Return a `Done` frame of a setup in some view; raises as `result` does."""
        check(view, setup)
        result = self.result(setup)
        fields, arrays = measured(result, view, self._desk.compared(view))
        return encode(Done(id=NOBODY, hash=result.digest(), **fields), arrays)

    def close(self) -> None:
        """End everything within one window of steps."""
        self._listener.close()
        self._desk.inbox.close()
        self._desk.outbox.close()
        self._show.stop()
        self._errands.stop()
        if self._fitting is not None:
            self._fitting.close()
        if threading.current_thread() is not self._thread:
            self._thread.join(_PATIENCE)

    def _fits(self) -> Fitting:
        if self._fitting is None:
            # it loads all searches, which the first page can do without
            from apical.studio.fitting import Fitting

            self._fitting = Fitting(self._desk)
        return self._fitting

    def _send_data(self, recording: Recording) -> None:
        samples = recording.samples
        arrays = {"time": samples["time"].values, "values": samples.values}
        frame = Data(info=recording.info)
        self._desk.outbox.put(frame, {k: v.astype("<f8").ravel() for k, v in arrays.items()})


@cache
def _schema() -> dict[str, Any]:
    return Network.json_schema()


def _uploaded(key: str, name: str, code: str = "") -> ModelInfo:
    return ModelInfo(key=key, title=name, uploaded=True, code=code)


def _problems(error: ValidationError) -> list[Problem]:
    return [Problem(".".join(map(str, e["loc"])), e["msg"]) for e in error.errors()]
