"""What is simulated: networks and their parts, as frozen, validated, addressable values."""

from apical.model.cell import Cell as Cell
from apical.model.cell import Site as Site
from apical.model.drive import Drive as Drive
from apical.model.drive import DriveTarget as DriveTarget
from apical.model.drive import EvokedDrive as EvokedDrive
from apical.model.drive import SpikeTrainDrive as SpikeTrainDrive
from apical.model.frozendict import FrozenDict as FrozenDict
from apical.model.mechanism import Mechanism as Mechanism
from apical.model.mechanism import TabulatedRates as TabulatedRates
from apical.model.morphology import FixedRule as FixedRule
from apical.model.morphology import LambdaRule as LambdaRule
from apical.model.morphology import LengthRule as LengthRule
from apical.model.morphology import Profile as Profile
from apical.model.morphology import Receptor as Receptor
from apical.model.morphology import Section as Section
from apical.model.network import Network as Network
from apical.model.part import Part as Part
from apical.model.population import Grid as Grid
from apical.model.population import Points as Points
from apical.model.population import Population as Population
from apical.model.population import StaggeredGrid as StaggeredGrid
from apical.model.projection import Gaussian as Gaussian
from apical.model.projection import Projection as Projection
from apical.model.recording import Recording as Recording
from apical.model.stimulus import CurrentClamp as CurrentClamp
