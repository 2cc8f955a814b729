"""The studio's server: one page, one socket, a few uploads and downloads."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from functools import partial
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect

from apical.studio.guard import POLICY_VIOLATION, Guard, Rules
from apical.studio.serve import STATIC
from apical.studio.sessions import Full, Make, Sessions, is_key

if TYPE_CHECKING:
    from apical.studio.live import Session

#: Letters of a message on the socket.
MAX_MESSAGE = 4 * 2**20
#: Codes of a socket that is closed: it said too much; come back later; another page took its place.
_TOO_LONG, _LATER, _ELSEWHERE = 1009, 1013, 4001


def application(make: Make, rules: Rules) -> Starlette:
    """Return the web application.

    Parameters
    ----------
    make : callable
        Makes the session of a page, given where its frames go.
    rules : Rules
        Who is let in.
    """
    sessions = Sessions(make)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with sessions.open():
            yield

    ask = partial(_answer, sessions)
    routes = [
        Route("/", _page),
        WebSocketRoute("/ws", partial(_socket, sessions)),
        Route("/data", ask, methods=["POST", "DELETE"]),
        Route("/model", ask, methods=["POST"]),
        Route("/code", ask, methods=["POST"]),
        Route("/wave", ask, methods=["POST"]),
        Route("/export/{kind}", ask, methods=["POST"]),
        Mount("/", StaticFiles(directory=STATIC, check_dir=False)),
    ]
    return Starlette(routes=routes, middleware=[Middleware(Guard, rules=rules)], lifespan=lifespan)


async def _page(request: Request) -> Response:
    return FileResponse(STATIC / "index.html")


async def _answer(sessions: Sessions, request: Request) -> Response:
    """Answer a request of a page that is connected."""
    # it loads what exports need, which the first page can do without
    from apical.studio import requests

    path = request.url.path.removeprefix(request.scope.get("root_path", "")).strip("/")
    body = await _body(request, requests.most_bytes(path))
    if body is None:
        found = requests.too_large(path)
    else:
        asked = requests.Request(request.method, path, request.query_params, body)
        session = sessions.get(request.query_params.get("s", ""))
        found = await run_in_threadpool(requests.answer, session, asked)
    return Response(found.body, found.status, found.headers(), found.media)


async def _body(request: Request, most: int) -> bytes | None:
    """Return what a request brings; None if it is too much, which is not waited for."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            return None
        parts.append(part)
    return b"".join(parts)


async def _socket(sessions: Sessions, socket: WebSocket) -> None:
    """Send what a session has to show, and hand it what the page asks for."""
    key = socket.query_params.get("s", "")
    if not is_key(key):
        await socket.close(POLICY_VIOLATION)
        return
    # who is connected has a session, which the page's other requests are about
    try:
        session, out = await sessions.join(key)
    except Full:
        await socket.accept()
        await socket.close(_LATER, "too many studios are open on this server")
        return
    try:
        await socket.accept()
        await _talk(socket, session, out)
    finally:
        sessions.leave(key, out)


async def _talk(socket: WebSocket, session: Session, out: asyncio.Queue[bytes | None]) -> None:
    """Let a session and its page talk until the page has gone."""
    sending = asyncio.create_task(_send_all(socket, out))
    try:
        session.greet()
        while (text := await _next(socket)) is not None:
            session.receive(text)
    finally:
        sending.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sending


async def _next(socket: WebSocket) -> str | None:
    """Return the next message; None where the page has gone, or sends what it should not."""
    try:
        message = await socket.receive()
    except (WebSocketDisconnect, RuntimeError):
        return None
    text = message.get("text")
    if message["type"] != "websocket.receive":
        return None
    if text is None or len(text) > MAX_MESSAGE:
        await socket.close(_TOO_LONG)
        return None
    return text


async def _send_all(socket: WebSocket, out: asyncio.Queue[bytes | None]) -> None:
    try:
        while (frame := await out.get()) is not None:
            await socket.send_bytes(frame)
        await socket.close(_ELSEWHERE, "this studio was opened elsewhere")
    except (WebSocketDisconnect, RuntimeError):
        pass  # the page has gone
