"""How long it takes to plan the template column, anew and after one drive has changed."""

import statistics
import time

import timing

from apical import engines, models
from apical.plan import compile as compile_plan
from apical.start import settle

given = timing.arguments()
network = models.erp()
engine, found = engines.get("cpu"), {"anew": [], "drive": []}
plan, _ = settle(compile_plan(network, 170.0), engine)
for k in range(given.repeats):
    began = time.perf_counter()
    settle(compile_plan(network, 170.0), engine)[0].trial(0)
    found["anew"].append(time.perf_counter() - began)
    began = time.perf_counter()
    changed = network.set({"drives.evprox1.mu": 20.0 + k})
    settle(compile_plan(changed, 170.0, like=plan), engine)[0].trial(0)
    found["drive"].append(time.perf_counter() - began)
medians = {name: statistics.median(times) for name, times in found.items()}
timing.report(**medians)
