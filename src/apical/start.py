"""Start a plan from its own undriven steady state."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import warnings
from collections import OrderedDict

import numpy as np

from apical.engines.base import Engine
from apical.errors import NumericalError, SteadyStateWarning
from apical.plan.cell import CellPlan, CellState
from apical.plan.connect import PopulationPlan, join
from apical.plan.plan import Inputs, Plan, read_only
from apical.plan.recordings import RecordingPlan
from apical.plan.steady import steady_state

#: A rest is trusted if a cell displaced by this much (mV) comes closer again …
_PUSH = 0.1
#: … within this time (ms), without a spike.
_WAIT = 25.0
_KEPT = 256
_known: OrderedDict[str, CellState | None] = OrderedDict()


def settle(plan: Plan, engine: Engine) -> tuple[Plan, bool]:
    """Return the plan starting from rest, and whether it does.

    Where nothing spikes undriven, cells rest alone, so one of each type suffices. If one does not
    come to rest, all start as given and a :class:`~apical.errors.SteadyStateWarning` says so.

    Parameters
    ----------
    plan : Plan
        Starting as given.
    engine : Engine
        Tries out whether a cell returns to its rest.
    """
    rests: dict[str, CellState | None] = {}
    for population in plan.populations:
        cell = population.cell
        if cell.name not in rests:
            rests[cell.name] = _rest(plan, cell, engine)
    restless = [name for name, rest in rests.items() if rest is None]
    if restless:
        names = ", ".join(f"'{name}'" for name in restless)
        warnings.warn(
            f"undriven, {names} does not come to rest; the given voltages are the start, and the "
            "dipole is not relative to rest",
            SteadyStateWarning,
            stacklevel=3,
        )
        return plan, False
    start = tuple(rests[p.cell.name] for p in plan.populations)
    read_only(start)
    return dataclasses.replace(plan, start=start), True


def _rest(plan: Plan, cell: CellPlan, engine: Engine) -> CellState | None:
    key = _key(plan, cell.name)
    if key not in _known:
        rest = steady_state(cell, plan.rates)
        _known[key] = rest if rest is not None and _returns(plan, cell, rest, engine) else None
        while len(_known) > _KEPT:
            _known.popitem(last=False)
    return _known[key]


def _key(plan: Plan, name: str) -> str:
    """Hash everything that a cell's rest depends on, and the trial of it."""
    network = plan.network
    cell = network.cells[name]
    used = {c for s in cell.sections.values() for c in s.channels}
    used |= {r.mechanism for r in cell.receptors.values()}
    # states are laid out in the order of names, to which content hashes are blind
    parts = [cell.to_json(), plan.rates, plan.dt, network.celsius]
    parts.append(sorted(network.ions.items()))
    parts += [network.mechanisms[m].to_json() for m in sorted(used)]
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=16).hexdigest()


def _returns(plan: Plan, cell: CellPlan, rest: CellState, engine: Engine) -> bool:
    """Whether a cell pushed off its rest comes back."""
    steps = max(1, round(_WAIT / plan.dt))
    alone = PopulationPlan(cell.name, cell, np.zeros((1, 3)), 0, "", False)
    nodes = np.arange(cell.tree.nodes)
    voltages = RecordingPlan("v", 0, np.zeros(1, np.int64), "v", -1, -1, nodes, (), "mV", steps)
    trial = dataclasses.replace(
        plan, duration=steps * plan.dt, populations=(alone,), connections=(join([]),),
        drives=(), clamps=(), recordings=(voltages,),
        start=(CellState(rest.v + _PUSH, rest.states),),
    )  # fmt: skip
    nothing = np.zeros(0, np.int64)
    silent = Inputs(nothing, nothing, nothing, nothing, np.zeros(0))
    try:
        result = engine.run(trial, [silent], threads=1)
    except NumericalError:
        return False
    left = np.abs(result.recordings[0][0, :, -1] - rest.v).max()
    return len(result.spike_time) == 0 and bool(left < _PUSH)
