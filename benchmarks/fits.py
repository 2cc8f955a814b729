"""How close fits come to recorded evoked responses, from HNN's published drives on.

Run with ``python benchmarks/fits.py --data FOLDER``; FOLDER has the recordings that come with HNN.
Each fit keeps a journal and its outcome in ``--output``, so that it can be interrupted.

``--times --budget 300 --trials 3 --method cma`` times a fit of six parameters.

``--recovery 0 1 2 3`` needs no recordings: it fits waveforms that the model made itself, with other
times and weights and other draws, and says how far what is found is from these.
"""

import argparse
import time
from pathlib import Path

import measure
import numpy as np

from apical import fit, models, plots, read_dipole, simulate
from apical.fit import Parameter, Space
from apical.fit.objectives import Correlation, Rmse

#: Order of the weights below.
_TARGETS = {
    "evprox1": ("L2_pyramidal.ampa", "L2_basket.ampa", "L5_pyramidal.ampa", "L5_basket.ampa"),
    "evdist1": ("L2_pyramidal.ampa", "L2_pyramidal.nmda", "L2_basket.ampa", "L2_basket.nmda",
                "L5_pyramidal.ampa", "L5_pyramidal.nmda"),
    "evprox2": ("L2_pyramidal.ampa", "L2_basket.ampa", "L5_pyramidal.ampa", "L5_basket.ampa"),
}  # fmt: skip
#: Published drives: mean and standard deviation (ms), then weights (uS). Those of yes_trial are the
#: model's own; the others are HNN's ERPNo100Trials and ERPYesSupraT (doi:10.7554/eLife.51214).
PUBLISHED = {
    "yes_trial": {},
    "no_trial": {
        "evprox1": (40.6, 2.5, 0.01075, 0.05551, 0.00024, 0.20281),
        "evdist1": (72.1, 5.0, 2.07922, 0.0, 6.28754, 0.0, 0.00513, 0.0),
        "evprox2": (144.7, 14.2, 0.05121, 0.00399, 0.37517, 0.01305),
    },
    "S1_SupraT": {
        "evprox1": (19.64, 2.52, 0.25, 0.20, 0.014, 0.411),
        "evdist1": (65.69, 3.81, 1.155, 0.299, 0.061, 0.021, 1.004, 0.579),
        "evprox2": (90.53, 10.38, 48.23, 0.00006, 49.87, 0.0179),
    },
}
#: Recording, what smooths it (ms), and the RMSE that HNN's drives reach there (nAm).
RECORDINGS = {
    "yes_trial": ("yes_trial_S1_ERP_all_avg.txt", 30.0, 5.4),
    "no_trial": ("no_trial_S1_ERP_all_avg.txt", 30.0, 9.0),
    "S1_SupraT": ("S1_SupraT.txt", 20.0, 21.7),
}
_COLUMNS = 3000.0
#: Largest weight (uS) of the receptors to which HNN's drives give none.
_MORE = 0.2
#: What is to be recovered: from how far, ms or factors, and how well, ms or a share.
_KNOWN = (
    "evprox1.mu", "evdist1.mu", "evprox2.mu", "evprox1.L5_pyramidal.ampa",
    "evprox2.L5_pyramidal.ampa",
)  # fmt: skip
_OFF, _WELL = {"time": (5.0, 10.0), "weight": (1.5, 2.0)}, {"time": 1.0, "weight": 0.15}


def published(name):
    """Return the column with HNN's drives for a recording."""
    changes = {}
    for drive, (mu, sigma, *weights) in PUBLISHED[name].items():
        changes |= {f"drives.{drive}.mu": mu, f"drives.{drive}.sigma": sigma}
        for place, weight in zip(_TARGETS[drive], weights, strict=True):
            target, receptor = place.split(".")
            changes[f"drives.{drive}.targets.{target}.weights.{receptor}"] = weight
    return models.erp().set(changes) if changes else models.erp()


def space_of(network, times):
    """Return what varies: times and spreads of all drives, and all weights of any effect."""
    space = Space.of_drives(network, weights=not times)
    if times:
        return space
    known = {path for parameter in space.parameters.values() for path in parameter.factors}
    paths = {
        f"{drive}.{place}": "drives.{}.targets.{}.weights.{}".format(drive, *place.split("."))
        for drive, places in _TARGETS.items()
        for place in places
    }
    # zeros have no usual range
    more = {name: Parameter(p, 0, _MORE) for name, p in paths.items() if p not in known}
    return Space(network, {**space.parameters, **more})


def compared(objective, result):
    """Return RMSE and correlation of a result, and the RMSE with the best number of columns."""
    given = (objective.recorded, objective.window)
    alike = Correlation(*given, smooth=objective.smooth)
    solved = Rmse(*given, smooth=objective.smooth, scale="solve")
    mean = objective.measure(result).mean(axis=0)
    return (
        f"{objective.loss_of(mean):.2f} (r {1 - alike.loss_of(mean):.3f})",
        f"{solved.loss_of(mean):.2f} ({solved.scale_of(mean):.0f})",
    )


def fitted(name, given):
    """Fit one recording; return a row of the table."""
    file, smooth, known = RECORDINGS[name]
    network = published(name)
    space = space_of(network, given.times)
    objective = Rmse(read_dipole(given.data / file), (0.0, 170.0), smooth=smooth, scale=_COLUMNS)
    label = f"{name}-{given.method}{'-times' if given.times else ''}-{given.seed}"
    began = time.perf_counter()
    found = fit(
        space, objective, method=given.method, budget=given.budget, trials=given.trials,
        confirm=given.confirm, seed=given.seed, journal=given.output / f"{label}.journal",
        progress=told(label),
    )  # fmt: skip
    seconds = time.perf_counter() - began
    found.save(given.output / f"{label}.nc", overwrite=True)
    # draws that no candidate has seen
    options = {"trials": given.fresh, "seed": given.seed + 1, "precision": "single"}
    before, _ = compared(objective, simulate(network, **options))
    result = found.simulate(given.fresh)
    after, solved = compared(objective, result)
    mean = result.smooth(smooth).scale(_COLUMNS)
    figure = plots.fitted(found, mean, objective.recorded)
    plots.save_figure(figure, given.output / f"{label}.png", overwrite=True)
    candidates = found.history.sizes["candidate"]
    simulations = candidates * given.trials + int(found.history["fresh"].count()) * given.confirm
    return (
        name, given.method, len(space), f"{known:.1f}", before, f"{found.loss:.2f}",
        f"**{after}**", solved, f"{candidates} × {given.trials}", simulations, f"{seconds:.0f}",
        found.reason,
    )  # fmt: skip


def recovered(number, given):
    """Fit what the model made with known values; return a row of the table for each of these."""
    network = models.erp()
    every = Space.of_drives(network, times=15, spreads=False)
    space = Space(network, {name: every.parameters[name] for name in _KNOWN})
    random = np.random.default_rng(100 + number)
    kinds = ["time" if name.endswith(".mu") else "weight" for name in _KNOWN]
    far = [random.choice([-1, 1]) * random.uniform(*_OFF[kind]) for kind in kinds]
    truth = [
        began + off if kind == "time" else began * abs(off) ** np.sign(off)
        for kind, began, off in zip(kinds, space.start, far, strict=True)
    ]
    # draws that no candidate has
    made = simulate(space.network(truth), trials=given.target, seed=777_000 + number,
                    precision="single").smooth(30).scale(_COLUMNS).average()  # fmt: skip
    objective = Rmse(made.total().isel(trial=0, time=slice(None, None, 40)), smooth=30,
                     scale=_COLUMNS)  # fmt: skip
    label = f"recovery-{number}-{given.method}-{given.seed}"
    began = time.perf_counter()
    found = fit(
        space, objective, method=given.method, budget=given.budget, trials=given.trials,
        seed=given.seed, journal=given.output / f"{label}.journal", progress=told(label),
    )  # fmt: skip
    seconds = time.perf_counter() - began
    found.save(given.output / f"{label}.nc", overwrite=True)
    rows = []
    for name, kind, start, true in zip(_KNOWN, kinds, space.start, truth, strict=True):
        value = found.values[name]
        error = value - true if kind == "time" else value / true - 1
        shown = f"{error:+.2f} ms" if kind == "time" else f"{error:+.0%}"
        rows.append((
            number, name, f"{start:.4g}", f"{true:.4g}", f"{value:.4g}", shown,
            "yes" if abs(error) <= _WELL[kind] else "**no**",
            f"{found.history.sizes['candidate']} × {given.trials}", f"{seconds:.0f}",
        ))  # fmt: skip
    return rows


def told(label):
    """Return what says on the terminal how far a fit is."""
    latest = [time.perf_counter()]

    def progress(report):
        if time.perf_counter() - latest[0] > 60:
            latest[0] = time.perf_counter()
            print(f"{label}: {report.candidates} of {report.budget}, best {report.loss:.3f} nAm",
                  flush=True)  # fmt: skip

    return progress


HEADINGS = (
    "recording", "method", "parameters", "HNN, nAm", "start, fresh trials", "fit, trials seen",
    "fit, fresh trials", "the same, columns solved", "candidates × trials", "simulations",
    "seconds", "ended",
)  # fmt: skip
RECOVERY = (
    "target", "parameter", "start", "truth", "found", "error", "well", "candidates × trials",
    "seconds",
)  # fmt: skip


def main():
    """Fit what was asked for, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of recordings")
    parser.add_argument("--output", type=Path, default=Path("fits"), help="folder of outcomes")
    parser.add_argument("--only", nargs="*", choices=RECORDINGS, default=list(RECORDINGS))
    parser.add_argument("--method", default="gauss")
    parser.add_argument("--budget", type=int, default=120)
    parser.add_argument("--trials", type=int, default=8)
    parser.add_argument("--confirm", type=int, default=0, help="fresh trials that choose")
    parser.add_argument("--fresh", type=int, default=25, help="trials of the RMSE that counts")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--times", action="store_true", help="vary times and spreads only: 6")
    parser.add_argument("--recovery", type=int, nargs="*", help="numbers of targets made")
    parser.add_argument("--target", type=int, default=30, help="trials of a target made")
    given = parser.parse_args()
    given.output.mkdir(parents=True, exist_ok=True)
    print(measure.machine())
    if given.recovery:
        rows = [row for number in given.recovery for row in recovered(number, given)]
        print(measure.table(RECOVERY, *rows))
    if given.data:
        rows = [fitted(name, given) for name in given.only]
        print(measure.table(HEADINGS, *rows))


if __name__ == "__main__":
    main()
