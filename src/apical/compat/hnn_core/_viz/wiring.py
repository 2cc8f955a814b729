"""Who is connected to whom, and how strongly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np

from apical.compat.hnn_core._viz.common import POWERS, plt_show
from apical.compat.hnn_core.cell import _get_gaussian_connection
from apical.compat.hnn_core.externals.mne import _check_option, _validate_type

if TYPE_CHECKING:
    from apical.compat.hnn_core.network import Network


def plot_connectivity_matrix(
    net: Network,
    conn_idx: int,
    ax: Any = None,
    show_weight: bool = True,
    colorbar: bool = True,
    colormap: Any = "Greys",
    show: bool = True,
) -> Any:
    """Plot which cells a connection joins: sources down, targets across.

    Parameters
    ----------
    net : Network
        The network.
    conn_idx : int
        Place of the connection in ``net.connectivity``.
    ax : Axes, optional
        Where to draw.
    show_weight : bool
        Whether pairs are coloured by their weight (µS), or all alike.
    colorbar : bool
        Whether a scale of the colours is drawn.
    colormap : str or Colormap
        The colours.
    show : bool
        Whether the figure is shown.

    Returns
    -------
    Figure
    """
    conn = _connection(net, conn_idx)
    _validate_type(show_weight, bool, "show_weight")
    weights = np.nan_to_num(_weights(net, conn))
    if ax is None:
        ax = plt.subplots(layout="constrained")[1]
    shown = weights if show_weight else (weights > 0).astype(float)
    image = ax.imshow(shown, cmap=colormap, interpolation="none")
    if colorbar:
        _weight_scale(ax, image)
    for axis, end in ((ax.yaxis, "src"), (ax.xaxis, "target")):
        name, word = conn[f"{end}_type"], {"src": "source"}.get(end, end)
        gids = net.gid_ranges[name]
        axis.set_label_text(f"{name} {word} gids ({gids[0]}-{gids[-1]})")
        axis.set_ticklabels([])
    ax.set_title(_name(conn))
    plt_show(show)
    return ax.get_figure()


def plot_cell_connectivity(
    net: Network,
    conn_idx: int,
    src_gid: int | None = None,
    axes: Any = None,
    colorbar: bool = True,
    colormap: Any = "viridis",
    show: bool = True,
) -> Any:
    """Plot the cells that one source reaches, beside all sources: a click chooses another one.

    Parameters
    ----------
    net : Network
        The network.
    conn_idx : int
        Place of the connection in ``net.connectivity``.
    src_gid : int, optional
        The source; by default the first one.
    axes : sequence of Axes, optional
        Where to draw sources and targets; targets only, if sources are drive cells.
    colorbar : bool
        Whether a scale of the weights (µS) is drawn.
    colormap : str or Colormap
        Colours of the weights.
    show : bool
        Whether the figure is shown.

    Returns
    -------
    Figure
        Sources are red squares, targets coloured, cells that are not reached small crosses.
    """
    conn = _connection(net, conn_idx)
    _validate_type(src_gid, (int, None), "src_gid", "int or None")
    sources = list(conn["gid_pairs"])
    source: int = sources[0] if src_gid is None else src_gid
    if source not in sources:
        raise ValueError(
            f"src_gid must be a source of the connection, one of {sources}; got {src_gid}"
        )
    driven = conn["src_type"] in net.external_drives
    if axes is None:
        panels = 1 if driven else 2
        fig, axes = plt.subplots(1, panels, sharey=not driven, squeeze=False, layout="constrained")
        axes = axes[0]
    axes = np.atleast_1d(np.array(axes, dtype=object))
    if len(axes) != (1 if driven else 2):
        raise ValueError(f"axes must be {'1' if driven else '2'}, got {len(axes)}")
    fig = axes[-1].get_figure()
    picture = _Targets(net, conn, axes[-1], colormap, colorbar)
    picture.draw(source)
    if not driven:
        _draw_sources(net, conn, axes[0])
        fig.canvas.mpl_connect("button_press_event", lambda event: picture.choose(event, axes[0]))
    fig.suptitle(_name(conn))
    plt_show(show)
    return fig


def plot_drive_strength(
    net: Network,
    show_weight: bool = True,
    ax: Any = None,
    colorbar: bool = True,
    color_scale: str = "linear",
    normalize: bool = True,
    show: bool = True,
) -> Any:
    """Plot how strongly each drive acts on each cell type.

    Parameters
    ----------
    net : Network
        The network.
    show_weight : bool
        Whether that is the sum of the weights of all synapses of all receptors (µS), with
        distance and gain; otherwise 1 where a drive acts.
    ax : Axes, optional
        Where to draw.
    colorbar : bool
        Whether a scale of the colours is drawn.
    color_scale : {'linear', 'log'}
        Whether colours go by the strength or by the logarithm of 1 plus the strength.
    normalize : bool
        Whether the strongest is 1.
    show : bool
        Whether the figure is shown.

    Returns
    -------
    Figure
    """
    _check_option("color_scale", color_scale, ["linear", "log"])
    drives, kinds = list(net.external_drives), list(net.cell_types)
    strength = np.zeros((len(drives), len(kinds)))
    for conn in net.connectivity:
        if conn["src_type"] in drives:
            at = drives.index(conn["src_type"]), kinds.index(conn["target_type"])
            total = float(np.nansum(_weights(net, conn)))
            strength[at] = strength[at] + total if show_weight else 1.0
    if normalize:
        strength /= strength.max(initial=0.0) or 1.0
    if ax is None:
        ax = plt.subplots(figsize=(12, 6), layout="constrained")[1]
    image = ax.imshow(
        strength if color_scale == "linear" else np.log1p(strength), cmap="viridis", aspect="auto"
    )
    shade = np.asarray(image.norm(image.get_array()))
    for (row, column), value in np.ndenumerate(strength):
        dark = "k" if shade[row, column] > 0.6 else "w"
        ax.text(column, row, f"{value:.2f}", ha="center", va="center", color=dark, weight="bold")
    ax.set_xticks(range(len(kinds)), kinds, rotation=45, ha="right")
    ax.set_yticks(range(len(drives)), drives)
    ax.set(title="External Drive Strengths", xlabel="Cell Types", ylabel="Drive Names")
    unit = "Relative Strength (0-1)" if normalize else "µS (microsiemens)"
    if colorbar:
        words = "" if color_scale == "linear" else ", log(1 + strength)"
        ax.get_figure().colorbar(image, ax=ax, label=f"Units: {unit}{words}")
    plt_show(show)
    return ax.get_figure()


class _Targets:
    """The picture of what one source reaches, drawn again for every source."""

    def __init__(self, net: Network, conn: Any, ax: Any, colormap: Any, colorbar: bool) -> None:
        self.net, self.conn, self.ax, self.colormap = net, conn, ax, colormap
        self.colorbar, self.bar = colorbar, None
        self.weights = _weights(net, conn)

    def draw(self, src_gid: int) -> None:
        """Draw the targets of a source."""
        net, conn, ax = self.net, self.conn, self.ax
        place = src_gid - net.gid_ranges[conn["src_type"]][0]
        targets = np.array(net.pos_dict[conn["target_type"]])[:, :2]
        row = self.weights[place]
        joined = np.isfinite(row)
        ax.clear()
        image = ax.scatter(*targets[joined].T, s=50, c=row[joined], cmap=self.colormap)
        ax.scatter(*targets[~joined].T, s=20, c="k", marker="x", zorder=-1)
        source = net.pos_dict[conn["src_type"]][place]
        ax.scatter(*source[:2], s=150, c="r", marker="s", zorder=-1)
        ax.set(xlabel="X Position (µm)", ylabel="Y Position (µm)")
        if self.bar is not None:
            self.bar.update_normal(image)
        elif self.colorbar:
            self.bar = _weight_scale(ax, image)

    def choose(self, event: Any, ax: Any) -> None:
        """Draw the targets of the source next to where the mouse was pressed."""
        if event.inaxes is not ax:
            return
        gids = list(self.conn["gid_pairs"])
        places = _source_places(self.net, self.conn)
        at = (event.xdata, event.ydata)
        self.draw(gids[int(np.linalg.norm(places - at, axis=1).argmin())])
        self.ax.get_figure().canvas.draw_idle()


def _draw_sources(net: Network, conn: Any, ax: Any) -> None:
    """Draw all cells of the sources' type, those that are sources stronger."""
    every = np.array(net.pos_dict[conn["src_type"]])[:, :2]
    ax.scatter(*every.T, s=50, c="r", marker="s", alpha=0.2)
    ax.scatter(*_source_places(net, conn).T, s=50, c="r", marker="s")


def _source_places(net: Network, conn: Any) -> np.ndarray:
    """Return where the sources of a connection are, (source, 2), µm."""
    first, places = net.gid_ranges[conn["src_type"]][0], net.pos_dict[conn["src_type"]]
    return np.array([places[gid - first][:2] for gid in conn["gid_pairs"]], float)


def _connection(net: Any, conn_idx: Any) -> Any:
    from apical.compat.hnn_core.network import Network

    _validate_type(net, Network, "net")
    _validate_type(conn_idx, int, "conn_idx", "int")
    return net.connectivity[conn_idx]


def _name(conn: Any) -> str:
    return f"{conn['src_type']} -> {conn['target_type']} ({conn['loc']}, {conn['receptor']})"


def _weights(net: Network, conn: Any) -> np.ndarray:
    """Return weights of pairs (source, target), µS, gain included; NaN where there are none."""
    here, there = net.pos_dict[conn["src_type"]], net.pos_dict[conn["target_type"]]
    first, start = net.gid_ranges[conn["src_type"]][0], net.gid_ranges[conn["target_type"]][0]
    wiring = conn["nc_dict"]
    found = np.full((len(here), len(there)), np.nan)
    for gid, targets in conn["gid_pairs"].items():
        for target in targets:
            at = gid - first, target - start
            weight, _ = _get_gaussian_connection(
                here[at[0]], there[at[1]], wiring, net._inplane_distance
            )
            found[at] = weight * wiring["gain"]
    return found


def _weight_scale(ax: Any, image: Any) -> Any:
    bar = ax.get_figure().colorbar(image, ax=ax)
    bar.formatter.set_powerlimits(POWERS)
    bar.ax.set_ylabel("Weight (µS)", rotation=270, va="bottom")
    return bar
