"""Objectives: pairs of pure functions of scores."""

from qgan.objectives.base import Objective, Reading, as_loss
from qgan.objectives.distance_only import DistanceOnly
from qgan.objectives.f_gan import FGAN
from qgan.objectives.hinge import Hinge
from qgan.objectives.least_squares import LeastSquares
from qgan.objectives.minimax import Minimax, NonSaturating
from qgan.objectives.quantum import LinearValue, QuantumSemimetric
from qgan.objectives.wasserstein import Wasserstein

__all__ = [
    "FGAN",
    "DistanceOnly",
    "Hinge",
    "LeastSquares",
    "LinearValue",
    "Minimax",
    "NonSaturating",
    "Objective",
    "QuantumSemimetric",
    "Reading",
    "Wasserstein",
    "as_loss",
]
