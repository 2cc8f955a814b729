"""The rest that is computed is the rest that a cell relaxes to."""

from __future__ import annotations

import numpy as np
import pytest

from apical import engines, kept, models, simulate, start
from apical.errors import NumericalError, SteadyStateWarning
from apical.plan import compile
from apical.plan.discretise import discretise
from apical.plan.observables import membrane_current_matrix
from apical.plan.steady import axial_current, solve_tree, steady_state
from apical.start import settle
from apical.testing.networks import ball, one_cell, tree


def rest_of(network, rates="exact"):
    plan = compile(network, 1.0, rates=rates)
    return plan.populations[0].cell, steady_state(plan.populations[0].cell, rates)


def test_a_passive_ball_rests_at_its_reversal_potential():
    _, rest = rest_of(one_cell(ball({"pas": {"e": -71.5}}, v0=-60.0)))
    assert rest is not None
    assert rest.v == pytest.approx(-71.5, abs=1e-9)


@pytest.mark.parametrize("rates", ["exact", "table"])
def test_a_cell_relaxes_to_the_rest_that_is_found(rates):
    """After 3 s of the given start, what is left is the slowest gate's last thousandth."""
    network = one_cell(tree(), celsius=37.0)
    cell, rest = rest_of(network, rates)
    assert rest is not None
    relaxed = simulate(network, 3000, dt=0.1, start="given", rates=rates)
    v = relaxed.recordings["v"].values[0, 0, :, -1]
    assert np.abs(v - rest.v[: cell.tree.compartments]).max() < 1e-3


def test_calcium_rests_too():
    network = models.neymotin_2020(grid=(1, 1)).with_(projections={})
    plan = compile(network, 1.0)
    cell = next(p.cell for p in plan.populations if p.name == "L5_pyramidal")
    rest = steady_state(cell)
    assert rest is not None
    pools = [k for k, m in enumerate(cell.mechanisms) if "cai" in m.program.outputs]
    cai = rest.states[pools[0]][0]
    # the pool's floor is 1e-4 mM; open channels hold it a little above
    assert (cai >= 1e-4).all()
    assert (cai < 1e-3).all()


def test_a_cell_without_rest_has_none():
    """A current that grows as the cell depolarises, without bound."""
    runaway = ball({"pas": {"g": 1e-3, "e": 1e6}}, v0=0.0)
    _, rest = rest_of(one_cell(runaway))
    assert rest is None or np.abs(rest.v - 1e6).max() < 1e-3


def test_the_tree_is_solved_like_any_other_matrix():
    branched = discretise(tree())
    random = np.random.default_rng(0)
    v, right = random.normal(size=(2, branched.nodes))
    diagonal = random.uniform(0.1, 1, branched.nodes)
    # what flows in along the cell is what flows out through the membrane
    axial = membrane_current_matrix(branched).toarray()
    assert axial_current(branched, v) == pytest.approx(axial @ v, abs=1e-9)
    expected = np.linalg.solve(np.diag(diagonal) - axial, right)
    assert solve_tree(branched, diagonal, right) == pytest.approx(expected, rel=1e-9)


def test_a_rest_is_found_once():
    network = one_cell(ball({"pas": {}}))
    first, at_rest = settle(compile(network, 1.0), engines.get("reference"))
    assert at_rest
    again = type(network).from_json(network.to_json())
    # nothing is left to try out
    second, at_rest = settle(compile(again, 1.0), TriesNothing())
    assert at_rest
    assert second.start[0] is first.start[0]


@pytest.fixture
def own_folder(tmp_path, monkeypatch):
    """Give a folder of things kept to the test alone, and a process that knows no rest yet."""
    monkeypatch.setenv("APICAL_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(start, "_known", type(start._known)())
    return tmp_path


class TriesNothing:
    """The reference engine, but it fails if a cell is tried out."""

    name = "reference"

    def prepare(self, plan):
        pass


def rest_in_a_new_process(network, engine):
    start._known.clear()
    return settle(compile(network, 1.0), engine)


def test_the_next_process_finds_a_rest_in_its_file(own_folder):
    network = one_cell(tree(), celsius=37.0)
    first, _ = rest_in_a_new_process(network, engines.get("reference"))
    second, at_rest = rest_in_a_new_process(network, TriesNothing())
    assert at_rest
    one, other = first.start[0], second.start[0]
    assert other.v.tobytes() == one.v.tobytes()
    assert [s.tobytes() for s in other.states] == [s.tobytes() for s in one.states]
    assert [s.shape for s in other.states] == [s.shape for s in one.states]
    assert not other.v.flags.writeable


def test_that_there_is_no_rest_is_kept_too(own_folder, monkeypatch):
    network = one_cell(ball({"pas": {}}))
    searches = []
    monkeypatch.setattr(start, "steady_state", lambda *_: searches.append("one"))
    for engine in (engines.get("reference"), TriesNothing()):
        with pytest.warns(SteadyStateWarning, match="does not come to rest"):
            _, at_rest = rest_in_a_new_process(network, engine)
        assert not at_rest
    assert searches == ["one"]


def test_what_one_engine_tried_is_not_taken_for_another(own_folder):
    """One that finds no cell coming back says nothing about the others."""
    network = one_cell(ball({"pas": {}}))
    wrong = TriesNothing()
    wrong.name, wrong.start = "wrong", diverging
    with pytest.warns(SteadyStateWarning, match="does not come to rest"):
        _, at_rest = rest_in_a_new_process(network, wrong)
    assert not at_rest
    for again in (settle, lambda plan, engine: rest_in_a_new_process(network, engine)):
        _, at_rest = again(compile(network, 1.0), engines.get("reference"))
        assert at_rest


def diverging(*_, **__):
    raise NumericalError("cells", 0, "soma", 0.0)


@pytest.mark.parametrize("damage", [lambda d: d[:-8], lambda d: d[:5], lambda d: d[:-1] + b"x"])
def test_a_damaged_file_of_a_rest_is_made_anew(own_folder, damage):
    network, engine = one_cell(ball({"pas": {"e": -71.5}})), engines.get("reference")
    first, _ = rest_in_a_new_process(network, engine)
    (file,) = (own_folder / "rests").iterdir()
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    second, at_rest = rest_in_a_new_process(network, engine)
    assert at_rest
    assert second.start[0].v.tobytes() == first.start[0].v.tobytes()
    assert file.read_bytes() == whole


def test_a_folder_that_cannot_be_written_is_no_hindrance(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("APICAL_CACHE_DIR", str(tmp_path / "file"))
    _, at_rest = rest_in_a_new_process(one_cell(ball({"pas": {}})), engines.get("reference"))
    assert at_rest


def test_only_the_latest_files_stay(tmp_path):
    for k in range(5):
        kept.write_numbers(tmp_path / "rests" / f"{k}.rest", [np.full(3, float(k))], most=2)
    files = sorted((tmp_path / "rests").iterdir())
    assert [f.name for f in files] == ["3.rest", "4.rest"]
    assert kept.read_numbers(files[-1]).tolist() == [4.0] * 3
