"""What is shown of results; numbers are those of the functions that Python users call."""

import json

import numpy as np
import pytest
import xarray as xr

import apical
from apical import ElectrodeArray, Recording, laminar, simulate
from apical.studio.column import structure, structure_key
from apical.studio.idle import further_trials, probes
from apical.studio.kept import Kept, Shelf, Slope
from apical.studio.setup import Setup, View
from apical.studio.spectrogram import spectrogram
from apical.studio.waves import (
    column_means,
    columns_of,
    faults,
    measured,
    recorded_as_shown,
    scores,
    shown,
    thinned,
)
from pages import DT, setup_of, small, with_shank


def run(network, **given):
    return simulate(network, 16.0, dt=DT, precision="single", **given)


def wave(values, start=0.0):
    time = start + np.arange(len(values))
    return xr.DataArray(np.asarray(values, float), dims="time", coords={"time": time})


# --- a whole result -----------------------------------------------------------------------------


def test_rates_are_mean_rates():
    result = run(small(), trials=2)
    fields, arrays = measured(result, View(), None)
    edges = np.linspace(0, 16, 17)
    windows = {str(k): (edges[k], edges[k + 1]) for k in range(16)}
    wanted = apical.mean_rates(result, windows).mean("trial").transpose("source", ...)
    np.testing.assert_allclose(arrays["rates"], wanted.values, rtol=1e-6)
    assert fields["bin"] == 1.0
    assert wanted.values.max() > 0


def test_the_spectrum_is_of_what_is_shown_before_smoothing_takes_its_high_part_away():
    result = run(small())
    _, arrays = measured(result, View(smooth=1.0, scale=2.0), None)
    total = shown(result, View(scale=2.0)).total().squeeze("trial")
    wanted = apical.psd(total).sel(frequency=slice(0, 300))
    np.testing.assert_allclose(arrays["psd"], wanted.values, rtol=1e-5)
    assert np.array_equal(arrays["psd_frequency"], wanted.frequency.values.astype("f4"))


def test_electrodes_that_are_no_shank_have_no_density():
    network = small({"odd": ElectrodeArray(positions=[(20, 0, 0), (20, 0, 10), (20, 0, 50)])})
    fields, arrays = measured(run(network), View(), None)
    assert fields["electrodes"] == "odd"
    assert "csd" not in arrays
    assert arrays["depth"].tolist() == [0, 10, 50]


def test_densities_are_those_of_csd():
    result = run(with_shank())
    _, arrays = measured(result, View(), None)
    lfp = result.lfp["shank"].isel(trial=0).sum("population", keep_attrs=True)
    # as many columns as samples
    np.testing.assert_allclose(arrays["csd"], apical.csd(lfp).values, rtol=1e-5)
    np.testing.assert_allclose(arrays["lfp"][:, ::2], lfp.values, rtol=1e-5)


@pytest.mark.parametrize("samples", [1, 5, 800, 801, 6801])
def test_columns_of_time_lose_nothing(samples):
    rows = np.random.default_rng(0).normal(size=(2, samples))
    first = columns_of(rows.shape[1])[:-1]
    low, high = thinned(rows, first)[:, ::2], thinned(rows, first)[:, 1::2]
    assert low.shape == (2, min(800, samples))
    assert np.array_equal(low.min(axis=1), rows.min(axis=1))
    assert np.array_equal(high.max(axis=1), rows.max(axis=1))
    means = column_means(rows, first)
    assert (low <= means + 1e-12).all()
    assert (means <= high + 1e-12).all()


def test_the_electrode_array_that_is_looked_at_is_shown():
    arrays = {"one": ElectrodeArray(positions=[(20, 0, 0)]), "two": laminar(20, 0, electrodes=3)}
    result = run(small(arrays))
    for asked, shown_of, n in (("", "one", 1), ("two", "two", 3), ("gone", "one", 1)):
        fields, found = measured(result, View(electrodes=asked), None)
        assert (fields["electrodes"], len(found["lfp"])) == (shown_of, n)


def test_a_spectrogram_is_that_of_wavelets_as_a_density():
    time = np.arange(0, 500, DT)
    sine = 3 * np.sin(2 * np.pi * 40 * time / 1000)
    total = xr.DataArray(sine, dims="time", coords={"time": time}, attrs={"units": "nAm"})
    found = spectrogram(total)
    frequencies = found["tfr_frequency"]
    assert found["tfr"].shape[1] <= 400
    middle = found["tfr"][:, found["tfr"].shape[1] // 2]
    assert frequencies[middle.argmax()] == 40
    # the same from all samples
    cycles = np.clip(frequencies / 5, 2, 7)
    whole = apical.tfr(total, frequencies, cycles, padding="mirror") / (1000 / DT)
    np.testing.assert_allclose(middle.max(), whole.isel(time=time.size // 2).max(), rtol=0.01)
    # no wavelet is longer than twice the run
    assert frequencies.min() == 4


def test_a_spectrogram_is_made_only_where_it_is_looked_at():
    result = simulate(small(), 60.0, dt=DT, precision="single")
    assert "tfr" not in measured(result, View(), None)[1]
    _, arrays = measured(result, View(field="spectrogram", smooth=5, scale=2), None)
    raw = shown(result, View(scale=2.0)).total().squeeze("trial", drop=True)
    wanted = spectrogram(raw)
    np.testing.assert_allclose(arrays["tfr"], wanted["tfr"], rtol=1e-5)
    assert arrays["tfr"].shape[0] == arrays["tfr_frequency"].size


def test_a_run_of_a_few_ms_has_no_spectrogram():
    assert spectrogram(wave(np.ones(3)).assign_coords(time=[0.0, 0.1, 0.2])) == {}


# --- scores -------------------------------------------------------------------------------------


def test_scores_of_what_does_not_overlap_are_none():
    assert scores(wave([1, 2, 3]), wave([1, 2], start=50), View()) is None


def test_scores_of_a_constant():
    found = scores(wave([1, 2, 3]), wave([2, 2, 2]), View())
    assert found is not None
    assert (found.correlation, found.r2) == (None, None)
    assert found.rmse == pytest.approx(np.sqrt(2 / 3))


def test_scores_of_the_same_wave_are_perfect():
    found = scores(wave([1, 2, 4]), wave([1, 2, 4]), View(tmin=1))
    assert found is not None
    assert (found.rmse, found.correlation, found.r2, found.samples) == (0, 1, 1, 2)


def test_recordings_are_moved_and_scaled():
    found = recorded_as_shown({"d": wave([1, 2])}.__getitem__, View(data="d", shift=3, factor=2))
    assert found is not None
    assert found.time.values.tolist() == [3, 4]
    assert found.values.tolist() == [2, 4]


@pytest.mark.parametrize(("smooth", "wrong"), [(0, 0), (0.05, 0), (16, 0), (0.01, 1), (17, 1)])
def test_windows_that_are_too_short_or_long(smooth, wrong):
    assert len(faults(View(smooth=smooth), 16.0, DT)) == wrong


# --- in idle time -------------------------------------------------------------------------------


def test_trials_run_one_by_one_are_those_run_together():
    network = with_shank().add(recordings={"v": Recording(population="cells", variable="v")})
    setup = setup_of(trials=3, seed=5)
    work = further_trials(network, setup, run(network, seed=5))
    found = []

    def keep():
        found.append((yield from work))

    assert [*dict.fromkeys(keep())] == [1, 2, 3]
    assert found[0].identical(run(network, trials=3, seed=5))


def test_drives_that_were_touched_come_first():
    network = apical.models.erp(grid=(2, 2))
    touched = ["drives.evprox2.sigma", "cells", "drives.evdist1.targets.L2_basket.weights.ampa"]
    paths = [p.path for p in probes(network, touched)]
    assert paths[0] == "drives.evprox2.sigma"
    assert {p.rsplit(".", 1)[0] for p in paths[:3]} == {"drives.evprox2"}
    assert paths[3] == "drives.evdist1.strength"
    assert len(paths) == 9


# --- what is kept -------------------------------------------------------------------------------


def test_what_was_not_used_for_long_is_dropped():
    shelf = Shelf(room=2500)
    setups = [setup_of(seed=k) for k in range(4)]
    for k, setup in enumerate(setups):
        shelf.of(setup).slopes["x"] = Slope("x", 0.0, np.zeros(125))
        if k == 2:
            shelf.of(setups[0])
        shelf.tidy()
    assert [len(shelf.of(s).slopes) for s in setups] == [1, 0, 0, 1]


def test_the_last_is_kept_however_large():
    shelf = Shelf(room=10)
    shelf.of(setup_of()).results[1] = run(small())
    shelf.tidy()
    assert len(shelf) == 1
    assert shelf.of(setup_of()).size > 321 * 8


def test_setups_are_told_apart_by_what_the_first_trial_depends_on():
    shelf = Shelf()
    kept = shelf.of(setup_of(values={"a": 1, "b": 2}))
    assert shelf.of(setup_of(values={"b": 2, "a": 1}, trials=7)) is kept
    others = [{"seed": 1}, {"dt": 0.01}, {"values": {"a": 1}}, {"grid": (2, 2)}, {"model": "x"}]
    assert all(shelf.of(setup_of(**{"values": {"a": 1, "b": 2}, **o})) is not kept for o in others)
    shelf.forget("small")
    assert isinstance(shelf.of(setup_of()), Kept)
    assert shelf.of(setup_of(values={"a": 1, "b": 2})) is not kept


# --- the column ---------------------------------------------------------------------------------


def test_the_structure_has_every_cell_and_section():
    network = apical.models.erp(grid=(2, 2))
    frame, arrays = structure(3, network, network)
    cells = [p.n for p in network.populations.values()]
    sections = [len(network.cells[p.cell].sections) for p in network.populations.values()]
    assert [p.n for p in frame.populations] == cells
    assert arrays["somata"].shape == (sum(cells), 3)
    assert arrays["population"].tolist() == np.repeat(range(4), cells).tolist()
    assert np.bincount(arrays["segment_cell"]).tolist() == np.repeat(sections, cells).tolist()
    assert arrays["segments"].shape == (len(arrays["segment_cell"]), 6)
    assert frame.network == json.loads(network.to_json())


def test_parts_are_those_of_the_setup_whatever_was_made_before():
    shank = with_shank().electrodes["shank"].model_dump(mode="json")
    with_one = setup_of(added={"electrodes": {"shank": shank}})
    other = small().set({"drives.early.mu": 5.0})
    for uploaded, mu in ({"small": small()}, 3.0), ({"small": other}, 5.0):
        for setup, arrays in (setup_of(), []), (with_one, ["shank"]), (with_one, ["shank"]):
            network = setup.network(uploaded)
            assert list(network.electrodes) == arrays
            assert network.drives["early"].mu == mu
    assert list(setup_of(removed=("drives.late",)).network(uploaded).drives) == ["early"]
    changed = with_one.model_copy(update={"values": {"drives.early.mu": 7.0}})
    assert changed.network(uploaded) == with_one.network(uploaded).set({"drives.early.mu": 7.0})


def test_only_what_moves_cells_changes_the_structure():
    def key(**given):
        return structure_key(Setup(**given))

    assert key(values={"drives.evprox1.mu": 3.0}, seed=4) == key()
    for path in ("populations.L2_basket.positions.z", "inplane_distance",
                 "cells.L5_pyramidal.sections.soma.L"):  # fmt: skip
        assert key(values={path: 3.0}) != key()
    assert key(values={"cells.L5_pyramidal.sections.soma.cm": 3.0}) == key()
    assert key(removed=("drives.evprox1",)) != key()
