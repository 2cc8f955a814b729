"""Who may talk to the studio: the browser that was given its address, and nobody else.

Any page that somebody has open could otherwise send requests to a server on the same machine, and
read patients' waveforms. So there is a secret in the address that is opened, exchanged for a cookie
that scripts cannot read and other sites cannot send; only the names that the server was started
for are answered; and what changes something must come from the studio's own page.
"""

from __future__ import annotations

import html
import secrets
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Name of the secret in the address; ``token`` is taken by Jupyter's proxy.
KEY = "k"
#: The page may load what comes with it, and connect to where it came from.
_POLICY = (
    "default-src 'self'; connect-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors {ancestors}"
)
_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
#: Codes of HTTP, and of a WebSocket that is refused.
FORBIDDEN, POLICY_VIOLATION = 403, 1008


@dataclass(frozen=True)
class Rules:
    """Who is let in.

    Parameters
    ----------
    token : str, optional
        The secret; None if somebody else, such as Jupyter, has asked for one already.
    hosts : frozenset of str
        What a browser may call the server, with the port; empty for any name, behind a proxy.
    cookie : str
        Name of the cookie: two studios on one machine must not share one.
    framed : bool
        Whether a page of the same origin, such as JupyterLab, may show the studio within itself.
    """

    token: str | None
    hosts: frozenset[str]
    cookie: str = "apical"
    framed: bool = False


def new_token() -> str:
    """Return a new secret."""
    return secrets.token_urlsafe(24)


class Guard:
    """Let through what the rules allow, and answer 403 to everything else."""

    def __init__(self, app: ASGIApp, rules: Rules) -> None:
        self._app, self._rules = app, rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if reason := self._stranger(scope, headers):
            await _refuse(scope, receive, send, reason)
        elif scope["type"] == "http" and self._brings_token(scope):
            # also where there is a cookie already: the secret stays in no address
            response = self._enter(scope, headers)
            await response(scope, receive, self._with_headers(send))
        elif self._has_cookie(headers):
            await self._app(scope, receive, self._with_headers(send))
        else:
            why = "open the address that 'apical studio' printed"
            await _refuse(scope, receive, send, f"not signed in: {why}")

    def _stranger(self, scope: Scope, headers: Headers) -> str:
        """Return why a request cannot be from the studio's own page; empty if it can."""
        host = headers.get("host", "").lower()
        if self._rules.hosts and host not in self._rules.hosts:
            return "this server does not answer to that name"
        changes = scope["type"] == "websocket" or scope["method"] not in ("GET", "HEAD")
        if changes and (not host or _place(headers.get("origin", "")) != host):
            return "this does not come from the studio's own page"
        return ""

    def _has_cookie(self, headers: Headers) -> bool:
        return self._rules.token is None or _same(self._cookie(headers), self._rules.token)

    def _cookie(self, headers: Headers) -> str:
        # cookies of all servers of this host come, whatever these have put into them
        return cookie_parser(headers.get("cookie", "")).get(self._rules.cookie, "")

    def _brings_token(self, scope: Scope) -> bool:
        given = dict(_query(scope)).get(KEY, "")
        return scope["method"] == "GET" and _same(given, self._rules.token or "")

    def _enter(self, scope: Scope, headers: Headers) -> Response:
        """Exchange the secret for a cookie, and take it out of the address."""
        kept = urlencode([(name, value) for name, value in _query(scope) if name != KEY])
        place = f"./?{kept}" if kept else "./"
        if headers.get("sec-fetch-site", "none") in ("none", "same-origin"):
            response: Response = RedirectResponse(place, 303)
        else:
            # the cookie would not go along with a redirection of who comes from elsewhere, such
            # as from the file that the browser was given to open; from a page of our own it does
            response = HTMLResponse(page_to(place))
        response.set_cookie(
            self._rules.cookie, self._rules.token or "", httponly=True, samesite="strict"
        )
        return response

    def _with_headers(self, send: Send) -> Send:
        ancestors = "'self'" if self._rules.framed else "'none'"

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["content-security-policy"] = _POLICY.format(ancestors=ancestors)
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers.setdefault("cache-control", "no-store")
            await send(message)

        return sending


def page_to(address: str) -> str:
    """Return a page that leads to another at once."""
    address = html.escape(address)
    return (
        '<!doctype html><meta charset="utf-8"><title>apical studio</title>'
        # or a browser that stays long enough asks for one that is not there
        '<link rel="icon" href="data:,">'
        f'<meta http-equiv="refresh" content="0; url={address}">'
        f'<a href="{address}">apical studio</a>'
    )


def names_of(host: str, port: int) -> frozenset[str]:
    """Return what a browser may call a server that listens on some address."""
    names = {"127.0.0.1", "localhost", "[::1]"}
    if host not in ("0.0.0.0", "::"):
        names.add(f"[{host}]" if ":" in host else host.lower())
    # browsers leave out the port that HTTP has by default
    return frozenset(name if port == 80 else f"{name}:{port}" for name in names)


def _place(origin: str) -> str:
    """Return host and port of an origin; of one that is none, nothing."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return ""
    return parts.netloc.lower() if parts.scheme in ("http", "https") else ""


def _query(scope: Scope) -> list[tuple[str, str]]:
    return parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)


def _same(given: str, wanted: str) -> bool:
    return bool(wanted) and secrets.compare_digest(given.encode(), wanted.encode())


async def _refuse(scope: Scope, receive: Receive, send: Send, reason: str) -> None:
    if scope["type"] == "http":
        response = PlainTextResponse(f"403 Forbidden: {reason}\n", FORBIDDEN, dict(_HEADERS))
        await response(scope, receive, send)
        return
    # closing before accepting is answered with 403
    await receive()
    await send({"type": "websocket.close", "code": POLICY_VIOLATION})
