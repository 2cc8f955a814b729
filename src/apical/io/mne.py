"""Dipoles to and from MNE-Python, with the extra ``mne``."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from apical.io.extras import extra

_NAM = 1e-9
_TIME = {"units": "ms", "long_name": "time"}


def to_evoked(dipole: xr.DataArray, comment: str = "apical") -> Any:
    """Return a dipole as ``mne.EvokedArray``, with a channel for each population or layer.

    Parameters
    ----------
    dipole : DataArray with dim ``time``, nAm
        Such as ``result.layers()`` or ``result.dipole``. Trials are averaged; one more dimension,
        of populations or layers, becomes channels.
    comment : str
        What it is.

    Returns
    -------
    mne.EvokedArray
        Channels of kind ``dipole`` in A·m; ``nave`` is the number of trials.

    Raises
    ------
    MissingPackageError
        If MNE-Python is not installed.
    ValueError
        If there are more dimensions, or samples are not evenly spaced.
    """
    mne = extra("mne", "mne", "objects of MNE-Python")
    names, values, trials = _channels(dipole)
    start, rate = _clock(dipole)
    info = mne.create_info(names, rate, ["dipole"] * len(names))
    return mne.EvokedArray(
        values.mean(axis=0) * _NAM, info, tmin=start, comment=comment, nave=trials, verbose=False
    )


def to_epochs(dipole: xr.DataArray) -> Any:
    """Return the trials of a dipole as ``mne.EpochsArray``.

    Parameters
    ----------
    dipole : DataArray with dim ``time``, nAm
        As for :func:`to_evoked`.

    Returns
    -------
    mne.EpochsArray
        Channels of kind ``dipole`` in A·m.

    Raises
    ------
    MissingPackageError, ValueError
        As for :func:`to_evoked`.
    """
    mne = extra("mne", "mne", "objects of MNE-Python")
    names, values, _ = _channels(dipole)
    start, rate = _clock(dipole)
    info = mne.create_info(names, rate, ["dipole"] * len(names))
    return mne.EpochsArray(values * _NAM, info, tmin=start, baseline=None, verbose=False)


def to_source_estimate(
    dipole: xr.DataArray, vertex: int, hemi: str = "lh", subject: str | None = None
) -> Any:
    """Return a dipole as ``mne.SourceEstimate`` of one vertex.

    Parameters
    ----------
    dipole : DataArray with dim ``time``, nAm
        Trials are averaged, populations or layers are summed.
    vertex : int
        Number of the vertex on the subject's surface.
    hemi : {'lh', 'rh'}
        Its hemisphere.
    subject : str, optional
        The subject.

    Returns
    -------
    mne.SourceEstimate
        In A·m.

    Raises
    ------
    MissingPackageError, ValueError
        As for :func:`to_evoked`, and if there is no such hemisphere.
    """
    mne = extra("mne", "mne", "objects of MNE-Python")
    if hemi not in ("lh", "rh"):
        raise ValueError(f"hemi must be 'lh' or 'rh'; got {hemi!r}")
    _, values, _ = _channels(dipole)
    start, rate = _clock(dipole)
    vertices = [np.array([vertex]) if hemi == h else np.array([], int) for h in ("lh", "rh")]
    data = values.mean(axis=0).sum(axis=0, keepdims=True) * _NAM
    return mne.SourceEstimate(data, vertices, tmin=start, tstep=1 / rate, subject=subject)


def from_evoked(evoked: Any, channel: str | None = None) -> xr.DataArray:
    """Return the dipole in an Evoked of MNE-Python.

    Parameters
    ----------
    evoked : mne.Evoked
        With channels of kind ``dipole``, in A·m.
    channel : str, optional
        Which channel; by default all, as layers.

    Returns
    -------
    DataArray (layer, time) or (time), nAm
        Layers have the names of channels.

    Raises
    ------
    ValueError
        If there is no such channel, or none of that kind.
    """
    kinds = dict(zip(evoked.ch_names, evoked.get_channel_types(), strict=True))
    names = [name for name, kind in kinds.items() if kind == "dipole"]
    if channel is not None and channel not in names:
        raise ValueError(f"channels of kind dipole are {', '.join(names) or 'none'}; got {channel}")
    if not names:
        raise ValueError("there is no channel of kind dipole")
    rows = [evoked.ch_names.index(n) for n in ([channel] if channel is not None else names)]
    data = np.asarray(evoked.data)[rows] / _NAM
    found = _labelled(data, np.asarray(evoked.times) * 1000, "layer", names)
    return found.isel(layer=0, drop=True) if channel is not None else found


def from_source_estimate(estimate: Any, vertex: int | None = None) -> xr.DataArray:
    """Return the dipole in a SourceEstimate of MNE-Python.

    Parameters
    ----------
    estimate : mne.SourceEstimate
        In A·m, as minimum-norm estimates are; not noise-normalised ones such as dSPM.
    vertex : int, optional
        Which vertex; needed if there are several. The mean over a label is
        ``estimate.extract_label_time_course(…)`` of MNE-Python.

    Returns
    -------
    DataArray (time), nAm

    Raises
    ------
    ValueError
        If it is not clear which vertex, or there is none such.
    """
    numbers = np.concatenate([np.asarray(v, int) for v in _vertices(estimate)])
    rows = np.arange(len(numbers)) if vertex is None else np.flatnonzero(numbers == vertex)
    if len(rows) != 1:
        shown = ", ".join(map(str, numbers[:6])) + (", …" if len(numbers) > 6 else "")
        what = "choose a vertex" if vertex is None else f"vertex {vertex} stands {len(rows)} times"
        raise ValueError(f"{what}: there are {shown}")
    data = np.asarray(estimate.data)[rows] / _NAM
    return _labelled(data, np.asarray(estimate.times) * 1000, "layer", [""]).isel(
        layer=0, drop=True
    )


def _vertices(estimate: Any) -> list[Any]:
    found = estimate.vertices
    return list(found) if isinstance(found, (list, tuple)) else [found]


def _channels(dipole: xr.DataArray) -> tuple[list[str], np.ndarray, int]:
    """Return names, values (trial, channel, time) and number of trials."""
    others = [str(d) for d in dipole.dims if d not in ("trial", "time")]
    if "time" not in dipole.dims or len(others) > 1:
        shown = ", ".join(map(str, dipole.dims))
        raise ValueError(f"the dimensions must be trial, time and one more; got {shown}")
    full = dipole if "trial" in dipole.dims else dipole.expand_dims("trial")
    full = full if others else full.expand_dims("layer")
    name = others[0] if others else "layer"
    values = full.transpose("trial", name, "time").values
    names = [str(n) for n in dipole[name].values] if name in dipole.coords else ["dipole"]
    return names, np.asarray(values, float), values.shape[0]


def _clock(dipole: xr.DataArray) -> tuple[float, float]:
    """Return the first time (s) and the sampling rate (Hz)."""
    time = np.asarray(dipole["time"].values, float)
    steps = np.diff(time)
    if len(steps) < 1 or np.ptp(steps) > 1e-6 * abs(steps[0]):
        raise ValueError("samples must be evenly spaced in time")
    return float(time[0]) / 1000, 1000 * len(steps) / float(time[-1] - time[0])


def _labelled(data: np.ndarray, time: np.ndarray, dim: str, names: list[str]) -> xr.DataArray:
    return xr.DataArray(
        data,
        dims=(dim, "time"),
        coords={dim: names[: len(data)], "time": ("time", time, _TIME)},
        name="dipole",
        attrs={"units": "nAm", "long_name": "current dipole"},
    )
