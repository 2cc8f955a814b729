"""From a network to a plan that can start."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from apical.engines.base import Member
from apical.errors import StepWarning
from apical.plan.plan import Plan, compile
from apical.running.batches import check_recordings
from apical.running.options import Options

if TYPE_CHECKING:
    from apical.model import Network
    from apical.plan.discretise import Floats, Ints

#: Longest step (ms) that passes without a warning where channels have gates.
_LONGEST_STEP = 0.1
#: The last plan made: the next network is often the same but for a value or two.
_last: list[Plan] = []


@dataclass(frozen=True)
class Drawn:
    """One trial, drawn.

    Parameters
    ----------
    member : Member
        What an engine runs.
    trains : list of (times, cells)
        When each drive's cells fire.
    """

    member: Member
    trains: list[tuple[Floats, Ints]]

    def by_drive(self) -> dict[str, tuple[Floats, Ints]]:
        """Return the trains by name of the drive."""
        names = [d.name for d in self.member.plan.drives]
        return dict(zip(names, self.trains, strict=True))


@dataclass(frozen=True)
class Prepared:
    """A network, ready to run.

    Parameters
    ----------
    plan : Plan
        Its arrays, with the state it starts from.
    at_rest : bool
        Whether that is its undriven steady state.
    options : Options
        How it is run.
    """

    plan: Plan
    at_rest: bool
    options: Options

    def draw(self, trial: int) -> Drawn:
        """Draw one trial."""
        trains, inputs = self.plan.trial(trial)
        return Drawn(Member(self.plan, inputs), trains)

    def draw_all(self) -> list[Drawn]:
        """Draw every trial that the options ask for."""
        return [self.draw(k) for k in range(self.options.trials)]


def prepare(
    network: Network, options: Options, *, like: Plan | None = None, kept: int = 1
) -> Prepared:
    """Compile a network and find where it starts.

    Parameters
    ----------
    network : Network
        The model.
    options : Options
        How it is run.
    like : Plan, optional
        An earlier plan, to take over what has not changed; by default the last one made.
    kept : int
        How many trials' recordings are kept at a time.

    Raises
    ------
    ModelError, EngineError
        If the network cannot be run so, or too much is to be recorded.
    """
    plan = compile(
        network, options.duration, dt=options.dt, seed=options.seed, rates=options.rates,
        precision=options.precision, like=like or next(iter(_last), None),
    )  # fmt: skip
    check_recordings(plan, kept)
    _last[:] = [plan]
    _check_step(plan)
    if options.start == "given":
        return Prepared(plan, False, options)
    from apical.start import settle

    return Prepared(*settle(plan, options.engine), options)


def _check_step(plan: Plan) -> None:
    """Warn of steps that no gate can follow."""
    if plan.dt <= _LONGEST_STEP:
        return
    mechanisms = [m for p in plan.populations for m in p.cell.mechanisms]
    if any(m.program.kind == "channel" and m.program.states for m in mechanisms):
        warnings.warn(
            f"steps of {plan.dt:g} ms are too long for the gates of channels: spikes will be wrong "
            "or missing; 0.025 ms is usual",
            StepWarning,
            # of who called simulate, which called prepare
            stacklevel=4,
        )
