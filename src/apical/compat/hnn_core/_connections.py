"""Where cells are, which of them a connection joins, and finding connections again."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from apical.compat.hnn_core.check import _check_gids, _string_input_to_list
from apical.compat.hnn_core.externals.mne import _check_option, _validate_type
from apical.compat.hnn_core.utils import _replace_dict_identifier

if TYPE_CHECKING:
    from apical.compat.hnn_core.network import Network


def _create_cell_coords(
    n_pyr_x: int, n_pyr_y: int, z_coord: float, inplane_distance: float
) -> dict[str, Any]:
    """Return the positions of each layer's cells and the origin, µm."""
    xs = [i * inplane_distance for i in range(n_pyr_x)]
    ys = [j * inplane_distance for j in range(n_pyr_y)]
    grid = list(itertools.product(xs, ys))
    third = [(xs[i], ys[j]) for j in range(n_pyr_y) for i in range(j % 2, n_pyr_x, 3)]
    return {
        "L5_bottom": [(x, y, 0) for x, y in grid],
        "L2_bottom": [(x, y, z_coord) for x, y in grid],
        "L5_mid": [(x, y, 0.2 * z_coord) for x, y in third],
        "L2_mid": [(x, y, 0.8 * z_coord) for x, y in third],
        "origin": (xs[(n_pyr_x - 1) // 2], ys[(n_pyr_y - 1) // 2], float(np.floor(z_coord / 2))),
    }


def _connection_probability(
    conn: dict[str, Any], probability: float, conn_seed: int | None = None
) -> None:
    """Keep a share of a connection's pairs, drawn at random; the connection is changed."""
    _validate_type(probability, float, "probability")
    if not 0 < probability < 1:
        raise ValueError(f"probability must lie between 0 and 1; got {probability}")
    pairs = [(source, gid) for source, gids in conn["gid_pairs"].items() for gid in gids]
    n = int(np.round(len(pairs) * probability))
    drawn = np.random.default_rng(conn_seed).choice(len(pairs), n, replace=False)
    kept: dict[int, list[int]] = {}
    for k in np.sort(drawn):
        kept.setdefault(pairs[k][0], []).append(pairs[k][1])
    conn["gid_pairs"] = kept


def pick_connection(
    net: Network,
    src_gids: Any = None,
    target_gids: Any = None,
    loc: str | list[str] | None = None,
    receptor: str | list[str] | None = None,
) -> list[int]:
    """Return the indices of connections with given sources, targets, place and receptor.

    Parameters
    ----------
    net : Network
        The network.
    src_gids, target_gids : str, int, range or list, optional
        Cells or cell types, sources also drives; connections with any of them are found.
    loc, receptor : str or list of str, optional
        Where and through what; connections with any of them are found.

    Returns
    -------
    list of int
        Positions in ``net.connectivity`` where all that is given holds.
    """
    known = list(net.gid_ranges), list(net.cell_types)
    sources = _check_gids(src_gids, net.gid_ranges, known[0], "src_gids", same_type=False)
    targets = _check_gids(target_gids, net.gid_ranges, known[1], "target_gids", same_type=False)
    for name, value in (("loc", loc), ("receptor", receptor)):
        _validate_type(value, (str, list, None), name, "a name or several")
    places = _string_input_to_list(loc, ["proximal", "distal", "soma"], "loc")
    receptors = _string_input_to_list(receptor, ["ampa", "nmda", "gabaa", "gabab"], "receptor")
    wanted = {"src_gids": sources, "target_gids": targets, "loc": places, "receptor": receptors}
    criteria = {key: set(values) for key, values in wanted.items() if len(values)}
    if not criteria:
        return []
    return [
        index
        for index, conn in enumerate(net.connectivity)
        if all(
            values & conn[key] if isinstance(conn[key], set) else conn[key] in values
            for key, values in criteria.items()
        )
    ]


def _get_cell_index_by_synapse_type(net: Network) -> tuple[list[int], list[int]]:
    """Return the excitatory and the inhibitory cells; drives are neither."""
    kinds = {"excitatory": [], "inhibitory": []}
    for name, data in net.cell_types.items():
        kinds.get(data["cell_metadata"].get("electro_type"), []).extend(net.gid_ranges[name])
    return kinds["excitatory"], kinds["inhibitory"]


class _Connectivity(dict):
    """Everything about a connection, by name."""

    def __repr__(self) -> str:
        wiring = self["nc_dict"]
        return (
            f"{self['src_type']} -> {self['target_type']}\n"
            f"cell counts: {self['num_srcs']} srcs, {self['num_targets']} targets\n"
            f"connection probability: {self['probability']} \n"
            f"loc: '{self['loc']}'; receptor: '{self['receptor']}'\n"
            f"weight: {wiring['A_weight']}; delay: {wiring['A_delay']}; "
            f"lamtha: {wiring['lamtha']}; threshold: {wiring['threshold']}; "
            f"gain: {wiring['gain']}\n "
        )


def targets_of(net: Network, sources: Sequence[int], target_gids: Any) -> list[list[int]]:
    """Return the targets of each source."""
    if isinstance(target_gids, str):
        target_gids = _check_gids(target_gids, net.gid_ranges, list(net.cell_types), "target_gids")
    if isinstance(target_gids, int):
        target_gids = [target_gids]
    if isinstance(target_gids, range) or all(isinstance(t, int) for t in target_gids):
        return [list(target_gids) for _ in sources]
    for gids in target_gids:
        _validate_type(gids, (list, range), "target_gids[idx]", "list or range")
    if len(target_gids) != len(sources):
        raise AssertionError(
            f"target_gids: expected {len(sources)} lists, one per source; got {len(target_gids)}"
        )
    return [list(gids) for gids in target_gids]


def kind_of(net: Network, targets: Iterable[Sequence[int]]) -> str:
    """Return the cell type of all targets."""
    kinds = set()
    for gid in {gid for gids in targets for gid in gids}:
        _validate_type(gid, int, "target_gid", "int")
        kinds.add(net.gid_to_type(gid))
        if None in kinds:
            raise AssertionError(f"target_gids: no cell has index {gid}")
    if len(kinds) != 1:
        named = ", ".join(sorted(map(str, kinds))) or "none"
        raise AssertionError(f"target_gids: expected one cell type; got {named}")
    return kinds.pop()


def check_synapse(net: Network, kind: str, loc: str, receptor: str) -> None:
    """Raise ValueError if cells have no such receptor there."""
    _validate_type(loc, str, "loc")
    _validate_type(receptor, str, "receptor")
    cell = net.cell_types[kind]["cell_object"]
    extra = f"a group or section of {kind}"
    _check_option("loc", loc, [*cell.sect_loc, *cell.sections], extra)
    for section in cell.sect_loc.get(loc, [loc]):
        extra = f"a receptor in {section} of {kind}"
        _check_option("receptor", receptor, cell.sections[section].syns, extra)


def _picks_by_effect(net: Network) -> dict[str, list[int]]:
    """Return connections from excitatory (e) or inhibitory (i) cells to either."""
    cells = dict(zip("ei", _get_cell_index_by_synapse_type(net), strict=True))
    return {
        f"{source}_{target}": pick_connection(net, cells[source], cells[target])
        if cells[source] and cells[target]
        else []
        for source, target in itertools.product("ei", "ei")
    }


def _check_global_synaptic_gains_uniformity(net: Network) -> bool:
    """Whether connections of each kind have one gain; print a line if not."""
    for picks in _picks_by_effect(net).values():
        gains = [net.connectivity[index]["nc_dict"]["gain"] for index in picks]
        if not np.allclose(gains, gains[:1]):
            print(
                "WARNING: connections of one kind differ in gain; told is the gain of the first "
                "of each kind."
            )
            return False
    return True


def rename_cell_types(net: Network, name_mapping: Mapping[str, str]) -> None:
    """Rename cell types wherever a network has their names; it is changed."""
    _validate_type(name_mapping, dict, "name_mapping")
    for old, new in name_mapping.items():
        if old not in net.cell_types:
            raise ValueError(f"there is no cell type '{old}'; known: {', '.join(net.cell_types)}")
        if new in net.cell_types:
            raise ValueError(f"cannot rename '{old}': '{new}' is a cell type, too")
        for name in ("gid_ranges", "pos_dict", "cell_types"):
            held = getattr(net, name)
            setattr(net, name, {new if k == old else k: v for k, v in held.items()})
        for name in ("external_drives", "external_biases"):
            setattr(net, name, _replace_dict_identifier(getattr(net, name), old, new))
        for conn in net.connectivity:
            for key in ("src_type", "target_type"):
                conn[key] = new if conn[key] == old else conn[key]
