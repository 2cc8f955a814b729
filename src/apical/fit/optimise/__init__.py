"""Optimisers: functions of a `Search` that return why they ended.

None knows what a candidate is, or draws from anything but its own seed: what losses it is told
decides what it asks next. So a fit is resumed by telling it again.
"""

from collections.abc import Callable

from apical.fit.optimise.bayes import bayes as bayes
from apical.fit.optimise.cma import cma as cma
from apical.fit.optimise.gauss import gauss as gauss
from apical.fit.optimise.local import cobyla as cobyla
from apical.fit.optimise.local import lbfgs as lbfgs
from apical.fit.optimise.search import ESTIMATE as ESTIMATE
from apical.fit.optimise.search import Ended as Ended
from apical.fit.optimise.search import Search as Search
from apical.fit.optimise.stepwise import Arrival as Arrival
from apical.fit.optimise.stepwise import Stage as Stage
from apical.fit.optimise.stepwise import stages as stages
from apical.fit.optimise.stepwise import stages_of_drives as stages_of_drives
from apical.fit.optimise.stepwise import stepwise as stepwise

#: Optimisers of a whole search, by name.
OPTIMISERS: dict[str, Callable[[Search], str]] = {
    "cma": cma, "gauss": gauss, "bayes": bayes, "cobyla": cobyla, "lbfgs": lbfgs,
}  # fmt: skip
