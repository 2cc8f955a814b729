"""Values given one by one: densities by compartment, drive cells by target cell, positions."""

import numpy as np
import pytest

from apical import Network, models
from apical.errors import ModelError
from apical.plan import compile as plan_of

ERP = models.erp(grid=(2, 2), inplane_distance=30.0)
KM = "cells.L2_pyramidal.sections.apical_tuft.channels.km.gbar"
NSEG = "cells.L2_pyramidal.sections.apical_tuft.nseg"


def test_a_density_for_every_compartment():
    values = [0.01, 0.02, 0.03, 0.04, 0.05]
    network = ERP.set({KM: np.array(values), NSEG: 5})
    assert network.get(KM) == tuple(values)
    assert Network.from_json(network.to_json()) == network
    cell = plan_of(network, 1.0).populations[1].cell
    km = next(m for m in cell.mechanisms if m.name == "km")
    rows = [k for k, label in enumerate(km.labels) if label.startswith("apical_tuft")]
    assert km.parameters["gbar"][rows].tolist() == values


@pytest.mark.parametrize(("nseg", "hint"), [(3, "nseg is 3"), (None, "give nseg")])
def test_a_list_must_fit_the_compartments(nseg, hint):
    with pytest.raises(ModelError, match=rf"km\.gbar: is a list of 5.*{hint}"):
        ERP.set({KM: [0.01] * 5, NSEG: nseg})


def connections(network, target="L2_pyramidal"):
    plan = plan_of(network, 100.0)
    found = next(d for d in plan.drives if d.name == "evprox1").connections[target]
    return {(s, c) for s, c in zip(found.source.tolist(), found.cell.tolist(), strict=True)}


def test_which_drive_cell_reaches_which_cell():
    pairs = [(0, 0), (0, 1), (5, 3)]
    network = ERP.set({"drives.evprox1.targets.L2_pyramidal.pairs": pairs})
    assert connections(network) == {*pairs}
    assert len(connections(ERP)) == 4


def test_pairs_of_cells_that_are_not_there():
    n = 2 + 4 + 2 + 4
    for pair in [(n, 0), (0, 4)]:
        with pytest.raises(ModelError, match=r"targets\.L2_pyramidal\.pairs"):
            ERP.set({"drives.evprox1.targets.L2_pyramidal.pairs": [pair]})


def test_weights_fall_with_the_distance_from_the_drive():
    def weights(network):
        found = plan_of(network, 1e3).drives[0].connections["L2_pyramidal"]
        return dict(zip(found.cell.tolist(), found.weight.tolist(), strict=True))

    here, there = (
        weights(ERP.set({"drives.evdist1.position": p})) for p in (None, (30.0, 30.0, 0.0))
    )
    assert here[0] == there[3] > here[3] == there[0]
