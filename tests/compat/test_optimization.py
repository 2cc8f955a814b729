"""Fits by hnn-core's interface: its objectives, and none of the faults of its searches.

Most of these make a formula small in place of a simulation.
"""

from __future__ import annotations

from contextlib import closing

import numpy as np
import pytest

import apical.compat.hnn_core as hc
from apical.compat.hnn_core import _engine
from apical.compat.hnn_core.dipole import Dipole, _anticorr, _rmse
from apical.compat.hnn_core.optimization import (
    Optimizer,
    _update_params,
    generate_opt_history_table,
    optimize_evoked,
)
from apical.compat.hnn_core.optimization.objective_functions import (
    _anticorr_evoked,
    _maximize_psd,
    _rmse_evoked,
)
from apical.errors import MissingPackageError, NumericalError

SOLVERS = ["bayesian", "cobyla", "cma"]
WEIGHTS = {"L2_pyramidal": 0.02, "L5_pyramidal": 0.02, "L2_basket": 0.1}
#: A time, a weight and a rate: ranges of very different width.
BOUNDS = {"mu": (10.0, 50.0), "weight": (4.4e-5, 6.4e-5), "rate": (-3.0, 30.0)}
GOAL = {"mu": 22.0, "weight": 5.1e-5, "rate": 9.0}


def wave(every, last, shift):
    times = np.arange(0, last + every / 2, every)
    return Dipole(times, np.sin((times - shift) / 7) * np.exp(-times / 40))


def column():
    return hc.neymotin_2020_model(mesh_shape=(2, 2))


def evoked(net, params):
    net.add_evoked_drive(
        "evprox", mu=params["mu"], sigma=params["sigma"], numspikes=1, location="proximal",
        weights_ampa=WEIGHTS,
    )  # fmt: skip


class Bowl:
    """A function with its smallest value at the goal, and all that was asked of it."""

    def __init__(self, bounds=BOUNDS):
        self.bounds, self.calls, self.given = bounds, [], []

    def loss(self, row, names):
        values = dict(zip(names, row, strict=True))
        for name, value in values.items():
            low, high = self.bounds[name]
            assert low <= value <= high
        return 2 + sum(
            ((value - GOAL[name]) / (self.bounds[name][1] - self.bounds[name][0])) ** 2
            for name, value in values.items()
        )

    def __call__(self, **given):
        rows = given["predicted_params"]
        self.given.append(given)
        self.calls.append(np.atleast_2d(rows).tolist())
        losses = [self.loss(row, given["initial_params"]) for row in self.calls[-1]]
        found = losses if np.ndim(rows) == 2 else losses[0]
        given["obj_values"].append(found)
        return found


def fitted(solver, bounds=BOUNDS, *, max_iter=40, start=None, loss=None, **options):
    bowl = Bowl(bounds)
    optim = Optimizer(
        column(), 10.0, bounds, lambda net, params: net._params.update(asked=params), start, solver,
        loss or bowl, max_iter,
    )  # fmt: skip
    optim.fit(verbose=False, **options)
    return optim, bowl


# --- what is made small ----------------------------------------------------------------------

#: What hnn-core 0.6.1 gives: from 0 ms, from 5 ms, and with weights.
DISTANCES = {
    (0.025, 50, 1.0, 30): (
        (0.1599423008555713, 0.16252626747878035, 0.245836715174066),
        (0.09022315116133772, 0.07353125212595057, 0.139896064505876),
    ),
    (0.5, 60, 0.7, 40): (
        (0.13679486376205446, 0.10935493010323458, 0.06832853902463176),
        (0.04820368379955986, 0.025151995052323795, 0.011629737140234409),
    ),
    (0.1, 45, 0.1, 45): (
        (0.13235712491236354, 0.10672060998036136, 0.07655955606252444),
        (0.04908511026770446, 0.02872723312808434, 0.058802460630061226),
    ),
}


@pytest.mark.parametrize(("case", "expected"), DISTANCES.items(), ids=str)
def test_distances_are_those_of_hnn_core(case, expected):
    """Windows, resampling by FFT, weights."""
    every, last, theirs, stop = case
    a, b = wave(every, last, 2.0), wave(theirs, 50, 0.0)
    weights = np.clip(np.linspace(-1, 1, a.times.size), 0, None)
    for measure, values in zip((_rmse, _anticorr), expected, strict=True):
        found = (
            measure(a, b, tstop=stop),
            measure(a, b, tstart=5.0, tstop=stop),
            measure(a, b, tstart=5.0, tstop=stop, weights=weights),
        )
        assert found == pytest.approx(values, rel=1e-9)


def test_dipoles_that_cannot_be_compared():
    with pytest.raises(ValueError, match="no samples in common"):
        _rmse(wave(1.0, 20, 0), wave(1.0, 20, 0), tstart=30.0, tstop=40.0)
    flat = Dipole(np.arange(0, 21.0), np.zeros(21))
    assert _anticorr(flat, wave(1.0, 20, 0), tstop=20.0) == 1.0


def given(**options):
    return {
        "initial_net": column(), "initial_params": {"mu": 1, "sigma": 1}, "set_params": evoked,
        "update_params": _update_params, "obj_values": [], "tstop": 20.0,
        "obj_fun_kwargs": {
            "n_trials": 2, "scale_factor": 300, "smooth_window_len": 5, "dt": 0.025,
            "target": wave(0.5, 25, 1.0), "verbose": False, "f_bands": [(20, 60), (60, 150)],
            "relative_bandpower": [1, 2], **options,
        },
    }  # fmt: skip


@pytest.mark.parametrize(
    ("objective", "expected"),
    [
        (_rmse_evoked, 0.5586595986277437),
        (_anticorr_evoked, 0.9262043384443016),
        (_maximize_psd, -1.6442209866979438),
    ],
    ids=["rmse", "corr", "psd"],
)
def test_objectives_are_those_of_hnn_core(objective, expected):
    """Scaled, smoothed, averaged; with hnn-core's events and rate tables."""
    best = {"obj": 1.0, "params": None}
    options = given()
    found = objective(predicted_params=np.array([6.0, 1.5]), best=best, **options)
    assert found == pytest.approx(expected, rel=1e-9)
    assert best["obj"] == found
    assert options["obj_values"] == [found]


def test_objectives_take_several_candidates_and_the_chosen_engine():
    options = given(n_trials=1, dt=0.05)
    rows = [np.array([6.0, 1.5]), np.array([8.0, 1.0])]
    found = _rmse_evoked(predicted_params=rows, **options)
    assert found[0] == _rmse_evoked(predicted_params=rows[0], **options)
    hc.set_engine(rates="exact")
    exact = _rmse_evoked(predicted_params=rows[0], **options)
    hc.set_engine()
    assert exact != found[0]
    assert exact == pytest.approx(found[0], rel=0.2)


def test_candidates_of_a_generation_run_together(monkeypatch, capsys):
    """Each gives to the last bit what it gives alone; one that diverges disturbs no other."""
    started = []
    monkeypatch.setattr(_engine, "closing", lambda run: started.append(run) or closing(run))

    def some(net, params):
        evoked(net, params)
        if params["mu"] == 7.0:
            net.add_tonic_bias(amplitude={"L5_pyramidal": 1e9})

    rows = [np.array([mu, 1.5]) for mu in (6.0, 7.0, 8.0)]
    for objective in (_rmse_evoked, _maximize_psd):
        options = given(n_trials=2, dt=0.05) | {"set_params": some}
        del started[:]
        found = objective(predicted_params=rows, **options)
        assert len(started) == 1
        assert "by " in capsys.readouterr().out
        alone = [objective(predicted_params=row, **options) for row in rows]
        np.testing.assert_array_equal(found, alone)
        assert np.isnan(found).tolist() == [False, True, False]


def test_bands_have_weights_of_their_own_or_one():
    power = given(relative_bandpower=2, n_trials=1, dt=0.05)
    found = _maximize_psd(predicted_params=[6.0, 1.5], **power)
    several = given(relative_bandpower=[2.0, 2.0], dt=0.05)
    assert _maximize_psd(predicted_params=[6.0, 1.5], **several) == found
    with pytest.raises(ValueError, match="relative_bandpower"):
        _maximize_psd(predicted_params=[6.0, 1.5], **given(relative_bandpower=[1, 2, 3]))


def test_a_candidate_that_diverges_counts_as_the_worst(monkeypatch, capsys):
    def fails(*args, **options):
        raise NumericalError("L2_pyramidal", 3, "soma(0.5)", 7.0)

    module = "apical.compat.hnn_core.optimization.objective_functions"
    monkeypatch.setattr(f"{module}.simulate_dipole", fails)
    assert np.isnan(_rmse_evoked(predicted_params=[6.0, 1.5], **given()))
    assert "by 7 ms, L2_pyramidal[3]" in capsys.readouterr().out


# --- the search ------------------------------------------------------------------------------


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("names", [["weight"], ["mu", "weight"], ["mu", "weight", "rate"]], ids=len)
def test_any_number_of_parameters_of_any_size(solver, names):
    """hnn-core's COBYLA began with steps of 0.1, whatever the range."""
    bounds = {name: BOUNDS[name] for name in names}
    optim, bowl = fitted(solver, bounds, popsize=6, tolfun=1e-9)
    for name, value in zip(names, optim.opt_params_, strict=True):
        low, high = bounds[name]
        # the Bayesian search is not meant for the last digits
        assert value == pytest.approx(GOAL[name], abs=(high - low) * 0.2)
    assert optim.net_._params["asked"] == dict(zip(names, optim.opt_params_, strict=True))
    rows = [row for call in bowl.calls for row in call]
    assert rows[0] == pytest.approx([sum(bounds[name]) / 2 for name in names])
    losses = optim.history_["loss"].values
    np.testing.assert_array_equal(optim.history_["values"], rows)
    assert optim.opt_params_ == rows[int(np.argmin(losses))]
    assert optim.obj_[-1] == losses.min()
    assert len(optim.obj_) == 40
    assert all(np.diff(optim.obj_) <= 0)


@pytest.mark.parametrize("solver", SOLVERS)
def test_parameters_may_be_in_another_order(solver):
    """hnn-core took bounds in the order of one argument, and values in that of the other."""
    start = {"rate": 20.0, "weight": 6e-5, "mu": 40.0}
    optim, bowl = fitted(solver, start=start, max_iter=5)
    assert bowl.calls[0][0] == pytest.approx(list(start.values()))
    assert list(optim.history_["parameter"].values) == list(start)
    assert optim.initial_params is start


@pytest.mark.parametrize("solver", SOLVERS)
def test_equal_seeds_search_equally(solver):
    """hnn-core's Bayesian search drew from NumPy's global generator."""
    np.random.seed(1)
    first, _ = fitted(solver, max_iter=12, seed=7)
    np.random.seed(2)
    again, _ = fitted(solver, max_iter=12, seed=7)
    assert first.history_.identical(again.history_)
    assert first.obj_ == again.obj_
    if solver != "cobyla":
        assert not fitted(solver, max_iter=12)[0].history_.equals(first.history_)


@pytest.mark.parametrize("solver", SOLVERS)
def test_calls_are_counted(solver):
    optim, bowl = fitted(solver, max_iter=6, popsize=4)
    sizes = [len(call) for call in bowl.calls]
    assert sizes == ([1] + [4] * 6 if solver == "cma" else [1] * 6)
    assert optim.history_["generation"].values[-1] == len(sizes) - 1
    assert len(optim.obj_) == 6


@pytest.mark.parametrize("solver", SOLVERS)
def test_what_the_users_function_is_given(solver):
    optim, bowl = fitted(solver, max_iter=2, anything=3)
    arguments = bowl.given[0]
    assert set(arguments) - {"best"} == {
        "initial_net", "initial_params", "set_params", "predicted_params", "update_params",
        "obj_values", "tstop", "obj_fun_kwargs",
    }  # fmt: skip
    assert ("best" in arguments) == (solver == "cobyla")
    assert arguments["obj_fun_kwargs"]["anything"] == 3
    assert arguments["initial_net"] is optim._initial_net
    assert len(bowl.given[-1]["obj_values"]) == len(bowl.calls)


def test_a_search_that_converges_early_keeps_its_value():
    optim, bowl = fitted("cobyla", {"mu": (10.0, 50.0)}, max_iter=300)
    assert len(bowl.calls) < 100
    assert len(optim.obj_) == 300
    assert optim.obj_[-1] == optim.obj_[len(bowl.calls)]


@pytest.mark.parametrize("solver", SOLVERS)
def test_equal_bounds_keep_a_parameter(solver):
    bounds = {**BOUNDS, "fixed": (4.0, 4.0)}

    def loss(predicted_params, **more):
        rows = np.atleast_2d(predicted_params)
        assert (rows[:, 3] == 4).all()
        found = (rows[:, 0] - 22) ** 2
        return found if np.ndim(predicted_params) == 2 else found[0]

    optim, _ = fitted(solver, bounds, loss=loss, max_iter=5)
    assert optim.opt_params_[3] == 4


@pytest.mark.parametrize("solver", SOLVERS)
def test_candidates_without_a_value(solver):
    bowl, n = Bowl(), 0

    def loss(**given):
        nonlocal n
        n += 1
        found = np.array(bowl(**given))
        return np.full_like(found, np.nan) if n in (2, 4) else found

    optim, _ = fitted(solver, loss=loss, max_iter=8, popsize=4)
    assert np.isnan(optim.history_["loss"]).any()
    assert np.isfinite(optim.obj_).all()
    with pytest.raises(ValueError, match="finite"):
        fitted(solver, loss=lambda **given: np.nan * np.array(bowl(**given)))


def test_an_interrupted_search_keeps_the_best():
    bowl = Bowl()
    optim = Optimizer(column(), 10.0, BOUNDS, lambda net, params: None, None, "cobyla")

    def loss(**given):
        if len(bowl.calls) == 9:
            raise KeyboardInterrupt
        return bowl(**given)

    optim.obj_fun, optim.obj_fun_name = loss, None
    with pytest.raises(KeyboardInterrupt):
        optim.fit(verbose=False)
    assert optim.history_.sizes["candidate"] == 9
    assert optim.obj_[-1] == optim.history_["loss"].values.min()


@pytest.mark.parametrize("sigma0", [0.01, [0.4, 2e-7, 0.33]], ids=str)
def test_first_spread_of_cma(sigma0):
    """As an array it was refused in hnn-core unless there were two parameters."""
    optim, _ = fitted("cma", sigma0=sigma0, max_iter=1, popsize=200)
    width = np.array([high - low for low, high in BOUNDS.values()])
    spread = optim.history_["values"].values[1:].std(axis=0) / width
    assert spread == pytest.approx(np.full(3, 0.01), rel=0.2)


def test_a_fit_of_a_network(capsys):
    net = column()
    truth = net.copy()
    evoked(truth, {"mu": 4.0, "sigma": 1.0})
    options = {"tstop": 14.0, "dt": 0.05}
    target = hc.simulate_dipole(truth, verbose=False, **options)[0].scale(10)
    optim = Optimizer(net, 14.0, {"mu": (2, 9), "sigma": (0.5, 2)}, evoked, max_iter=9,
                      initial_params={"mu": 6, "sigma": 1}, solver="cobyla")  # fmt: skip
    assert "fit=False" in repr(optim)
    optim.fit(target=target, scale_factor=10, dt=0.05)
    assert "fit=True" in repr(optim)
    assert optim.obj_[-1] < optim.obj_[0]
    assert "evprox" not in net.external_drives
    assert optim.net_.external_drives["evprox"]["dynamics"]["mu"] == optim.opt_params_[0]
    best = hc.simulate_dipole(optim.net_, verbose=False, **options)[0].scale(10)
    assert _rmse(best, target, tstop=14.0) == optim.obj_[-1]
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("Call")]
    assert lines[-1].startswith("Call 9: ")
    optim.fit(target=target, scale_factor=10, dt=0.05, verbose=False)
    assert capsys.readouterr().out == ""


def test_convergence_is_drawn():
    optim, _ = fitted("cobyla", max_iter=12)
    figure = optim.plot_convergence(show=False)
    (line,) = figure.axes[0].lines
    np.testing.assert_array_equal(line.get_ydata(), optim.obj_)
    assert line.get_xdata()[-1] == 12
    assert optim.plot_convergence(figure.axes[0], show=False) is figure
    with pytest.raises(RuntimeError, match="before fit"):
        Optimizer(column(), 1.0, BOUNDS, evoked).plot_convergence()


# --- mistakes --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"solver": "newton"}, ValueError, "'bayesian', 'cobyla', 'cma'; got 'newton'"),
        ({"obj_fun": "rmse"}, ValueError, "obj_fun must be one of 'dipole_rmse'"),
        ({"max_iter": 0}, ValueError, "max_iter must be at least 1"),
        ({"constraints": {}}, ValueError, "at least one parameter"),
        ({"constraints": {"mu": (3, 1)}}, ValueError, r"'mu' must be two numbers that rise"),
        ({"initial_params": [5]}, TypeError, "initial_params"),
        ({"initial_params": {"mu": 5, "nu": 5}}, ValueError, "only one of them has 'nu'"),
        ({"initial_params": {"mu": "five"}}, TypeError, r"initial_params\['mu'\]"),
        ({"initial_params": {"mu": 11}}, ValueError, "from 1 to 10; got 11"),
    ],
)
def test_arguments_that_make_no_sense(wrong, error, message):
    arguments = {"constraints": {"mu": (1, 10)}, "set_params": evoked, **wrong}
    with pytest.raises(error, match=message):
        Optimizer(column(), 10.0, **arguments)


def test_options_that_make_no_sense():
    with pytest.raises(ValueError, match="needs target"):
        Optimizer(column(), 10.0, BOUNDS, evoked).fit()
    with pytest.raises(ValueError, match="f_bands and relative_bandpower"):
        Optimizer(column(), 10.0, BOUNDS, evoked, obj_fun="maximize_psd").fit()
    for sigma0 in (-1, [1, 2], np.ones((2, 2)), [1, 0, 2]):
        with pytest.raises(ValueError, match="sigma0"):
            fitted("cma", sigma0=sigma0)
    optim = Optimizer(column(), 10.0, BOUNDS, lambda net, params: None, max_iter=2)
    optim.obj_fun = Bowl()
    with pytest.warns(UserWarning, match="without effect: scale_factors"):
        optim.fit(target=wave(0.5, 25, 1.0), scale_factors=3000, verbose=False)


@pytest.mark.parametrize("solver", ["bayesian", "cma"])
def test_a_missing_package_names_the_extra(solver, monkeypatch):
    def absent(name):
        raise ImportError(f"No module named '{name}'")

    monkeypatch.setattr("importlib.import_module", absent)
    with pytest.raises(MissingPackageError, match=r"apical\[fit\]"):
        fitted(solver)


# --- evoked responses ------------------------------------------------------------------------


def response():
    """Two drives that do not overlap; the second one has a weight of 0."""
    net = column()
    evoked(net, {"mu": 4.0, "sigma": 0.5})
    net.add_evoked_drive(
        "evdist", mu=11.0, sigma=0.5, numspikes=1, location="distal",
        weights_ampa={"L5_pyramidal": 0.02}, weights_nmda={"L2_pyramidal": 0.0},
    )  # fmt: skip
    return net


def numbers(net, name):
    """Return all that may vary of a drive, by name."""
    drive = net.external_drives[name]
    found = {key: drive["dynamics"][key] for key in ("mu", "sigma")}
    for k in hc.pick_connection(net, src_gids=name):
        conn = net.connectivity[k]
        place = f"{conn['receptor']}.{conn['target_type']}"
        found[place] = conn["nc_dict"]["A_weight"]
        assert drive[f"weights_{conn['receptor']}"][conn["target_type"]] == found[place]
    return found


def explained(net, maxiter=12, **options):
    target, first = wave(0.5, 15, 9.0).scale(1e-3), wave(0.5, 15, 3.0)
    return optimize_evoked(
        net, 15.0, 1, target, first, maxiter, dt=0.05, return_rmse=True, **options
    )


def test_an_evoked_response_within_the_bounds_of_each_parameter(capsys):
    """In hnn-core all had the bounds of the last one, and the last simulation was kept."""
    net = response()
    before = {name: numbers(net, name) for name in net.external_drives}
    found, rmse = explained(net, sigma_range_multiplier=10.0, synweight_range_multiplier=20.0)
    assert {name: numbers(net, name) for name in net.external_drives} == before
    assert 24 < len(rmse) <= 36
    assert min(rmse) < rmse[0]
    for name in net.external_drives:
        for key, value in numbers(found, name).items():
            was = before[name][key]
            reach = {"mu": 1.5, "sigma": 0.1 * was}.get(key, 0.2 * was)
            low, high = (was - reach, was + reach) if was else (0, 1)
            assert low - 1e-12 <= value <= high + 1e-12
    again = hc.simulate_dipole(found, tstop=15.0, dt=0.05, verbose=False)[0]
    assert _rmse(again, wave(0.5, 15, 9.0).scale(1e-3), tstop=15.0) == min(rmse)
    lines = capsys.readouterr().out.splitlines()
    drives = [line.split(":")[0] for line in lines if line.startswith("Drives")]
    assert list(dict.fromkeys(drives)) == ["Drives evprox", "Drives evdist", "Drives all"]


def test_only_the_chosen_drives_vary():
    net = response()
    found, rmse = explained(net, maxiter=1, which_drives=["evdist"])
    assert len(rmse) <= 12
    assert numbers(found, "evprox") == numbers(net, "evprox")
    assert found.external_drives.keys() == net.external_drives.keys()
    same, none = explained(net, maxiter=0)
    assert same == net
    assert none == []


def test_a_time_that_is_certain_and_drives_after_the_end():
    net = response()
    for name, mu in (("evprox", 4.0), ("evdist", 40.0)):
        net.external_drives[name]["dynamics"].update(mu=mu, sigma=0.0)
    found, _ = explained(net)
    assert numbers(found, "evprox")["sigma"] == pytest.approx(0.01, rel=0.51)
    assert 40 - 0.03 <= numbers(found, "evdist")["mu"] <= 40


def test_drives_that_are_not_there():
    net = response()
    with pytest.raises(ValueError, match="out of evprox, evdist"):
        explained(net, which_drives=["bursty"])
    net.clear_drives()
    with pytest.raises(ValueError, match="no evoked drives"):
        explained(net)


# --- a report --------------------------------------------------------------------------------


def test_a_history_in_words():
    result = {
        "solver": "cobyla", "obj_fun": "maximize_psd", "max_iter": 3, "obj_values": [3.0, 2.5],
        "initial_params": {"mu": 1.0, "a_long_name": 2.0}, "opt_params": [1.5, 1.0],
        "psd_f_bands": [(8, 12)], "psd_relative_bandpower": [2.0],
    }  # fmt: skip
    text = generate_opt_history_table([result, result], "noon")
    for part in ("noon", "Search 2", "Solver: cobyla", "8 to 12 Hz, weight 2", "Change: -0.5"):
        assert part in text
    assert "a_long_name       2.000000       1.000000      -1.000000" in text
    assert generate_opt_history_table([], "noon") == "There were no searches."
