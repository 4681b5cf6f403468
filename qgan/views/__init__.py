"""Views: linear maps from states to the real numbers that a discriminator sees."""

from qgan.batch import Seen
from qgan.povm import POVMS
from qgan.views.base import FixedView, View, states_of
from qgan.views.circuit import CircuitView
from qgan.views.density import DensityView
from qgan.views.measured import MeasuredView
from qgan.views.pauli import PauliView, read_words
from qgan.views.povm import POVMView
from qgan.views.sketch import SketchView
from qgan.views.swap_test import SwapTestView
from qgan.views.two_copy import TwoCopyView, tensor_product

__all__ = [
    "POVMS",
    "CircuitView",
    "DensityView",
    "FixedView",
    "MeasuredView",
    "POVMView",
    "PauliView",
    "Seen",
    "SketchView",
    "SwapTestView",
    "TwoCopyView",
    "View",
    "read_words",
    "states_of",
    "tensor_product",
]
