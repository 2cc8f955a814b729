"""Parameters of a space: what they set, their usual ranges, and what can be wrong with them."""

from __future__ import annotations

import fnmatch
import math
import numbers
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from apical.ensemble.parameters import parameter_sets
from apical.errors import ModelError, Problem

if TYPE_CHECKING:
    from apical.model import Network

SCALES = ("linear", "log")
#: Usual ranges: times move by so many of the drive's own spreads, or by so many ms if that is
#: more; spreads and everything else change by one factor, weights by another. HNN's scheme for
#: evoked responses allows 3 spreads, half of a spread and six times a weight.
_SPREADS, _LEAST_TIME, _FACTOR, _WEIGHT_FACTOR = 3.0, 5.0, 2.0, 5.0


@dataclass(frozen=True)
class Normal:
    """A normal prior, cut at the parameter's bounds.

    Parameters
    ----------
    mean : float
        In the parameter's unit.
    sd : float
        In the parameter's unit; on a log scale, that of the natural logarithm.
    """

    mean: float
    sd: float


@dataclass(frozen=True)
class Parameter:
    """One number that may change, and what of the model it sets.

    Parameters
    ----------
    paths : str, sequence of str, or mapping of str to float
        The address that it sets, such as ``drives.evprox1.mu``. A pattern, such as
        ``drives.*.mu``, stands for one parameter for each number that it fits. Several addresses
        or patterns in a sequence are tied: all get the same value, or, in a mapping, the value
        times a factor each.
    low, high : float
        Bounds, in the unit of the address.
    scale : {'linear', 'log'}
        How its range is measured and divided.
    prior : 'uniform' or Normal
        How likely which value is within the bounds; uniform on its scale.
    start : float, optional
        Where to begin; by default the model's own value, brought within the bounds.
    """

    paths: str | Sequence[str] | Mapping[str, float]
    low: float
    high: float
    scale: str = "linear"
    prior: str | Normal = "uniform"
    start: float | None = None

    @property
    def factors(self) -> dict[str, float]:
        """What the value is multiplied by at each address or pattern."""
        if isinstance(self.paths, str):
            return {self.paths: 1.0}
        if isinstance(self.paths, Mapping):
            return {str(path): float(factor) for path, factor in self.paths.items()}
        return {str(path): 1.0 for path in self.paths}


# --- what is given --------------------------------------------------------------------------------


def check_given(network: object, **more: object) -> None:
    """Refuse what is no network, and what should be a mapping or names but is something else.

    Parameters
    ----------
    network : Network
        What should be a model.
    **more
        ``parameters``, which should be a mapping; ``drives``, which should be names.

    Raises
    ------
    ModelError
        With all of these; it says what was expected.
    """
    from apical.model import Network

    problems = []
    if not isinstance(network, Network):
        message = f"must be a Network; got {network!r:.40}"
        hint = "models.erp() is one, models.load(name) finds one by name"
        problems.append(Problem("network", message, hint))
    parameters, drives = more.get("parameters", {}), more.get("drives")
    if not isinstance(parameters, Mapping):
        message = f"must be a mapping of names to Parameters; got {parameters!r:.40}"
        hint = '{"time": Parameter("drives.evprox1.mu", 10, 40)} is one'
        problems.append(Problem("parameters", message, hint))
    if isinstance(drives, str) or not (drives is None or isinstance(drives, Iterable)):
        message = f"must be several names, such as ['evprox1']; got {drives!r:.40}"
        hint = f"write [{drives!r}]" if isinstance(drives, str) else ""
        problems.append(Problem("drives", message, hint))
    if problems:
        raise ModelError(problems)


# --- patterns and usual ranges --------------------------------------------------------------------


def expanded(
    network: Network, parameters: Mapping[str, Parameter], problems: list[Problem]
) -> Iterator[tuple[str, Parameter]]:
    """Yield parameters by name, with addresses in place of patterns and their starts."""
    for name, parameter in parameters.items():
        if not isinstance(name, str) or not isinstance(parameter, Parameter):
            message = f"must be a name and a Parameter; got {name!r:.40} and {parameter!r:.40}"
            problems.append(Problem("parameters", message))
            continue
        given = (parameter.low, parameter.high, 0.0 if parameter.start is None else parameter.start)
        if wrong := [number for number in given if not isinstance(number, numbers.Real)]:
            message = f"bounds and start must be plain numbers; got {wrong[0]!r:.40}"
            problems.append(Problem(name, message))
            continue
        factors = {
            path: factor
            for pattern, factor in parameter.factors.items()
            for path in fitting(network, pattern, problems)
        }
        if isinstance(parameter.paths, str) and _is_pattern(parameter.paths):
            for path in factors:
                yield path, _started(network, replace(parameter, paths={path: 1.0}))
        elif factors:
            yield name, _started(network, replace(parameter, paths=factors))


def _started(network: Network, parameter: Parameter) -> Parameter:
    """Return a parameter that begins where the model is, if it says nothing else."""
    path, factor = next(iter(parameter.factors.items()))
    if parameter.start is not None or not factor:
        return parameter
    now = network.get(path) / factor
    return replace(parameter, start=min(max(now, parameter.low), parameter.high))


def _is_pattern(path: str) -> bool:
    return any(sign in path for sign in "*?[")


def fitting(network: Network, pattern: str, problems: list[Problem]) -> list[str]:
    """Return the addresses of numbers that a pattern or an address fits; note if none does."""
    if not _is_pattern(pattern):
        try:
            value = network.get(pattern)
        except ModelError as error:
            problems += error.problems
            return []
        if isinstance(value, float):
            return [pattern]
        hint = "sweep a list of sets" if isinstance(value, int) else ""
        problems.append(Problem(pattern, f"must hold a real number; it holds {value!r:.40}", hint))
        return []
    found = [
        path
        for path in network.paths()
        if fnmatch.fnmatchcase(path, pattern) and isinstance(network.get(path), float)
    ]
    if not found:
        problems.append(Problem(pattern, "fits no number of the model"))
    return found


def usual(network: Network, path: str, width: float | None = None) -> Parameter:
    """Return a parameter in the usual range of its address, or of some width.

    Parameters
    ----------
    network, path
        The model, and the address of a number in it.
    width : float, optional
        For times, ms to both sides; for the rest, the factor up to which it may change.
    """
    now = network.get(path)
    if is_time(path):
        around = max(_LEAST_TIME, _SPREADS * network.get(f"{path[:-2]}sigma"))
        around = around if width is None else width
        return Parameter(path, min(now, max(0.0, now - around)), now + around)
    factor = _WEIGHT_FACTOR if _is_weight(path) else _FACTOR
    factor = factor if width is None else width
    low, high = sorted((now / factor, now * factor))
    return Parameter(path, low, high, scale="log" if now > 0 else "linear")


def has_range(network: Network, path: str) -> bool:
    """Whether there is a usual range at an address; a zero gives none, unless it is a time."""
    return is_time(path) or network.get(path) != 0


def is_time(path: str) -> bool:
    """Whether an address is the time of a drive."""
    return path.startswith("drives.") and path.endswith(".mu")


def _is_weight(path: str) -> bool:
    return ".weights." in path or path.endswith(".weight")


def of_drive(
    network: Network, name: str, widths: Mapping[str, bool | float]
) -> Iterator[tuple[str, Parameter]]:
    """Yield the parameters of an evoked drive by short name.

    Parameters
    ----------
    network, name
        The model, and the name of the drive.
    widths : mapping of str to bool or float
        For ``mu``, ``sigma`` and ``weights``: whether they change, or how far.
    """
    paths = {(end, f"{name}.{end}"): f"drives.{name}.{end}" for end in ("mu", "sigma")}
    for target, what in network.drives[name].targets.items():
        for receptor in what.weights:
            path = f"drives.{name}.targets.{target}.weights.{receptor}"
            paths["weights", f"{name}.{target}.{receptor}"] = path
    for (kind, short), path in paths.items():
        width = widths[kind]
        if width is not False and has_range(network, path):
            yield short, usual(network, path, None if width is True else width)


# --- checks ---------------------------------------------------------------------------------------


def overlaps(parameters: Mapping[str, Parameter]) -> list[Problem]:
    """Return which parameters set an address that another one sets."""
    owners: dict[str, str] = {}
    problems = []
    for name, parameter in parameters.items():
        for path in parameter.factors:
            if path in owners:
                problems.append(Problem(name, f"sets '{path}', as '{owners[path]}' does"))
            owners[path] = name
    return problems


def wrong_numbers(name: str, p: Parameter) -> list[Problem]:
    """Return what is wrong with the numbers of a parameter."""
    if not (math.isfinite(p.low) and math.isfinite(p.high) and p.low < p.high):
        message = f"bounds must be finite, low below high; got {p.low:g} and {p.high:g}"
        return [Problem(name, message)]
    problems = []
    if p.scale not in SCALES:
        message = f"scale must be one of {', '.join(SCALES)}; got '{p.scale}'"
        problems.append(Problem(name, message))
    if p.scale == "log" and p.low <= 0:
        problems.append(Problem(name, f"low must be > 0 on a log scale; got {p.low:g}"))
    if not isinstance(p.prior, Normal) and p.prior != "uniform":
        problems.append(Problem(name, f"prior must be 'uniform' or a Normal; got {p.prior!r:.40}"))
    if isinstance(p.prior, Normal) and not (p.low <= p.prior.mean <= p.high and p.prior.sd > 0):
        message = "prior must have its mean within the bounds, and an sd > 0"
        problems.append(Problem(name, message))
    if p.start is not None and not p.low <= p.start <= p.high:
        problems.append(Problem(name, f"start must be within the bounds; got {p.start:g}"))
    if not all(math.isfinite(factor) and factor for factor in p.factors.values()):
        problems.append(Problem(name, "factors must be finite and not 0"))
    return problems


def refused(network: Network, parameters: Mapping[str, Parameter]) -> list[Problem]:
    """Return which bounds the model does not take."""
    sets = [
        (name, bound, changed_by({name: p}, {name: bound}))
        for name, p in parameters.items()
        for bound in (p.low, p.high)
    ]
    try:
        parameter_sets(network, [changes for *_, changes in sets])
    except ModelError as error:
        return [_at_bound(p, [(name, bound) for name, bound, _ in sets]) for p in error.problems]
    return []


def _at_bound(problem: Problem, bounds: Sequence[tuple[str, float]]) -> Problem:
    place, _, path = problem.path.removeprefix("parameters[").partition("].")
    if not place.isdigit():
        return problem
    name, bound = bounds[int(place)]
    at = "" if name == path else f"{path}: "
    return Problem(name, f"at its bound {bound:g}: {at}{problem.message}", problem.hint)


def changed_by(
    parameters: Mapping[str, Parameter], values: Mapping[str, float]
) -> dict[str, float]:
    """Return what values of parameters set, by address."""
    return {
        path: factor * values[name]
        for name, parameter in parameters.items()
        for path, factor in parameter.factors.items()
    }
