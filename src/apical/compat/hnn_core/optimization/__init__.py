"""Fitting drives to recordings: `apical.fit` does it, this interface is not here yet.

The names are here, so that scripts that import them run as far as they need no fit.
"""

from __future__ import annotations

from typing import Any, NoReturn

_TEXT = "fitting is not part of apical.compat.hnn_core yet; apical.fit does it"


class Optimizer:
    """Refuses to be made: fitting is not here yet."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError(_TEXT)


def optimize_evoked(*args: Any, **kwargs: Any) -> NoReturn:
    """Refuse: fitting is not here yet."""
    raise NotImplementedError(_TEXT)


def generate_opt_history_table(*args: Any, **kwargs: Any) -> NoReturn:
    """Refuse: fitting is not here yet."""
    raise NotImplementedError(_TEXT)
