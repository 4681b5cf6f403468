"""What turns z and looks: walks through latent space, what it follows, pictures and the page."""

from qgan.explore.fisher import sensitivity
from qgan.explore.follows import factors
from qgan.explore.inversion import invert
from qgan.explore.overview import atlas
from qgan.explore.paths import interpolate, sweep

__all__ = ["atlas", "factors", "interpolate", "invert", "sensitivity", "sweep"]
