"""Optimisers, on functions that cost nothing."""

from contextlib import suppress

import numpy as np
import pytest

from apical import models
from apical.errors import MissingPackageError, ModelError
from apical.fit import Parameter, Space
from apical.fit.optimise import ESTIMATE, OPTIMISERS, Ended, Search, Stage, stages, stepwise

METHODS = sorted(OPTIMISERS)


class Bowl:
    """A function with its smallest value at some place of the cube, and what was asked of it."""

    def __init__(self, goal, budget=400):
        self.goal, self.budget, self.asked, self.losses, self.batches = goal, budget, [], [], []
        self.stages = []

    def __call__(self, units):
        assert units.ndim == 2
        assert ((units >= 0) & (units <= 1)).all()
        room, asked = self.budget - len(self.asked), len(units)
        units = units[:room]
        self.batches += [len(units)] if len(units) else []
        losses = ((units - self.goal) ** 2 * np.linspace(1, 3, len(self.goal))).sum(axis=1)
        self.asked += units.tolist()
        self.losses += losses.tolist()
        if room < asked:
            raise Ended("budget spent")
        return losses

    def compare(self, units, stage=""):
        before = len(self.asked)
        self(units)
        places = np.array(self.asked[before:])
        self.stages += [stage] * len(places)
        return (places - self.goal) * np.sqrt(np.linspace(1, 3, len(self.goal)))


def searched(method, goal, start=0.5, budget=400, seed=0, **options):
    budget = min(budget, 80) if method == "bayes" else budget
    bowl = Bowl(np.asarray(goal, float), budget)
    begin = np.full(len(bowl.goal), start)
    with suppress(Ended):
        options = {"compare": bowl.compare, **options}
        OPTIMISERS[method](Search(begin, bowl, seed, 1e-3, budget, **options))
    return bowl


def best(bowl):
    return np.array(bowl.asked[int(np.argmin(bowl.losses))])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("size", [1, 2, 5])
def test_the_bottom_is_found_from_the_start(method, size):
    """hnn-core's CMA-ES worked for two parameters only."""
    goal = np.linspace(0.35, 0.8, size)
    bowl = searched(method, goal)
    assert bowl.asked[0] == [0.5] * size
    assert best(bowl) == pytest.approx(goal, abs=0.15 if method == "bayes" else 0.02)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("goal", [(-0.3, 0.5), (0.5, 1.4), (0.0, 1.0)])
def test_no_candidate_is_outside(method, goal):
    """hnn-core's COBYLA tried, and returned, what lay outside; `Bowl` refuses that."""
    bowl = searched(method, goal, start=0.9)
    inside = np.clip(goal, 0, 1)
    assert best(bowl) == pytest.approx(inside, abs=0.15 if method == "bayes" else 0.02)


@pytest.mark.parametrize("method", METHODS)
def test_equal_seeds_search_equally(method):
    """hnn-core's Bayesian optimiser was unseeded."""
    np.random.seed(3)
    first = searched(method, (0.2, 0.7), budget=60)
    np.random.seed(4)
    before = np.random.get_state()[1].tolist()
    again = searched(method, (0.2, 0.7), budget=60)
    assert first.asked == again.asked
    assert np.random.get_state()[1].tolist() == before
    if method in ("cma", "bayes"):
        assert searched(method, (0.2, 0.7), budget=60, seed=1).asked != first.asked


@pytest.mark.parametrize("method", METHODS)
def test_a_search_converges_or_spends_its_budget(method):
    bowl = searched(method, (0.4, 0.6), budget=50 if method == "bayes" else 10_000)
    assert (len(bowl.asked) == 50) == (method == "bayes")
    assert len(bowl.asked) < 600


def test_candidates_are_asked_for_together():
    assert set(searched("cma", (0.4, 0.6), budget=61, together=12).batches[1:]) == {12}
    assert set(searched("bayes", (0.4, 0.6), budget=60, together=12).batches) == {12}
    # a gradient is all parameters moved, and where they are
    assert set(searched("lbfgs", (0.4,) * 4, budget=400).batches) == {5}


def test_first_steps_are_a_share_of_the_range():
    """hnn-core's COBYLA began with 0.1 in the parameters' units: 200 times a weight."""
    asked = np.array(searched("cobyla", (0.4, 0.6, 0.5), budget=4).asked)
    assert np.abs(asked - 0.5).max() <= 0.2


@pytest.mark.parametrize("method", ["cma", "bayes"])
def test_a_missing_package_names_the_extra(method, monkeypatch):
    def absent(name):
        raise ImportError(f"No module named '{name}'")

    monkeypatch.setattr("importlib.import_module", absent)
    with pytest.raises(MissingPackageError, match=r"apical\[fit\].*cobyla.*need nothing more"):
        searched(method, (0.5,))


TIMES = np.arange(171.0)


@pytest.fixture(scope="module")
def column():
    return models.erp(grid=(3, 3))


def test_stages_follow_the_drives(column):
    space = Space.of_drives(column)
    found = stages(column, space.parameters, 170.0, TIMES)
    assert [s.name for s in found] == ["evprox1", "evdist1", "evprox2", "all"]
    names = [{space.names[k].split(".")[0] for k in s.parameters} for s in found[:-1]]
    assert names == [{"evprox1"}, {"evdist1"}, {"evprox2"}]
    assert found[-1].parameters.tolist() == list(range(len(space)))
    assert found[-1].weights is None
    # nothing before it may arrive, all of it after, less when the next arrives
    first = found[0].weights
    assert first.sel(time=5.0) < 0.01
    assert first.sel(time=40.0) > 0.99
    assert first.sel(time=80.0) == pytest.approx(1 - 1.6 * (63.53 - 26.61) / 170, abs=0.01)


def test_drives_that_overlap_vary_together(column):
    near = column.set({"drives.evdist1.mu": 36.0})
    found = stages(near, Space.of_drives(near).parameters, 170.0, TIMES)
    assert [s.name for s in found] == ["evprox1, evdist1", "evprox2", "all"]
    # a short window within a long one does not end it
    wide = Space(column, {"long": Parameter("drives.evprox1.mu", 10, 165),
                          "short": Parameter("drives.evdist1.mu", 60, 65),
                          "late": Parameter("drives.evprox2.mu", 130, 140)})  # fmt: skip
    assert len(stages(column, wide.parameters, 170.0, TIMES)) == 1
    tied = Space(column, {"t": Parameter(("drives.evprox1.mu", "drives.evdist1.mu"), 20, 60),
                          "s": Parameter("drives.evprox2.sigma", 1, 9)})  # fmt: skip
    assert [s.name for s in stages(column, tied.parameters, 170.0, TIMES)] == ["evprox2", "all"]
    one = Space(column, {"s": Parameter("drives.evprox2.sigma", 1, 9)})
    assert [s.name for s in stages(column, one.parameters, 170.0, TIMES)] == ["all"]
    none = Space(column, {"c": Parameter("celsius", 30, 40)})
    with pytest.raises(ModelError, match="evoked drives"):
        stages(column, none.parameters, 170.0, TIMES)


def test_drives_that_nothing_compared_tells_of_are_named(column):
    """It said that weights must not be all 0, or spent candidates on what cannot be seen."""
    varied = Space(column, {"near": Parameter("drives.evprox1.mu", 15, 30),
                            "late": Parameter("drives.evprox2.mu", 130, 150)})  # fmt: skip
    assert len(stages(column, varied.parameters, 170.0, TIMES)) == 3
    # what does not compare at times is weighted by none
    assert len(stages(column, varied.parameters, 170.0, np.empty(0))) == 3
    with pytest.raises(ModelError) as wrong:
        stages(column, varied.parameters, 170.0, np.arange(41.0))
    said = "drives.evprox2: arrives at 130 to 150 ms, after the end of what is compared, 40 ms"
    assert str(wrong.value).startswith(f"{said} (leave its parameters out of the space, or")
    apart = column.set({"drives.evprox1.mu": 5.0, "drives.evprox2.mu": 160.0})
    early = Space(apart, {"early": Parameter("drives.evprox1.mu", 2, 8),
                          "late": Parameter("drives.evprox2.mu", 130, 165)})  # fmt: skip
    said = "arrives at 2 to 8 ms, and later ones govern all that is compared, 168 to 170 ms"
    with pytest.raises(ModelError, match=said):
        stages(early.base, early.parameters, 170.0, TIMES[-3:])


def test_a_stage_varies_its_own_parameters():
    goal, asked = np.array([0.2, 0.7, 0.4]), {}
    plan = [Stage("a", np.array([0])), Stage("b", np.array([1, 2])), Stage("all", np.arange(3))]

    def staged(rows, stage):
        mine = asked.setdefault(stage.name, [])
        mine += rows.tolist()
        return ((rows - goal) ** 2)[:, stage.parameters].sum(axis=1)

    def best():
        every = [row for rows in asked.values() for row in rows]
        return min((np.array(row) for row in every), key=lambda row: ((row - goal) ** 2).sum())

    search = Search(np.full(3, 0.5), lambda rows: rows[:, 0], 0, 1e-3, 300)
    assert stepwise(search, plan, staged, best) == "converged"
    assert {tuple(row[1:]) for row in asked["a"]} == {(0.5, 0.5)}
    (found,) = {row[0] for row in asked["b"]}
    assert found == pytest.approx(0.2, abs=2e-3)
    assert best() == pytest.approx(goal, abs=5e-3)


def test_gauss_says_that_it_needs_residuals():
    with pytest.raises(ModelError, match="residuals"):
        OPTIMISERS["gauss"](Search(np.full(2, 0.5), Bowl(np.full(2, 0.5)), 0, 1e-3, 10))


def test_gauss_needs_few_candidates():
    """Of residuals that are linear, a look around and a step or two tell all."""
    bowl = searched("gauss", (0.4, 0.6, 0.45, 0.55, 0.5), budget=24)
    assert bowl.asked[-1] == pytest.approx([0.4, 0.6, 0.45, 0.55, 0.5], abs=0.01)


def test_gauss_ends_with_its_estimate():
    bowl = searched("gauss", (0.4, 0.6), budget=12)
    assert bowl.stages == [""] * 11 + [ESTIMATE]
    assert searched("gauss", (0.4, 0.6), budget=1).asked == [[0.5, 0.5]]


def noisy(units, goal, size, random):
    """Return residuals of 100 samples; the second half is far from what is expected by chance."""
    time = np.arange(100.0)
    slopes = np.array([np.sin(time / 5), np.cos(time / 5)])
    chance = random.normal(size=(len(units), 100)) * size * np.where(time < 50, 0.2, 5)
    return (units - goal) @ slopes + chance


def test_gauss_averages_over_candidates_and_counts_chance():
    """What is noisy counts less; the estimate is closer than any one candidate could tell."""
    goal, random, asked = np.array([0.62, 0.41]), np.random.default_rng(3), []

    def compare(units, stage=""):
        asked.extend(units.tolist())
        return noisy(units, goal, 0.1, random)

    search = Search(np.full(2, 0.5), Bowl(goal), 0, 1e-3, 60, compare=compare)
    assert OPTIMISERS["gauss"](search) == "budget spent"
    # all samples alike, and of one candidate only, would tell 0.07
    assert asked[-1] == pytest.approx(goal, abs=0.01)


def test_what_has_failed_tells_gauss_nothing():
    goal = np.array([0.62, 0.41])

    def searching(fails):
        bowl = Bowl(goal)

        def compare(units, stage=""):
            residuals = bowl.compare(units)
            residuals[fails(units)] = np.nan
            return residuals

        OPTIMISERS["gauss"](Search(np.full(2, 0.5), bowl, 0, 1e-3, 400, compare=compare))
        return bowl.asked

    failing = searching(lambda units: units[:, 0] < 0.45)
    assert failing[-1] == pytest.approx(goal, abs=2e-3)
    assert failing[:10] == searching(lambda units: units[:, 0] < 0)[:10]


def test_gauss_ends_when_it_no_longer_moves():
    bowl = Bowl(np.array([0.4, 0.6, 0.45]), 400)
    search = Search(np.full(3, 0.5), bowl, 0, 1e-3, 400, compare=bowl.compare)
    assert OPTIMISERS["gauss"](search) == "converged"
    assert bowl.asked[-1] == pytest.approx(bowl.goal, abs=2e-3)
    assert len(bowl.asked) < 100
