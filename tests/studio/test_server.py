"""The server: its page, its socket and its requests, behind the guard."""

import asyncio
import json
import os
import time
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import numpy as np
import pytest

pytest.importorskip("starlette", reason="the extra 'studio' is not installed")

from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

import apical
from apical.errors import Cancelled
from apical.studio import requests, serve, server
from apical.studio.frames import decode
from apical.studio.guard import Rules, names_of
from apical.studio.opened import session_of
from apical.studio.sessions import Sessions
from pages import setup_of, small

TOKEN, KEY = "a-secret-of-some-length", "a-page-of-the-tests"
HOST = "127.0.0.1:8150"
OWN = {"origin": f"http://{HOST}", "host": HOST}
RECORDED = "\n".join(f"{t} {t % 7}" for t in range(17)).encode()


def make(send):
    return session_of(send, "small", small(), duration=16.0, dt=0.05)


@pytest.fixture
def browser():
    """Somebody who was let in."""
    application = server.application(make, Rules(TOKEN, names_of("127.0.0.1", 8150)))
    with TestClient(application, base_url=f"http://{HOST}") as client:
        client.get(f"/?k={TOKEN}", follow_redirects=False)
        # the client's sockets take cookies from headers only
        client.headers = {**OWN, "cookie": f"apical={TOKEN}"}
        yield client


@pytest.fixture
def page(browser):
    """Somebody whose page is connected."""
    with browser.websocket_connect(f"/ws?s={KEY}") as socket:
        yield browser, socket


def frame(socket, kind):
    """Return the next frame of a kind."""
    while True:
        header, arrays = decode(socket.receive_bytes())
        if header["type"] == kind:
            return header, arrays


def post(browser, path, body=b"", **query):
    return browser.post(f"/{path}", params={"s": KEY, **query}, content=body)


def asked(**more):
    return json.dumps({"setup": setup_of(**more).model_dump(mode="json")})


# --- the socket -----------------------------------------------------------------------------------


def test_a_page_is_greeted_and_what_it_asks_for_is_simulated(page):
    _, socket = page
    hello, _ = frame(socket, "hello")
    assert hello["setup"]["model"] == "small"
    assert "small" in [m["key"] for m in hello["models"]]
    setup = setup_of().model_dump(mode="json")
    socket.send_text(json.dumps({"type": "simulate", "id": 1, "setup": setup, "view": {}}))
    header, arrays = frame(socket, "done")
    assert header["id"] == 1
    assert arrays["dipole"].shape[1] == 321
    wanted = apical.simulate(small(), 16.0, dt=0.05, precision="single").digest()
    assert header["hash"] == wanted


def test_what_is_no_message_is_told_and_the_page_stays(page):
    _, socket = page
    for text in ("", "{", "[]", '{"type": "quit"}', '{"type": "simulate", "id": "x"}'):
        socket.send_text(text)
        header, _ = frame(socket, "wrong")
        assert header["problems"]


@pytest.mark.parametrize("key", ["", "short", "../../etc/passwd", "x" * 65, "with space"])
def test_a_page_without_a_key_of_its_own_is_refused(browser, key):
    with (
        pytest.raises(WebSocketDisconnect) as found,
        browser.websocket_connect("/ws?s=" + key) as socket,
    ):
        socket.receive_bytes()
    assert found.value.code == server.POLICY_VIOLATION


def test_who_says_too_much_is_sent_away(browser, monkeypatch):
    monkeypatch.setattr(server, "MAX_MESSAGE", 100)
    with browser.websocket_connect(f"/ws?s={KEY}") as socket:
        frame(socket, "hello")
        socket.send_text("x" * 101)
        with pytest.raises(WebSocketDisconnect) as found:
            frame(socket, "nothing more")
    assert found.value.code == 1009


def test_a_page_that_is_opened_elsewhere_takes_its_session_along(browser):
    with browser.websocket_connect(f"/ws?s={KEY}") as first:
        frame(first, "hello")
        assert post(browser, "data", RECORDED, name="a.txt", **CLEAR).status_code == 200
        with browser.websocket_connect(f"/ws?s={KEY}") as second:
            hello, _ = frame(second, "hello")
            assert [d["name"] for d in hello["data"]] == ["a.txt"]
            with pytest.raises(WebSocketDisconnect):
                frame(first, "nothing more")


# --- requests -------------------------------------------------------------------------------------

CLEAR = {"time_unit": "ms", "value_unit": "nAm"}


def test_who_is_connected_has_a_session(browser, monkeypatch):
    joined = Sessions.join

    async def slowly(self, key):
        await asyncio.sleep(0.3)
        return await joined(self, key)

    monkeypatch.setattr(Sessions, "join", slowly)
    with browser.websocket_connect(f"/ws?s={KEY}"):
        assert post(browser, "code", b"{").status_code == 400


def test_there_is_nothing_for_who_has_no_session(browser):
    for path in ("data", "model", "code", "export/figure.png"):
        answer = post(browser, path)
        assert answer.status_code == 404
        assert "no such session" in answer.json()["problems"][0]["message"]


@pytest.mark.parametrize("path", ["export/etc", "export/", "export/..%2Fsecret", "export/figure"])
def test_what_is_no_export_is_not_found(page, path):
    browser, _ = page
    assert post(browser, path, asked()).status_code in (404, 405)


@pytest.mark.parametrize("path", ["data", "model", "code", "export/script.py"])
def test_too_much_is_refused(page, monkeypatch, path):
    monkeypatch.setattr(requests, "MAX_FILE", 1000)
    monkeypatch.setattr(requests, "MAX_ASKED", 1000)
    browser, _ = page
    answer = post(browser, path, b"1" * 1001)
    assert answer.status_code == 413
    assert "larger than" in answer.json()["problems"][0]["message"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"setup": {"model": 3}}', b"\xff"])
@pytest.mark.parametrize("path", ["code", "export/model.json"])
def test_what_is_wrong_is_told_in_words(page, path, body):
    browser, _ = page
    answer = post(browser, path, body)
    assert answer.status_code == 400
    assert answer.json()["problems"]


def test_a_model_that_is_none_and_a_setup_that_cannot_be_are_told(page):
    browser, _ = page
    for body in (asked(model="nobody"), asked(values={"drives.early.mu": "soon"})):
        answer = post(browser, "export/model.json", body)
        assert answer.status_code == 400
        assert answer.json()["problems"]


def test_an_export_that_is_given_up_says_so(page, monkeypatch):
    browser, _ = page

    def give_up(*given, **options):
        raise Cancelled("given up")

    monkeypatch.setattr("apical.studio.live.simulate", give_up)
    answer = post(browser, "export/dipole.csv", asked(model="small", seed=9))
    assert answer.status_code == 409
    assert answer.json()["problems"][0]["message"] == "given up"


def test_a_run_is_shown_in_another_view(page):
    browser, _ = page
    body = json.loads(asked()) | {"view": {"smooth": 2.0, "scale": 3.0}}
    answer = post(browser, "wave", json.dumps(body))
    header, arrays = decode(answer.content)
    whole = apical.simulate(small(), 16.0, dt=0.05, precision="single")
    wanted = whole.smooth(2.0).scale(3.0).dipole.values[0]
    assert header["type"] == "done"
    assert header["hash"] == whole.digest()
    assert np.array_equal(arrays["dipole"][1:], wanted.astype("f4"))
    wide = json.loads(asked()) | {"view": {"smooth": 100.0}}
    assert post(browser, "wave", json.dumps(wide)).status_code == 400


def test_recordings_come_and_go(page):
    browser, socket = page
    answer = post(browser, "data", RECORDED, name="a.txt", **CLEAR)
    info = answer.json()["data"]
    header, arrays = frame(socket, "data")
    assert header["info"] == info
    assert arrays["values"].tolist() == [t % 7 for t in range(17)]
    gone = browser.delete("/data", params={"s": KEY, "key": info["key"]})
    assert gone.status_code == 200
    answer = post(browser, "data", b"\0\1", name="photo.png")
    assert answer.status_code == 400


def test_what_is_not_clear_is_asked(page):
    browser, _ = page
    rows = "\n".join(f"{t / 1000},{t % 7}" for t in range(17)).encode()
    answer = post(browser, "data", rows, name="seconds.csv").json()
    assert "seconds" in answer["choose"]["reason"]


def test_a_model_is_taken(page):
    browser, _ = page
    answer = post(browser, "model", small().to_json().encode(), name="mine.json")
    key = answer.json()["model"]["key"]
    found = post(browser, "export/model.json", asked(model=key))
    assert apical.Network.from_json(found.content) == small()
    disposition = found.headers["content-disposition"]
    assert disposition == f"attachment; filename*=UTF-8''{key}.json"


def test_there_are_no_other_addresses(browser):
    for path in ("docs", "openapi.json", "ws", "static", "..%2f..%2fpyproject.toml", "data"):
        assert browser.get(f"/{path}").status_code in (404, 405), path
    assert browser.put("/data").status_code == 405


# --- starting -------------------------------------------------------------------------------------


def test_a_port_that_is_taken_is_told(monkeypatch, tmp_path):
    (tmp_path / "index.html").touch()
    monkeypatch.setattr(serve, "STATIC", tmp_path)
    taken = serve._listen(serve.Where(port=0))
    port = taken.getsockname()[1]
    try:
        with pytest.raises(serve.StudioError, match=f"{port}.*--port"):
            serve.serve(make, serve.Where(port=port), print, browse=False)
    finally:
        taken.close()


def test_the_usual_port_gives_way(monkeypatch):
    first = serve._listen(serve.Where(port=0))
    monkeypatch.setattr(serve, "USUAL_PORT", first.getsockname()[1])
    second = serve._listen(serve.Where())
    assert second.getsockname()[1] != first.getsockname()[1]
    assert second.getsockname()[0] == "127.0.0.1"
    first.close()
    second.close()


def test_a_page_that_was_not_built_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(serve, "STATIC", tmp_path)
    with pytest.raises(serve.StudioError, match="npm run build"):
        serve.serve(make, serve.Where(), print, browse=False)


def test_a_browser_is_given_a_file_of_its_users_alone_and_no_secret(monkeypatch):
    given = []
    monkeypatch.setattr(serve.webbrowser, "open", given.append)
    address = f"http://127.0.0.1:8150/?k={TOKEN}"
    with serve._browser(address):
        for _ in range(200):
            if given:
                break
            time.sleep(0.01)
        assert TOKEN not in given[0]
        file = Path(url2pathname(urlsplit(given[0]).path))
        assert address in file.read_text()
        if os.name == "posix":
            assert file.stat().st_mode & 0o777 == 0o600
            assert file.parent.stat().st_mode & 0o777 == 0o700
    assert not file.parent.exists()


def test_the_file_is_gone_once_it_was_read(monkeypatch):
    given = []
    monkeypatch.setattr(serve.webbrowser, "open", given.append)
    monkeypatch.setattr(serve, "_READ", 0.3)
    with serve._browser("http://127.0.0.1:8150/"):
        time.sleep(1.0)
        assert not Path(url2pathname(urlsplit(given[0]).path)).exists()


def test_no_browser_is_opened_where_none_is_wanted(monkeypatch):
    monkeypatch.setattr(serve.webbrowser, "open", pytest.fail)
    with serve._browser(""):
        pass


def test_a_short_secret_is_refused(monkeypatch):
    monkeypatch.setenv(serve.TOKEN, "short")
    with pytest.raises(serve.StudioError, match="at least 16"):
        serve._given_token()
    monkeypatch.setenv(serve.TOKEN, "long-enough-to-be-one")
    assert serve._given_token() == "long-enough-to-be-one"


def test_a_socket_in_the_file_system_is_its_users_alone(tmp_path):
    path = tmp_path / "socket"
    listening = serve._listen(serve.Where(unix=str(path)))
    assert path.stat().st_mode & 0o777 == 0o600
    listening.close()
    with pytest.raises(serve.StudioError, match="exists already"):
        serve._listen(serve.Where(unix=str(path)))


@pytest.mark.parametrize(
    ("where", "local"),
    [(serve.Where(), True), (serve.Where("::1"), True), (serve.Where("0.0.0.0"), False),
     (serve.Where("::"), False), (serve.Where("0.0.0.0", unix="a.socket"), True)],
)  # fmt: skip
def test_what_other_machines_reach_is_known(where, local):
    assert serve.is_local(where) is local
