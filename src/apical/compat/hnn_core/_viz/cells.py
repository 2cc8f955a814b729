"""Cells, alone and in their places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from mpl_toolkits.mplot3d.axes3d import Axes3D

from apical.compat.hnn_core._viz.common import plt_show
from apical.compat.hnn_core.externals.mne import _validate_type

if TYPE_CHECKING:
    from apical.compat.hnn_core.cell import Cell
    from apical.compat.hnn_core.network import Network

#: By layer and kind of cell.
_COLORS = {
    ("2", "basket"): "m", ("2", "pyramidal"): "c", ("5", "basket"): "r", ("5", "pyramidal"): "b",
}  # fmt: skip
_MARKERS = {"basket": "x", "pyramidal": "^"}


def plot_cells(net: Network, ax: Any = None, show: bool = True) -> Any:
    """Plot where the cells and electrodes of a network are.

    Parameters
    ----------
    net : Network
        The network. The metadata of a cell type may have a ``color`` and a ``marker``.
    ax : Axes3D, optional
        Where to draw.
    show : bool
        Whether the figure is shown.

    Returns
    -------
    Figure
    """
    if ax is None:
        ax = _axes3d()
    elif not isinstance(ax, Axes3D):
        raise TypeError(f"ax must have three dimensions (Axes3D); got {type(ax).__name__}")
    for name, cell_type in net.cell_types.items():
        data = cell_type["cell_metadata"]
        kind = data.get("morpho_type")
        color = data.get("color", _COLORS.get((data.get("layer"), kind), "k"))
        marker = data.get("marker", _MARKERS.get(kind, "o"))
        x, y, z = np.transpose(net.pos_dict[name])
        ax.scatter(x, y, z, s=50, c=color, marker=marker, label=name)
    shades = matplotlib.colormaps["inferno"](np.linspace(0.0, 1.0, len(net.rec_arrays) + 2)[1:-1])
    for shade, (name, array) in zip(shades, net.rec_arrays.items(), strict=True):
        x, y, z = np.transpose(array.positions)
        ax.scatter(x, y, z, s=25, color=shade, marker="o", label=name)
    ax.legend(loc="upper left", bbox_to_anchor=(-0.15, 1.025))
    plt_show(show)
    return ax.get_figure()


def plot_cell_morphology(
    cell: Cell,
    ax: Any,
    color: Any = None,
    pos: Sequence[float] = (0, 0, 0),
    xlim: Sequence[float] = (-250, 150),
    ylim: Sequence[float] = (-100, 100),
    zlim: Sequence[float] = (-100, 1200),
    show: bool = True,
) -> Any:
    """Plot the sections of a cell, thicker in proportion.

    Parameters
    ----------
    cell : Cell
        The cell.
    ax : Axes3D or None
        Where to draw.
    color : str or dict of str to str, optional
        Of the cell, or of each section.
    pos : tuple of 3 float, µm
        Where the soma is.
    xlim, ylim, zlim : tuple of 2 float, µm
        What is shown, from the soma.
    show : bool
        Whether the figure is shown.

    Returns
    -------
    Axes3D
    """
    _validate_type(color, (str, dict, None), "color")
    _validate_type(pos, tuple, "pos")
    if len(pos) != 3:
        raise ValueError(f"pos must be x, y and z; got {len(pos)} values")
    for value in pos:
        _validate_type(value, (float, int), "pos[idx]")
    shades = dict.fromkeys(cell.sections, color or "b") if not isinstance(color, dict) else color
    if missing := [name for name in cell.sections if name not in shades]:
        raise KeyError(f"color has no {', '.join(missing)}")
    if ax is None:
        ax = _axes3d(layout="constrained")
    limits = [
        (low + place, high + place)
        for (low, high), place in zip((xlim, ylim, zlim), pos, strict=True)
    ]
    points = points_per_um(ax, limits[0])
    for name, section in cell.sections.items():
        ends = np.add(section.end_pts, pos).T
        ax.plot(*ends, color=shades[name], linewidth=points * section.diam)
    ax.set(xlim=limits[0], ylim=limits[1], zlim=limits[2])
    ax.view_init(elev=0, azim=-90)
    ax.set_axis_off()
    plt_show(show)
    return ax


def _axes3d(**figure: Any) -> Any:
    return plt.figure(**figure).add_subplot(projection="3d")


def points_per_um(ax: Any, limit: Sequence[float]) -> float:
    """Return how many points wide a micrometre is, if limits (µm) span the height of axes."""
    height = ax.get_figure().get_figheight() * ax.get_position(original=True).height * 72
    return height / float(limit[1] - limit[0])
