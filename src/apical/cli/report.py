"""The short table after a run, and the same as JSON."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import typer

#: Below this a dipole (nAm) is rounding, and has no latency.
NOTHING = 1e-12

if TYPE_CHECKING:
    import xarray as xr
    from rich.table import Table

    from apical.analysis import Comparison
    from apical.result import Result


def measures(result: Result, recorded: xr.DataArray | None) -> dict[str, Any]:
    """Collect what is worth saying about a result; plain values.

    Peaks are of the mean over trials; spikes are the mean per trial.
    """
    # plain arrays: labels need xarray, which takes longer to load than a column to simulate
    arrays, network = result.arrays, result.network
    mean = arrays.dipole.mean(axis=0)
    waves = {"total": mean.sum(axis=0)}
    layers = np.array([p.layer for p in network.populations.values() if p.dipole], dtype=str)
    names = list(dict.fromkeys(layers.tolist()))
    if len(names) > 1:
        waves |= {name: mean[layers == name].sum(axis=0) for name in names}
    counts = np.bincount(arrays.spikes["source"], minlength=len(result.sources)) / result.trials
    per_trial = dict(zip(result.sources, counts.tolist(), strict=True))

    def spikes(name: str) -> dict[str, Any]:
        cells, number = result.sources[name], per_trial[name]
        rate = 1000 * number / max(cells, 1) / result.provenance["duration"]
        return {"cells": cells, "spikes_per_trial": number, "rate_hz": rate}

    fit = None if recorded is None else _fit(result.average().total(), recorded)
    return {
        "model": network.name,
        "trials": result.trials,
        "duration_ms": result.provenance["duration"],
        "dipole_steps": list(result.provenance.get("history", ())),
        "dipole": {name: _peaks(arrays.time, wave) for name, wave in waves.items()},
        "populations": {name: spikes(name) for name in network.populations},
        "drives": {name: spikes(name) for name in network.drives},
        "comparison": None if fit is None else _comparison(asdict(fit)),
        "provenance": dict(result.provenance),
    }


def _fit(total: xr.DataArray, recorded: xr.DataArray) -> Comparison:
    from apical.analysis import compare, inside

    # smoothing draws half a window at both ends towards zero: these are left out
    return compare(total, recorded, *inside(total))


def print_json(result: Result, recorded: xr.DataArray | None) -> None:
    """Print the measures as JSON on stdout."""
    typer.echo(json.dumps(measures(result, recorded), indent=2, allow_nan=False))


def print_table(result: Result, recorded: xr.DataArray | None, written: list[Path]) -> None:
    """Print the measures as a table on stdout."""
    from rich.console import Console
    from rich.text import Text

    found = measures(result, recorded)
    console = Console(highlight=False, markup=False)
    console.print(Text(_headline(found), style="bold"))
    console.print(_dipole_table(found["dipole"]))
    console.print(_spike_table(found["populations"], found["drives"]))
    if fit := found["comparison"]:
        r = "undefined" if fit["correlation"] is None else f"{fit['correlation']:.3f}"
        console.print(
            f"against the recording, {fit['tmin_ms']:.4g} to {fit['tmax_ms']:.4g} ms: "
            f"RMSE {fit['rmse_nam']:.4g} nAm, correlation {r}",
            style="bold",
        )
    for path in written:
        console.print(f"wrote {path}", soft_wrap=True)


def _headline(found: dict[str, Any]) -> str:
    trials = "1 trial" if found["trials"] == 1 else f"{found['trials']} trials"
    text = f"{found['model'] or 'network'}: {trials} of {found['duration_ms']:g} ms"
    seconds = found["provenance"].get("wall_seconds")
    if isinstance(seconds, int | float):
        text += f" in {seconds:.2f} s"
    if engine := found["provenance"].get("engine"):
        text += f" ({engine})"
    steps = found["dipole_steps"]
    return f"{text}; dipole {', '.join(steps)}" if steps else text


def _dipole_table(dipole: dict[str, dict[str, float]]) -> Table:
    table = empty_table("dipole (mean)", "highest nAm", "at ms", "lowest nAm", "at ms")
    for name, found in dipole.items():
        table.add_row(
            name,
            *_peak(found["maximum_nam"], found["maximum_ms"]),
            *_peak(found["minimum_nam"], found["minimum_ms"]),
        )
    return table


def _peak(value: float, latency: float) -> tuple[str, str]:
    return ("0", "–") if abs(value) < NOTHING else (f"{value:.4g}", f"{latency:.1f}")


def _spike_table(populations: dict[str, Any], drives: dict[str, Any]) -> Table:
    table = empty_table("spikes", "cells", "per trial", "Hz per cell")
    for group in (populations, drives):
        for name, found in group.items():
            number, rate = found["spikes_per_trial"], found["rate_hz"]
            table.add_row(name, str(found["cells"]), f"{number:.1f}", f"{rate:.2f}")
        table.add_section()
    return table


def empty_table(first: str, *others: str) -> Table:
    """Return a table without rows: a column of names, and columns of numbers."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(first, no_wrap=True)
    for name in others:
        table.add_column(name, justify="right")
    return table


def _peaks(time: np.ndarray, wave: np.ndarray) -> dict[str, float]:
    high, low = int(wave.argmax()), int(wave.argmin())
    return {
        "maximum_nam": float(wave[high]),
        "maximum_ms": float(time[high]),
        "minimum_nam": float(wave[low]),
        "minimum_ms": float(time[low]),
    }


def _comparison(fit: dict[str, Any]) -> dict[str, Any]:
    # JSON has no NaN
    r = None if math.isnan(fit["correlation"]) else fit["correlation"]
    return {
        "rmse_nam": fit["rmse"],
        "correlation": r,
        "tmin_ms": fit["tmin"],
        "tmax_ms": fit["tmax"],
        "samples": fit["samples"],
    }
