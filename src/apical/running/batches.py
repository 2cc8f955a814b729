"""How many members run together, so that memory stays bounded."""

from __future__ import annotations

import os

from apical.engines.base import Engine
from apical.errors import ModelError, Problem
from apical.plan.plan import Plan

#: Bytes that the members of a batch may take.
_ROOM = 2**30
_NUMBER = 8
#: GB that recordings may take where nothing else is said.
_MOST_RECORDED = 4.0


def batch_size(plan: Plan, engine: Engine) -> int:
    """Return how many members like this one should run together."""
    # engines keep the weights of observables member by member
    weights = _NUMBER * sum(o.weights.size for o in plan.observables)
    fitting = _ROOM // (state_bytes(plan) + _sample_bytes(plan) + weights)
    return int(min(engine.members_at_once, max(1, fitting)))


def check_recordings(plan: Plan, trials: int) -> None:
    """Refuse to keep more recordings and potentials than there may be, before anything runs.

    Parameters
    ----------
    plan : Plan
        What is to be run.
    trials : int
        How many trials' recordings are kept at a time.

    Raises
    ------
    ModelError
        If they take more than 4 GB, or what the environment variable ``APICAL_RECORDING_LIMIT``
        says (GB).
    """
    text = os.environ.get("APICAL_RECORDING_LIMIT", "")
    try:
        most = float(text) if text else _MOST_RECORDED
    except ValueError:
        message = f"must be a number of GB; got '{text}'"
        raise ModelError([Problem("APICAL_RECORDING_LIMIT", message)]) from None
    sizes = {r.name: trials * r.size(plan.steps) / 1e9 for r in plan.recordings}
    for o in plan.observables:
        more = trials * _NUMBER * o.outputs * o.samples(plan.steps) / 1e9
        sizes[o.name] = sizes.get(o.name, 0.0) + more
    total = sum(sizes.values())
    if total <= most:
        return
    largest = sorted(sizes, key=lambda name: -sizes[name])[:3]
    shown = ", ".join(f"'{name}' {sizes[name]:.3g}" for name in largest)
    message = f"would take {total:.3g} GB ({shown}); at most {most:g} GB are kept"
    if trials > 1:
        message = f"of {trials} trials {message}"
    hint = (
        "record fewer cells, sections or electrodes, every so many ms, or in single precision; the "
        "environment variable APICAL_RECORDING_LIMIT sets another limit"
    )
    raise ModelError([Problem("recordings", message, hint)])


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
    numbers += sum(o.outputs * o.samples(plan.steps) for o in plan.observables)
    return 2 * (_NUMBER * numbers + sum(r.size(plan.steps) for r in plan.recordings))
