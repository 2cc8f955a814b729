"""What must fit together in a network; every problem is found in one go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from apical.errors import Problem
from apical.model.checks.membrane import check_membranes
from apical.model.checks.requests import check_requests
from apical.model.checks.units import in_mechanism_units as in_mechanism_units
from apical.model.checks.wiring import check_wiring

if TYPE_CHECKING:
    from apical.model.network import Network


def check_network(network: Network) -> Iterator[Problem]:
    """Yield every problem of a network whose single fields are right."""
    yield from check_membranes(network)
    yield from check_wiring(network)
    yield from check_requests(network)
