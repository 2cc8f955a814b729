"""What 26 weighted sums of all membrane currents cost, sampled at every step of the column."""

import statistics
from functools import partial

import numpy as np
import timing

from apical import engines, models
from apical.engines.base import Member, run_alone
from apical.plan import compile as compile_plan
from apical.plan import observe
from apical.start import settle

OUTPUTS = 26
given = timing.arguments(precision=("double", "single"), threads=(1, 2))
engine, threads = engines.get("cpu"), given.threads
plan = compile_plan(models.erp(), 170.0, seed=1, precision=given.precision)
plain, _ = settle(plan, engine)
inputs, random, observed = plain.trial(0)[1], np.random.default_rng(0), plain
for population in plain.populations:
    weights = random.normal(size=(OUTPUTS, population.n, population.cell.tree.nodes))
    observed = observe(observed, population.name, population.name, weights, of="i_membrane")
members = {"plain": Member(plain, inputs), "observed": Member(observed, inputs)}
times = {name: [] for name in members}
for repeat in range(given.repeats + 1):
    for name, member in members.items():
        raw, seconds = timing.once(partial(run_alone, engine, member, threads=threads))
        times[name] += [seconds] if repeat else []
medians = {name: statistics.median(found) for name, found in times.items()}
timing.report(**medians, sums=max(float(np.abs(o).max()) for o in raw.observed))
