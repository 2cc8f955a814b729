"""A movie of voltages on the column.

Voltages of all compartments show how input travels: proximal input begins near the somata, distal
input at the tufts, and spikes run back up the apical dendrites. Recording every compartment of
every cell takes memory, so here it is twice a millisecond, in single precision, and of pyramidal
cells only.
"""

import os
from pathlib import Path

import apical

SHORT = "APICAL_SHORT" in os.environ
FIGURES = Path(os.environ.get("APICAL_FIGURES", "."))

GRID = (2, 2) if SHORT else (4, 4)
DURATION = 20 if SHORT else 100

# %% Record voltages
#
# One recording for each population that is to be seen. Cells are sparser than usual, which only
# matters for looking at them.

network = apical.models.erp(grid=GRID)
recordings = {
    name: apical.Recording(population=name, variable="v", every="0.5 ms", precision="single")
    for name in ("L2_pyramidal", "L5_pyramidal")
}
result = apical.simulate(network.add(recordings=recordings), DURATION, seed=2)
samples = sum(array.size for array in result.recordings.values())
print(f"{samples:,} voltages recorded")

# %% Single moments
#
# `spacing` draws cells further apart than they are.

times = (5, 10, 15) if SHORT else (25, 65, 68)
figure, axes = apical.plots.panels(1, 3, size=(10.5, 4.6), projection="3d")
for ax, time in zip(axes, times, strict=True):
    apical.plots.voltages(result, time, spacing=150, ax=ax)
apical.plots.save_figure(figure, FIGURES / "animation_moments.png", overwrite=True)

# %% The movie
#
# As GIF or, where ffmpeg is installed, as MP4. In a notebook `movie.to_jshtml()` shows it. Progress
# comes through a function, which could also stop it. With `turn=1` the column would turn.

movie = apical.plots.movie(result, start=15, stop=80 if not SHORT else 20, every=3, spacing=150)
done = []
apical.plots.save_movie(
    movie, FIGURES / "animation.gif", fps=5, dpi=60, progress=done.append, overwrite=True
)
print(f"{len(done)} reports of progress, the last one {done[-1]:.0%}")
