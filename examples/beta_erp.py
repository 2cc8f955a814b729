"""A beta event changes the evoked response after it.

Short events of beta power (15 to 29 Hz) in somatosensory cortex make it more likely that a weak
tap goes unnoticed. In the account of Law et al. (2022) the burst of distal input that makes a beta
event also recruits slow inhibition of the tufts of pyramidal cells (GABA-B), which lasts for
hundreds of milliseconds. A tap that comes while it lasts evokes another response than one without
the event.

Paper: Law et al. (2022), doi:10.1093/cercor/bhab221.
"""

import os
from pathlib import Path

import apical

SHORT = "APICAL_SHORT" in os.environ
FIGURES = Path(os.environ.get("APICAL_FIGURES", "."))

GRID = (3, 3) if SHORT else (10, 10)
DURATION = 150 if SHORT else 400
EVENT = 50.0  # ms
TAP = 75.0 if SHORT else 125.0  # ms
FREQUENCIES = range(30, 60, 5) if SHORT else range(10, 61)

# %% The column
#
# It is the usual one with slow GABA-B synapses, which also inhibit the tufts. What differs is found
# by comparing both.

column = apical.models.law_2021(grid=GRID)
usual = apical.models.neymotin_2020(grid=GRID)
for name in ("tau1", "tau2"):
    address = f"cells.L5_pyramidal.receptors.gabab.parameters.{name}"
    print(f"GABA-B {name}: {usual.get(address)} ms, here {column.get(address)} ms")
added = [name for name in column.projections if name not in usual.projections]
gone = [name for name in usual.projections if name not in column.projections]
print("added:", ", ".join(added), "- gone:", ", ".join(gone))


# %% Two inputs
#
# The beta event is one burst of ten cells, wide at the proximal dendrites and narrower at the
# tufts. The tap is three volleys, as for other evoked responses.


def targets(late=1.0, early=0.1, **weights):
    """Return targets with AMPA synapses (µS) and delays (ms); layer 5 is reached late."""
    return {
        name: apical.DriveTarget(weights={"ampa": w}, delay=late if name[:2] == "L5" else early)
        for name, w in weights.items()
    }


def with_beta(network):
    """Add a burst of distal and of proximal input."""
    burst = {"start": EVENT, "stop": EVENT + 50, "rate": 1, "n_spikes": 2, "n_cells": 10}
    distal = apical.BurstyDrive(
        location="distal",
        sigma=10,
        targets=targets(0.5, 0.5, L2_basket=3.2e-4, L2_pyramidal=8e-5, L5_pyramidal=4e-5),
        **burst,
    )
    proximal = apical.BurstyDrive(
        location="proximal",
        sigma=20,
        targets=targets(L2_basket=4e-5, L2_pyramidal=2e-5, L5_basket=2e-5, L5_pyramidal=2e-5),
        **burst,
    )
    return network.add(drives={"beta_distal": distal, "beta_proximal": proximal})


def with_tap(network):
    """Add three volleys of synchronous spikes."""
    both = {
        name: apical.DriveTarget(weights={"ampa": w, "nmda": w})
        for name, w in {"L2_basket": 5e-4, "L2_pyramidal": 4e-3, "L5_pyramidal": 5e-4}.items()
    }
    first = targets(L2_basket=2e-3, L2_pyramidal=1.1e-3, L5_basket=1e-3, L5_pyramidal=1e-3)
    second = targets(L2_basket=5e-3, L2_pyramidal=5e-3, L5_basket=1e-2, L5_pyramidal=1e-2)
    volleys = {
        "tap_proximal": ("proximal", 25, first),
        "tap_distal": ("distal", 70, both),
        "tap_late": ("proximal", 135, second),
    }
    return network.add(
        drives={
            name: apical.EvokedDrive(location=place, mu=TAP + after, sigma=0, targets=reached)
            for name, (place, after, reached) in volleys.items()
        }
    )


networks = {
    "beta event": with_beta(column),
    "tap": with_tap(column),
    "beta event, then tap": with_tap(with_beta(column)),
}
results = {name: apical.simulate(network, DURATION) for name, network in networks.items()}

# %% The event alone
#
# Distal input pulls current down the dendrites: a sharp trough, whose power reaches far into the
# beta band. The slow wave after it is GABA-B inhibition.

event = results["beta event"]
figure, axes = apical.plots.panels(3, size=(7.2, 6.0), heights=[1, 1.5, 1.7], sharex=True)
apical.plots.drives(event, bin_width=4, ax=axes[0])
apical.plots.dipole(event.total() * 1e3, ax=axes[1], label="beta event")
axes[1].set_ylabel("Dipole (pAm)")
apical.plots.tfr(event, FREQUENCIES, n_cycles=3, ends=False, ax=axes[2])
apical.plots.save_figure(figure, FIGURES / "beta_erp_event.png", overwrite=True)

# %% The tap with and without it
#
# The same tap, another response: after the event (grey) layer 2/3 stays silent and layer 5 fires
# later and less.

figure, axes = apical.plots.panels(
    4,
    size=(7.2, 8.0),
    heights=[1, 1.8, 1.6, 1.6],
    sharex=True,
    titles=["", "", "tap alone", "beta event, then tap"],
)
after = results["beta event, then tap"]
apical.plots.drives(results["tap"], bin_width=4, ax=axes[0])
pairs = ((results["tap"], "tap alone", "#004488"), (after, "beta event, then tap", "#AA3377"))
for result, label, colour in pairs:
    dipole = result.smooth("45 ms").total() * 1e3
    apical.plots.dipole(dipole, ax=axes[1], label=label, colour=colour)
axes[1].set_ylabel("Dipole (pAm)")
apical.plots.raster(results["tap"], ax=axes[2])
apical.plots.raster(after, ax=axes[3])
for ax in axes[1::2]:
    ax.axvspan(EVENT - 25, EVENT + 25, color="0.92", zorder=-1)
apical.plots.save_figure(figure, FIGURES / "beta_erp_tap.png", overwrite=True)

for name, result in results.items():
    counts = result.spike_counts().sel(trial=0)
    pyramidal = int(counts.sel(source="L2_pyramidal") + counts.sel(source="L5_pyramidal"))
    print(f"{name}: {pyramidal} spikes of pyramidal cells")
