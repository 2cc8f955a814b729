"""Networks of sbi: the toy's known posterior, covered truths, equal seeds, files.

They need the extra sbi, which brings torch, too heavy for the usual run: they are skipped there.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

pytest.importorskip("sbi", reason="sbi is not installed (extra sbi)")

import toy

import apical
from apical import models
from apical.errors import Cancelled, FileFormatError, StorageError
from apical.fit import Parameter, Space
from apical.infer import estimator as networks
from apical.infer.features import Bands, Components, Peaks, Samples
from apical.infer.prior import values_at
from conftest import OBSERVED


def inferred(n=1500, **more):
    more["estimator"] = {"networks": 1, **more.get("estimator", {})}
    given = {"simulations": toy.table(n, 1), "samples": 4000, **toy.OPTIONS, **more}
    return apical.infer(toy.space(), toy.FEATURE, OBSERVED, toy.DURATION, **given)


@pytest.fixture(scope="module")
def learned():
    return inferred(estimator={"networks": 2})


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    """A posterior of simulations of a small network, and the data that it is given."""
    space = Space(
        toy.small(),
        {
            "early": Parameter("drives.early.mu", 1, 3),
            "weight": Parameter(
                "drives.early.targets.cells.weights.excitation", 0.005, 0.02, "log"
            ),
        },
    )
    data = apical.simulate(space.network([2.2, 0.01]), toy.DURATION, seed=9, **toy.OPTIONS)
    features = [Components(n=4, every=0.25), Peaks({"early": (1, 5)}, "negative")]
    more = {"simulations": 250, "samples": 500, **toy.OPTIONS}
    how = {"epochs": 60, "networks": 2}
    found = apical.infer(space, features, data, toy.DURATION, seed=3, estimator=how, **more)
    return found, data


def test_the_known_posterior_is_found(learned):
    mean, covariance = toy.exact(OBSERVED)
    z = toy.z_of(learned.samples.values)
    sd = np.sqrt(covariance.diagonal())
    # 1,500 simulations tell a mean to about a fifth of a standard deviation, this to as much
    assert abs((z.mean(axis=0) - mean) / sd).max() < 0.25
    np.testing.assert_allclose(z.std(axis=0), sd, rtol=0.2)
    correlation = covariance / np.outer(sd, sd)
    assert abs(np.corrcoef(z.T) - correlation).max() < 0.15
    exact = toy.z_of(list(learned.mode.values()))
    assert abs((exact - mean) / sd).max() < 0.5
    assert learned.estimator.reason == "converged"


def test_the_truth_is_covered(learned):
    found = learned.calibrate(toy.table(400, 78), draws=200)
    assert (found.p_values.isel(parameter=slice(3)) > 1e-3).all()
    covered = found.coverage((0.5, 0.9))
    # three standard deviations of a count of 400, and what 1,500 simulations leave to be desired
    np.testing.assert_allclose(covered.sel(level=0.5), 0.5, atol=0.1)
    np.testing.assert_allclose(covered.sel(level=0.9), 0.9, atol=0.06)


def test_density_adds_up_to_one(learned):
    # importance sampling with the known posterior, made wider
    wide = toy.Exact(1.3)
    z = wide.sample(OBSERVED[None], 4000, 2)
    rows = values_at(learned.space, z[0])
    log = learned.log_prob(rows) + np.log(2 * 0.5) - wide.log_density(z, OBSERVED[None])[0]
    assert np.exp(log).mean() == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("kind", networks.KINDS)
def test_equal_seeds_give_equal_posteriors(kind):
    import torch

    given = {"n": 200, "estimator": {"kind": kind, "epochs": 4}, "samples": 50}
    state, threads = torch.random.get_rng_state(), torch.get_num_threads()
    first = inferred(**given)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert torch.get_num_threads() == threads
    torch.manual_seed(8)
    second = inferred(**given)
    np.testing.assert_array_equal(first.samples, second.samples)
    np.testing.assert_array_equal(first.log_prob(first.samples), second.log_prob(first.samples))
    assert (inferred(seed=1, **given).samples.values != first.samples.values).any()


def test_several_networks_are_averaged():
    given = {"n": 200, "samples": 30}
    both = inferred(estimator={"networks": 2, "epochs": 3}, **given)
    first = inferred(estimator={"networks": 1, "epochs": 3}, **given)
    shared = {n: w for n, w in both.estimator.weights.items() if n.startswith("0.")}
    assert shared.keys() == first.estimator.weights.keys()
    assert all((first.estimator.weights[n] == w).all() for n, w in shared.items())
    rows = both.samples.values
    one, two = np.exp(first.log_prob(rows)), np.exp(both.log_prob(rows))
    # the average of two densities is at least half of either
    assert (two > one / 2).all()
    assert (two != one).any()


@pytest.mark.parametrize("stopped", [Cancelled, KeyboardInterrupt])
def test_learning_that_is_stopped_gives_the_best_so_far(stopped):
    told = []

    def stop(report):
        told.append(report)
        if len(told) == 5:
            raise stopped

    found = inferred(n=200, progress=stop, samples=20)
    assert found.estimator.reason == found.provenance["reason"] == "stopped"
    assert len(found.estimator.losses) == 5
    assert {report.doing for report in told} == {"learning"}
    assert told[-1].done == 5 / 1000
    assert told[-1].loss == found.estimator.losses[:, 1].min()


def test_features_of_dipoles_tell_what_was_simulated(simulated):
    found, data = simulated
    table = found.intervals()
    assert table["unit"].values.tolist() == ["ms", "uS"]
    assert float(table["narrowed"].max()) > 2
    assert (found.samples >= found.space.low).all()
    assert (found.samples <= found.space.high).all()
    assert found.provenance["sbi"]
    assert found.provenance["simulated"]["engine"] == "reference"
    assert found.observed["feature_unit"].values[-2:].tolist() == ["ms", "nAm"]
    again = found.given(data)
    np.testing.assert_array_equal(again.observed, found.observed)


def test_predictions_look_like_the_data(simulated, tmp_path):
    found, _ = simulated
    first = found.predict(20, journal=tmp_path / "predict.journal")
    assert first.dipoles.dims == ("simulation", "time")
    assert first.dipoles.shape == (20, 13)
    assert first.features.shape == (20, 6)
    assert ((first.shares >= 0) & (first.shares <= 1)).all()
    assert "early amplitude: data" in repr(first)
    second = found.predict(20, journal=tmp_path / "predict.journal")
    assert second.features.identical(first.features)
    rows = found.sample(20, found.provenance["seed"] + 1).values
    np.testing.assert_array_equal(first.ensemble.dataset["parameters"], rows)


def test_fresh_simulations_calibrate(simulated):
    found, _ = simulated
    calibration = found.calibrate(30, draws=50)
    assert calibration.table.sizes["simulation"] == 30
    assert calibration.table["rank"].max() <= 50


def test_a_file_keeps_all_of_it(simulated, tmp_path):
    found, data = simulated
    path = tmp_path / "posterior.nc"
    found.save(path)
    with pytest.raises(StorageError):
        found.save(path)
    back = apical.load_posterior(path)
    assert back.samples.identical(found.samples)
    assert back.simulations.identical(found.simulations)
    assert back.observed.identical(found.observed)
    assert dict(back.provenance) == dict(found.provenance)
    np.testing.assert_array_equal(back.sample(50, 7), found.sample(50, 7))
    np.testing.assert_array_equal(back.log_prob(found.samples), found.log_prob(found.samples))
    assert back.given(data).samples.identical(found.given(data).samples)
    assert b"pickle" not in path.read_bytes()
    broken = tmp_path / "broken.nc"
    broken.write_bytes(path.read_bytes()[:-4000])
    with pytest.raises(FileFormatError):
        apical.load_posterior(broken)


def test_an_embedding_learns_what_matters():
    space = Space(toy.small(), {"early": Parameter("drives.early.mu", 1, 3)})
    data = apical.simulate(space.network([1.5]), toy.DURATION, seed=9, **toy.OPTIONS)
    more = {"simulations": 250, "samples": 300, **toy.OPTIONS}
    given = {"kind": "nsf", "embedding": 3, "epochs": 60, "networks": 1}
    found = apical.infer(space, Samples(every=0.25), data, 6, estimator=given, **more)
    assert abs(float(found.samples.mean()) - 1.5) < 0.4
    assert float(found.samples.std()) < 0.5  # 0.58 of the prior


@pytest.mark.slow
def test_a_column_is_calibrated():
    """Time and weight of a drive of a small column, by 100 simulations whose truth is known."""
    column = models.erp(grid=(3, 3)).remove("drives.evdist1", "drives.evprox2")
    space = Space(
        column,
        {
            "time": Parameter("drives.evprox1.mu", 10, 25),
            "weight": Parameter(
                "drives.evprox1.targets.L5_pyramidal.weights.ampa", 1e-3, 0.03, "log"
            ),
        },
    )
    data = apical.simulate(space.network([17, 0.01]), 50, seed=3, precision="single")
    features = [Components(n=6, smooth=5), Bands({"all": (20, 200)})]
    found = apical.infer(space, features, data, 50, simulations=400, seed=2)
    calibration = found.calibrate(100, draws=200)
    assert (calibration.p_values > 1e-3).all()
    covered = calibration.coverage((0.5, 0.9))
    np.testing.assert_allclose(covered.sel(level=0.5), 0.5, atol=0.2)
    np.testing.assert_allclose(covered.sel(level=0.9), 0.9, atol=0.12)


def test_threads_do_not_disturb_each_other(learned):
    """They share torch's generator: without a lock, each drew what the other had sown."""
    features = OBSERVED[None]

    def drawn(seed):
        return [learned.estimator.sample(features, 20, seed + k) for k in range(15)]

    def made(seed):
        return inferred(n=100, seed=seed, estimator={"epochs": 2}, samples=10).samples.values

    alone = [[work(seed) for seed in range(4)] for work in (drawn, made)]
    with ThreadPoolExecutor(4) as pool:
        together = [list(pool.map(work, range(4))) for work in (drawn, made)]
    np.testing.assert_array_equal(together[0], alone[0])
    np.testing.assert_array_equal(together[1], alone[1])


def test_progress_may_ask_the_posterior(learned):
    """The lock is one that the thread that has it may take again, and no draw is disturbed."""
    given = {"n": 100, "estimator": {"epochs": 2}, "samples": 10}
    found = inferred(progress=lambda report: learned.sample(2), **given)
    np.testing.assert_array_equal(found.samples, inferred(**given).samples)
