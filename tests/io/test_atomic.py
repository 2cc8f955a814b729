"""Files appear whole or not at all."""

import os

import pytest

from apical.errors import StorageError
from apical.io.atomic import check_writable, replacing


def names(folder):
    return sorted(p.name for p in folder.iterdir())


def test_a_file_appears_when_the_block_ends(tmp_path):
    with replacing(tmp_path / "a.txt") as temporary:
        temporary.write_text("new")
        assert not (tmp_path / "a.txt").exists()
    assert (tmp_path / "a.txt").read_text() == "new"
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("fault", [RuntimeError, KeyboardInterrupt])
def test_an_interruption_leaves_the_old_file(tmp_path, fault):
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(fault), replacing(target, overwrite=True) as temporary:  # noqa: PT012
        temporary.write_text("ne")
        raise fault
    assert target.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_full_disk_is_a_storage_error(tmp_path):
    with pytest.raises(StorageError, match="No space left"), replacing(tmp_path / "a"):
        raise OSError(28, "No space left on device")
    assert names(tmp_path) == []


def test_a_file_that_appears_meanwhile_is_kept(tmp_path):
    target = tmp_path / "a.txt"
    with pytest.raises(StorageError, match="exists already"), replacing(target) as temporary:  # noqa: PT012
        temporary.write_text("mine")
        target.write_text("theirs")
    assert target.read_text() == "theirs"
    assert names(tmp_path) == ["a.txt"]


def test_file_systems_without_links(tmp_path, monkeypatch):
    def no_links(*_):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "link", no_links)
    with replacing(tmp_path / "a.txt") as temporary:
        temporary.write_text("new")
    assert (tmp_path / "a.txt").read_text() == "new"


def test_links_stay_and_what_they_lead_to_is_replaced(tmp_path):
    (tmp_path / "far").mkdir()
    target, link = tmp_path / "far" / "a.txt", tmp_path / "link.txt"
    target.write_text("old")
    link.symlink_to(target)
    with pytest.raises(StorageError, match="exists already"):
        check_writable(link)
    with replacing(link, overwrite=True) as temporary:
        temporary.write_text("new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert names(tmp_path / "far") == ["a.txt"]
    link.unlink()
    link.symlink_to(link)
    with pytest.raises(StorageError):
        check_writable(link, overwrite=True)


def test_what_is_no_ordinary_file_is_never_replaced(tmp_path):
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    for path in (pipe, link):
        for overwrite in (True, False):
            with pytest.raises(StorageError, match="it is not an ordinary file"):
                check_writable(path, overwrite)


def test_names_that_no_disk_takes(tmp_path):
    for name in ("a" * 300, "a\0b"):
        with pytest.raises(StorageError, match="cannot write"):
            check_writable(tmp_path / name)
    with replacing(tmp_path / ("€" * 84)) as temporary:  # 252 bytes
        temporary.write_text("new")


def test_early_checks(tmp_path, monkeypatch):
    (tmp_path / "old").write_text("")
    with pytest.raises(StorageError, match="exists already; say overwrite"):
        check_writable(tmp_path / "old")
    check_writable(tmp_path / "old", overwrite=True)
    with pytest.raises(StorageError, match="it is a folder"):
        check_writable(tmp_path, overwrite=True)
    with pytest.raises(StorageError, match="there is no folder"):
        check_writable(tmp_path / "no" / "a")
    with pytest.raises(StorageError, match="is not a folder"):
        check_writable(tmp_path / "old" / "a")
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(StorageError, match="no permission"):
        check_writable(tmp_path / "a")
    assert names(tmp_path) == ["old"]
