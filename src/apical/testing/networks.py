"""Small networks with known behaviour."""

from __future__ import annotations

import math
from typing import Any

from apical import library
from apical.model import (
    Cell,
    CurrentClamp,
    DriveTarget,
    FixedRule,
    Gaussian,
    Mechanism,
    Network,
    Points,
    Population,
    Projection,
    Receptor,
    Recording,
    Section,
    SpikeTrainDrive,
    TabulatedRates,
)

#: Length and diameter of a cylinder with 500 µm² of membrane.
DIAM_500 = math.sqrt(500 / math.pi)


def one_cell(cell: Cell, *, n: int = 1, **given: Any) -> Network:
    """Return a network of `n` unconnected cells of one kind, called ``cells``, all recorded.

    Parameters
    ----------
    cell : Cell
        The kind of cell.
    n : int
        How many, on a line.
    **given
        Further fields of the network; ``recordings`` replaces the voltages, ``mechanisms`` adds
        to the library's.
    """
    used = {c for s in cell.sections.values() for c in s.channels}
    used |= {r.mechanism for r in cell.receptors.values()}
    own = given.pop("mechanisms", {})
    fields: dict[str, Any] = {
        "ions": {"ena": 50.0, "ek": -77.0},
        "mechanisms": own | {n: library.mechanism(n) for n in sorted(used - own.keys())},
        "cells": {"cell": cell},
        "populations": {
            "cells": Population(
                cell="cell",
                positions=Points(coordinates=[(10.0 * k, 0, 0) for k in range(n)]),
                dipole=True,
            )
        },
        "recordings": {"v": Recording(population="cells", variable="v")},
    }
    return Network(**(fields | given))


#: What the library's mechanisms lack: a state that is not linear in itself, one whose rate may be
#: 0, a current that is not linear in v, and a gate without inertia that has a table.
ODD = Mechanism(
    name="odd",
    kind="channel",
    parameters={"g": "0.1 mS/cm2", "e": "-80 mV"},
    states={"x": "1", "y": "1"},
    currents={"i": "", "j": ""},
    initial={"x": "0.2", "y": "0.3"},
    equations="""
        gate = 1/(1 + exp(-(v + 60*mV)/(7*mV)))
        on = where(v > -60*mV, 0.3/ms, 0/ms)
        dx/dt = gate/(4*ms) - x^2/(2*ms)
        dy/dt = on*(1 - y) - 2*on*y
        i = g*gate*x*(v - e)
        j = 0.1*g*y*(v - e)*exprel_rate((v + 50*mV)/(10*mV))
    """,
    table=TabulatedRates(start=-100.0, stop=50.0, steps=300, of=("gate",)),
)


def ball(channels: dict[str, Any], **section: Any) -> Cell:
    """Return a cell of one compartment with 500 µm² of membrane."""
    soma = Section(**({"L": DIAM_500, "diam": DIAM_500, "channels": channels} | section))
    return Cell(sections={"soma": soma}, receptors=_receptors(soma), segments=FixedRule())


def cable(
    channels: dict[str, Any], nseg: int, L: float = 1000.0, diam: float = 1.0, **given: Any
) -> Cell:
    """Return an unbranched cable along z."""
    section = Section(
        L=L, diam=diam, nseg=nseg, channels=channels, start=(0, 0, 0), end=(0, 0, L), **given
    )
    return Cell(sections={"cable": section}, receptors=_receptors(section))


def _receptors(section: Section) -> dict[str, Receptor]:
    return {name: Receptor(mechanism="exp2syn") for name in section.receptors}


def tree() -> Cell:
    """Return a branched cell with every kind of channel the library's column uses."""
    calcium = {"ca": {"gbar": 0.006}, "cad": {"taur": 20.0}, "kca": {"gbar": 2e-4}}
    spiking = {"hh2": {"gnabar": 0.16, "gkbar": 0.01, "gl": 3e-4, "el": -72.0}}
    slow = {
        "km": {"gbar": 0.002}, "cat": {"gbar": 2e-4},
        "ar": {"gbar": "1e-6*S/cm2*exp(0.003/um*distance)"},
    }  # fmt: skip
    common = {"Ra": 200.0, "cm": 0.85, "v0": -70.0}
    return Cell(
        sections={
            "soma": Section(
                L=39, diam=28.9, channels=spiking | calcium, receptors=["inhibition"],
                start=(0, 0, 0), end=(0, 0, 39), **common,
            ),
            "trunk": Section(
                L=300, diam=6, parent="soma", channels=spiking | calcium | slow,
                receptors=["excitation"], start=(0, 0, 39), end=(0, 0, 339), **common,
            ),
            "oblique": Section(
                L=150, diam=3, parent="trunk", parent_x=0.5, channels=spiking | slow,
                receptors=["excitation", "inhibition"],
                start=(0, 0, 189), end=(-150, 0, 189), **common,
            ),
            "basal": Section(
                L=80, diam=4, parent="soma", parent_x=0, channels=spiking,
                start=(0, 0, 0), end=(0, 0, -80), **common,
            ),
        },
        receptors={
            "excitation": Receptor(mechanism="exp2syn", parameters={"tau1": 0.5, "tau2": 5.0}),
            "inhibition": Receptor(
                mechanism="exp2syn", parameters={"tau1": 1.0, "tau2": 20.0, "e": -80.0}
            ),
        },
        groups={"dendrites": ("trunk", "oblique")},
    )  # fmt: skip


def pair_of_populations() -> Network:
    """Return trees and balls that excite and inhibit each other, with a drive and a clamp."""
    both = ["excitation", "inhibition"]
    basket = ball({"hh2": {}, "odd": {}}, receptors=both, v0=-65.0, cm=0.85)
    base = one_cell(tree())
    names = {"hh2", "km", "ca", "cad", "kca", "cat", "ar", "exp2syn"}
    kernel = Gaussian(space_constant=30)
    return Network(
        name="pair", celsius=37.0, ions=base.ions, inplane_distance=10.0,
        mechanisms={"odd": ODD} | {n: library.mechanism(n) for n in sorted(names)},
        cells={"tree": tree(), "ball": basket},
        populations={
            "trees": Population(
                cell="tree", dipole=True,
                positions=Points(coordinates=[(10.0 * k, 0, 0) for k in range(19)]),
            ),
            "balls": Population(
                cell="ball", positions=Points(coordinates=[(10.0 * k, 5, 0) for k in range(7)])
            ),
        },
        projections={
            "trees>balls": Projection(
                source="trees", target="balls", location="soma", receptor="excitation",
                weight=0.002, delay=1.0, kernel=kernel, gain=1.5,
            ),
            "balls>trees": Projection(
                source="balls", target="trees", location="soma", receptor="inhibition",
                weight=0.01, delay=1.3, kernel=kernel, probability=0.7,
            ),
            "trees>trees": Projection(
                source="trees", target="trees", location="dendrites", receptor="excitation",
                weight=0.001, delay=1.1, autapses=False,
            ),
        },
        drives={
            "input": SpikeTrainDrive(
                trains=[[1.0, 4.2], [2.0125, 4.2], [3.3]], location="dendrites",
                targets={"trees": DriveTarget(weights={"excitation": 0.02}, delay=0.1)},
                kernel=None,
            )
        },
        biases={
            "bias": CurrentClamp(
                population="balls", section="soma", amplitude=0.02, start=2, stop=9, cells=[0, 3]
            )
        },
    )  # fmt: skip
