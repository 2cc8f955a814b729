"""What a fit makes small: how far a simulation is from what was recorded or is wanted."""

from apical.fit.objectives.base import Objective as Objective
from apical.fit.objectives.base import Sum as Sum
from apical.fit.objectives.others import Function as Function
from apical.fit.objectives.others import Rates as Rates
from apical.fit.objectives.parts import Scale as Scale
from apical.fit.objectives.spectra import BandPower as BandPower
from apical.fit.objectives.spectra import Spectrum as Spectrum
from apical.fit.objectives.waveforms import Correlation as Correlation
from apical.fit.objectives.waveforms import Peak as Peak
from apical.fit.objectives.waveforms import Rmse as Rmse
