"""All parameters that could have made an evoked response.

A fit gives the one set of parameters whose waveform is closest. But others may do almost as well:
when does the input arrive, and could a weaker one at another time give the same? Simulation-based
inference answers with a distribution. Parameters are drawn from the prior and simulated, and a
network learns from these simulations how likely which parameters are, given what is seen of a
waveform. The method is neural posterior estimation, of the package sbi (extra `sbi`); how to use it
with this kind of model is discussed by Tolley et al. (2024).

Here a column of reduced size makes the waveform itself, so that one knows what should be found.

Paper: Tolley et al. (2024), doi:10.1371/journal.pcbi.1011108.
"""

import importlib.util
import os
from pathlib import Path

import apical
from apical import Parameter, Space, features

SHORT = "APICAL_SHORT" in os.environ
FIGURES = Path(os.environ.get("APICAL_FIGURES", "."))

if importlib.util.find_spec("sbi") is None:
    print("this example needs an extra: pip install 'apical[sbi]'")
    raise SystemExit

GRID, DURATION = (3, 3), 170
SIMULATIONS, CHECKS, PREDICTED = (60, 10, 5) if SHORT else (2000, 300, 100)
HOW = {"epochs": 3} if SHORT else {}

# %% What may vary, and the prior
#
# Times of the three inputs, and the weight of NMDA receptors of the distal one. Bounds are the
# prior: within them, all values are equally likely; of the weight, all logarithms.

column = apical.models.erp(grid=GRID)
space = Space(
    column,
    {
        "proximal time": Parameter("drives.evprox1.mu", 15, 40),
        "distal time": Parameter("drives.evdist1.mu", 50, 80),
        "distal NMDA": Parameter(
            "drives.evdist1.targets.L5_pyramidal.weights.nmda", 5e-3, 0.5, scale="log"
        ),
        "late time": Parameter("drives.evprox2.mu", 110, 150),
    },
)
truth = {"proximal time": 25.0, "distal time": 65.0, "distal NMDA": 0.05, "late time": 130.0}
target = space.network(list(truth.values()))
recorded = apical.simulate(target, DURATION, seed=4242, precision="single")

# %% What of the waveform counts
#
# Principal components of the smoothed dipole, and the largest deflection in each of three windows.

what = [
    features.Components(n=8, every=1.0, smooth=10),
    features.Peaks({"early": (15, 60), "middle": (60, 110), "late": (110, 168)}, smooth=10),
]
posterior = apical.infer(
    space, what, recorded, DURATION, simulations=SIMULATIONS, seed=1, estimator=HOW
)
print(posterior)

# %% The posterior
#
# On the diagonal is each parameter alone, with the grey line of its prior; below are pairs. Half
# and 90 % of the posterior are within the lines. The cross is what was simulated.

figure = apical.plots.pairs(posterior, truth)
apical.plots.save_figure(figure, FIGURES / "posterior_erp_pairs.png", overwrite=True)
narrowed = posterior.intervals()["narrowed"]
for name in space.names:
    print(f"{name}: {float(narrowed.sel(parameter=name)):.1f} times narrower than the prior")

# %% What it predicts
#
# Simulations with parameters from the posterior should look like the data, which should lie
# within the bands.

prediction = posterior.predict(PREDICTED)
print(prediction)
waveform = recorded.total().isel(trial=0)
ax = apical.plots.predictive(prediction, waveform, smooth=10)
apical.plots.save_figure(ax.figure, FIGURES / "posterior_erp_predicted.png", overwrite=True)

# %% Is it as wide as it should be?
#
# More simulations, of which the truth is known: among draws of the posterior of each, every rank of
# the truth should be as likely as any other. Bars beyond the grey band are no chance.

calibration = posterior.calibrate(CHECKS)
print(calibration)
figure = apical.plots.ranks(calibration)
apical.plots.save_figure(figure, FIGURES / "posterior_erp_ranks.png", overwrite=True)
