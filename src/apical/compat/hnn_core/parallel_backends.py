"""How simulations are shared out: here, over threads, whichever backend is chosen."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

from apical.compat.hnn_core import _engine

if TYPE_CHECKING:
    from apical.compat.hnn_core.dipole import Dipole
    from apical.compat.hnn_core.network import Network
    from apical.errors import NumericalError

#: The backend of the ``with`` statement that is running.
_BACKEND: Any = None


class _Threads:
    """What backends have in common."""

    #: How many threads run; by default all cores.
    threads: int | None = None

    def __enter__(self) -> Self:
        global _BACKEND
        self._old_backend, _BACKEND = _BACKEND, self
        return self

    def __exit__(self, *error: object) -> None:
        global _BACKEND
        _BACKEND = self._old_backend

    def simulate(
        self, net: Network, tstop: float, dt: float, n_trials: int, postproc: bool = False
    ) -> list[Dipole]:
        """Simulate all trials, put spikes and recordings into the network, return dipoles."""
        return _engine.simulate(net, tstop, dt, n_trials, postproc, self.threads)

    def simulate_together(
        self, nets: Sequence[Network], tstop: float, dt: float, n_trials: int
    ) -> list[list[Dipole] | NumericalError]:
        """Simulate several networks; return the dipoles of each, or why it has none."""
        return _engine.simulate_together(nets, tstop, dt, n_trials, self.threads)


class JoblibBackend(_Threads):
    """Run trials together, on `n_jobs` threads; on all cores if that is 1 or less.

    Parameters
    ----------
    n_jobs : int
        Number of jobs.
    """

    def __init__(self, n_jobs: int = 1) -> None:
        self.n_jobs = n_jobs
        self.threads = min(n_jobs, os.cpu_count() or 1) if n_jobs > 1 else None

    def simulate(
        self, net: Network, tstop: float, dt: float, n_trials: int, postproc: bool = False
    ) -> list[Dipole]:
        """Simulate all trials, put spikes and recordings into the network, return dipoles."""
        if net._verbose:
            print(f"{n_trials} trial(s) start (JoblibBackend, n_jobs={self.n_jobs})")
        return super().simulate(net, tstop, dt, n_trials, postproc)


class MPIBackend(_Threads):
    """Run on `n_procs` threads; nothing is started beside this process.

    Parameters
    ----------
    n_procs : int, optional
        Number of processes that MPI would start; by default all cores.
    mpi_cmd : str
        Command that would start them; not used, as are all others.
    use_hwthreading_if_found, sensible_default_cores, override_hwthreading_option, \
override_oversubscribe_option : bool
        Not used.
    """

    def __init__(
        self,
        n_procs: int | None = None,
        mpi_cmd: str = "mpiexec",
        use_hwthreading_if_found: bool = True,
        sensible_default_cores: bool = True,
        override_hwthreading_option: bool | None = None,
        override_oversubscribe_option: bool | None = None,
    ) -> None:
        cores = os.cpu_count() or 1
        self.n_procs = cores if n_procs is None else n_procs
        self.mpi_cmd = [mpi_cmd, "-np", str(self.n_procs)]
        self.threads = min(self.n_procs, cores)

    def simulate(
        self, net: Network, tstop: float, dt: float, n_trials: int, postproc: bool = False
    ) -> list[Dipole]:
        """Simulate all trials, put spikes and recordings into the network, return dipoles."""
        if self.n_procs > net._n_cells:
            raise ValueError(
                f"n_procs must be at most {net._n_cells}, the number of cells; got {self.n_procs}"
            )
        print(f"{n_trials} trial(s) start (MPIBackend, n_procs={self.n_procs})")
        return super().simulate(net, tstop, dt, n_trials, postproc)

    def terminate(self) -> None:
        """Warn that there is no process to end."""
        warnings.warn(
            "there is no process to end: simulations run in this one", UserWarning, stacklevel=2
        )
