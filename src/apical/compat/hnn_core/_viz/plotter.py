"""All cells of a network in three dimensions, coloured by their voltages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.animation import FuncAnimation
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from mpl_toolkits.mplot3d.art3d import Line3DCollection

from apical.compat.hnn_core._viz.cells import points_per_um
from apical.compat.hnn_core.externals.mne import _validate_type

if TYPE_CHECKING:
    from pathlib import Path

    from apical.compat.hnn_core.network import Network

_NUMBER: tuple[type, ...] = (int, float)
#: What each property must be.
_KINDS: dict[str, type | tuple[type, ...]] = {
    "vmin": _NUMBER, "vmax": _NUMBER, "bg_color": str, "voltage_colormap": str, "colorbar": bool,
    "elev": _NUMBER, "azim": _NUMBER, "xlim": tuple, "ylim": tuple, "zlim": tuple,
    "trial_idx": int, "time_idx": int,
}  # fmt: skip
_UNKNOWN = "b"


def _property(name: str) -> Any:
    """Return a property that is checked and shown as soon as it is set."""

    def get(self: NetworkPlotter) -> Any:
        return self._settings[name]

    def put(self: NetworkPlotter, value: Any) -> None:
        _validate_type(value, _KINDS[name], name)
        if name in ("trial_idx", "time_idx"):
            self._check_network_simulation(f"setting `{name}`")
        self._settings[name] = value
        self._show(name)

    return property(get, put, doc=f"The argument `{name}`.")


class NetworkPlotter:
    """A picture of all cells of a network, coloured by voltage once these were recorded.

    Arguments can be changed later, as properties.

    Parameters
    ----------
    net : Network
        The network; simulated with ``record_vsec="all"``, or else cells have one colour.
    ax : Axes3D, optional
        Where to draw.
    vmin, vmax : float, mV
        Voltages at the ends of the colours.
    bg_color : str
        Colour behind the cells.
    colorbar : bool
        Whether a scale of the colours is drawn.
    voltage_colormap : str
        Name of the colours.
    elev, azim : float, degree
        From where the cells are seen.
    xlim, ylim, zlim : tuple of 2 float, µm
        What is shown.
    trial_idx, time_idx : int
        Which trial and sample are shown.

    Attributes
    ----------
    fig : Figure
        The figure.
    vsec_array : (section, time) array
        Voltages, 0 at `vmin` and 1 at `vmax`.
    color_array : (section, time, 4) array
        Their colours.
    """

    vmin, vmax, bg_color = _property("vmin"), _property("vmax"), _property("bg_color")
    voltage_colormap, colorbar = _property("voltage_colormap"), _property("colorbar")
    elev, azim = _property("elev"), _property("azim")
    xlim, ylim, zlim = _property("xlim"), _property("ylim"), _property("zlim")
    trial_idx, time_idx = _property("trial_idx"), _property("time_idx")

    def __init__(
        self,
        net: Network,
        ax: Any = None,
        vmin: float = -100,
        vmax: float = 50,
        bg_color: str = "black",
        colorbar: bool = True,
        voltage_colormap: str = "viridis",
        elev: float = 10,
        azim: float = -500,
        xlim: Sequence[float] = (-200, 3100),
        ylim: Sequence[float] = (-200, 3100),
        zlim: Sequence[float] = (-300, 2200),
        trial_idx: int = 0,
        time_idx: int = 0,
    ) -> None:
        self._settings: dict[str, Any] = {
            "vmin": vmin, "vmax": vmax, "bg_color": bg_color, "voltage_colormap": voltage_colormap,
            "colorbar": colorbar, "elev": elev, "azim": azim, "xlim": xlim, "ylim": ylim,
            "zlim": zlim, "trial_idx": trial_idx, "time_idx": time_idx,
        }  # fmt: skip
        for name, value in self._settings.items():
            _validate_type(value, _KINDS[name], name)
        self.net = net
        response: Any = net.cell_response
        self._vsec_recorded = bool(response and net._params.get("record_vsec") == "all")
        self.times: Any = response.times if self._vsec_recorded else None
        if ax is None:
            ax = plt.figure(layout="constrained").add_subplot(projection="3d")
        self.ax, self.fig = ax, ax.get_figure()
        self._cbar: Any = None
        self._voltages = self._voltages_of_trial()
        self._lines = self._draw_cells()
        for name in ("bg_color", "elev", "xlim", "ylim", "zlim", "voltage_colormap"):
            self._show(name)
        self.ax.set_axis_off()

    @property
    def vsec_array(self) -> np.ndarray:
        """Voltages (section, time), 0 at `vmin` and 1 at `vmax`."""
        return self._scaled(self._voltages)

    @property
    def color_array(self) -> np.ndarray:
        """Colours of voltages (section, time, 4)."""
        return self._colormap(self.vsec_array)

    def export_movie(
        self,
        fname: str | Path,
        fps: int = 30,
        dpi: int = 300,
        decim: int = 10,
        interval: int = 30,
        frame_start: int = 0,
        frame_stop: int | None = None,
        writer: str = "pillow",
    ) -> None:
        """Write a movie of the voltages.

        Parameters
        ----------
        fname : path
            The file.
        fps : int
            Frames shown in a second.
        dpi : int
            Resolution.
        decim : int
            Samples from one frame to the next.
        interval : int, ms
            From one frame to the next, where the writer does not know `fps`.
        frame_start, frame_stop : int
            First sample, and the one after the last; by default all.
        writer : str
            One of matplotlib's.
        """
        self._check_network_simulation("plotting voltages")
        frames = range(frame_start, len(self.times) if frame_stop is None else frame_stop, decim)
        movie = FuncAnimation(self.fig, self._set_time_idx, frames, interval=interval, blit=False)
        # the layout of every frame is that of the first, and takes as long as drawing
        layout = self.fig.get_layout_engine()
        self.fig.draw_without_rendering()
        self.fig.set_layout_engine("none")
        try:
            movie.save(str(fname), writer=writer, fps=fps, dpi=dpi)
        finally:
            self.fig.set_layout_engine(layout)

    @property
    def _colormap(self) -> Any:
        return matplotlib.colormaps[self.voltage_colormap]

    def _scaled(self, voltages: np.ndarray) -> np.ndarray:
        return (voltages - self.vmin) / (self.vmax - self.vmin)

    def _check_network_simulation(self, purpose: str) -> None:
        if not self._vsec_recorded:
            raise RuntimeError(
                f"{purpose} needs voltages of all sections: simulate with record_vsec='all' first"
            )

    def _set_time_idx(self, time_idx: int) -> tuple[Any]:
        self.time_idx = time_idx
        return (self._lines,)

    def _cells(self) -> list[tuple[int, Any, Sequence[float]]]:
        """Return index, template and place of every cell."""
        return [
            (gid, self.net.cell_types[name]["cell_object"], place)
            for name in self.net.cell_types
            for gid, place in zip(self.net.gid_ranges[name], self.net.pos_dict[name], strict=True)
        ]

    def _voltages_of_trial(self) -> np.ndarray:
        """Return voltages (section, time), mV; zeros if there are none."""
        cells = self._cells()
        if not self._vsec_recorded:
            return np.zeros((sum(len(cell.sections) for _, cell, _ in cells), 1))
        trial = self.net.cell_response.vsec[self.trial_idx]
        return np.array([trial[gid][name] for gid, cell, _ in cells for name in cell.sections])

    def _draw_cells(self) -> Line3DCollection:
        ends, widths = [], []
        for _, cell, place in self._cells():
            # templates are where their soma is
            shift = np.subtract(place, cell.pos)
            for section in cell.sections.values():
                ends.append(np.add(section.end_pts, shift))
                widths.append(section.diam)
        points = points_per_um(self.ax, self.xlim)
        lines = Line3DCollection(ends, linewidths=points * np.array(widths), colors=_UNKNOWN)
        self.ax.add_collection3d(lines)
        return lines

    def _show(self, name: str) -> None:
        """Show a property that has changed."""
        if name in ("elev", "azim"):
            self.ax.view_init(elev=self.elev, azim=self.azim)
        elif name in ("xlim", "ylim", "zlim"):
            getattr(self.ax, f"set_{name}")(self._settings[name])
        elif name == "bg_color":
            self.ax.set_facecolor(self.bg_color)
        else:
            if name == "trial_idx":
                self._voltages = self._voltages_of_trial()
            if name in ("vmin", "vmax", "voltage_colormap", "colorbar"):
                self._draw_colorbar()
            self._draw_voltages()

    def _draw_voltages(self) -> None:
        if self._vsec_recorded:
            shade: Any = self._colormap(self._scaled(self._voltages[:, self.time_idx]))
            self._lines.set_color(shade)

    def _draw_colorbar(self) -> None:
        if self._cbar is not None:
            self._cbar.remove()
            self._cbar = None
        if self.colorbar:
            scale = ScalarMappable(Normalize(self.vmin, self.vmax), self.voltage_colormap)
            self._cbar = self.fig.colorbar(scale, ax=self.ax, label="Voltage (mV)")
