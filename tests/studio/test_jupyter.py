"""The studio within Jupyter: its entry in the launcher, and the widget."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from apical.studio.frames import decode
from apical.studio.jupyter import launcher
from pages import setup_of, small


def test_the_launcher_starts_a_studio_on_a_socket_of_its_own():
    found = launcher()
    command = found["command"]
    assert command[0] == sys.executable
    assert "{unix_socket}" in command
    assert found["unix_socket"] is True
    assert Path(found["launcher_entry"]["icon_path"]).exists()
    asked = subprocess.run(
        [*command[:4], "--help"], capture_output=True, text=True, check=True, encoding="utf-8"
    )
    assert "--socket" in asked.stdout


@pytest.fixture
def widget(monkeypatch, tmp_path):
    pytest.importorskip("anywidget", reason="the extra 'notebook' is not installed")
    from apical.studio import notebook

    for name, text in (("widget.js", "export default {}"), ("widget.css", "")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.setattr(notebook, "STATIC", tmp_path)
    made = notebook.Studio(small(), duration=16.0, dt=0.05)
    yield made
    made.close()


def test_a_widget_carries_what_a_socket_does(widget, monkeypatch):
    import threading

    sent, came = [], threading.Condition()

    def send(content, buffers=None):
        with came:
            sent.append((content, buffers))
            came.notify_all()

    monkeypatch.setattr(widget, "send", send)

    def frames(kind):
        found = (decode(b[0]) for c, b in sent if c.get("frame"))
        return [(h, a) for h, a in found if h["type"] == kind]

    widget._take(None, {"hello": True}, [])
    opened = widget.network
    setup = {**setup_of().model_dump(mode="json"), "model": frames("hello")[0][0]["setup"]["model"]}
    setup["values"] = {"drives.late.trains": [[9.0, 13.0]]}
    message = {"type": "simulate", "id": 1, "setup": setup, "view": {}}
    widget._take(None, {"text": json.dumps(message)}, [])
    with came:
        assert came.wait_for(lambda: [h for h, _ in frames("done") if h["id"] == 1], 100)
    assert widget.network.drives["late"] == opened.drives["late"].model_copy(
        update={"trains": ((9.0, 13.0),)}
    )
    assert widget.result().digest() == frames("done")[-1][0]["hash"]
    asked = json.dumps({"setup": setup}).encode()
    widget._take(None, {"id": 5, "method": "POST", "path": "code"}, [asked])
    answer, buffers = sent[-1]
    assert (answer["answer"], answer["status"]) == (5, 200)
    assert "apical.simulate" in json.loads(buffers[0])["text"]
    widget._take(None, {"id": 6, "method": "POST", "path": "export/etc"}, [])
    assert sent[-1][0]["status"] == 404
