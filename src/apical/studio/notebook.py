"""The studio in a notebook's cell: the same page and the same session, carried by its kernel."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from apical.io.extras import extra
from apical.studio.messages import Simulate, from_browser
from apical.studio.opened import session_of
from apical.studio.requests import Request, answer
from apical.studio.serve import STATIC, StudioError
from apical.studio.setup import opening
from apical.studio.uploads import model_key

if TYPE_CHECKING:
    import xarray as xr

    from apical.model import Network
    from apical.result import Result


def Studio(network: Network, data: xr.DataArray | None = None, **options: Any) -> Any:
    """Return the studio as a widget, for JupyterLab, VS Code, Colab and marimo.

    Parameters
    ----------
    network : Network
        The model to begin with.
    data : DataArray (time), nAm, optional
        A recorded dipole.
    **options
        How it is run: `duration`, `dt`, `trials`, `seed`, `precision`, `rates`.

    Returns
    -------
    anywidget.AnyWidget
        Shown where it is the last line of a cell. `network` is the network as it is set on the
        screen, `result()` its result, kept or computed; `close()` ends what it computes.

    Raises
    ------
    MissingPackageError
        If the extra ``notebook`` is not installed.
    StudioError
        If the page was not built.
    """
    anywidget = extra("anywidget", "notebook", "the studio's widgets")
    if not (STATIC / "widget.js").exists():
        raise StudioError("the studio's page has not been built; see docs/guide/studio.md")

    class Widget(anywidget.AnyWidget):
        _esm = STATIC / "widget.js"
        _css = STATIC / "widget.css"

        def __init__(self) -> None:
            super().__init__()
            self._setup, _ = opening(network, model_key(network), **options)
            self.session = session_of(
                lambda frame: self.send({"frame": True}, [frame]),
                model_key(network), network, data, **options,
            )  # fmt: skip
            self.on_msg(self._take)
            self.session.begin()

        @property
        def network(self) -> Network:
            """Return the network as it is set on the screen."""
            return self._setup.network(self.session.uploaded)

        def result(self) -> Result:
            """Return the result of what is set on the screen."""
            return self.session.result(self._setup)

        def close(self) -> None:
            self.session.close()
            super().close()

        def _take(self, _: Any, content: dict[str, Any], buffers: list[bytes]) -> None:
            if content.get("hello"):
                self.session.greet()
            elif "text" in content:
                self.session.receive(str(content["text"]))
                self._note(str(content["text"]))
            elif "path" in content:
                body = bytes(buffers[0]) if buffers else b""
                asked = Request(
                    content["method"], content["path"], dict(content.get("query", {})), body
                )
                found = answer(self.session, asked)
                head = {"answer": content["id"], "status": found.status, "media": found.media}
                self.send({**head, "name": found.name}, [found.body])

        def _note(self, text: str) -> None:
            # what is no message, the session has answered
            with suppress(ValidationError):
                message = from_browser.validate_json(text)
                if isinstance(message, Simulate):
                    self._setup = message.setup

    return Widget()
