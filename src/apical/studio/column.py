"""Where cells and their sections are, for the picture of the column."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import numpy as np

from apical.plan.geometry import positions, section_ends
from apical.studio.messages import PopulationInfo, Structure

if TYPE_CHECKING:
    from apical.model import Network
    from apical.studio.setup import Setup

#: Values that move cells or sections.
_PLACES = re.compile(
    r"populations\..*|inplane_distance|cells\.[^.]+(\.(axis|sections))?"
    r"|cells\..*\.(L|start|end|parent|parent_x)"
)


def structure_key(setup: Setup) -> str:
    """Return what the picture and the parts depend on, as text; other values change neither."""
    values = sorted((p, v) for p, v in setup.values.items() if _PLACES.fullmatch(p))
    data = [setup.model, setup.grid, sorted(setup.removed), setup.added, values]
    return json.dumps(data)


def structure(id: int, network: Network, base: Network) -> tuple[Structure, dict[str, np.ndarray]]:
    """Return a frame with a network and where its parts are.

    Parameters
    ----------
    id : int
        Of the request.
    network : Network
        What is shown.
    base : Network
        The same without what the setup changes.
    """
    frame = Structure(
        id=id, network=json.loads(network.to_json()), base=json.loads(base.to_json()),
        populations=populations(network), drives=tuple(network.drives),
    )  # fmt: skip
    return frame, geometry(network)


def populations(network: Network) -> tuple[PopulationInfo, ...]:
    """Return the populations in the network's order."""
    return tuple(
        PopulationInfo(name=name, n=p.n, layer=p.layer, role=p.role, dipole=p.dipole)
        for name, p in network.populations.items()
    )


def geometry(network: Network) -> dict[str, np.ndarray]:
    """Return the arrays of a `Structure`: ends of sections, somata, and of which cells they are."""
    segments, owners, somata, kinds = [], [], [], []
    cells = 0
    for k, (name, population) in enumerate(network.populations.items()):
        cell = network.cells[population.cell]
        ends = section_ends(cell)
        where = positions(network, name)
        lines = np.stack(list(ends.values())).reshape(1, -1, 2, 3) + where[:, None, None, :]
        segments.append(lines.reshape(-1, 6))
        owners.append(np.repeat(np.arange(cells, cells + len(where)), len(ends)))
        somata.append(where + ends[cell.root].mean(axis=0))
        kinds.append(np.full(len(where), k))
        cells += len(where)
    return {
        "segments": np.concatenate([np.zeros((0, 6)), *segments]).astype("<f4"),
        "segment_cell": np.concatenate([np.zeros(0), *owners]).astype("<i4"),
        "somata": np.concatenate([np.zeros((0, 3)), *somata]).astype("<f4"),
        "population": np.concatenate([np.zeros(0), *kinds]).astype("|u1"),
    }
