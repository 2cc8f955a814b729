"""Where recorded data and reference outputs lie, if they are here."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of data beside the repository, or skip."""
    if not SHARED.is_dir():
        pytest.skip(f"no data beside the repository ({SHARED.name}/ is not there)")
    return SHARED
