"""A session with what it was opened with: a model, and perhaps a recording."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from apical import models
from apical.errors import ApicalError
from apical.simulate import simulate
from apical.studio.live import Session
from apical.studio.runner import run_options
from apical.studio.setup import opening
from apical.studio.show import load_slow
from apical.studio.uploads import key_of

if TYPE_CHECKING:
    import xarray as xr

    from apical.model import Network


#: How much of a run (ms) loads and finds all that a whole one needs.
_A_LITTLE = 1.0


def warm_up(key: str, network: Network) -> None:
    """Load, in a thread, what a page's first run will need, while the browser still starts."""

    def work() -> None:
        load_slow()
        setup, _ = opening(network, key)
        # what cannot be run is told to the page
        with suppress(ApicalError):
            simulate(setup.network({key: network}), _A_LITTLE, **run_options(setup))

    threading.Thread(target=work, daemon=True, name="apical warm-up").start()


def session_of(
    send: Callable[[bytes], None],
    key: str,
    network: Network,
    data: xr.DataArray | None = None,
    name: str = "",
    code: str = "",
    **options: Any,
) -> Session:
    """Return the session of a page.

    Parameters
    ----------
    send : callable
        Takes its frames.
    key : str
        Name of a library model, or what `network` is called otherwise.
    network : Network
        The model.
    data : DataArray (time), nAm, optional
        A recorded dipole, shown from the beginning.
    name, code : str
        What a model that is not of the library is called, and the Python that loads it.
    **options
        Further fields of the setup.
    """
    setup, view = opening(network, key, **options)
    recordings = {}
    if data is not None:
        recordings = {key_of(data): (str(data.attrs.get("source", "recorded")), data)}
        view = view.model_copy(update={"data": key_of(data)})
    session = Session(send, setup=setup, view=view, data=recordings)
    if not models.exists(key):
        session.add_model(key, name or network.name or "model", network, code)
    return session
