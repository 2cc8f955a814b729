"""The common problem in Jaxley: one cell, mapped over 100 conductances.

Jaxley has no events, so that it gets the conductance of the synapse as a function of time.
"""

import time
from importlib import metadata

import jax
import numpy as np
import problem
import timing

given = timing.arguments(cells=problem.CELLS, precision=("double", "single"))
jax.config.update("jax_enable_x64", given.precision == "double")
jax.config.update("jax_platform_name", "cpu")

import jax.numpy as jnp  # noqa: E402 - after the precision is set
import jaxley as jx  # noqa: E402
from jaxley.channels import HH, Channel  # noqa: E402


class Synapse(Channel):
    """A conductance (S/cm²) that is given."""

    def __init__(self):
        self.current_is_in_mA_per_cm2 = True
        super().__init__()
        self.channel_params = {}
        self.channel_states = {"Synapse_g": 0.0}
        self.current_name = "i_synapse"

    def update_states(self, states, dt, v, params):
        """Nothing: it is given."""
        return {"Synapse_g": states["Synapse_g"]}

    def compute_current(self, states, v, params):
        """Return the current density, mA/cm²."""
        return states["Synapse_g"] * (v - problem.E_SYN)


began = time.perf_counter()
soma, dendrite = jx.Branch(ncomp=1), jx.Branch(ncomp=problem.COMPARTMENTS)
cell = jx.Cell([soma, dendrite], parents=[-1, 0])
cell.branch(0).set("length", problem.SOMA)
cell.branch(0).set("radius", problem.SOMA / 2)
cell.branch(1).set("length", problem.DENDRITE / problem.COMPARTMENTS)
cell.branch(1).set("radius", problem.DIAM / 2)
cell.set("axial_resistivity", problem.RA)
cell.set("capacitance", problem.CM)
cell.set("v", problem.V0)
cell.insert(HH())
for name, value in {
    "gNa": problem.GNA, "gK": problem.GK, "gLeak": problem.GL,
    "eNa": problem.ENA, "eK": problem.EK, "eLeak": problem.EL,
}.items():  # fmt: skip
    cell.set(f"HH_{name}", value)
cell.branch(1).comp(problem.COMPARTMENTS // 2).insert(Synapse())
cell.init_states()
cell.branch(0).comp(0).record(verbose=False)
# µS on this membrane as S/cm²
area = np.pi * problem.DIAM * problem.DENDRITE / problem.COMPARTMENTS
conductances = 100 * np.array([problem.conductance(c) for c in range(given.cells)]) / area
# what is given in one step acts in the next
given_ahead = jnp.asarray(conductances[:, 1:])


@jax.jit
@jax.vmap
def simulate(conductance):
    """Return the voltage of the soma."""
    middle = cell.branch(1).comp(problem.COMPARTMENTS // 2)
    clamps = middle.data_clamp("Synapse_g", conductance, None)
    return jx.integrate(cell, data_clamps=clamps, delta_t=problem.DT)


built = time.perf_counter() - began


def run():
    """Simulate once."""
    return simulate(given_ahead).block_until_ready()


v, seconds = timing.timed(run, given.repeats)
voltages = np.asarray(v)[:, 0].tolist()
timing.report(
    name=f"Jaxley {metadata.version('jaxley')}, JAX {jax.__version__}", build=built, **seconds,
    spikes=[problem.crossings(v) for v in voltages], v=voltages[0],
)  # fmt: skip
