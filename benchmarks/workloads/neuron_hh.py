"""The common problem in NEURON, or in CoreNEURON with ``--engine coreneuron``."""

import time
from importlib import metadata

import problem
import timing
from neuron import h

given = timing.arguments(
    cells=problem.CELLS, engine=("neuron", "coreneuron"), rates=("exact", "table")
)
began = time.perf_counter()
h.load_file("stdrun.hoc")
h.celsius, h.dt, h.secondorder = problem.CELSIUS, problem.DT, 0
# NEURON 8 has no tables in hh
if hasattr(h, "usetable_hh"):
    h.usetable_hh = given.rates == "table"
parallel, cells, inputs = h.ParallelContext(), [], []


def cylinder(name, length, diam, compartments):
    """Return a section with the squid's channels."""
    section = h.Section(name=name)
    section.L, section.diam, section.nseg = length, diam, compartments
    section.Ra, section.cm = problem.RA, problem.CM
    section.insert("hh")
    section.ena, section.ek = problem.ENA, problem.EK
    for segment in section:
        segment.hh.gnabar, segment.hh.gkbar = problem.GNA, problem.GK
        segment.hh.gl, segment.hh.el = problem.GL, problem.EL
    return section


for gid in range(given.cells):
    soma = cylinder(f"soma{gid}", problem.SOMA, problem.SOMA, 1)
    dendrite = cylinder(f"dendrite{gid}", problem.DENDRITE, problem.DIAM, problem.COMPARTMENTS)
    dendrite.connect(soma(1))
    synapse = h.Exp2Syn(dendrite(0.5))
    synapse.tau1, synapse.tau2, synapse.e = problem.TAU1, problem.TAU2, problem.E_SYN
    source = h.NetCon(None, synapse)
    # events are queued at their times; a delay is only there because CoreNEURON wants one
    source.weight[0], source.delay = problem.WEIGHT, 1
    spikes = h.NetCon(soma(0.5)._ref_v, None, sec=soma)
    spikes.threshold = problem.THRESHOLD
    parallel.set_gid2node(gid, parallel.id())
    parallel.cell(gid, spikes)
    cells.append((soma, dendrite, synapse, spikes))
    inputs.append(source)


def send():
    """Queue every event."""
    for gid, source in enumerate(inputs):
        for at in problem.event_times(gid):
            source.event(at)


at_start = h.FInitializeHandler(send)
times, gids, voltage = h.Vector(), h.Vector(), h.Vector()
parallel.spike_record(-1, times, gids)
parallel.set_maxstep(10)
if given.engine == "coreneuron":
    from neuron import coreneuron

    coreneuron.enable, coreneuron.verbose = True, 0
    h.cvode.cache_efficient(1)
built = time.perf_counter() - began


def run():
    """Simulate once."""
    times.resize(0)
    gids.resize(0)
    h.finitialize(problem.V0)
    parallel.psolve(problem.DURATION)


_, seconds = timing.timed(run, given.repeats)
trains = [[] for _ in range(given.cells)]
for time_, gid in zip(times, gids, strict=True):
    trains[int(gid)].append(round(time_, 6))
# once more, for the voltage of one soma
voltage.record(cells[0][0](0.5)._ref_v)
run()
version = metadata.version("neuron")
timing.report(
    name=f"{'CoreNEURON' if given.engine == 'coreneuron' else 'NEURON'} {version}",
    build=built, **seconds, spikes=trains, v=list(voltage),
)  # fmt: skip
