"""From a recorded waveform to the circuit: parameter spaces, sweeps, fits."""

from apical.fit.candidates import Report as Report
from apical.fit.fitted import Fit as Fit
from apical.fit.fitted import load_fit as load_fit
from apical.fit.identifiability import Identifiability as Identifiability
from apical.fit.identifiability import identify as identify
from apical.fit.parameter import Normal as Normal
from apical.fit.parameter import Parameter as Parameter
from apical.fit.run import fit as fit
from apical.fit.space import Space as Space
from apical.fit.sweep import sweep as sweep
