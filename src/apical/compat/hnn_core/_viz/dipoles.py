"""Waveforms, spectra and spectrograms of dipoles."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.colors import to_rgb
from matplotlib.ticker import ScalarFormatter

from apical import analysis
from apical.compat.hnn_core._viz.common import (
    POWERS,
    axes,
    decimated,
    plt_show,
    warn_of_window,
    within,
)
from apical.compat.hnn_core.externals.mne import _check_option, _validate_type

if TYPE_CHECKING:
    from apical.compat.hnn_core.dipole import Dipole

_TITLES = {"agg": "Aggregate (L2/3 + L5)", "L2": "L2/3"}
_PADDINGS = ("zeros", "mirror")


def plot_dipole(
    dpl: Any,
    tmin: float | None = None,
    tmax: float | None = None,
    ax: Any = None,
    layer: Any = "agg",
    decim: Any = None,
    color: Any = "k",
    label: str = "average",
    average: bool = False,
    show: bool = True,
) -> Any:
    """Plot dipoles over time, each layer in axes of its own.

    Parameters
    ----------
    dpl : Dipole or list of Dipole
        A line for each.
    tmin, tmax : float, ms, optional
        Deprecated: what time is shown.
    ax : Axes, or a list or array of them, optional
        One for each layer.
    layer : str or list of str
        Such as ``agg``, ``L2`` and ``L5``.
    decim : int or list of int, optional
        Keep every so manyth sample of the low-passed data only; several factors are applied in
        turn.
    color : colour
        Of the mean; single dipoles are paler.
    label : str
        Name of the mean in the legend.
    average : bool
        Whether the mean is drawn too.
    show : bool
        Whether the figure is shown.

    Returns
    -------
    Figure
    """
    from apical.compat.hnn_core.dipole import average_dipoles

    dipoles = _alike(dpl)
    layers = [layer] if isinstance(layer, str) else list(layer)
    if ax is None:
        _, ax = plt.subplots(len(layers), 1, sharex=True, sharey=True, layout="constrained")
    drawn = np.ravel(np.array(ax, dtype=object))
    if len(drawn) != len(layers):
        raise AssertionError(f"expected one ax per layer; got {len(drawn)} for {len(layers)}")
    warn_of_window(tmin, tmax)
    single = {"color": _paler(color), "lw": 1.0, "alpha": 0.5 if average else 1.0}
    shown = [(dipole, single) for dipole in dipoles]
    if average:
        mean = dipoles[0] if len(dipoles) == 1 else average_dipoles(dipoles)
        shown.append((mean, {"color": color, "lw": 1.5, "label": label}))
    first, last = dipoles[0].times[0], dipoles[0].times[-1]
    for here, name in zip(drawn, layers, strict=True):
        for dipole, look in shown:
            times, values = decimated(dipole.times, _of_layer(dipole, name), decim)
            here.plot(times, values, **look)
        if average:
            here.legend()
        here.set_xlim(first if tmin is None else tmin, last if tmax is None else tmax)
        here.ticklabel_format(axis="both", scilimits=POWERS)
        here.set(xlabel="Time (ms)", title=_TITLES.get(name, name))
        scale = dipoles[0].scale_applied
        unit = " (nAm)" if scale == 1 else f"\n({_unit(scale)})"
        here.set_ylabel(f"Dipole moment{unit}")
    plt_show(show)
    return drawn[0].get_figure()


def plot_psd(
    dpl: Any,
    *,
    fmin: float = 0,
    fmax: float | None = None,
    tmin: float | None = None,
    tmax: float | None = None,
    layer: str = "agg",
    color: Any = None,
    label: str | None = None,
    ax: Any = None,
    show: bool = True,
) -> Any:
    """Plot the power spectral density of a dipole, or the mean of those of several.

    Parameters
    ----------
    dpl : Dipole or list of Dipole
        What to transform, with a Hamming window over all samples.
    fmin, fmax : float, Hz
        What frequencies are shown; by default all.
    tmin, tmax : float, ms, optional
        Which part of the data is used.
    layer : str
        Such as ``agg``, ``L2`` or ``L5``.
    color : colour, optional
        Of the line.
    label : str, optional
        Its name in a legend.
    ax : Axes, optional
        Where to draw.
    show : bool
        Whether the figure is shown.

    Returns
    -------
    Figure
    """
    dipoles = _alike(dpl)
    _, values, rate = _part(dipoles, layer, tmin, tmax)
    spectrum = analysis.psd(_waveforms(values, rate), average=True)
    ax = axes(ax)
    ax.plot(spectrum["frequency"].values, spectrum.values, color=color, label=label)
    if label:
        ax.legend()
    ax.set_xlim(fmin, spectrum["frequency"].values[-1] if fmax is None else fmax)
    ax.ticklabel_format(axis="both", scilimits=POWERS)
    ax.set_xlabel("Frequency (Hz)")
    scale = dipoles[0].scale_applied
    unit = "nAm$^2" if scale == 1 else f"[{_unit(scale)}]$^2"
    ax.set_ylabel(f"Power spectral density\n({unit} \\ Hz^{{-1}}$)")
    plt_show(show)
    return ax.get_figure()


def plot_tfr_morlet(
    dpl: Any,
    freqs: Any,
    *,
    n_cycles: Any = 7.0,
    tmin: float | None = None,
    tmax: float | None = None,
    layer: str = "agg",
    decim: Any = None,
    padding: str | None = "zeros",
    ax: Any = None,
    colormap: Any = "inferno",
    colorbar: bool = True,
    colorbar_inside: bool = False,
    show: bool = True,
) -> Any:
    """Plot the power of a dipole by time and frequency, or the mean of those of several.

    Parameters
    ----------
    dpl : Dipole or list of Dipole
        What to transform.
    freqs : array, Hz
        At which frequencies; if they fall, so does the axis.
    n_cycles : float or array
        Cycles of the wavelets, for all frequencies or for each.
    tmin, tmax : float, ms, optional
        Which part of the data is used.
    layer : str
        Such as ``agg``, ``L2`` or ``L5``.
    decim : int or list of int, optional
        As of `plot_dipole`.
    padding : {'zeros', 'mirror', None}
        What the data are taken to be beyond their ends; None is as 'zeros'.
    ax : Axes, optional
        Where to draw.
    colormap : str or Colormap
        Colours of power.
    colorbar, colorbar_inside : bool
        Whether a scale of the colours is drawn, and within the axes.
    show : bool
        Whether the figure is shown.

    Returns
    -------
    Figure
    """
    dipoles = _alike(dpl)
    times, values, rate = _part(dipoles, layer, tmin, tmax, decim)
    mode: Any = _check_option("padding", "zeros" if padding is None else padding, _PADDINGS)
    freqs = np.asarray(freqs, float)
    more = _room(freqs, n_cycles, len(times) / rate) if mode == "zeros" else 0.0
    beyond = round(more * rate)
    data = _waveforms(np.pad(values, ((0, 0), (beyond, beyond))), rate)
    power = analysis.tfr(data, freqs, n_cycles, zero_mean=False, padding=mode, average=True)
    power = power.isel(time=slice(beyond, beyond + len(times)))
    ax = axes(ax)
    image = ax.pcolormesh(times, freqs, power.values, cmap=colormap, shading="auto")
    if freqs[0] > freqs[-1]:
        ax.invert_yaxis()
    ax.set(xlabel="Time (ms)", ylabel="Frequency (Hz)")
    if colorbar:
        label = f"Power ([{_unit(dipoles[0].scale_applied)}]$^2$)"
        _power_scale(ax, image, label, colorbar_inside)
    plt_show(show)
    return ax.get_figure()


def _power_scale(ax: Any, image: Any, label: str, inside: bool) -> None:
    """Draw the scale of a spectrogram's colours beside or, small and white, within its axes."""
    numbers = ScalarFormatter()
    numbers.set_powerlimits((-2, 2))
    if not inside:
        bar = ax.get_figure().colorbar(image, ax=ax, format=numbers)
        bar.ax.set_ylabel(label, rotation=270, va="bottom")
        return
    place = ax.inset_axes((0.9, 0.8, 0.04, 0.15))
    bar = ax.get_figure().colorbar(image, cax=place, format=numbers)
    bar.ax.yaxis.set_ticks_position("left")
    bar.ax.set_ylabel(label, rotation=270, va="bottom", color="white", fontsize=6)
    bar.ax.tick_params(colors="white", labelsize=6)
    bar.ax.yaxis.get_offset_text().set(color="white", fontsize=6)
    bar.outline.set_edgecolor("white")


def _alike(dpl: Any) -> list[Dipole]:
    """Return dipoles as a list, and refuse those that differ in scale or sampling."""
    from apical.compat.hnn_core.dipole import Dipole

    dipoles: list[Dipole] = list(dpl) if isinstance(dpl, (list, tuple, np.ndarray)) else [dpl]
    for dipole in dipoles:
        _validate_type(dipole, Dipole, "dpl", "Dipole, list of Dipole")
    if len({dipole.scale_applied for dipole in dipoles}) > 1:
        raise RuntimeError("dipoles differ in scale_applied: scale them alike first")
    if len({dipole.sfreq for dipole in dipoles}) > 1:
        raise RuntimeError("dipoles differ in sampling rate: resample them first")
    return dipoles


def _of_layer(dipole: Dipole, layer: str) -> np.ndarray:
    return dipole.data[_check_option("layer", layer, list(dipole.data))]


def _part(
    dipoles: Sequence[Dipole],
    layer: str,
    tmin: float | None,
    tmax: float | None,
    decim: Any = None,
) -> tuple[np.ndarray, np.ndarray, float]:
    """Return times (ms), waveforms (trial, time) and rate (Hz) of what is between two times."""
    values = np.array([_of_layer(dipole, layer) for dipole in dipoles])
    times, values = decimated(*within(dipoles[0].times, values, tmin, tmax), decim)
    # files have rounded times; the rate is what the dipole says
    rate = dipoles[0].sfreq
    return times, values, rate / round((times[1] - times[0]) * 1e-3 * rate)


def _waveforms(values: np.ndarray, rate: float) -> xr.DataArray:
    even = np.arange(values.shape[-1]) * 1000.0 / rate
    return xr.DataArray(
        values, dims=("trial", "time"), coords={"time": even}, attrs={"units": "nAm"}
    )


def _room(freqs: np.ndarray, n_cycles: Any, duration: float) -> float:
    """Return how long zeros before and after data must be for long wavelets, s.

    hnn-core looks at the first wavelet only, and takes any longer ones as they are.
    """
    lengths = 5.0 * np.broadcast_to(n_cycles, freqs.shape) / (np.pi * freqs)
    return 0.0 if lengths[0] > 3 * duration else max(0.0, 0.51 * (lengths.max() / 3 - duration))


def _unit(scale: float) -> str:
    """Return the unit of dipoles that were multiplied."""
    return f"nAm $\\times$ {scale:g}"


def _paler(color: Any) -> tuple[float, float, float]:
    """Return a colour half way to white."""
    hue, light, saturation = colorsys.rgb_to_hls(*to_rgb(color))
    return colorsys.hls_to_rgb(hue, 0.5 + 0.5 * light, saturation)
