"""Potentials and current source densities along an electrode."""

from __future__ import annotations

from typing import Any

import matplotlib
import numpy as np
import xarray as xr
from matplotlib.colors import ListedColormap, is_color_like
from mpl_toolkits.axes_grid1.anchored_artists import AnchoredSizeBar

from apical import plots
from apical.compat.hnn_core._viz.common import axes, decimated, plt_show, warn_of_window
from apical.compat.hnn_core.externals.mne import _check_option, _validate_type

_SINKS: Any = {"b": "blue", "blue": "blue", "r": "red", "red": "red"}


def plot_laminar_lfp(
    times: Any,
    data: Any,
    contact_labels: Any,
    tmin: float | None = None,
    tmax: float | None = None,
    ax: Any = None,
    decim: Any = None,
    color: Any = "cividis",
    voltage_offset: float | None = 50,
    voltage_scalebar: float | None = 200,
    show: bool = True,
) -> Any:
    """Plot the potentials of contacts, one above the other.

    Parameters
    ----------
    times : (n_times,) array, ms
        Sample times.
    data : (n_contacts, n_times) array, µV
        Potentials.
    contact_labels : list
        What the axis says of each contact.
    tmin, tmax : float, ms, optional
        Deprecated: what time is shown.
    ax : Axes, optional
        Where to draw.
    decim : int or list of int, optional
        Keep every so manyth sample of the low-passed data only.
    color : str, Colormap, colour or (n_contacts, 3 or 4) array
        A map that gives each contact its colour, the colour of all, or that of each.
    voltage_offset : float, µV, optional
        From one contact to the next.
    voltage_scalebar : float, µV, optional
        Length of the bar that shows the scale.
    show : bool
        Whether the figure is shown.

    Returns
    -------
    Figure
    """
    data = np.asarray(data, float)
    if data.ndim != 2:
        raise ValueError(f"data must be (contact, time); got shape {data.shape}")
    _validate_type(voltage_offset, ("numeric", None), "voltage_offset", "float or None")
    _validate_type(voltage_scalebar, ("numeric", None), "voltage_scalebar", "float or None")
    n = len(data)
    shades = _colors(color, n)
    warn_of_window(tmin, tmax)
    times, data = decimated(np.asarray(times, float), data, decim)
    ax = axes(ax)
    step = voltage_offset or 0.0
    for k, trace in enumerate(data):
        ax.plot(times, trace + k * step, color=shades[k], label=f"C{k}")
    if step:
        ax.set_ylim(-step, n * step)
        ax.set_yticks(np.arange(n) * step, list(map(_label, contact_labels)))
    ax.set_ylabel("Individual contact traces" if step else r"Electric potential ($\mu V$)")
    if voltage_scalebar is not None:
        ax.add_artist(_scale_bar(ax, voltage_scalebar, 0.005 * (times[-1] - times[0])))
    ax.set_xlim(times[0] if tmin is None else tmin, times[-1] if tmax is None else tmax)
    ax.set_xlabel("Time (ms)")
    plt_show(show)
    return ax.get_figure()


def plot_laminar_csd(
    times: Any,
    data: Any,
    contact_labels: Any,
    ax: Any = None,
    colorbar: bool = True,
    vmin: float | None = None,
    vmax: float | None = None,
    sink: str = "b",
    interpolation: str | None = "spline",
    show: bool = True,
) -> Any:
    """Plot a current source density by time and depth.

    Parameters
    ----------
    times : (n_times,) array, ms
        Sample times.
    data : (n_contacts, n_times) array, µV/µm²
        Current source density, as `calculate_csd2d` returns.
    contact_labels : list of float, µm
        Depths of the contacts.
    ax : Axes, optional
        Where to draw.
    colorbar : bool
        Whether a scale of the colours is drawn.
    vmin, vmax : float, optional
        Values of the outermost colours; by default the largest that occurs, either way.
    sink : {'b', 'r'}
        Whether sinks are blue or red.
    interpolation : {'spline', None}
        Whether values between contacts are interpolated.
    show : bool
        Whether the figure is shown.

    Returns
    -------
    Figure
    """
    _check_option("interpolation", interpolation, ["spline", None])
    if sink not in _SINKS:
        raise RuntimeError(f"sink must be 'b' (blue) or 'r' (red); got {sink!r}")
    density = xr.DataArray(
        np.asarray(data, float),
        dims=("electrode", "time"),
        coords={
            "time": np.asarray(times, float),
            "z": ("electrode", np.asarray(contact_labels, float)),
        },
        attrs={"units": "uV/um2"},
    )
    ax = axes(ax)
    smooth = interpolation == "spline"
    ax = plots.csd(density, smooth=smooth, sinks=_SINKS[sink], ax=ax)
    image: Any = ax.collections[-1]
    image.set_clim(vmin, vmax)
    if not colorbar:
        image.colorbar.remove()
    ax.set_ylabel("Electrode depth (µm)")
    plt_show(show)
    return ax.get_figure()


def _colors(color: Any, n: int) -> Any:
    """Return the colours of contacts."""
    if isinstance(color, ListedColormap):
        if n != color.N:
            raise ValueError(
                f"color: expected a colormap of {n} colours, one per contact; got {color.N}"
            )
        return color(np.arange(n))
    if isinstance(color, str) and color in matplotlib.colormaps:
        return matplotlib.colormaps[color](np.linspace(0.0, 1.0, n))
    if isinstance(color, str) or np.ndim(color) == 1:
        if not is_color_like(color):
            raise ValueError(f"color: expected a colormap, RGB or RGBA; got {color}")
        return [color] * n
    if np.shape(color) not in ((n, 3), (n, 4)):
        raise ValueError(f"color: expected RGB or RGBA for each of {n} contacts; got {color}")
    return color


def _label(label: Any) -> str:
    return f"{label:g}" if isinstance(label, (int, float)) else str(label)


def _scale_bar(ax: Any, length: float, width: float) -> Any:
    make: Any = AnchoredSizeBar  # its stubs want whole numbers
    return make(
        ax.transData, width, f"{length:g} $\\mu V$", "upper left", size_vertical=length,
        fill_bar=True, pad=0.1, borderpad=0.5, sep=2, frameon=False,
    )  # fmt: skip
