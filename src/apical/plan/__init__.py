"""From a network to the arrays that engines run."""

from apical.plan.observables import observe as observe
from apical.plan.plan import Inputs as Inputs
from apical.plan.plan import Plan as Plan
from apical.plan.plan import compile as compile
