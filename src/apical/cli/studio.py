"""``apical studio``: the web application."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from apical.cli.failures import UsageError, as_usage, stderr
from apical.cli.run import find_model
from apical.errors import StorageError
from apical.studio.serve import Where, is_local, serve

if TYPE_CHECKING:
    import xarray as xr

    from apical.studio.live import Session


@dataclass(frozen=True)
class Request:
    """What was asked for on the command line; see ``apical studio --help``."""

    model: str = "erp"
    data: Path | None = None
    column: int | None = None
    host: str = "127.0.0.1"
    port: int | None = None
    names: tuple[str, ...] = ()
    unix: Path | None = None
    no_browser: bool = False
    expose: bool = False


def execute(request: Request) -> None:
    """Check, listen, open the browser, and serve until stopped."""
    where = Where(
        request.host, request.port, str(request.unix) if request.unix else None, request.names
    )
    if not is_local(where):
        if not request.expose:
            raise UsageError(
                f"--host {request.host} lets other machines in; add --expose if that is wanted. "
                "Whoever has the address with its secret sees the data"
            )
        stderr().print(
            "[bold red]other machines can reach this studio, without encryption[/]; whoever has "
            "the address below sees the data"
        )
    with as_usage():
        network = find_model(request.model)
        recorded = _recorded(request)

    from apical import models

    key, name, code = request.model, "", ""
    if not models.exists(key):
        from apical.studio.uploads import model_key, read_model

        path = Path(request.model)
        key, name = model_key(network), path.name
        code = read_model(path.read_bytes(), name)[1]

    def make(send: Callable[[bytes], None]) -> Session:
        # what a session needs takes longer to load than the server, which listens meanwhile
        from apical.studio.opened import session_of

        return session_of(send, key, network, recorded, name, code)

    def tell(address: str) -> None:
        typer.echo(f"apical studio: {address}")
        if not request.no_browser:
            typer.echo("A browser opens; if it cannot show the studio, open this address in it.")
        typer.echo("Ctrl-C ends it")

    serve(make, where, tell, not request.no_browser)


def _recorded(request: Request) -> xr.DataArray | None:
    """Read a recording as one that is dropped on the page; what is not clear cannot be asked."""
    if request.data is None:
        return None
    from apical.studio.uploads import Choice, How, read_data

    try:
        data = request.data.read_bytes()
    except OSError as error:
        raise StorageError(f"cannot read '{request.data}': {error.strerror or error}") from error
    found = read_data(data, request.data.name, How(column=request.column))
    if isinstance(found, Choice):
        raise UsageError(
            f"{request.data.name}: {found.reason} Drop it on the page, which asks for more"
        )
    return found
