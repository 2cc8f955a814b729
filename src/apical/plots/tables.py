"""Tables whose cells are coloured by their values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import LogNorm, Normalize

from apical.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# values that span more than this are coloured by their logarithm
_WIDE = 100.0
# above this share of the scale text is white
_DARK = 0.55


def table(
    ax: Axes,
    values: np.ndarray,
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    label: str,
    written: str = "{:.2g}",
) -> None:
    """Draw values (rows, columns) with their numbers; nothing where they are NaN."""
    shown = np.ma.masked_invalid(np.asarray(values, float).reshape(len(rows), len(columns)))
    if not shown.size:
        ax.set_axis_off()
        style.note(ax, "nothing to show")
        return
    ax.set_facecolor("0.97")
    image = ax.imshow(shown, cmap=style.PALE, norm=_scale(shown), aspect="auto")
    ax.set_xticks(range(len(columns)), columns, rotation=30, ha="right", rotation_mode="anchor")
    ax.set_yticks(range(len(rows)), rows)
    ax.tick_params(length=0)
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)
    for edge in np.arange(1, len(columns)) - 0.5:
        ax.axvline(edge, color="white", lw=1.5)
    for edge in np.arange(1, len(rows)) - 0.5:
        ax.axhline(edge, color="white", lw=1.5)
    shade = np.ma.filled(image.norm(shown), 0.0)
    for i, j in zip(*np.nonzero(~np.ma.getmaskarray(shown)), strict=True):
        dark = shade[i, j] > _DARK
        text = written.format(shown[i, j])
        ax.text(j, i, text, ha="center", va="center", fontsize=8, color="w" if dark else "0.1")
    if shown.count():
        style.colour_bar(ax, image, label)


def _scale(shown: np.ma.MaskedArray) -> Normalize:
    positive = shown[shown > 0].compressed()
    high = float(positive.max()) if positive.size else 1.0
    if positive.size == shown.count() and positive.size and high / positive.min() > _WIDE:
        return LogNorm(float(positive.min()), high)
    return Normalize(0.0, high)
