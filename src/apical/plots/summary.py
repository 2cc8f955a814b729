"""One figure that tells the whole simulation."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import xarray as xr
from matplotlib.figure import Figure

from apical.analysis import compare, inside
from apical.errors import StorageError
from apical.io.atomic import replacing
from apical.plots import style
from apical.plots.dipoles import dipole, layers
from apical.plots.spikes import drives, raster

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from apical.result import Result


def summary(
    result: Result,
    recorded: xr.DataArray | None = None,
    *,
    smooth: float | str | None = None,
    scale: float | None = None,
    trial: int = 0,
    window: tuple[float | None, float | None] | None = None,
    title: str | None = None,
    figure: Figure | None = None,
) -> Figure:
    """Draw inputs, total dipole over recorded data, dipoles of the layers, and spikes.

    Parameters
    ----------
    result : Result
        What to show.
    recorded : DataArray (time), nAm, optional
        Drawn in black; RMSE and correlation with the mean over trials are written beside it.
        They leave out half a smoothing window at both ends, where smoothing draws to zero, if
        `window` says nothing else.
    smooth : float or str, ms, optional
        Smooth the simulated dipoles with a window of this length first.
    scale : float, optional
        Multiply the simulated dipoles by this first.
    trial : int
        Which trial's spikes to draw.
    window : (float, float), ms, optional
        Between which times RMSE and correlation are taken; None for an end that is open.
    title : str, optional
        By default the title of the network.
    figure : Figure, optional
        Where to draw; a new one otherwise.

    Returns
    -------
    Figure
        Save it with `save_figure` or ``figure.savefig``.
    """
    shown = result if smooth is None else result.smooth(smooth)
    shown = shown if scale is None else shown.scale(scale)
    with style.house_style():
        figure = figure or Figure(figsize=(7.2, 8.4), layout="constrained")
        ratios = [0.9 if result.network.drives else 0.01, 2.0, 1.5, 2.0]
        first, second, third, fourth = figure.subplots(
            4, 1, sharex=True, gridspec_kw={"height_ratios": ratios}
        )
        drives(result, ax=first)
        dipole(shown, recorded, ax=second, label=_treatment(shown))
        layers(shown, ax=third)
        raster(result, trial=trial, ax=fourth, rates=True)
        if recorded is not None:
            _annotate_fit(second, shown, recorded, window)
        for ax, letter in zip((first, second, third, fourth), "abcd", strict=True):
            _letter(ax, letter)
            ax.label_outer()
        figure.align_ylabels((first, second, third))
        name = result.network.title or style.readable(result.network.name)
        _title(figure, name if title is None else title)
    return figure


def save_figure(figure: Figure, path: str | os.PathLike[str], overwrite: bool = False) -> None:
    """Write a figure; the ending of `path` tells the format (png, pdf, svg and others).

    Raises
    ------
    StorageError
        If the format is unknown, the file cannot be written, or it exists and `overwrite` is
        false.
    """
    kind = Path(path).suffix.lstrip(".").lower()
    known = figure.canvas.get_supported_filetypes()
    if kind not in known:
        raise StorageError(f"'{path}' must end with one of {', '.join(sorted(known))}")
    with replacing(path, overwrite) as temporary:
        figure.savefig(temporary, format=kind, dpi=300 if kind in ("png", "jpg", "jpeg") else None)


def _annotate_fit(
    ax: Axes, shown: Result, recorded: xr.DataArray,
    window: tuple[float | None, float | None] | None,
) -> None:  # fmt: skip
    mean = shown.average().total()
    fit = compare(mean, recorded, *(inside(mean) if window is None else window))
    numbers = f"RMSE {fit.rmse:.3g} nAm, r = {fit.correlation:.2f}"
    ax.legend(
        title=f"{numbers}\n({fit.tmin:.4g} to {fit.tmax:.4g} ms)",
        loc="best",
        alignment="left",
        handlelength=1.4,
        title_fontsize=9,
    )


def _title(figure: Figure, text: str) -> None:
    # about 62 bold characters of 12 points fill the width of 7.2 inches
    width = max(20, int(62 * figure.get_figwidth() / 7.2))
    figure.suptitle(textwrap.fill(text, width), fontsize=12, fontweight="bold")


def _treatment(shown: Result) -> str:
    """Say what was done to the simulated dipole, so that the picture is honest about it."""
    steps = [str(step) for step in shown.provenance.get("history", ())]
    mean = [f"mean of {shown.trials} trials"] if shown.trials > 1 else []
    said = ", ".join([*mean, *(s for s in steps if not s.startswith("average"))])
    return f"simulated ({said})" if said else "simulated"


def _letter(ax: Axes, letter: str) -> None:
    ax.annotate(
        letter,
        (0.0, 1.0),
        xycoords="axes fraction",
        xytext=(-46, 2),
        textcoords="offset points",
        fontsize=11,
        fontweight="bold",
        va="bottom",
    )
