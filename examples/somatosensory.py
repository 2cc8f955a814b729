"""From a MEG source waveform to a model of it.

Stimulation of the median nerve at the wrist evokes a response in primary somatosensory cortex,
which begins with the N20 and lasts for more than 100 ms. Source analysis of MEG turns what sensors
measured into the waveform of a current dipole (nAm). Which inputs make a column show this waveform?

    python examples/somatosensory.py my_dipole.txt

reads a text file of two columns, ms and nAm. Without a file **no recorded data are used**: the
waveform is then simulated, with other random numbers than below and some noise, as a stand-in.

Papers: Jones et al. (2007), doi:10.1523/JNEUROSCI.0482-07.2007; Neymotin et al. (2020),
doi:10.7554/eLife.51214.
"""

import os
import sys
from pathlib import Path

import numpy as np

import apical

SHORT = "APICAL_SHORT" in os.environ
FIGURES = Path(os.environ.get("APICAL_FIGURES", "."))

GRID = (3, 3) if SHORT else (10, 10)
TRIALS = 2 if SHORT else 4
LATENCIES = (130, 138) if SHORT else (118, 126, 134, 142, 150)

# %% The waveform
#
# A current dipole in nAm, by time after the stimulus.


def stand_in():
    """Return a simulated waveform with slow noise."""
    network = apical.models.somatosensory(grid=GRID)
    result = apical.simulate(network, 170, trials=TRIALS, seed=2024)
    waveform = result.smooth("20 ms").scale(12).average().total().isel(trial=0)
    noise = np.random.default_rng(2024).normal(size=waveform.size)
    noise = apical.smooth(waveform.copy(data=noise), "10 ms")
    return waveform + noise * (0.04 * float(abs(waveform).max() / noise.std()))


if len(sys.argv) > 1:
    recorded = apical.read_dipole(sys.argv[1])
    what = "recorded"
else:
    print("no file given: the waveform is a simulated stand-in, not a recording")
    recorded = stand_in()
    what = "stand-in"

# %% Without late input
#
# The model `somatosensory` has proximal input after 21 ms, as from thalamus, distal input after 32
# and 84 ms, and another proximal one, which is taken away first. One drive cell reaches all targets
# at once, so that each arrival is sharp. A factor of 12 says how many such columns are active.


def shown(network):
    """Simulate, smooth and scale."""
    return apical.simulate(network, 170, trials=TRIALS, seed=1).smooth("20 ms").scale(12)


def fit(result):
    """Compare the mean over trials with the waveform, where smoothing has not changed the ends."""
    mean = result.average().total()
    return apical.compare(mean, recorded, *apical.analysis.inside(mean))


network = apical.models.somatosensory(grid=GRID)
early = shown(network.remove("drives.evprox2"))
print(f"without late input: RMSE {fit(early).rmse:.3g} nAm, r = {fit(early).correlation:.2f}")

# %% A late input
#
# What is missing comes after 120 ms. When the late input arrives is to be found out: one simulation
# for each candidate, and the best is kept.

results = {mu: shown(network.set({"drives.evprox2.mu": mu})) for mu in LATENCIES}
errors = {mu: fit(result).rmse for mu, result in results.items()}
for mu, error in errors.items():
    print(f"late input at {mu} ms: RMSE {error:.3g} nAm")
best = min(errors, key=errors.__getitem__)
late = results[best]

# %% Both beside the waveform
#
# Thin lines are single trials. At the bottom is what the waveform alone does not tell: which layer
# the current flows in.

figure, axes = apical.plots.panels(
    4,
    size=(7.2, 8.0),
    heights=[1, 1.6, 1.6, 1.6],
    sharex=True,
    titles=[
        "",
        f"without late input: RMSE {fit(early).rmse:.2g} nAm",
        f"with late input at {best} ms: RMSE {errors[best]:.2g} nAm",
        f"layers, with late input at {best} ms",
    ],
)
apical.plots.drives(late, ax=axes[0])
for ax, result in zip(axes[1:3], (early, late), strict=True):
    apical.plots.dipole(result, recorded, ax=ax)
    ax.get_legend().get_texts()[-1].set_text(what)
apical.plots.layers(late, ax=axes[3])
apical.plots.save_figure(figure, FIGURES / "somatosensory_fit.png", overwrite=True)

# %% Who fires
#
# One trial of the model.

ax = apical.plots.raster(late)
apical.plots.save_figure(ax.figure, FIGURES / "somatosensory_spikes.png", overwrite=True)
