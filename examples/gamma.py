"""Gamma rhythms: weak, strong, and with faster inhibition.

Pyramidal cells excite basket cells, which silence them until the inhibition wears off: pyramidal
and basket cells together make a rhythm (PING) whose period follows the decay of GABA-A synapses.
When pyramidal cells are driven by random input, few of them fire in each cycle, and the rhythm is
weak: it comes and goes, as in a trial of a recording. When a steady current makes them all fire, it
is strong and as regular as a clock. Lee and Jones (2013) show how dipoles tell one from the other.

Papers: Lee and Jones (2013), doi:10.3389/fnhum.2013.00869; Neymotin et al. (2020),
doi:10.7554/eLife.51214.
"""

import os
from pathlib import Path

import apical

SHORT = "APICAL_SHORT" in os.environ
FIGURES = Path(os.environ.get("APICAL_FIGURES", "."))

GRID = (3, 3) if SHORT else (10, 10)
DURATION = 120 if SHORT else 400
FREQUENCIES = range(80, 121, 10) if SHORT else range(20, 121)

# %% Three columns
#
# The first two are models that come with apical. In the third, GABA-A synapses on layer 5
# pyramidal cells decay with 2 ms instead of 5 ms. An address leads to every such number.

weak = apical.models.gamma_weak(grid=GRID)
strong = apical.models.gamma_strong(grid=GRID)
decay = "cells.L5_pyramidal.receptors.gabaa.parameters.tau2"
faster = strong.set({decay: "2 ms"})
print("decay of GABA-A:", strong.get(decay), "and", faster.get(decay), "ms")

columns = {"weak": weak, "strong": strong, "strong, faster GABA-A": faster}
results = {name: apical.simulate(network, DURATION) for name, network in columns.items()}

# %% Spikes
#
# Random input makes pyramidal cells fire irregularly, steady input like clocks: compare the
# variation of their intervals, 1 for a Poisson process and 0 for a clock.

figure, axes = apical.plots.panels(3, size=(7.2, 8.0), sharex=True, titles=list(columns))
for ax, (name, result) in zip(axes, results.items(), strict=True):
    apical.plots.raster(result, ax=ax)
    rates, variation = result.rates((50, DURATION)), apical.isi_cv(result, (50, DURATION))
    cells = {"source": "L5_pyramidal"}
    print(
        f"{name}: L5 pyramidal cells fire at {rates.sel(cells).item():.1f} Hz, "
        f"variation of intervals {variation.sel(cells).mean().item():.2f}"
    )
apical.plots.save_figure(figure, FIGURES / "gamma_spikes.png", overwrite=True)

# %% Dipoles and spectra
#
# Dipoles are not smoothed, as that would take away what is fast. Dashed lines: beyond them, power
# also depends on what would come before and after the data.

figure, axes = apical.plots.panels(3, 2, size=(7.6, 6.0))
for (left, right), (name, result) in zip(axes, results.items(), strict=True):
    later = result.total().sel(time=slice(50, None))
    apical.plots.dipole(later * 1e3, ax=left, label=name)
    left.set_ylabel("Dipole (pAm)")
    left.margins(y=0.25)
    apical.plots.tfr(later, FREQUENCIES, ax=right, ends=not SHORT)
apical.plots.save_figure(figure, FIGURES / "gamma_dipoles.png", overwrite=True)

# %% Which rhythm
#
# Faster inhibition makes a faster rhythm. The sharp peaks of the strong ones have harmonics; layer
# 2/3, in which nothing was changed, goes on with a rhythm of its own.

(ax,) = apical.plots.panels(size=(6.0, 3.0))[1]
for (name, result), colour in zip(results.items(), ("#777733", "#004488", "#D9661F"), strict=True):
    power = apical.psd(result.total().sel(time=slice(50, None)))
    band = power.sel(frequency=slice(20, 150))
    peak = band.mean("trial").idxmax("frequency").item()
    print(f"{name}: largest power at {peak:.0f} Hz")
    apical.plots.psd(band / band.max(), fmin=20, fmax=150, label=name, colour=colour, ax=ax)
ax.set_ylabel("Power, relative to its maximum")
apical.plots.save_figure(ax.figure, FIGURES / "gamma_spectra.png", overwrite=True)
