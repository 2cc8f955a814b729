"""Firing patterns: single cells and cells in a network.

How a cell fires is a matter of its channels: in this model, pyramidal cells of layer 5 have calcium
channels and fire in bursts, those of layer 2/3 have none and fire evenly. First every cell gets a
current of its own and no other input, which gives the curve of rate by current. Then the same cells
fire in an evoked response.

Paper: Jones et al. (2009), doi:10.1152/jn.00535.2009.
"""

import os
from pathlib import Path

import numpy as np

import apical

SHORT = "APICAL_SHORT" in os.environ
FIGURES = Path(os.environ.get("APICAL_FIGURES", "."))

GRID = (3, 1) if SHORT else (12, 1)
COLUMN = (3, 3) if SHORT else (10, 10)
DURATION = 60 if SHORT else 500
PYRAMIDAL = ("L2_pyramidal", "L5_pyramidal")

# %% One current for each cell
#
# Without projections the cells of a network are as many single cells. Each gets a current step into
# its soma; voltages are recorded in soma and tuft.

cells = apical.models.neymotin_2020(grid=GRID).with_(projections={})
currents = {
    "L2_pyramidal": np.linspace(0.1, 1.2, GRID[0]).round(2),
    "L5_pyramidal": np.linspace(0.25, 3.0, GRID[0]).round(2),
}
steps = {
    f"{name}_{k}": apical.CurrentClamp(
        population=name, section="soma", amplitude=current, start=20, cells=[k]
    )
    for name in PYRAMIDAL
    for k, current in enumerate(currents[name])
}
voltages = {
    name: apical.Recording(
        population=name, variable="v", sections=["soma", "apical_tuft"], x=0.5, every=0.1
    )
    for name in PYRAMIDAL
}
clamped = apical.simulate(cells.add(biases=steps, recordings=voltages), DURATION)

# %% Voltages
#
# A weak and a strong current into cells of both layers.

weak, strong = GRID[0] // 2, GRID[0] - 1
figure, axes = apical.plots.panels(2, 2, size=(7.6, 4.6), sharex=True)
for row, name in zip(axes, PYRAMIDAL, strict=True):
    for ax, k in zip(row, (weak, strong), strict=True):
        apical.plots.traces(clamped.recordings[name].sel(cell=[k]).sel(time=slice(0, 250)), ax=ax)
        ax.set_title(f"{name.replace('_', ' ')}, {currents[name][k]:g} nA", loc="left")
        ax.get_legend().set_visible(k == weak)
apical.plots.save_figure(figure, FIGURES / "firing_patterns_steps.png", overwrite=True)

# %% Rate and regularity
#
# Spikes per second, and the variation of the intervals between them: 0 for a clock, large for
# bursts. The first 100 ms after the step are left out, as cells adapt.

settled = (20, DURATION) if SHORT else (120, DURATION)
rates = apical.mean_rates(clamped, settled, per="cell").sel(trial=0)
variation = apical.isi_cv(clamped, settled, per="cell").sel(trial=0)
figure, (left, right) = apical.plots.panels(1, 2, size=(7.6, 3.0))
for name, colour in zip(PYRAMIDAL, ("#0077BB", "#D9661F"), strict=True):
    mine = rates["source"].values == name
    label = name.replace("_", " ")
    left.plot(currents[name], rates.values[mine], "o-", color=colour, label=label)
    right.plot(currents[name], variation.values[mine], "o-", color=colour, label=label)
left.set_ylabel("Rate (Hz)")
right.set_ylabel("Variation of intervals")
for ax in (left, right):
    ax.set_xlabel("Current (nA)")
    ax.set_ylim(bottom=0)
left.legend(frameon=False)
apical.plots.save_figure(figure, FIGURES / "firing_patterns_rates.png", overwrite=True)

# %% In a network
#
# Somata of nine cells of each kind in an evoked response, all spikes, and how often cells fire.

network = apical.models.erp(grid=COLUMN)
somata = {
    name: apical.Recording(
        population=name, variable="v", sections="soma", cells=list(range(9)), every=0.1
    )
    for name in PYRAMIDAL
}
evoked = network.add(recordings=somata)
result = apical.simulate(evoked, min(DURATION, 170), seed=1)

figure, axes = apical.plots.panels(4, size=(7.2, 8.0), sharex=True)
for ax, name in zip(axes, PYRAMIDAL, strict=False):
    apical.plots.traces(result.recordings[name], ax=ax)
    ax.set_title(f"{name.replace('_', ' ')}, nine somata", loc="left")
apical.plots.raster(result, ax=axes[2])
apical.plots.histogram(result, bin_width=4, ax=axes[3])
apical.plots.save_figure(figure, FIGURES / "firing_patterns_network.png", overwrite=True)

for name, rate in zip(evoked.populations, result.rates().values, strict=False):
    print(f"{name}: {rate:.1f} Hz")
