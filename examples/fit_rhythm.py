"""Fit a rhythm.

A rhythm has no fixed waveform: two stretches of the same mu rhythm differ sample by sample, but
their spectra are alike. So what is fitted is the spectrum. In the account of Jones et al. (2009),
proximal bursts of input, about ten times a second, make alpha power, and distal bursts at the same
rate add beta power. How strong must distal bursts be for a given spectrum, and how regular?

    python examples/fit_rhythm.py my_dipole.txt

reads a text file of two columns, ms and nAm, of a second or more. Without a file **no recorded data
are used**: the model itself makes the rhythm, with other values and other random numbers, and noise
is added. Then one knows what the fit should find.

Papers: Jones et al. (2009), doi:10.1152/jn.00535.2009; Sherman et al. (2016),
doi:10.1073/pnas.1604135113.
"""

import os
import sys
from pathlib import Path

import numpy as np

import apical

SHORT = "APICAL_SHORT" in os.environ
FIGURES = Path(os.environ.get("APICAL_FIGURES", "."))

GRID = (3, 3) if SHORT else (4, 4)
DURATION = 420 if SHORT else 620
BUDGET, TRIALS, FRESH = (4, 1, 2) if SHORT else (24, 6, 10)

# %% The model
#
# Proximal and distal bursts, alike but for where they arrive, how late and how scattered.


def bursts(location, sigma, delay):
    """Return input that comes ten times a second."""
    targets = {
        name: apical.DriveTarget(weights={"ampa": "50 pS"}, delay=delay)
        for name in ("L2_pyramidal", "L5_pyramidal")
    }
    return apical.BurstyDrive(
        location=location, start="50 ms", rate="10 Hz", sigma=sigma, n_spikes=2,
        interval="10 ms", n_cells=10, targets=targets,
    )  # fmt: skip


proximal, distal = bursts("proximal", "20 ms", "0.1 ms"), bursts("distal", "20 ms", "5 ms")
network = apical.models.neymotin_2020(grid=GRID).add(
    drives={"proximal": proximal, "distal": distal}
)

# %% The rhythm
#
# In what is simulated in place of a recording, distal bursts are twice as strong as the model has
# them, and half as scattered.

sigma = "drives.distal.sigma"
weights = [f"drives.distal.targets.{name}.weights.ampa" for name in distal.targets]
truth = {sigma: 10.0} | dict.fromkeys(weights, 1e-4)


def stand_in():
    """Return simulated trials of a rhythm with white noise."""
    result = apical.simulate(network.set(truth), DURATION, trials=FRESH, seed=2024).scale(3000)
    dipole = result.total().sel(time=slice(100, None, 20))
    noise = np.random.default_rng(2024).normal(size=dipole.shape)
    return dipole + 0.02 * float(dipole.std()) * noise


if len(sys.argv) > 1:
    recorded = apical.read_dipole(sys.argv[1])
else:
    print("no file given: the rhythm is a simulated stand-in, not a recording")
    recorded = stand_in()

# %% The fit
#
# Spectra of half-overlapping segments of 300 ms are averaged over trials and compared in dB, from 5
# to 40 Hz, whatever the number of columns. Strength and scatter of distal bursts vary; weights onto
# both layers are tied.

space = apical.Space(
    network,
    {
        "distal sigma (ms)": apical.Parameter(sigma, 5, 40, scale="log"),
        "distal weight (uS)": apical.Parameter(weights, 1e-5, 3e-4, scale="log"),
    },
)
objective = apical.objectives.Spectrum(recorded, (5, 40), window=(100, None), segment=300)
fit = apical.fit(
    space, objective, DURATION, method="gauss", budget=BUDGET, trials=TRIALS, confirm=FRESH
)
print(fit)
for (name, found), began, path in zip(
    fit.values.items(), space.start, (sigma, weights[0]), strict=True
):
    known = "" if len(sys.argv) > 1 else f", in the stand-in {truth[path]:.3g}"
    print(f"{name}: {began:.3g} in the model, {found:.3g} fitted{known}")

# %% Spectra
#
# Before and after, over trials that the fit has not seen; each as large as the recorded one on
# average. To the right: what was tried.


def spectrum(dipole):
    """Return the mean spectrum of trials, dB, relative to its mean over the frequencies fitted."""
    found = apical.psd(dipole, 300, average="trial" in dipole.dims).sel(frequency=slice(5, 40))
    decibel = 10 * np.log10(found)
    return decibel - decibel.mean()


before = apical.simulate(network, DURATION, trials=FRESH, seed=1)
after = fit.simulate(trials=FRESH)
print(f"fresh trials: {objective.loss(before):.2f} dB before, {objective.loss(after):.2f} dB after")

figure, axes = apical.plots.panels(1, 2, size=(7.2, 3.2))
ax = axes[0]
spectra = {"recorded" if len(sys.argv) > 1 else "stand-in": recorded}
spectra |= {"model": before.total().sel(time=slice(100, None))}
spectra |= {"fitted": after.total().sel(time=slice(100, None))}
for (label, dipole), colour in zip(spectra.items(), ("k", "#BBCCDD", "#AA3377"), strict=True):
    power = spectrum(dipole)
    ax.plot(power.frequency, power, color=colour, label=label)
ax.set(xlabel="Frequency (Hz)", ylabel="Power (dB, mean 0)", title="spectra")
ax.legend()
apical.plots.convergence(fit, ax=axes[1])
axes[1].set(title="loss, dB")
apical.plots.save_figure(figure, FIGURES / "fit_rhythm_spectra.png", overwrite=True)

# %% The rhythms themselves
#
# One trial each. Nothing makes them equal in time.

figure, axes = apical.plots.panels(2, size=(7.2, 4.0), sharex=True)
one = recorded.isel(trial=0) if "trial" in recorded.dims else recorded
apical.plots.dipole(one, ax=axes[0], label=next(iter(spectra)))
fitted = after.total().isel(trial=0).sel(time=slice(100, None)).drop_vars("trial")
ratio = float(one.std() / fitted.std())
apical.plots.dipole(fitted * ratio, ax=axes[1], label="fitted")
apical.plots.save_figure(figure, FIGURES / "fit_rhythm_waveforms.png", overwrite=True)
