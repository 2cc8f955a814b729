"""Pictures of results; the only room that knows matplotlib.

Every function takes `ax` and returns what it drew; without `ax` it makes a figure of its own,
reachable as ``returned[0].figure``. Nothing touches pyplot's state.
"""

from apical.plots.dipoles import dipole, layers
from apical.plots.spikes import drives, raster
from apical.plots.summary import save_figure, summary

__all__ = ["dipole", "drives", "layers", "raster", "save_figure", "summary"]
