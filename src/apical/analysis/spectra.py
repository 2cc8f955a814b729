"""Power spectra of waveforms, and power in bands of frequencies."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import xarray as xr

from apical.analysis.waveforms import DataError, number, sampling_rate

FREQUENCY = {"units": "Hz", "long_name": "frequency"}


def psd(
    data: xr.DataArray,
    segment: float | str | None = None,
    *,
    window: str = "hamming",
    overlap: float = 0.5,
    average: bool = False,
) -> xr.DataArray:
    """Return the power spectral density of every waveform.

    By default this is one periodogram over all samples, which is what hnn-core plots; with
    `segment`, Welch's mean of periodograms of segments. The mean of each segment is subtracted
    first. Densities are one-sided and those of `scipy.signal.welch`.

    Parameters
    ----------
    data : DataArray with dim ``time``
        Such as ``result.total()``, ``result.layers()`` or ``result.dipole``; any other
        dimensions are kept. Part of the time is ``data.sel(time=slice(50, 170))``.
    segment : float or str, ms, optional
        Length of segments, rounded to whole samples; resolution is one over it.
    window : str
        Name of a window of `scipy.signal.get_window`.
    overlap : float
        Share of a segment that the next one has too; at least 0 and less than 1.
    average : bool
        Return the mean over trials of their spectra. The spectrum of the mean waveform is another
        thing: ``psd(result.average().total())``.

    Returns
    -------
    DataArray (..., frequency)
        In squares of the data's units per Hz.

    Raises
    ------
    DataError
        If samples are not evenly spaced or segments do not fit.
    """
    from scipy.signal import welch

    rate = sampling_rate(data)
    samples = data.sizes["time"]
    if segment is not None:
        length = number(segment, "ms", "segment")
        samples = round(1e-3 * length * rate)
        if not 2 <= samples <= data.sizes["time"]:
            raise DataError(
                f"a segment must have at least 2 samples (of {1000 / rate:g} ms) and no more than "
                f"the data ({data.sizes['time']}); got {length:g} ms"
            )
    if not 0 <= overlap < 1:
        raise DataError(f"segments must overlap by a share from 0 to less than 1; got {overlap}")
    rows = data.transpose(..., "time")
    try:
        frequency, power = welch(
            rows.values, rate, window, nperseg=samples, noverlap=int(overlap * samples)
        )
    except ValueError as error:
        raise DataError(f"no spectrum with the window '{window}': {error}") from None
    found = xr.DataArray(
        power,
        dims=(*rows.dims[:-1], "frequency"),
        coords={**kept_coords(rows), "frequency": ("frequency", frequency, FREQUENCY)},
        name="psd",
        attrs={
            "units": f"{squared(data.attrs.get('units', '1'))}/Hz",
            "long_name": "power spectral density",
        },
    )
    return trial_mean(found) if average else found


def band_power(spectrum: xr.DataArray, bands: Mapping[str, tuple[float, float]]) -> xr.DataArray:
    """Return the power within bands: density times resolution, summed.

    A frequency belongs to the band that begins at or below it and ends above it, so that the
    power of neighbouring bands adds up to that of both.

    Parameters
    ----------
    spectrum : DataArray with dim ``frequency``
        As `psd` returns.
    bands : mapping of str to (low, high), Hz
        Such as ``{"alpha": (8, 13), "beta": (13, 30)}``.

    Returns
    -------
    DataArray (..., band)
        In squares of the data's units, with coordinates ``low`` and ``high`` (Hz).

    Raises
    ------
    DataError
        Of all bands that hold no frequency of the spectrum or reach beyond it.
    """
    units = str(spectrum.attrs.get("units", ""))
    if "frequency" not in spectrum.dims or not units.endswith("/Hz"):
        raise DataError(
            "bands need a density with a dimension 'frequency', as psd returns; got dimensions "
            f"{tuple(spectrum.dims)} in '{units}'"
        )
    frequency = spectrum["frequency"].values
    step = _resolution(frequency)
    low, high = np.array([tuple(pair) for pair in bands.values()], dtype=float).reshape(-1, 2).T
    member = (frequency >= low[:, None]) & (frequency < high[:, None])
    reach = frequency[0] - step / 2, frequency[-1] + step
    problems = [
        f"band '{name}' ({a:g} to {b:g} Hz) must hold at least one frequency of the spectrum and "
        f"not reach beyond it: {frequency[0]:g} to {frequency[-1]:g} Hz in steps of {step:g} Hz"
        for name, a, b, m in zip(bands, low, high, member, strict=True)
        if not (m.any() and reach[0] <= a and b <= reach[1])
    ]
    if problems or not bands:
        raise DataError("\n".join(problems) or "there must be at least one band")
    rows = spectrum.transpose(..., "frequency")
    return xr.DataArray(
        rows.values @ (member.T * step),
        dims=(*rows.dims[:-1], "band"),
        coords={
            **kept_coords(rows, "frequency"),
            "band": np.array(list(bands), dtype=str),
            "low": ("band", low, {"units": "Hz"}),
            "high": ("band", high, {"units": "Hz"}),
        },
        name="band_power",
        attrs={"units": units.removesuffix("/Hz"), "long_name": "power"},
    )


def squared(units: str) -> str:
    """Return the unit of a square: ``nAm2`` for ``nAm``, ``uA2/mm6`` for ``uA/mm3``."""
    return re.sub(r"([^\W\d_]+)\^?(\d*)", lambda m: f"{m[1]}{2 * int(m[2] or 1)}", units)


def trial_mean(data: xr.DataArray) -> xr.DataArray:
    """Return the mean over the dimension ``trial``, which is dropped.

    Raises
    ------
    DataError
        If there is no such dimension, or no trial.
    """
    if not data.sizes.get("trial"):
        raise DataError(f"an average needs trials; got {dict(data.sizes)}")
    return data.mean("trial", keep_attrs=True)


def kept_coords(data: xr.DataArray, without: str = "time") -> dict[str, xr.DataArray]:
    """Return the coordinates that do not run along some dimension."""
    return {str(n): c for n, c in data.coords.items() if without not in c.dims}


def _resolution(frequency: np.ndarray) -> float:
    steps = np.diff(frequency)
    if not steps.size or not np.allclose(steps, steps[0], rtol=1e-6, atol=0):
        raise DataError("a spectrum's power needs at least 2 frequencies, evenly spaced")
    return float(steps[0])
