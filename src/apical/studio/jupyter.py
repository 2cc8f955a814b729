"""The studio within Jupyter: an entry in the launcher, behind jupyter-server-proxy."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

_ICON = Path(__file__).parent / "icon.svg"


def launcher() -> dict[str, Any]:
    """Return how jupyter-server-proxy starts the studio and shows it.

    It listens on a socket of the file system that only its user can open: Jupyter has asked who
    it is.
    """
    return {
        "command": [
            sys.executable, "-m", "apical", "studio", "--no-browser", "--socket", "{unix_socket}",
        ],
        "unix_socket": True,
        "timeout": 30,
        "launcher_entry": {"title": "apical studio", "icon_path": str(_ICON)},
    }  # fmt: skip
