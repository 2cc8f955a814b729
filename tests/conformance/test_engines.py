"""Every engine passes the public suite."""

from __future__ import annotations

import pytest

from apical import engines
from apical.errors import EngineError
from apical.testing import CHECKS


@pytest.mark.parametrize("name", CHECKS)
@pytest.mark.parametrize("engine", engines.available())
def test_engine(engine, name):
    try:
        engines.get(engine)
    except EngineError as error:
        # cuda under its simulator: tests/engines/test_cuda.py
        pytest.skip(str(error))
    CHECKS[name](engine)
