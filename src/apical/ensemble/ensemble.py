"""What an ensemble gives: one labelled row for every member."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import xarray as xr

from apical.engines.base import run_alone
from apical.ensemble.parameters import decoded
from apical.ensemble.reduce import Failure
from apical.errors import ModelError, Problem
from apical.io import ensembles
from apical.running import Trial, label, prepare
from apical.running.options import checked

if TYPE_CHECKING:
    from apical.model import Network
    from apical.result import Result

_OPTIONS = ("dt", "seed", "engine", "rates", "precision", "start", "threads")


class Ensemble:
    """Dipoles, counts of spikes and summaries of many simulations.

    Made by `apical.simulate_many` or `apical.load_ensemble`. Member ``i · trials + k`` is trial k
    of parameter set i.

    Parameters
    ----------
    network : Network
        The network without any parameter set.
    provenance : mapping
        Versions, options of the runs, addresses of the parameters; plain values.
    tables : function
        Gives the tables when they are first asked for: they may be in a file.
    """

    def __init__(
        self,
        network: Network,
        provenance: Mapping[str, Any],
        tables: Callable[[], Mapping[str, xr.Dataset]],
    ) -> None:
        self.network, self.provenance = network, MappingProxyType(dict(provenance))
        self._read = tables

    @cached_property
    def tables(self) -> Mapping[str, xr.Dataset]:
        """Everything there is: tables ``members``, ``failures`` and, if kept, ``spikes``."""
        return self._read()

    @property
    def dataset(self) -> xr.Dataset:
        """One row for every member.

        ``dipole`` (member, population, time), nAm, relative to ``rest`` (member, population);
        ``spike_counts`` (member, source); ``failed`` (member), whose dipoles are NaN; ``at_rest``
        (member), whether it started there; and the summaries. Coordinates of members are ``set``,
        ``trial``, the parameters by address and, if each set has its own, ``seed``.
        """
        return self.tables["members"]

    @cached_property
    def failures(self) -> list[Failure]:
        """What went wrong: members that diverged or could not be made, and summaries."""
        table = self.tables["failures"]
        columns = {name: table[name].values.tolist() for name in Failure.__annotations__}
        return [Failure(*row) for row in zip(*columns.values(), strict=True)]

    def __len__(self) -> int:
        return self.dataset.sizes["member"]

    @property
    def complete(self) -> bool:
        """Whether every member was run; not so in the file of an ensemble that was interrupted."""
        return len(self) == self.provenance["members"]

    def parameters(self, member: int) -> dict[str, Any]:
        """Return the values of a member by address, as `Network.set` takes them."""
        self._check(member)
        coordinates = self.dataset.coords
        return {
            path: decoded(coordinates[path].variable, member)
            for path in self.provenance["parameters"]
        }

    def spikes(self, member: int) -> xr.Dataset:
        """Return the spikes of a member.

        Returns
        -------
        Dataset with dim ``spike``
            Columns ``time`` (ms), ``source`` (name of a population or drive) and ``cell``, sorted.

        Raises
        ------
        ModelError
            If there is no such member, or spikes were not kept.
        """
        self._check(member)
        if "spikes" not in self.tables:
            raise ModelError([Problem("spikes", "were not kept", "say keep_spikes=True")])
        table = self.tables["spikes"]
        first, last = table["member"].values.searchsorted([member, member + 1])
        mine = table.isel(spike=slice(first, last)).drop_vars("member")
        names = self.dataset["source"].values
        return mine.assign(source=("spike", names[mine["source"].values]))

    def rerun(self, member: int) -> Result:
        """Run a member again, and return all of it.

        Raises
        ------
        ModelError, EngineError, NumericalError
            As the member failed, if it did.
        """
        values, known = self.parameters(member), self.provenance
        network = self.network.set(values) if values else self.network
        given = {name: known[name] for name in _OPTIONS}
        if known["seed"] is None:
            given["seed"] = int(self.dataset["seed"].values[member])
        options = checked(network, known["duration"], trials=1, **given)
        prepared = prepare(network, options)
        trial = member % known["trials"]
        drawn = prepared.draw(trial)
        raw = run_alone(options.engine, drawn.member, threads=options.threads)
        found = [Trial(raw, drawn.trains)]
        return label(prepared, found, prepared.plan.steps, 0.0, trial=trial)

    def save(self, path: str | os.PathLike[str], overwrite: bool = False) -> None:
        """Write everything into one netCDF-4 file.

        Raises
        ------
        StorageError
            If the file cannot be written, or exists and `overwrite` is false.
        """
        ensembles.write(path, self.network, self.provenance, self.tables, overwrite)

    def __repr__(self) -> str:
        name = self.network.name or "network"
        planned, failed = self.provenance["members"], int(self.dataset["failed"].sum())
        return f"<Ensemble of {name}: {len(self):,} of {planned:,} members, {failed:,} failed>"

    def _check(self, member: int) -> None:
        if not 0 <= member < len(self):
            message = f"must be 0 to {len(self) - 1:,}; got {member!r}"
            raise ModelError([Problem("member", message)])


def load_ensemble(path: str | os.PathLike[str]) -> Ensemble:
    """Read an ensemble that `apical.simulate_many` or `Ensemble.save` wrote.

    Of one that was interrupted, the members that were finished are there.

    Raises
    ------
    FileFormatError
        If the file is not an ensemble of apical, or is damaged.
    StorageError
        If it cannot be opened.
    """
    network, provenance, tables = ensembles.read(path)
    return Ensemble(network, provenance, lambda: tables)
