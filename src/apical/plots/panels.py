"""Several pictures in one figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from apical.plots import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def panels(
    rows: int = 1,
    columns: int = 1,
    *,
    size: tuple[float, float] = (7.2, 5.0),
    heights: Sequence[float] | None = None,
    widths: Sequence[float] | None = None,
    titles: Sequence[str] = (),
    sharex: bool | Literal["row", "col"] = False,
    projection: Literal["3d"] | None = None,
) -> tuple[Figure, np.ndarray]:
    """Return a new figure with axes to draw in, which look as those of all other plots.

    Parameters
    ----------
    rows, columns : int
        How many axes.
    size : tuple of 2 float, inches
        Width and height of the figure.
    heights, widths : sequence of float, optional
        Relative sizes of rows and columns.
    titles : sequence of str
        Written above the axes, row by row.
    sharex : bool, 'row' or 'col'
        Which axes have one time axis in common; only the lowest of a column has numbers.
    projection : '3d', optional
        For `morphology`, `column`, `voltages` and `movie`.

    Returns
    -------
    Figure
        Save it with `save_figure`.
    array of Axes
        One for each panel: (rows, columns), or in one dimension if there is one row or column.
    """
    kind: Any = {} if projection is None else {"projection": projection}
    with style.house_style():
        figure = style.new_figure(size)
        axes = figure.subplots(
            rows, columns, squeeze=False, sharex=sharex, subplot_kw=kind,
            height_ratios=heights, width_ratios=widths,
        )  # fmt: skip
        for ax, title in zip(axes.flat, titles, strict=False):
            ax.set_title(title, loc="left")
    return figure, axes.ravel() if 1 in axes.shape else axes
