"""Reference outputs of hnn-core 0.6.1 on NEURON 8.2.7 for the networks of ``cases.py``.

Run in an environment of its own (``pip install hnn-core==0.6.1``): ``python generate.py`` writes
``cases_exact.npz`` (NEURON's tables switched off) and ``cases_table.npz``, each in a process of its
own. With names of cases, ``python generate.py electrodes soma``, others stay as they are. Keys are
``CASE/WHAT``: ``dipole`` (trial, layer, every 8th sample, nAm, as hnn-core gives it),
``spike_time`` (ms), ``spike_gid`` and ``spike_trial``; of the table file also ``wiring``, a digest
of all connections and events; ``lfp/NAME`` (µV) and recordings of some cells.
"""

import hashlib
import json
import sys
import warnings

import numpy as np

warnings.simplefilter("ignore")

EVERY = 8


def digest(net):
    """Return one line for each connection and drive: exact pairs, values and events."""
    lines = []
    for conn in net.connectivity:
        pairs = {int(k): [int(t) for t in v] for k, v in conn["gid_pairs"].items()}
        wiring = {k: float(v) for k, v in sorted(conn["nc_dict"].items())}
        where = conn["src_type"], conn["target_type"], conn["loc"], conn["receptor"]
        text = json.dumps([*where, wiring, float(conn["probability"]), pairs])
        lines.append(" ".join([*where, hashlib.sha256(text.encode()).hexdigest()[:16]]))
    for name, drive in net.external_drives.items():
        events = [[[float(t) for t in cell] for cell in trial] for trial in drive["events"]]
        code = hashlib.sha256(json.dumps(events).encode()).hexdigest()[:16]
        lines.append(f"{name} {drive['type']} {drive['n_drive_cells']} {code}")
    ranges = {name: [gids.start, gids.stop] for name, gids in net.gid_ranges.items()}
    return [*lines, json.dumps(ranges)]


def recordings(net):
    """Return recordings of the first trial and of one cell of each type, flat."""
    found, response = {}, net.cell_response
    for what in ("vsec", "isec", "ca"):
        for name in net.cell_types:
            gid = net.gid_ranges[name][-1]
            for section, trace in getattr(response, what)[0][gid].items():
                traces = trace if isinstance(trace, dict) else {section: trace}
                for key, values in traces.items():
                    found[f"{what}/{gid}/{section}/{key}"] = np.array(values)[::EVERY]
    return found


def outcome(hc, case):
    """Simulate one case and return everything to be compared."""
    net, arguments = case(hc)
    dipoles = hc.simulate_dipole(net, verbose=False, **arguments)
    response = net.cell_response
    layers = ("L2", "L5")
    found = {
        "dipole": np.array([[np.array(d.data[n])[::EVERY] for n in layers] for d in dipoles]),
        "spike_time": np.concatenate([np.array(t, float) for t in response.spike_times]),
        "spike_gid": np.concatenate([np.array(g, np.int32) for g in response.spike_gids]),
        "spike_trial": np.repeat(
            np.arange(len(dipoles), dtype=np.int32), [len(t) for t in response.spike_times]
        ),
        "wiring": np.array(digest(net)),
        "last_time": np.array(dipoles[0].times[-1]),
    }
    for name, array in net.rec_arrays.items():
        found[f"lfp/{name}"] = array.voltages[:, :, ::EVERY]
    return found | recordings(net)


def main(rates, names):
    """Write the outputs of the cases that are named, or of all."""
    import cases
    import hnn_core
    import hnn_core.network_models
    from hnn_core.network_builder import load_custom_mechanisms
    from neuron import h

    load_custom_mechanisms()
    for mechanism in ("hh2", "ca", "km", "cat", "ar"):
        setattr(h, f"usetable_{mechanism}", int(rates == "table"))
    chosen = [case for case in cases.CASES if not names or case.__name__ in names]
    found = {"made_with": np.array("hnn-core 0.6.1, NEURON 8.2.7")}
    for case in chosen:
        for key, values in outcome(hnn_core, case).items():
            recorded = key.split("/")[0] in ("vsec", "isec", "ca", "wiring")
            if rates == "table" or not recorded:
                found[f"{case.__name__}/{key}"] = values
        print(case.__name__, found[f"{case.__name__}/spike_time"].size, "spikes")
    path = f"cases_{rates}.npz"
    if names:
        with np.load(path) as before:
            mine = {case.__name__ for case in chosen}
            kept = {key: before[key] for key in before if key.split("/")[0] not in mine}
        found = kept | found
    np.savez_compressed(path, **found)


if __name__ == "__main__":
    if sys.argv[1:2] in (["exact"], ["table"]):
        main(sys.argv[1], sys.argv[2:])
    else:
        import subprocess

        for rates in ("exact", "table"):
            subprocess.run([sys.executable, __file__, rates, *sys.argv[1:]], check=True)
