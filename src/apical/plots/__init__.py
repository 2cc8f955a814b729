"""Pictures of models and results; the only room that knows matplotlib.

Every function takes `ax`, without which it makes a figure of its own, and returns the axes, whose
``figure`` can be saved (`save_figure`); `panels` makes axes for several in one figure. `summary`
returns a figure, `movie` an animation. Lines and collections carry the names of what they show as
labels. Nothing touches pyplot's state.
"""

from apical.plots.cells import column, morphology
from apical.plots.dipoles import dipole, layers
from apical.plots.extracellular import csd, lfp
from apical.plots.fits import convergence, fitted, parameters, sensitivity
from apical.plots.inference import coverage, learning, pairs, predictive, ranks
from apical.plots.movies import movie, save_movie, voltages
from apical.plots.panels import panels
from apical.plots.spectra import psd, tfr
from apical.plots.spikes import drives, histogram, raster
from apical.plots.summary import save_figure, summary
from apical.plots.traces import traces
from apical.plots.wiring import connections, connectivity, drive_strengths, neighbours

__all__ = [
    "column",
    "connections",
    "connectivity",
    "convergence",
    "coverage",
    "csd",
    "dipole",
    "drive_strengths",
    "drives",
    "fitted",
    "histogram",
    "layers",
    "learning",
    "lfp",
    "morphology",
    "movie",
    "neighbours",
    "pairs",
    "panels",
    "parameters",
    "predictive",
    "psd",
    "ranks",
    "raster",
    "save_figure",
    "save_movie",
    "sensitivity",
    "summary",
    "tfr",
    "traces",
    "voltages",
]
