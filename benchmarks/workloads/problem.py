"""The common problem: 100 ball-and-stick cells of 40 compartments, Hodgkin-Huxley everywhere.

Standard library only: the programs measured read this with their own Python.
"""

import itertools
import math

#: How many cells; one alone for the other variant.
CELLS = (100, 1)
DT, DURATION = 0.025, 100.0  # ms
STEPS = round(DURATION / DT)
#: Soma: one compartment.
SOMA = 20.0  # length and diameter, µm
#: Dendrite: 39 compartments, the synapse in the middle one.
DENDRITE, DIAM, COMPARTMENTS = 780.0, 2.0, 39  # µm
RA, CM, V0, CELSIUS = 100.0, 1.0, -65.0, 6.3  # Ω·cm, µF/cm², mV, °C
ENA, EK, EL = 50.0, -77.0, -54.3  # mV
GNA, GK, GL = 0.12, 0.036, 0.0003  # S/cm²
TAU1, TAU2, E_SYN, WEIGHT = 0.5, 5.0, 0.0, 0.02  # ms, ms, mV, µS
THRESHOLD = 0.0  # mV, in the soma
EVENTS = 10
#: Compartments times steps, for each cell.
WORK = (COMPARTMENTS + 1) * STEPS


def event_steps(cell):
    """Return the steps at whose beginning a cell's synapse gets its events."""
    return [120 + 3 * cell + 376 * k for k in range(EVENTS)]


def event_times(cell):
    """Return the same as times, a tenth of a step late, so that every program rounds alike."""
    return [(step + 0.1) * DT for step in event_steps(cell)]


def conductance(cell):
    """Return the synapse's conductance (µS) at the beginning of every step, and after the last."""
    peak = TAU1 * TAU2 / (TAU2 - TAU1) * math.log(TAU2 / TAU1)
    factor = WEIGHT / (math.exp(-peak / TAU2) - math.exp(-peak / TAU1))
    fast, slow, found, at = 0.0, 0.0, [], set(event_steps(cell))
    for step in range(STEPS + 1):
        if step in at:
            fast, slow = fast + factor, slow + factor
        found.append(slow - fast)
        fast, slow = fast * math.exp(-DT / TAU1), slow * math.exp(-DT / TAU2)
    return found


def crossings(v):
    """Return the times (ms) at which a voltage sampled every step has crossed the threshold."""
    pairs = enumerate(itertools.pairwise(v), 1)
    return [DT * k for k, (a, b) in pairs if a <= THRESHOLD < b]
