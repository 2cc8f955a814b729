"""Every engine passes the public suite."""

from __future__ import annotations

import pytest

from apical import engines
from apical.testing import CHECKS


@pytest.mark.parametrize("name", CHECKS)
@pytest.mark.parametrize("engine", engines.available())
def test_engine(engine, name):
    CHECKS[name](engine)
