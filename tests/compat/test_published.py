"""The reference cases of hnn-core 0.6.1 beside the repository, through its own interface."""

from __future__ import annotations

import numpy as np
import pytest

import apical.compat.hnn_core as hc
from apical.compat.hnn_core.network_models import add_erp_drives_to_jones_model

#: As in tests/reference: shares of the range before and after the first spike.
BEFORE_SPIKES, WHOLE_RUN = 1e-9, 1e-8
#: Potentials near cells show the currents of single spikes; coordinates are in single precision.
POTENTIALS = 1e-7
PYRAMIDS = ("L2_pyramidal", "L5_pyramidal")


def both(l2, l5):
    return dict(zip(PYRAMIDS, (l2, l5), strict=True))


def rest():
    return hc.neymotin_2020_model(), {"tstop": 100.0, "n_trials": 1}


def erp():
    net = hc.neymotin_2020_model()
    add_erp_drives_to_jones_model(net)
    return net, {"tstop": 170.0, "n_trials": 2}


def alpha():
    net = hc.neymotin_2020_model()
    net.add_bursty_drive(
        "alpha_prox", tstart=50.0, burst_rate=10, burst_std=20, numspikes=2, spike_isi=10,
        n_drive_cells=10, location="proximal", weights_ampa=both(5.4e-5, 5.4e-5),
        synaptic_delays=both(0.1, 1.0), event_seed=284,
    )  # fmt: skip
    return net, {"tstop": 310.0}


def gamma():
    params = hc.read_params(str(hc.network_models._DEFAULT.with_name("gamma_L5weak_L2weak.json")))
    net = hc.neymotin_2020_model(params)
    net.add_poisson_drive(
        "poisson", rate_constant=both(140.0, 40.0), weights_ampa=both(0.0008, 0.0075),
        location="proximal", synaptic_delays=both(0.1, 1.0), event_seed=1349,
    )  # fmt: skip
    return net, {"tstop": 250.0}


def law_beta_erp():
    net = hc.law_2021_model()
    delays = {"L2_basket": 0.1, "L2_pyramidal": 0.1, "L5_basket": 1.0, "L5_pyramidal": 1.0}
    weights = {"L2_basket": 4e-5, "L2_pyramidal": 2e-5, "L5_basket": 2e-5, "L5_pyramidal": 2e-5}
    net.add_evoked_drive(
        "beta_prox", mu=50.0, sigma=20.0, numspikes=1, weights_ampa=weights, location="proximal",
        synaptic_delays=delays, event_seed=10,
    )  # fmt: skip
    weights = {"L2_basket": 32e-5, "L2_pyramidal": 8e-5, "L5_pyramidal": 4e-5}
    net.add_evoked_drive(
        "beta_dist", mu=50.0, sigma=10.0, numspikes=2, weights_ampa=weights, location="distal",
        synaptic_delays=dict.fromkeys(weights, 0.5), event_seed=10,
    )  # fmt: skip
    add_erp_drives_to_jones_model(net, tstart=125.0)
    return net, {"tstop": 400.0}


def lfp_ring():
    net = hc.neymotin_2020_model(mesh_shape=(5, 5))
    net.set_cell_positions(inplane_distance=30.0)
    add_erp_drives_to_jones_model(net)
    ring = [
        (60 + 80 * np.cos(angle), 60 + 80 * np.sin(angle), z)
        for z in (0, 400, 1200, 1800)
        for angle in (0, 1.57, 3.14, 4.71)
    ]
    net.add_electrode_array("ring", ring, method="psa", conductivity=0.45, min_distance=0.5)
    return net, {"tstop": 170.0}


@pytest.fixture(params=["exact", "table"])
def rates(request):
    hc.set_engine(rates=request.param)
    yield request.param
    hc.set_engine()


@pytest.mark.filterwarnings("ignore:the network has neither:UserWarning")
@pytest.mark.parametrize("case", [rest, erp, alpha, gamma, law_beta_erp, lfp_ring],
                         ids=lambda case: case.__name__)  # fmt: skip
def test_reference_case(shared, case, rates):
    ending = "tab" if rates == "table" else "exact"
    path = shared / "reference" / "hnn-core" / f"{case.__name__}_{ending}.npz"
    if not path.exists():
        pytest.skip(f"no reference output {path.name}")
    net, arguments = case()
    dipoles = hc.simulate_dipole(net, verbose=False, **arguments)
    with np.load(path, allow_pickle=False) as expected:
        np.testing.assert_array_equal(dipoles[0].times, expected["times"])
        for name in net.external_drives:
            events = [t for cell in net.external_drives[name]["events"][0] for t in cell]
            assert events == expected[f"ev_{name}"].tolist()
        for trial, dipole in enumerate(dipoles):
            check_trial(net, trial, dipole, expected)
        for name, array in net.rec_arrays.items():
            potentials = expected[f"lfp_{name}"]
            error = np.abs(array.voltages[0] - potentials).T / np.ptp(potentials, axis=1)
            assert error[array.times <= first_spike(net, 0)].max() < BEFORE_SPIKES
            assert error.max() < POTENTIALS


def check_trial(net, trial, dipole, expected):
    """The same spikes at the same times, and the same dipole."""
    response = net.cell_response
    assert response.spike_gids[trial] == expected[f"spk{trial}_g"].tolist()
    assert response.spike_times[trial] == expected[f"spk{trial}_t"].tolist()
    first = first_spike(net, trial)
    for layer, values in dipole.data.items():
        wanted = expected[f"dpl{trial}_{layer}"]
        error = np.abs(values - wanted) / np.ptp(wanted)
        assert error[dipole.times <= first].max() < BEFORE_SPIKES, layer
        assert error.max() < WHOLE_RUN, layer


def first_spike(net, trial):
    """Return when the first cell spikes, ms."""
    response = net.cell_response
    cells = np.array(response.spike_gids[trial]) < net._n_cells
    return np.array(response.spike_times[trial])[cells].min(initial=np.inf)


@pytest.mark.filterwarnings("ignore:Legacy mode:DeprecationWarning")
def test_the_acceptance_waveform_of_the_project(shared):
    """hnn-core's own test: default parameters in legacy mode, smoothed, times 3000."""
    path = shared / "reference" / "hnn-core" / "dpl.txt"
    if not path.exists():
        pytest.skip(f"no reference output {path.name}")
    net = hc.neymotin_2020_model(hc.read_params(str(legacy_file(shared))), True, True)
    dipole = hc.simulate_dipole(net, tstop=170.0, verbose=False)[0].smooth(30).scale(3000)
    found = np.column_stack([dipole.times, *(dipole.data[n] for n in ("agg", "L2", "L5"))])
    expected = np.loadtxt(path)
    np.testing.assert_array_equal(np.round(found[:, 2:], 4), expected[:, 2:])
    kinds = net.cell_response.spike_types[0]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "evprox1": 270, "evdist1": 270, "evprox2": 270, "L2_basket": 55, "L2_pyramidal": 114,
        "L5_pyramidal": 396, "L5_basket": 86,
    }  # fmt: skip


def legacy_file(shared):
    return shared / "reference" / "hnn-core" / "param" / "default.json"
