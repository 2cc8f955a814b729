"""Current source density: where currents leave cells and enter them, from potentials."""

from __future__ import annotations

import contextlib
import importlib
import io
from collections.abc import Sequence
from typing import Literal

import numpy as np
import xarray as xr

from apical.analysis.waveforms import DataError
from apical.units import parse_quantity, parse_unit

#: What each unit of the result is of µV/µm² (times S/m, where that is asked for).
_FACTORS = {"uA/mm3": 1e3, "mV/mm2": 1e3}
#: What the kernel method needs, which comes with an extra.
_ELEPHANT = ("neo", "quantities", "elephant.current_source_density")
#: Electrodes that each way of treating the ends needs at least.
_EDGES = {"vaknin": 2, "linear": 4, "drop": 3}


def csd(
    lfp: xr.DataArray,
    *,
    units: Literal["uA/mm3", "mV/mm2"] = "uA/mm3",
    conductivity: float | str | None = None,
    edges: Literal["vaknin", "linear", "drop"] = "vaknin",
) -> xr.DataArray:
    """Return the current source density along a straight, evenly spaced row of electrodes.

    It is the negative second difference of the potentials over the squared spacing, times the
    conductivity (Nicholson and Freeman 1975, doi:10.1152/jn.1975.38.2.356). Sources are positive,
    sinks negative. Potentials are taken to vary along the row only, as they do in a wide layer.

    Parameters
    ----------
    lfp : DataArray with dim ``electrode``
        Potentials with attribute ``units``, and coordinates ``x``, ``y``, ``z`` (µm), or some of
        these; such as ``result.lfp["shank"]``, which gives a density for each population. Their
        sum over populations is that of the whole.
    units : {'uA/mm3', 'mV/mm2'}
        A density of current, or the bare second difference, without conductivity.
    conductivity : float, S/m, optional
        Of the medium; by default what the attribute ``conductivity`` says.
    edges : {'vaknin', 'linear', 'drop'}
        What holds at the two ends: the potential goes on as it is there (Vaknin et al. 1988,
        doi:10.1016/0165-0270(88)90056-8); the density goes on along a straight line, as in
        hnn-core; or they are left out.

    Returns
    -------
    DataArray
        Dims as those of `lfp`.

    Raises
    ------
    DataError
        If the electrodes are too few or not evenly spaced on a line, or something is missing.
    """
    if units not in _FACTORS:
        raise DataError(f"units must be {' or '.join(_FACTORS)}; got {units!r}")
    if edges not in _EDGES:
        raise DataError(f"edges must be one of {', '.join(_EDGES)}; got {edges!r}")
    spacing = _spacing(lfp, _EDGES[edges])
    sigma = 1.0 if units == "mV/mm2" else _conductivity(lfp, conductivity)
    axis = lfp.get_axis_num("electrode")
    values = np.moveaxis(lfp.values * _microvolts(lfp), axis, 0)
    if edges == "vaknin":
        values = np.concatenate([values[:1], values, values[-1:]])
    density = -_FACTORS[units] * sigma * np.diff(values, 2, axis=0) / spacing**2
    if edges == "linear":
        below, above = 2 * density[:1] - density[1:2], 2 * density[-1:] - density[-2:-1]
        density = np.concatenate([below, density, above])
    like = lfp.isel(electrode=slice(1, -1)) if edges == "drop" else lfp
    found = like.copy(data=np.moveaxis(density, 0, axis)).drop_vars("rest", errors="ignore")
    return found.rename("csd").assign_attrs(units=units, long_name="current source density")


def kernel_csd(
    lfp: xr.DataArray,
    *,
    conductivity: float | str | None = None,
    radius: float | str = 500.0,
    spacing: float | str = 25.0,
    widths: Sequence[float] = (50.0, 100.0, 200.0, 400.0),
) -> xr.DataArray:
    """Return the current source density by the kernel method, along a straight row of electrodes.

    Potworowski et al. (2012, doi:10.1162/NECO_a_00236), as Elephant has it (``pip install
    'apical[csd]'``). Unlike :func:`csd` it takes sources to fill a cylinder around the row, fits
    between and does without even spacing. How smooth it is, cross-validation decides.

    Parameters
    ----------
    lfp : DataArray with dims ``electrode`` and ``time``
        As :func:`csd` takes it.
    conductivity : float, S/m, optional
        Of the medium; by default what the attribute ``conductivity`` says.
    radius : float, µm
        Of the cylinder.
    spacing : float, µm
        About how far apart the places of the estimate are.
    widths : sequence of float, µm
        Widths of sources that cross-validation tries.

    Returns
    -------
    DataArray, µA/mm³
        Dims as those of `lfp`, with ``depth`` (µm along the row, from its first electrode) in
        place of ``electrode``.

    Raises
    ------
    DataError
        If Elephant is not installed, the electrodes do not lie on a line, or something is missing.
    """
    along = _along(lfp, 3)
    sigma = _conductivity(lfp, conductivity)
    asked = {"radius": radius, "spacing": spacing}
    lengths = {name: _length(name, value) for name, value in asked.items()}
    rows = lfp.transpose("electrode", ...)
    values = rows.values.reshape(rows.sizes["electrode"], -1) * _microvolts(lfp)
    # one fit for all trials and populations, which have one forward model
    found, depth = _elephant(values, along, sigma, list(widths), **lengths)
    dims = ("depth", *rows.dims[1:])
    kept = {name: c for name, c in rows.coords.items() if "electrode" not in c.dims}
    density = xr.DataArray(
        found.reshape(len(depth), *rows.shape[1:]), dims=dims, name="csd",
        coords={**kept, "depth": ("depth", depth, {"units": "um"})},
        attrs={**lfp.attrs, "units": "uA/mm3", "long_name": "current source density"},
    )  # fmt: skip
    return density.transpose(*("depth" if d == "electrode" else d for d in lfp.dims))


def _elephant(
    values: np.ndarray, along: np.ndarray, sigma: float, widths: list[float], *,
    radius: float, spacing: float,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Return densities (places, samples), µA/mm³, and places, µm, of potentials in µV."""
    try:
        neo, pq, elephant = (importlib.import_module(name) for name in _ELEPHANT)
    except ImportError:
        raise DataError(
            "the kernel method needs Elephant: pip install 'apical[csd]'; csd needs nothing"
        ) from None
    signal = neo.AnalogSignal(values.T * pq.uV, sampling_rate=1 * pq.kHz)
    # Elephant tells what it does; its lengths are in mm
    with contextlib.redirect_stdout(io.StringIO()):
        estimate = elephant.estimate_csd(
            signal, coordinates=along[:, None] * pq.um, method="KCSD1D", process_estimate=True,
            sigma=sigma, h=radius / 1000, gdx=spacing / 1000, Rs=np.array(widths) / 1000,
        )  # fmt: skip
    return np.asarray(estimate).T, 1000 * np.ravel(estimate.annotations["x_coords"])


def _spacing(lfp: xr.DataArray, least: int) -> float:
    """Return the distance between neighbours, µm."""
    steps = np.diff(_along(lfp, least))
    # positions that were typed in are rounded
    if np.abs(steps - steps[0]).max() > 1e-3 * steps[0]:
        raise DataError("electrodes must be evenly spaced on a straight line, in their order")
    return float(steps[0])


def _along(lfp: xr.DataArray, least: int) -> np.ndarray:
    """Return how far electrodes are from the first along their line, (electrodes,), µm."""
    axes = [axis for axis in "xyz" if axis in lfp.coords and lfp[axis].dims == ("electrode",)]
    if not axes:
        raise DataError("potentials need a dimension 'electrode' with coordinates x, y, z in um")
    if lfp.sizes["electrode"] < least:
        raise DataError(f"needs at least {least} electrodes; got {lfp.sizes['electrode']}")
    points = np.stack([lfp[axis].values for axis in axes], axis=1).astype(float)
    points -= points[0]
    direction = points[-1] / (np.linalg.norm(points[-1]) or 1.0)
    along = points @ direction
    beside = np.abs(points - along[:, None] * direction).max()
    if not np.diff(along).min() > 0 or beside > 1e-3 * np.diff(along).min():
        raise DataError("electrodes must lie on a straight line, one after the other")
    return along


def _length(name: str, value: float | str) -> float:
    """Return a length, µm."""
    try:
        length = parse_quantity(value, "um")
    except (ValueError, TypeError) as error:
        raise DataError(f"the {name} {error}") from None
    if not (np.isfinite(length) and length > 0):
        raise DataError(f"the {name} must be > 0 um; got {value}")
    return length


def _conductivity(lfp: xr.DataArray, given: float | str | None) -> float:
    """Return the conductivity, S/m."""
    value = lfp.attrs.get("conductivity") if given is None else given
    if value is None:
        raise DataError(
            "the conductivity is not known: give it, such as 0.3 (S/m), or ask for "
            "units='mV/mm2', which needs none"
        )
    try:
        sigma = parse_quantity(value, "S/m")
    except (ValueError, TypeError) as error:
        raise DataError(f"the conductivity {error}") from None
    if not (np.isfinite(sigma) and sigma > 0):
        raise DataError(f"the conductivity must be > 0 S/m; got {value}")
    return sigma


def _microvolts(lfp: xr.DataArray) -> float:
    """Return the number that turns the potentials into µV."""
    try:
        return parse_unit(lfp.attrs["units"]).factor_to(parse_unit("uV"))
    except (KeyError, ValueError):
        found = lfp.attrs.get("units", "none")
        raise DataError(
            f"potentials need an attribute 'units', such as 'uV'; got {found} (sum and mean drop "
            "it unless keep_attrs=True)"
        ) from None
