"""The published columns as networks."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from apical import models
from apical.compat.hnn_core.cells_default import basket, pyramidal, pyramidal_ca
from apical.compat.hnn_core.externals.mne import _validate_type
from apical.compat.hnn_core.network import Network, _create_cell_coords
from apical.compat.hnn_core.params import _short_name, read_params
from apical.model import EvokedDrive

_DEFAULT = Path(__file__).parent / "param" / "default.json"
#: Connections of the column in their order: source, target, places, receptors, space constant.
_COLUMN: tuple[tuple[str, str, tuple[str, ...], tuple[str, ...], float], ...] = (
    ("L2_pyramidal", "L2_pyramidal", ("proximal",), ("nmda", "ampa"), 3.0),
    ("L5_pyramidal", "L5_pyramidal", ("proximal",), ("nmda", "ampa"), 3.0),
    ("L2_basket", "L2_pyramidal", ("soma",), ("gabaa", "gabab"), 50.0),
    ("L5_basket", "L5_pyramidal", ("soma",), ("gabaa", "gabab"), 70.0),
    ("L2_pyramidal", "L5_pyramidal", ("proximal", "distal"), ("ampa",), 3.0),
    ("L2_basket", "L5_pyramidal", ("distal",), ("gabaa",), 50.0),
    ("L2_pyramidal", "L2_basket", ("soma",), ("ampa",), 3.0),
    ("L2_basket", "L2_basket", ("soma",), ("gabaa",), 20.0),
    ("L5_basket", "L5_basket", ("soma",), ("gabaa",), 20.0),
    ("L5_pyramidal", "L5_basket", ("soma",), ("ampa",), 3.0),
    ("L2_pyramidal", "L5_basket", ("soma",), ("ampa",), 3.0),
)
#: Where cells of a type reach each other but not themselves.
_NO_AUTAPSES = ("L2_pyramidal", "L5_pyramidal", "L5_basket")


def metadata_of(name: str) -> dict[str, Any]:
    """Return what a cell type of the column is, by its name, such as ``L2_basket``."""
    kind = name[3:]
    return {
        "morpho_type": kind,
        "electro_type": "inhibitory" if kind == "basket" else "excitatory",
        "layer": name[1],
        "measure_dipole": kind == "pyramidal",
        "reference": "https://doi.org/10.7554/eLife.51214",
    }


def default_cell_types() -> dict[str, dict[str, Any]]:
    """Return the cell types of the default column, each with its metadata."""
    return {
        name: {
            "cell_object": basket(name) if name.endswith("basket") else pyramidal(name),
            "cell_metadata": metadata_of(name),
        }
        for name in ("L2_basket", "L2_pyramidal", "L5_basket", "L5_pyramidal")
    }


def neymotin_2020_model(
    params: Any = None,
    add_drives_from_params: bool = False,
    legacy_mode: bool = False,
    mesh_shape: tuple[int, int] = (10, 10),
) -> Network:
    """Return the column of Jones et al. (2009) in the form of Neymotin et al. (2020).

    Parameters
    ----------
    params : Params or str, optional
        Parameters, or a file of them; by default those that come with the package.
    add_drives_from_params : bool
        Whether the drives that they describe are added.
    legacy_mode : bool
        Whether drive cells are numbered as in files of the old program.
    mesh_shape : tuple of 2 int
        Pyramidal cells of each layer along x and y.

    References
    ----------
    doi:10.1152/jn.00535.2009, doi:10.7554/eLife.51214
    """
    if params is None or isinstance(params, str):
        params = read_params(params or _DEFAULT)
    layers = _create_cell_coords(*mesh_shape, z_coord=1307.4, inplane_distance=1.0)
    positions = {
        "L5_pyramidal": layers["L5_bottom"], "L2_pyramidal": layers["L2_bottom"],
        "L5_basket": layers["L5_mid"], "L2_basket": layers["L2_mid"], "origin": layers["origin"],
    }  # fmt: skip
    net = Network(
        params, add_drives_from_params, legacy_mode, mesh_shape, positions, default_cell_types()
    )
    for source, target, places, receptors, lamtha in _COLUMN:
        name = f"gbar_{_short_name(source)}_{_short_name(target)}"
        for place in places:
            for receptor in receptors:
                # where there is only one receptor, its name is not in the file
                weight = net._params[name if len(receptors) == 1 else f"{name}_{receptor}"]
                net.add_connection(
                    source, target, place, receptor, weight, net.delay, lamtha,
                    allow_autapses=source != target or source not in _NO_AUTAPSES,
                )  # fmt: skip
    return net


def jones_2009_model(
    params: Any = None,
    add_drives_from_params: bool = False,
    legacy_mode: bool = False,
    mesh_shape: tuple[int, int] = (10, 10),
) -> Network:
    """Return `neymotin_2020_model` under its old name."""
    warnings.warn(
        "jones_2009_model will go: use neymotin_2020_model",
        DeprecationWarning,
        stacklevel=2,
    )
    return neymotin_2020_model(params, add_drives_from_params, legacy_mode, mesh_shape)


def law_2021_model(
    params: Any = None,
    add_drives_from_params: bool = False,
    legacy_mode: bool = False,
    mesh_shape: tuple[int, int] = (10, 10),
) -> Network:
    """Return the column of Law et al. (2021): slow GABA-B, and other inhibition of layer 5.

    References
    ----------
    doi:10.1093/cercor/bhab221
    """
    net = neymotin_2020_model(params, add_drives_from_params, legacy_mode, mesh_shape)
    for name in ("L2_pyramidal", "L5_pyramidal"):
        net.cell_types[name]["cell_object"].synapses["gabab"].update(tau1=45.0, tau2=200.0)
    for index, weight in ((2, 0.0004), (6, 0.02), (7, 0.005)):
        net.connectivity[index]["nc_dict"]["A_weight"] = weight
    sections = net.cell_types["L5_pyramidal"]["cell_object"].sections
    for name in ("soma", "basal_1", "basal_2", "basal_3"):
        del sections[name].mechs["ca"]
    del net.connectivity[10]
    weight = net._params["gbar_L5Basket_L5Pyr_gabaa"]
    net.add_connection("L2_basket", "L5_pyramidal", "distal", "gabab", 0.0002, net.delay, 50.0)
    net.add_connection("L5_basket", "L5_pyramidal", "distal", "gabaa", weight, net.delay, 70.0)
    return net


def calcium_model(
    params: Any = None,
    add_drives_from_params: bool = False,
    legacy_mode: bool = False,
    mesh_shape: tuple[int, int] = (10, 10),
) -> Network:
    """Return the column of Kohl et al. (2022): other calcium channels in layer 5.

    References
    ----------
    doi:10.1007/s10548-021-00838-0
    """
    net = neymotin_2020_model(params, add_drives_from_params, legacy_mode, mesh_shape)
    template = net.cell_types["L5_pyramidal"]
    template["cell_object"] = pyramidal_ca("L5_pyramidal", template["cell_object"].pos)
    return net


def add_erp_drives_to_jones_model(net: Network, tstart: float = 0.0) -> None:
    """Add the drives of a tactile evoked response at threshold, later by `tstart` (ms)."""
    _validate_type(net, Network, "net", "Network")
    _validate_type(tstart, (float, int), "tstart", "float or int")
    drives = models.erp(grid=(1, 1)).drives
    for name, seed in (("evdist1", 274), ("evprox1", 544), ("evprox2", 814)):
        drive = drives[name]
        assert isinstance(drive, EvokedDrive)
        weights = {
            receptor: {n: t.weights[receptor] for n, t in drive.targets.items()
                       if receptor in t.weights}
            for receptor in ("ampa", "nmda")
        }  # fmt: skip
        net.add_evoked_drive(
            name, mu=drive.mu + tstart, sigma=drive.sigma, numspikes=drive.n_spikes,
            location=drive.location, weights_ampa=weights["ampa"],
            weights_nmda=weights["nmda"] or None, event_seed=seed,
            synaptic_delays={n: t.delay for n, t in drive.targets.items()},
        )  # fmt: skip
