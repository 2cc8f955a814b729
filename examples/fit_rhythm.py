"""Fit a rhythm.

A rhythm has no fixed waveform: two stretches of the same mu rhythm differ sample by sample, but
their spectra are alike. So what is fitted is the spectrum. In the account of Jones et al. (2009),
the rhythm is made by bursts of input to proximal and distal dendrites. How often do they come, and
how regular are the distal ones? The first decides where the spectrum has peaks, the second how far
these stand out: distal bursts that scatter less make a taller one, and another at twice the rate.

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

DURATION, SEGMENT = (420, 300) if SHORT else (1100, 500)
BUDGET, TRIALS, FRESH = (4, 1, 2) if SHORT else (36, 12, 20)

# %% The model
#
# Proximal and distal bursts, the latter twice as strong. Weights are so small that no cell fires: a
# spike of layer 5 makes a dipole dozens of times as large as the rhythm, and one in a single trial
# would hide it. As no cell acts on another, a small column has the spectrum of a large one.


def bursts(location, weight, delay):
    """Return input that comes ten times a second."""
    targets = {
        name: apical.DriveTarget(weights={"ampa": weight}, delay=delay)
        for name in ("L2_pyramidal", "L5_pyramidal")
    }
    return apical.BurstyDrive(
        location=location, start="50 ms", rate="10 Hz", sigma="20 ms", n_spikes=2,
        interval="10 ms", n_cells=10, targets=targets,
    )  # fmt: skip


proximal, distal = bursts("proximal", "20 pS", "0.1 ms"), bursts("distal", "40 pS", "5 ms")
network = apical.models.neymotin_2020(grid=(2, 2)).add(
    drives={"proximal": proximal, "distal": distal}
)

# %% The rhythm
#
# In what is simulated in place of a recording, bursts come more often, and distal ones scatter half
# as much. Its noise is that of recordings: the slower, the larger.

rates, sigma = ["drives.proximal.rate", "drives.distal.rate"], "drives.distal.sigma"
truth = dict.fromkeys(rates, 11.5) | {sigma: 10.0}


def stand_in():
    """Return simulated trials of a rhythm with 1/f noise."""
    result = apical.simulate(network.set(truth), DURATION, trials=FRESH, seed=2024).scale(3000)
    dipole = result.total().sel(time=slice(100, None, 20))
    waves = np.fft.rfft(np.random.default_rng(2024).normal(size=dipole.shape))
    waves /= np.sqrt(np.maximum(np.arange(waves.shape[-1]), 1))
    noise = np.fft.irfft(waves, dipole.sizes["time"])
    return dipole + 0.2 * float(dipole.std()) * noise / noise.std()


if len(sys.argv) > 1:
    recorded = apical.read_dipole(sys.argv[1])
else:
    print("no file given: the rhythm is a simulated stand-in, not a recording")
    recorded = stand_in()


def spectrum(dipole):
    """Return the mean spectrum of trials, dB, relative to its mean over the frequencies fitted."""
    found = apical.psd(dipole, SEGMENT, average="trial" in dipole.dims)
    decibel = 10 * np.log10(found.sel(frequency=slice(5, 35)))
    return decibel - decibel.mean()


# %% The fit
#
# Where the spectrum has its highest peak, the fit begins: steps of 2 Hz say roughly how often
# bursts come. From a rate that is far off, it would only learn to have no peaks.
#
# Spectra of half-overlapping segments of 500 ms are averaged over trials and compared in dB, from 5
# to 35 Hz, whatever the number of columns. The rate of all bursts and the scatter of distal ones
# vary. Spectra are smooth in both, so Gauss-Newton needs few candidates; and of a few seconds of
# bursts at random times a spectrum is still rough, so each candidate has several trials.

peak = float(spectrum(recorded).sel(frequency=slice(5, 20)).idxmax())
network = network.set(dict.fromkeys(rates, peak))
space = apical.Space(
    network,
    {
        "rate (Hz)": apical.Parameter(rates, peak - 2, peak + 2),
        "distal sigma (ms)": apical.Parameter(sigma, 5, 40, scale="log"),
    },
)
objective = apical.objectives.Spectrum(recorded, (5, 35), window=(100, None), segment=SEGMENT)
fit = apical.fit(space, objective, DURATION, method="gauss", budget=BUDGET, trials=TRIALS)
print(fit)
for (name, found), began, path in zip(
    fit.values.items(), space.start, (rates[0], sigma), strict=True
):
    known = "" if len(sys.argv) > 1 else f", in the stand-in {truth[path]:.3g}"
    print(f"{name}: {began:.3g} at first, {found:.3g} fitted{known}")

# %% Spectra
#
# Before and after, over trials that the fit has not seen; each as large as the recorded one on
# average. What is left is mostly chance: another few seconds have a somewhat other spectrum. To the
# right: what was tried.

before = apical.simulate(network, DURATION, trials=FRESH, seed=1, precision="single")
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
axes[1].set(ylabel="Loss (dB)", title="what was tried")
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
