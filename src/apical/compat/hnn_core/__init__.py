"""The public interface of hnn-core 0.6.1 on apical's engine.

Scripts run after ``import apical.compat.hnn_core as hnn_core``, or unchanged after
``sys.modules["hnn_core"] = apical.compat.hnn_core``. Spikes, dipoles and recordings are those of
hnn-core: its event times, order of cells, rate tables and baseline. :func:`set_engine` chooses how
simulations run.
"""

from __future__ import annotations

import importlib
from typing import Any

from apical.compat.hnn_core import _alias
from apical.compat.hnn_core._engine import set_engine as set_engine
from apical.compat.hnn_core.cell import Cell as Cell
from apical.compat.hnn_core.cell import Section as Section
from apical.compat.hnn_core.cell_response import CellResponse as CellResponse
from apical.compat.hnn_core.cell_response import read_spikes as read_spikes
from apical.compat.hnn_core.cells_default import basket as basket
from apical.compat.hnn_core.cells_default import pyramidal as pyramidal
from apical.compat.hnn_core.dipole import Dipole as Dipole
from apical.compat.hnn_core.dipole import _read_dipole_txt as _read_dipole_txt
from apical.compat.hnn_core.dipole import average_dipoles as average_dipoles
from apical.compat.hnn_core.dipole import read_dipole as read_dipole
from apical.compat.hnn_core.dipole import simulate_dipole as simulate_dipole
from apical.compat.hnn_core.hnn_io import dict_to_network as dict_to_network
from apical.compat.hnn_core.hnn_io import network_to_dict as network_to_dict
from apical.compat.hnn_core.hnn_io import read_network_configuration as read_network_configuration
from apical.compat.hnn_core.hnn_io import write_network_configuration as write_network_configuration
from apical.compat.hnn_core.network import Network as Network
from apical.compat.hnn_core.network import pick_connection as pick_connection
from apical.compat.hnn_core.network_models import calcium_model as calcium_model
from apical.compat.hnn_core.network_models import jones_2009_model as jones_2009_model
from apical.compat.hnn_core.network_models import law_2021_model as law_2021_model
from apical.compat.hnn_core.network_models import neymotin_2020_model as neymotin_2020_model
from apical.compat.hnn_core.parallel_backends import JoblibBackend as JoblibBackend
from apical.compat.hnn_core.parallel_backends import MPIBackend as MPIBackend
from apical.compat.hnn_core.params import Params as Params
from apical.compat.hnn_core.params import convert_to_json as convert_to_json
from apical.compat.hnn_core.params import read_params as read_params

__version__ = "0.6.1"

#: Modules that are loaded when they are first asked for.
_LATER = ("batch_simulate", "optimization", "viz")

_alias.install()


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
