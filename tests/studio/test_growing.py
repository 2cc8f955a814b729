"""Stretches of runs, put on a screen one after the other, make the waves of whole runs."""

import numpy as np
import pytest

from apical import laminar, watch
from apical.studio.growing import Growing
from apical.studio.setup import View
from apical.studio.waves import measured, names_of, shown
from pages import DT, Screen, small

SAMPLES = 321


def begin(network):
    return watch(network, 16.0, dt=DT, precision="single", pace=0.0, snapshot_every=1.0)


def send(growing, screen, view):
    found = growing.take(1, view)
    if found is not None:
        screen.draw(found[0].model_dump(), found[1], SAMPLES)
    return found


@pytest.mark.parametrize("smooth", [0.0, 0.5, 3.0, 16.0])
@pytest.mark.parametrize("every", [1, 3])
def test_waves_are_right_as_far_as_they_are_final(smooth, every):
    view, screen, network = View(smooth=smooth, scale=3.0), Screen(), small()
    with begin(network) as run:
        growing = Growing(names_of(network), SAMPLES, DT)
        growing.name_sources(("cells", "early", "late"))
        for value in (3.0, 8.0, 4.0):
            since = run.change(network.set({"drives.early.mu": value}))
            chunks = list(run)
            right = shown(run.result(), view).dipole.values[0]
            room = 1e-6 * np.abs(right).max()
            for k, chunk in enumerate(chunks):
                growing.add(chunk, view)
                if k % every and k < len(chunks) - 1:
                    continue
                found = send(growing, screen, view)
                final = SAMPLES if chunk.fraction == 1 else round((chunk.time - smooth / 2) / DT)
                final = max(0, final - 1)
                np.testing.assert_allclose(
                    screen.wave[1, :final] if final else [], right[0, :final], rtol=1e-5, atol=room
                )
                if value == 3.0 and found is not None:
                    # without an earlier run, nothing that is not exact
                    assert found[0].first + found[1]["dipole"].shape[1] <= final + 2
                if value > 3.0:
                    # what is changed is seen at once, if not yet exact
                    assert found is not None
                    assert found[0].first <= round(chunk.since / DT) + 1
                    assert found[1]["dipole"].shape[1] > 0
            np.testing.assert_allclose(screen.wave[1:], right, rtol=1e-5, atol=room)
            spikes = run.result().arrays.spikes
            assert len(screen.spikes) == len(spikes["time"])
            assert since <= 16.0
            assert growing.take(1, view) is None


@pytest.mark.parametrize("every", [DT, 4 * DT])
def test_potentials_come_column_by_column_and_are_those_of_the_whole(every):
    shank = laminar(20, 0, lowest=-20, spacing=20, electrodes=6, every=every)
    other = laminar(20, 0, lowest=0, spacing=50, electrodes=2)
    view, network = View(electrodes="shank"), small({"other": other, "shank": shank})
    samples = 321 if every == DT else 81
    lfp, csd = np.zeros((6, 2 * samples)), np.zeros((6, samples))
    with begin(network) as run:
        growing = Growing(names_of(network), SAMPLES, DT)
        for value in (3.0, 8.0):
            run.change(network.set({"drives.early.mu": value}))
            frames = []
            for chunk in run:
                growing.add(chunk, view)
                frames.append(growing.take(1, view))
            for frame, arrays in frames:
                if frame.columns == 0:
                    continue
                assert (frame.electrodes, frame.columns) == ("shank", samples)
                end = frame.column + arrays["csd"].shape[1]
                lfp[:, 2 * frame.column : 2 * end] = arrays["lfp"]
                csd[:, frame.column : end] = arrays["csd"]
            _, wanted = measured(run.result(), view, None)
            assert np.array_equal(lfp, wanted["lfp"])
            assert np.array_equal(csd, wanted["csd"])
            assert np.array_equal(frames[-1][1]["depth"], wanted["depth"])
            assert np.abs(wanted["lfp"]).max() > 0
            assert len(frames) > 3
    # only what is after the change came again
    assert frames[0][0].column > 0
    assert growing.take(1, view) is None


def test_spikes_keep_their_sources_as_drives_come_and_go():
    view, network = View(), small()
    with begin(network) as run:
        growing, screen = Growing(names_of(network), SAMPLES, DT), Screen()
        growing.name_sources(("cells", "early", "late"))
        for chunk in run:
            growing.add(chunk, view)
        send(growing, screen, view)
        late = screen.spikes[screen.spikes[:, 1] == 2]
        growing.name_sources(("cells", "late"))
        assert growing.unsent <= 0
        send(growing, screen, view)
        assert np.array_equal(screen.spikes[screen.spikes[:, 1] == 1][:, 0], late[:, 0])
        assert (screen.spikes[:, 1] < 2).all()
        assert len(late) == 2


def test_a_whole_result_is_sent_whole():
    with begin(small()) as run:
        list(run)
        result = run.result()
    screen, growing = Screen(), Growing.of(result)
    found = send(growing, screen, View())
    assert found is not None
    frame = found[0]
    assert (frame.first, frame.fraction, frame.time) == (0, 1.0, 16.0)
    assert np.array_equal(screen.wave[1:], result.dipole.values[0].astype("f4"))
    assert len(screen.spikes) == result.spikes.sizes["spike"]
