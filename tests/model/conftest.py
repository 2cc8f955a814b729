"""Fixtures of the model's tests."""

from __future__ import annotations

from typing import Any

import pytest
from small_network import small

from apical.model import Network


@pytest.fixture
def data() -> dict[str, Any]:
    return small()


@pytest.fixture
def network() -> Network:
    return Network.model_validate(small())
