"""A session with what it was opened with: a model, and perhaps a recording."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from apical import models
from apical.studio.live import Session
from apical.studio.setup import opening
from apical.studio.uploads import key_of

if TYPE_CHECKING:
    import xarray as xr

    from apical.model import Network


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
