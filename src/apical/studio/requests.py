"""Files in and out of a session, whatever carries them: the server's requests or a notebook's."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from pydantic import ValidationError

from apical.errors import ApicalError, Cancelled, ModelError, Problem
from apical.studio import export, uploads
from apical.studio.messages import ProblemInfo

if TYPE_CHECKING:
    from apical.studio.live import Session

#: Bytes of a file that is taken, and of what is asked for.
MAX_FILE, MAX_ASKED = 64 * 2**20, 16 * 2**20
OK, WRONG, MISSING, GIVEN_UP, TOO_LARGE, FAILED = 200, 400, 404, 409, 413, 500
_log = logging.getLogger(__name__)
_JSON = "application/json"


class Answer(NamedTuple):
    """What comes back: a status of HTTP, a media type, contents, and a name if it is a file."""

    status: int
    media: str
    body: bytes
    name: str = ""

    def headers(self) -> dict[str, str]:
        """Return the headers of a file that is to be saved, not shown."""
        name = quote(self.name)
        return {"content-disposition": f"attachment; filename*=UTF-8''{name}"} if name else {}


class Request(NamedTuple):
    """What a page asks for: where, with which options, and what it brings."""

    method: str
    path: str
    query: Mapping[str, str]
    body: bytes


def most_bytes(path: str) -> int:
    """Return how much a request to some address may bring."""
    return MAX_FILE if path in ("data", "model") else MAX_ASKED


def answer(session: Session | None, request: Request) -> Answer:
    """Return what a session answers; what is wrong becomes a list of problems."""
    if session is None:
        return problems([Problem("s", "there is no such session; reload the page")], MISSING)
    found = _find(request)
    if found is None:
        return problems([Problem(request.path, "there is nothing of that name")], MISSING)
    if len(request.body) > most_bytes(request.path):
        return too_large(request.path)
    try:
        return found(session, request)
    except ModelError as error:
        return problems(error.problems)
    except ValidationError as error:
        return problems(Problem(".".join(map(str, e["loc"])), e["msg"]) for e in error.errors())
    except Cancelled as error:
        return problems([Problem("", str(error))], GIVEN_UP)
    except (ApicalError, ValueError) as error:
        return problems([Problem("", str(error))])
    except Exception as error:
        # the page waits for an answer, whatever a file may do to who reads it
        _log.exception("unexpected, in a request")
        return problems([Problem("", f"this could not be done: {error}")], FAILED)


def too_large(path: str) -> Answer:
    """Return what is said to somebody who brings too much."""
    most = most_bytes(path) // 2**20
    return problems([Problem("", f"larger than {most} MB")], TOO_LARGE)


def problems(found: Iterable[Problem], status: int = WRONG) -> Answer:
    """Return what is wrong, as the page shows it."""
    infos = [ProblemInfo(path=p.path, message=p.message, hint=p.hint) for p in found]
    return _json({"problems": [i.model_dump() for i in infos]}, status)


def _find(request: Request) -> Callable[[Session, Request], Answer] | None:
    if request.method == "POST" and request.path.startswith("export/"):
        kind = request.path.removeprefix("export/")
        return _export if kind in export.KINDS else None
    return _ANSWERS.get((request.method, request.path))


def _add_data(session: Session, request: Request) -> Answer:
    options = {k: v for k, v in request.query.items() if k not in ("s", "name") and v}
    name = request.query.get("name", "")
    found = uploads.read_data(request.body, name, uploads.How.model_validate_strings(options))
    if isinstance(found, uploads.Choice):
        return _json({"choose": found.model_dump(mode="json")})
    info = session.add_data(uploads.key_of(found), name, found, "")
    return _json({"data": info.model_dump(mode="json")})


def _remove_data(session: Session, request: Request) -> Answer:
    session.remove_data(request.query.get("key", ""))
    return _json({})


def _add_model(session: Session, request: Request) -> Answer:
    name = request.query.get("name", "")
    network, code = uploads.read_model(request.body, name)
    info = session.add_model(uploads.model_key(network), name, network, code)
    return _json({"model": info.model_dump(mode="json")})


def _code(session: Session, request: Request) -> Answer:
    asked = export.Asked.model_validate_json(request.body)
    return _json({"text": export.script(session, asked)})


def _wave(session: Session, request: Request) -> Answer:
    asked = export.Asked.model_validate_json(request.body)
    return Answer(OK, "application/octet-stream", session.shown(asked.setup, asked.view))


def _export(session: Session, request: Request) -> Answer:
    asked = export.Asked.model_validate_json(request.body)
    kind = export.KINDS[request.path.removeprefix("export/")]
    name = f"{export.file_name(asked)}{kind.ending}"
    return Answer(OK, kind.media, kind.make(session, asked), name)


def _json(value: object, status: int = OK) -> Answer:
    return Answer(status, _JSON, json.dumps(value).encode())


_ANSWERS = {
    ("POST", "data"): _add_data,
    ("DELETE", "data"): _remove_data,
    ("POST", "model"): _add_model,
    ("POST", "code"): _code,
    ("POST", "wave"): _wave,
}
