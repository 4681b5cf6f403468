"""Analysis of latents: walks through latent space, what it follows, and where states lie in it."""

from qgan.explore.fisher import sensitivity
from qgan.explore.follows import factors
from qgan.explore.inversion import invert
from qgan.explore.paths import interpolate, sweep

__all__ = ["factors", "interpolate", "invert", "sensitivity", "sweep"]
