"""The CPU engine: kernels generated from equations, compiled by Numba, lanes across cells."""

from apical.engines.cpu import cache

# Numba knows compiled functions by the age of one file; here they are known by all of them
with cache.kept_by_content():
    from apical.engines.cpu.engine import CpuEngine as CpuEngine
