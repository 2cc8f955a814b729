"""Fit an evoked response.

When do inputs arrive in cortex after a stimulus, and how scattered? A model of the column has three
of them: a first one from thalamus (proximal), feedback from other cortex (distal), and a later one
from thalamus. Here the times and spreads of all three are found from the waveform of a current
dipole, as source analysis of MEG gives it.

    python examples/fit_erp.py my_dipole.txt

reads a text file of two columns, ms and nAm. Without a file **no recorded data are used**: the
model itself makes the waveform, with other times, other random numbers and some noise. Then one
knows what the fit should find.

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
BUDGET, TRIALS, FRESH = (8, 1, 2) if SHORT else (48, 5, 25)

# %% The waveform
#
# In what is simulated in place of a recording, the three inputs come 4 ms earlier, 6 ms later and
# 9 ms earlier than the model has them.

column = apical.models.erp(grid=GRID)
truth = {"evprox1": 22.6, "evdist1": 69.5, "evprox2": 128.1}


def stand_in():
    """Return a simulated waveform with slow noise."""
    network = column.set({f"drives.{name}.mu": time for name, time in truth.items()})
    result = apical.simulate(network, 170, trials=FRESH, seed=2024)
    waveform = result.smooth("30 ms").scale(3000).average().total().isel(trial=0)
    noise = np.random.default_rng(2024).normal(size=waveform.size)
    noise = apical.smooth(waveform.copy(data=noise), "10 ms")
    return (waveform + noise * (0.01 * float(abs(waveform).max() / noise.std())))[::40]


if len(sys.argv) > 1:
    recorded = apical.read_dipole(sys.argv[1])
else:
    print("no file given: the waveform is a simulated stand-in, not a recording")
    recorded = stand_in()

# %% What may vary, and what is compared
#
# Times may move by 15 ms to both sides, spreads by a factor of 2. The dipole is smoothed, and
# multiplied by the number of such columns that explains the waveform best.

space = apical.Space.of_drives(column, times=15, spreads=2, weights=False)
objective = apical.objectives.Rmse(recorded, smooth=30, scale="solve")

# %% The fit
#
# Gauss-Newton: how all samples of the waveform change with each parameter tells where to go. Trials
# of a column differ by more than its waveform changes when an input comes 1 ms later. So every
# candidate has other random numbers, and slopes are a regression on all of them: chance averages
# out, and samples that differ much from trial to trial count less.

fit = apical.fit(space, objective, 170, method="gauss", budget=BUDGET, trials=TRIALS)
print(fit)
for name, time in truth.items():
    known = "" if len(sys.argv) > 1 else f", in the stand-in {time} ms"
    began, found = column.get(f"drives.{name}.mu"), fit.values[f"{name}.mu"]
    print(f"{name}: {began:.1f} ms in the model, {found:.1f} ms fitted{known}")

# %% How well it does
#
# Trials that the fit has not seen, beside the waveform; below, every candidate that was tried, and
# where in its range each parameter was.

result = fit.simulate(trials=FRESH)
mean = objective.measure(result).mean(axis=0)
print(f"fresh trials: RMSE {objective.loss(result):.3g} nAm; at first {fit.history['loss'][0]:.3g}")
shown = result.smooth("30 ms").scale(objective.scale_of(mean))
figure = apical.plots.fitted(fit, shown, recorded)
apical.plots.save_figure(figure, FIGURES / "fit_erp_fit.png", overwrite=True)

# %% How sure it is
#
# What residuals do from candidate to candidate says how much of them is chance, and so how sure
# each parameter is: the shorter its bar, the better the waveform says what its value is. A time
# that is not known within 1 ms, or a spread within 15 %, is named, with what it trades off with.

found = fit.identify()
print(found)
ax = apical.plots.sensitivity(found)
apical.plots.save_figure(ax.figure, FIGURES / "fit_erp_errors.png", overwrite=True)
