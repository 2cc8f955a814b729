"""Fitting drives to recordings, by the optimisers of `apical.fit`."""

from apical.compat.hnn_core.optimization.general_optimization import Optimizer as Optimizer
from apical.compat.hnn_core.optimization.general_optimization import (
    _update_params as _update_params,
)
from apical.compat.hnn_core.optimization.general_optimization import (
    generate_opt_history_table as generate_opt_history_table,
)
from apical.compat.hnn_core.optimization.optimize_evoked import optimize_evoked as optimize_evoked
