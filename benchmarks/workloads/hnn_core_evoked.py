"""The evoked response of the template column in hnn-core: 170 ms, one trial.

``--rates table`` is hnn-core as it is shipped; ``exact`` switches NEURON's tables off. With
``--processes 2`` it runs under MPI, which needs mpi4py and an MPI beside this Python; with
``--jobs 2`` it runs two trials, each in a process of its own, which needs joblib.
"""

import argparse
import os
import sys
import time
import warnings
from importlib import metadata
from pathlib import Path

import timing

began = time.perf_counter()
import hnn_core  # noqa: E402 - importing is timed
from hnn_core import parallel_backends  # noqa: E402
from hnn_core.network_builder import load_custom_mechanisms  # noqa: E402
from hnn_core.network_models import add_erp_drives_to_jones_model  # noqa: E402
from neuron import h  # noqa: E402

imported = time.perf_counter() - began
parser = argparse.ArgumentParser()
parser.add_argument("--rates", choices=("table", "exact"), default="table")
parser.add_argument("--processes", type=int, default=1)
parser.add_argument("--jobs", type=int, default=1)
given = parser.parse_args()
warnings.simplefilter("ignore")
load_custom_mechanisms()
for name in ("hh2", "ca", "km", "cat", "ar"):
    setattr(h, f"usetable_{name}", given.rates == "table")


def backend():
    """Return what runs it."""
    if given.processes == 1:
        return hnn_core.JoblibBackend(n_jobs=given.jobs)
    here = Path(sys.executable).parent
    os.environ["PATH"] = f"{here}{os.pathsep}{os.environ['PATH']}"
    # the one that a wheel may have put beside this Python
    for library in (here.parent / "lib").glob("libmpi.so.*"):
        os.environ["MPI_LIB_NRN_PATH"] = str(library)
    # containers often have no other user
    os.environ |= {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    # hnn-core ends every process called nrniv, its own or not; its own have ended by then
    parallel_backends.kill_proc_name = lambda name: None
    return hnn_core.MPIBackend(n_procs=given.processes)


def seconds(duration):
    """Simulate a new column; return it, the time that took, and this process's CPU time."""
    net = hnn_core.jones_2009_model()
    add_erp_drives_to_jones_model(net)
    began, busy = time.perf_counter(), time.process_time()
    hnn_core.simulate_dipole(net, tstop=duration, n_trials=given.jobs, verbose=False)
    return net, time.perf_counter() - began, time.process_time() - busy


with backend():
    # forty steps: all but nothing beside building
    build = seconds(1.0)[1]
    column, wall, cpu = seconds(170.0)
cells = {g for name in column.cell_types for g in column.gid_ranges[name]}
timing.report(
    name=f"hnn-core {metadata.version('hnn-core')}, NEURON {metadata.version('NEURON')}",
    imported=imported, build=build, wall=wall,
    # other processes' time is not ours to know
    cpu=cpu if given.processes == given.jobs == 1 else None,
    spikes=sum(g in cells for g in column.cell_response.spike_gids[0]),
)  # fmt: skip
