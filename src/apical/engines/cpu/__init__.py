"""The CPU engine: kernels generated from equations, compiled by Numba, lanes across cells."""
