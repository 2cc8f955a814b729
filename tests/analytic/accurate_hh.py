"""Accurate spike times of the squid patch, which test_spikes.py holds: SciPy's LSODA at 1e-10.

Run it to make the numbers again; it shares no code with apical.
"""

import numpy as np
from scipy.integrate import solve_ivp

AREA = np.pi * 12.6157**2 * 1e-8  # cm²


def linoid(x):
    return 1 + x / 2 if abs(x) < 1e-7 else x / (1 - np.exp(-x))


def rates(v):
    """Return steady value and time constant of m, h and n at 6.3 °C."""
    pairs = (
        (linoid((v + 40) / 10), 4 * np.exp(-(v + 65) / 18)),
        (0.07 * np.exp(-(v + 65) / 20), 1 / (np.exp(-(v + 35) / 10) + 1)),
        (0.1 * linoid((v + 55) / 10), 0.125 * np.exp(-(v + 65) / 80)),
    )
    return np.array([x for a, b in pairs for x in (a / (a + b), 1 / (a + b))])


TABLE = np.array([rates(float(v)) for v in range(-100, 101)])


def tabulated(v):
    x = min(max(v + 100, 0.0), 200.0)
    k = min(int(x), 199)
    return TABLE[k] + (x - k) * (TABLE[k + 1] - TABLE[k])


def slope(t, y, of):
    v, m, h, n = y
    m_inf, m_tau, h_inf, h_tau, n_inf, n_tau = of(v)
    current = 0.12 * m**3 * h * (v - 50) + 0.036 * n**4 * (v + 77) + 0.0003 * (v + 54.3)
    injected = 0.05e-6 / AREA if t >= 5 else 0.0
    return [
        (injected - current) * 1e3,
        (m_inf - m) / m_tau,
        (h_inf - h) / h_tau,
        (n_inf - n) / n_tau,
    ]


def spike_times(of):
    how = {"rtol": 1e-10, "atol": 1e-12, "method": "LSODA"}
    before = of(-65.0)
    rest = solve_ivp(slope, (0, 5), [-65, *before[::2]], args=(of,), **how).y[:, -1]

    def upward(t, y, of):
        return y[0]

    upward.direction = 1
    driven = solve_ivp(
        lambda t, y, of: slope(max(t, 5), y, of), (5, 100), rest, args=(of,), events=upward,
        max_step=0.1, **how,
    )  # fmt: skip
    return driven.t_events[0]


if __name__ == "__main__":
    print("exact", spike_times(rates))
    print("table", spike_times(tabulated))
