"""The way of every run: check the options, prepare a plan, advance batches, label what came out."""

from apical.engines.base import unwatched as unwatched
from apical.running.batches import batch_size as batch_size
from apical.running.label import Trial as Trial
from apical.running.label import label as label
from apical.running.options import Options as Options
from apical.running.prepare import Prepared as Prepared
from apical.running.prepare import prepare as prepare
