"""Batches: many simulations in one call.

How does the response depend on the strength of an input? `simulate_many` runs a network with many
sets of parameters, each in several trials, many at a time, and keeps what is asked for. Whatever
runs beside it, a member is to the last bit what it would be alone.

With `output="many.nc"` finished members go to a file, so that a hundred thousand of them fit.
"""

import os
from pathlib import Path

import numpy as np

import apical

SHORT = "APICAL_SHORT" in os.environ
FIGURES = Path(os.environ.get("APICAL_FIGURES", "."))

DURATION = 60 if SHORT else 120
WEIGHTS = np.logspace(-4, -1, 4 if SHORT else 16)  # µS
TRIALS = 2 if SHORT else 5

# %% The network
#
# One proximal drive at 40 ms into a small column.

target = apical.DriveTarget(weights={"ampa": 0.0}, delay="0.1 ms")
late = target.with_(delay="1 ms")
drive = apical.EvokedDrive(
    location="proximal",
    mu="40 ms",
    sigma="5 ms",
    targets={
        "L2_basket": target,
        "L2_pyramidal": target,
        "L5_basket": late,
        "L5_pyramidal": late,
    },
)
network = apical.models.neymotin_2020(grid=(3, 3)).add(drives={"proximal": drive})

# %% Sets of parameters
#
# By address: a value for every set, here the same weight for all targets. Summaries are computed as
# members finish, so that waveforms need not be kept; here they are, thinned to 0.25 ms.

parameters = {f"drives.proximal.targets.{name}.weights.ampa": WEIGHTS for name in drive.targets}


def largest(result):
    """Return the largest deflection of the smoothed dipole, nAm."""
    total = result.smooth("10 ms").total()
    return float(abs(total).max())


many = apical.simulate_many(
    network, parameters, DURATION, trials=TRIALS, summaries={"largest": largest}
)
print(many)

# %% What came out
#
# One labelled row for every member: dipoles, spike counts, summaries, and the parameters that made
# them. The strongest input does not make the largest response: basket cells then fire first, and
# cut it short.

table = many.dataset
weight = table["drives.proximal.targets.L2_basket.weights.ampa"]
spikes = table["spike_counts"].sel(source="L5_pyramidal") / 9
trial = table["trial"] == 0

figure, (left, middle, right) = apical.plots.panels(
    1,
    3,
    size=(9.6, 3.2),
    titles=["one trial; darker: stronger input", "largest deflection", "spikes of an L5 pyramidal"],
)
total = apical.smooth(table["dipole"].sum("population", keep_attrs=True), "10 ms")
for k in np.flatnonzero(trial):
    shade = np.log10(weight[k] / WEIGHTS[0]) / np.log10(WEIGHTS[-1] / WEIGHTS[0])
    colour = (0.85 * (1 - shade.item()), 0.75 - 0.45 * shade.item(), 0.9 - 0.35 * shade.item())
    left.plot(total["time"], 1e3 * total[k], color=colour, lw=1.2)
left.set(xlim=(0, DURATION), xlabel="Time (ms)", ylabel="Dipole (pAm)")
middle.semilogx(weight, 1e3 * table["largest"], "o", ms=4, color="#004488")
middle.set(xlabel="Weight of the input (µS)", ylabel="Dipole (pAm)")
right.semilogx(weight, spikes, "^", ms=4, color="#D9661F")
right.set(xlabel="Weight of the input (µS)", ylabel="Spikes per cell")
apical.plots.save_figure(figure, FIGURES / "batch.png", overwrite=True)

# %% One of them again
#
# All of a member, with everything that was not kept.

strongest = many.rerun(len(many) - 1)
ax = apical.plots.raster(strongest)
apical.plots.save_figure(ax.figure, FIGURES / "batch_strongest.png", overwrite=True)
print("its parameters:", set(many.parameters(len(many) - 1).values()))
