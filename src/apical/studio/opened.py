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
    **options
        Further fields of the setup.
    """
    setup, view = opening(network, key, **options)
    recordings = {}
    if data is not None:
        name = str(data.attrs.get("source", "recorded"))
        recordings = {key_of(data): (name, data)}
        view = view.model_copy(update={"data": key_of(data)})
    uploaded = {} if models.exists(key) else {key: network}
    return Session(send, setup=setup, view=view, uploaded=uploaded, data=recordings)
