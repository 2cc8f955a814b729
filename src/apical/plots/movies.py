"""Voltages on the cells of a network: at one moment, or as a movie."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from matplotlib.animation import FFMpegWriter, FuncAnimation, PillowWriter
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from mpl_toolkits.mplot3d.art3d import Line3DCollection

from apical.errors import ModelError, Problem, StorageError
from apical.io.atomic import replacing
from apical.plan.geometry import Floats, positions, site_ends
from apical.plots import style
from apical.plots.cells import axes3d, frame

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from mpl_toolkits.mplot3d.axes3d import Axes3D

    from apical.result import Result

_WRITERS: dict[str, type[PillowWriter | FFMpegWriter]] = {
    ".gif": PillowWriter,
    ".mp4": FFMpegWriter,
}


class _Coloured(NamedTuple):
    """The compartments of one recording and their voltages, (compartment, time), mV."""

    name: str
    ends: Floats
    widths: Floats
    time: Floats
    values: Floats


def voltages(
    result: Result,
    time: float,
    recordings: Sequence[str] | None = None,
    *,
    trial: int = 0,
    limits: tuple[float, float] = (-90.0, 40.0),
    spacing: float | None = None,
    ax: Axes | None = None,
) -> Axes3D:
    """Draw cells in three dimensions, coloured by their voltage at one time.

    Parameters
    ----------
    result : Result
        With recordings of ``v``; what was not recorded is not drawn.
    time : float, ms
        The nearest sample is shown.
    recordings : sequence of str, optional
        Which recordings; by default all of voltages.
    trial : int
        Which trial.
    limits : tuple of 2 float, mV
        Voltages at the ends of the colour scale.
    spacing : float, µm, optional
        Draw cells on grids this far apart instead of at the network's in-plane distance, which
        may be too small to tell them apart.
    ax : Axes3D, optional
        Where to draw; a new figure otherwise.

    Returns
    -------
    Axes3D
        With a collection of lines, one per compartment, for each recording.

    Raises
    ------
    ModelError
        If a recording is not there or not of voltages, or there is none.
    IndexError
        If there is no such trial.
    """
    parts = _coloured(result, recordings, trial, spacing)
    with style.house_style():
        ax, lines = _stage(parts, limits, ax)
        _show(ax, lines, parts, float(time))
    return ax


def movie(
    result: Result,
    recordings: Sequence[str] | None = None,
    *,
    trial: int = 0,
    start: float | None = None,
    stop: float | None = None,
    every: float = 1.0,
    turn: float = 0.0,
    limits: tuple[float, float] = (-90.0, 40.0),
    spacing: float | None = None,
    ax: Axes | None = None,
) -> FuncAnimation:
    """Animate the voltages of cells in three dimensions.

    Parameters
    ----------
    result : Result
        With recordings of ``v``; what was not recorded is not drawn.
    recordings : sequence of str, optional
        Which recordings; by default all of voltages.
    trial : int
        Which trial.
    start, stop : float, ms, optional
        Which time to show; by default all that was recorded.
    every : float, ms
        Time from one frame to the next.
    turn : float, degree
        How far the picture turns from one frame to the next.
    limits : tuple of 2 float, mV
        Voltages at the ends of the colour scale.
    spacing : float, µm, optional
        As for `voltages`.
    ax : Axes3D, optional
        Where to draw; a new figure otherwise.

    Returns
    -------
    FuncAnimation
        Write it with `save_movie`; notebooks show ``animation.to_jshtml()``. Keep it: frames are
        drawn when they are needed.

    Raises
    ------
    ModelError
        If a recording is not there or not of voltages, or there is none; or there is no frame.
    IndexError
        If there is no such trial.
    """
    parts = _coloured(result, recordings, trial, spacing)
    first = max(float(p.time[0]) for p in parts) if start is None else float(start)
    last = min(float(p.time[-1]) for p in parts) if stop is None else float(stop)
    if not every > 0:
        raise ModelError([Problem("every", f"must be > 0 ms; got {every:g} ms")])
    if last < first:
        raise ModelError([Problem("stop", f"must be ≥ {first:g} ms; got {last:g} ms")])
    times = first + every * np.arange(int((last - first) / every + 1e-9) + 1)
    with style.house_style():
        ax, lines = _stage(parts, limits, ax)
        elevation, azimuth = ax.elev, ax.azim

        def draw(k: int) -> Sequence[Artist]:
            ax.view_init(elevation, azimuth + k * turn)
            return _show(ax, lines, parts, float(times[k]))

        return FuncAnimation(
            ax.figure.figure, draw, frames=len(times), interval=50, cache_frame_data=False
        )  # fmt: skip


def save_movie(
    animation: FuncAnimation,
    path: str | os.PathLike[str],
    *,
    fps: float = 20.0,
    dpi: float = 100.0,
    progress: Callable[[float], None] | None = None,
    overwrite: bool = False,
) -> None:
    """Write a movie; the ending of `path` tells the format: gif or, with ffmpeg, mp4.

    Parameters
    ----------
    animation : FuncAnimation
        As `movie` returns.
    path : path
        Where to.
    fps : float
        Frames per second.
    dpi : float
        Pixels per inch of the figure.
    progress : callable, optional
        Called with the fraction done; may raise :class:`apical.errors.Cancelled` to stop, which
        leaves no file.
    overwrite : bool
        Whether to replace a file that exists.

    Raises
    ------
    StorageError
        If the format is unknown or ffmpeg missing, the file cannot be written, or it exists and
        `overwrite` is false.
    """
    kind = Path(path).suffix.lower()
    if kind not in _WRITERS:
        raise StorageError(f"'{path}' must end with one of {', '.join(_WRITERS)}")
    if not _WRITERS[kind].isAvailable():
        raise StorageError(f"{kind} needs the program ffmpeg, which is not there; .gif does not")

    report, stopped = _reporter(progress)
    with replacing(path, overwrite) as temporary, style.house_style():
        named = Path(temporary).with_suffix(kind)  # writers look at the ending
        try:
            writer = _WRITERS[kind](fps=fps)  # type: ignore[call-arg] - all take it
            animation.save(str(named), writer=writer, dpi=dpi, progress_callback=report)
            named.replace(temporary)
            report(1, 1)
        except Exception:
            if stopped:  # writers that are stopped before the first frame fail in their turn
                raise stopped[0] from None
            raise
        finally:
            named.unlink(missing_ok=True)


def _reporter(
    progress: Callable[[float], None] | None,
) -> tuple[Callable[[int, int], None], list[Exception]]:
    """Return what a writer calls before each frame, and a list of what then went wrong."""
    stopped: list[Exception] = []

    def report(frame: int, frames: int) -> None:
        try:
            if progress:
                progress(frame / frames)
        except Exception as error:
            stopped.append(error)
            raise

    return report, stopped


def _coloured(
    result: Result, recordings: Sequence[str] | None, trial: int, spacing: float | None
) -> list[_Coloured]:
    """Return what to draw, with positions."""
    network = result.network
    volts = [name for name, r in network.recordings.items() if r.variable == "v"]
    volts = [name for name in volts if name in result.recordings]
    names = volts if recordings is None else list(recordings)
    for name in names:
        style.one_of(name, "recordings", volts)
    if not names:
        message = "holds no voltages; add apical.Recording(population=…) to the network"
        raise ModelError([Problem("recordings", message)])
    if not 0 <= trial < result.trials:
        raise IndexError(f"trial must be 0 to {result.trials - 1}; got {trial}")
    found = []
    for name in names:
        data: xr.DataArray = result.recordings[name].isel(trial=trial)
        population = network.recordings[name].population
        cell = network.cells[network.populations[population].cell]
        sites = data["site"].values.tolist()
        at = positions(network, population, spacing)[data["cell"].values]
        ends = (at[:, None, None, :] + site_ends(cell, sites)).reshape(-1, 2, 3)
        diameters = np.array([cell.sections[site.split("(")[0]].diam for site in sites])
        # true widths would be invisible beside somata
        widths = np.tile(np.clip(diameters / 5, 0.8, 5.0), len(at))
        values = data.transpose("cell", "site", "time").values.reshape(len(ends), -1)
        found.append(_Coloured(name, ends, widths, data["time"].values, values))
    return found


def _stage(
    parts: Sequence[_Coloured], limits: tuple[float, float], ax: Axes | None
) -> tuple[Axes3D, list[Line3DCollection]]:
    """Draw everything but the voltages."""
    ax = axes3d(ax, (5.5, 6.5))
    frame(ax, np.concatenate([p.ends.reshape(-1, 3) for p in parts]))
    scale = Normalize(*limits)
    lines = []
    for part in parts:
        drawn = Line3DCollection(
            part.ends, linewidths=part.widths, cmap=style.VOLTAGE, norm=scale, label=part.name
        )
        ax.add_collection3d(drawn)
        lines.append(drawn)
    bar = ScalarMappable(scale, style.VOLTAGE)
    style.colour_bar(ax, bar, "Voltage (mV)", shrink=0.5, extend="both")
    return ax, lines


def _show(
    ax: Axes3D, lines: Sequence[Line3DCollection], parts: Sequence[_Coloured], time: float
) -> list[Artist]:
    for drawn, part in zip(lines, parts, strict=True):
        drawn.set_array(part.values[:, np.abs(part.time - time).argmin()])
    title = ax.set_title(f"{time:.4g} ms", fontsize=9, color=style.GREY)
    return [*lines, title]
