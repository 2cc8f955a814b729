"""A plan in words: sizes, memory and the order of a step."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apical.plan.plan import Plan

#: The numerics contract, in order; every engine does just this.
STEP_ORDER = (
    "deliver events that arrive by the middle of the step",
    "currents and conductances at v(t); pools give concentrations and reversal potentials",
    "implicit Euler on every tree (Hines elimination) → v(t + dt)",
    "pools advance with the currents just computed, then channels and receptors with v(t + dt)",
    "sample dipoles and recordings",
    "an upward crossing of the threshold is a spike at t + dt",
)


def explain(plan: Plan) -> str:
    """Return sizes, memory and step order of a plan as text."""
    lines = [
        f"{plan.duration:g} ms in {plan.steps:,} steps of {plan.dt:g} ms, rates {plan.rates}",
        f"{plan.cells:,} cells, {_compartments(plan):,} compartments, "
        f"{_states(plan):,} states, {_receptors(plan):,} receptors",
        "",
        f"{'population':<20}{'cells':>7}{'compartments':>14}  mechanisms",
    ]
    for p in plan.populations:
        names = ", ".join(m.name for m in p.cell.mechanisms)
        lines.append(f"{p.name:<20}{p.n:>7,}{p.n * p.cell.tree.compartments:>14,}  {names}")
    alive = sum(c.n for c in plan.connections)
    alive += sum(c.n for d in plan.drives for c in d.connections.values())
    lines += [
        "",
        f"{alive:,} connections of {plan.connections_before:,}; the others have no weight or a "
        "delay longer than the run",
        f"drives: {', '.join(f'{d.name} ({d.n} cells)' for d in plan.drives) or 'none'}",
        f"spikes are exchanged every {plan.window:,} steps ({plan.window * plan.dt:g} ms)",
        f"memory: {_megabytes(plan):.1f} MB of states and connections, "
        f"{_recorded(plan):.1f} MB per trial of samples",
        "",
        "each step:",
        *(f"  {k}. {text}" for k, text in enumerate(STEP_ORDER, 1)),
    ]
    return "\n".join(lines)


def _compartments(plan: Plan) -> int:
    return sum(p.n * p.cell.tree.compartments for p in plan.populations)


def _states(plan: Plan) -> int:
    return sum(
        p.n * m.n * len(m.program.states)
        for p in plan.populations
        for m in p.cell.mechanisms
        if m.program.kind != "receptor"
    )


def _receptors(plan: Plan) -> int:
    return sum(
        p.n * m.n
        for p in plan.populations
        for m in p.cell.mechanisms
        if m.program.kind == "receptor"
    )


def _megabytes(plan: Plan) -> float:
    values = sum(
        p.n * (p.cell.tree.nodes + sum(m.n * len(m.program.states) for m in p.cell.mechanisms))
        for p in plan.populations
    )
    parts = [*plan.connections, *(c for d in plan.drives for c in d.connections.values())]
    return (8 * values + sum(48 * c.n for c in parts)) / 1e6


def _recorded(plan: Plan) -> float:
    samples = len(plan.populations) * (plan.steps + 1)
    samples += sum(o.outputs * o.samples(plan.steps) for o in plan.observables)
    return (8 * samples + sum(r.size(plan.steps) for r in plan.recordings)) / 1e6
