"""Start the studio: find a port, tell the address, open the browser, serve until stopped."""

from __future__ import annotations

import os
import socket
import tempfile
import threading
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from apical.errors import ApicalError
from apical.io.extras import extra

if TYPE_CHECKING:
    from apical.studio.guard import Rules
    from apical.studio.live import Session

LOOPBACK = ("127.0.0.1", "::1", "localhost")
#: The port that is tried first; where it is taken and none was asked for, any free one.
USUAL_PORT = 8150
#: A secret for a studio that is started again and again, such as by a service.
TOKEN = "APICAL_STUDIO_TOKEN"
_SHORTEST_TOKEN = 16
#: Seconds between signs of life on a page's socket.
_PING = 20.0
#: Seconds after which a browser has read what it was given to open.
_READ = 60.0
#: Where the page is, once it is built.
STATIC = Path(__file__).parent / "static"


class StudioError(ApicalError):
    """The studio cannot be started so."""


@dataclass(frozen=True)
class Where:
    """Where the studio listens.

    Parameters
    ----------
    host : str
        An address of this machine; others than loopback are reached from outside.
    port : int, optional
        Without it, the usual one or any that is free.
    unix : str, optional
        A socket in the file system instead, for a server that has asked who it is already.
    names : tuple of str
        What else a browser may call this machine.
    """

    host: str = "127.0.0.1"
    port: int | None = None
    unix: str | None = None
    names: tuple[str, ...] = ()


def serve(
    make: Callable[[Callable[[bytes], None]], Session],
    where: Where,
    say: Callable[[str], None],
    browse: bool = True,
) -> None:
    """Serve until Ctrl-C.

    Parameters
    ----------
    make : callable
        Makes the session of a page, given where its frames go.
    where : Where
        Where to listen.
    say : callable
        Told where the studio is, once it listens.
    browse : bool
        Whether to open a browser.

    Raises
    ------
    StudioError
        If the address is taken, or the front end was not built.
    MissingPackageError
        If the extra ``studio`` is not installed.
    """
    for package in ("starlette", "uvicorn", "websockets"):
        extra(package, "studio", "the studio's pages")
    from apical.studio.guard import KEY, Rules, names_of, new_token

    if not (STATIC / "index.html").exists():
        raise StudioError(
            "the studio's page has not been built: this is a checkout of the sources. With node "
            "20 or newer: cd src/apical/studio/web && npm ci && npm run build"
        )
    token = None if where.unix else _given_token() or new_token()
    listening = _listen(where)
    port = 0 if where.unix else int(listening.getsockname()[1])
    hosts = frozenset() if where.unix else names_of(where.host, port)
    hosts |= {f"{name.lower()}:{port}" for name in where.names}
    rules = Rules(token, hosts, cookie=f"apical-{port}", framed=where.unix is not None)
    address = ""
    if where.unix:
        say(f"listening on {where.unix}")
    else:
        name = "127.0.0.1" if where.host in ("0.0.0.0", "localhost") else where.host
        name = f"[{name}]" if ":" in name else name
        address = f"http://{name}:{port}/?{KEY}={token}"
        say(address)
    # Ctrl-C is how a studio ends
    with suppress(KeyboardInterrupt), _browser(address if browse else ""):
        _run(make, rules, listening)


def _run(
    make: Callable[[Callable[[bytes], None]], Session], rules: Rules, listening: socket.socket
) -> None:
    """Answer on a socket until Ctrl-C; who connects before all is loaded waits a moment."""
    import uvicorn

    from apical.studio.server import MAX_MESSAGE, application

    config = uvicorn.Config(
        application(make, rules), log_level="warning", ws="websockets-sansio", lifespan="on",
        ws_max_size=MAX_MESSAGE, ws_ping_interval=_PING, ws_per_message_deflate=False,
        server_header=False, date_header=False, timeout_graceful_shutdown=2,
    )  # fmt: skip
    uvicorn.Server(config).run(sockets=[listening])


def _listen(where: Where) -> socket.socket:
    """Return a socket that listens where it was asked for."""
    if where.unix:
        if os.path.exists(where.unix):
            raise StudioError(f"'{where.unix}' exists already")
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(where.unix)
        os.chmod(where.unix, 0o600)
        return listening
    family = socket.AF_INET6 if ":" in where.host else socket.AF_INET
    ports = (USUAL_PORT, 0) if where.port is None else (where.port,)
    problem: OSError | None = None
    for port in ports:
        listening = socket.socket(family)
        if os.name == "posix":
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((where.host, port))
            listening.listen()
        except OSError as error:
            listening.close()
            problem = error
        else:
            return listening
    raise StudioError(
        f"cannot listen on {where.host}, port {where.port}: {problem}; choose another with --port"
    )


def _given_token() -> str | None:
    """Return the secret that the environment gives, if it is long enough to be one."""
    token = os.environ.get(TOKEN)
    if token is not None and len(token) < _SHORTEST_TOKEN:
        raise StudioError(f"{TOKEN} must have at least {_SHORTEST_TOKEN} characters")
    return token


@contextmanager
def _browser(address: str) -> Iterator[None]:
    """Open a browser, if there is an address: beside the server, as some take long to return.

    Whatever stands on its command line is seen by all users of the machine. So it is given a file
    that only its own user can read, which holds the address with the secret, for a while.
    """
    if not address:
        yield
        return
    from apical.studio.guard import page_to

    with tempfile.TemporaryDirectory(prefix="apical-", ignore_cleanup_errors=True) as folder:
        file = Path(folder) / "studio.html"
        file.touch(0o600)
        file.write_text(page_to(address), encoding="utf-8")
        threading.Thread(target=webbrowser.open, args=(file.as_uri(),), daemon=True).start()
        removal = threading.Timer(_READ, file.unlink, kwargs={"missing_ok": True})
        removal.daemon = True
        removal.start()
        try:
            yield
        finally:
            removal.cancel()


def is_local(where: Where) -> bool:
    """Whether only this machine reaches a studio there."""
    return where.unix is not None or where.host in LOOPBACK
