"""Extracellular potentials and current source density.

Far from cortex a sensor sees the net current along the dendrites, the dipole. Near the cells an
electrode sees where current leaves them and where it enters: the local field potential (LFP). Its
second derivative along a shank is the current source density (CSD): sinks where current enters
cells, such as under excitatory synapses, and sources where it returns.

Papers: Nicholson and Freeman (1975), doi:10.1152/jn.1975.38.2.356; Holt and Koch (1999),
doi:10.1023/A:1008832702585; Vaknin et al. (1988), doi:10.1016/0165-0270(88)90056-8.
"""

import os
from pathlib import Path

import apical

SHORT = "APICAL_SHORT" in os.environ
FIGURES = Path(os.environ.get("APICAL_FIGURES", "."))

GRID = (3, 3) if SHORT else (10, 10)
DURATION = 60 if SHORT else 170

# %% A shank in the column
#
# The usual distance of 1 µm between cells is a mere number for the grid. Electrodes are in the
# tissue, so cells are placed 30 µm apart; weights change with the distance in grid points, and stay
# what they are. The shank has 26 electrodes, 100 µm apart, and stands in the middle.

network = apical.models.erp(grid=GRID, inplane_distance="30 um")
middle = 30.0 * (GRID[0] - 1) / 2
shank = apical.laminar(middle, middle)
network = network.add(electrodes={"shank": shank})
print(f"{len(shank.positions)} electrodes, conductivity {shank.conductivity} S/m")

ax = apical.plots.column(network, dendrites=True)
apical.plots.save_figure(ax.figure, FIGURES / "lfp_csd_column.png", overwrite=True)

# %% Potentials
#
# What each population adds is kept apart; the sum over populations is what is measured.

result = apical.simulate(network, DURATION, seed=1)
potentials = result.lfp["shank"]
print(dict(potentials.sizes))

figure, axes = apical.plots.panels(3, size=(7.2, 8.6), heights=[1, 1.4, 3], sharex=True)
apical.plots.layers(result.smooth("5 ms"), total=True, ax=axes[0])
apical.plots.raster(result, ax=axes[1])
smoothed = apical.smooth(potentials, "5 ms")
apical.plots.lfp(smoothed, separation=300, ax=axes[2])
apical.plots.save_figure(figure, FIGURES / "lfp_csd_potentials.png", overwrite=True)

# %% Sinks and sources
#
# The density of the whole, and the part of layer 5 pyramidal cells alone. No recording can take
# these apart.

density = apical.csd(smoothed)
print("density in", density.attrs["units"])
figure, axes = apical.plots.panels(
    2, size=(7.2, 6.4), sharex=True, titles=["all cells", "layer 5 pyramidal cells"]
)
apical.plots.csd(density, smooth=True, ax=axes[0])
apical.plots.csd(density.sel(population="L5_pyramidal"), smooth=True, ax=axes[1])
apical.plots.save_figure(figure, FIGURES / "lfp_csd_density.png", overwrite=True)
