"""What several plots need."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import numpy as np

#: Powers of ten from which axes write their numbers as multiples of these.
POWERS = (-2, 3)


def plt_show(show: bool = True, fig: Any = None, **kwargs: Any) -> None:
    """Show a figure, or all, where the backend can.

    Parameters
    ----------
    show : bool
        Whether to do anything.
    fig : Figure, optional
        The only one to show.
    **kwargs
        Passed on to ``show`` of the figure or of pyplot.
    """
    if not show or matplotlib.get_backend().lower() == "agg":
        return
    with warnings.catch_warnings(record=True):
        (plt if fig is None else fig).show(**kwargs)


def axes(ax: Any) -> Any:
    """Return axes, new ones of a new figure if there are none."""
    return plt.subplots(layout="constrained")[1] if ax is None else ax


def warn_of_window(tmin: float | None, tmax: float | None) -> None:
    """Say that limits of time are the business of axes."""
    if tmin is not None or tmax is not None:
        text = "tmin and tmax will go: set the limits of the axes instead, with set_xlim"
        warnings.warn(text, DeprecationWarning, stacklevel=3)


def within(
    times: np.ndarray, data: np.ndarray, tmin: float | None, tmax: float | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return times, and data (..., time), from one time to just before another (ms).

    Without limits that is all but the last sample, which spectra of hnn-core leave out.
    """
    first = times[0] if tmin is None else tmin
    last = times[-1] if tmax is None else min(tmax, times[-1])
    kept = (times >= first) & (times < last)
    if not kept.any():
        raise ValueError(f"there are no samples from tmin={tmin} to tmax={tmax} ms")
    return times[kept], data[..., kept]


def decimated(
    times: np.ndarray, data: np.ndarray, decim: int | Sequence[int] | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return times and low-passed data (..., time) with every so manyth sample only."""
    from scipy.signal import decimate

    factors = [] if decim is None else decim if isinstance(decim, (list, tuple)) else [decim]
    for factor in factors:
        if isinstance(factor, bool) or not isinstance(factor, (int, np.integer)) or factor < 1:
            raise ValueError(f"decim must be whole numbers above 0; got {factor!r}")
        times, data = times[::factor], decimate(data, int(factor))
    return times, data
