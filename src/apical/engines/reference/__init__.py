"""The reference engine: the numerics contract in plain NumPy, written to be read."""

from apical.engines.reference.engine import ReferenceEngine as ReferenceEngine
