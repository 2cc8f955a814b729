"""Evoked responses: spread and synchronous input.

A tap on a finger evokes a response in primary somatosensory cortex. In the account of Jones et al.
(2009) three inputs make it: thalamus drives the column through its granular layer (proximal input,
about 25 ms after the tap), then higher areas reach the upper dendrites (distal, about 65 ms), then
thalamus comes again (proximal, about 135 ms). Proximal input pushes current up the dendrites of
pyramidal cells and distal input pulls it down, so the sign of the dipole tells which one leads.

Here that response is simulated, and then once more with input that reaches all cells at the same
moment.

Papers: Jones et al. (2009), doi:10.1152/jn.00535.2009; Neymotin et al. (2020),
doi:10.7554/eLife.51214.
"""

import os
from pathlib import Path

import apical

SHORT = "APICAL_SHORT" in os.environ
FIGURES = Path(os.environ.get("APICAL_FIGURES", "."))

GRID = (3, 3) if SHORT else (10, 10)
DURATION = 80 if SHORT else 170
TRIALS = 2 if SHORT else 4

# %% The model
#
# A model is a value: four populations, the projections between them, and three drives. Every
# number in it has an address.

network = apical.models.erp(grid=GRID)
print(network)
print("first proximal input at", network.get("drives.evprox1.mu"), "ms")

figure, (left, right) = apical.plots.panels(1, 2, size=(8.0, 5.4), projection="3d")
apical.plots.column(network, spacing=50, ax=left)
apical.plots.morphology(network.cells["L5_pyramidal"], ax=right)
apical.plots.save_figure(figure, FIGURES / "erp_model.png", overwrite=True)

# %% Simulate
#
# Each trial draws new times for the drives' spikes. Cells are a sample of those that a sensor sees:
# the dipole is smoothed and scaled to the size of a recorded one, here as if 3,000 such patches
# were active at once.

spread = apical.simulate(network, DURATION, trials=TRIALS, seed=1)
shown = spread.smooth("30 ms").scale(3000)
apical.plots.save_figure(apical.plots.summary(shown), FIGURES / "erp_summary.png", overwrite=True)

# %% Layers
#
# The total is the sum of both layers. Layer 5 leads, because its cells are the longest.

ax = apical.plots.layers(shown, total=True)
apical.plots.save_figure(ax.figure, FIGURES / "erp_layers.png", overwrite=True)

# %% Measure it
#
# The largest deflection in a window, of every trial.

windows = (
    {"early": (40, 60), "late": (60, 80)} if SHORT else {"trough": (50, 90), "peak": (120, 165)}
)
measured = apical.erp_peaks(shown.total(), windows)
for name in windows:
    peak = measured.sel(window=name)
    print(
        f"{name}: {peak.amplitude.mean().item():.0f} ± {peak.amplitude.std().item():.0f} nAm "
        f"at {peak.latency.mean().item():.0f} ms"
    )

# %% All cells at once
#
# By default every target cell has a drive cell of its own, so that input is spread over some
# milliseconds. With `cell_specific=False` one drive cell reaches all of them.

together = network.set({f"drives.{name}.cell_specific": False for name in network.drives})
synchronous = apical.simulate(together, DURATION, trials=TRIALS, seed=1)

figure, axes = apical.plots.panels(
    4,
    size=(7.2, 7.2),
    heights=[1, 1, 2, 2],
    sharex=True,
    titles=["a drive cell for every target", "one drive cell for all targets"],
)
apical.plots.drives(spread, ax=axes[0])
apical.plots.drives(synchronous, ax=axes[1])
pairs = ((spread, "spread input", "#004488"), (synchronous, "synchronous input", "#AA3377"))
for result, label, colour in pairs:
    dipole = result.smooth("30 ms").scale(3000).total()
    apical.plots.dipole(dipole, ax=axes[2], label=label, colour=colour)
apical.plots.raster(synchronous, ax=axes[3])
apical.plots.save_figure(figure, FIGURES / "erp_synchronous.png", overwrite=True)
