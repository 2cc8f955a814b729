"""Peak of memory (MB) of hnn-core: after importing, after a run of the column, after another."""

import timing
from hnn_core import jones_2009_model, simulate_dipole
from hnn_core.network_builder import load_custom_mechanisms
from hnn_core.network_models import add_erp_drives_to_jones_model

peaks = {"imported": timing.peak()}
load_custom_mechanisms()
peaks["libraries"] = timing.peak()
for name in ("run", "again"):
    net = jones_2009_model()
    add_erp_drives_to_jones_model(net)
    simulate_dipole(net, tstop=170.0, n_trials=1, verbose=False)
    peaks[name] = timing.peak()
timing.report(**peaks)
