"""Power by frequency, and by time and frequency."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from apical import analysis
from apical.plots import style
from apical.plots.dipoles import trials_and_mean

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from apical.result import Result


def psd(
    data: Result | xr.DataArray,
    *,
    fmin: float = 0.0,
    fmax: float = 100.0,
    log: bool = False,
    colour: str = style.TOTAL,
    label: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw power spectral densities, every trial thin and the mean over trials bold.

    Parameters
    ----------
    data : Result or DataArray (..., time) or (..., frequency)
        A result shows its total dipole. Waveforms are put through `apical.analysis.psd`; what has
        frequencies already is shown as it is. One more dimension, such as ``layer``, gives a
        line each.
    fmin, fmax : float, Hz
        Which frequencies to show.
    log : bool
        Whether the axis of power is logarithmic.
    colour, label : str
        Of the line, if there is one only.
    ax : Axes, optional
        Where to draw; a new figure otherwise.

    Returns
    -------
    Axes
    """
    array = data if isinstance(data, xr.DataArray) else data.total()
    spectrum = array if "frequency" in array.dims else analysis.psd(array)
    shown = spectrum.sel(frequency=slice(fmin, fmax))
    with style.house_style():
        ax = style.axes(ax)
        parts = _parts(shown, ("trial", "frequency"))
        for k, (name, part) in enumerate(parts):
            shade = style.along(k, len(parts)) if len(parts) > 1 else colour
            trials_and_mean(ax, part, shade, name or label, along="frequency")
        ax.set_xlim(fmin, fmax)
        ax.set_xlabel("Frequency (Hz)")
        ax.set_ylabel(f"Power ({style.unit(spectrum.attrs.get('units', '1'))})")
        if log:
            ax.set_yscale("log")
        else:
            ax.set_ylim(bottom=0.0)
        if label or len(parts) > 1:
            ax.legend(loc="best", handlelength=1.4)
    return ax


def tfr(
    data: Result | xr.DataArray,
    frequencies: Sequence[float] | np.ndarray | None = None,
    *,
    n_cycles: float = 7.0,
    ends: bool = True,
    ax: Axes | None = None,
) -> Axes:
    """Draw power by time and frequency, mean over the trials' power.

    Parameters
    ----------
    data : Result or DataArray (trial, time), or (trial, frequency, time)
        A result shows its total dipole. Waveforms are put through `apical.analysis.tfr`; what has
        frequencies already is shown as it is.
    frequencies : sequence of float, Hz
        For waveforms: which ones.
    n_cycles : float
        For waveforms: cycles of the wavelets.
    ends : bool
        Whether to draw where power depends on what lies beyond the ends of the data: dashed,
        two standard deviations of the wavelet from them.
    ax : Axes, optional
        Where to draw; a new figure otherwise.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If waveforms come without frequencies, or with dimensions other than trial and time.
    """
    array = data if isinstance(data, xr.DataArray) else data.total()
    if extra := set(array.dims) - {"trial", "frequency", "time"}:
        raise ValueError(f"choose one {' and one '.join(sorted(map(str, extra)))} to show")
    if "frequency" not in array.dims:
        if frequencies is None:
            raise ValueError("say which frequencies, such as range(10, 101)")
        array = analysis.tfr(array, frequencies, n_cycles)
    power = style.few(array.mean("trial") if "trial" in array.dims else array)
    power = power.transpose("frequency", "time").sortby("frequency")
    with style.house_style():
        ax = style.axes(ax, (6.0, 3.2))
        time, frequency = power["time"].values, power["frequency"].values
        image = ax.pcolormesh(
            time, frequency, power.values, cmap=style.SEQUENTIAL, shading="nearest",
            vmin=0.0, rasterized=True,
        )  # fmt: skip
        style.colour_bar(ax, image, f"Power ({style.unit(array.attrs.get('units', '1'))})")
        if ends and "sigma" in power.coords:
            for edge, side in ((time[0], 2.0), (time[-1], -2.0)):
                ax.plot(edge + side * power["sigma"].values, frequency, "w--", lw=1.0)
        ax.set_ylabel("Frequency (Hz)")
        style.time_axis(ax, time[0], time[-1])
    return ax


def _parts(data: xr.DataArray, known: Sequence[str]) -> list[tuple[str, xr.DataArray]]:
    """Return what to draw along one more dimension, if there is one, and its names."""
    extra = [str(dim) for dim in data.dims if dim not in known]
    if not extra:
        return [("", data)]
    if len(extra) > 1:
        raise ValueError(f"at most one more dimension can be shown; got {', '.join(extra)}")
    names = data[extra[0]].values.tolist()
    return [(style.readable(str(n)), data.isel({extra[0]: k})) for k, n in enumerate(names)]
