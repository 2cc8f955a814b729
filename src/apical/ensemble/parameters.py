"""Parameter sets: what is changed in the network, checked before anything runs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from apical.errors import ModelError, Problem
from apical.model.paths import Keys, NoSuchPath, resolve

if TYPE_CHECKING:
    from apical.model import Network

#: More problems than this are counted, not listed.
_SHOWN = 100


@dataclass(frozen=True)
class ParameterSets:
    """Checked parameter sets.

    Parameters
    ----------
    network : Network
        What they change.
    given : list of dict
        New values by address, of each set.
    columns : dict of str to Variable, (sets,)
        What holds at every address that some set changes; see :func:`decoded`.
    """

    network: Network
    given: list[dict[str, Any]]
    columns: dict[str, xr.Variable]

    def __len__(self) -> int:
        return len(self.given)

    def changed(self, number: int) -> Network:
        """Return the network of one set."""
        return self.network.set(self.given[number]) if self.given[number] else self.network


def parameter_sets(
    network: Network,
    parameters: Mapping[str, Sequence[Any]] | Sequence[Mapping[str, Any]] | None,
) -> ParameterSets:
    """Check parameter sets.

    Parameters
    ----------
    network : Network
        What they change.
    parameters : mapping of str to sequence, or sequence of mapping, optional
        Values by address, one for each set; or each set by itself. None is one set of nothing.

    Raises
    ------
    ModelError
        With every wrong address, value and length.
    """
    problems: list[Problem] = []
    given = _rows(parameters, problems)
    if not given and not problems:
        problems.append(Problem("parameters", "must hold at least one set"))
    addresses = dict(_addresses(network, given, problems))
    values: dict[str, list[Any]] = {path: [] for path in addresses}
    for number, row in enumerate(given):
        known = {path: value for path, value in row.items() if path in addresses}
        try:
            found = _checked(network, known, addresses)
        except ModelError as error:
            place = f"parameters[{number}]"
            problems += [Problem(f"{place}.{p.path}", p.message, p.hint) for p in error.problems]
            continue
        for path, value in found.items():
            values[path].append(value)
    if len(problems) > _SHOWN:
        more = Problem("parameters", f"and {len(problems) - _SHOWN:,} more problems")
        problems = [*problems[:_SHOWN], more]
    if problems:
        raise ModelError(problems)
    return ParameterSets(network, given, {path: _encoded(v) for path, v in values.items()})


def _encoded(values: Sequence[Any]) -> xr.Variable:
    """Return values as a column: as truths, numbers or text if all are that, else as JSON."""
    kinds = {type(v) for v in values}
    if any(kinds <= plain for plain in ({bool}, {int}, {int, float}, {str})):
        return xr.Variable("member", np.array(values))
    texts = [json.dumps(v, default=lambda part: part.model_dump(mode="json")) for v in values]
    return xr.Variable("member", np.array(texts, str), {"format": "json"})


def decoded(column: xr.Variable, member: int) -> Any:
    """Return one value of a column as it was."""
    value = column.values[member].item()
    return json.loads(value) if column.attrs.get("format") == "json" else value


def _rows(parameters: Any, problems: list[Problem]) -> list[dict[str, Any]]:
    """Return the sets, one by one."""
    if parameters is None:
        return [{}]
    if isinstance(parameters, Mapping):
        columns = {
            str(path): _listed(path, values, problems) for path, values in parameters.items()
        }
        lengths = {path: len(values) for path, values in columns.items()}
        if len(set(lengths.values())) > 1:
            said = ", ".join(f"'{path}' {n}" for path, n in lengths.items())
            problems.append(
                Problem("parameters", f"must be equally long; number of values: {said}")
            )
        # what is there of ragged columns is checked as well: all problems at once
        return [
            dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=False)
        ]
    if not _is_list(parameters):
        message = f"must map addresses to values, or be a sequence of sets; got {parameters!r:.40}"
        problems.append(Problem("parameters", message))
        return []
    rows = []
    for number, row in enumerate(parameters):
        if isinstance(row, Mapping):
            rows.append({str(path): _plain(value) for path, value in row.items()})
        else:
            message = f"must map addresses to values; got {row!r:.40}"
            problems.append(Problem(f"parameters[{number}]", message))
            rows.append({})
    return rows


def _listed(path: object, values: Any, problems: list[Problem]) -> list[Any]:
    if not _is_list(values):
        message = f"must be a sequence with one value for each set; got {values!r:.40}"
        problems.append(Problem(f"parameters.{path}", message))
        return []
    return [_plain(value) for value in values]


def _is_list(values: Any) -> bool:
    return isinstance(values, (Sequence, np.ndarray)) and not isinstance(values, (str, bytes))


def _plain(value: Any) -> Any:
    """Return numbers of NumPy as Python's."""
    return value.tolist() if isinstance(value, (np.generic, np.ndarray)) else value


def _addresses(
    network: Network, given: Sequence[Mapping[str, Any]], problems: list[Problem]
) -> Iterator[tuple[str, tuple[Keys, bool]]]:
    """Yield every address that is right, with its keys and whether a number stands there."""
    first: dict[str, int] = {}
    for number, row in enumerate(given):
        for path in row:
            first.setdefault(path, number)
    for path, number in first.items():
        try:
            keys, found, _ = resolve(network, path)
        except NoSuchPath as error:
            p = error.problem
            problems.append(Problem(f"parameters[{number}].{p.path}", p.message, p.hint))
        else:
            yield path, (keys, isinstance(found, float) and len(keys) > 2)


def _checked(
    network: Network, row: Mapping[str, Any], addresses: Mapping[str, tuple[Keys, bool]]
) -> dict[str, Any]:
    """Return what holds at each address with one set; raises ModelError if it cannot be."""
    if not all(addresses[path][1] and _is_number(value) for path, value in row.items()):
        changed = network.set(row)
        if _shown(changed) != _shown(network):
            message = "changes which populations contribute to the dipole; members must agree"
            raise ModelError([Problem("populations", message)])
        return {path: changed.get(path) for path in addresses}
    # a number for a number concerns the part that it is in alone, which is checked far sooner
    parts: dict[tuple[str | int, ...], dict[str, Any]] = {}
    for path, value in row.items():
        keys = addresses[path][0]
        parts.setdefault(keys[:2], {})[".".join(map(str, keys[2:]))] = value
    problems: list[Problem] = []
    for (field, name), values in parts.items():
        try:
            getattr(network, str(field))[name].set(values)
        except ModelError as error:
            problems += [
                Problem(f"{field}.{name}.{p.path}", p.message, p.hint) for p in error.problems
            ]
    if problems:
        raise ModelError(problems)
    return {path: float(row[path]) if path in row else network.get(path) for path in addresses}


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _shown(network: Network) -> list[bool]:
    return [p.dipole for p in network.populations.values()]
