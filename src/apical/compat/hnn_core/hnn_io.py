"""Networks as plain values and as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np

from apical.compat.hnn_core._connections import (
    _check_global_synaptic_gains_uniformity,
    _Connectivity,
)
from apical.compat.hnn_core._trace import Trace
from apical.compat.hnn_core.cell import Cell, Node, Section
from apical.compat.hnn_core.drives import _NetworkDrive
from apical.compat.hnn_core.network import Network
from apical.compat.hnn_core.network_models import metadata_of


def network_to_dict(net: Network, write_output: bool = False) -> dict[str, Any]:
    """Return a network as plain values.

    Parameters
    ----------
    net : Network
        The network.
    write_output : bool
        Whether events, spikes and recordings are told, too.
    """
    return {
        "object_type": "Network",
        "legacy_mode": net._legacy_mode,
        "N_pyr_x": net._N_pyr_x,
        "N_pyr_y": net._N_pyr_y,
        "inplane_distance": net._inplane_distance,
        "layer_separation": net._layer_separation,
        "celsius": net._params["celsius"],
        "cell_types": {
            name: {
                "cell_object": template["cell_object"].to_dict(),
                "cell_metadata": template["cell_metadata"],
            }
            for name, template in net.cell_types.items()
        },
        "gid_ranges": {
            name: {"start": gids.start, "stop": gids.stop} for name, gids in net.gid_ranges.items()
        },
        "pos_dict": dict(net.pos_dict),
        "cell_response": _cell_response_to_dict(net, write_output),
        "external_drives": {
            name: _external_drive_to_dict(drive, write_output)
            for name, drive in net.external_drives.items()
        },
        "external_biases": net.external_biases,
        "connectivity": [_conn_to_dict(conn) for conn in net.connectivity],
        "rec_arrays": {
            name: _rec_array_to_dict(array, write_output) for name, array in net.rec_arrays.items()
        },
        "threshold": net.threshold,
        "delay": net.delay,
    }


def _cell_response_to_dict(net: Network, write_output: bool) -> dict[str, Any]:
    return net.cell_response.to_dict() if net.cell_response and write_output else {}


def _external_drive_to_dict(drive: Mapping[str, Any], write_output: bool) -> dict[str, Any]:
    plain = {key: list(v) if isinstance(v, set) else v for key, v in drive.items()}
    return plain if write_output else {**plain, "events": []}


def _rec_array_to_dict(value: Any, write_output: bool) -> dict[str, Any]:
    empty = {} if write_output else {"times": np.array([]), "voltages": np.array([])}
    return value.to_dict() | empty


def _conn_to_dict(conn: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **conn,
        "target_gids": list(conn["target_gids"]),
        "src_gids": list(conn["src_gids"]),
        "gid_pairs": {str(source): targets for source, targets in conn["gid_pairs"].items()},
        "allow_autapses": int(conn["allow_autapses"]),
    }


def _plain(value: Any) -> Any:
    """Return a number or list for those of NumPy."""
    if isinstance(value, (np.ndarray, np.generic, Trace)):
        return value.tolist()
    raise TypeError(f"a {type(value).__name__} cannot be written as JSON")


def write_network_configuration(net: Network, output: Any, overwrite: bool = True) -> None:
    """Write a network as JSON.

    Parameters
    ----------
    net : Network
        The network.
    output : path or open text file
        Where to.
    overwrite : bool
        Whether the file may replace another.
    """
    text = json.dumps(net.to_dict(), ensure_ascii=False, indent=4, default=_plain)
    if not isinstance(output, (str, Path)):
        output.write(text)
        output.seek(0)
        return
    if not overwrite and Path(output).exists():
        raise FileExistsError(f"'{output}' exists; overwrite=True replaces it")
    Path(output).write_text(text, encoding="utf-8")


def read_network_configuration(
    fname: str | Path, read_drives: bool = True, read_external_biases: bool = True
) -> Network:
    """Read a network from JSON.

    Parameters
    ----------
    fname : path
        The file.
    read_drives, read_external_biases : bool
        Whether drives and biases are read.
    """
    data = json.loads(Path(fname).read_text(encoding="utf-8"))
    if data.get("object_type") != "Network":
        raise ValueError(f"'{fname}': expected a Network; got {data.get('object_type')}")
    net = dict_to_network(data, read_drives, read_external_biases)
    _check_global_synaptic_gains_uniformity(net)
    return net


def dict_to_network(
    net_data: Mapping[str, Any], read_drives: bool = True, read_external_biases: bool = True
) -> Network:
    """Return the network that plain values describe; see `network_to_dict`."""
    # what `network_to_dict` gave are still parts of that network
    net_data = deepcopy(dict(net_data))
    positions = {
        name: tuple(points) if name == "origin" else [tuple(point) for point in points]
        for name, points in net_data["pos_dict"].items()
    }
    types = {name: _read_cell_type(name, data) for name, data in net_data["cell_types"].items()}
    net = Network(
        {name: net_data[name] for name in ("celsius", "threshold")},
        mesh_shape=(net_data["N_pyr_x"], net_data["N_pyr_y"]),
        pos_dict=positions,
        cell_types=types,
    )
    net._legacy_mode = net_data["legacy_mode"]
    net._inplane_distance = net_data.get("inplane_distance", net._inplane_distance)
    net._layer_separation = net_data.get("layer_separation", net._layer_separation)
    net.threshold, net.delay = net_data["threshold"], net_data["delay"]
    for name, gids in net_data["gid_ranges"].items():
        net.gid_ranges[name] = range(gids["start"], gids["stop"])
    net._n_gids = max((gids.stop for gids in net.gid_ranges.values()), default=0)
    drives = net_data["external_drives"]
    for name in sorted(drives, key=lambda name: net.gid_ranges[name].start):
        net.external_drives[name] = _NetworkDrive(drives[name], events=[])
    if read_external_biases:
        net.external_biases = net_data["external_biases"]
    net.connectivity = [_read_conn(conn) for conn in net_data["connectivity"]]
    for name, array in net_data["rec_arrays"].items():
        net.add_electrode_array(
            name, [tuple(point) for point in array["positions"]],
            conductivity=array["conductivity"], method=array["method"],
            min_distance=array["min_distance"],
        )  # fmt: skip
        net.rec_arrays[name]._reset()
    if not read_drives:
        net.clear_drives()
    return net


def _read_cell_type(name: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a cell type; older files have no metadata."""
    cell = data.get("cell_object", data)
    sections = {}
    for part, values in cell["sections"].items():
        section = Section(
            L=values["L"], diam=values["diam"], Ra=values["Ra"], cm=values["cm"],
            v0=values.get("v0", -65), end_pts=values["end_pts"],
        )  # fmt: skip
        section.syns, section.mechs = list(values["syns"]), values["mechs"]
        section.nseg = values.get("nseg", section.nseg)
        sections[part] = section
    tree = cell["cell_tree"]
    if tree is not None:
        tree = {_str_to_node(node): [_str_to_node(c) for c in tree[node]] for node in tree}
    template = Cell(
        cell["name"], tuple(cell["pos"]), sections, cell["synapses"], cell["sect_loc"], tree,
        cell["gid"],
    )  # fmt: skip
    metadata = data.get("cell_metadata") or metadata_of(name)
    return {"cell_object": template, "cell_metadata": metadata}


def _str_to_node(node_string: str) -> Node:
    name, end = node_string.split(",")
    return name, int(end)


def _read_conn(data: Mapping[str, Any]) -> _Connectivity:
    """Return a connection with the pairs that the file has: what was drawn is not drawn again."""
    wiring = {"threshold": 0.0, "gain": 1.0, **data["nc_dict"]}
    return _Connectivity(
        data,
        target_gids=set(data["target_gids"]),
        src_gids=set(data["src_gids"]),
        gid_pairs={int(source): list(targets) for source, targets in data["gid_pairs"].items()},
        nc_dict=wiring,
        allow_autapses=bool(data["allow_autapses"]),
    )
