"""Replaying spikes: one column drives another.

What the cells of one simulation fired can be the input of the next. Here the layer 5 cells of a
column A, which answers a stimulus, reach the pyramidal cells of a column B. Then both are put into
one network with the same synapses between them.

Replaying is for chains without feedback, recorded spike trains, and for trying many columns B with
one A. One network is for columns that answer each other.
"""

import os
from pathlib import Path

import apical

SHORT = "APICAL_SHORT" in os.environ
FIGURES = Path(os.environ.get("APICAL_FIGURES", "."))

GRID = (3, 3) if SHORT else (8, 8)
DURATION = 60 if SHORT else 200
SENDER = "L5_pyramidal"
WEIGHT = 200e-6 if SHORT else 40e-6  # µS

# %% Column A
#
# It answers a stimulus.

column_a = apical.models.erp(grid=GRID)
first = apical.simulate(column_a, DURATION, seed=1)

# %% Its spikes, replayed
#
# Spikes are a table: trial, time, source, and the cell's number. A spike-train drive takes a list
# of times for each of its cells. Here every cell of A reaches every pyramidal cell of B at its
# distal dendrites, however far: `kernel=None`.

receivers = ("L2_pyramidal", "L5_pyramidal")


def replayed(result, source):
    """Return a drive that fires as a population did in the first trial."""
    spikes = result.spikes.to_dataframe().query("trial == 0 and source == @source")
    cells = range(result.sources[source])
    trains = [spikes.loc[spikes["cell"] == cell, "time"].tolist() for cell in cells]
    synapse = apical.DriveTarget(weights={"ampa": WEIGHT}, delay="5 ms")
    return apical.SpikeTrainDrive(
        location="distal", trains=trains, kernel=None, targets=dict.fromkeys(receivers, synapse)
    )


drive = replayed(first, SENDER)
print(sum(len(train) for train in drive.trains), "spikes of", len(drive.trains), "cells")

# %% Column B
#
# It gets these spikes and nothing else.

column_b = apical.models.neymotin_2020(grid=GRID)
second = apical.simulate(column_b.add(drives={"from_a": drive}), DURATION)

figure, axes = apical.plots.panels(
    4, size=(7.2, 8.0), heights=[1, 1.6, 1, 1.6], sharex=True, titles=["column A", "", "column B"]
)
for k, result in enumerate((first, second)):
    apical.plots.layers(result.smooth("10 ms"), total=True, ax=axes[2 * k])
    apical.plots.raster(result, ax=axes[2 * k + 1])
apical.plots.save_figure(figure, FIGURES / "replay.png", overwrite=True)

# %% Both in one network
#
# `combine` puts networks side by side, and their names before those of their parts. Then
# projections go from one to the other, and could go back.

both = apical.combine({"a": column_a, "b": column_b}, offsets={"b": ("600 um", 0, 0)})
for name in receivers:
    both = both.connect(
        f"a_{SENDER}",
        f"b_{name}",
        receptor="ampa",
        location="distal",
        weight=WEIGHT,
        delay="5 ms",
    )
together = apical.simulate(both, DURATION, seed=1)

ax = apical.plots.column(both, spacing=40)
apical.plots.save_figure(ax.figure, FIGURES / "replay_columns.png", overwrite=True)

# %% The same
#
# Column B cannot tell which of the two it is in: the spikes that A fired in the large network,
# replayed to a column of its own, give the same dipole.

alone = apical.simulate(
    column_b.add(drives={"from_a": replayed(together, f"a_{SENDER}")}), DURATION
)
for name in receivers:
    there = together.dipole.sel(population=f"b_{name}").values
    here = alone.dipole.sel(population=name).values
    print(f"{name}: largest difference {abs(there - here).max():.1g} nAm")
