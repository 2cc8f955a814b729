"""Who is connected to whom, how strongly, and what drives reach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from matplotlib.ticker import MaxNLocator

from apical.plan import compile
from apical.plan.connect import Pairs, expand
from apical.plan.geometry import positions
from apical.plots import style
from apical.plots.tables import table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from apical.model import Network
    from apical.plan.geometry import Floats

_LABELS = {
    "number": "Synapses",
    "weight": "Conductance per target cell (µS)",
    "probability": "Share of pairs connected",
}
_OF_PAIRS = {"weight": "Conductance (µS)", "delay": "Delay (ms)"}


def connectivity(
    network: Network,
    show: Literal["number", "weight", "probability"] = "number",
    *,
    receptor: str | None = None,
    seed: int = 0,
    ax: Axes | None = None,
) -> Axes:
    """Draw a table of the connections between populations: sources down, targets across.

    Parameters
    ----------
    network : Network
        The network.
    show : {'number', 'weight', 'probability'}
        The number of synapses; the peak conductance in µS that a target cell gets, in the mean,
        when every cell of the source fires once; or the share of pairs of cells that are
        connected.
    receptor : str, optional
        Only synapses of this kind.
    seed : int
        Seed of the simulation, which draws connections with a probability.
    ax : Axes, optional
        Where to draw; a new figure otherwise.

    Returns
    -------
    Axes

    Raises
    ------
    ModelError
        If there is no such receptor.
    """
    style.one_of(show, "show", _LABELS)
    if receptor is not None:
        style.one_of(receptor, "receptor", {p.receptor for p in network.projections.values()})
    names = list(network.populations)
    values = _between_populations(network, show, receptor, seed)
    written = "{:,.0f}" if show == "number" else "{:.2g}"
    with style.house_style():
        ax = style.axes(ax, (1.8 + 0.85 * len(names), 1.2 + 0.6 * len(names)))
        readable = [style.readable(name) for name in names]
        table(ax, values, readable, readable, label=_LABELS[show], written=written)
        ax.set_ylabel("From")
        ax.set_xlabel("To")
        if receptor is not None:
            ax.set_title(receptor, loc="left", fontsize=8, color=style.GREY)
    return ax


def connections(
    network: Network,
    projection: str,
    show: Literal["weight", "delay"] = "weight",
    *,
    seed: int = 0,
    ax: Axes | None = None,
) -> Axes:
    """Draw every pair of cells that a projection connects: sources down, targets across.

    Parameters
    ----------
    network : Network
        The network.
    projection : str
        Name of the projection.
    show : {'weight', 'delay'}
        Peak conductance in µS, gain and distance included, or delay in ms.
    seed : int
        Seed of the simulation, which draws connections with a probability.
    ax : Axes, optional
        Where to draw; a new figure otherwise.

    Returns
    -------
    Axes
        Pairs that are not connected are white.

    Raises
    ------
    ModelError
        If there is no such projection.
    """
    style.one_of(show, "show", _OF_PAIRS)
    values = _matrix(network, projection, show, seed)
    wire = network.projections[projection]
    with style.house_style():
        ax = style.axes(ax, (5.2, 4.2))
        image = ax.imshow(
            values, cmap=style.SEQUENTIAL, aspect="auto", interpolation="nearest",
            vmin=0.0 if show == "weight" else None,
        )  # fmt: skip
        style.colour_bar(ax, image, _OF_PAIRS[show])
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_locator(MaxNLocator(integer=True))
        ax.set_ylabel(f"{style.readable(wire.source)} (cell)")
        ax.set_xlabel(f"{style.readable(wire.target)} (cell)")
        ax.set_title(style.readable(projection), loc="left", fontsize=8, color=style.GREY)
    return ax


def neighbours(
    network: Network,
    projection: str,
    cell: int = 0,
    show: Literal["weight", "delay"] = "weight",
    *,
    seed: int = 0,
    ax: Axes | None = None,
) -> Axes:
    """Draw the cells that one cell reaches through a projection, seen from above.

    Parameters
    ----------
    network : Network
        The network.
    projection : str
        Name of the projection.
    cell : int
        Index of the cell in the projection's source.
    show : {'weight', 'delay'}
        Peak conductance in µS, gain and distance included, or delay in ms.
    seed : int
        Seed of the simulation, which draws connections with a probability.
    ax : Axes, optional
        Where to draw; a new figure otherwise.

    Returns
    -------
    Axes
        The cell is a cross; targets that it does not reach are hollow.

    Raises
    ------
    ModelError
        If there is no such projection.
    IndexError
        If there is no such cell.
    """
    style.one_of(show, "show", _OF_PAIRS)
    matrix = _matrix(network, projection, show, seed)
    if not 0 <= cell < len(matrix):
        raise IndexError(f"cell must be 0 to {len(matrix) - 1}; got {cell}")
    wire, row = network.projections[projection], matrix[cell]
    here, targets = positions(network, wire.source)[cell], positions(network, wire.target)
    reached = np.isfinite(row)
    with style.house_style():
        ax = style.axes(ax, (5.0, 4.2))
        ax.scatter(*targets[~reached, :2].T, s=36, facecolors="none", edgecolors="0.75")
        shown = ax.scatter(
            *targets[reached, :2].T, s=42, c=row[reached], cmap=style.SEQUENTIAL, edgecolors="0.3",
            linewidths=0.4, vmin=0.0 if show == "weight" else None,
        )  # fmt: skip
        ax.scatter(*here[:2], marker="x", s=60, color=style.DIRECTION["proximal"], linewidths=2)
        if reached.any():
            style.colour_bar(ax, shown, _OF_PAIRS[show])
        ax.set_aspect("equal", adjustable="datalim")
        ax.set_xlabel("x (µm)")
        ax.set_ylabel("y (µm)")
        source, target = style.readable(wire.source), style.readable(wire.target)
        text = (
            f"{source} {cell} reaches {reached.sum()} of {len(targets)} {target} ({wire.receptor})"
        )
        ax.set_title(text, loc="left", fontsize=8, color=style.GREY)
    return ax


def drive_strengths(network: Network, *, ax: Axes | None = None) -> Axes:
    """Draw the weights of every drive: drives and receptors down, populations across.

    Parameters
    ----------
    network : Network
        The network.
    ax : Axes, optional
        Where to draw; a new figure otherwise.

    Returns
    -------
    Axes
        With peak conductances per synapse in µS at distance zero, as the model states them.
    """
    names = list(network.populations)
    rows, values = [], []
    for name, drive in network.drives.items():
        receptors = dict.fromkeys(r for target in drive.targets.values() for r in target.weights)
        for receptor in receptors:
            rows.append(f"{style.readable(name)} {receptor}")
            values.append([
                drive.targets[p].weights.get(receptor, np.nan) if p in drive.targets else np.nan
                for p in names
            ])  # fmt: skip
    with style.house_style():
        ax = style.axes(ax, (2.2 + 0.85 * len(names), 1.3 + 0.4 * len(rows)))
        readable = [style.readable(name) for name in names]
        table(ax, np.array(values), rows, readable, label="Conductance per synapse (µS)")
        ax.set_xlabel("To")
    return ax


def _pairs(network: Network, seed: int) -> dict[str, Pairs]:
    """Return the pairs of cells of every projection; sources are counted in their population."""
    plan = compile(network, 1.0, seed=seed)
    populations = {p.name: p for p in plan.populations}
    found = {}
    for name, wire in network.projections.items():
        pairs = expand(network, name, populations, seed)
        found[name] = pairs._replace(source=pairs.source - populations[wire.source].first)
    return found


def _matrix(network: Network, projection: str, show: str, seed: int) -> Floats:
    """Return weights or delays of pairs, (source cell, target cell); NaN where there are none."""
    style.one_of(projection, "projection", network.projections)
    wire, pairs = network.projections[projection], _pairs(network, seed)[projection]
    values = np.full((network.populations[wire.source].n, network.populations[wire.target].n), 0.0)
    at = (pairs.source, pairs.cell)
    if show == "weight":
        np.add.at(values, at, pairs.weight)
    else:
        values[at] = pairs.delay
    joined = np.zeros(values.shape, bool)
    joined[at] = True
    values[~joined] = np.nan
    return values


def _between_populations(network: Network, show: str, receptor: str | None, seed: int) -> Floats:
    """Return a value for every pair of populations; NaN where no projection is."""
    order = {name: k for k, name in enumerate(network.populations)}
    values = np.full((len(order), len(order)), np.nan)
    joined: dict[tuple[int, int], set[tuple[int, int]]] = {}
    for name, pairs in _pairs(network, seed).items():
        wire = network.projections[name]
        if receptor not in (None, wire.receptor):
            continue
        at, n = (order[wire.source], order[wire.target]), network.populations[wire.target].n
        joined.setdefault(at, set()).update(
            zip(pairs.source.tolist(), pairs.cell.tolist(), strict=True)
        )
        if show == "probability":
            possible = network.populations[wire.source].n * n
            values[at] = len(joined[at]) / possible
        else:
            synapses = len(pairs.source) if show == "number" else float(pairs.weight.sum()) / n
            values[at] = np.nan_to_num(values[at]) + synapses * len(pairs.sites)
    return values
