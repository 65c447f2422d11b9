"""Where the randomness of a measurement comes from: its seed, its run and its part, and nothing else."""

from __future__ import annotations

import numpy as np


def generator(seed: int, *names: str | int) -> np.random.Generator:
    """A generator that is the same for the same seed and names, and independent of all others.

    Args:
        seed: 0 or more.
        names: what the numbers are for: the run's id, then the part and whatever else tells them apart.
    """
    words = "\n".join(str(name) for name in names).encode()
    return np.random.default_rng(np.random.SeedSequence([seed, *words]))
