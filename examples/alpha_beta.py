"""Alpha and beta rhythms from bursts of input.

The mu rhythm of somatosensory cortex has power near 10 Hz and, in short events, near 20 Hz. In the
account of Jones et al. (2009) both come from bursts that arrive ten times a second: alone, proximal
bursts make an alpha rhythm; when distal bursts come at about the same time and are strong enough,
each cycle gets a sharp downward peak of about 50 ms, which is a beta event (Sherman et al. 2016).

The input is weak: pyramidal cells stay below threshold, and what is seen is current in their
dendrites.

Papers: Jones et al. (2009), doi:10.1152/jn.00535.2009; Ziegler et al. (2010),
doi:10.1016/j.neuroimage.2010.05.054; Sherman et al. (2016), doi:10.1073/pnas.1604135113.
"""

import os
from pathlib import Path

import apical

SHORT = "APICAL_SHORT" in os.environ
FIGURES = Path(os.environ.get("APICAL_FIGURES", "."))

GRID = (3, 3) if SHORT else (10, 10)
DURATION = 150 if SHORT else 710
FREQUENCIES = range(30, 60) if SHORT else range(5, 41)

# %% Alpha: proximal bursts
#
# Ten drive cells fire two spikes each, ten times a second, with a jitter of 20 ms.

column = apical.models.neymotin_2020(grid=GRID)
proximal = apical.BurstyDrive(
    location="proximal",
    start="50 ms",
    rate="10 Hz",
    sigma="20 ms",
    n_spikes=2,
    interval="10 ms",
    n_cells=10,
    targets={
        "L2_pyramidal": apical.DriveTarget(weights={"ampa": "54 pS"}, delay="0.1 ms"),
        "L5_pyramidal": apical.DriveTarget(weights={"ampa": "54 pS"}, delay="1 ms"),
    },
)
alpha = apical.simulate(column.add(drives={"proximal": proximal}), DURATION, seed=3).scale(3000)

# %% Alpha and beta: distal bursts as well
#
# These reach the tufts 5 ms after the drive cells fire, with less jitter.

distal = proximal.with_(
    location="distal",
    sigma="15 ms",
    targets={
        name: apical.DriveTarget(weights={"ampa": "54 pS"}, delay="5 ms")
        for name in ("L2_pyramidal", "L5_pyramidal")
    },
)
both = column.add(drives={"proximal": proximal, "distal": distal})
mu = apical.simulate(both, DURATION, seed=3).scale(3000)

# %% Waveforms
#
# Thin lines are unsmoothed. A drive that is added changes no other drive: proximal spikes are the
# same in both.

figure, axes = apical.plots.panels(4, size=(7.2, 6.4), heights=[1, 1.6, 1, 1.6], sharex=True)
for k, (result, title) in enumerate(((alpha, "proximal"), (mu, "proximal and distal"))):
    apical.plots.drives(result, bin_width=5, ax=axes[2 * k])
    axes[2 * k].set_title(f"{title} bursts", loc="left")
    smoothed = result.smooth("20 ms").total()
    apical.plots.dipole(result, ax=axes[2 * k + 1], colour="#BBCCDD", label="as simulated")
    apical.plots.dipole(smoothed, ax=axes[2 * k + 1], label="smoothed (20 ms)", zero=False)
apical.plots.save_figure(figure, FIGURES / "alpha_beta_waveforms.png", overwrite=True)

# %% Spectra
#
# The first 50 ms, in which the rhythm begins, are left out. To the right: power by time, from
# wavelets of three cycles, too few to tell 20 from 25 Hz but short enough to see single events.

figure, axes = apical.plots.panels(2, 2, size=(7.2, 5.4), widths=[1, 1.6])
parts = ((alpha, "proximal", "#004488"), (mu, "proximal and distal", "#AA3377"))
for row, (result, title, colour) in enumerate(parts):
    after = result.total().sel(time=slice(50, None))
    left, right = axes[row]
    apical.plots.psd(after, fmax=40, colour=colour, ax=left)
    apical.plots.tfr(after, FREQUENCIES, n_cycles=3, ends=False, ax=right)
    left.set_title(f"{title} bursts", loc="left")
    power = apical.band_power(apical.psd(after), {"alpha": (8, 13), "beta": (15, 29)})
    ratio = (power.sel(band="beta") / power.sel(band="alpha")).item()
    print(f"{title}: beta / alpha power {ratio:.2f}")
apical.plots.save_figure(figure, FIGURES / "alpha_beta_spectra.png", overwrite=True)
