"""Changing who is connected to whom.

Projections have names. They are picked by where they come from, where they go, and through which
receptor; changed by address; taken away and added. Each change gives a new network, and the old one
is still there to compare with: here, an evoked response with other inhibition, without recurrent
excitation, and with connections that are sparse.

Paper: Jones et al. (2009), doi:10.1152/jn.00535.2009.
"""

import os
from pathlib import Path

import apical

SHORT = "APICAL_SHORT" in os.environ
FIGURES = Path(os.environ.get("APICAL_FIGURES", "."))

GRID = (3, 3) if SHORT else (10, 10)
DURATION = 60 if SHORT else 170

# %% Pick projections
#
# Without criteria all names come; several values of one criterion mean any of them.

network = apical.models.erp(grid=GRID)
print(len(network.pick()), "projections")
print("inhibition of layer 5:", *network.pick(source="L5_basket", target="L5_pyramidal"))
pyramidal = ["L2_pyramidal", "L5_pyramidal"]
recurrent = network.pick(source=pyramidal, target=pyramidal)
print("recurrent excitation:", *recurrent)

# %% Look at them
#
# How many synapses there are, what a cell gets, and which cells one cell reaches.

figure, (left, right) = apical.plots.panels(1, 2, size=(9.6, 3.6))
apical.plots.connectivity(network, ax=left)
apical.plots.connectivity(network, "weight", ax=right)
apical.plots.save_figure(figure, FIGURES / "connectivity_table.png", overwrite=True)

cell = GRID[0] // 2 * GRID[1] + GRID[1] // 2  # in the middle
figure, (left, right) = apical.plots.panels(1, 2, size=(9.6, 3.8))
apical.plots.neighbours(network, "L5_pyramidal>L5_pyramidal.ampa", cell, ax=left)
apical.plots.drive_strengths(network, ax=right)
apical.plots.save_figure(figure, FIGURES / "connectivity_reach.png", overwrite=True)

# %% Change them
#
# `set_gains` goes by role: here inhibition of excitatory cells is halved. `disconnect` takes
# projections away. Any field can be set by address, such as the share of pairs that are connected.

changed = {
    "as it is": network,
    "half the inhibition": network.set_gains(i_e=0.5),
    "no recurrent excitation": network.disconnect(*recurrent),
    "one pair in five": network.set({f"projections.{n}.probability": 0.2 for n in network.pick()}),
}

# %% Connect
#
# A projection that the model does not have: layer 5 basket cells on the tufts of layer 5 pyramidal
# cells. The weight falls off with distance; its space constant is in units of the grid.

changed["inhibited tufts"] = network.connect(
    "L5_basket",
    "L5_pyramidal",
    receptor="gabaa",
    location="distal",
    weight="25 nS",
    delay="1 ms",
    kernel={"space_constant": 70},
)
print("added:", *set(changed["inhibited tufts"].projections) - set(network.projections))

# %% Compare
#
# Dashed: the network as it is. The drives fire at the same times in all of them, as what is changed
# in one place moves no random number in another.

results = {name: apical.simulate(n, DURATION, seed=1) for name, n in changed.items()}
figure, axes = apical.plots.panels(len(results), size=(7.2, 8.4), sharex=True, titles=list(results))
plain = results["as it is"].smooth("15 ms").scale(3000).total().isel(trial=0)
for ax, (name, result) in zip(axes, results.items(), strict=True):
    apical.plots.dipole(result.smooth("15 ms").scale(3000), ax=ax, label=name)
    ax.plot(plain["time"], plain, color="0.5", lw=1, ls="--", zorder=1)
    ax.get_legend().remove()
    rate = result.rates().sel(source="L5_pyramidal").item()
    print(f"{name}: L5 pyramidal cells fire at {rate:.1f} Hz")
apical.plots.save_figure(figure, FIGURES / "connectivity_dipoles.png", overwrite=True)
