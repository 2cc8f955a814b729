"""Sessions: one for each page, kept for a while, never too many."""

import asyncio
import functools
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

pytest.importorskip("starlette", reason="the extra 'studio' is not installed")

from apical.studio import sessions as rooms
from apical.studio.sessions import Full, Sessions, is_key


class Fake:
    def __init__(self, send):
        self.send, self.closed, self.begun = send, False, False

    def begin(self):
        self.begun = True

    def close(self):
        self.closed = True


def ended(session):
    """Wait for a session that is ended in a thread."""
    for _ in range(200):
        if session.closed:
            return
        time.sleep(0.01)


def running(test):
    @functools.wraps(test)
    def run(**given):
        # the browser's driver has a loop of its own in this thread
        with ThreadPoolExecutor(1) as pool:
            pool.submit(asyncio.run, test(**given)).result()

    return run


@running
async def test_a_page_that_comes_back_finds_its_session():
    known = Sessions(Fake)
    first, out = await known.join("page-1234")
    known.leave("page-1234", out)
    second, _ = await known.join("page-1234")
    assert second is first
    assert (await known.join("page-5678"))[0] is not first


@running
async def test_frames_go_to_the_page_that_is_connected_and_nowhere_without_one():
    known = Sessions(Fake)
    session, first = await known.join("page-1234")
    session.send(b"1")
    await asyncio.sleep(0)
    assert first.get_nowait() == b"1"
    known.leave("page-1234", first)
    session.send(b"2")
    await asyncio.sleep(0)
    _, second = await known.join("page-1234")
    await asyncio.to_thread(session.send, b"3")
    assert await second.get() == b"3"
    assert first.empty()


@running
async def test_the_older_page_of_a_key_is_sent_away_and_does_not_end_the_newer():
    known = Sessions(Fake)
    session, first = await known.join("page-1234")
    _, second = await known.join("page-1234")
    assert await first.get() is None
    known.leave("page-1234", first)
    session.send(b"1")
    assert await second.get() == b"1"


@running
async def test_there_are_never_too_many_and_those_left_longest_go_first():
    known = Sessions(Fake)
    joined = [await known.join(f"page-{k:04}") for k in range(rooms.MOST)]
    with pytest.raises(Full):
        await known.join("one-too-many")
    for k in (3, 2):
        known.leave(f"page-{k:04}", joined[k][1])
    await known.join("another-one")
    await asyncio.to_thread(ended, joined[3][0])
    assert [session.closed for session, _ in joined] == [k == 3 for k in range(rooms.MOST)]


@running
async def test_who_has_gone_for_long_is_not_waited_for(monkeypatch):
    known = Sessions(Fake)
    session, out = await known.join("page-1234")
    known.leave("page-1234", out)
    monkeypatch.setattr(rooms, "PATIENCE", -1.0)
    await known.join("page-5678")
    await asyncio.to_thread(ended, session)
    assert session.closed


@running
async def test_who_has_gone_for_long_is_ended_though_nobody_comes(monkeypatch):
    monkeypatch.setattr(rooms, "PATIENCE", 0.0)
    monkeypatch.setattr(rooms, "LOOK", 0.01)
    known = Sessions(Fake)
    async with known.open():
        session, out = await known.join("page-1234")
        stays, _ = await known.join("page-5678")
        known.leave("page-1234", out)
        await asyncio.to_thread(ended, session)
        assert session.closed
        assert known.get("page-1234") is None
        assert not stays.closed


@running
async def test_the_first_page_finds_a_session_that_has_begun():
    known = Sessions(Fake)
    async with known.open():
        (first, _), (second, _) = await known.join("page-1234"), await known.join("page-5678")
        assert (first.begun, second.begun) == (True, False)
    assert first.closed
    assert second.closed


@running
async def test_a_session_that_nobody_came_for_is_ended():
    made = []
    known = Sessions(lambda send: made.append(Fake(send)) or made[-1])
    async with known.open():
        pass
    assert [session.closed for session in made] == [True]


@running
async def test_closing_ends_all():
    known = Sessions(Fake)
    session, out = await known.join("page-1234")
    known.close()
    assert session.closed
    assert await out.get() is None
    assert known.get("page-1234") is None


@pytest.mark.parametrize(
    "text", ["", "short", "../../etc/passwd", "a" * 65, "page 1234", "päge-1234"]
)
def test_keys_are_letters_and_digits(text):
    assert not is_key(text)


def test_a_key_as_pages_draw_them():
    assert is_key("Zk3_b-0AAbbCCddEEffGGh")
