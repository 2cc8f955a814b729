"""Which parameters data leave possible: simulation-based inference with neural posteriors."""

from apical.infer.calibration import Calibration as Calibration
from apical.infer.estimator import Settings as Settings
from apical.infer.files import load_posterior as load_posterior
from apical.infer.posterior import Posterior as Posterior
from apical.infer.posterior import Prediction as Prediction
from apical.infer.run import Progress as Progress
from apical.infer.run import infer as infer
