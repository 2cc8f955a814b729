"""The CPU engine: kernels generated from equations, compiled by Numba, lanes across cells."""

from apical.engines.cpu.engine import CpuEngine as CpuEngine
