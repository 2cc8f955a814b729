"""Start a plan from its own undriven steady state."""

from __future__ import annotations

import dataclasses
import math
import warnings
from collections import OrderedDict
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import numpy as np

from apical import kept
from apical.engines.base import Engine, Member, run_alone
from apical.errors import NumericalError, SteadyStateWarning
from apical.plan.cell import CellPlan, CellState
from apical.plan.connect import PopulationPlan, connect
from apical.plan.plan import Inputs, Plan, read_only
from apical.plan.recordings import RecordingPlan
from apical.plan.steady import steady_state

#: A rest is trusted if a cell displaced by this much (mV) comes closer again …
_PUSH = 0.1
#: … within this time (ms), without a spike.
_WAIT = 25.0
#: How many rests are kept, in memory and as files.
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
    cells = {p.cell.name: p.cell for p in plan.populations}
    keys = {name: _key(plan, cell, engine) for name, cell in cells.items()}
    if not _known.keys() >= {*keys.values()}:
        # all kernels at once: that is faster than one cell's after the other
        engine.prepare(plan)
    rests = {name: _rest(plan, cell, keys[name], engine) for name, cell in cells.items()}
    restless = [name for name, rest in rests.items() if rest is None]
    if restless:
        names = ", ".join(f"'{name}'" for name in restless)
        warnings.warn(
            f"undriven, {names} does not come to rest; the given voltages are the start, and the "
            "dipole is not relative to rest",
            SteadyStateWarning,
            # of who called simulate, which called prepare
            stacklevel=4,
        )
        return plan, False
    start = tuple(rests[p.cell.name] for p in plan.populations)
    read_only(start)
    return dataclasses.replace(plan, start=start), True


def _rest(plan: Plan, cell: CellPlan, key: str, engine: Engine) -> CellState | None:
    if key not in _known:
        try:
            _known[key] = _read(_file(key), cell)
        except LookupError:
            rest = steady_state(cell, plan.rates)
            rest = rest if rest is not None and _returns(plan, cell, rest, engine) else None
            _known[key] = rest
            # nowhere to write: the next process finds it anew
            with suppress(OSError):
                parts = [] if rest is None else [rest.v, *rest.states]
                kept.write_numbers(_file(key), parts, _KEPT)
        while len(_known) > _KEPT:
            _known.popitem(last=False)
    return _known[key]


def _key(plan: Plan, cell: CellPlan, engine: Engine) -> str:
    """Return a hash of everything that a cell's rest depends on, and the trial of it."""
    network = plan.network
    parts = [network.cells[cell.name], *(network.mechanisms[m.name] for m in cell.mechanisms)]
    run = (plan.rates, plan.dt, plan.precision, engine.name)
    surroundings = (network.celsius, sorted(network.ions.items()))
    return kept.hash_of([repr((run, surroundings)), *(part.fingerprint for part in parts)])


def _file(key: str) -> Path:
    return kept.folder() / "rests" / f"{key}_{_finder()}.rest"


@lru_cache(maxsize=1)
def _finder() -> str:
    """Return a hash of what finds rests, and of the engines that try them out."""
    here = Path(__file__).parent
    code = kept.sources(
        here / "equations", here / "plan", *sorted((here / "engines").rglob("*.py")), Path(__file__)
    )
    return kept.hash_of([np.__version__, *code])


def _read(path: Path, cell: CellPlan) -> CellState | None:
    """Return a rest from its file: voltages, then states; no numbers if there is no rest.

    Raises
    ------
    LookupError
        If there is no such file, or not as it was written.
    """
    values = kept.read_numbers(path)
    if len(values) == 0:
        return None
    shapes = [(cell.tree.nodes,), *((len(m.program.states), m.n) for m in cell.mechanisms)]
    ends = np.cumsum([math.prod(shape) for shape in shapes])
    parts = np.split(values, ends[:-1])
    v, *states = (part.reshape(shape) for part, shape in zip(parts, shapes, strict=True))
    return CellState(v, tuple(states))


def _returns(plan: Plan, cell: CellPlan, rest: CellState, engine: Engine) -> bool:
    """Whether a cell pushed off its rest comes back."""
    steps = max(1, round(_WAIT / plan.dt))
    alone = PopulationPlan(cell.name, cell, np.zeros((1, 3)), 0, "", False)
    nodes = np.arange(cell.tree.nodes)
    voltages = RecordingPlan("v", 0, np.zeros(1, np.int64), "v", -1, -1, nodes, (), "mV", steps)
    trial = dataclasses.replace(
        plan, duration=steps * plan.dt, populations=(alone,), connections=(connect([], 0.0),),
        drives=(), clamps=(), recordings=(voltages,), observables=(),
        start=(CellState(rest.v + _PUSH, rest.states),),
    )  # fmt: skip
    nothing = np.zeros(0, np.int64)
    silent = Inputs(nothing, nothing, nothing, nothing, np.zeros(0))
    try:
        result = run_alone(engine, Member(trial, [silent]), threads=1)
    except NumericalError:
        return False
    left = np.abs(result.recordings[0][0, :, -1] - rest.v).max()
    return len(result.spike_time) == 0 and bool(left < _PUSH)
