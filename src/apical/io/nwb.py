"""Results as NWB files (Neurodata Without Borders), with the extra ``nwb``.

Trials follow each other on the file's clock, each one sample after the end of the one before, so
that everything sampled is one regular series. The table ``trials`` has their starts and ends.
"""

from __future__ import annotations

import datetime
import os
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from apical.io.atomic import replacing
from apical.io.extras import extra

if TYPE_CHECKING:
    import xarray as xr

    from apical.model import Network

_SI = {
    "nAm": ("A*m", 1e-9), "uV": ("V", 1e-6), "mV": ("V", 1e-3), "nA": ("A", 1e-9),
    "mM": ("mol/m^3", 1.0), "uS": ("S", 1e-6),
}  # fmt: skip


class Outcome(Protocol):
    """What of an :class:`apical.Result` is written."""

    @property
    def network(self) -> Network:
        """What was simulated."""
        ...

    @property
    def dipole(self) -> xr.DataArray:
        """Dipole (trial, population, time), nAm."""
        ...

    @property
    def spikes(self) -> xr.Dataset:
        """Spikes as columns trial, time (ms), source, cell."""
        ...

    @property
    def sources(self) -> Mapping[str, int]:
        """Numbers of cells of populations and drives."""
        ...

    @property
    def lfp(self) -> Mapping[str, xr.DataArray]:
        """Potentials (trial, population, electrode, time), µV."""
        ...

    @property
    def recordings(self) -> Mapping[str, xr.DataArray]:
        """Recordings (trial, cell, site, time)."""
        ...

    @property
    def provenance(self) -> Mapping[str, Any]:
        """Where it came from."""
        ...


def write_nwb(path: str | os.PathLike[str], result: Outcome, overwrite: bool = False) -> None:
    """Write a result as an NWB file.

    It holds the dipole of each population, the spikes of all cells and drive cells as units, the
    potentials of electrode arrays, and recordings, in SI units, and the network as JSON.

    Parameters
    ----------
    path : path
        File to write, such as ``result.nwb``; it appears whole or not at all.
    result : Result
        What to write.
    overwrite : bool
        Whether to replace a file of that name.

    Raises
    ------
    MissingPackageError
        If pynwb is not installed.
    StorageError
        If the file cannot be written, or exists and `overwrite` is false.
    """
    pynwb = extra("pynwb", "nwb", "NWB files")
    file = _file(pynwb, result)
    _add_trials(file, result)
    _add_series(pynwb, file, result)
    _add_units(file, result)
    for name, potentials in result.lfp.items():
        _add_electrodes(pynwb, file, name, potentials, result)
    with replacing(Path(path), overwrite) as temporary, pynwb.NWBHDF5IO(str(temporary), "w") as io:
        io.write(file)


def _file(pynwb: Any, result: Outcome) -> Any:
    network = result.network
    created = result.provenance.get("created")
    start = datetime.datetime.fromisoformat(created) if isinstance(created, str) else None
    file = pynwb.NWBFile(
        session_description=network.title or network.name or "a simulation",
        identifier=str(uuid.uuid4()),
        session_start_time=start or datetime.datetime.now(datetime.UTC),
        source_script="apical",
        source_script_file_name="apical",
        experiment_description="simulated with apical",
    )
    file.add_scratch(network.to_json(), name="network", description="the model, as apical reads it")
    return file


def _period(result: Outcome) -> float:
    """Return the time from trial to trial, ms: a trial and one step."""
    time = result.dipole["time"].values
    return float(time[-1]) + 1000 / _rate(time)


def _rate(time: np.ndarray) -> float:
    """Return how often is sampled, Hz; 1000 if there is but one sample, of which any is right."""
    return 1000 * (len(time) - 1) / float(time[-1] - time[0]) if len(time) > 1 else 1000.0


def _add_trials(file: Any, result: Outcome) -> None:
    end = float(result.dipole["time"].values[-1])
    for k in range(result.dipole.sizes["trial"]):
        start = k * _period(result)
        file.add_trial(start_time=start / 1000, stop_time=(start + end) / 1000)


def _add_series(pynwb: Any, file: Any, result: Outcome) -> None:
    """Add dipole and recordings, a column for each population, or for each cell and site."""
    names = result.dipole["population"].values.tolist()
    series = _one_after_the_other(pynwb, "dipole", result.dipole, ", ".join(map(str, names)))
    file.add_acquisition(series)
    for name, found in result.recordings.items():
        columns = found.stack(column=("cell", "site"))
        labels = [f"cell {cell} {site}" for cell, site in columns["column"].values]
        flat = columns.drop_vars(["column", "cell", "site"]).transpose("trial", "column", "time")
        for series in _every_trial(pynwb, name, flat, ", ".join(labels), result):
            file.add_acquisition(series)


def _one_after_the_other(pynwb: Any, name: str, data: xr.DataArray, columns: str) -> Any:
    """Return a series (time, column) of all trials."""
    values = np.concatenate([np.asarray(trial).T for trial in data.values])
    unit, factor = _SI.get(str(data.attrs.get("units")), (str(data.attrs.get("units", "")), 1.0))
    return pynwb.TimeSeries(
        name=name,
        data=values,
        unit=unit or "1",
        conversion=factor,
        starting_time=0.0,
        rate=_rate(data["time"].values),
        description=f"columns: {columns}",
    )


def _every_trial(
    pynwb: Any, name: str, data: xr.DataArray, columns: str, result: Outcome
) -> Iterator[Any]:
    """Yield a series of each trial: what is sampled less often does not go on evenly."""
    n = data.sizes["trial"]
    for k in range(n):
        one = _one_after_the_other(
            pynwb, name if n == 1 else f"{name} {k}", data.isel(trial=[k]), columns
        )
        fields = {f: getattr(one, f) for f in ("name", "data", "unit", "conversion", "rate")}
        start = k * _period(result) / 1000
        yield pynwb.TimeSeries(**fields, starting_time=start, description=one.description)


def _add_units(file: Any, result: Outcome) -> None:
    """Add the spikes of every cell."""
    file.add_unit_column("source", "population or drive")
    file.add_unit_column("cell", "number within the source")
    spikes, period = result.spikes, _period(result)
    time = (spikes["time"].values + spikes["trial"].values * period) / 1000
    first = dict(zip(result.sources, np.cumsum([0, *result.sources.values()]), strict=False))
    names = spikes["source"].values
    unit = np.array([first[s] for s in names], int) + spikes["cell"].values
    order = np.lexsort((time, unit))
    bounds = np.searchsorted(unit[order], np.arange(sum(result.sources.values()) + 1))
    for source, n in result.sources.items():
        for cell in range(n):
            k = int(first[source]) + cell
            own = time[order[bounds[k] : bounds[k + 1]]]
            file.add_unit(spike_times=own, source=source, cell=cell)


def _add_electrodes(
    pynwb: Any, file: Any, name: str, potentials: xr.DataArray, result: Outcome
) -> None:
    """Add an array's electrodes, and the potentials that all populations make there."""
    if "model" not in file.devices:
        file.create_device("model", description="point electrodes in a homogeneous medium")
    group = file.create_electrode_group(
        name, description=name, location="cortex", device=file.devices["model"]
    )
    n, start = potentials.sizes["electrode"], 0 if file.electrodes is None else len(file.electrodes)
    for k in range(n):
        at = {axis: float(potentials[axis].values[k]) for axis in "xyz"}
        file.add_electrode(**at, location="cortex", group=group)
    region = file.create_electrode_table_region(list(range(start, start + n)), description=name)
    total = potentials.sum("population")
    trials = total.sizes["trial"]
    for k in range(trials):
        file.add_acquisition(
            pynwb.ecephys.ElectricalSeries(
                name=name if trials == 1 else f"{name} {k}",
                data=total.isel(trial=k).transpose("time", "electrode").values,
                electrodes=region,
                conversion=_SI["uV"][1],
                starting_time=k * _period(result) / 1000,
                rate=_rate(potentials["time"].values),
            )
        )
