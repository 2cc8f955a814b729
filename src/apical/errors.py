"""What can go wrong, each with the place, what was expected and a suggestion."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a model, equation or file.

    Parameters
    ----------
    path : str
        Address of the offending value, such as ``drives.evprox1.sigma``.
    message : str
        What was expected and what was given, in one sentence.
    hint : str
        A suggestion, such as ``did you mean 'sigma'?``; empty if there is none.
    """

    path: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        text = f"{self.path}: {self.message}" if self.path else self.message
        return f"{text} ({self.hint})" if self.hint else text


class ApicalError(Exception):
    """Base of every error that apical raises on purpose."""


class ModelError(ApicalError, ValueError):
    """A model that cannot be right; carries *all* problems found, not only the first.

    Parameters
    ----------
    problems : iterable of Problem
        Everything that was found.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(p) for p in self.problems))

    def __reduce__(self) -> tuple[Any, ...]:
        # errors come back from other processes as they were made
        return type(self), (self.problems,)


class EquationError(ModelError):
    """Equations that cannot be read, do not balance in units, or cannot be solved."""


class FileFormatError(ApicalError, ValueError):
    """A file whose contents are not what its reader expects."""


class StorageError(ApicalError, OSError):
    """A file that cannot be read or written, or that exists and must not be replaced."""


class EngineError(ApicalError, ValueError):
    """An engine that is not here, an option that it does not have, or a run that cannot go on."""


class MissingPackageError(ApicalError, ImportError):
    """A package that is not installed; tells which extra of apical brings it."""


class NumericalError(ApicalError, ArithmeticError):
    """A simulation that diverged.

    Parameters
    ----------
    population : str
        Name of the population.
    cell : int
        Index of the cell in its population.
    compartment : str
        Section and position, such as ``apical_tuft(0.5)``.
    time : float, ms
        Time by which it had diverged; engines look at the end of a window of steps.
    """

    def __init__(self, population: str, cell: int, compartment: str, time: float) -> None:
        self.population, self.cell = population, cell
        self.compartment, self.time = compartment, time
        super().__init__(
            f"the simulation diverged: by {time:g} ms, {population}[{cell}] {compartment} is no "
            "longer within ±1e5 mV; look for extreme conductances, currents or weights, or try a "
            "smaller dt"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.population, self.cell, self.compartment, self.time)


class Cancelled(ApicalError):  # noqa: N818 - a request, not a failure
    """The caller asked a simulation to stop."""


class ApicalWarning(UserWarning):
    """Base of every warning that apical gives."""


class CacheWarning(ApicalWarning):
    """A kernel cache that cannot be written."""


class StepWarning(ApicalWarning):
    """A time step too long for the gates of the model's channels."""


class DataWarning(ApicalWarning):
    """Recorded data that are probably not in the units taken for granted."""


class SteadyStateWarning(ApicalWarning):
    """A network without drives that does not come to rest; the given voltages are used."""


def did_you_mean(name: object, options: Iterable[str], label: str = "options are") -> str:
    """Suggest the closest of some names, or list them if none is close.

    Parameters
    ----------
    name : object
        What was given.
    options : iterable of str
        What would have been right.
    label : str
        Words before the list when nothing is close.

    Returns
    -------
    str
        A hint, empty if there are no options.
    """
    options = list(options)
    if close := difflib.get_close_matches(str(name), options, n=1, cutoff=0.6):
        return f"did you mean '{close[0]}'?"
    shown = ", ".join(options[:12]) + (", …" if len(options) > 12 else "")
    return f"{label} {shown}" if options else ""
