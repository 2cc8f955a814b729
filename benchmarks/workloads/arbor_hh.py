"""The common problem in Arbor."""

import time
from importlib import metadata

import arbor
import problem
import timing
from arbor import units

LENGTH = problem.SOMA + problem.DENDRITE
given = timing.arguments(cells=problem.CELLS, groups=("one", "cells"))
began = time.perf_counter()


class Recipe(arbor.recipe):
    """One hundred cells that do not know each other."""

    def __init__(self):
        arbor.recipe.__init__(self)
        self.properties = arbor.neuron_cable_properties()
        self.properties.catalogue = arbor.default_catalogue()

    def num_cells(self):
        """Return how many there are."""
        return given.cells

    def cell_kind(self, gid):
        """All are cables."""
        return arbor.cell_kind.cable

    def global_properties(self, kind):
        """Return defaults, ions and mechanisms."""
        return self.properties

    def cell_description(self, gid):
        """Return a soma with a dendrite."""
        tree = arbor.segment_tree()
        thick, thin = problem.SOMA / 2, problem.DIAM / 2
        point, end = arbor.mpoint, problem.SOMA
        soma = tree.append(arbor.mnpos, point(0, 0, 0, thick), point(end, 0, 0, thick), tag=1)
        tree.append(soma, point(end, 0, 0, thin), point(LENGTH, 0, 0, thin), tag=3)
        return arbor.cable_cell(tree, _decor(), _labels(), _policy())

    def event_generators(self, gid):
        """Return a cell's events."""
        times = [t * units.ms for t in problem.event_times(gid)]
        schedule = arbor.explicit_schedule(times)
        return [arbor.event_generator("synapse", problem.WEIGHT, schedule)]

    def probes(self, gid):
        """Record the voltage of one soma."""
        return [arbor.cable_probe_membrane_voltage('"centre"', "v")] if gid == 0 else []


def place(distance):
    """Return the place at a distance (µm) from the beginning of the soma."""
    return f"(location 0 {distance / LENGTH})"


def _labels():
    middle = problem.SOMA + problem.DENDRITE / 2
    return arbor.label_dict({"centre": place(problem.SOMA / 2), "middle": place(middle)})


def _policy():
    """Return the same compartments as everywhere: boundaries at equal distances."""
    step = problem.DENDRITE / problem.COMPARTMENTS
    bounds = [place(problem.SOMA + k * step) for k in range(problem.COMPARTMENTS)]
    return arbor.cv_policy(f"(explicit (sum {' '.join(bounds)}) (all))")


def _decor():
    decor = arbor.decor()
    decor.set_property(
        Vm=problem.V0 * units.mV, cm=problem.CM * units.uF / units.cm2,
        rL=problem.RA * units.Ohm * units.cm, tempK=(problem.CELSIUS + 273.15) * units.Kelvin,
    )  # fmt: skip
    decor.set_ion("na", rev_pot=problem.ENA * units.mV)
    decor.set_ion("k", rev_pot=problem.EK * units.mV)
    squid = {"gnabar": problem.GNA, "gkbar": problem.GK, "gl": problem.GL, "el": problem.EL}
    decor.paint("(all)", arbor.density("hh", squid))
    synapse = {"tau1": problem.TAU1, "tau2": problem.TAU2, "e": problem.E_SYN}
    decor.place('"middle"', arbor.synapse("exp2syn", synapse), "synapse")
    decor.place('"centre"', arbor.threshold_detector(problem.THRESHOLD * units.mV), "spikes")
    return decor


recipe = Recipe()
context = arbor.context(threads=1)
hint = arbor.partition_hint(cpu_group_size=given.cells if given.groups == "one" else 1)
domains = arbor.partition_load_balance(recipe, context, {arbor.cell_kind.cable: hint})
simulation = arbor.simulation(recipe, context, domains)
simulation.record(arbor.spike_recording.local)
built = time.perf_counter() - began


def run():
    """Simulate once."""
    simulation.reset()
    simulation.clear_samplers()
    simulation.run(problem.DURATION * units.ms, problem.DT * units.ms)


_, seconds = timing.timed(run, given.repeats)
trains = [[] for _ in range(given.cells)]
for (gid, _), at in simulation.spikes():
    trains[gid].append(at)
# once more, for the voltage of one soma
simulation.reset()
handle = simulation.sample((0, "v"), arbor.regular_schedule(problem.DT * units.ms))
simulation.run(problem.DURATION * units.ms, problem.DT * units.ms)
samples, _ = simulation.samples(handle)[0]
timing.report(
    name=f"Arbor {metadata.version('arbor')}", build=built, **seconds, spikes=trains,
    v=samples[:, 1].tolist(),
)  # fmt: skip
