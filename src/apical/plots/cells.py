"""Cells and columns in three dimensions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from mpl_toolkits.mplot3d.art3d import Line3DCollection
from mpl_toolkits.mplot3d.axes3d import Axes3D

from apical.plan.geometry import Floats, positions, section_ends
from apical.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from apical.model import Cell, Network

# a box wider than this fraction of its longest side: 1 µm between cells would make a needle
_NARROWEST = 0.45
# the thickest section of a cell has at least this many points
_WIDEST = 6.0


def morphology(
    cell: Cell,
    *,
    colour: str | Mapping[str, str] = style.TOTAL,
    names: bool = True,
    ax: Axes | None = None,
) -> Axes3D:
    """Draw a cell type.

    Sections are as thick as they are or, in tall cells, thicker in proportion.

    Parameters
    ----------
    cell : Cell
        Sections without end points are fanned out in the plane of x and z.
    colour : str or mapping of str to str
        Of all sections, or by section; sections that are not named are grey.
    names : bool
        Whether to write the names of the sections.
    ax : Axes3D, optional
        Where to draw; a new figure otherwise.

    Returns
    -------
    Axes3D

    Raises
    ------
    ModelError
        If there is no such section.
    """
    colours = colour if isinstance(colour, Mapping) else dict.fromkeys(cell.sections, colour)
    for name in colours:
        style.one_of(name, "colour", cell.sections)
    ends = section_ends(cell)
    with style.house_style():
        ax = axes3d(ax, (4.5, 6.5))
        frame(ax, _outline(cell, ends), equal=True)
        points = _points(ax, max(section.diam for section in cell.sections.values()))
        for name, (low, high) in ends.items():
            shade = colours.get(name, style.GREY)
            (line,) = ax.plot(*zip(low, high, strict=True), color=shade, label=name)
            line.set_linewidth(max(0.7, points * cell.sections[name].diam))
            line.set_solid_capstyle("butt")
            if names:
                _name(ax, style.readable(name), low, high, cell.sections[name].diam)
    return ax


def column(
    network: Network,
    *,
    dendrites: bool = False,
    spacing: float | None = None,
    electrodes: bool = True,
    ax: Axes | None = None,
) -> Axes3D:
    """Draw where the cells of a network are, and its electrodes.

    Parameters
    ----------
    network : Network
        The network.
    dendrites : bool
        Whether to draw every section of every cell too.
    spacing : float, µm, optional
        Draw cells on grids this far apart instead of at the network's in-plane distance, which
        may be too small to tell them apart.
    electrodes : bool
        Whether to draw the network's electrodes.
    ax : Axes3D, optional
        Where to draw; a new figure otherwise.

    Returns
    -------
    Axes3D
        With a collection of points for each population.
    """
    points, reach = {}, []
    for name, population in network.populations.items():
        points[name] = positions(network, name, spacing)
        ends = np.concatenate(list(section_ends(network.cells[population.cell]).values()))
        reach += [points[name] + e for e in (ends if dendrites else np.zeros((1, 3)))]
    shanks = _electrodes(network) if electrodes else {}
    with style.house_style():
        ax = axes3d(ax, (5.0, 6.0))
        frame(ax, np.concatenate([np.zeros((0, 3)), *reach, *shanks.values()]))
        for name, at in points.items():
            colour = style.population_colour(network, name)
            if dendrites:
                ax.add_collection3d(
                    Line3DCollection(
                        _segments(network, name, at), colors=colour, linewidths=0.6, alpha=0.5
                    )
                )
            # triangles for pyramidal cells, as on blackboards; others are round
            marker = "^" if network.populations[name].role == "excitatory" else "o"
            ax.scatter(
                *at.T, color=colour, marker=marker, s=22, depthshade=False,
                label=style.readable(name), edgecolors="white", linewidths=0.3,
            )  # fmt: skip
        for name, at in shanks.items():
            ax.plot(*at.T, color="0.2", marker="s", ms=2.5, lw=0.6, label=style.readable(name))
        if points:
            # above the box, whose height depends on its proportions
            ax.legend(
                loc="lower center", bbox_to_anchor=(0.5, 0.98), handletextpad=0.3,
                ncols=-(-(len(points) + len(shanks)) // 2), columnspacing=1.2,
            )  # fmt: skip
    return ax


def axes3d(ax: Axes | None, size: tuple[float, float]) -> Axes3D:
    """Return `ax`, which must be in three dimensions, or new ones with labels in µm."""
    if ax is None:
        # 3-D axes keep their size under a layout engine anyway
        ax = style.new_figure(size).add_subplot(projection="3d")
    if not isinstance(ax, Axes3D):
        raise ValueError("ax must be 3-D: figure.add_subplot(projection='3d')")
    return ax


def frame(ax: Axes3D, points: Floats, equal: bool = False) -> None:
    """Set limits and proportions for points (n, 3) in µm: true ones, unless that makes a needle.

    With `equal` a micrometre is as long in every direction, however narrow the box becomes.
    """
    low, high = (points.min(0), points.max(0)) if len(points) else (np.zeros(3), np.ones(3))
    middle, size = (low + high) / 2, np.maximum(high - low, 1e-9)
    longest = float(size.max()) if size.max() > 1e-6 else 1.0
    size = np.maximum(size, (_NARROWEST if equal else 0.02) * longest)
    shown = np.maximum(size, _NARROWEST * longest) / longest
    for name, centre, length in zip("xyz", middle, size, strict=True):
        getattr(ax, f"set_{name}lim")(centre - 0.53 * length, centre + 0.53 * length)
        getattr(ax, f"set_{name}label")(f"{name} (µm)")
    ax.set_box_aspect(tuple(shown))
    _plain(ax, shown)


def _plain(ax: Axes3D, shown: Floats) -> None:
    """Take away what matplotlib puts around three dimensions."""
    from matplotlib.ticker import MaxNLocator

    ax.grid(False)
    ax.view_init(elev=12, azim=-60)
    for axis, length in zip((ax.xaxis, ax.yaxis, ax.zaxis), shown, strict=True):
        axis.pane.set_alpha(0.0)  # type: ignore[attr-defined] - axes of 3-D plots have one
        axis.set_major_locator(MaxNLocator(2 if length < 0.6 else 5))


def _points(ax: Axes3D, widest: float) -> float:
    """Return how many points a µm of diameter is wide: as on the vertical axis, or more."""
    low, high = ax.get_zlim()
    # the box takes about three quarters of the height of its axes; an inch has 72 points
    height = 0.75 * ax.get_position().height * ax.figure.bbox.height * 72 / ax.figure.dpi
    return max(height / (high - low), _WIDEST / widest)


def _outline(cell: Cell, ends: dict[str, Floats]) -> Floats:
    """Return points that enclose a cell, (n, 3): the ends of its sections and their width."""
    wide = np.array([cell.sections[name].diam / 2 for name in ends])[:, None, None]
    points = np.array(list(ends.values()))
    return np.concatenate([points - wide, points + wide]).reshape(-1, 3)


def _name(ax: Axes3D, text: str, low: Floats, high: Floats, diameter: float) -> None:
    """Write the name of a section right of an upright one, beyond the tip of a sloping one."""
    across, up = float(np.hypot(*(high - low)[:2])), float(high[2] - low[2])
    if across < abs(up) / 2:
        at, side, height = (low + high) / 2, "left", "center"
        at[0] += diameter / 2
    else:
        side = "right" if high[0] < low[0] else "left"
        height = "top" if up < -across / 2 else "center"
        at = high
    # text in three dimensions takes no offset in points
    ax.text(at[0], at[1], at[2], f"  {text}  ", fontsize=7, color=style.GREY, ha=side, va=height)


def _segments(network: Network, population: str, at: Floats) -> Any:
    cell = network.cells[network.populations[population].cell]
    ends = np.array(list(section_ends(cell).values()))
    return (at[:, None, None, :] + ends).reshape(-1, 2, 3)


def _electrodes(network: Network) -> dict[str, Floats]:
    arrays = network.electrodes.items()
    return {name: np.array(array.positions, float).reshape(-1, 3) for name, array in arrays}
