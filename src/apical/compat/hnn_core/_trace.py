"""Recorded values that behave as a list and take the memory of an array."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np


class Trace(Sequence[float]):
    """Values of one recording over time; what is cut out of it is a list.

    Parameters
    ----------
    values : (n_times,) array
        The values; they are not copied.
    """

    __slots__ = ("_values",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, values: np.ndarray) -> None:
        self._values = values

    def __getitem__(self, index: Any) -> Any:
        return self._values[index].tolist()

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[float]:
        return iter(self.tolist())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self._values, dtype, copy=copy)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (list, Trace)):
            return NotImplemented
        return self.tolist() == list(other)

    def __add__(self, other: Sequence[float]) -> list[float]:
        return [*self, *other]

    def __radd__(self, other: Sequence[float]) -> list[float]:
        return [*other, *self]

    def __repr__(self) -> str:
        return repr(self.tolist())

    def tolist(self) -> list[float]:
        """Return all values."""
        return self._values.tolist()

    copy = tolist
