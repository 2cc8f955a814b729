"""What makes a beta event.

Beta events in the somatosensory cortex of humans, monkeys and mice have one shape: a sharp trough
of about 50 ms. In the account of Sherman et al. (2016) it is made by two bursts of input that come
at about the same time: a wide one to the proximal dendrites, and a narrower and stronger one to the
tufts. How narrow, and how strong? A waveform leaves several answers possible, and which ones is
what simulation-based inference tells, here in the spirit of Tolley et al. (2024). It needs the
package sbi (extra `sbi`).

The event is simulated by a column of reduced size, so that one knows what should be found.

Papers: Sherman et al. (2016), doi:10.1073/pnas.1604135113; Tolley et al. (2024),
doi:10.1371/journal.pcbi.1011108.
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

GRID, EVENT, DURATION = (3, 3), 60.0, 130
SIMULATIONS, CHECKS, PREDICTED = (60, 10, 5) if SHORT else (600, 120, 40)
HOW = {"epochs": 3} if SHORT else {}

# %% Two bursts
#
# Each has ten cells with two spikes; `sigma` says how far these scatter in time.


def targets(late, early, **weights):
    """Return targets with AMPA synapses (µS) and delays (ms); layer 5 is reached late."""
    return {
        name: apical.DriveTarget(weights={"ampa": w}, delay=late if name[:2] == "L5" else early)
        for name, w in weights.items()
    }


burst = {"start": EVENT, "stop": EVENT + 60, "rate": 1, "n_spikes": 2, "n_cells": 10}
distal = apical.BurstyDrive(
    location="distal",
    sigma=10,
    targets=targets(0.5, 0.5, L2_basket=3.2e-4, L2_pyramidal=8e-5, L5_pyramidal=4e-5),
    **burst,
)
proximal = apical.BurstyDrive(
    location="proximal",
    sigma=20,
    targets=targets(1.0, 0.1, L2_basket=4e-5, L2_pyramidal=2e-5, L5_basket=2e-5, L5_pyramidal=2e-5),
    **burst,
)
column = apical.models.neymotin_2020(grid=GRID)
column = column.add(drives={"distal": distal, "proximal": proximal})

# %% What may vary, and an event
#
# The spread of both bursts, when the distal one comes, and how strong it is: weights at both
# layers' pyramidal cells change together, and remain so small that these cells do not fire.

PYRAMIDAL = {
    "drives.distal.targets.L2_pyramidal.weights.ampa": 2.0,
    "drives.distal.targets.L5_pyramidal.weights.ampa": 1.0,
}
space = Space(
    column,
    {
        "distal spread": Parameter("drives.distal.sigma", 3, 25),
        "proximal spread": Parameter("drives.proximal.sigma", 5, 40),
        "distal time": Parameter("drives.distal.start", 45, 75),
        "distal weight": Parameter(PYRAMIDAL, 1e-5, 8e-5, scale="log"),
    },
)
truth = {"distal spread": 8.0, "proximal spread": 20.0, "distal time": 60.0, "distal weight": 4e-5}
event = apical.simulate(
    space.network(list(truth.values())), DURATION, trials=1, seed=11, precision="single"
)

# %% What of it counts
#
# The shape, by principal components; when the trough is and how deep; and power in the beta band.

what = [
    features.Components(n=8, window=(10, DURATION), smooth=5),
    features.Peaks({"trough": (30, 110)}, "negative", smooth=5),
    features.Bands({"beta": (15, 30)}),
]
posterior = apical.infer(
    space, what, event, DURATION, simulations=SIMULATIONS, seed=2, estimator=HOW
)
print(posterior)

# %% The posterior
#
# One event is a few spikes at random times: it tells how strong the distal burst was, and little of
# how far such spikes scatter on average. Pairs show what can stand for what: the wider the burst,
# the stronger it must be. An average of many events, and as many `trials`, would tell more.

figure = apical.plots.pairs(posterior, truth)
apical.plots.save_figure(figure, FIGURES / "posterior_beta_pairs.png", overwrite=True)

# %% What it predicts, and another event
#
# A posterior is learned once, for all data: asked about an event with half the distal weight, it
# answers at once.

weak = dict(truth, **{"distal weight": 2e-5})
other = apical.simulate(space.network(list(weak.values())), DURATION, seed=12, precision="single")
elsewhere = posterior.given(other)
for name, found in (("this event", posterior), ("a weaker one", elsewhere)):
    row = found.intervals().sel(parameter="distal weight")
    print(f"{name}: distal weight {float(row['low']):.2g} to {float(row['high']):.2g} uS")

titles = ["this event", "a weaker one"]
figure, axes = apical.plots.panels(2, size=(7.2, 5.0), sharex=True, titles=titles)
for ax, found, result in zip(axes, (posterior, elsewhere), (event, other), strict=True):
    dipole = result.total().isel(trial=0)
    prediction = found.predict(PREDICTED)
    apical.plots.predictive(prediction, 1e6 * dipole, scale=1e6, smooth=5, ax=ax)
    ax.set_ylabel("Dipole (fAm)")
apical.plots.save_figure(figure, FIGURES / "posterior_beta_predicted.png", overwrite=True)

# %% Is it as wide as it should be?
#
# How often intervals of the posterior hold the truth, over how often they should.

calibration = posterior.calibrate(CHECKS)
print(calibration)
ax = apical.plots.coverage(calibration)
apical.plots.save_figure(ax.figure, FIGURES / "posterior_beta_coverage.png", overwrite=True)
