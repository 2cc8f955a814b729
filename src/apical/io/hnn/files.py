"""Networks in files of hnn-core: hierarchical JSON, and parameter sets."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apical.errors import FileFormatError, ModelError, Problem
from apical.io.hnn.export import configuration_from_network
from apical.io.hnn.network import network_from_configuration
from apical.io.hnn.parameters import network_from_parameters, parameters_in, read_parameters
from apical.io.hnn.text import read_text, write_text
from apical.model.jsonio import read_json

if TYPE_CHECKING:
    from apical.model import Network


def read_configuration(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read hierarchical JSON of hnn-core as it is.

    Parameters
    ----------
    path : path
        A file that ``Network.write_configuration`` of hnn-core, or apical, wrote.

    Returns
    -------
    dict
        What the file holds.

    Raises
    ------
    FileFormatError
        If it is no such file.
    StorageError
        If it cannot be read.
    """
    path = Path(path)
    data = _json(path)
    if not is_configuration(data):
        kind = data.get("object_type") if isinstance(data, dict) else None
        got = f"; its object_type is '{kind}'" if kind is not None else ""
        raise FileFormatError(f"{path.name}: not a network of hnn-core{got}")
    return data


def is_configuration(data: Any) -> bool:
    """Whether data read from JSON are a network of hnn-core, right or wrong."""
    return isinstance(data, dict) and data.get("object_type") == "Network"


def is_of_hnn(data: Any) -> bool:
    """Whether data read from JSON are a network or parameter set of hnn-core, right or wrong."""
    if not isinstance(data, dict) or "format" in data:
        return False
    return "object_type" in data or any(key.startswith(("gbar_", "N_pyr_")) for key in data)


def _json(path: Path) -> Any:
    try:
        return read_json(read_text(path))
    except FileFormatError as error:
        named = str(error).startswith(path.name)
        raise FileFormatError(str(error) if named else f"{path.name}: {error}") from error


def write_configuration(
    path: str | os.PathLike[str], configuration: Mapping[str, Any], overwrite: bool = False
) -> None:
    """Write hierarchical JSON that hnn-core reads; floats keep every bit.

    Parameters
    ----------
    path : path
        File to write; it appears whole or not at all.
    configuration : mapping
        Plain data, as :func:`read_configuration` returns them.
    overwrite : bool
        Whether to replace a file of that name.

    Raises
    ------
    StorageError
        If the file cannot be written, or exists and `overwrite` is false.
    """
    text = json.dumps(configuration, indent=1, ensure_ascii=False, allow_nan=False)
    write_text(path, text + "\n", overwrite)


def read_hnn(path: str | os.PathLike[str]) -> Network:
    """Read a network from a file of HNN or hnn-core.

    Parameters
    ----------
    path : path
        Hierarchical JSON, flat JSON or a ``.param`` file.

    Returns
    -------
    Network
        Connections that hnn-core thinned are as it left them. Its seeds, which mean nothing
        here, are not kept; drives draw their events as apical does.

    Raises
    ------
    FileFormatError
        If it is no such file.
    ModelError
        With everything wrong with its content, each with its address in the file.
    StorageError
        If it cannot be read.
    """
    path = Path(path)
    if path.suffix.lower() == ".json":
        return network_from_data(_json(path), path.name)
    return _named(network_from_parameters(read_parameters(path)), path)


def network_from_data(data: Any, name: str) -> Network:
    """Return the network of data read from JSON of hnn-core; `name` is the file's."""
    if is_configuration(data):
        return network_from_configuration(data)
    if isinstance(data, dict) and "object_type" in data:
        kind = data["object_type"]
        raise FileFormatError(f"{name}: not a network of hnn-core; its object_type is '{kind}'")
    return _named(network_from_parameters(parameters_in(data, name)), Path(name))


def _named(network: Network, path: Path) -> Network:
    return network.with_(name=path.stem[:200], title=f"From {path.name}"[:200])


def write_hnn(path: str | os.PathLike[str], network: Network, overwrite: bool = False) -> None:
    """Write a network as hierarchical JSON of hnn-core.

    Parameters
    ----------
    path : path
        File to write, ending in ``.json``; it appears whole or not at all.
    network : Network
        The network.
    overwrite : bool
        Whether to replace a file of that name.

    Raises
    ------
    ModelError
        With everything of the network that such a file cannot hold.
    StorageError
        If the file cannot be written, or exists and `overwrite` is false.
    """
    if Path(path).suffix.lower() != ".json":
        message = f"must end with .json; got '{Path(path).name}'"
        raise ModelError([Problem("path", message)])
    write_configuration(path, configuration_from_network(network), overwrite)
