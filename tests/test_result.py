"""The labelled result: shapes, order, and that nothing is changed in place."""

import copy
import pickle

import numpy as np
import pytest

from apical.result import RecordedTraces, Result
from synthetic import Network, make_result


@pytest.fixture
def result():
    return make_result()


def test_labels_and_units(result):
    assert result.dipole.dims == ("trial", "population", "time")
    assert result.dipole["population"].values.tolist() == ["L2_pyramidal", "L5_pyramidal"]
    assert result.dipole["layer"].values.tolist() == ["L2", "L5"]
    assert result.dipole.attrs["units"] == "nAm"
    assert result.dipole["time"].attrs["units"] == "ms"
    assert result.recordings["voltages"].dims == ("trial", "cell", "site", "time")
    assert list(result.recordings) == ["voltages", "calcium"]
    lfp = result.lfp["shank"]
    assert list(result.lfp) == ["shank", "a"]
    assert lfp.dims == ("trial", "population", "electrode", "time")
    assert lfp["layer"].values.tolist() == ["L2", "L2", "L5", "L5"]
    assert (lfp.attrs["units"], lfp["z"].attrs["units"]) == ("uV", "um")


def test_potentials_without_labels_are_the_labelled_ones(result):
    # of a result that was made from plain arrays, and of one that was made from labelled ones
    for found in (result.arrays.lfp, copy.copy(result.scale(2.0)).arrays.lfp):
        assert list(found) == list(result.lfp)
        for name, array in found.items():
            layers = {str(k): str(v) for k, v in result.lfp[name]["layer"].to_series().items()}
            assert array.to_dataarray(name, layers).identical(result.lfp[name])


def test_spikes_are_sorted_by_trial_time_source_and_cell(result):
    order = list(result.sources)
    s = result.spikes
    keys = [
        (int(t), float(at), order.index(str(name)), int(cell))
        for t, at, name, cell in zip(
            s["trial"].values, s["time"].values, s["source"].values, s["cell"].values, strict=True
        )
    ]
    assert keys == sorted(keys)
    assert len(keys) == 80


@pytest.mark.parametrize(
    ("dipole", "match"),
    [(np.zeros((1, 3, 4)), r"shape \(trial, 2, 4\)"), (np.zeros((2, 4)), r"got \(2, 4\)")],
)
def test_wrong_shapes_are_refused(dipole, match):
    none = np.zeros(0)
    spikes = {"trial": none, "time": none, "source": none, "cell": none}
    with pytest.raises(ValueError, match=match):
        Result.from_arrays(Network(), np.arange(4.0), dipole, spikes=spikes, sources={})


def test_spike_of_an_unknown_source_is_refused():
    one = np.ones(1)
    spikes = {"trial": one, "time": one, "source": one, "cell": one}
    with pytest.raises(ValueError, match="not in sources"):
        Result.from_arrays(
            Network(), np.arange(4.0), np.zeros((1, 2, 4)), spikes=spikes, sources={"a": 1}
        )


@pytest.mark.parametrize("value", [float("nan"), np.float32("inf"), {1, 2}])
def test_provenance_that_no_file_could_hold_is_refused_at_once(value):
    none = np.zeros(0)
    spikes = {"trial": none, "time": none, "source": none, "cell": none}
    with pytest.raises((ValueError, TypeError)):
        Result.from_arrays(
            Network(), np.arange(4.0), np.zeros((1, 2, 4)), spikes=spikes, sources={},
            provenance={"x": value},
        )  # fmt: skip


def test_data_cannot_be_changed_in_place(result):
    with pytest.raises(ValueError, match="read-only"):
        result.dipole.values[0] = 1.0
    with pytest.raises(TypeError):
        result.provenance["seed"] = 3
    with pytest.raises(AttributeError):
        result.dipole = None


def test_labels_are_made_when_they_are_asked_for(result):
    assert not {"dipole", "spikes", "recordings"} & vars(result).keys()
    assert result.dipole is result.dipole
    assert "dipole" in vars(result)
    with pytest.raises(AttributeError, match="no 'dipoles'"):
        _ = result.dipoles


@pytest.mark.parametrize("way", [lambda r: r, lambda r: r.scale(1.0)], ids=["new", "changed"])
def test_arrays_hold_what_is_labelled(result, way):
    result = way(result)
    arrays, names = result.arrays, np.array(list(result.sources))
    np.testing.assert_array_equal(arrays.time, result.dipole["time"])
    np.testing.assert_array_equal(arrays.dipole, result.dipole)
    np.testing.assert_array_equal(arrays.rest, result.dipole["rest"])
    for name in ("trial", "time", "cell"):
        np.testing.assert_array_equal(arrays.spikes[name], result.spikes[name])
    np.testing.assert_array_equal(names[arrays.spikes["source"]], result.spikes["source"])


def test_recordings_of_the_wrong_shape_are_refused_at_once():
    none, time = np.zeros(0), np.arange(4.0)
    spikes = {"trial": none, "time": none, "source": none, "cell": none}
    traces = RecordedTraces(time, np.zeros((1, 2, 1, 4)), (0,), ("soma(0.5)",), "mV")
    with pytest.raises(ValueError, match=r"'v' must have shape \(trial, 1, 1, 4\)"):
        Result.from_arrays(
            Network(), time, np.zeros((1, 2, 4)), spikes=spikes, sources={},
            recordings={"v": traces},
        )  # fmt: skip


def test_sums(result):
    np.testing.assert_array_equal(result.total().values, result.dipole.values.sum(axis=1))
    assert result.total().dims == ("trial", "time")
    assert result.layers()["layer"].values.tolist() == ["L2", "L5"]
    np.testing.assert_array_equal(result.layers().values, result.dipole.values)
    assert result.layers().attrs["units"] == result.total().attrs["units"] == "nAm"


def test_two_populations_of_a_layer_are_summed():
    network = Network()
    network.populations["L5_extra"] = network.populations["L5_pyramidal"]
    result = make_result(network)
    assert result.layers().sizes["layer"] == 2
    expected = result.dipole.values[:, 1] + result.dipole.values[:, 2]
    np.testing.assert_array_equal(result.layers().sel(layer="L5").values, expected)


def test_rates_are_spikes_per_second_and_cell(result):
    name = "L5_pyramidal"
    n = int((result.spikes["source"] == name).sum())
    expected = n / 2 / result.sources[name] / 0.020
    assert float(result.rates().sel(source=name)) == pytest.approx(expected, rel=1e-12)


def test_steps_return_new_results_and_are_remembered(result):
    before = result.dipole.copy(deep=True)
    changed = result.smooth("2 ms").scale(3000).average()
    assert result.dipole.identical(before)
    assert changed.provenance["history"] == ["smoothed 2 ms", "× 3000", "average of 2 trials"]
    assert result.provenance["history"] == []
    expected = result.smooth(2.0).dipole.values.mean(axis=0) * 3000
    np.testing.assert_allclose(changed.dipole.values[0], expected, rtol=1e-13)
    np.testing.assert_array_equal(changed.dipole["rest"], result.dipole["rest"].values * 3000)


def test_average_keeps_rates_and_averages_recordings(result):
    mean = result.average()
    assert mean.dipole.shape == (1, 2, 41)
    assert mean.rates().identical(result.rates())
    expected = result.recordings["voltages"].values.mean(axis=0)
    np.testing.assert_array_equal(mean.recordings["voltages"].values[0], expected)
    assert mean.recordings["voltages"].attrs == {"units": "mV"}
    expected = result.lfp["shank"].values.mean(axis=0)
    np.testing.assert_array_equal(mean.lfp["shank"].values[0], expected)
    assert mean.lfp["shank"]["rest"].identical(result.lfp["shank"]["rest"])


def test_copies_and_other_processes(result):
    assert copy.deepcopy(result).identical(result)
    assert pickle.loads(pickle.dumps(result)).identical(result)  # noqa: S301 - our own bytes


def test_identical_sees_every_part(result):
    assert result.identical(make_result())
    assert not result.identical(make_result(seed=1))
    assert not result.identical(make_result(recordings=False))
    assert not result.identical(result.scale(1.0))  # the history differs
    assert not result.identical(make_result(Network(name="other")))


def test_identical_looks_at_what_was_run_not_when(result):
    other = {"created": "later", "wall_seconds": 9.0, "threads": 3}
    fields = {**result._fields(), "provenance": {**result.provenance, **other}}
    assert result.identical(Result(**fields))
    fields["provenance"]["seed"] = 5
    assert not result.identical(Result(**fields))


def test_numbers_of_numpy_may_be_provenance():
    from apical.result import _plain

    found = _plain({"seed": np.int64(3), "dt": np.float32(0.5), "on": np.bool_(True)})
    assert found == {"seed": 3, "dt": 0.5, "on": True}
    with pytest.raises(TypeError, match="provenance cannot hold a set"):
        _plain({"a": set()})
    with pytest.raises(ValueError, match="not JSON compliant"):
        _plain({"a": np.float32("nan")})


def test_network_without_dipoles_or_spikes():
    network = Network()
    for name in ("L2_pyramidal", "L5_pyramidal"):
        network.populations[name] = network.populations["L2_basket"]
    result = make_result(network)
    assert result.dipole.shape == (2, 0, 41)
    assert (result.total().values == 0).all()
    assert result.smooth(2).layers().shape == (2, 0, 41)


def test_repr_is_short(result):
    assert repr(result) == "<Result of tiny: 2 trial(s), 20 ms, 80 spikes>"
