"""Ensembles: one network, many parameter sets and trials, reduced while they run."""

from apical.ensemble.ensemble import Ensemble as Ensemble
from apical.ensemble.ensemble import Failure as Failure
from apical.ensemble.ensemble import load_ensemble as load_ensemble
from apical.ensemble.run import simulate_many as simulate_many
