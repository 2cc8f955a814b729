"""Networks that are changed in place, as hnn-core's are."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from apical.compat.hnn_core._connections import (
    _check_global_synaptic_gains_uniformity,
    _connection_probability,
    _Connectivity,
    _create_cell_coords,
    _picks_by_effect,
    check_synapse,
    kind_of,
    rename_cell_types,
    targets_of,
)
from apical.compat.hnn_core._connections import pick_connection as pick_connection
from apical.compat.hnn_core.check import _check_gids, _gid_to_type
from apical.compat.hnn_core.drives import (
    _add_bias,
    _add_drive,
    _add_drives_from_params,
    _check_drive_parameter_values,
    _check_poisson_rates,
    _get_target_properties,
    _instantiate_events,
    _standardize_spike_data,
)
from apical.compat.hnn_core.externals.mne import _validate_type
from apical.compat.hnn_core.extracellular import ExtracellularArray


class Network:
    """Cells, connections, drives and what is recorded of them.

    Parameters
    ----------
    params : dict
        Parameters, as `read_params` returns them.
    add_drives_from_params : bool
        Whether the drives that they describe are added.
    legacy_mode : bool
        Whether drive cells are numbered as in files of the old program.
    mesh_shape : tuple of 2 int
        Pyramidal cells of each layer along x and y.
    pos_dict : dict of str to list of tuple, µm, optional
        Where the cells of each type are, and ``origin``.
    cell_types : dict of str to dict, optional
        Each with a ``cell_object`` (a `Cell`) and ``cell_metadata``.

    Attributes
    ----------
    gid_ranges : dict of str to range
        Global indices of the cells of each type, then of each drive.
    connectivity, external_drives, external_biases, rec_arrays : list or dict
        Connections of cells and of drives, input from outside, and electrodes.
    cell_response : CellResponse or None
        What the cells did when the network was last simulated.
    threshold, delay : float, mV and ms
        Of spikes, and usual delay, for new connections.
    """

    def __init__(
        self,
        params: Mapping[str, Any],
        add_drives_from_params: bool = False,
        legacy_mode: bool = False,
        mesh_shape: tuple[int, int] = (10, 10),
        pos_dict: Mapping[str, Any] | None = None,
        cell_types: Mapping[str, Any] | None = None,
    ) -> None:
        _validate_type(params, dict, "params")
        _validate_type(mesh_shape, tuple, "mesh_shape")
        for k, n in enumerate(mesh_shape):
            _validate_type(n, int, f"mesh_shape[{k}]")
        if min(mesh_shape) < 1:
            raise ValueError(f"mesh_shape must be at least 1 each way; got {mesh_shape}")
        if legacy_mode:
            warnings.warn(
                "Legacy mode numbers drive cells as the former HNN program did.",
                DeprecationWarning,
                stacklevel=2,
            )
        self._params: Any = params
        self._legacy_mode, self._verbose = legacy_mode, True
        self._tstop: Any = None
        self._dt: Any = None
        self._N_pyr_x, self._N_pyr_y = mesh_shape
        self._inplane_distance, self._layer_separation = 1.0, 1307.4
        self._n_gids = self._n_cells = 0
        self.gid_ranges: dict[str, range] = {}
        self.cell_response: Any = None
        self.external_drives: dict[str, Any] = {}
        self.external_biases: dict[str, Any] = {}
        self.connectivity: list[Any] = []
        self.threshold, self.delay = params["threshold"], 1.0
        self.rec_arrays: dict[str, ExtracellularArray] = {}
        self.pos_dict: dict[str, Any] = {}
        self.cell_types: dict[str, Any] = {}
        if pos_dict is None or cell_types is None:
            from apical.compat.hnn_core.network_models import default_cell_types

            cell_types = default_cell_types()
            self.set_cell_positions()
        else:
            _validate_type(pos_dict, dict, "pos_dict")
            _validate_type(cell_types, dict, "cell_types")
            self.pos_dict = deepcopy(dict(pos_dict))
        for name, template in cell_types.items():
            if name in self.pos_dict:
                self._add_cell_type(name, self.pos_dict[name], template)
        if add_drives_from_params:
            _add_drives_from_params(self)

    def __repr__(self) -> str:
        counts = "\n".join(f"{len(self.pos_dict.get(n, []))} {n} cells" for n in self.cell_types)
        return f"<{type(self).__name__} | {counts}>"

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Network):
            return NotImplemented
        rest = list(other.connectivity)
        for conn in self.connectivity:
            if conn not in rest:
                return False
            rest.remove(conn)
        names = [name for name in vars(self) if name[0] != "_" and name != "connectivity"]
        mine = [getattr(self, name) for name in (*names, "_inplane_distance")]
        return not rest and mine == [getattr(other, n) for n in (*names, "_inplane_distance")]

    def copy(self) -> Network:
        """Return a copy without events and recordings of earlier simulations."""
        copied = deepcopy(self)
        copied._reset_drives()
        copied._reset_rec_arrays()
        return copied

    # --- cells -------------------------------------------------------------------------------

    def set_cell_positions(
        self, *, inplane_distance: float | None = None, layer_separation: float | None = None
    ) -> None:
        """Put the cells on a grid again.

        Parameters
        ----------
        inplane_distance : float, µm, optional
            Distance between neighbours.
        layer_separation : float, µm, optional
            Depth of layer 5 below layer 2/3.
        """
        distance = self._inplane_distance if inplane_distance is None else inplane_distance
        separation = self._layer_separation if layer_separation is None else layer_separation
        for name, value in (("In-plane distance", distance), ("Layer separation", separation)):
            _validate_type(value, (float, int), name)
            if not value > 0:
                raise ValueError(f"{name} must be positive, got: {value}")
        layers = _create_cell_coords(self._N_pyr_x, self._N_pyr_y, separation, distance)
        self.pos_dict |= {
            "L5_pyramidal": layers["L5_bottom"], "L2_pyramidal": layers["L2_bottom"],
            "L5_basket": layers["L5_mid"], "L2_basket": layers["L2_mid"],
            "origin": layers["origin"],
        }  # fmt: skip
        for name, drive in self.external_drives.items():
            self.pos_dict[name] = [layers["origin"]] * drive["n_drive_cells"]
        self._inplane_distance, self._layer_separation = distance, separation

    def gid_to_type(self, gid: int) -> str | None:
        """Return the cell type or drive of a global index."""
        return _gid_to_type(gid, self.gid_ranges)

    def filter_cell_types(self, **metadata_filters: Any) -> list[str]:
        """Return the cell types whose metadata have all the given values."""
        return [
            name
            for name, data in self.cell_types.items()
            if metadata_filters.items() <= data["cell_metadata"].items()
        ]

    def _add_cell_type(self, cell_name: str, pos: Sequence[Any], cell_template: Any = None) -> None:
        gids = range(self._n_gids, self._n_gids + len(pos))
        self._n_gids = gids.stop
        self.pos_dict[cell_name], self.gid_ranges[cell_name] = pos, gids
        # drives have no template, and are no cells
        if cell_template is not None:
            self._n_cells += len(gids)
            self.cell_types[cell_name] = cell_template

    def _rename_cell_types(self, name_mapping: Mapping[str, str]) -> None:
        rename_cell_types(self, name_mapping)

    # --- connections -------------------------------------------------------------------------

    def add_connection(
        self,
        src_gids: Any,
        target_gids: Any,
        loc: str,
        receptor: str,
        weight: float,
        delay: float,
        lamtha: float,
        threshold: float | None = None,
        gain: float = 1.0,
        allow_autapses: bool = True,
        probability: float = 1.0,
        conn_seed: int | None = None,
    ) -> None:
        """Connect cells.

        Parameters
        ----------
        src_gids : str, int, range or list of int
            Sources: a cell type, or cells of one type.
        target_gids : str, int, range, list of int or list of list of int
            Targets of all sources, or of each.
        loc : str
            Group or section of the targets.
        receptor : str
            Their receptor.
        weight, delay, lamtha : float, µS, ms, in-plane distances
            Weight and delay at distance zero, and how far it reaches.
        threshold : float, mV, optional
            At which sources spike.
        gain : float
            Factor on the weight.
        allow_autapses : bool
            Whether a cell may reach itself.
        probability : float
            Share of the pairs that are connected.
        conn_seed : int, optional
            Seed of the draw of pairs.
        """
        _validate_type(
            target_gids, (int, list, range, str), "target_gids", "an index, several, or a name"
        )
        _validate_type(allow_autapses, bool, "allow_autapses")
        sources = _check_gids(src_gids, self.gid_ranges, list(self.gid_ranges), "src_gids")
        targets = targets_of(self, sources, target_gids)
        kind = kind_of(self, targets)
        check_synapse(self, kind, loc, receptor)
        wiring = {
            "A_delay": delay, "A_weight": weight, "lamtha": lamtha,
            "threshold": self.threshold if threshold is None else threshold, "gain": gain,
        }  # fmt: skip
        for name, value in wiring.items():
            _validate_type(value, (int, float), name.removeprefix("A_"), "int or float")
        if gain < 0:
            raise ValueError(f"gain must be 0 or more; got {gain}")
        reached = {gid for gids in targets for gid in gids}
        pairs = {
            source: [gid for gid in gids if allow_autapses or gid != source]
            for source, gids in zip(sources, targets, strict=True)
        }
        conn = _Connectivity(
            target_type=kind, target_gids=reached, num_targets=len(reached),
            src_type=self.gid_to_type(sources[0]), src_gids=set(sources), num_srcs=len(sources),
            gid_pairs=pairs, loc=loc, receptor=receptor, nc_dict=wiring,
        )  # fmt: skip
        if probability != 1:
            _connection_probability(conn, probability, conn_seed)
        conn.update(probability=probability, allow_autapses=allow_autapses)
        self.connectivity.append(conn)

    def clear_connectivity(self) -> None:
        """Remove all connections between cells."""
        self.connectivity = [c for c in self.connectivity if c["src_type"] in self.external_drives]

    def set_global_synaptic_gains(
        self,
        e_e: float | None = None,
        e_i: float | None = None,
        i_e: float | None = None,
        i_i: float | None = None,
        copy: bool = False,
    ) -> Network | None:
        """Set the gains of connections by what their cells do.

        Parameters
        ----------
        e_e, e_i, i_e, i_i : float, optional
            Gain from excitatory or inhibitory cells to excitatory or inhibitory ones.
        copy : bool
            Whether a changed copy is returned, or the network itself is changed.
        """
        _validate_type(copy, bool, "copy")
        net = self.copy() if copy else self
        gains = {"e_e": e_e, "e_i": e_i, "i_e": i_e, "i_i": i_i}
        for name, gain in gains.items():
            if gain is None:
                continue
            _validate_type(gain, (int, float), name, "int or float")
            if gain < 0:
                raise ValueError(f"{name} must be 0 or more; got {gain}")
            for index in _picks_by_effect(net)[name]:
                net.connectivity[index]["nc_dict"]["gain"] = gain
        return net if copy else None

    def get_global_synaptic_gains(self) -> dict[str, float]:
        """Return the gain from excitatory (e) or inhibitory (i) cells to either."""
        picks = _picks_by_effect(self)
        _check_global_synaptic_gains_uniformity(self)
        return {
            name: self.connectivity[found[0]]["nc_dict"]["gain"]
            for name, found in picks.items()
            if found
        }

    # --- input -------------------------------------------------------------------------------

    def add_evoked_drive(
        self,
        name: str,
        *,
        mu: float,
        sigma: float,
        numspikes: int,
        location: str,
        n_drive_cells: int | str = "n_cells",
        cell_specific: bool = True,
        weights_ampa: dict[str, float] | None = None,
        weights_nmda: dict[str, float] | None = None,
        space_constant: float = 3.0,
        synaptic_delays: Any = 0.1,
        probability: Any = 1.0,
        event_seed: int = 2,
        conn_seed: int | None = 3,
    ) -> None:
        """Add a drive whose cells fire at normally distributed times.

        Parameters
        ----------
        name : str
            Its name.
        mu, sigma : float, ms
            Mean and standard deviation of the times.
        numspikes : int
            Events of each drive cell.
        location : str
            Group or section of the targets.
        n_drive_cells : int or 'n_cells'
            How many cells it has; 'n_cells' with `cell_specific`.
        cell_specific : bool
            Whether every target has a drive cell of its own, or all reach all.
        weights_ampa, weights_nmda : dict of str to float, µS, optional
            Weights by cell type.
        space_constant : float
            How far it reaches from the origin, in in-plane distances.
        synaptic_delays : float or dict, ms
            Delay at the origin, for all targets or for each.
        probability : float or dict
            Share of pairs that are connected, for all targets or for each.
        event_seed, conn_seed : int
            Seeds of events and of pairs.
        """
        if not self._legacy_mode:
            _check_drive_parameter_values("evoked", sigma=sigma, numspikes=numspikes)
        _add_drive(
            self, name, "gaussian" if name == "extgauss" else "evoked",
            {"mu": mu, "sigma": sigma, "numspikes": numspikes}, location=location,
            n_drive_cells=n_drive_cells, cell_specific=cell_specific, space_constant=space_constant,
            weights_ampa=weights_ampa, weights_nmda=weights_nmda,
            synaptic_delays=synaptic_delays, probability=probability, event_seed=event_seed,
            conn_seed=conn_seed,
        )  # fmt: skip

    def add_poisson_drive(
        self,
        name: str,
        *,
        tstart: float = 0,
        tstop: float | None = None,
        rate_constant: Any,
        location: str,
        n_drive_cells: int | str = "n_cells",
        cell_specific: bool = True,
        weights_ampa: dict[str, float] | None = None,
        weights_nmda: dict[str, float] | None = None,
        space_constant: float = 100.0,
        synaptic_delays: Any = 0.1,
        probability: Any = 1.0,
        event_seed: int = 2,
        conn_seed: int | None = 3,
    ) -> None:
        """Add a drive of Poisson processes; other parameters as of `add_evoked_drive`.

        Parameters
        ----------
        tstart, tstop : float, ms
            When they begin and end; by default the end of the run.
        rate_constant : float or dict, Hz
            Rate, for all targets or for each.
        """
        _check_drive_parameter_values("Poisson", tstart=tstart, tstop=tstop)
        targets, *_ = _get_target_properties(
            weights_ampa, weights_nmda, synaptic_delays, location, self.cell_types, probability
        )
        _check_poisson_rates(rate_constant, targets, self.cell_types)
        if isinstance(rate_constant, dict) and not cell_specific:
            raise ValueError(
                "rates by cell type need cell_specific=True and n_drive_cells='n_cells'; "
                f"these are {cell_specific} and {n_drive_cells!r}"
            )
        if cell_specific and not isinstance(rate_constant, dict):
            rate_constant = {name: rate_constant for name in self.cell_types if name in targets}
        dynamics = {"tstart": tstart, "tstop": tstop, "rate_constant": rate_constant}
        _add_drive(
            self, name, "poisson", dynamics, location=location,
            n_drive_cells=n_drive_cells, cell_specific=cell_specific, space_constant=space_constant,
            weights_ampa=weights_ampa, weights_nmda=weights_nmda,
            synaptic_delays=synaptic_delays, probability=probability, event_seed=event_seed,
            conn_seed=conn_seed,
        )  # fmt: skip

    def add_bursty_drive(
        self,
        name: str,
        *,
        tstart: float = 0,
        tstart_std: float = 0,
        tstop: float | None = None,
        location: str,
        burst_rate: float,
        burst_std: float = 0,
        numspikes: int = 2,
        spike_isi: float = 10,
        n_drive_cells: int | str = 1,
        cell_specific: bool = False,
        weights_ampa: dict[str, float] | None = None,
        weights_nmda: dict[str, float] | None = None,
        synaptic_delays: Any = 0.1,
        space_constant: float = 100.0,
        probability: Any = 1.0,
        event_seed: int = 2,
        conn_seed: int | None = 3,
    ) -> None:
        """Add a drive of rhythmic bursts; other parameters as of `add_evoked_drive`.

        Parameters
        ----------
        tstart, tstart_std : float, ms
            Middle of the first burst, and its standard deviation over trials.
        tstop : float, ms, optional
            End; by default that of the run.
        burst_rate : float, Hz
            Bursts per second.
        burst_std : float, ms
            Standard deviation of the middles of bursts.
        numspikes : int
            Spikes of each burst.
        spike_isi : float, ms
            From one spike of a burst to the next.
        """
        if not self._legacy_mode:
            _check_drive_parameter_values("bursty", tstart=tstart, tstop=tstop, sigma=tstart_std)
            _check_drive_parameter_values(
                "bursty", sigma=burst_std, numspikes=numspikes, spike_isi=spike_isi,
                burst_rate=burst_rate,
            )  # fmt: skip
        dynamics = {
            "tstart": tstart, "tstart_std": tstart_std, "tstop": tstop, "burst_rate": burst_rate,
            "burst_std": burst_std, "numspikes": numspikes, "spike_isi": spike_isi,
        }  # fmt: skip
        _add_drive(
            self, name, "bursty", dynamics, location=location,
            n_drive_cells=n_drive_cells, cell_specific=cell_specific, space_constant=space_constant,
            weights_ampa=weights_ampa, weights_nmda=weights_nmda,
            synaptic_delays=synaptic_delays, probability=probability, event_seed=event_seed,
            conn_seed=conn_seed,
        )  # fmt: skip

    def add_spike_train_drive(
        self,
        name: str,
        *,
        spike_data: Any,
        location: str,
        weights_ampa: dict[str, float] | None = None,
        weights_nmda: dict[str, float] | None = None,
        synaptic_delays: Any = 0.1,
        space_constant: float = 3.0,
        probability: Any = 1.0,
        conn_seed: int | None = None,
    ) -> None:
        """Add a drive whose cells fire at given times; other parameters as of `add_evoked_drive`.

        Parameters
        ----------
        spike_data : dict, list of tuple, or str
            Times (ms) by source, pairs of time and source, or files of spikes.
        """
        dynamics, n, sources = _standardize_spike_data(spike_data)
        drive = _add_drive(
            self, name, "spike_train", dynamics, location=location,
            n_drive_cells=n, cell_specific=False, space_constant=space_constant,
            weights_ampa=weights_ampa, weights_nmda=weights_nmda,
            synaptic_delays=synaptic_delays, probability=probability, event_seed=0,
            conn_seed=conn_seed,
        )  # fmt: skip
        if sources is not None:
            drive["source_to_gid_map"] = sources

    def add_tonic_bias(
        self,
        *,
        cell_type: str | None = None,
        section: str = "soma",
        bias_name: str = "tonic",
        amplitude: Any,
        t0: float = 0,
        tstop: float | None = None,
    ) -> None:
        """Inject a constant current.

        Parameters
        ----------
        cell_type : str, optional
            Deprecated: the cells, if `amplitude` is a number.
        section : str
            Where.
        bias_name : str
            Its name.
        amplitude : dict of str to float, nA
            Current by cell type.
        t0, tstop : float, ms
            When it flows; by default to the end of the run.
        """
        _add_bias(self, cell_type, section, bias_name, amplitude, t0, tstop)

    def clear_drives(self) -> None:
        """Remove all drives, with their cells and connections."""
        self.connectivity = [
            c for c in self.connectivity if c["src_type"] not in self.external_drives
        ]
        for name in self.external_drives:
            self._n_gids -= len(self.gid_ranges.pop(name))
            del self.pos_dict[name]
        self.external_drives = {}

    def _instantiate_drives(self, tstop: float, n_trials: int = 1) -> None:
        """Draw the events of all drives, trial after trial."""
        self._reset_drives()
        for trial in range(n_trials):
            for name, events in _instantiate_events(self, tstop, trial).items():
                self.external_drives[name]["events"].append(events)

    def _reset_drives(self) -> None:
        for drive in self.external_drives.values():
            drive["events"] = []

    # --- recordings, plots, files ------------------------------------------------------------

    def add_electrode_array(
        self,
        name: str,
        electrode_pos: Any,
        *,
        conductivity: float = 0.3,
        method: str | None = "psa",
        min_distance: float = 0.5,
    ) -> None:
        """Record extracellular potentials; parameters as of `ExtracellularArray`."""
        _validate_type(name, str, "name")
        if name in self.rec_arrays:
            raise ValueError(f"there is an array called '{name}' already")
        self.rec_arrays[name] = ExtracellularArray(
            electrode_pos, conductivity=conductivity, method=method, min_distance=min_distance
        )

    def _reset_rec_arrays(self) -> None:
        for array in self.rec_arrays.values():
            array._reset()

    def plot_cells(self, ax: Any = None, show: bool = True) -> Any:
        """Plot where cells are; see ``viz.plot_cells``."""
        from apical.compat.hnn_core.viz import plot_cells

        return plot_cells(net=self, ax=ax, show=show)

    def to_dict(self, write_output: bool = False) -> dict[str, Any]:
        """Return the network as plain values; see `hnn_io.network_to_dict`."""
        from apical.compat.hnn_core import hnn_io

        return hnn_io.network_to_dict(self, write_output)

    def write_configuration(self, fname: str | Path, overwrite: bool = True) -> None:
        """Write the network as JSON; see `hnn_io.write_network_configuration`."""
        from apical.compat.hnn_core import hnn_io

        hnn_io.write_network_configuration(self, fname, overwrite)
