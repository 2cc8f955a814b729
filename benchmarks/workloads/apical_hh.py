"""The common problem in apical."""

import time
from importlib import metadata

import numpy as np
import problem
import timing

import apical
from apical import engines, library, plan
from apical.engines.base import Member, run_alone

given = timing.arguments(
    cells=problem.CELLS, precision=("double", "single"), rates=("exact", "table"), threads=(1, 2)
)


def section(length, diam, compartments, **more):
    """Return a cylinder with the squid's channels."""
    squid = {"gnabar": problem.GNA, "gkbar": problem.GK, "gl": problem.GL, "el": problem.EL}
    return apical.Section(
        L=length, diam=diam, nseg=compartments, Ra=problem.RA, cm=problem.CM, v0=problem.V0,
        channels={"hh": squid}, **more,
    )  # fmt: skip


def network(recordings):
    """Return one hundred cells with the events of each."""
    synapse = {"tau1": problem.TAU1, "tau2": problem.TAU2, "e": problem.E_SYN}
    cell = apical.Cell(
        sections={
            "soma": section(problem.SOMA, problem.SOMA, 1),
            "dendrite": section(
                problem.DENDRITE, problem.DIAM, problem.COMPARTMENTS, parent="soma",
                receptors=["synapse"],
            ),
        },
        receptors={"synapse": apical.Receptor(mechanism="exp2syn", parameters=synapse)},
        threshold=problem.THRESHOLD,
    )  # fmt: skip
    places = [(100.0 * k, 0, 0) for k in range(given.cells)]
    target = apical.DriveTarget(weights={"synapse": problem.WEIGHT}, delay=0)
    events = apical.SpikeTrainDrive(
        trains=[problem.event_times(c) for c in range(given.cells)], cell_specific=True,
        location="dendrite", targets={"cells": target}, kernel=None,
    )  # fmt: skip
    return apical.Network(
        celsius=problem.CELSIUS, ions={"ena": problem.ENA, "ek": problem.EK},
        mechanisms={n: library.mechanism(n) for n in ("hh", "exp2syn")},
        cells={"cell": cell},
        populations={
            "cells": apical.Population(cell="cell", positions=apical.Points(coordinates=places))
        },
        drives={"events": events}, recordings=recordings,
    )  # fmt: skip


def member(recordings):
    """Return the network as an engine takes it."""
    found = plan.compile(
        network(recordings), problem.DURATION, dt=problem.DT, rates=given.rates,
        precision=given.precision,
    )  # fmt: skip
    return Member(found, found.trial(0)[1])


engine, threads = engines.get("cpu"), given.threads
began = time.perf_counter()
cells = member({})
built = time.perf_counter() - began
raw, seconds = timing.timed(lambda: run_alone(engine, cells, threads=threads), given.repeats)
trains = [np.round(raw.spike_time[raw.spike_cell == c], 6).tolist() for c in range(given.cells)]
# once more, for the voltage of one soma
soma = apical.Recording(population="cells", variable="v", sections=["soma"], cells=[0])
v = run_alone(engine, member({"v": soma}), threads=threads).recordings[0][0, 0]
timing.report(
    name=f"apical {apical.__version__}", libraries=f"Numba {metadata.version('numba')}",
    build=built, **seconds, spikes=trains, v=v.tolist(),
)  # fmt: skip
