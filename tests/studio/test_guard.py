"""Who is let in: only a page that has the secret, from the studio itself."""

import pytest

pytest.importorskip("starlette", reason="the extra 'studio' is not installed")

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from apical.studio.guard import Guard, Rules, names_of, new_token

TOKEN = "a-secret-of-some-length"
HOME = "http://127.0.0.1:8150"
OWN = {"origin": HOME}


async def page(request):
    return PlainTextResponse("in")


async def socket(socket):
    await socket.accept()
    await socket.send_text("in")
    await socket.close()


def client(token=TOKEN, hosts=None, base=HOME, **more):
    routes = [Route("/", page, methods=["GET", "POST", "DELETE"]), WebSocketRoute("/ws", socket)]
    rules = Rules(token, names_of("127.0.0.1", 8150) if hosts is None else hosts, **more)
    return TestClient(Guard(Starlette(routes=routes), rules), base_url=base, follow_redirects=False)


def signed_in(**more):
    browser = client(**more)
    assert browser.get(f"/?k={TOKEN}").status_code == 303
    return browser


def test_the_secret_is_exchanged_for_a_cookie_and_leaves_the_address():
    browser = client()
    answer = browser.get(f"/?k={TOKEN}&model=erp")
    assert answer.headers["location"] == "./?model=erp"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert browser.get("/").text == "in"
    # nor does it stay there when the address is opened once more
    assert browser.get(f"/?k={TOKEN}").headers["location"] == "./"
    # without a trace of it, nothing
    assert client().get("/").status_code == 403


def test_who_comes_from_elsewhere_goes_on_from_a_page_of_the_server_itself():
    """Browsers send no such cookie along with a redirection of another site's page, or a file's."""
    browser = client()
    answer = browser.get(f"/?k={TOKEN}&s=a%22b", headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 200
    assert 'http-equiv="refresh" content="0; url=./?s=a%22b"' in answer.text
    assert TOKEN not in answer.text
    assert browser.get("/").text == "in"
    again = browser.get(f"/?k={TOKEN}", headers={"sec-fetch-site": "none"})
    assert again.status_code == 303


@pytest.mark.parametrize("given", ["", "wrong", TOKEN[:-1], TOKEN + "x", "é"])
def test_a_wrong_secret_is_refused(given):
    assert client().get("/", params={"k": given}).status_code == 403
    cookie = f"apical={given}".encode()
    assert client().get("/", headers={"cookie": cookie}).status_code == 403


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8150", "127.0.0.1", "127.0.0.1:8151", "localhost.:8150", "",
     "127.0.0.1.evil.example:8150"],
)  # fmt: skip
def test_a_name_that_is_not_its_own_is_refused_even_with_the_cookie(host):
    browser = signed_in()
    assert browser.get("/", headers={"host": host}).status_code == 403


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8150", "localhost:8150", "LOCALHOST:8150", "[::1]:8150"]
)
def test_names_of_this_machine_are_its_own(host):
    assert signed_in().get("/", headers={"host": host}).text == "in"


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize(
    "origin",
    [None, "null", "", "http://evil.example", "http://127.0.0.1:8151", "http://localhost:8150",
     "http://127.0.0.1:8150.evil.example", "file://127.0.0.1:8150", "http://[", "127.0.0.1:8150"],
)  # fmt: skip
def test_what_changes_something_must_come_from_its_own_page(method, origin):
    browser = signed_in()
    headers = {} if origin is None else {"origin": origin}
    assert browser.request(method, "/", headers=headers).status_code == 403
    assert browser.request(method, "/", headers=OWN).text == "in"


@pytest.mark.parametrize("origin", [None, "http://evil.example", "http://localhost:8150"])
def test_a_socket_from_elsewhere_is_refused(origin):
    browser = signed_in()
    headers = {"host": "127.0.0.1:8150"} | ({} if origin is None else {"origin": origin})
    with pytest.raises(WebSocketDisconnect), browser.websocket_connect("/ws", headers=headers):
        pass


def test_a_socket_without_the_cookie_is_refused():
    with (
        pytest.raises(WebSocketDisconnect),
        client().websocket_connect(f"/ws?k={TOKEN}", headers={"host": "127.0.0.1:8150", **OWN}),
    ):
        pass


def test_a_socket_of_its_own_page_is_served():
    browser = signed_in()
    cookie = f"apical={browser.cookies['apical']}"
    headers = {"host": "127.0.0.1:8150", "cookie": cookie, **OWN}
    with browser.websocket_connect("/ws", headers=headers) as connection:
        assert connection.receive_text() == "in"


def test_every_answer_says_what_a_page_may_load():
    browser = signed_in()
    policy = browser.get("/").headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "frame-ancestors 'none'" in policy
    assert browser.get("/").headers["x-content-type-options"] == "nosniff"
    assert (
        "frame-ancestors 'self'"
        in (signed_in(framed=True).get("/").headers["content-security-policy"])
    )


def test_behind_a_proxy_that_has_asked_who_it_is_the_origin_still_counts():
    browser = client(token=None, hosts=frozenset(), base="http://hub.example")
    assert browser.get("/").text == "in"
    assert browser.post("/", headers={"origin": "https://hub.example"}).text == "in"
    assert browser.post("/", headers={"origin": "https://evil.example"}).status_code == 403


def test_secrets_differ():
    assert len({new_token() for _ in range(100)}) == 100
    assert min(len(new_token()) for _ in range(100)) >= 32


@pytest.mark.parametrize("other", ['a={"x":1}', "flag", "x/y=2", "é=1", 'b="unclosed'])
def test_cookies_of_other_servers_do_not_sign_anybody_out(other):
    cookie = f"{other}; apical={TOKEN}; c=3".encode()
    assert client().get("/", headers={"cookie": cookie}).text == "in"
