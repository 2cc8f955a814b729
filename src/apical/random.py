"""One independent random stream per name.

A stream is NumPy's counter-based Philox keyed by a hash of the seed and the stream's name, so
adding a drive changes no other draw, neighbouring seeds share nothing, and any trial can be
drawn alone.
"""

from __future__ import annotations

import hashlib

import numpy as np


def stream(seed: int, *names: str | int) -> np.random.Generator:
    """Return the generator of one named stream.

    Parameters
    ----------
    seed : int
        Seed of the simulation.
    *names : str or int
        What the stream is for, such as ``"drive", "evprox1", "trial", 3``.

    Returns
    -------
    numpy.random.Generator
        Philox generator; equal arguments give equal draws on every machine.
    """
    # repr keeps 1 and "1", and ("ab", "c") and ("a", "bc"), apart
    key = hashlib.blake2b(repr((int(seed), *names)).encode(), digest_size=16).digest()
    return np.random.Generator(np.random.Philox(key=np.frombuffer(key, dtype="<u8")))
