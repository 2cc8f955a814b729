"""What was recorded of single cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from apical.plots import style

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

# more names of sites are a list, not a legend
_MOST_NAMES = 8


def traces(data: xr.DataArray, *, trial: int = 0, ax: Axes | None = None) -> Axes:
    """Draw a recording of one trial: a line for each cell and site, a colour for each site.

    Parameters
    ----------
    data : DataArray (trial, cell, site, time)
        Such as ``result.recordings["v"]``; parts of it, such as ``.sel(cell=[0])``, are smaller.
    trial : int
        Which trial.
    ax : Axes, optional
        Where to draw; a new figure otherwise.

    Returns
    -------
    Axes

    Raises
    ------
    IndexError
        If there is no such trial.
    """
    if not 0 <= trial < data.sizes["trial"]:
        raise IndexError(f"trial must be 0 to {data.sizes['trial'] - 1}; got {trial}")
    shown = data.isel(trial=trial).transpose("site", "cell", "time")
    sites, time = shown["site"].values.tolist(), shown["time"].values
    alpha = float(np.clip(4.0 / max(1, shown.sizes["cell"]), 0.25, 1.0))
    with style.house_style():
        ax = style.axes(ax)
        for k, site in enumerate(sites):
            colour = style.along(k, len(sites))
            for j, trace in enumerate(shown.values[k]):
                label = style.readable(site) if j == 0 else None
                ax.plot(time, trace, color=colour, lw=1.0, alpha=alpha, label=label)
        unit = style.unit(str(data.attrs.get("units", "1")))
        name = "Voltage" if unit == "mV" else style.readable(str(data.name or "Value"))
        ax.set_ylabel(f"{name} ({unit})")
        style.time_axis(ax, time[0], time[-1])
        if 1 < len(sites) <= _MOST_NAMES:
            ax.legend(loc="best", handlelength=1.4)
    return ax
