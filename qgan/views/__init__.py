"""Views: linear maps from states to real numbers, all that a discriminator may see."""

from qgan.views.base import View
from qgan.views.circuit import CircuitView
from qgan.views.density import DensityView
from qgan.views.pauli import PauliView, read_words

__all__ = ["CircuitView", "DensityView", "PauliView", "View", "read_words"]
