"""How many members run together, so that memory stays bounded."""

from __future__ import annotations

from apical.engines.base import Engine
from apical.plan.plan import Plan

#: Bytes that the members of a batch may take.
_ROOM = 2**30
_NUMBER = 8


def batch_size(plan: Plan, engine: Engine) -> int:
    """Return how many members like this one should run together."""
    fitting = _ROOM // (state_bytes(plan) + _sample_bytes(plan))
    return int(min(engine.members_at_once, max(1, fitting)))


def state_bytes(plan: Plan) -> int:
    """Return about how much memory everything that changes in one member takes."""
    numbers = sum(
        p.n * (4 * p.cell.tree.nodes + sum(m.n * len(m.program.states) for m in p.cell.mechanisms))
        for p in plan.populations
    )
    return _NUMBER * numbers


def _sample_bytes(plan: Plan) -> int:
    """Return how much memory the samples of one member take, with a copy of them."""
    numbers = (1 + len(plan.populations)) * (plan.steps + 1)
    numbers += sum(len(r.cells) * len(r.sites) * r.samples(plan.steps) for r in plan.recordings)
    numbers += sum(o.outputs * o.samples(plan.steps) for o in plan.observables)
    return 2 * _NUMBER * numbers
